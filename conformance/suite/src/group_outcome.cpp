// SPDX-License-Identifier: Apache-2.0
// Tests of spec/clauses/group.md, the family Group: failures, cancellation, and what leaves the block.
#include <algorithm>
#include <string>

#include "concert/harness/for_all.hpp"
#include "concert/harness/generators.hpp"
#include "concert/harness/unwinding.hpp"
#include "concert/suite/suite.hpp"

namespace concert::conformance {

namespace {

using namespace std::chrono_literals;

using NumbersAndOne = std::pair<Numbers, int>;

std::size_t how_many(const Numbers& numbers, int wanted) {
  return static_cast<std::size_t>(std::count(numbers.begin(), numbers.end(), wanted));
}

int longest(const Numbers& lengths) { return *std::max_element(lengths.begin(), lengths.end()); }

// ---- Failures ------------------------------------------------------------------------------------------------------

void failures_of_tasks_come_out_as_a_group(Trial& t) {
  // 1 fails, 0 does not; the number is the length of the body.
  const auto inputs = rc::gen::pair(numbers(1, 6, 0, 1), number(0, 4));
  for_all<NumbersAndOne>(t, "who fails and length of body", inputs, [](Trial& one, const NumbersAndOne& input) {
    Failures failures;
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        for (std::size_t i = 0; i < input.first.size(); ++i) {
          std::exception_ptr own = input.first[i] == 1 ? make_failure("task " + show(i)) : nullptr;
          if (own) failures.push_back(own);
          tasks.start_soon(
              [&](Seconds length, std::exception_ptr thrown) {
                return work_to_the_end(backend, length, std::move(thrown));
              },
              steps(1 + static_cast<int>(i % 3)), own);
        }
        co_await backend.sleep(steps(input.second));
      });
    });
    one.witness("failing tasks", failures.size());
    one.witness("lone failures", failures.size() == 1 ? 1 : 0);
    if (failures.empty()) {
      one.expect_no_failure("no-failure", failure);
    } else {
      expect_leaves(one, "group", failures, failure);
    }
  });
}

/// Waits to be interrupted inside `depth` groups.
Coro<> wait_in_groups(AsyncBackend& backend, int depth, std::optional<TimePoint>& interrupted_at) {
  if (depth == 0) {
    co_await unwind_when_interrupted(backend, interrupted_at);
    co_return;
  }
  auto group = backend.create_task_group();
  co_await group.run([&](TaskGroup& tasks) -> Coro<> {
    tasks.start_soon([&] { return wait_in_groups(backend, depth - 1, interrupted_at); });
    co_await backend.sleep(long_time);
  });
}

void the_first_failure_cancels_the_others(Trial& t) {
  // The depths of the siblings; 0: the body fails, 1: a task.
  const auto inputs = rc::gen::pair(numbers(1, 5, 0, 3), number(0, 1));
  for_all<NumbersAndOne>(t, "depths and who fails", inputs, [](Trial& one, const NumbersAndOne& input) {
    Interruptions interrupted(input.first.size() + static_cast<std::size_t>(input.second));
    TimePoint failed{};
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      const auto fail = [&]() -> Coro<> {
        co_await backend.sleep(10ms);
        failed = backend.current_time();
        throw std::runtime_error("first");
      };
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        for (std::size_t i = 0; i < input.first.size(); ++i) {
          tasks.start_soon(
              [&](std::size_t position) {
                return wait_in_groups(backend, input.first[position], interrupted[position]);
              },
              i);
        }
        if (input.second == 1) tasks.start_soon(fail);
        if (input.second == 0) co_await fail();
        co_await unwind_when_interrupted(backend, interrupted.back());
      });
    });
    one.witness("tasks that run at the failure", input.first.size());
    expect_interrupted_at(one, failed, interrupted);
    one.expect_true("failure", failure != nullptr);
  });
}

