// SPDX-License-Identifier: Apache-2.0
// Tests of spec/clauses/task.md: what the handle to a task says, and how it cancels. Waits and joins stand in join.cpp,
// the family Info in info.cpp.
#include <array>
#include <stdexcept>

#include "concert/harness/for_all.hpp"
#include "concert/harness/waits.hpp"
#include "concert/suite/suite.hpp"
#include "task_scenes.hpp"

namespace concert::conformance {

namespace {

using namespace std::chrono_literals;

// ---- What the handle says -------------------------------------------------------------------------------------------

void info_stays_the_same(Trial& t) {
  std::vector<TaskInfo> seen;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    auto work = [&] { return end_as(backend, End::returns); };
    auto watch = [&](const Handle& task) -> Coro<> {
      seen.push_back(task.info());
      seen.push_back(task.info());
      co_await task.wait();
      seen.push_back(task.info());
      co_await backend.sleep(100ms);
      seen.push_back(task.info());
    };
    co_await run_watched(backend, work, watch);
  });
  t.witness("readings of one task's info", seen.size());
  for (const TaskInfo& info : seen) {
    t.expect_equal("id", seen.front().id, info.id);
    t.expect_equal("name", seen.front().name, info.name);
  }
  t.expect_no_failure("program", failure);
}

void done_from_the_end_on(Trial& t) {
  for (const End end : all_ends) {
    bool early = false;
    bool late = false;
    const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
      std::optional<TimePoint> ended_at;
      auto work = [&]() -> Coro<int> {
        const AtEnd at_end(backend, ended_at);
        co_return co_await end_as(backend, end);
      };
      auto watch = [&](const Handle& task) -> Coro<> {
        for (int reading = 0; reading < 20; ++reading) {
          if (reading == 2) ask(task, end);
          t.witness(ended_at ? "readings after an end" : "readings before an end");
          if (ended_at && !task.done()) late = true;
          if (!ended_at && task.done()) early = true;
          co_await backend.sleep(17ms);
        }
      };
      co_await run_watched(backend, work, watch);
    });
    t.expect_false("done-before-the-end", early);
    t.expect_false("not-done-after-the-end", late);
    t.expect_no_failure("program", failure);
  }
}

void cancelled_after_an_obedient_end(Trial& t) {
  for (const WaitKind& kind : wait_kinds()) {
    for (const bool cleans_up : {false, true}) {
      bool cancelled = false;
      const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
        auto work = [&]() -> Coro<int> {
          const auto interruption = co_await outcome_of(kind.block(backend));
          if (cleans_up) co_await backend.ignore_cancellation(backend.sleep(100ms));
          if (interruption) std::rethrow_exception(interruption);
          co_return returned_value;
        };
        auto watch = [&](const Handle& task) -> Coro<> {
          co_await backend.sleep(100ms);
          if (task.cancel()) t.witness("tasks asked while they wait");
          co_await task.wait();
          cancelled = task.cancelled();
        };
        co_await run_watched(backend, work, watch);
      });
      t.expect(cancelled, "cancelled", "true after " + std::string(kind.name), "false");
      t.expect_no_failure("program", failure);
    }
  }
}

void not_cancelled_after_another_end(Trial& t) {
  for (const auto value : {std::optional<int>(returned_value), std::optional<int>()}) {
    bool done = false;
    bool cancelled = true;
    const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
      auto work = [&] { return swallow_then_end(backend, value); };
      auto watch = [&](const Handle& task) -> Coro<> {
        co_await backend.sleep(100ms);
        if (task.cancel()) t.witness("tasks that swallow the request");
        co_await task.wait();
        done = task.done();
        cancelled = task.cancelled();
      };
      co_await run_watched(backend, work, watch);
    });
    t.expect_true("done", done);
    t.expect_false(value ? "after-a-value" : "after-a-failure", cancelled);
    t.expect_no_failure("program", failure);
  }
}

void cancelled_whoever_asked(Trial& t) {
  enum class Way { failing_sibling, outer_cancel, outer_deadline };
  for (const Way way : {Way::failing_sibling, Way::outer_cancel, Way::outer_deadline}) {
    bool cancelled = false;
    const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
      std::optional<Handle> task;
      auto work = [&]() -> Coro<int> {
        co_await backend.sleep(10s);
        co_return returned_value;
      };
      auto disturb = [&](CancelScope& scope) -> Coro<> {
        co_await backend.sleep(100ms);
        if (way == Way::outer_cancel) scope.cancel();
        if (way == Way::failing_sibling) throw Mishap();
      };
      auto scope = backend.open_cancel_scope();
      auto body = [&]() -> Coro<> {
        auto group = backend.create_task_group();
        co_await group.run([&](TaskGroup& tasks) -> Coro<> {
          task = co_await tasks.start(work);
          tasks.start_soon(disturb, std::ref(scope));
          if (way == Way::outer_deadline) scope.reschedule(backend.current_time() + 50ms);
        });
      };
      co_await outcome_of(scope.run(body));
      if (task->done()) t.witness("tasks interrupted through their group");
      cancelled = task->cancelled();
    });
    t.expect_true(way == Way::failing_sibling ? "failing-sibling"
                  : way == Way::outer_cancel  ? "outer-cancel"
                                              : "outer-deadline",
                  cancelled);
    t.expect_no_failure("program", failure);
  }
}

