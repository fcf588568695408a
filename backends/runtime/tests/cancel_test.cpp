// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "manual_backend.hpp"

namespace concert::runtime::testing {
namespace {

using namespace std::chrono_literals;

TEST(Cancel, IsLevelTriggeredForHostChildAndTask) {
  ManualBackend backend;
  const auto swallow = [&]() -> Coro<int> {
    int cancellations = 0;
    for (int i = 0; i < 4; ++i) {
      const std::string yielded = co_await outcome_of(backend.coro_yield());
      const std::string slept = co_await outcome_of(backend.sleep(1s));
      cancellations += (yielded == "Cancelled") + (slept == "Cancelled");
    }
    co_return cancellations;
  };
  const auto main = [&]() -> Coro<int> {
    int total = 0;
    auto scope = backend.open_cancel_scope();
    auto group = backend.create_task_group();
    co_await scope.run([&]() -> Coro<> {
      scope.cancel();
      total += co_await swallow();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        tasks.start_soon([&]() -> Coro<> { total += co_await swallow(); });
        co_return;
      });
    });
    auto second = backend.create_task_group();
    co_await second.run([&](TaskGroup& tasks) -> Coro<> {
      const auto task = co_await tasks.start([&]() -> Coro<> { total += co_await swallow(); });
      task.cancel();
    });
    co_return total;
  };
  EXPECT_EQ(backend.bootstrap(main), 8 + 8 + 8);
  EXPECT_EQ(backend.seconds(), 0.0);
}

TEST(Cancel, DoesNotRunTheTaskInsideTheCall) {
  ManualBackend backend;
  Log log;
  const auto main = [&]() -> Coro<> {
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      const auto task = co_await tasks.start([&]() -> Coro<> { log(co_await outcome_of(backend.sleep_forever())); });
      task.cancel();
      log("called");
    });
  };
  backend.bootstrap(main);
  EXPECT_EQ(log.text(), "called Cancelled");
}

TEST(Cancel, YieldLetsOthersRunFirstAndSeesWhatTheyDid) {
  ManualBackend backend;
  Log log;
  const auto main = [&]() -> Coro<> {
    auto scope = backend.open_cancel_scope();
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      tasks.start_soon([&]() -> Coro<> {
        scope.cancel();
        log("cancelled-by-other");
        co_return;
      });
      co_await scope.run([&]() -> Coro<> { log(co_await outcome_of(backend.coro_yield())); });
    });
  };
  backend.bootstrap(main);
  EXPECT_EQ(log.text(), "cancelled-by-other Cancelled");
}

TEST(Cancel, AWaitThatIsReadyKeepsItsValueAndTheRequestStays) {
  ManualBackend backend;
  Log log;
  const auto main = [&]() -> Coro<> {
    auto scope = backend.open_cancel_scope();
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      const auto task = co_await tasks.start([&]() -> Coro<> {
        co_await backend.coro_yield();
        // The waiter is woken when this task ends, before the callback cancels it.
        backend.loop.callbacks.push_back([] {});
      });
      tasks.start_soon([&]() -> Coro<> {
        co_await task.wait();
        scope.cancel();
      });
      co_await scope.run([&]() -> Coro<> {
        log(co_await outcome_of(task.wait()));
        log(co_await outcome_of(backend.coro_yield()));
      });
    });
  };
  backend.bootstrap(main);
  EXPECT_EQ(log.text(), "value Cancelled");
}

TEST(Cancel, ASleepThatIsDueInTheSamePassAsADeadlineGivesItsValue) {
  ManualBackend backend;
  Log log;
  const auto main = [&]() -> Coro<> {
    auto scope = backend.move_on_after(1s);
    co_await scope.run([&]() -> Coro<> {
      log(co_await outcome_of(backend.sleep(1s)));
      log(co_await outcome_of(backend.coro_yield()));
    });
  };
  backend.bootstrap(main);
  EXPECT_EQ(log.text(), "value Cancelled");
}

TEST(Shield, DefersRequestsToTheFirstCheckpointAfterIt) {
  ManualBackend backend;
  Log log;
  const auto main = [&]() -> Coro<> {
    auto scope = backend.move_on_after(1s);
    co_await scope.run([&]() -> Coro<> {
      const auto work = [&]() -> Coro<int> {
        co_await backend.sleep(2s);
        co_await backend.coro_yield();
        co_await backend.ignore_cancellation(backend.sleep(1s));
        co_await backend.sleep(1s);
        co_return 4;
      };
      const int value = co_await backend.ignore_cancellation(work());
      log(std::to_string(value) + "@" + std::to_string(static_cast<int>(backend.seconds())));
      log(co_await outcome_of(backend.cancel_shielded_coro_yield()));
      log(co_await outcome_of(backend.coro_yield()));
    });
    EXPECT_FALSE(scope.cancelled_caught());
  };
  backend.bootstrap(main);
  EXPECT_EQ(log.text(), "4@4 value Cancelled");
}

TEST(Shield, ScopesDeadlinesAndGroupsInsideWork) {
  ManualBackend backend;
  const auto main = [&]() -> Coro<> {
    auto outer = backend.open_cancel_scope();
    co_await outer.run([&]() -> Coro<> {
      outer.cancel();
      const auto work = [&]() -> Coro<> {
        auto inner = backend.move_on_after(1s);
        co_await inner.run([&]() { return backend.sleep(9s); });
        EXPECT_TRUE(inner.cancelled_caught());
        auto group = backend.create_task_group();
        const std::string told = co_await outcome_of(group.run([&](TaskGroup& tasks) -> Coro<> {
          tasks.start_soon([]() -> Coro<> {
            throw std::runtime_error("child");
            co_return;
          });
          co_await backend.sleep(9s);
        }));
        EXPECT_NE(told.find("child"), std::string::npos);
      };
      co_await backend.ignore_cancellation(work());
    });
  };
  backend.bootstrap(main);
  EXPECT_EQ(backend.seconds(), 1.0);
}

TEST(Shield, DoesNotSuspendForWorkThatIsReady) {
  ManualBackend backend;
  Log log;
  const auto main = [&]() -> Coro<> {
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      tasks.start_soon([&]() -> Coro<> {
        log("other");
        co_return;
      });
      co_await backend.ignore_cancellation(Coro<int>::ready(1));
      log("shield-left");
    });
  };
  backend.bootstrap(main);
  EXPECT_EQ(log.text(), "shield-left other");
}

}  // namespace
}  // namespace concert::runtime::testing