void run_throws_after_the_unwinding(Trial& t) {
  for_all<Numbers>(t, "lengths of clean-up", numbers(1, 6, 0, 20), [](Trial& one, const Numbers& lengths) {
    Interruptions interrupted(lengths.size());
    TimePoint began{};
    TimePoint left{};
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      auto group = backend.create_task_group();
      began = backend.current_time();
      const auto outcome = co_await outcome_of(group.run([&](TaskGroup& tasks) -> Coro<> {
        for (std::size_t i = 0; i < lengths.size(); ++i) {
          tasks.start_soon(
              [&](std::size_t position) {
                return unwind_when_interrupted(backend, interrupted[position], steps(lengths[position]));
              },
              i);
        }
        tasks.start_soon([&] { return work_to_the_end(backend, 10ms, make_failure("task")); });
        co_return;
      }));
      left = backend.current_time();
      if (outcome) std::rethrow_exception(outcome);
    });
    one.witness("tasks that cleaned up", how_many_interrupted(interrupted));
    one.expect_elapsed("time", steps(1 + longest(lengths)), left - began);
    one.expect_failure<ExceptionGroup>("failure", failure);
  });
}

void every_failure_is_reported_once(Trial& t) {
  // 0 fails in the same instant as the first, 1 fails while it unwinds, 2 is interrupted, 3 ends before.
  for_all<Numbers>(t, "kinds of tasks", numbers(0, 8, 0, 3), [](Trial& one, const Numbers& kinds) {
    Failures failures{make_failure("first")};
    Interruptions interrupted(kinds.size());
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        tasks.start_soon([&] { return work_to_the_end(backend, 10ms, failures.front()); });
        for (std::size_t i = 0; i < kinds.size(); ++i) {
          std::exception_ptr own = kinds[i] < 2 ? make_failure("task " + show(i)) : nullptr;
          if (own) failures.push_back(own);
          tasks.start_soon(
              [&](std::size_t position, std::exception_ptr thrown) {
                if (kinds[position] == 3) return work_to_the_end(backend, 0s);
                if (kinds[position] == 0) return work_to_the_end(backend, 10ms, std::move(thrown));
                return unwind_when_interrupted(backend, interrupted[position], 10ms, std::move(thrown));
              },
              i, own);
        }
        co_return;
      });
    });
    one.witness("failures in the first instant", how_many(kinds, 0));
    one.witness("failures while unwinding", how_many(kinds, 1));
    expect_leaves(one, "leaves", failures, failure);
  });
}

void a_lone_failure_of_the_body_comes_out_bare(Trial& t) {
  // 0 ends before, 1 is interrupted; the number is the type of the failure.
  const auto inputs = rc::gen::pair(numbers(0, 5, 0, 1), number(0, failure_kinds - 1));
  for_all<NumbersAndOne>(t, "tasks and type", inputs, [](Trial& one, const NumbersAndOne& input) {
    const auto thrown = make_failure_of_kind(input.second);
    Interruptions interrupted(input.first.size());
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        for (std::size_t i = 0; i < input.first.size(); ++i) {
          tasks.start_soon(
              [&](std::size_t position) {
                if (input.first[position] == 0) return work_to_the_end(backend, 10ms);
                return unwind_when_interrupted(backend, interrupted[position], 10ms);
              },
              i);
        }
        co_await work_to_the_end(backend, 20ms, thrown);
      });
    });
    one.witness("failing bodies");
    one.witness("tasks to interrupt", how_many(input.first, 1));
    expect_same_object(one, "same-object", thrown, failure);
    one.expect_equal("interrupted", how_many(input.first, 1), how_many_interrupted(interrupted));
  });
}