void not_cancelled_before_the_end(Trial& t) {
  std::vector<bool> answers;
  bool at_the_end = false;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    std::optional<TimePoint> ended_at;
    auto work = [&]() -> Coro<int> {
      const AtEnd at_end(backend, ended_at);
      co_return co_await end_as(backend, End::cancelled);
    };
    auto watch = [&](const Handle& task) -> Coro<> {
      answers.push_back(task.cancelled());
      task.cancel();
      for (int reading = 0; reading < 4; ++reading) {
        answers.push_back(task.cancelled());
        if (!ended_at) t.witness("readings before the end");
        co_await backend.sleep(20ms);
      }
      co_await task.wait();
      at_the_end = task.cancelled();
    };
    co_await run_watched(backend, work, watch);
  });
  t.expect_equal("before-the-end", std::vector<bool>(answers.size(), false), answers);
  t.expect_true("at-the-end", at_the_end);
  t.expect_no_failure("program", failure);
}

void a_handle_outlives_its_group(Trial& t) {
  for (const End end : all_ends) {
    std::vector<std::string> at_the_end;
    std::vector<std::string> later;
    const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
      std::optional<Handle> kept;
      const auto read = [&](std::vector<std::string>& answers) -> Coro<> {
        answers.push_back("info " + to_string(kept->info()));
        answers.push_back("done " + show(kept->done()));
        answers.push_back("cancelled " + show(kept->cancelled()));
        answers.push_back("cancel " + show(kept->cancel()));
        const auto wait = co_await outcome_of(kept->wait());
        answers.push_back("wait " + outcome_word(wait));
        const Joined join = co_await joined(kept->join());
        answers.push_back("join " + show(join));
      };
      auto work = [&] { return end_as(backend, end); };
      auto watch = [&](const Handle& task) -> Coro<> {
        ask(task, end);
        co_await task.wait();
        kept = task;
        co_await read(at_the_end);
      };
      co_await run_watched(backend, work, watch);
      for (int turn = 0; turn < 30; ++turn) co_await backend.sleep(100ms);
      co_await read(later);
      t.witness("handles read after their group");
    });
    t.expect_equal("answers", at_the_end, later);
    t.expect_no_failure("program", failure);
  }
}

// ---- Cancelling -----------------------------------------------------------------------------------------------------

void cancel_reaches_the_wait(Trial& t) {
  for_all<int>(t, "moment", rc::gen::inRange(0, 10), [](Trial& trial, const int& moment) {
    std::optional<TimePoint> asked;
    std::optional<TimePoint> interrupted;
    const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
      auto work = [&]() -> Coro<int> {
        for (int step = 0; step < 10 && !interrupted; ++step) {
          const auto outcome = co_await outcome_of(backend.sleep(300ms));
          if (outcome) interrupted = backend.current_time();
        }
        co_return returned_value;
      };
      auto watch = [&](const Handle& task) -> Coro<> {
        // Never together with the end of one of the sleeps.
        co_await backend.sleep(100ms * moment + 50ms);
        asked = backend.current_time();
        task.cancel();
        trial.witness("tasks cancelled while they sleep");
      };
      co_await run_watched(backend, work, watch);
    });
    if (trial.expect_true("interrupted", asked && interrupted)) trial.expect_time("at-once", *asked, *interrupted);
    trial.expect_no_failure("program", failure);
  });

  // A task that cancels itself, at its next checkpoint.
  Log log;
  Seconds waited{0};
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    std::optional<Handle> self;
    auto work = [&]() -> Coro<int> {
      co_await backend.sleep(100ms);
      self->cancel();
      log("went on");
      const TimePoint before = backend.current_time();
      const auto outcome = co_await outcome_of(backend.sleep(10s));
      waited = backend.current_time() - before;
      log(outcome_word(outcome));
      co_return returned_value;
    };
    auto watch = [&](const Handle& task) -> Coro<> {
      self = task;
      co_return;
    };
    co_await run_watched(backend, work, watch);
  });
  t.witness("tasks that cancel themselves", log.count("went on"));
  t.expect_equal("self", Log{"went on", "cancelled"}, log);
  t.expect_elapsed("self-at-once", 0s, waited);
  t.expect_no_failure("self-program", failure);
}

