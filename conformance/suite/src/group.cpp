// SPDX-License-Identifier: Apache-2.0
// Tests of spec/clauses/group.md, the family Group: the block and the starting of tasks.
#include <algorithm>
#include <functional>
#include <memory>
#include <numeric>
#include <string>

#include "concert/harness/for_all.hpp"
#include "concert/harness/generators.hpp"
#include "concert/harness/start_order.hpp"
#include "concert/harness/unwinding.hpp"
#include "concert/suite/suite.hpp"

namespace concert::conformance {

namespace {

using namespace std::chrono_literals;

using NumbersAndOne = std::pair<std::vector<int>, int>;

int longest(const Numbers& lengths) { return *std::max_element(lengths.begin(), lengths.end()); }

// ---- The block -----------------------------------------------------------------------------------------------------

void run_gives_the_group_and_returns_the_result(Trial& t) {
  for_all<int>(t, "result", number(-1000, 1000), [](Trial& one, const int& drawn) {
    int referred = drawn;
    std::unique_ptr<int> moved;
    const int* referenced = nullptr;
    std::vector<bool> is_own;
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      auto first = backend.create_task_group();
      moved = co_await first.run([&](TaskGroup& tasks) -> Coro<std::unique_ptr<int>> {
        is_own.push_back(&tasks == &first);
        co_await backend.sleep(10ms);
        co_return std::make_unique<int>(drawn);
      });
      auto second = backend.create_task_group();
      referenced = &co_await second.run([&](TaskGroup& tasks) -> Coro<int&> {
        is_own.push_back(&tasks == &second);
        co_return referred;
      });
      auto third = backend.create_task_group();
      co_await third.run([&](TaskGroup& tasks) -> Coro<> {
        is_own.push_back(&tasks == &third);
        co_return;
      });
    });
    one.witness("bodies", is_own.size());
    one.expect_equal("own-group", std::vector<bool>(3, true), is_own);
    one.expect_equal("moved", drawn, moved ? *moved : drawn + 1);
    one.expect_true("reference", referenced == &referred);
    one.expect_no_failure("no-failure", failure);
  });
  Log log;
  std::exception_ptr inner_failure;
  std::exception_ptr next_failure;
  const auto failed = make_failure("inner");
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    auto outer = backend.create_task_group();
    co_await outer.run([&](TaskGroup& tasks) -> Coro<> {
      tasks.start_soon([&]() -> Coro<> {
        co_await backend.sleep(50ms);
        log("sibling");
      });
      auto inner = backend.create_task_group();
      inner_failure = co_await outcome_of(inner.run([&](TaskGroup& inside) -> Coro<> {
        inside.start_soon([&] { return work_to_the_end(backend, 10ms, failed); });
        co_return;
      }));
      co_await backend.sleep(10ms);
      auto next = backend.create_task_group();
      next_failure = co_await outcome_of(next.run([&] { return work_to_the_end(backend, 10ms); }));
      log("body");
    });
  });
  expect_leaves(t, "inner-failure", {failed}, inner_failure);
  t.expect_no_failure("next-group", next_failure);
  t.expect_equal("outer-undisturbed", Log{"body", "sibling"}, log);
  t.expect_no_failure("no-failure", failure);
}

void run_returns_when_the_last_task_has_ended(Trial& t) {
  // The number says how the block ends: well, by a failing task, by a failing body, by cancellation.
  const auto inputs = rc::gen::pair(numbers(1, 6, 2, 20), number(0, 3));
  for_all<NumbersAndOne>(t, "lengths and ending", inputs, [](Trial& one, const NumbersAndOne& input) {
    const auto& [lengths, ending] = input;
    Census alive;
    int alive_behind = -1;
    TimePoint began{};
    TimePoint left{};
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      auto scope = backend.open_cancel_scope();
      auto group = backend.create_task_group();
      const auto body = [&](TaskGroup& tasks) -> Coro<> {
        for (const int length : input.first) {
          tasks.start_soon(
              [&](int count) -> Coro<> {
                const auto counted = alive.member();
                co_await backend.ignore_cancellation(backend.sleep(steps(count)));
              },
              length);
        }
        if (input.second == 1) tasks.start_soon([&] { return work_to_the_end(backend, 10ms, make_failure("task")); });
        co_await backend.sleep(15ms);
        if (input.second == 2) throw std::runtime_error("body");
        if (input.second == 3) scope.cancel();
      };
      began = backend.current_time();
      co_await outcome_of(scope.run([&]() -> Coro<> {
        const auto outcome = co_await outcome_of(group.run(body));
        left = backend.current_time();
        alive_behind = alive.alive();
        if (outcome) std::rethrow_exception(outcome);
      }));
    });
    one.witness("tasks awaited", lengths.size());
    one.witness(ending == 0 ? "blocks that ended well" : "blocks that failed or were cancelled");
    one.expect_elapsed("time", steps(longest(lengths)), left - began);
    one.expect_equal("alive", 0, alive_behind);
    one.expect_no_failure("no-failure", failure);
  });
}