void body_and_tasks_that_fail_come_out_together(Trial& t) {
  // The instants of the tasks' failures; 0: the body fails at once, 1: when it is interrupted.
  const auto inputs = rc::gen::pair(numbers(1, 5, 1, 4), number(0, 1));
  for_all<NumbersAndOne>(t, "instants and body", inputs, [](Trial& one, const NumbersAndOne& input) {
    Failures failures{make_failure("body")};
    std::optional<TimePoint> interrupted;
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        for (const int instant : input.first) {
          failures.push_back(make_failure("task"));
          tasks.start_soon(
              [&](Seconds delay, std::exception_ptr thrown) {
                return work_to_the_end(backend, delay, std::move(thrown));
              },
              steps(instant), failures.back());
        }
        if (input.second == 0) std::rethrow_exception(failures.front());
        co_await unwind_when_interrupted(backend, interrupted, 10ms, failures.front());
      });
    });
    one.witness(input.second == 0 ? "bodies that failed first" : "bodies that failed while unwinding");
    expect_leaves(one, "leaves", failures, failure);
  });
}

/// Fails inside `depth` groups.
Coro<> fail_in_groups(AsyncBackend& backend, int depth, const std::exception_ptr& failure) {
  if (depth == 0) {
    co_await work_to_the_end(backend, 10ms, failure);
    co_return;
  }
  auto group = backend.create_task_group();
  co_await group.run([&](TaskGroup& tasks) -> Coro<> {
    tasks.start_soon([&] { return fail_in_groups(backend, depth - 1, failure); });
    co_return;
  });
}

void interrupted_tasks_are_no_failures(Trial& t) {
  // The depths of the interrupted tasks and of the failing one.
  const auto inputs = rc::gen::pair(numbers(1, 6, 0, 2), number(0, 2));
  for_all<NumbersAndOne>(t, "depths", inputs, [](Trial& one, const NumbersAndOne& input) {
    Interruptions interrupted(input.first.size());
    const auto only = make_failure("only");
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        for (std::size_t i = 0; i < interrupted.size(); ++i) {
          tasks.start_soon(
              [&](std::size_t position) {
                return wait_in_groups(backend, input.first[position], interrupted[position]);
              },
              i);
        }
        tasks.start_soon([&] { return fail_in_groups(backend, input.second, only); });
        co_return;
      });
    });
    one.witness("tasks to interrupt", interrupted.size());
    expect_leaves(one, "leaves", {only}, failure);
    one.expect_equal("interrupted", interrupted.size(), how_many_interrupted(interrupted));
  });
}

void failures_of_any_type_are_reported(Trial& t) {
  for_all<Numbers>(t, "types", numbers(1, 5, 0, failure_kinds - 1), [](Trial& one, const Numbers& kinds) {
    Failures failures;
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        for (const int kind : kinds) {
          failures.push_back(make_failure_of_kind(kind));
          tasks.start_soon([&](std::exception_ptr thrown) { return work_to_the_end(backend, 10ms, std::move(thrown)); },
                           failures.back());
        }
        co_return;
      });
    });
    one.witness("failures", failures.size());
    one.witness("failures outside std::exception", kinds.size() - how_many(kinds, 0) - how_many(kinds, 3));
    expect_leaves(one, "leaves", failures, failure);
  });
}

/// The group of the innermost block, as it leaves that block.
Coro<> fail_in_bodies(AsyncBackend& backend, int depth, std::exception_ptr& innermost) {
  auto group = backend.create_task_group();
  try {
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      if (depth > 1) {
        co_await fail_in_bodies(backend, depth - 1, innermost);
      } else {
        tasks.start_soon([&] { return work_to_the_end(backend, 10ms, make_failure("task")); });
      }
    });
  } catch (...) {
    if (depth == 1) innermost = std::current_exception();
    throw;
  }
}

void a_group_thrown_by_the_body_is_not_wrapped(Trial& t) {
  for_all<int>(t, "depth", number(2, 8), [](Trial& one, const int& depth) {
    std::exception_ptr innermost;
    const auto failure = one.run([&](AsyncBackend& backend) { return fail_in_bodies(backend, depth, innermost); });
    one.witness("groups around", static_cast<std::size_t>(depth - 1));
    one.expect_failure<ExceptionGroup>("innermost", innermost);
    expect_same_object(one, "same-object", innermost, failure);
  });
}