void cancel_of_a_living_task_is_true(Trial& t) {
  std::optional<bool> running;
  std::optional<bool> suspended;
  std::optional<bool> shielded;
  std::vector<bool> ready;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    std::optional<Handle> self;
    auto suspend = [&]() -> Coro<int> {
      co_await backend.sleep(200ms);
      co_return returned_value;
    };
    auto run_on = [&]() -> Coro<int> {
      co_await backend.sleep(200ms);
      running = self->cancel();
      co_return returned_value;
    };
    auto shield = [&]() -> Coro<int> {
      co_await backend.ignore_cancellation(backend.sleep(200ms));
      co_return returned_value;
    };
    auto cancel_suspended = [&](const Handle& task) -> Coro<> {
      co_await backend.sleep(100ms);
      suspended = task.cancel();
    };
    auto know_self = [&](const Handle& task) -> Coro<> {
      self = task;
      co_return;
    };
    auto cancel_shielded = [&](const Handle& task) -> Coro<> {
      co_await backend.sleep(100ms);
      shielded = task.cancel();
    };
    co_await run_watched(backend, suspend, cancel_suspended);
    co_await run_watched(backend, run_on, know_self);
    co_await run_watched(backend, shield, cancel_shielded);

    // Two tasks wake in one instant: the first to run finds the other one ready.
    const TimePoint instant = backend.current_time() + 100ms;
    std::array<std::optional<Task<void>>, 2> pair;
    auto cancel_other = [&](std::size_t other) -> Coro<> {
      co_await outcome_of(backend.sleep_until(instant));
      ready.push_back(pair[other]->cancel());
      co_await outcome_of(backend.sleep(1s));
    };
    auto group = backend.create_task_group();
    co_await outcome_of(group.run([&](TaskGroup& tasks) -> Coro<> {
      pair[0] = co_await tasks.start(cancel_other, std::size_t{1});
      pair[1] = co_await tasks.start(cancel_other, std::size_t{0});
    }));
  });
  t.witness("cancelled while running", running ? 1 : 0);
  t.witness("cancelled while suspended", suspended ? 1 : 0);
  t.witness("cancelled while shielded", shielded ? 1 : 0);
  t.witness("cancelled while ready", ready.size());
  t.expect_true("running", running.value_or(true));
  t.expect_true("suspended", suspended.value_or(true));
  t.expect_true("shielded", shielded.value_or(true));
  t.expect_equal("ready", std::vector<bool>(ready.size(), true), ready);
  t.expect_no_failure("program", failure);
}

void cancel_of_a_done_task_changes_nothing(Trial& t) {
  for (const End end : all_ends) {
    bool answer = true;
    bool cancelled_before = false;
    bool cancelled_after = false;
    Joined before;
    Joined after;
    const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
      auto work = [&] { return end_as(backend, end); };
      auto watch = [&](const Handle& task) -> Coro<> {
        ask(task, end);
        co_await task.wait();
        before = co_await joined(task.join());
        cancelled_before = task.cancelled();
        answer = task.cancel();
        t.witness("requests to a done task");
        cancelled_after = task.cancelled();
        after = co_await joined(task.join());
      };
      co_await run_watched(backend, work, watch);
    });
    t.expect_false("answer", answer);
    t.expect_equal("cancelled", cancelled_before, cancelled_after);
    t.expect_equal("outcome", before, after);
    t.expect_no_failure("program", failure);
  }
}

void a_swallowed_request_leaves_the_outcome(Trial& t) {
  for_all<int>(t, "value", rc::gen::arbitrary<int>(), [](Trial& trial, const int& value) {
    for (const auto planned : {std::optional<int>(value), std::optional<int>()}) {
      Joined outcome;
      std::exception_ptr group_failure;
      const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
        auto work = [&] { return swallow_then_end(backend, planned); };
        auto watch = [&](const Handle& task) -> Coro<> {
          co_await backend.sleep(100ms);
          if (task.cancel()) trial.witness("tasks that swallow the request");
          outcome = co_await joined(task.join());
        };
        group_failure = co_await run_watched(backend, work, watch);
      });
      if (planned) {
        trial.expect_equal("value", Joined{*planned, nullptr}, outcome);
        trial.expect_no_failure("group-of-a-value", group_failure);
      } else {
        trial.expect_group("failure", {"std::runtime_error: the clean-up failed"}, group_failure);
      }
      trial.expect_no_failure("program", failure);
    }
  });
}

