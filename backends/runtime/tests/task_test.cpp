// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>

#include "manual_backend.hpp"

namespace concert::runtime::testing {
namespace {

using namespace std::chrono_literals;

TEST(Task, GivesItsResultToEveryWaiter) {
  ManualBackend backend;
  const auto main = [&]() -> Coro<int> {
    int sum = 0;
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      const auto task = co_await tasks.start([&]() -> Coro<int> {
        co_await backend.sleep(1s);
        co_return 5;
      });
      for (int i = 0; i < 3; ++i) {
        tasks.start_soon([&sum](Task<int> joined) -> Coro<> { sum += co_await joined.join(); }, task);
      }
      sum += co_await task.join();
      sum += co_await task.join();
    });
    co_return sum;
  };
  EXPECT_EQ(backend.bootstrap(main), 25);
}

TEST(Task, AWaitThatIsCancelledLeavesTheTaskAndTheOtherWaiters) {
  ManualBackend backend;
  Log log;
  const auto main = [&]() -> Coro<> {
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      const auto task = co_await tasks.start([&]() { return backend.sleep(9s); });
      for (const int limit : {3, 1, 2, 20}) {
        tasks.start_soon([&, task, limit]() -> Coro<> {
          auto scope = backend.move_on_after(std::chrono::seconds(limit));
          co_await scope.run([&]() { return task.wait(); });
          log(std::to_string(limit) + (scope.cancelled_caught() ? "-cancelled" : "-value"));
        });
      }
    });
  };
  backend.bootstrap(main);
  EXPECT_EQ(log.text(), "1-cancelled 2-cancelled 3-cancelled 20-value");
}

TEST(Task, HandlesOutliveTheRun) {
  ManualBackend backend;
  std::optional<Task<std::string>> kept;
  std::optional<Task<void>> cancelled;
  const auto main = [&]() -> Coro<> {
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      kept = co_await tasks.start(TaskName("writer"), []() -> Coro<std::string> { co_return "done"; });
      cancelled = co_await tasks.start([&]() { return backend.sleep(9s); });
      EXPECT_TRUE(cancelled->cancel());
      EXPECT_TRUE(cancelled->cancel());
      EXPECT_FALSE(cancelled->cancelled());
    });
  };
  backend.bootstrap(main);
  EXPECT_TRUE(kept->done());
  EXPECT_FALSE(kept->cancel());
  EXPECT_FALSE(kept->cancelled());
  EXPECT_EQ(kept->info().name, "writer");
  EXPECT_TRUE(cancelled->cancelled());
  EXPECT_EQ(&kept->backend(), &backend);
}

TEST(Task, CancelIsNotAbsorbedByAScopeOfTheTask) {
  for (const bool scope_first : {true, false}) {
    ManualBackend backend;
    Log log;
    const auto main = [&]() -> Coro<bool> {
      auto scope = backend.open_cancel_scope();
      std::optional<Task<void>> task;
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        task = co_await tasks.start([&]() -> Coro<> {
          co_await scope.run([&]() { return backend.sleep(9s); });
          log("survived");
        });
        if (scope_first) scope.cancel();
        task->cancel();
        scope.cancel();
      });
      co_return task->cancelled() && !scope.cancelled_caught();
    };
    EXPECT_TRUE(backend.bootstrap(main));
    EXPECT_EQ(log.text(), "");
  }
}

TEST(Task, ThatSwallowsOrFailsIsNotCancelled) {
  ManualBackend backend;
  const auto main = [&]() -> Coro<> {
    auto group = backend.create_task_group();
    const std::string told = co_await outcome_of(group.run([&](TaskGroup& tasks) -> Coro<> {
      const auto swallows = co_await tasks.start([&]() -> Coro<int> {
        co_await outcome_of(backend.sleep(9s));
        co_return 3;
      });
      swallows.cancel();
      EXPECT_EQ(co_await swallows.join(), 3);
      EXPECT_FALSE(swallows.cancelled());
      const auto fails = co_await tasks.start([&]() -> Coro<> {
        co_await outcome_of(backend.sleep(9s));
        throw std::runtime_error("instead");
      });
      fails.cancel();
      co_await outcome_of(fails.wait());
      co_await backend.ignore_cancellation(fails.wait());
      EXPECT_FALSE(fails.cancelled());
    }));
    EXPECT_NE(told.find("instead"), std::string::npos);
  };
  backend.bootstrap(main);
}

