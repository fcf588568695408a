// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <stdexcept>

#include "manual_backend.hpp"

namespace concert::runtime::testing {
namespace {

using namespace std::chrono_literals;

Coro<> fail(std::string message) {
  throw std::runtime_error(message);
  co_return;
}

/// Runs a group and returns what came out of it: the failure, null for none.
template <class Body>
Coro<std::exception_ptr> failure_of_group(AsyncBackend& backend, Body& body) {
  auto group = backend.create_task_group();
  std::exception_ptr failure;
  try {
    co_await group.run(body);
  } catch (...) {
    failure = std::current_exception();
  }
  co_return failure;
}

std::vector<std::string> leaves_of(const std::exception_ptr& failure) {
  std::vector<std::string> leaves;
  try {
    std::rethrow_exception(failure);
  } catch (const ExceptionGroup& group) {
    for (const auto& leaf : group.flatten()) leaves.push_back(describe(leaf));
  } catch (...) {
    leaves.push_back("bare " + describe(failure));
  }
  return leaves;
}

using Leaves = std::vector<std::string>;

TEST(Group, WaitsForItsTasksAlsoForThoseOfTheLastChildsLastStep) {
  ManualBackend backend;
  Log log;
  const auto main = [&]() -> Coro<> {
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      tasks.start_soon([&]() -> Coro<> {
        co_await backend.sleep(1s);
        tasks.start_soon([&]() -> Coro<> {
          co_await backend.sleep(1s);
          log("second");
        });
        log("first");
      });
      log("body");
      co_return;
    });
    log("left");
    EXPECT_THROW(group.start_soon(fail, "late"), UsageError);
    EXPECT_EQ((co_await outcome_of(group.start(fail, "late"))).substr(0, 16), "TaskGroup::start");
  };
  backend.bootstrap(main);
  EXPECT_EQ(log.text(), "body first second left");
}

TEST(Group, RefusesTasksBeforeItsBlockAndKeepsNothingOfThem) {
  ManualBackend backend;
  const auto token = std::make_shared<int>(0);
  const auto main = [&]() -> Coro<> {
    auto group = backend.create_task_group();
    EXPECT_THROW(group.start_soon([](std::shared_ptr<int>) -> Coro<> { co_return; }, token), UsageError);
    EXPECT_EQ(token.use_count(), 1);
    const auto body = [](TaskGroup&) -> Coro<> { co_return; };
    co_await group.run(body);
    EXPECT_EQ((co_await outcome_of(group.run(body))).substr(0, 14), "TaskGroup::run");
  };
  backend.bootstrap(main);
}

TEST(Group, ChildFailuresComeOutAsAGroup) {
  ManualBackend backend;
  const auto main = [&]() -> Coro<std::exception_ptr> {
    const auto body = [&](TaskGroup& tasks) -> Coro<> {
      tasks.start_soon(fail, "one");
      tasks.start_soon([&]() -> Coro<> {
        std::exception_ptr cancellation;
        try {
          co_await backend.sleep(9s);
        } catch (const Cancelled&) {
          cancellation = std::current_exception();
        }
        throw std::logic_error("unwinding");
      });
      tasks.start_soon([&]() { return backend.sleep(9s); });
      co_await backend.sleep(9s);
    };
    co_return co_await failure_of_group(backend, body);
  };
  EXPECT_EQ(leaves_of(backend.bootstrap(main)), (Leaves{"std::runtime_error: one", "std::logic_error: unwinding"}));
  EXPECT_EQ(backend.seconds(), 0.0);
}

TEST(Group, BodyFailureComesOutBareAlsoIfItIsAGroup) {
  ManualBackend backend;
  const auto main = [&]() -> Coro<> {
    bool child_was_cancelled = false;
    const auto plain = [&](TaskGroup& tasks) -> Coro<> {
      co_await tasks.start(
          [&]() -> Coro<> { child_was_cancelled = co_await outcome_of(backend.sleep(9s)) == "Cancelled"; });
      throw std::runtime_error("body");
    };
    const std::exception_ptr first = co_await failure_of_group(backend, plain);
    EXPECT_EQ(leaves_of(first), Leaves{"bare std::runtime_error: body"});
    EXPECT_TRUE(child_was_cancelled);

    const std::exception_ptr thrown =
        std::make_exception_ptr(ExceptionGroup("mine", {std::make_exception_ptr(std::runtime_error("leaf"))}));
    const auto grouped = [&](TaskGroup&) -> Coro<> {
      std::rethrow_exception(thrown);
      co_return;
    };
    EXPECT_EQ(co_await failure_of_group(backend, grouped), thrown);

    const auto both = [&](TaskGroup& tasks) -> Coro<> {
      tasks.start_soon(fail, "child");
      co_await outcome_of(backend.sleep(9s));
      throw std::runtime_error("body");
    };
    const std::exception_ptr third = co_await failure_of_group(backend, both);
    EXPECT_EQ(leaves_of(third), (Leaves{"std::runtime_error: child", "std::runtime_error: body"}));
  };
  backend.bootstrap(main);
}

