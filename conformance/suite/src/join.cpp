// SPDX-License-Identifier: Apache-2.0
// Tests of spec/clauses/task.md: waiting for a task and joining it.
#include <array>
#include <memory>
#include <stdexcept>

#include "concert/harness/for_all.hpp"
#include "concert/suite/suite.hpp"
#include "task_scenes.hpp"

namespace concert::conformance {

namespace {

using namespace std::chrono_literals;

// ---- Waiting and joining --------------------------------------------------------------------------------------------

void wait_resumes_at_the_end(Trial& t) {
  for (const End end : all_ends) {
    std::exception_ptr outcome;
    std::optional<TimePoint> ended_at;
    std::optional<TimePoint> resumed_at;
    const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
      auto work = [&]() -> Coro<int> {
        const AtEnd at_end(backend, ended_at);
        co_return co_await end_as(backend, end);
      };
      auto watch = [&](const Handle& task) -> Coro<> {
        ask(task, end);
        if (!task.done()) t.witness("waits that blocked");
        outcome = co_await outcome_of(task.wait());
        resumed_at = backend.current_time();
      };
      co_await run_watched(backend, work, watch);
    });
    t.expect_no_failure("outcome", outcome);
    if (t.expect_true("both-ended", ended_at && resumed_at)) t.expect_time("time", *ended_at, *resumed_at);
    t.expect_no_failure("program", failure);
  }
}

/// One of two observers of a task gives up; the task must not notice. `observe(task)` is what the impatient one does.
template <class Observe>
void an_impatient_observer_leaves_the_task_alone(Trial& t, Observe observe) {
  for (const Source source : all_sources) {
    std::exception_ptr impatient;
    Joined other;
    const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
      auto work = [&]() -> Coro<int> {
        co_await backend.sleep(500ms);
        co_return returned_value;
      };
      auto watch = [&](const Handle& task) -> Coro<> {
        auto caller = [&]() -> Coro<> {
          impatient = co_await outcome_of(observe(task));
          if (impatient) t.witness("observers interrupted");
        };
        co_await run_cancelled(backend, source, caller);
        other = co_await joined(task.join());
      };
      co_await run_watched(backend, work, watch);
    });
    t.expect_failure<Cancelled>("observer", impatient);
    t.expect_equal("task", Joined{returned_value, nullptr}, other);
    t.expect_no_failure("program", failure);
  }
}

void a_cancelled_wait_leaves_the_task_alone(Trial& t) {
  an_impatient_observer_leaves_the_task_alone(t, [](const Handle& task) { return task.wait(); });
}

void a_cancelled_join_leaves_the_task_alone(Trial& t) {
  an_impatient_observer_leaves_the_task_alone(t, [](const Handle& task) { return task.join(); });
}

void join_gives_the_value(Trial& t) {
  for_all<int>(t, "value", rc::gen::arbitrary<int>(), [](Trial& trial, const int& value) {
    int target = value;
    std::optional<int> copy;
    const int* reference = nullptr;
    std::optional<int> movable;
    bool nothing = false;
    std::vector<Seconds> delays;
    const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
      std::optional<TimePoint> ended_at;
      const auto note = [&] {
        if (ended_at) delays.push_back(backend.current_time() - *ended_at);
      };
      auto gives_copy = [&]() -> Coro<int> {
        const AtEnd at_end(backend, ended_at);
        co_await backend.sleep(100ms);
        co_return value;
      };
      auto gives_reference = [&]() -> Coro<int&> {
        const AtEnd at_end(backend, ended_at);
        co_await backend.sleep(100ms);
        co_return target;
      };
      auto gives_movable = [&]() -> Coro<std::unique_ptr<int>> {
        const AtEnd at_end(backend, ended_at);
        co_await backend.sleep(100ms);
        co_return std::make_unique<int>(value);
      };
      auto gives_nothing = [&]() -> Coro<> {
        const AtEnd at_end(backend, ended_at);
        co_await backend.sleep(100ms);
      };
      auto watch = [&](const auto& task) -> Coro<> {
        using T = typename std::remove_cvref_t<decltype(task)>::value_type;
        if (!task.done()) trial.witness("joins that blocked");
        if constexpr (std::is_void_v<T>) {
          co_await task.join();
          nothing = true;
        } else if constexpr (std::is_reference_v<T>) {
          int& result = co_await task.join();
          reference = &result;
        } else if constexpr (std::is_same_v<T, int>) {
          copy = co_await task.join();
        } else {
          const std::unique_ptr<int>& result = co_await task.join();
          movable = *result;
        }
        note();
      };
      co_await run_watched(backend, gives_copy, watch);
      co_await run_watched(backend, gives_reference, watch);
      co_await run_watched(backend, gives_movable, watch);
      co_await run_watched(backend, gives_nothing, watch);
    });
    trial.expect_equal("copy", std::optional<int>(value), copy);
    trial.expect_true("reference", reference == &target);
    trial.expect_equal("movable", std::optional<int>(value), movable);
    trial.expect_true("nothing", nothing);
    for (const Seconds delay : delays) trial.expect_elapsed("time", 0s, delay);
    trial.expect_no_failure("program", failure);
  });
}

