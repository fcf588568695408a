// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "manual_backend.hpp"

namespace concert::runtime::testing {
namespace {

using namespace std::chrono_literals;

/// What `operation` ends with: "done", or the type of the error with its message.
template <class Operation>
std::string told(Operation operation) {
  try {
    operation();
  } catch (...) {
    return describe(std::current_exception());
  }
  return "done";
}

bool names(const std::string& text, std::string_view what) { return text.find(what) != std::string::npos; }

/// Runs `thread` in another thread while the portal is open.
template <class Function>
void with_portal(ManualBackend& backend, Function thread) {
  const auto main = [&]() -> Coro<> {
    auto portal = backend.create_threads_portal();
    co_await portal.run([&]() { return backend.run_in_thread([&] { thread(portal); }); });
  };
  backend.bootstrap(main);
}

TEST(Portal, AnswersCallsOfOtherThreads) {
  ThreadedBackend backend;
  with_portal(backend, [&](const ThreadsPortal& portal) {
    EXPECT_EQ(portal.run_sync([&](int value) { return backend.current_time() >= TimePoint() ? value : 0; }, 4), 4);
    const auto coroutine = [&](std::string name) -> Coro<std::string> {
      co_await backend.sleep(1s);
      co_return name + " " + backend.get_current_task().name;
    };
    EXPECT_EQ(portal.run_coroutine_soon(TaskName("asked"), coroutine, "I am").get(), "I am asked");
    const auto fails = []() -> Coro<> {
      throw std::runtime_error("mine");
      co_return;
    };
    EXPECT_TRUE(names(told([&] { portal.run_coroutine(fails); }), "mine"));
    EXPECT_TRUE(names(told([&] { portal.run_sync([] { throw std::runtime_error("mine too"); }); }), "mine too"));
    EXPECT_TRUE(names(told([&] { portal.run_sync([&] { backend.get_current_task(); }); }), "by a task"));
  });
}

TEST(Portal, CallsOfOneThreadBeginInTheirOrder) {
  for (const std::uint64_t seed : {0, 5}) {
    ThreadedBackend backend;
    Log log;
    const auto main = [&]() -> Coro<> {
      auto portal = backend.create_threads_portal();
      co_await portal.run([&]() {
        return backend.run_in_thread([&] {
          for (int i = 0; i < 20; ++i) {
            if (i % 3 == 0) {
              portal.run_sync_soon([&log, i] { log(std::to_string(i)); });
            } else {
              portal.run_coroutine_soon(
                  [&log, &backend](int number) -> Coro<> {
                    log(std::to_string(number));
                    co_await backend.coro_yield();
                  },
                  i);
            }
          }
        });
      });
    };
    backend.bootstrap(RunnerOptions().set("order_seed", seed), main);
    EXPECT_EQ(log.text(), "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19") << seed;
  }
}

TEST(Portal, CancellingAFutureCancelsItsTaskAfterItsFirstStep) {
  ThreadedBackend backend;
  Log log;
  with_portal(backend, [&](const ThreadsPortal& portal) {
    const auto sleeps = [&](std::string name) -> Coro<> {
      log(name);
      const std::string outcome = co_await outcome_of(backend.sleep_forever());
      log(outcome);
      throw std::runtime_error("unheard");
    };
    const auto begun = portal.run_coroutine_soon(sleeps, "begun");
    portal.run_sync([] {});
    EXPECT_TRUE(begun.cancel());
    EXPECT_TRUE(begun.cancelled());
    portal.run_sync([] {});
    // Neither begins before the loop thread has left this function.
    portal.run_sync([&] {
      std::thread([&] {
        const auto early = portal.run_coroutine_soon(sleeps, "early");
        const auto plain = portal.run_sync_soon([&] { log("never"); });
        EXPECT_TRUE(early.cancel());
        EXPECT_TRUE(plain.cancel());
        EXPECT_THROW(early.get(), FutureCancelled);
        EXPECT_THROW(plain.get(), FutureCancelled);
      }).join();
    });
    const auto done = portal.run_sync_soon([] { return 1; });
    EXPECT_EQ(done.get(), 1);
    EXPECT_FALSE(done.cancel());
  });
  EXPECT_EQ(log.text(), "begun Cancelled early Cancelled");
}

TEST(Portal, TellsTheErrorsThatNobodyAwaits) {
  ThreadedBackend backend;
  std::string heard;
  const UnhandledErrorHandler handler = [&](std::exception_ptr error, std::string_view where) {
    heard = std::string(where) + ": " + describe(error);
  };
  const auto main = [&]() -> Coro<> {
    auto portal = backend.create_threads_portal();
    co_await portal.run([&]() {
      return backend.run_in_thread([&] {
        const auto future = portal.run_coroutine_soon([&]() -> Coro<> {
          co_await outcome_of(backend.sleep_forever());
          throw std::runtime_error("unheard");
        });
        portal.run_sync([] {});
        future.cancel();
      });
    });
  };
  backend.bootstrap(RunnerOptions().set("on_unhandled_error", handler), main);
  EXPECT_TRUE(names(heard, "threads portal")) << heard;
  EXPECT_TRUE(names(heard, "unheard")) << heard;
}

TEST(Portal, ExitAnswersWhatWasAccepted) {
  for (const bool fails : {false, true}) {
    ThreadedBackend backend;
    Log log;
    std::optional<ThreadFuture<void>> coroutine;
    std::optional<ThreadFuture<int>> plain;
    const auto main = [&]() -> Coro<> {
      auto portal = backend.create_threads_portal();
      const std::string outcome = co_await outcome_of(portal.run([&]() -> Coro<> {
        // The loop thread waits here, so that the exit comes before the calls.
        std::thread([&] {
          coroutine = portal.run_coroutine_soon([&]() -> Coro<> {
            co_await backend.sleep(1s);
            log("slept");
          });
          plain = portal.run_sync_soon([&] {
            log("plain");
            return 5;
          });
        }).join();
        if (fails) throw std::runtime_error("the body's");
        co_return;
      }));
      EXPECT_EQ(outcome, fails ? "the body's" : "value");
    };
    backend.bootstrap(main);
    EXPECT_EQ(log.text(), fails ? "plain" : "plain slept");
    EXPECT_EQ(coroutine->cancelled(), fails);
    EXPECT_EQ(plain->get(), 5);
    EXPECT_FALSE(coroutine->cancel() && !fails) << "handles outlive the run";
  }
}

TEST(Portal, NothingInterruptsTheExit) {
  ThreadedBackend backend;
  Log log;
  const auto main = [&]() -> Coro<> {
    auto portal = backend.create_threads_portal();
    auto scope = backend.open_cancel_scope();
    co_await scope.run([&]() {
      return portal.run([&]() -> Coro<> {
        std::thread([&] {
          portal.run_coroutine_soon([&]() -> Coro<> {
            const std::string outcome = co_await outcome_of(backend.sleep(9s));
            log(outcome);
            co_await backend.ignore_cancellation(backend.sleep(1s));
            log("end");
          });
        }).join();
        scope.cancel();
        co_return;
      });
    });
    log("left");
  };
  backend.bootstrap(main);
  EXPECT_EQ(log.text(), "Cancelled end left");
}

TEST(Portal, MisuseIsNamed) {
  ThreadedBackend backend;
  std::optional<ThreadsPortal> kept;
  std::optional<ThreadsPortal> unused;
  const auto call = [&] { kept->run_sync([] {}); };
  const auto main = [&]() -> Coro<> {
    kept = backend.create_threads_portal();
    unused = backend.create_threads_portal();
    ThreadsPortal& portal = *kept;
    const auto from_thread = [&] {
      std::string text;
      std::thread([&] { text = told(call); }).join();
      return text;
    };
    EXPECT_TRUE(names(from_thread(), "not entered yet")) << from_thread();
    co_await portal.run([&]() -> Coro<> {
      EXPECT_TRUE(names(told(call), "own loop")) << told(call);
      const std::string again = co_await outcome_of(portal.run([]() -> Coro<> { co_return; }));
      EXPECT_TRUE(names(again, "entered before")) << again;
      // In a thread that runs another loop.
      co_await backend.run_in_thread([&] {
        ManualBackend other;
        EXPECT_EQ(other.bootstrap([&]() -> Coro<std::string> { co_return told(call); }), "done");
      });
    });
    EXPECT_TRUE(names(from_thread(), "exited")) << from_thread();
    const std::string again = co_await outcome_of(portal.run([]() -> Coro<> { co_return; }));
    EXPECT_TRUE(names(again, "entered before")) << again;
  };
  backend.bootstrap(main);
  EXPECT_TRUE(names(told(call), "exited"));
  EXPECT_TRUE(names(told([&] { backend.create_threads_portal(); }), "create_threads_portal"));
  backend.bootstrap([&]() -> Coro<> {
    const std::string again = co_await outcome_of(kept->run([]() -> Coro<> { co_return; }));
    EXPECT_TRUE(names(again, "entered before")) << again;
    const std::string other_run = co_await outcome_of(unused->run([]() -> Coro<> { co_return; }));
    EXPECT_TRUE(names(other_run, "another run")) << other_run;
  });
}

/// Every call is answered, or refused, while the portal exits under the callers.
TEST(Portal, ExitsWhileThreadsAreCalling) {
  constexpr int callers = 4;
  for (int round = 0; round < 30; ++round) {
    ThreadedBackend backend;
    std::atomic<int> calling = 0;
    std::atomic<int> accepted = 0;
    std::atomic<int> answered = 0;
    int ran = 0;
    std::vector<std::jthread> threads;
    const auto main = [&]() -> Coro<> {
      auto portal = backend.create_threads_portal();
      co_await portal.run([&]() -> Coro<> {
        for (int i = 0; i < callers; ++i) {
          threads.emplace_back([&, portal] {
            for (;;) {
              try {
                const auto plain = portal.run_sync_soon([&] { return ++ran; });
                ++accepted;
                const auto coroutine = portal.run_coroutine_soon([&]() -> Coro<> {
                  ++ran;
                  co_await backend.coro_yield();
                });
                ++accepted;
                ++calling;
                plain.wait();
                coroutine.wait();
                answered += 2;
              } catch (const UsageError&) {
                break;
              }
            }
          });
        }
        while (calling < callers) co_await backend.coro_yield();
      });
    };
    backend.bootstrap(main);
    threads.clear();
    EXPECT_EQ(ran, accepted);
    EXPECT_LE(answered, accepted);
    EXPECT_GE(answered, accepted - callers);
  }
}

}  // namespace
}  // namespace concert::runtime::testing