void tasks_can_be_added_while_run_waits(Trial& t) {
  // Each number is one generation: 0 is started with start_soon, 1 with start.
  for_all<Numbers>(t, "generations", numbers(1, 8, 0, 1), [](Trial& one, const Numbers& generations) {
    bool body_is_over = false;
    std::size_t ended = 0;
    std::size_t ended_behind = 0;
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      auto group = backend.create_task_group();
      std::function<Coro<>(std::size_t)> child = [&](std::size_t generation) -> Coro<> {
        co_await backend.sleep(10ms);
        const auto next = [&](std::size_t number) { return child(number); };
        if (generation < generations.size()) {
          if (body_is_over) one.witness("tasks added after the end of the body");
          if (generations[generation] == 0) {
            group.start_soon(next, generation + 1);
          } else {
            co_await group.start(next, generation + 1);
          }
        }
        co_await backend.sleep(10ms);
        ++ended;
      };
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        tasks.start_soon([&](std::size_t number) { return child(number); }, std::size_t{0});
        // Keeps the group from ever having just one task.
        tasks.start_soon([&] { return work_to_the_end(backend, 1s); });
        body_is_over = true;
        co_return;
      });
      ended_behind = ended;
    });
    one.expect_no_failure("no-failure", failure);
    one.expect_equal("all-awaited", generations.size() + 1, ended_behind);
  });
}

void the_last_task_can_add_one_in_its_last_step(Trial& t) {
  for_all<int>(t, "chain", number(1, 20), [](Trial& one, const int& length) {
    int ended = 0;
    int ended_behind = 0;
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      auto group = backend.create_task_group();
      std::function<Coro<>(int)> child = [&](int remaining) -> Coro<> {
        co_await backend.sleep(10ms);
        ++ended;
        if (remaining > 1) group.start_soon([&](int rest) { return child(rest); }, remaining - 1);
      };
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        tasks.start_soon([&](int rest) { return child(rest); }, length);
        co_return;
      });
      ended_behind = ended;
    });
    one.witness("successors", static_cast<std::size_t>(length - 1));
    one.expect_no_failure("no-failure", failure);
    one.expect_equal("all-awaited", length, ended_behind);
  });
}

// ---- Before and after the block ------------------------------------------------------------------------------------

/// What start_soon and start threw.
struct Refusals {
  std::exception_ptr of_start_soon;
  std::exception_ptr of_start;
};

/// Gives `function` to the group in both ways.
template <class F>
Coro<> start_both_ways(TaskGroup& group, F& function, Refusals& refusals) {
  try {
    group.start_soon(function);
  } catch (...) {
    refusals.of_start_soon = std::current_exception();
  }
  refusals.of_start = co_await outcome_of(group.start(function));
}

/// The ways in which a block can end.
constexpr int endings = 3;

/// Runs the group to its end: 0 well, 1 with a failure, 2 by a cancellation.
Coro<> run_to_ending(AsyncBackend& backend, TaskGroup& group, int ending) {
  auto scope = backend.open_cancel_scope();
  const auto body = [&](TaskGroup& tasks) -> Coro<> {
    tasks.start_soon([&] { return work_to_the_end(backend, 10ms, ending == 1 ? make_failure("task") : nullptr); });
    if (ending == 2) scope.cancel();
    co_await backend.sleep(10ms);
  };
  co_await outcome_of(scope.run([&] { return group.run(body); }));
}

void nothing_runs_in_a_group_that_was_left(Trial& t) {
  int calls = 0;
  int calls_later = 0;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    auto group = backend.create_task_group();
    co_await run_to_ending(backend, group, 0);
    const auto function = [&]() -> Coro<> {
      ++calls_later;
      co_return;
    };
    Refusals refusals;
    co_await start_both_ways(group, function, refusals);
    t.witness("tasks given to a group that was left", 2);
    calls = calls_later;
    co_await backend.sleep(50ms);
  });
  t.expect_equal("called-at-once", 0, calls);
  t.expect_equal("called-later", 0, calls_later);
  t.expect_no_failure("no-failure", failure);
}