void the_body_of_a_failed_group_stays_cancelled(Trial& t) {
  for_all<int>(t, "swallowed cancellations", number(1, 10), [](Trial& one, const int& count) {
    const auto thrown = make_failure("task");
    int cancelled = 0;
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        tasks.start_soon([&] { return work_to_the_end(backend, 10ms, thrown); });
        for (int i = 0; i < count; ++i) {
          if (is_cancelled(co_await outcome_of(backend.sleep(long_time)))) ++cancelled;
        }
      });
    });
    one.witness("checkpoints behind the first one", static_cast<std::size_t>(count - 1));
    one.expect_equal("every-checkpoint", count, cancelled);
    expect_leaves(one, "leaves", {thrown}, failure);
  });
}

void start_of_a_task_that_fails_at_once_returns_the_handle(Trial& t) {
  for (const bool from_sibling : {false, true}) {
    const auto thrown = make_failure("first step");
    bool returned = false;
    bool done = false;
    const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
      auto group = backend.create_task_group();
      const auto start_one = [&]() -> Coro<> {
        const auto handle = co_await group.start([&]() -> Coro<> {
          t.witness("failures in the first step");
          std::rethrow_exception(thrown);
          co_return;
        });
        returned = true;
        done = handle.done();
      };
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        if (from_sibling) {
          tasks.start_soon(start_one);
        } else {
          co_await start_one();
        }
      });
    });
    t.expect_true("returned", returned);
    t.expect_true("done", done);
    expect_leaves(t, "leaves", {thrown}, failure);
  }
}

// ---- Cancellation --------------------------------------------------------------------------------------------------

/// Runs a group in a scope that is cancelled after 10 ms; `left_with` is what leaves the group.
template <class Body>
Coro<> run_cancelled(AsyncBackend& backend, Body& body, std::exception_ptr& left_with, bool& absorbed) {
  auto scope = backend.move_on_after(10ms);
  auto group = backend.create_task_group();
  const auto outcome = co_await outcome_of(scope.run([&]() -> Coro<> {
    try {
      co_await group.run(body);
    } catch (...) {
      left_with = std::current_exception();
      throw;
    }
  }));
  absorbed = scope.cancelled_caught();
  if (outcome) std::rethrow_exception(outcome);
}

void mere_cancellation_comes_out_bare(Trial& t) {
  // The number of interrupted tasks, and of others; does the body wait?
  using Input = std::tuple<int, int, int>;
  const auto inputs = rc::gen::tuple(number(0, 4), number(0, 3), number(0, 1));
  for_all<Input>(t, "interrupted tasks, others, body waits", inputs, [](Trial& one, const Input& input) {
    const bool body_waits = std::get<2>(input) == 1;
    Interruptions interrupted(static_cast<std::size_t>(body_waits ? std::get<0>(input) : std::get<0>(input) + 1));
    std::exception_ptr left_with;
    bool absorbed = false;
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      const auto body = [&](TaskGroup& tasks) -> Coro<> {
        for (auto& time : interrupted) {
          tasks.start_soon([&](std::optional<TimePoint>* at) { return unwind_when_interrupted(backend, *at, 10ms); },
                           &time);
        }
        for (int i = 0; i < std::get<1>(input); ++i) {
          tasks.start_soon([&](Seconds length) { return work_to_the_end(backend, length); }, steps(2 * i));
        }
        if (body_waits) co_await backend.sleep(long_time);
      };
      co_await run_cancelled(backend, body, left_with, absorbed);
    });
    one.witness(body_waits ? "interrupted bodies" : "groups with interrupted tasks only");
    expect_cancelled(one, "bare", left_with);
    one.expect_true("absorbed", absorbed);
    one.expect_no_failure("no-failure", failure);
  });
}

