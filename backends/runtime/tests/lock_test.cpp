// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>
#include <thread>

#include "manual_backend.hpp"

namespace concert::runtime::testing {
namespace {

using namespace std::chrono_literals;

/// Waits for the lock, then logs and releases it.
Coro<> take(Lock& lock, Log& log, std::string name) {
  co_await lock.acquire();
  log(std::move(name));
  lock.release();
}

TEST(Lock, AFreeOneIsTakenAtOnceAlsoUnderACancellation) {
  ManualBackend backend;
  const auto main = [&]() -> Coro<> {
    auto lock = backend.create_lock();
    EXPECT_FALSE(lock.locked());
    auto scope = backend.open_cancel_scope();
    scope.cancel();
    const int turns = backend.loop.turns;
    co_await scope.run([&]() { return lock.acquire(); });
    EXPECT_EQ(backend.loop.turns, turns);
    EXPECT_FALSE(scope.cancelled_caught());
    EXPECT_TRUE(lock.locked());
    lock.release();
    EXPECT_FALSE(lock.locked());
  };
  backend.bootstrap(main);
}

TEST(Lock, GoesToTheOneThatWaitedLongestAndIsNeverFreeInBetween) {
  for (const std::uint64_t seed : {0, 1, 2, 3}) {
    ManualBackend backend;
    Log log;
    const auto main = [&]() -> Coro<> {
      auto lock = backend.create_fair_lock();
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        co_await lock.acquire();
        for (const char* name : {"a", "b", "c"}) {
          co_await tasks.start(take, std::ref(lock), std::ref(log), std::string(name));
        }
        lock.release();
        EXPECT_TRUE(lock.locked());
        // No overtaking: behind those who wait.
        co_await take(lock, log, "host");
      });
      EXPECT_FALSE(lock.locked());
    };
    backend.bootstrap(RunnerOptions().set("order_seed", seed), main);
    EXPECT_EQ(log.text(), "a b c host");
  }
}

TEST(Lock, ACancelledWaiterLeavesTheLine) {
  ManualBackend backend;
  Log log;
  const auto main = [&]() -> Coro<> {
    auto lock = backend.create_lock();
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      co_await lock.acquire();
      const auto first = co_await tasks.start(take, std::ref(lock), std::ref(log), std::string("first"));
      const auto middle = co_await tasks.start(take, std::ref(lock), std::ref(log), std::string("middle"));
      co_await tasks.start(take, std::ref(lock), std::ref(log), std::string("last"));
      middle.cancel();
      first.cancel();
      lock.release();
      co_await backend.coro_yield();
      EXPECT_TRUE(first.cancelled());
      EXPECT_TRUE(middle.cancelled());
    });
    EXPECT_FALSE(lock.locked());
  };
  backend.bootstrap(main);
  EXPECT_EQ(log.text(), "last");
}

TEST(Lock, HandOverAndCancellationInOneTurnGiveOneOutcome) {
  for (const bool cancel_first : {true, false}) {
    ManualBackend backend;
    Log log;
    const auto main = [&]() -> Coro<> {
      auto lock = backend.create_lock();
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        co_await lock.acquire();
        const auto first = co_await tasks.start([&]() -> Coro<> {
          co_await lock.acquire();
          log("acquired");
          const std::string next = co_await outcome_of(backend.coro_yield());
          log(next);
          lock.release();
        });
        co_await tasks.start(take, std::ref(lock), std::ref(log), std::string("next"));
        if (cancel_first) first.cancel();
        lock.release();
        first.cancel();
      });
      EXPECT_FALSE(lock.locked());
    };
    backend.bootstrap(main);
    EXPECT_EQ(log.text(), cancel_first ? "next" : "acquired Cancelled next");
  }
}

TEST(Lock, ATaskThatIsCancelledAlreadyDoesNotJoinTheLine) {
  ManualBackend backend;
  const auto main = [&]() -> Coro<> {
    auto lock = backend.create_lock();
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      co_await lock.acquire();
      const auto task = co_await tasks.start([&]() -> Coro<> {
        auto scope = backend.open_cancel_scope();
        scope.cancel();
        co_await scope.run([&]() { return lock.acquire(); });
        EXPECT_TRUE(scope.cancelled_caught());
      });
      lock.release();
      EXPECT_FALSE(lock.locked());
      co_await task.wait();
    });
  };
  backend.bootstrap(main);
}

TEST(Lock, MisuseIsNamed) {
  ManualBackend backend;
  Log log;
  const auto told = [](auto operation) -> std::string {
    try {
      operation();
    } catch (const UsageError& error) {
      return error.what();
    }
    return "accepted";
  };
  std::optional<Lock> kept;
  const auto main = [&]() -> Coro<> {
    kept.emplace(backend.create_lock().core());
    Lock& lock = *kept;
    EXPECT_NE(told([&] { lock.release(); }).find("not locked"), std::string::npos);
    co_await lock.acquire();
    const std::string again = co_await outcome_of(lock.acquire());
    EXPECT_NE(again.find("holds this lock already"), std::string::npos) << again;
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      const auto thief = co_await tasks.start([&]() -> Coro<> {
        EXPECT_NE(told([&] { lock.release(); }).find("another task"), std::string::npos);
        co_return;
      });
      co_await thief.wait();
    });
    backend.loop.callbacks.push_back([&] {
      EXPECT_NE(told([&] { lock.release(); }).find("another task"), std::string::npos);
      log("callback");
    });
    co_await backend.sleep(1s);
    std::thread([&] {
      EXPECT_NE(told([&] { static_cast<void>(lock.locked()); }).find("loop thread"), std::string::npos);
      EXPECT_NE(told([&] { lock.release(); }).find("loop thread"), std::string::npos);
    }).join();
    EXPECT_TRUE(lock.locked());
  };
  backend.bootstrap(main);
  EXPECT_EQ(log.text(), "callback");
  EXPECT_NE(told([&] { backend.create_lock(); }), "accepted");
  EXPECT_NE(told([&] { static_cast<void>(kept->locked()); }), "accepted");
  // A later run may have its Loop at the same address.
  backend.bootstrap([&]() -> Coro<> {
    const std::string outcome = co_await outcome_of(kept->acquire());
    EXPECT_NE(outcome.find("another run"), std::string::npos) << outcome;
  });
}

TEST(Lock, OfAnOwnerThatEndedStaysLocked) {
  ManualBackend backend;
  const auto main = [&]() -> Coro<> {
    auto lock = backend.create_lock();
    for (int i = 0; i < 2; ++i) {
      // The second task may get the memory of the first one.
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        tasks.start_soon([&]() -> Coro<> {
          auto scope = backend.move_on_after(1s);
          co_await scope.run([&]() { return lock.acquire(); });
          EXPECT_EQ(scope.cancelled_caught(), i == 1);
        });
        co_return;
      });
      EXPECT_TRUE(lock.locked());
    }
  };
  backend.bootstrap(main);
}

}  // namespace
}  // namespace concert::runtime::testing