TEST(Group, OuterCancellationComesOutAsOneCancelled) {
  ManualBackend backend;
  const auto main = [&]() -> Coro<> {
    // Only children are interrupted.
    auto scope = backend.move_on_after(1s);
    std::exception_ptr failure;
    co_await scope.run([&]() -> Coro<> {
      const auto body = [&](TaskGroup& tasks) -> Coro<> {
        tasks.start_soon([&]() { return backend.sleep(9s); });
        tasks.start_soon([&]() { return backend.sleep(9s); });
        co_return;
      };
      failure = co_await failure_of_group(backend, body);
    });
    EXPECT_TRUE(is_cancelled(failure));
    // Only the body is.
    auto second = backend.open_cancel_scope();
    co_await second.run([&]() -> Coro<> {
      second.cancel();
      const auto body = [&](TaskGroup&) -> Coro<> { co_await backend.sleep(9s); };
      failure = co_await failure_of_group(backend, body);
    });
    EXPECT_TRUE(is_cancelled(failure));
    // Nobody is interrupted.
    auto again = backend.open_cancel_scope();
    co_await again.run([&]() -> Coro<> {
      again.cancel();
      const auto body = [&](TaskGroup& tasks) -> Coro<> {
        tasks.start_soon([]() -> Coro<> { co_return; });
        co_return;
      };
      failure = co_await failure_of_group(backend, body);
    });
    EXPECT_FALSE(failure);
    EXPECT_FALSE(again.cancelled_caught());
  };
  backend.bootstrap(main);
  EXPECT_EQ(backend.seconds(), 1.0);
}

TEST(Group, AChildThatIsCancelledAloneIsNoFailure) {
  ManualBackend backend;
  const auto main = [&]() -> Coro<std::exception_ptr> {
    const auto body = [&](TaskGroup& tasks) -> Coro<> {
      const auto child = co_await tasks.start([&]() { return backend.sleep(9s); });
      const auto other = co_await tasks.start([&]() { return backend.sleep(1s); });
      child.cancel();
      co_await child.wait();
      EXPECT_TRUE(child.cancelled());
      EXPECT_FALSE(other.done());
    };
    co_return co_await failure_of_group(backend, body);
  };
  EXPECT_FALSE(backend.bootstrap(main));
  EXPECT_EQ(backend.seconds(), 1.0);
}

TEST(Group, ACancelledThatNothingVisibleCausedIsAFailure) {
  ManualBackend backend;
  const auto main = [&]() -> Coro<> {
    const auto body = [&](TaskGroup& tasks) -> Coro<> {
      const auto child = co_await tasks.start([&]() { return backend.sleep(9s); });
      child.cancel();
      co_await child.join();
    };
    EXPECT_TRUE(is_cancelled(co_await failure_of_group(backend, body)));
    const auto in_a_child = [&](TaskGroup& tasks) -> Coro<> {
      const auto child = co_await tasks.start([&]() { return backend.sleep(9s); });
      child.cancel();
      tasks.start_soon([](Task<void> joined) -> Coro<> { co_await joined.join(); }, child);
    };
    const std::exception_ptr second = co_await failure_of_group(backend, in_a_child);
    EXPECT_EQ(leaves_of(second), Leaves{"concert::Cancelled"});
  };
  backend.bootstrap(main);
}

TEST(Group, CannotBeLeftBeforeAShieldedChild) {
  ManualBackend backend;
  const auto main = [&]() -> Coro<> {
    co_await backend.move_on_after(1s).run([&]() -> Coro<> {
      const auto body = [&](TaskGroup& tasks) -> Coro<> {
        tasks.start_soon([&]() { return backend.ignore_cancellation(backend.sleep(5s)); });
        co_return;
      };
      EXPECT_FALSE(co_await failure_of_group(backend, body));
    });
  };
  backend.bootstrap(main);
  EXPECT_EQ(backend.seconds(), 5.0);
  EXPECT_LE(backend.loop.turns, 8);
}