void failures_while_unwinding_replace_the_cancellation(Trial& t) {
  // 0 is interrupted, 1 fails while it unwinds.
  for_all<Numbers>(t, "kinds of tasks", numbers(0, 6, 0, 1), [](Trial& one, const Numbers& drawn) {
    Numbers kinds = drawn;
    kinds.push_back(1);
    Failures failures;
    Interruptions interrupted(kinds.size());
    std::exception_ptr left_with;
    bool absorbed = false;
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      const auto body = [&](TaskGroup& tasks) -> Coro<> {
        for (std::size_t i = 0; i < kinds.size(); ++i) {
          std::exception_ptr own = kinds[i] == 1 ? make_failure("task " + show(i)) : nullptr;
          if (own) failures.push_back(own);
          tasks.start_soon(
              [&](std::size_t position, std::exception_ptr thrown) {
                return unwind_when_interrupted(backend, interrupted[position], 10ms, std::move(thrown));
              },
              i, own);
        }
        co_await backend.sleep(long_time);
      };
      co_await run_cancelled(backend, body, left_with, absorbed);
    });
    one.witness("failures while unwinding", failures.size());
    expect_leaves(one, "left-with", failures, left_with);
    expect_leaves(one, "passes-the-scope", failures, failure);
  });
}

void cancelling_one_task_leaves_the_others(Trial& t) {
  // 1 is cancelled by its handle, 0 runs on.
  for_all<Numbers>(t, "who is cancelled", numbers(1, 6, 0, 1), [](Trial& one, const Numbers& cancelled) {
    std::size_t reached_ends = 0;
    std::size_t interrupted = 0;
    bool body_reached_its_end = false;
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      const auto child = [&]() -> Coro<> {
        const auto outcome = co_await outcome_of(backend.sleep(30ms));
        ++(outcome ? interrupted : reached_ends);
        if (outcome) std::rethrow_exception(outcome);
      };
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        std::vector<Task<void>> handles;
        for (std::size_t i = 0; i < cancelled.size(); ++i) {
          const auto handle = co_await tasks.start(child);
          handles.push_back(handle);
        }
        co_await backend.sleep(10ms);
        for (std::size_t i = 0; i < cancelled.size(); ++i) {
          if (cancelled[i] == 1) handles[i].cancel();
        }
        co_await backend.sleep(40ms);
        body_reached_its_end = true;
      });
    });
    one.witness("tasks cancelled by their handles", interrupted);
    one.expect_equal("cancelled", how_many(cancelled, 1), interrupted);
    one.expect_equal("siblings", how_many(cancelled, 0), reached_ends);
    one.expect_true("body", body_reached_its_end);
    one.expect_no_failure("no-failure", failure);
  });
}

void tasks_live_under_the_scopes_around_their_group(Trial& t) {
  for (const bool by_deadline : {false, true}) {
    Interruptions interrupted(3);
    TimePoint inner_end{};
    TimePoint outer_end{};
    const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
      const auto child = [&](std::size_t i) { return unwind_when_interrupted(backend, interrupted[i]); };
      auto around = backend.open_cancel_scope();
      auto inside = backend.open_cancel_scope();
      auto own = backend.create_task_group();
      auto group = backend.create_task_group();
      const auto in_the_scope = [&]() -> Coro<> {
        group.start_soon(child, std::size_t{0});
        co_await group.start(child, std::size_t{1});
        inner_end = backend.current_time() + 10ms;
        if (by_deadline) inside.reschedule(inner_end);
        co_await own.run([&](TaskGroup& tasks) -> Coro<> {
          tasks.start_soon(child, std::size_t{2});
          co_await backend.ignore_cancellation(backend.sleep_until(inner_end));
          if (!by_deadline) inside.cancel();
        });
      };
      const auto body = [&]() -> Coro<> {
        co_await inside.run(in_the_scope);
        co_await backend.sleep(20ms);
        outer_end = backend.current_time();
        around.cancel();
        co_await backend.sleep(10ms);
      };
      co_await around.run([&] { return group.run(body); });
    });
    t.witness("scopes cancelled", static_cast<std::size_t>(outer_end > inner_end ? 2 : 0));
    t.expect_time("own-group", inner_end, interrupted[2].value_or(never));
    t.expect_time("outlives-the-scope", outer_end, interrupted[0].value_or(never));
    t.expect_time("started-outlives-the-scope", outer_end, interrupted[1].value_or(never));
    t.expect_no_failure("no-failure", failure);
  }
}

