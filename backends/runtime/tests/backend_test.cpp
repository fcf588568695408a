// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdint>
#include <stdexcept>
#include <thread>

#include "manual_backend.hpp"

namespace concert::runtime::testing {
namespace {

using namespace std::chrono_literals;

TEST(Bootstrap, ReturnsTheValueOfTheMainTask) {
  ManualBackend backend;
  const auto add = [](int left, int right) -> Coro<int> { co_return left + right; };
  EXPECT_EQ(backend.bootstrap(add, 2, 3), 5);
  EXPECT_EQ(AsyncBackend::running(), nullptr);
}

TEST(Bootstrap, LetsExceptionsOut) {
  ManualBackend backend;
  const auto fail = []() -> Coro<> {
    throw std::runtime_error("mine");
    co_return;
  };
  EXPECT_THROW(backend.bootstrap(fail), std::runtime_error);
  EXPECT_EQ(backend.bootstrap([]() { return Coro<int>::ready(7); }), 7) << "the backend is fit for another run";
}

TEST(Bootstrap, RefusesANestedRun) {
  ManualBackend backend;
  bool started = false;
  const auto inner = [&]() -> Coro<> {
    started = true;
    co_return;
  };
  const auto outer = [&]() -> Coro<bool> {
    try {
      backend.bootstrap(inner);
    } catch (const UsageError&) {
      co_return true;
    }
    co_return false;
  };
  EXPECT_TRUE(backend.bootstrap(outer));
  EXPECT_FALSE(started);
}

TEST(Bootstrap, RefusesUnknownAndMistypedOptionsBeforeItStarts) {
  ManualBackend backend;
  bool started = false;
  const auto main = [&]() -> Coro<> {
    started = true;
    co_return;
  };
  EXPECT_THROW(backend.bootstrap(RunnerOptions().set("order_sed", std::uint64_t{1}), main), std::invalid_argument);
  EXPECT_THROW(backend.bootstrap(RunnerOptions().set("order_seed", 1), main), std::invalid_argument);
  EXPECT_FALSE(started);
}

TEST(Bootstrap, TellsUnhandledErrorsToTheHandlerOfItsRun) {
  ManualBackend backend;
  std::string told;
  const UnhandledErrorHandler handler = [&](std::exception_ptr error, std::string_view where) {
    told = std::string(where) + ": " + describe(error);
  };
  const auto main = [&]() -> Coro<> {
    backend.loop.client->unhandled_error(std::make_exception_ptr(std::runtime_error("lost")), "a test");
    co_return;
  };
  backend.bootstrap(RunnerOptions().set("on_unhandled_error", handler), main);
  EXPECT_EQ(told, "a test: std::runtime_error: lost");
}

TEST(Bootstrap, ReleasesTheMainTasksArguments) {
  ManualBackend backend;
  const auto token = std::make_shared<int>(1);
  backend.bootstrap([](std::shared_ptr<int>) -> Coro<> { co_return; }, token);
  EXPECT_EQ(token.use_count(), 1);
}

TEST(Threads, OperationsOutsideTheLoopAreRefused) {
  ManualBackend backend;
  ManualBackend other;
  EXPECT_THROW(backend.current_time(), UsageError);
  EXPECT_THROW(backend.get_current_task(), UsageError);
  const auto main = [&]() -> Coro<int> {
    int refusals = 0;
    try {
      other.current_time();
    } catch (const UsageError&) {
      ++refusals;
    }
    auto scope = backend.open_cancel_scope();
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      const Task<void> task = co_await tasks.start([&]() { return backend.sleep(1s); });
      co_await scope.run([&]() -> Coro<> {
        std::thread thread([&] {
          const auto count = [&](auto operation) {
            try {
              operation();
            } catch (const UsageError&) {
              ++refusals;
            }
          };
          count([&] { backend.current_time(); });
          count([&] { scope.cancel(); });
          count([&] { scope.reschedule(never); });
          count([&] { task.cancel(); });
          count([&] { tasks.start_soon([&]() { return backend.coro_yield(); }); });
          count([&] { backend.get_current_task(); });
        });
        thread.join();
        co_return;
      });
      if (scope.cancel_called()) refusals = -1;
    });
    co_return refusals;
  };
  EXPECT_EQ(backend.bootstrap(main), 7);
}

TEST(Threads, ACallbackOfTheLoopIsNoTask) {
  ManualBackend backend;
  bool refused = false;
  backend.loop.callbacks.push_back([&] {
    EXPECT_NO_THROW(backend.current_time());
    try {
      backend.get_current_task();
    } catch (const UsageError&) {
      refused = true;
    }
  });
  backend.bootstrap([&]() { return backend.coro_yield(); });
  EXPECT_TRUE(refused);
}

TEST(Threads, ACallbackOfTheLoopMayCancelAndStartTasks) {
  ManualBackend backend;
  Log log;
  auto scope = backend.open_cancel_scope();
  const auto main = [&]() -> Coro<> {
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      backend.loop.callbacks.push_back([&] {
        scope.cancel();
        tasks.start_soon([&]() -> Coro<> {
          log("child");
          co_return;
        });
      });
      co_await scope.run([&]() { return backend.sleep_forever(); });
      log("absorbed");
    });
  };
  backend.bootstrap(main);
  EXPECT_EQ(log.text(), "absorbed child");
}

TEST(Fairness, YieldingTasksDoNotKeepTheLoopFromPolling) {
  ManualBackend backend;
  bool stop = false;
  backend.loop.callbacks.push_back([] {});
  backend.loop.callbacks.push_back([&] { stop = true; });
  const auto main = [&]() -> Coro<int> {
    int yields = 0;
    for (; !stop && yields < 1'000'000; ++yields) co_await backend.coro_yield();
    co_return yields;
  };
  EXPECT_LE(backend.bootstrap(main), 512);
}

TEST(OrderSeed, ShufflesReproduciblyAndKeepsYieldsPromise) {
  const auto order = [](std::uint64_t seed) {
    ManualBackend backend;
    Log log;
    const auto main = [&]() -> Coro<> {
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        for (int i = 0; i < 8; ++i) {
          tasks.start_soon([&log, i]() -> Coro<> {
            log(std::to_string(i));
            co_return;
          });
        }
        co_await backend.coro_yield();
        log("|");
      });
    };
    backend.bootstrap(RunnerOptions().set("order_seed", seed), main);
    return log.text();
  };
  EXPECT_EQ(order(0), "0 1 2 3 4 5 6 7 |");
  EXPECT_EQ(order(1), order(1));
  EXPECT_NE(order(1), order(0));
  EXPECT_NE(order(1), order(2));
  for (std::uint64_t seed = 1; seed < 20; ++seed) {
    EXPECT_EQ(order(seed).back(), '|') << "what was ready before the yield runs before it";
  }
}

}  // namespace
}  // namespace concert::runtime::testing