void join_throws_the_very_failure(Trial& t) {
  const std::array thrown{std::make_exception_ptr(Mishap()), std::make_exception_ptr(std::runtime_error("a failure")),
                          std::make_exception_ptr(std::out_of_range("of a derived type"))};
  for (const std::exception_ptr& failure_of_task : thrown) {
    std::exception_ptr before;
    std::exception_ptr after;
    const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
      auto work = [&]() -> Coro<int> {
        co_await backend.sleep(100ms);
        std::rethrow_exception(failure_of_task);
      };
      auto watch = [&](const Handle& task) -> Coro<> {
        if (!task.done()) t.witness("joins before the end");
        before = co_await outcome_of(task.join());
        if (task.done()) t.witness("joins after the end");
        after = co_await outcome_of(task.join());
      };
      co_await run_watched(backend, work, watch);
    });
    t.expect(before == failure_of_task, "before-the-end", "the very object: " + describe(failure_of_task),
             describe(before));
    t.expect(after == failure_of_task, "after-the-end", "the very object: " + describe(failure_of_task),
             describe(after));
    t.expect_no_failure("program", failure);
  }
}

void join_of_a_cancelled_task_throws_cancelled(Trial& t) {
  std::exception_ptr before;
  std::exception_ptr after;
  std::exception_ptr checkpoint;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    auto work = [&] { return end_as(backend, End::cancelled); };
    auto watch = [&](const Handle& task) -> Coro<> {
      task.cancel();
      before = co_await outcome_of(task.join());
      after = co_await outcome_of(task.join());
      t.witness("joins of a cancelled task", 2);
      checkpoint = co_await outcome_of(backend.sleep(100ms));
    };
    co_await run_watched(backend, work, watch);
  });
  t.expect_failure<Cancelled>("before-the-end", before);
  t.expect_failure<Cancelled>("after-the-end", after);
  t.expect_no_failure("caller-undisturbed", checkpoint);
  t.expect_no_failure("program", failure);
}

void all_joins_agree(Trial& t) {
  // Moments in steps of 50 ms, before and after the end of the task.
  const auto moments = rc::gen::nonEmpty(rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 8)));
  for_all<std::vector<int>>(t, "moments", moments, [](Trial& trial, const auto& joins) {
    for (const End end : all_ends) {
      std::vector<Joined> outcomes;
      const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
        auto work = [&] { return end_as(backend, end); };
        auto watch = [&](const Handle& task) -> Coro<> {
          auto join_at = [&](Seconds delay) -> Coro<> {
            co_await backend.sleep(delay);
            trial.witness("joins");
            outcomes.push_back(co_await joined(task.join()));
          };
          ask(task, end);
          auto group = backend.create_task_group();
          co_await group.run([&](TaskGroup& joiners) -> Coro<> {
            for (const int moment : joins) joiners.start_soon(join_at, 50ms * moment + 20ms);
            co_return;
          });
        };
        co_await run_watched(backend, work, watch);
      });
      trial.expect_equal("joins", joins.size(), outcomes.size());
      for (const Joined& outcome : outcomes) {
        if (end == End::returns) trial.expect_equal("same-value", Joined{returned_value, nullptr}, outcome);
        if (end == End::throws) trial.expect_equal("same-failure", outcomes.front(), outcome);
        if (end == End::cancelled) trial.expect_failure<Cancelled>("all-cancelled", outcome.failure);
      }
      trial.expect_no_failure("program", failure);
    }
  });
}