void starting_in_a_group_that_was_left_is_refused(Trial& t) {
  for (int ending = 0; ending < endings; ++ending) {
    Refusals refusals;
    bool went_on = false;
    const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
      auto group = backend.create_task_group();
      co_await run_to_ending(backend, group, ending);
      const auto function = [&] { return work_to_the_end(backend, 10ms); };
      co_await start_both_ways(group, function, refusals);
      t.witness("tasks given to a group that was left", 2);
      co_await backend.sleep(10ms);
      went_on = true;
    });
    t.expect_failure<UsageError>("start-soon", refusals.of_start_soon);
    t.expect_failure<UsageError>("start", refusals.of_start);
    t.expect_true("undisturbed", went_on);
    t.expect_no_failure("no-failure", failure);
  }
}

void starting_in_a_group_that_was_not_entered_is_refused(Trial& t) {
  Refusals refusals;
  int calls = 0;
  bool ran_normally = false;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    auto group = backend.create_task_group();
    const auto function = [&]() -> Coro<> {
      ++calls;
      co_return;
    };
    co_await start_both_ways(group, function, refusals);
    t.witness("tasks given to a group before its block", 2);
    co_await backend.sleep(10ms);
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      tasks.start_soon([&]() -> Coro<> {
        co_await backend.sleep(10ms);
        ran_normally = true;
      });
      co_return;
    });
  });
  t.expect_failure<UsageError>("start-soon", refusals.of_start_soon);
  t.expect_failure<UsageError>("start", refusals.of_start);
  t.expect_equal("not-called", 0, calls);
  t.expect_true("runs-normally", ran_normally);
  t.expect_no_failure("no-failure", failure);
}

void a_refused_task_leaves_nothing_behind(Trial& t) {
  Census census;
  std::vector<int> left_behind;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    const auto argument = census.member();
    const auto function = [&, captured = census.member()](Census::Member) -> Coro<> {
      const auto local = census.member();
      co_await backend.sleep(10ms);
    };
    const int own = census.alive();
    auto group = backend.create_task_group();
    for (const bool is_left : {false, true}) {
      if (is_left) co_await run_to_ending(backend, group, 0);
      bool refused = false;
      try {
        group.start_soon(function, argument);
      } catch (const UsageError&) {
        refused = true;
      }
      left_behind.push_back(census.alive() - own);
      try {
        co_await group.start(function, argument);
      } catch (const UsageError&) {
        if (refused) t.witness("refused starts", 2);
      }
      left_behind.push_back(census.alive() - own);
    }
  });
  t.expect_equal("left-behind", std::vector<int>(4, 0), left_behind);
  t.expect_no_failure("no-failure", failure);
}

// ---- start_soon ----------------------------------------------------------------------------------------------------

void start_soon_only_schedules(Trial& t) {
  static_assert(std::is_void_v<decltype(std::declval<TaskGroup&>().start_soon(std::declval<Coro<> (*)()>()))>);
  Log log;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    auto group = backend.create_task_group();
    const auto grandchild = [&]() -> Coro<> {
      log("grandchild runs");
      co_return;
    };
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      tasks.start_soon([&]() -> Coro<> {
        log("child runs");
        group.start_soon(grandchild);
        log("behind the call in the child");
        co_return;
      });
      log("behind the call in the body");
      co_await backend.sleep(10ms);
      log("after a suspension");
    });
  });
  t.witness("tasks started", log.count("child runs") + log.count("grandchild runs"));
  t.expect_equal("order",
                 Log{"behind the call in the body", "child runs", "behind the call in the child", "grandchild runs",
                     "after a suspension"},
                 log);
  t.expect_no_failure("no-failure", failure);
}

void tasks_begin_in_the_declared_order(Trial& t) {
  expect_start_order(t, t.manifest().trait("start_order") == "fifo",
                     [](AsyncBackend& backend, int count, Numbers& begun) -> Coro<> {
                       const auto note = [&](int position) -> Coro<> {
                         begun.push_back(position);
                         co_await backend.sleep(10ms);
                       };
                       auto group = backend.create_task_group();
                       co_await group.run([&](TaskGroup& tasks) -> Coro<> {
                         for (int i = 0; i < count; ++i) tasks.start_soon(note, i);
                         co_return;
                       });
                     });
}