TEST(Group, ChildrenLiveUnderTheScopesAroundTheGroup) {
  ManualBackend backend;
  Log log;
  const auto main = [&]() -> Coro<> {
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      co_await backend.move_on_after(1s).run([&]() -> Coro<> {
        tasks.start_soon([&]() -> Coro<> { log(co_await outcome_of(backend.sleep(2s))); });
        co_await backend.sleep(9s);
      });
      log("absorbed");
    });
  };
  backend.bootstrap(main);
  EXPECT_EQ(log.text(), "absorbed value");
}

TEST(Group, ATaskStartedIntoACancelledGroupRunsToItsFirstCheckpoint) {
  ManualBackend backend;
  Log log;
  const auto main = [&]() -> Coro<> {
    auto scope = backend.open_cancel_scope();
    co_await scope.run([&]() -> Coro<> {
      scope.cancel();
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        tasks.start_soon([&]() -> Coro<> {
          log("begun");
          co_await backend.coro_yield();
          log("not-reached");
        });
        co_return;
      });
      log("not-reached");
    });
    log(scope.cancelled_caught() ? "caught" : "not-caught");
  };
  backend.bootstrap(main);
  EXPECT_EQ(log.text(), "begun caught");
}

TEST(GroupStart, ReturnsAfterTheFirstStepAlsoIfItFails) {
  ManualBackend backend;
  Log log;
  const auto main = [&]() -> Coro<> {
    const auto body = [&](TaskGroup& tasks) -> Coro<> {
      const auto child = co_await tasks.start([&]() -> Coro<> {
        log("step");
        co_await backend.coro_yield();
      });
      log(child.done() ? "done" : "running");
      const auto failing = co_await tasks.start(fail, "early");
      log(failing.done() ? "done" : "running");
      co_await backend.sleep(9s);
    };
    const std::exception_ptr failure = co_await failure_of_group(backend, body);
    EXPECT_EQ(leaves_of(failure), Leaves{"std::runtime_error: early"});
  };
  backend.bootstrap(main);
  EXPECT_EQ(log.text(), "step running done");
}

TEST(GroupStart, CancelledBeforeTheTaskBeganLeavesTheGroupAlone) {
  ManualBackend backend;
  Log log;
  const auto main = [&]() -> Coro<> {
    auto scope = backend.open_cancel_scope();
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      tasks.start_soon([&]() -> Coro<> { log("sibling:" + co_await outcome_of(backend.sleep(1s))); });
      co_await scope.run([&]() -> Coro<> {
        scope.cancel();
        const auto child = [&]() -> Coro<> {
          const std::string slept = co_await outcome_of(backend.sleep(9s));
          co_await backend.ignore_cancellation(backend.sleep(500ms));
          log("child:" + slept);
        };
        log("caller:" + co_await outcome_of(tasks.start(child)));
      });
    });
  };
  backend.bootstrap(main);
  EXPECT_EQ(log.text(), "child:Cancelled caller:Cancelled sibling:value");
}

TEST(Group, NestsDeepWithoutStack) {
  ManualBackend backend;
  constexpr int depth = 20'000;
  int begun = 0;
  CancelScope* outermost = nullptr;
  std::function<Coro<>()> nest = [&]() -> Coro<> {
    if (++begun == depth) {
      outermost->cancel();
      co_await backend.coro_yield();
    }
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      tasks.start_soon(std::ref(nest));
      co_return;
    });
  };
  const auto main = [&]() -> Coro<bool> {
    auto scope = backend.open_cancel_scope();
    outermost = &scope;
    co_await scope.run([&]() { return nest(); });
    co_return scope.cancelled_caught();
  };
  EXPECT_TRUE(backend.bootstrap(main));
  EXPECT_EQ(begun, depth);
}

TEST(Gather, RunsAllAndCancelsTheOthersOnFailure) {
  ManualBackend backend;
  const auto main = [&]() -> Coro<> {
    const auto give = [&](int value, Seconds delay) -> Coro<int> {
      co_await backend.sleep(delay);
      co_return value;
    };
    const std::vector<int> values = co_await backend.gather(give(1, 2s), give(2, 1s));
    EXPECT_EQ(values, (std::vector<int>{1, 2}));
    const std::string told = co_await outcome_of(backend.gather(backend.sleep(9s), fail("one")));
    EXPECT_NE(told.find("one"), std::string::npos);
  };
  backend.bootstrap(main);
  EXPECT_EQ(backend.seconds(), 2.0);
}

}  // namespace
}  // namespace concert::runtime::testing