/// A task that is cancelled `repeats` times more than once while it meets checkpoints, and `during` times more while it
/// cleans up under a shield: what it saw, and what the calls answered.
void cancel_repeatedly(Trial& t, int repeats, int during, Log& log, std::vector<bool>& answers) {
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    auto work = [&]() -> Coro<int> {
      for (int checkpoint = 0; checkpoint < 2; ++checkpoint) {
        const auto outcome = co_await outcome_of(backend.sleep(10s));
        log("sleep: " + outcome_word(outcome));
      }
      const auto shielded = co_await outcome_of(backend.ignore_cancellation(backend.sleep(1s)));
      log("clean-up: " + outcome_word(shielded));
      const auto behind = co_await outcome_of(backend.sleep(100ms));
      log("sleep: " + outcome_word(behind));
      co_return returned_value;
    };
    auto watch = [&](const Handle& task) -> Coro<> {
      co_await backend.sleep(100ms);
      for (int call = 0; call < 1 + repeats; ++call) answers.push_back(task.cancel());
      for (int call = 0; call < during; ++call) {
        co_await backend.sleep(100ms);
        answers.push_back(task.cancel());
      }
    };
    co_await run_watched(backend, work, watch);
  });
  t.expect_no_failure("program", failure);
}

void repeated_cancels_change_nothing(Trial& t) {
  const auto few = rc::gen::inRange(0, 4);
  for_all<std::pair<int, int>>(t, "repeats", rc::gen::pair(few, few), [](Trial& trial, const auto& repeats) {
    Log once;
    Log repeated;
    std::vector<bool> answers;
    cancel_repeatedly(trial, 0, 0, once, answers);
    const std::size_t first_requests = answers.size();
    trial.witness("first requests", first_requests);
    cancel_repeatedly(trial, repeats.first, repeats.second, repeated, answers);
    trial.witness("repeated requests", answers.size() - first_requests);
    trial.expect_equal("answers", std::vector<bool>(answers.size(), true), answers);
    trial.expect_equal("trace", once, repeated);
  });
}

void cancel_in_a_shield_waits_for_its_end(Trial& t) {
  for_all<int>(t, "moment", rc::gen::inRange(0, 10), [](Trial& trial, const int& moment) {
    bool answer = false;
    bool cancelled = false;
    Log log;
    Seconds shielded_for{0};
    const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
      auto work = [&]() -> Coro<int> {
        const TimePoint start = backend.current_time();
        const auto shielded = co_await outcome_of(backend.ignore_cancellation(backend.sleep(1s)));
        shielded_for = backend.current_time() - start;
        log("shield: " + outcome_word(shielded));
        const auto behind = co_await outcome_of(backend.sleep(100ms));
        log("behind: " + outcome_word(behind));
        if (behind) std::rethrow_exception(behind);
        co_return returned_value;
      };
      auto watch = [&](const Handle& task) -> Coro<> {
        co_await backend.sleep(100ms * moment + 50ms);
        answer = task.cancel();
        if (log == Log{}) trial.witness("requests during a shield");
        co_await task.wait();
        cancelled = task.cancelled();
      };
      co_await run_watched(backend, work, watch);
    });
    trial.expect_true("answer", answer);
    trial.expect_equal("order", Log{"shield: value", "behind: cancelled"}, log);
    trial.expect_elapsed("undisturbed", 1s, shielded_for);
    trial.expect_true("cancelled", cancelled);
    trial.expect_no_failure("program", failure);
  });
}

}  // namespace

ClauseTests task_tests() {
  return {
      {clause::Task001, "InfoStaysTheSame", info_stays_the_same},
      {clause::Task002, "DoneFromTheEndOn", done_from_the_end_on},
      {clause::Task003, "CancelReachesTheWait", cancel_reaches_the_wait},
      {clause::Task004, "CancelOfALivingTaskIsTrue", cancel_of_a_living_task_is_true},
      {clause::Task005, "CancelOfADoneTaskChangesNothing", cancel_of_a_done_task_changes_nothing},
      {clause::Task006, "ASwallowedRequestLeavesTheOutcome", a_swallowed_request_leaves_the_outcome},
      {clause::Task007, "RepeatedCancelsChangeNothing", repeated_cancels_change_nothing},
      {clause::Task008, "CancelledAfterAnObedientEnd", cancelled_after_an_obedient_end},
      {clause::Task009, "NotCancelledAfterAnotherEnd", not_cancelled_after_another_end},
      {clause::Task010, "CancelledWhoeverAsked", cancelled_whoever_asked},
      {clause::Task011, "NotCancelledBeforeTheEnd", not_cancelled_before_the_end},
      {clause::Task025, "AHandleOutlivesItsGroup", a_handle_outlives_its_group},
      {clause::Task026, "CancelInAShieldWaitsForItsEnd", cancel_in_a_shield_waits_for_its_end},
  };
}

}  // namespace concert::conformance