// ---- start ---------------------------------------------------------------------------------------------------------

void start_returns_the_handle_of_its_task(Trial& t) {
  for_all<Numbers>(t, "results", numbers(1, 6, -100, 100), [](Trial& one, const Numbers& drawn) {
    std::vector<std::uint64_t> of_handles;
    std::vector<std::uint64_t> of_tasks(drawn.size());
    std::vector<std::string> names_of_handles;
    std::vector<std::string> names_of_tasks(drawn.size());
    Numbers joined;
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        const auto child = [&](std::size_t position) -> Coro<int> {
          of_tasks[position] = backend.get_current_task().id;
          names_of_tasks[position] = backend.get_current_task().name;
          co_await backend.sleep(10ms);
          co_return drawn[position];
        };
        std::vector<Task<int>> handles;
        for (std::size_t i = 0; i < drawn.size(); ++i) {
          const auto handle = co_await tasks.start(child, i);
          of_handles.push_back(handle.info().id);
          names_of_handles.push_back(handle.info().name);
          handles.push_back(handle);
        }
        for (const auto& handle : handles) joined.push_back(co_await handle.join());
      });
    });
    one.witness("tasks started", of_handles.size());
    one.expect_equal("info", of_tasks, of_handles);
    one.expect_equal("name", names_of_tasks, names_of_handles);
    one.expect_equal("value", drawn, joined);
    one.expect_no_failure("no-failure", failure);
  });
}

void start_returns_after_the_first_step(Trial& t) {
  for_all<int>(t, "number of tasks", number(1, 6), [](Trial& one, const int& count) {
    int begun = 0;
    Numbers begun_behind;
    Numbers expected;
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        for (int i = 1; i <= count; ++i) {
          co_await tasks.start([&]() -> Coro<> {
            ++begun;
            co_await backend.sleep(10ms);
          });
          begun_behind.push_back(begun);
          expected.push_back(i);
        }
      });
    });
    one.witness("first steps", static_cast<std::size_t>(begun));
    one.expect_equal("first-step", expected, begun_behind);
    one.expect_no_failure("no-failure", failure);
  });
}

void start_needs_no_signal_of_readiness(Trial& t) {
  bool returned = false;
  TimePoint called{};
  TimePoint left{};
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      called = backend.current_time();
      auto limit = backend.move_on_after(10s);
      co_await limit.run([&]() -> Coro<> {
        const auto handle = co_await tasks.start([&]() -> Coro<> {
          t.witness("tasks that began and never signal");
          co_await backend.sleep_forever();
        });
        returned = true;
        left = backend.current_time();
        handle.cancel();
      });
    });
  });
  t.expect_true("returned", returned);
  t.expect_elapsed("time", Seconds(0), left - called);
  t.expect_no_failure("no-failure", failure);
}

void arguments_arrive_as_given(Trial& t) {
  using Arguments = std::tuple<int, int, std::string>;
  const auto inputs =
      rc::gen::tuple(number(-9, 9), number(-9, 9), rc::gen::container<std::string>(rc::gen::inRange('a', 'e')));
  for_all<Arguments>(t, "arguments", inputs, [](Trial& one, const Arguments& drawn) {
    const auto [first, second, text] = drawn;
    Log log;
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      const auto child = [&](int a, int b, std::string word, std::unique_ptr<int> owned, const char* how) -> Coro<> {
        co_await backend.sleep(10ms);
        log(std::string(how) + show(a) + "," + show(b) + "," + word + "," + show(*owned));
      };
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        int a = std::get<0>(drawn);
        int b = std::get<1>(drawn);
        std::string word = std::get<2>(drawn);
        auto owned = std::make_unique<int>(a - b);
        const auto handle = co_await tasks.start(child, a, b, word, std::move(owned), "start ");
        co_await handle.wait();
        // The last task begins when the caller's variables are gone.
        owned = std::make_unique<int>(a + b);
        tasks.start_soon(child, a, b, word, std::move(owned), "start_soon ");
        a = b = 1000;
        word = "changed";
      });
    });
    const std::string same = show(first) + "," + show(second) + "," + text + ",";
    one.witness("tasks with arguments", log.words().size());
    one.expect_equal("count", std::size_t{2}, log.words().size());
    one.expect_true("start-soon", log.has("start_soon " + same + show(first + second)));
    one.expect_true("start", log.has("start " + same + show(first - second)));
    one.expect_no_failure("no-failure", failure);
  });
}