void no_wait_for_a_done_task(Trial& t) {
  for (const End end : {End::returns, End::throws}) {
    std::exception_ptr wait;
    Joined join;
    Joined join_or_cancel;
    std::vector<Log> logs;
    const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
      auto work = [&] { return end_as(backend, end); };
      auto watch = [&](const Handle& task) -> Coro<> {
        co_await task.wait();
        // In a cancelled scope, and with a task that is ready to run in between.
        const auto observe = [&](auto operation) -> Coro<> {
          Log log;
          auto scope = backend.open_cancel_scope();
          auto body = [&]() -> Coro<> {
            auto group = backend.create_task_group();
            co_await group.run([&](TaskGroup& tasks) -> Coro<> {
              auto other = [&]() -> Coro<> {
                log("another task");
                co_return;
              };
              tasks.start_soon(other);
              scope.cancel();
              log("call");
              co_await operation();
              log("return");
            });
          };
          co_await scope.run(body);
          t.witness("calls in a cancelled scope with a ready task beside", log.count("another task"));
          logs.push_back(std::move(log));
        };
        auto waits = [&]() -> Coro<> { wait = co_await outcome_of(task.wait()); };
        auto joins = [&]() -> Coro<> { join = co_await joined(task.join()); };
        auto joins_or_cancels = [&]() -> Coro<> { join_or_cancel = co_await joined(task.join_or_cancel()); };
        co_await observe(waits);
        co_await observe(joins);
        co_await observe(joins_or_cancels);
      };
      co_await run_watched(backend, work, watch);
    });
    t.expect_no_failure("wait", wait);
    const std::string expected =
        end == End::returns ? show(Joined{returned_value, nullptr}) : describe(std::make_exception_ptr(Mishap()));
    t.expect_equal("join", expected, show(join));
    t.expect_equal("join-or-cancel", expected, show(join_or_cancel));
    for (const Log& log : logs) t.expect_equal("no-switch", Log{"call", "return", "another task"}, log);
    t.expect_no_failure("program", failure);
  }
}

void a_failing_sibling_is_joined_as_declared(Trial& t) {
  const bool reports_failure = t.manifest().trait("failed_join_reports") == "failure";
  for_all<int>(t, "siblings", rc::gen::inRange(0, 4), [&](Trial& trial, const int& siblings) {
    std::exception_ptr joined_as;
    std::exception_ptr group_failure;
    const auto thrown = std::make_exception_ptr(std::runtime_error("the sibling failed"));
    const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
      auto fail = [&]() -> Coro<int> {
        co_await backend.sleep(100ms);
        std::rethrow_exception(thrown);
      };
      auto group = backend.create_task_group();
      group_failure = co_await outcome_of(group.run([&](TaskGroup& tasks) -> Coro<> {
        const Handle task = co_await tasks.start(fail);
        for (int i = 0; i < siblings; ++i) {
          tasks.start_soon([&]() -> Coro<> { co_await backend.sleep(1s); });
        }
        if (!task.done()) trial.witness("joins of a sibling that fails");
        joined_as = co_await outcome_of(task.join());
      }));
    });
    if (reports_failure) {
      trial.expect(joined_as == thrown, "as-declared", "the failure, the very object", describe(joined_as));
    } else {
      trial.expect_failure<Cancelled>("as-declared", joined_as);
    }
    trial.expect_group("group", {"std::runtime_error: the sibling failed"}, group_failure);
    trial.expect_no_failure("program", failure);
  });
}

void the_end_wakes_everybody(Trial& t) {
  // For each observer: what it calls (0 wait, 1 join, 2 join_or_cancel), and when it is cancelled, in steps of 100 ms.
  using Observer = std::pair<int, int>;
  constexpr int never_cancelled = 0;
  const auto observers = rc::gen::nonEmpty(rc::gen::container<std::vector<Observer>>(
      rc::gen::pair(rc::gen::inRange(0, 3), rc::gen::element(never_cancelled, never_cancelled, 1, 2, 3))));
  for_all<std::vector<Observer>>(t, "observers", observers, [](Trial& trial, const auto& all) {
    std::optional<TimePoint> ended_at;
    std::vector<TimePoint> woken;
    std::size_t patient = 0;
    const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
      auto work = [&]() -> Coro<int> {
        const AtEnd at_end(backend, ended_at);
        co_await backend.sleep(1s);
        co_return returned_value;
      };
      auto watch = [&](const Handle& task) -> Coro<> {
        auto observe = [&](Observer observer) -> Coro<> {
          auto scope = backend.open_cancel_scope();
          if (observer.second != never_cancelled) scope.reschedule(backend.current_time() + 100ms * observer.second);
          auto body = [&]() -> Coro<> {
            if (observer.first == 0) co_await task.wait();
            if (observer.first == 1) co_await outcome_of(task.join());
            if (observer.first == 2) co_await outcome_of(task.join_or_cancel());
          };
          co_await scope.run(body);
          if (observer.second == never_cancelled) woken.push_back(backend.current_time());
        };
        auto group = backend.create_task_group();
        co_await group.run([&](TaskGroup& tasks) -> Coro<> {
          for (const Observer& observer : all) {
            tasks.start_soon(observe, observer);
            if (observer.second == never_cancelled) ++patient;
          }
          co_return;
        });
      };
      co_await run_watched(backend, work, watch);
    });
    trial.witness("observers that stay", patient);
    trial.expect_equal("woken", patient, woken.size());
    if (ended_at) {
      for (const TimePoint when : woken) trial.expect_time("time", *ended_at, when);
    }
    trial.expect_no_failure("program", failure);
  });
}