void a_cancelled_start_takes_its_task_along(Trial& t) {
  // The scope around the call is cancelled before it: 0 by hand, 1 by its deadline; 2: in the same turn, by a sibling.
  for (int form = 0; form < 3; ++form) {
    Log log;
    Census census;
    std::exception_ptr interruption;
    int alive_behind = -1;
    bool got_handle = false;
    bool absorbed = false;
    const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
      auto scope = backend.open_cancel_scope(form == 1 ? backend.current_time() : never);
      const auto argument = census.member();
      auto group = backend.create_task_group();
      const auto start_one = [&]() -> Coro<> {
        try {
          const auto handle =
              co_await group.start([&](Census::Member) -> Coro<> { co_await backend.sleep(long_time); }, argument);
          got_handle = true;
          handle.cancel();
        } catch (...) {
          interruption = std::current_exception();
          alive_behind = census.alive() - 1;
          throw;
        }
      };
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        tasks.start_soon([&]() -> Coro<> {
          co_await backend.sleep(50ms);
          log("sibling");
        });
        co_await backend.sleep(10ms);
        if (form == 0) scope.cancel();
        if (form == 2)
          tasks.start_soon([&]() -> Coro<> {
            scope.cancel();
            co_return;
          });
        co_await scope.run(start_one);
        absorbed = scope.cancelled_caught();
        co_await backend.sleep(10ms);
        log("body");
      });
    });
    t.witness(form < 2 ? "starts in a cancelled scope" : "starts with a cancellation in the same turn");
    if (form < 2 || !got_handle) {
      expect_cancelled(t, "cancelled", interruption);
      t.expect_equal("task-has-ended", 0, alive_behind);
      t.expect_true("absorbed", absorbed);
    }
    t.expect_equal("group-not-cancelled", Log{"body", "sibling"}, log);
    t.expect_no_failure("no-failure", failure);
  }
}

void the_first_step_of_a_cancelled_start_is_as_declared(Trial& t) {
  Log log;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    auto scope = backend.open_cancel_scope();
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      co_await scope.run([&]() -> Coro<> {
        scope.cancel();
        t.witness("starts in a cancelled scope");
        co_await tasks.start([&]() -> Coro<> {
          log("first step");
          co_await backend.sleep(10ms);
          log("behind the checkpoint");
        });
      });
    });
  });
  const bool runs = t.manifest().trait("cancelled_start_runs_first_step") == "yes";
  t.expect_equal("first-step", runs ? Log{"first step"} : Log{}, log);
  t.expect_no_failure("no-failure", failure);
}

void tasks_given_to_a_cancelled_group_begin(Trial& t) {
  // 0: a task fails, 1: an enclosing scope is cancelled; 0: the body, 1: a task starts the new one.
  const auto inputs = rc::gen::pair(number(0, 1), number(0, 1));
  for_all<std::pair<int, int>>(t, "cause and caller", inputs, [](Trial& one, const std::pair<int, int>& input) {
    Log log;
    std::exception_ptr refusal;
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      auto scope = input.first == 1 ? backend.move_on_after(10ms) : backend.open_cancel_scope();
      auto group = backend.create_task_group();
      const auto fresh = [&]() -> Coro<> {
        log("began");
        const auto outcome = co_await outcome_of(backend.sleep(long_time));
        log(outcome_word(outcome));
        if (outcome) std::rethrow_exception(outcome);
      };
      const auto start_when_interrupted = [&]() -> Coro<> {
        const auto interruption = co_await outcome_of(backend.sleep(long_time));
        if (!interruption) co_return;
        one.witness("tasks given to a cancelled group");
        try {
          group.start_soon(fresh);
        } catch (...) {
          refusal = std::current_exception();
        }
        std::rethrow_exception(interruption);
      };
      const auto body = [&](TaskGroup& tasks) -> Coro<> {
        if (input.first == 0) tasks.start_soon([&] { return work_to_the_end(backend, 10ms, make_failure("task")); });
        if (input.second == 1) tasks.start_soon(start_when_interrupted);
        if (input.second == 0) co_await start_when_interrupted();
      };
      co_await scope.run([&] { return group.run(body); });
    });
    one.expect_no_failure("accepted", refusal);
    one.expect_equal("outcome", Log{"began", "cancelled"}, log);
    one.expect_true("failure", (failure != nullptr) == (input.first == 0));
  });
}

