// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>
#include <vector>

#include "manual_backend.hpp"

namespace concert::runtime::testing {
namespace {

using namespace std::chrono_literals;

/// Tasks that wait for one condition; each logs its name and how its wait ended, while it holds the lock.
struct Waiters {
  explicit Waiters(AsyncBackend& runs, Log& entries)
      : backend(runs), changed(runs.create_condition_var()), log(entries) {}

  Coro<> wait(std::string name) {
    co_await changed.acquire();
    const std::string outcome = co_await outcome_of(changed.wait());
    // It holds the lock, or this throws.
    changed.notify(0);
    log(name + "-" + outcome);
    changed.release();
  }
  /// Has `count` tasks wait.
  Coro<> begin(TaskGroup& group, int count) {
    for (int i = 0; i < count; ++i)
      tasks.push_back(co_await group.start(&Waiters::wait, this, std::string(1, "abcdef"[i])));
  }

  AsyncBackend& backend;
  Condition changed;
  Log& log;
  std::vector<Task<void>> tasks;
};

template <class Body>
std::string run_with_waiters(int count, Body body) {
  ManualBackend backend;
  Log log;
  const auto main = [&]() -> Coro<> {
    Waiters waiters(backend, log);
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      co_await waiters.begin(tasks, count);
      co_await waiters.changed.acquire();
      co_await body(waiters);
    });
    EXPECT_FALSE(waiters.changed.locked());
  };
  backend.bootstrap(main);
  return log.text();
}

TEST(Condition, NotifiesThoseThatHaveWaitedLongestOnceTheLockIsTheirs) {
  EXPECT_EQ(run_with_waiters(4,
                             [](Waiters& waiters) -> Coro<> {
                               waiters.changed.notify(2);
                               co_await waiters.backend.coro_yield();
                               waiters.log("release");
                               waiters.changed.release();
                               co_await waiters.backend.sleep(1s);
                               co_await waiters.changed.acquire();
                               waiters.changed.notify(0);
                               waiters.changed.notify(-3);
                               waiters.changed.notify_all();
                               waiters.log("release");
                               waiters.changed.release();
                             }),
            "release a-value b-value release c-value d-value");
}

TEST(Condition, NotifiedAndCancelledInOneTurnLosesNoNotification) {
  for (const bool cancel_first : {true, false}) {
    const auto body = [&](Waiters& waiters) -> Coro<> {
      if (cancel_first) waiters.tasks[0].cancel();
      waiters.changed.notify();
      waiters.tasks[0].cancel();
      waiters.changed.release();
      co_await waiters.backend.sleep(1s);
      waiters.log("later");
      co_await waiters.changed.acquire();
      waiters.changed.notify_all();
      waiters.changed.release();
    };
    EXPECT_EQ(run_with_waiters(2, body), cancel_first ? "a-Cancelled b-value later" : "a-value later b-value");
  }
}

TEST(Condition, ACancelledWaitTakesALockBackThatIsFree) {
  const auto body = [](Waiters& waiters) -> Coro<> {
    waiters.changed.release();
    waiters.tasks[1].cancel();
    EXPECT_TRUE(waiters.changed.locked());
    waiters.tasks[0].cancel();
    waiters.tasks[1].cancel();
    co_return;
  };
  EXPECT_EQ(run_with_waiters(2, body), "b-Cancelled a-Cancelled");
}

TEST(Condition, ThoseWhoComeBackStandInLineWithTheOthers) {
  const auto body = [](Waiters& waiters) -> Coro<> {
    auto group = waiters.backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      const auto plain = [&]() -> Coro<> {
        co_await waiters.changed.acquire();
        waiters.log("plain");
        waiters.changed.release();
      };
      waiters.tasks[1].cancel();
      co_await tasks.start(plain);
      waiters.changed.notify();
      waiters.changed.release();
    });
  };
  EXPECT_EQ(run_with_waiters(2, body), "b-Cancelled plain a-value");
}

TEST(Condition, ATaskThatIsCancelledAlreadyLetsTheOthersHaveTheLock) {
  ManualBackend backend;
  Log log;
  const auto main = [&]() -> Coro<> {
    auto changed = backend.create_condition_var();
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      co_await changed.acquire();
      auto scope = backend.open_cancel_scope();
      scope.cancel();
      co_await scope.run([&]() -> Coro<> {
        const std::string alone = co_await outcome_of(changed.wait());
        log(alone);
        EXPECT_TRUE(changed.locked());
        co_await backend.ignore_cancellation(tasks.start([&]() -> Coro<> {
          co_await changed.acquire();
          log("other");
          changed.release();
        }));
        const std::string beside = co_await outcome_of(changed.wait());
        log(beside);
      });
      changed.release();
    });
  };
  backend.bootstrap(main);
  EXPECT_EQ(log.text(), "Cancelled other Cancelled");
}

TEST(Condition, WorksOverLocksOfTheSameRunOnly) {
  ManualBackend backend;
  ManualBackend other;
  std::optional<Lock> kept;
  const auto main = [&]() -> Coro<> {
    auto plain = backend.create_lock();
    auto fair = backend.create_fair_lock();
    for (Lock* lock : {&plain, &fair}) {
      auto changed = backend.create_condition_var(*lock);
      co_await changed.acquire();
      EXPECT_TRUE(lock->locked());
      changed.release();
    }
    EXPECT_THROW(backend.make_condition(nullptr), std::invalid_argument);
    EXPECT_THROW(backend.make_condition(backend.AsyncBackend::make_fair_lock()), std::invalid_argument);
    if (kept) {
      EXPECT_THROW(backend.create_condition_var(*kept), std::invalid_argument);
    } else {
      kept.emplace(plain.core());
    }
  };
  backend.bootstrap(main);
  backend.bootstrap(main);
  EXPECT_THROW(backend.create_condition_var(*kept), UsageError);
  EXPECT_THROW(backend.create_condition_var(), UsageError);
}

TEST(Condition, MisuseIsNamed) {
  ManualBackend backend;
  const auto main = [&]() -> Coro<> {
    auto changed = backend.create_condition_var();
    const std::string free = co_await outcome_of(changed.wait());
    EXPECT_NE(free.find("nobody does"), std::string::npos) << free;
    EXPECT_THROW(changed.notify(), UsageError);
    co_await changed.acquire();
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      tasks.start_soon([&]() -> Coro<> {
        const std::string taken = co_await outcome_of(changed.wait());
        EXPECT_NE(taken.find("another task does"), std::string::npos) << taken;
        EXPECT_THROW(changed.notify_all(), UsageError);
        EXPECT_TRUE(changed.locked());
      });
      co_return;
    });
    changed.release();
  };
  backend.bootstrap(main);
}

}  // namespace
}  // namespace concert::runtime::testing