// ---- join_or_cancel -------------------------------------------------------------------------------------------------

void join_or_cancel_hands_the_request_on(Trial& t) {
  for (const Source source : all_sources) {
    std::optional<TimePoint> asked;
    std::optional<TimePoint> interrupted;
    const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
      auto work = [&]() -> Coro<int> {
        const auto outcome = co_await outcome_of(backend.sleep(10s));
        if (outcome) interrupted = backend.current_time();
        co_return returned_value;
      };
      auto watch = [&](const Handle& task) -> Coro<> {
        auto caller = [&]() -> Coro<> {
          t.witness("join_or_cancel that blocked");
          co_await outcome_of(task.join_or_cancel());
        };
        asked = co_await run_cancelled(backend, source, caller);
      };
      co_await run_watched(backend, work, watch);
    });
    const char* key = source == Source::scope ? "scope" : source == Source::handle ? "handle" : "group";
    if (t.expect_true(key, asked && interrupted)) t.expect_time("at-once", *asked, *interrupted);
    t.expect_no_failure("program", failure);
  }
}

void a_cancelled_join_or_cancel_waits_for_the_end(Trial& t) {
  // Further requests while the task cleans up, and how long that takes, in steps of 100 ms.
  const auto requests = rc::gen::container<std::vector<Source>>(rc::gen::element(Source::scope, Source::handle));
  for_all<std::pair<std::vector<Source>, int>>(
      t, "requests", rc::gen::pair(requests, rc::gen::inRange(0, 8)), [](Trial& trial, const auto& input) {
        std::optional<TimePoint> ended_at;
        std::optional<TimePoint> resumed_at;
        const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
          auto work = [&]() -> Coro<int> {
            const AtEnd at_end(backend, ended_at);
            const auto interruption = co_await outcome_of(backend.sleep(100s));
            const Seconds clean_up = 100ms * input.second + 50ms;
            co_await backend.ignore_cancellation(backend.sleep(clean_up));
            if (interruption) std::rethrow_exception(interruption);
            co_return returned_value;
          };
          auto watch = [&](const Handle& task) -> Coro<> {
            auto caller = [&]() -> Coro<> {
              co_await outcome_of(task.join_or_cancel());
              resumed_at = backend.current_time();
            };
            std::vector<Source> sources{Source::scope};
            sources.insert(sources.end(), input.first.begin(), input.first.end());
            sources.push_back(Source::group);
            co_await run_cancelled(backend, sources, caller);
          };
          co_await run_watched(backend, work, watch);
        });
        trial.witness("join_or_cancel cancelled while it blocks", resumed_at ? 1 : 0);
        if (trial.expect_true("not-before-the-end", ended_at && resumed_at && *ended_at <= *resumed_at)) {
          trial.expect_time("time", *ended_at, *resumed_at);
        }
        trial.expect_no_failure("program", failure);
      });
}