// ---- Leaving -------------------------------------------------------------------------------------------------------

void leaving_without_tasks_is_no_checkpoint(Trial& t) {
  for_all<int>(t, "tasks that have ended", number(0, 4), [](Trial& one, const int& count) {
    std::optional<int> result;
    bool caught = true;
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      auto scope = backend.open_cancel_scope();
      auto group = backend.create_task_group();
      const auto body = [&](TaskGroup& tasks) -> Coro<int> {
        for (int i = 0; i < count; ++i) tasks.start_soon([&] { return work_to_the_end(backend, 10ms); });
        co_await backend.sleep(20ms);
        scope.cancel();
        co_return count;
      };
      result = co_await scope.run([&] { return group.run(body); });
      caught = scope.cancelled_caught();
    });
    one.witness(count == 0 ? "groups without a task" : "groups whose tasks have ended");
    one.expect_equal("value", std::optional<int>(count), result);
    one.expect_false("not-caught", caught);
    one.expect_no_failure("no-failure", failure);
  });
}

void the_wait_for_tasks_is_not_interrupted(Trial& t) {
  // The lengths of the tasks; the instants of requests: those of one scope, of a failing sibling, of the task.
  using Input = std::pair<Numbers, Numbers>;
  const auto inputs = rc::gen::pair(numbers(1, 4, 4, 20), numbers(1, 4, 0, 3));
  for_all<Input>(t, "lengths and requests", inputs, [](Trial& one, const Input& input) {
    std::size_t requests = 0;
    TimePoint began{};
    TimePoint left{};
    std::exception_ptr left_with;
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      auto scope = backend.open_cancel_scope();
      auto inner = backend.create_task_group();
      auto outer = backend.create_task_group();
      const auto host = [&]() -> Coro<> {
        began = backend.current_time();
        left_with = co_await outcome_of(inner.run([&](TaskGroup& tasks) -> Coro<> {
          for (const int length : input.first) {
            tasks.start_soon([&](Seconds duration) { return work_to_the_end(backend, duration); }, steps(length));
          }
          co_return;
        }));
        left = backend.current_time();
      };
      co_await outcome_of(outer.run([&](TaskGroup& tasks) -> Coro<> {
        const auto handle = co_await tasks.start([&] { return scope.run(host); });
        for (std::size_t i = 0; i < input.second.size(); ++i) {
          co_await backend.ignore_cancellation(backend.sleep_until(began + steps(input.second[i]) + 5ms));
          ++requests;
          if (i % 3 == 0) scope.cancel();
          if (i % 3 == 1) handle.cancel();
          if (i % 3 == 2) tasks.start_soon([&] { return work_to_the_end(backend, 0s, make_failure("sibling")); });
        }
      }));
    });
    one.witness("requests while run waits", requests);
    one.expect_elapsed("time", steps(longest(input.first)), left - began);
    one.expect_no_failure("left-with", left_with);
    one.expect_no_failure("no-failure", failure);
  });
}