TEST(Task, JoinOrCancelGivesTheValueOfATaskThatSwallows) {
  ManualBackend backend;
  Log log;
  const auto main = [&]() -> Coro<> {
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      const auto task = co_await tasks.start([&]() -> Coro<int> {
        co_await outcome_of(backend.sleep(9s));
        co_await backend.ignore_cancellation(backend.sleep(1s));
        co_return 3;
      });
      auto scope = backend.move_on_after(1s);
      co_await scope.run([&]() -> Coro<> {
        const int value = co_await task.join_or_cancel();
        log(std::to_string(value));
        log(co_await outcome_of(backend.coro_yield()));
      });
    });
  };
  backend.bootstrap(main);
  EXPECT_EQ(log.text(), "3 Cancelled");
  EXPECT_EQ(backend.seconds(), 2.0);
}

TEST(Task, WaitingForAFinishedTaskNeitherSuspendsNorChecks) {
  ManualBackend backend;
  const auto main = [&]() -> Coro<std::string> {
    auto group = backend.create_task_group();
    std::string told;
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      const auto task = co_await tasks.start([]() -> Coro<> { co_return; });
      auto scope = backend.open_cancel_scope();
      scope.cancel();
      co_await scope.run([&]() -> Coro<> { told = co_await outcome_of(task.wait()); });
    });
    co_return told;
  };
  EXPECT_EQ(backend.bootstrap(main), "value");
}

TEST(Task, WaitingForItselfIsDiagnosed) {
  ManualBackend backend;
  std::string told;
  const auto main = [&]() -> Coro<> {
    std::optional<Task<void>> self;
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      self = co_await tasks.start([&]() -> Coro<> {
        co_await backend.coro_yield();
        told = co_await outcome_of(backend.ignore_cancellation(self->wait()));
      });
    });
  };
  backend.bootstrap(main);
  EXPECT_NE(told.find("waits for its own end"), std::string::npos) << told;
}

TEST(Task, IsDestroyedBeforeAnyoneHearsOfItsEnd) {
  ManualBackend backend;
  const auto token = std::make_shared<int>(0);
  const auto main = [&]() -> Coro<long> {
    auto group = backend.create_task_group();
    long uses = 0;
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      const auto task = co_await tasks.start(
          [&](std::shared_ptr<int> argument) -> Coro<> {
            const auto local = argument;
            co_await backend.sleep(1s);
          },
          token);
      EXPECT_GE(token.use_count(), 3);
      co_await task.wait();
      uses = token.use_count();
    });
    co_return uses;
  };
  EXPECT_EQ(backend.bootstrap(main), 1);
}

TEST(Task, InfoNamesTheRunningTask) {
  ManualBackend backend;
  const auto main = [&]() -> Coro<> {
    const TaskInfo outer = backend.get_current_task();
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      TaskInfo seen;
      const auto task = co_await tasks.start(TaskName("named"), [&]() -> Coro<> {
        seen = backend.get_current_task();
        co_return;
      });
      EXPECT_EQ(seen, task.info());
      EXPECT_EQ(seen.name, "named");
      EXPECT_NE(seen, outer);
      const TaskInfo inside = co_await backend.ignore_cancellation([](ManualBackend& b) -> Coro<TaskInfo> {
        co_await b.coro_yield();
        co_return b.get_current_task();
      }(backend));
      EXPECT_EQ(inside, outer);
    });
  };
  backend.bootstrap(main);
}

}  // namespace
}  // namespace concert::runtime::testing