void a_cancelled_join_or_cancel_throws_the_callers_own(Trial& t) {
  std::exception_ptr outcome;
  std::exception_ptr left_scope;
  bool caught = false;
  bool cancelled = false;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    auto work = [&] { return end_as(backend, End::cancelled); };
    auto watch = [&](const Handle& task) -> Coro<> {
      auto scope = backend.move_on_after(50ms);
      auto body = [&]() -> Coro<> {
        outcome = co_await outcome_of(task.join_or_cancel());
        if (outcome) std::rethrow_exception(outcome);
      };
      left_scope = co_await outcome_of(scope.run(body));
      caught = scope.cancelled_caught();
      cancelled = task.cancelled();
      t.witness("interrupted callers", scope.cancel_called() ? 1 : 0);
    };
    co_await run_watched(backend, work, watch);
  });
  t.expect_failure<Cancelled>("cancelled", outcome);
  t.expect_no_failure("absorbed", left_scope);
  t.expect_true("caught", caught);
  t.expect_true("task-cancelled", cancelled);
  t.expect_no_failure("program", failure);
}

/// A caller of join_or_cancel is cancelled from `source`, and the task swallows that and ends with `value` or a
/// failure: what the caller got, and how its next checkpoint went.
void swallow_under_join_or_cancel(Trial& t, Source source, std::optional<int> value, Joined& outcome,
                                  std::exception_ptr& next_checkpoint) {
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    auto work = [&] { return swallow_then_end(backend, value); };
    auto watch = [&](const Handle& task) -> Coro<> {
      auto caller = [&]() -> Coro<> {
        outcome = co_await joined(task.join_or_cancel());
        t.witness("callers interrupted while the task swallows the request");
        next_checkpoint = co_await outcome_of(backend.sleep(100ms));
      };
      co_await run_cancelled(backend, source, caller);
    };
    co_await run_watched(backend, work, watch);
  });
  t.expect_no_failure("program", failure);
}

void a_cancelled_join_or_cancel_gives_another_outcome(Trial& t) {
  for_all<int>(t, "value", rc::gen::arbitrary<int>(), [](Trial& trial, const int& value) {
    for (const Source source : all_sources) {
      Joined returned;
      Joined thrown;
      std::exception_ptr ignored;
      swallow_under_join_or_cancel(trial, source, value, returned, ignored);
      swallow_under_join_or_cancel(trial, source, std::nullopt, thrown, ignored);
      trial.expect_equal("value", Joined{value, nullptr}, returned);
      trial.expect_failure<std::runtime_error>("failure", thrown.failure);
    }
  });
}

void the_callers_request_stays_pending(Trial& t) {
  for (const Source source : all_sources) {
    for (const auto value : {std::optional<int>(returned_value), std::optional<int>()}) {
      Joined outcome;
      std::exception_ptr next_checkpoint;
      swallow_under_join_or_cancel(t, source, value, outcome, next_checkpoint);
      t.expect_failure<Cancelled>(value ? "after-a-value" : "after-a-failure", next_checkpoint);
    }
  }
}

}  // namespace

ClauseTests join_tests() {
  return {
      {clause::Task012, "WaitResumesAtTheEnd", wait_resumes_at_the_end},
      {clause::Task013, "ACancelledWaitLeavesTheTaskAlone", a_cancelled_wait_leaves_the_task_alone},
      {clause::Task014, "JoinGivesTheValue", join_gives_the_value},
      {clause::Task015, "JoinThrowsTheVeryFailure", join_throws_the_very_failure},
      {clause::Task016, "JoinOfACancelledTaskThrowsCancelled", join_of_a_cancelled_task_throws_cancelled},
      {clause::Task017, "ACancelledJoinLeavesTheTaskAlone", a_cancelled_join_leaves_the_task_alone},
      {clause::Task018, "AllJoinsAgree", all_joins_agree},
      {clause::Task019, "JoinOrCancelHandsTheRequestOn", join_or_cancel_hands_the_request_on},
      {clause::Task020, "ACancelledJoinOrCancelWaitsForTheEnd", a_cancelled_join_or_cancel_waits_for_the_end},
      {clause::Task021, "ACancelledJoinOrCancelThrowsTheCallersOwn", a_cancelled_join_or_cancel_throws_the_callers_own},
      {clause::Task022, "ACancelledJoinOrCancelGivesAnotherOutcome", a_cancelled_join_or_cancel_gives_another_outcome},
      {clause::Task023, "TheCallersRequestStaysPending", the_callers_request_stays_pending},
      {clause::Task024, "NoWaitForADoneTask", no_wait_for_a_done_task},
      {clause::Task028, "AFailingSiblingIsJoinedAsDeclared", a_failing_sibling_is_joined_as_declared},
      {clause::Task029, "TheEndWakesEverybody", the_end_wakes_everybody},
  };
}

}  // namespace concert::conformance