void a_shielded_group_is_left_undisturbed(Trial& t) {
  // The lengths of the tasks in steps, and the step in which the request comes.
  const auto inputs = rc::gen::pair(numbers(1, 4, 4, 8), number(0, 3));
  for_all<NumbersAndOne>(t, "lengths and request", inputs, [](Trial& one, const NumbersAndOne& input) {
    int interrupted = 0;
    int value = 0;
    std::exception_ptr behind;
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      auto group = backend.create_task_group();
      const auto body = [&](TaskGroup& tasks) -> Coro<int> {
        for (const int length : input.first) {
          tasks.start_soon(
              [&](int count) -> Coro<> {
                for (int i = 0; i < count; ++i) {
                  if (co_await outcome_of(backend.sleep(10ms))) ++interrupted;
                }
              },
              length);
        }
        co_return 7;
      };
      auto scope = backend.move_on_after(steps(input.second) + 5ms);
      co_await scope.run([&]() -> Coro<> {
        value = co_await backend.ignore_cancellation(group.run(body));
        one.witness("requests while the shielded group waits", scope.cancel_called() ? 1 : 0);
        behind = co_await outcome_of(backend.sleep(10ms));
      });
    });
    one.expect_equal("tasks", 0, interrupted);
    one.expect_equal("value", 7, value);
    expect_cancelled(one, "behind-the-shield", behind);
    one.expect_no_failure("no-failure", failure);
  });
}

}  // namespace

ClauseTests group_outcome_tests() {
  return {
      {clause::Group016, "FailuresOfTasksComeOutAsAGroup", failures_of_tasks_come_out_as_a_group},
      {clause::Group017, "TheFirstFailureCancelsTheOthers", the_first_failure_cancels_the_others},
      {clause::Group018, "RunThrowsAfterTheUnwinding", run_throws_after_the_unwinding},
      {clause::Group019, "EveryFailureIsReportedOnce", every_failure_is_reported_once},
      {clause::Group020, "ALoneFailureOfTheBodyComesOutBare", a_lone_failure_of_the_body_comes_out_bare},
      {clause::Group021, "BodyAndTasksThatFailComeOutTogether", body_and_tasks_that_fail_come_out_together},
      {clause::Group022, "InterruptedTasksAreNoFailures", interrupted_tasks_are_no_failures},
      {clause::Group023, "MereCancellationComesOutBare", mere_cancellation_comes_out_bare},
      {clause::Group024, "FailuresWhileUnwindingReplaceTheCancellation",
       failures_while_unwinding_replace_the_cancellation},
      {clause::Group025, "CancellingOneTaskLeavesTheOthers", cancelling_one_task_leaves_the_others},
      {clause::Group026, "TasksLiveUnderTheScopesAroundTheirGroup", tasks_live_under_the_scopes_around_their_group},
      {clause::Group027, "ACancelledStartTakesItsTaskAlong", a_cancelled_start_takes_its_task_along},
      {clause::Group028, "TheFirstStepOfACancelledStartIsAsDeclared",
       the_first_step_of_a_cancelled_start_is_as_declared},
      {clause::Group029, "TasksGivenToACancelledGroupBegin", tasks_given_to_a_cancelled_group_begin},
      {clause::Group030, "FailuresOfAnyTypeAreReported", failures_of_any_type_are_reported},
      {clause::Group032, "LeavingWithoutTasksIsNoCheckpoint", leaving_without_tasks_is_no_checkpoint},
      {clause::Group033, "TheWaitForTasksIsNotInterrupted", the_wait_for_tasks_is_not_interrupted},
      {clause::Group034, "AShieldedGroupIsLeftUndisturbed", a_shielded_group_is_left_undisturbed},
      {clause::Group035, "StartOfATaskThatFailsAtOnceReturnsTheHandle",
       start_of_a_task_that_fails_at_once_returns_the_handle},
      {clause::Group036, "AGroupThrownByTheBodyIsNotWrapped", a_group_thrown_by_the_body_is_not_wrapped},
      {clause::Group037, "TheBodyOfAFailedGroupStaysCancelled", the_body_of_a_failed_group_stays_cancelled},
  };
}

}  // namespace concert::conformance