void a_name_becomes_the_name_of_the_task(Trial& t) {
  const auto name = rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::inRange('a', 'z')));
  for_all<std::string>(t, "name", name, [](Trial& one, const std::string& drawn) {
    std::vector<std::string> seen;
    Numbers arguments;
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      const auto child = [&](int argument) -> Coro<> {
        seen.push_back(backend.get_current_task().name);
        arguments.push_back(argument);
        co_await backend.sleep(10ms);
        seen.push_back(backend.get_current_task().name);
      };
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        const TaskName wanted(drawn);
        const auto handle = co_await tasks.start(wanted, child, 1);
        seen.push_back(handle.info().name);
        tasks.start_soon(wanted, child, 2);
      });
    });
    one.witness("readings of a name", seen.size());
    one.expect_equal("name", std::vector<std::string>(5, drawn), seen);
    one.expect_equal("arguments", Numbers{1, 2}, arguments);
    one.expect_no_failure("no-failure", failure);
  });
}

void a_second_run_is_refused(Trial& t) {
  const std::vector<std::string> keys{"after-success", "after-failure", "after-cancellation"};
  int calls = 0;
  for (int ending = 0; ending < endings; ++ending) {
    std::exception_ptr while_active;
    std::exception_ptr afterwards;
    Log log;
    const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
      const auto second = [&]() -> Coro<> {
        ++calls;
        co_return;
      };
      auto active = backend.create_task_group();
      co_await active.run([&](TaskGroup& tasks) -> Coro<> {
        tasks.start_soon([&]() -> Coro<> {
          co_await backend.sleep(20ms);
          log("task");
        });
        while_active = co_await outcome_of(active.run(second));
        co_await backend.sleep(10ms);
        log("body");
      });
      auto group = backend.create_task_group();
      co_await run_to_ending(backend, group, ending);
      afterwards = co_await outcome_of(group.run(second));
    });
    t.witness("second runs", 2);
    t.expect_failure<UsageError>("while-active", while_active);
    t.expect_failure<UsageError>(keys[static_cast<std::size_t>(ending)], afterwards);
    t.expect_equal("undisturbed", Log{"body", "task"}, log);
    t.expect_no_failure("no-failure", failure);
  }
  t.expect_equal("not-called", 0, calls);
}

}  // namespace

ClauseTests group_tests() {
  return {
      {clause::Group001, "RunGivesTheGroupAndReturnsTheResult", run_gives_the_group_and_returns_the_result},
      {clause::Group002, "RunReturnsWhenTheLastTaskHasEnded", run_returns_when_the_last_task_has_ended},
      {clause::Group003, "TasksCanBeAddedWhileRunWaits", tasks_can_be_added_while_run_waits},
      {clause::Group004, "TheLastTaskCanAddOneInItsLastStep", the_last_task_can_add_one_in_its_last_step},
      {clause::Group005, "NothingRunsInAGroupThatWasLeft", nothing_runs_in_a_group_that_was_left},
      {clause::Group006, "StartingInAGroupThatWasLeftIsRefused", starting_in_a_group_that_was_left_is_refused},
      {clause::Group007, "StartingInAGroupThatWasNotEnteredIsRefused",
       starting_in_a_group_that_was_not_entered_is_refused},
      {clause::Group008, "ARefusedTaskLeavesNothingBehind", a_refused_task_leaves_nothing_behind},
      {clause::Group009, "StartSoonOnlySchedules", start_soon_only_schedules},
      {clause::Group010, "TasksBeginInTheDeclaredOrder", tasks_begin_in_the_declared_order},
      {clause::Group011, "StartReturnsTheHandleOfItsTask", start_returns_the_handle_of_its_task},
      {clause::Group012, "StartReturnsAfterTheFirstStep", start_returns_after_the_first_step},
      {clause::Group013, "StartNeedsNoSignalOfReadiness", start_needs_no_signal_of_readiness},
      {clause::Group014, "ArgumentsArriveAsGiven", arguments_arrive_as_given},
      {clause::Group015, "ANameBecomesTheNameOfTheTask", a_name_becomes_the_name_of_the_task},
      {clause::Group031, "ASecondRunIsRefused", a_second_run_is_refused},
  };
}

}  // namespace concert::conformance
