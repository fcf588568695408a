// SPDX-License-Identifier: Apache-2.0
// Tests of spec/clauses/scope.md, the family Scope.
#include <limits>
#include <memory>
#include <stdexcept>
#include <thread>

#include "concert/harness/for_all.hpp"
#include "concert/suite/suite.hpp"

namespace concert::conformance {

namespace {

using namespace std::chrono_literals;

constexpr Seconds infinity{std::numeric_limits<double>::infinity()};
constexpr Seconds not_a_number{std::numeric_limits<double>::quiet_NaN()};

Sleep checkpoint(AsyncBackend& backend) { return backend.sleep(0s); }

Seconds milliseconds(int count) { return std::chrono::milliseconds(count); }

/// An error that is no std::exception.
struct Oddity {};

/// The failure of a failed computation, as an exception_ptr with an identity of its own.
std::exception_ptr a_failure(const std::string& text) { return std::make_exception_ptr(std::runtime_error(text)); }

/// Nests failures into groups: depth 0 gives one group of them.
std::exception_ptr nested_group(std::vector<std::exception_ptr> failures, int depth) {
  auto group = std::make_exception_ptr(ExceptionGroup("made by a test", std::move(failures)));
  for (int level = 0; level < depth; ++level) {
    group = std::make_exception_ptr(ExceptionGroup("level", {group}));
  }
  return group;
}

std::vector<std::exception_ptr> leaves_of(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const ExceptionGroup& group) {
    return group.flatten();
  } catch (...) {
    return {failure};
  }
}

// ---- Opening and reading -------------------------------------------------------------------------------------------

void a_new_scope_has_the_given_deadline(Trial& t) {
  for_all<int>(t, "deadline in ms", rc::gen::inRange(1, 1000), [](Trial& trial, const int& ms) {
    TimePoint wanted{};
    TimePoint when{};
    TimePoint none{};
    bool other_disturbed = false;
    const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
      wanted = backend.current_time() + milliseconds(ms);
      auto first = backend.open_cancel_scope(wanted);
      auto second = backend.open_cancel_scope(wanted);
      auto unlimited = backend.open_cancel_scope();
      when = first.when();
      none = unlimited.when();
      first.cancel();
      trial.witness("one of two scopes cancelled");
      co_await second.run([&] { return checkpoint(backend); });
      other_disturbed = second.cancel_called();
    });
    trial.expect_no_failure("no-failure", failure);
    trial.expect_equal("when", wanted, when);
    trial.expect_equal("no-deadline", never, none);
    trial.expect_false("distinct", other_disturbed);
  });
}

void when_tells_the_deadline_set_last(Trial& t) {
  for_all<std::vector<int>>(
      t, "deadlines", rc::gen::container<std::vector<int>>(rc::gen::inRange(100, 5000)),
      [](Trial& trial, const std::vector<int>& deadlines) {
        std::vector<TimePoint> expected;
        std::vector<TimePoint> observed;
        const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
          const TimePoint start = backend.current_time() + 10s;
          auto scope = backend.open_cancel_scope();
          expected.push_back(never);
          observed.push_back(scope.when());
          const auto set_all = [&] {
            for (const int ms : deadlines) {
              scope.reschedule(start + milliseconds(ms));
              expected.push_back(start + milliseconds(ms));
              observed.push_back(scope.when());
              expected.push_back(observed.back());
              observed.push_back(scope.deadline());
            }
          };
          set_all();
          co_await scope.run([&]() -> Coro<> {
            set_all();
            co_await backend.sleep(10ms);
            observed.push_back(scope.when());
            expected.push_back(deadlines.empty() ? never : start + milliseconds(deadlines.back()));
          });
          set_all();
        });
        trial.witness("readings", observed.size());
        trial.expect_no_failure("no-failure", failure);
        trial.expect_equal("when", expected, observed);
      });
}

void past_deadlines_read_back_as_set(Trial& t) {
  for_all<int>(t, "seconds", rc::gen::inRange(-2000, 0), [](Trial& trial, const int& seconds) {
    std::vector<TimePoint> expected;
    std::vector<TimePoint> observed;
    const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
      for (const TimePoint deadline :
           {TimePoint(Seconds(seconds)), backend.current_time() + Seconds(seconds), TimePoint(-infinity)}) {
        auto opened = backend.open_cancel_scope(deadline);
        auto moved = backend.move_on_at(deadline);
        auto rescheduled = backend.open_cancel_scope();
        rescheduled.reschedule(deadline);
        for (CancelScope* scope : {&opened, &moved, &rescheduled}) {
          expected.push_back(deadline);
          observed.push_back(scope->when());
          co_await scope->run([&] { return checkpoint(backend); });
          trial.witness("scopes that their deadline cancelled", scope->cancelled_caught() ? 1 : 0);
          expected.push_back(deadline);
          observed.push_back(scope->when());
        }
      }
    });
    trial.expect_no_failure("no-failure", failure);
    trial.expect_equal("when", expected, observed);
  });
}

void nan_deadlines_are_refused(Trial& t) {
  std::vector<std::exception_ptr> refusals;
  TimePoint expected{};
  TimePoint kept{};
  TimePoint ended{};
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    for (const Seconds nan : {not_a_number, -not_a_number}) {
      try {
        auto scope = backend.open_cancel_scope(TimePoint(nan));
        refusals.push_back(nullptr);
      } catch (...) {
        refusals.push_back(std::current_exception());
      }
      expected = backend.current_time() + 20ms;
      auto scope = backend.open_cancel_scope(expected);
      co_await scope.run([&]() -> Coro<> {
        try {
          scope.reschedule(TimePoint(nan));
          refusals.push_back(nullptr);
        } catch (...) {
          refusals.push_back(std::current_exception());
        }
        kept = scope.when();
        co_await backend.sleep_forever();
      });
      ended = backend.current_time();
    }
  });
  t.witness("NaN given", refusals.size());
  for (const auto& refusal : refusals) t.expect_failure<std::invalid_argument>("refused", refusal);
  t.expect_no_failure("no-failure", failure);
  t.expect_equal("old-deadline", expected, kept);
  t.expect_time("old-deadline-works", expected, ended);
}

void reading_changes_nothing(Trial& t) {
  for_all<std::vector<int>>(
      t, "program", rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 5)),
      [](Trial& trial, const std::vector<int>& program) {
        // Each word is a step of the body; with reads between the steps the trace must be the same.
        const auto trace_of = [&](bool with_reads) {
          Log log;
          Trial run(trial.adapter(), Schedule{});
          const auto failure = run.run([&](AsyncBackend& backend) -> Coro<> {
            const TimePoint start = backend.current_time();
            auto scope = backend.move_on_at(start + 50ms);
            const auto read = [&] {
              if (!with_reads) return;
              static_cast<void>(scope.cancel_called());
              static_cast<void>(scope.cancelled_caught());
              static_cast<void>(scope.when());
              static_cast<void>(scope.deadline());
              trial.witness("states read");
            };
            co_await scope.run([&]() -> Coro<> {
              for (const int word : program) {
                read();
                if (word == 0) run.spend(30ms);
                if (word == 1) scope.reschedule(backend.current_time() + 40ms);
                if (word == 2) co_await backend.sleep(10ms);
                if (word == 3) co_await backend.cancel_shielded_coro_yield();
                if (word == 4) scope.extend(20ms);
                log(std::to_string(word));
              }
              read();
              co_await checkpoint(backend);
              log("end");
            });
            read();
            log(scope.cancelled_caught() ? "caught" : "free");
            log(std::to_string(std::chrono::round<std::chrono::milliseconds>(backend.current_time() - start).count()));
          });
          log(outcome_word(failure));
          return log;
        };
        const Log without = trace_of(false);
        trial.expect_equal("same-trace", without, trace_of(true));
      });
}

void a_scope_can_be_made_without_a_loop(Trial& t) {
  const auto backend = t.make_backend();
  std::exception_ptr outside;
  bool body_ran = false;
  bool caught = false;
  const auto failure = t.call([&] {
    auto scope = backend->open_cancel_scope();
    auto unentered = backend->open_cancel_scope();
    const auto body = [&]() -> Coro<> {
      body_ran = true;
      co_return;
    };
    // Driven by hand, outside any task.
    auto detached = [&]() -> Coro<> { outside = co_await outcome_of(unentered.run(body)); };
    auto coroutine = detached();
    struct Nobody final : CoroOwner {
      void coro_finished() noexcept override {}
    } owner;
    resume(coroutine.start_as_root(owner));
    scope.reschedule(TimePoint(5s));
    scope.cancel();
    t.witness("a scope prepared before the run");
    backend->bootstrap(t.runner_options(), [&]() -> Coro<> {
      co_await scope.run([&] { return checkpoint(*backend); });
      caught = scope.cancelled_caught();
    });
  });
  t.expect_no_failure("no-failure", failure);
  t.expect_failure<UsageError>("run-needs-a-task", outside);
  t.expect_false("body-not-started", body_ran);
  t.expect_true("prepared-before-the-run", caught);
}

// ---- Cancelling ----------------------------------------------------------------------------------------------------

void another_task_controls_the_scope(Trial& t) {
  // What the second task does with a scope whose deadline is at 100 ms: 0 cancels, 1 extends by 50 ms, 2 shortens by 30
  // ms.
  using Input = std::pair<int, int>;
  for_all<Input>(t, "action and moment", rc::gen::pair(rc::gen::inRange(0, 3), rc::gen::inRange(1, 6)),
                 [](Trial& trial, const Input& input) {
                   const auto [action, tens] = input;
                   TimePoint start{};
                   TimePoint ended{};
                   bool caught = false;
                   const Seconds moment = milliseconds(10 * tens);
                   const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
                     start = backend.current_time();
                     auto scope = backend.move_on_at(start + 100ms);
                     auto group = backend.create_task_group();
                     co_await group.run([&](TaskGroup& tasks) -> Coro<> {
                       tasks.start_soon([&]() -> Coro<> {
                         co_await backend.sleep_until(start + moment);
                         if (action == 0) scope.cancel();
                         if (action == 1) scope.extend(50ms);
                         if (action == 2) scope.extend(-30ms);
                         trial.witness("changes by another task");
                       });
                       co_await scope.run([&] { return backend.sleep_forever(); });
                       ended = backend.current_time();
                       caught = scope.cancelled_caught();
                     });
                   });
                   const Seconds expected = action == 0 ? moment : Seconds(action == 1 ? 150ms : 70ms);
                   trial.expect_no_failure("no-failure", failure);
                   trial.expect_true("caught", caught);
                   trial.expect_time("end", start + expected, ended);
                 });
}

void cancel_wakes_what_waits_inside(Trial& t) {
  for_all<int>(t, "children", rc::gen::inRange(0, 6), [](Trial& trial, const int& children) {
    TimePoint cancelled_at{};
    std::vector<TimePoint> woken;
    Log log;
    const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
      auto scope = backend.open_cancel_scope();
      const auto wait = [&]() -> Coro<> {
        const auto outcome = co_await outcome_of(backend.sleep_forever());
        log(outcome_word(outcome));
        woken.push_back(backend.current_time());
        if (outcome) std::rethrow_exception(outcome);
      };
      auto outer = backend.create_task_group();
      co_await outer.run([&](TaskGroup& outer_tasks) -> Coro<> {
        outer_tasks.start_soon([&]() -> Coro<> {
          co_await backend.sleep(30ms);
          cancelled_at = backend.current_time();
          scope.cancel();
          log("cancelled now");
        });
        co_await scope.run([&]() -> Coro<> {
          auto group = backend.create_task_group();
          co_await group.run([&](TaskGroup& tasks) -> Coro<> {
            for (int i = 0; i < children; ++i) tasks.start_soon(wait);
            co_await wait();
          });
        });
      });
    });
    trial.witness("waits interrupted", log.count("cancelled"));
    trial.expect_no_failure("no-failure", failure);
    trial.expect_equal("all-interrupted", static_cast<std::size_t>(children) + 1, log.count("cancelled"));
    trial.expect_equal("not-at-the-call", std::string("cancelled now"), log.words().empty() ? "" : log.words().front());
    for (const TimePoint time : woken) trial.expect_time("at-once", cancelled_at, time);
  });
}

void a_body_may_outlive_its_cancellation(Trial& t) {
  Log log;
  std::optional<int> no_checkpoint;
  std::optional<int> swallowed;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    auto first = backend.open_cancel_scope();
    no_checkpoint = co_await first.run([&]() -> Coro<int> {
      first.cancel();
      log("ran on");
      co_return 1;
    });
    auto second = backend.open_cancel_scope();
    swallowed = co_await second.run([&]() -> Coro<int> {
      second.cancel();
      const auto outcome = co_await outcome_of(backend.sleep(10ms));
      t.witness("swallowed", is_cancelled(outcome) ? 1 : 0);
      log("swallowed");
      co_return 2;
    });
  });
  t.expect_no_failure("no-failure", failure);
  t.expect_equal("statements", Log{"ran on", "swallowed"}, log);
  t.expect_equal("value-without-checkpoint", std::optional<int>(1), no_checkpoint);
  t.expect_equal("value-after-swallowing", std::optional<int>(2), swallowed);
}

void cancel_is_idempotent(Trial& t) {
  // How often cancel() is called before, during and after the delivery.
  using Input = std::tuple<int, int, int>;
  for_all<Input>(t, "calls", rc::gen::tuple(rc::gen::inRange(0, 4), rc::gen::inRange(0, 4), rc::gen::inRange(0, 4)),
                 [](Trial& trial, const Input& input) {
                   const auto trace_of = [&](int before, int during, int after) {
                     Log log;
                     Trial run(trial.adapter(), trial.schedule());
                     const auto failure = run.run([&](AsyncBackend& backend) -> Coro<> {
                       auto scope = backend.open_cancel_scope();
                       const auto cancel = [&](int times) {
                         for (int i = 0; i < times; ++i) scope.cancel();
                       };
                       co_await scope.run([&]() -> Coro<> {
                         cancel(before);
                         const auto outcome = co_await outcome_of(backend.sleep(10ms));
                         log(outcome_word(outcome));
                         cancel(during);
                         const auto next = co_await outcome_of(backend.sleep(10ms));
                         log(outcome_word(next));
                         co_await checkpoint(backend);
                       });
                       cancel(after);
                       log(scope.cancelled_caught() ? "caught" : "not caught");
                       const auto outside = co_await outcome_of(checkpoint(backend));
                       log(outcome_word(outside));
                     });
                     log(outcome_word(failure));
                     return log;
                   };
                   const auto [before, during, after] = input;
                   const Log once = trace_of(1, 0, 0);
                   trial.witness("repeated calls", 1);
                   trial.expect_equal("same-as-once", once, trace_of(before + 1, during, after));
                   trial.expect_equal("delivered", Log({"cancelled", "cancelled", "caught", "value", "value"}), once);
                 });
}

void cancel_called_tells_the_request(Trial& t) {
  Log log;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    auto scope = backend.open_cancel_scope();
    log(show(scope.cancel_called()));
    co_await scope.run([&]() -> Coro<> {
      log(show(scope.cancel_called()));
      scope.cancel();
      log(show(scope.cancel_called()));
      co_await checkpoint(backend);
    });
    log(show(scope.cancel_called()));
    t.witness("requests", scope.cancelled_caught() ? 1 : 0);
  });
  t.expect_no_failure("no-failure", failure);
  t.expect_equal("states", Log{"false", "false", "true", "true"}, log);
}

void cancel_called_tells_a_noticed_deadline(Trial& t) {
  for_all<int>(t, "deadline in steps", rc::gen::inRange(1, 8), [](Trial& trial, const int& steps) {
    int early = 0;
    bool noticed = false;
    const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
      const TimePoint deadline = backend.current_time() + milliseconds(20 * steps) + 10ms;
      auto scope = backend.move_on_at(deadline);
      co_await scope.run([&]() -> Coro<> {
        while (backend.current_time() < deadline) {
          if (scope.cancel_called() && backend.current_time() < deadline) ++early;
          if (co_await outcome_of(backend.sleep(20ms))) break;
          trial.witness("checkpoints before the deadline");
        }
        static_cast<void>(co_await outcome_of(checkpoint(backend)));
        noticed = scope.cancel_called();
      });
    });
    trial.expect_no_failure("no-failure", failure);
    trial.expect_equal("not-before-the-deadline", 0, early);
    trial.expect_true("noticed", noticed);
  });
}

void caught_tells_an_absorbed_cancellation(Trial& t) {
  Log log;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    auto by_hand = backend.open_cancel_scope();
    co_await by_hand.run([&]() -> Coro<> {
      by_hand.cancel();
      co_await backend.sleep_forever();
    });
    log(show(by_hand.cancelled_caught()));
    auto by_deadline = backend.move_on_after(10ms);
    const auto value = co_await by_deadline.run([&]() -> Coro<int> {
      co_await backend.sleep_forever();
      co_return 1;
    });
    log(show(by_deadline.cancelled_caught()));
    t.witness("blocks cut short", value ? 0 : 1);
  });
  t.expect_no_failure("no-failure", failure);
  t.expect_equal("caught", Log{"true", "true"}, log);
}

void caught_stays_false_without_an_absorbed_one(Trial& t) {
  Log log;
  std::exception_ptr stored;
  std::exception_ptr passed;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    const auto state = [&](const CancelScope& scope) {
      log(std::string(scope.cancel_called() ? "called" : "quiet") + (scope.cancelled_caught() ? " caught" : " free"));
    };
    auto idle = backend.open_cancel_scope();
    co_await idle.run([&]() -> Coro<> {
      idle.cancel();
      co_return;
    });
    state(idle);
    auto swallowing = backend.open_cancel_scope();
    co_await swallowing.run([&]() -> Coro<> {
      swallowing.cancel();
      stored = co_await outcome_of(checkpoint(backend));
    });
    state(swallowing);
    auto shielded = backend.open_cancel_scope();
    co_await shielded.run([&]() -> Coro<> {
      shielded.cancel();
      co_await backend.ignore_cancellation(backend.sleep(10ms));
    });
    state(shielded);
    auto foreign = backend.open_cancel_scope();
    const auto throw_stored = [&]() -> Coro<> {
      if (stored) std::rethrow_exception(stored);
      co_return;
    };
    passed = co_await outcome_of(foreign.run(throw_stored));
    state(foreign);
    t.witness("a Cancelled kept from an earlier block", is_cancelled(stored) ? 1 : 0);
  });
  t.expect_no_failure("no-failure", failure);
  t.expect_equal("states", Log{"called free", "called free", "called free", "quiet free"}, log);
  t.expect_equal("stored-one-passes", std::string("cancelled"), outcome_word(passed));
}

void a_scope_absorbs_its_cancellation(Trial& t) {
  // Every kind of wait: 0 yield, 1 sleep, 2 sleep_forever, 3 the end of a task, 4 a group, 5 a gather.
  for_all<int>(t, "kind of wait", rc::gen::inRange(0, 6), [](Trial& trial, const int& kind) {
    Log log;
    const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
      auto outer = backend.create_task_group();
      co_await outer.run([&](TaskGroup& tasks) -> Coro<> {
        const auto sleeper = [&]() -> Coro<> { co_await backend.sleep(500ms); };
        const auto task = co_await tasks.start(sleeper);
        auto scope = backend.open_cancel_scope();
        co_await scope.run([&]() -> Coro<> {
          scope.cancel();
          if (kind == 0) co_await backend.coro_yield();
          if (kind == 1) co_await backend.sleep(10ms);
          if (kind == 2) co_await backend.sleep_forever();
          if (kind == 3) co_await task.wait();
          if (kind == 4) {
            auto group = backend.create_task_group();
            co_await group.run([&](TaskGroup& inner) -> Coro<> {
              inner.start_soon(sleeper);
              co_return;
            });
          }
          if (kind == 5) co_await backend.gather(backend.sleep_forever(), backend.sleep_forever());
          log("not interrupted");
        });
        log(scope.cancelled_caught() ? "absorbed" : "not absorbed");
        trial.witness("interrupted waits");
      });
    });
    trial.expect_no_failure("no-failure", failure);
    trial.expect_equal("goes-on-after-run", Log{"absorbed"}, log);
  });
}

void cancel_before_entry_is_remembered(Trial& t) {
  const auto trace_of = [&](bool before) {
    Log log;
    const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
      auto scope = backend.open_cancel_scope();
      if (before) scope.cancel();
      co_await scope.run([&]() -> Coro<> {
        if (!before) scope.cancel();
        log("entered");
        const auto outcome = co_await outcome_of(backend.sleep(10ms));
        log(outcome_word(outcome));
        co_await checkpoint(backend);
        log("not reached");
      });
      log(scope.cancelled_caught() ? "caught" : "not caught");
    });
    log(outcome_word(failure));
    return log;
  };
  const Log cancelled_first = trace_of(true);
  t.witness("delivered inside", cancelled_first.count("cancelled"));
  t.expect_equal("same-trace", trace_of(false), cancelled_first);
  t.expect_equal("first-checkpoint", Log({"entered", "cancelled", "caught", "value"}), cancelled_first);
}

void a_scope_is_used_once(Trial& t) {
  std::exception_ptr inside;
  std::exception_ptr elsewhere;
  std::exception_ptr later;
  int second_bodies = 0;
  bool undisturbed = false;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    auto scope = backend.open_cancel_scope();
    const auto second = [&]() -> Coro<> {
      ++second_bodies;
      co_return;
    };
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      tasks.start_soon([&]() -> Coro<> {
        co_await backend.sleep(10ms);
        elsewhere = co_await outcome_of(scope.run(second));
      });
      co_await scope.run([&]() -> Coro<> {
        inside = co_await outcome_of(scope.run(second));
        co_await backend.sleep(30ms);
        undisturbed = !scope.cancel_called() && !scope.cancelled_caught();
      });
      later = co_await outcome_of(scope.run(second));
      t.witness("second uses", 3);
    });
  });
  t.expect_no_failure("no-failure", failure);
  t.expect_failure<UsageError>("inside", inside);
  t.expect_failure<UsageError>("from-another-task", elsewhere);
  t.expect_failure<UsageError>("after-the-end", later);
  t.expect_equal("body-not-started", 0, second_bodies);
  t.expect_true("undisturbed", undisturbed);
}

void an_ended_scope_has_no_effect(Trial& t) {
  Log log;
  bool caught_after = true;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    auto scope = backend.move_on_after(50ms);
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      tasks.start_soon([&]() -> Coro<> {
        const auto outcome = co_await outcome_of(backend.sleep(200ms));
        log("sibling " + outcome_word(outcome));
      });
      co_await scope.run([&] { return backend.sleep(10ms); });
      scope.cancel();
      scope.reschedule(backend.current_time() - 1s);
      scope.reschedule(backend.current_time() + 20ms);
      t.witness("touched after its end", 3);
      const auto outcome = co_await outcome_of(backend.sleep(100ms));
      log("owner " + outcome_word(outcome));
      caught_after = scope.cancelled_caught();
    });
  });
  t.expect_no_failure("no-failure", failure);
  t.expect_equal("no-effect", Log{"owner value", "sibling value"}, log);
  t.expect_false("caught-unchanged", caught_after);
}

// ---- Deadlines -----------------------------------------------------------------------------------------------------

void reschedule_replaces_the_deadline(Trial& t) {
  // Deadlines, in units of 20 ms from the start, set at 0, 10, 20 ... ms; all lie behind the moments of setting.
  for_all<std::vector<int>>(t, "deadlines", rc::gen::container<std::vector<int>>(rc::gen::inRange(5, 50)),
                            [](Trial& trial, const std::vector<int>& input) {
                              std::vector<int> deadlines(
                                  input.begin(), input.begin() + std::min<std::ptrdiff_t>(8, std::ssize(input)));
                              deadlines.push_back(30);
                              TimePoint start{};
                              TimePoint ended{};
                              const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
                                start = backend.current_time();
                                auto scope = backend.move_on_at(start + 2s);
                                co_await scope.run([&]() -> Coro<> {
                                  for (const int units : deadlines) {
                                    scope.reschedule(start + milliseconds(20 * units));
                                    co_await backend.sleep(10ms);
                                    trial.witness("deadlines set");
                                  }
                                  co_await backend.sleep_forever();
                                });
                                ended = backend.current_time();
                              });
                              trial.expect_no_failure("no-failure", failure);
                              trial.expect_time("end", start + milliseconds(20 * deadlines.back()), ended);
                            });
}

void extend_is_reschedule_by_an_amount(Trial& t) {
  for_all<std::vector<int>>(t, "amounts in 10 ms", rc::gen::container<std::vector<int>>(rc::gen::inRange(-3, 10)),
                            [](Trial& trial, const std::vector<int>& amounts) {
                              TimePoint by_extend{};
                              TimePoint by_reschedule{};
                              TimePoint wanted{};
                              TimePoint ended{};
                              std::exception_ptr refused_extend;
                              const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
                                const TimePoint start = backend.current_time() + 500ms;
                                auto extended = backend.open_cancel_scope(start);
                                auto rescheduled = backend.open_cancel_scope(start);
                                for (const int amount : amounts) {
                                  extended.extend(milliseconds(10 * amount));
                                  rescheduled.reschedule(rescheduled.when() + milliseconds(10 * amount));
                                }
                                by_extend = extended.when();
                                by_reschedule = rescheduled.when();
                                trial.witness("scopes moved");
                                wanted = std::max(by_reschedule, backend.current_time());
                                co_await extended.run([&] { return backend.sleep_forever(); });
                                ended = backend.current_time();
                                auto unlimited = backend.open_cancel_scope();
                                try {
                                  unlimited.extend(-infinity);
                                } catch (...) {
                                  refused_extend = std::current_exception();
                                }
                              });
                              trial.expect_no_failure("no-failure", failure);
                              trial.expect_equal("when", by_reschedule, by_extend);
                              trial.expect_time("end", wanted, ended);
                              trial.expect_failure<std::invalid_argument>("nan-sum", refused_extend);
                            });
}

void clear_deadline_removes_it(Trial& t) {
  TimePoint cleared{};
  TimePoint armed_again{};
  TimePoint ended{};
  Log log;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    auto scope = backend.move_on_after(20ms);
    co_await scope.run([&]() -> Coro<> {
      scope.clear_deadline();
      cleared = scope.when();
      const auto outcome = co_await outcome_of(backend.sleep(1s));
      log(outcome_word(outcome));
      t.witness("slept past the old deadline");
      armed_again = backend.current_time() + 30ms;
      scope.reschedule(armed_again);
      co_await backend.sleep_forever();
    });
    ended = backend.current_time();
  });
  t.expect_no_failure("no-failure", failure);
  t.expect_equal("when", never, cleared);
  t.expect_equal("runs-on", Log{"value"}, log);
  t.expect_time("armed-again", armed_again, ended);
}

void a_deadline_set_before_entry_is_absolute(Trial& t) {
  // The deadline, and how long the entry is delayed, in units of 10 ms.
  using Input = std::tuple<int, int, bool>;
  for_all<Input>(t, "deadline, delay, by reschedule",
                 rc::gen::tuple(rc::gen::inRange(1, 20), rc::gen::inRange(0, 20), rc::gen::arbitrary<bool>()),
                 [](Trial& trial, const Input& input) {
                   const auto [deadline, delay, by_reschedule] = input;
                   TimePoint start{};
                   TimePoint entered{};
                   TimePoint ended{};
                   std::exception_ptr before_entry;
                   const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
                     start = backend.current_time();
                     auto scope =
                         backend.open_cancel_scope(by_reschedule ? never : start + milliseconds(10 * deadline));
                     if (by_reschedule) scope.reschedule(start + milliseconds(10 * deadline));
                     before_entry = co_await outcome_of(backend.sleep(milliseconds(10 * delay)));
                     entered = backend.current_time();
                     co_await scope.run([&] { return backend.sleep_forever(); });
                     ended = backend.current_time();
                     trial.witness("deadlines met", scope.cancelled_caught() ? 1 : 0);
                   });
                   trial.expect_no_failure("no-failure", failure);
                   trial.expect_no_failure("nothing-before-entry", before_entry);
                   trial.expect_time("end", std::max(start + milliseconds(10 * deadline), entered), ended);
                 });
}

void a_past_deadline_cancels_at_the_first_checkpoint(Trial& t) {
  for_all<int>(t, "ms in the past", rc::gen::inRange(0, 1000), [](Trial& trial, const int& ms) {
    Log log;
    TimePoint start{};
    TimePoint ended{};
    const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
      start = backend.current_time();
      auto scope = backend.move_on_at(start - milliseconds(ms));
      co_await scope.run([&]() -> Coro<> {
        log("entered");
        const auto outcome = co_await outcome_of(backend.sleep(1s));
        log(outcome_word(outcome));
        trial.witness("expired at entry");
        if (outcome) std::rethrow_exception(outcome);
      });
      ended = backend.current_time();
    });
    trial.expect_no_failure("no-failure", failure);
    trial.expect_equal("first-checkpoint", Log{"entered", "cancelled"}, log);
    trial.expect_time("no-time-passes", start, ended);
  });
}

void an_expired_scope_without_checkpoint_ends_normally(Trial& t) {
  std::optional<int> value;
  Log log;
  std::exception_ptr after;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    auto scope = backend.move_on_at(backend.current_time() - 10ms);
    value = co_await scope.run([&]() -> Coro<int> { co_return 5; });
    log(show(scope.cancel_called()));
    log(show(scope.cancelled_caught()));
    t.witness("expired scopes left", scope.cancel_called() ? 1 : 0);
    after = co_await outcome_of(checkpoint(backend));
  });
  t.expect_no_failure("no-failure", failure);
  t.expect_equal("value", std::optional<int>(5), value);
  t.expect_equal("flags", Log{"true", "false"}, log);
  t.expect_no_failure("nothing-remains", after);
}

void reschedule_does_not_undo_a_cancellation(Trial& t) {
  // How the scope was cancelled, and what is tried to undo it.
  using Input = std::pair<bool, bool>;
  for_all<Input>(t, "by deadline, clear", rc::gen::pair(rc::gen::arbitrary<bool>(), rc::gen::arbitrary<bool>()),
                 [](Trial& trial, const Input& input) {
                   const auto [by_deadline, clear] = input;
                   TimePoint expected = never;
                   TimePoint when{};
                   Log log;
                   const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
                     auto scope = backend.open_cancel_scope();
                     co_await scope.run([&]() -> Coro<> {
                       if (by_deadline) scope.reschedule(backend.current_time() + 10ms);
                       if (!by_deadline) scope.cancel();
                       log(outcome_word(co_await outcome_of(backend.sleep(50ms))));
                       if (clear) {
                         scope.clear_deadline();
                       } else {
                         expected = backend.current_time() + 1s;
                         scope.reschedule(expected);
                       }
                       when = scope.when();
                       trial.witness("tried to undo");
                       log(outcome_word(co_await outcome_of(backend.sleep(10ms))));
                     });
                   });
                   trial.expect_no_failure("no-failure", failure);
                   trial.expect_equal("still-cancelled", Log{"cancelled", "cancelled"}, log);
                   trial.expect_equal("when", expected, when);
                 });
}

void reschedule_to_the_past_cancels_at_once(Trial& t) {
  for_all<int>(t, "ms in the past; 0 now; 1000 never was", rc::gen::inRange(0, 1001), [](Trial& trial, const int& ms) {
    bool called = false;
    TimePoint at{};
    TimePoint ended{};
    const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
      auto scope = backend.open_cancel_scope();
      co_await scope.run([&]() -> Coro<> {
        co_await backend.sleep(10ms);
        at = backend.current_time();
        scope.reschedule(ms == 1000 ? TimePoint(-infinity) : at - milliseconds(ms));
        called = scope.cancel_called();
        trial.witness("deadlines moved to the past");
        co_await backend.sleep_forever();
      });
      ended = backend.current_time();
    });
    trial.expect_no_failure("no-failure", failure);
    trial.expect_true("called-at-once", called);
    trial.expect_time("no-time-passes", at, ended);
  });
}

void reschedule_rescues_an_unnoticed_expiry(Trial& t) {
  for_all<bool>(t, "reads first", rc::gen::arbitrary<bool>(), [](Trial& trial, const bool& reads) {
    TimePoint new_deadline{};
    TimePoint ended{};
    Log log;
    const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
      auto scope = backend.move_on_after(20ms);
      co_await scope.run([&]() -> Coro<> {
        trial.spend(50ms);
        trial.witness("expired without being noticed");
        if (reads) static_cast<void>(scope.cancel_called());
        if (reads) static_cast<void>(scope.when());
        new_deadline = backend.current_time() + 100ms;
        scope.reschedule(new_deadline);
        log(outcome_word(co_await outcome_of(backend.sleep(10ms))));
        co_await backend.sleep_forever();
      });
      ended = backend.current_time();
    });
    trial.expect_no_failure("no-failure", failure);
    trial.expect_equal("rescued", Log{"value"}, log);
    trial.expect_time("new-deadline", new_deadline, ended);
  });
}

// ---- Nesting -------------------------------------------------------------------------------------------------------

/// Enters `depth` scopes inside each other, with a child task in each `task_every`-th one, and runs `innermost` in the
/// last.
struct Nest {
  AsyncBackend& backend;
  int task_every;
  std::vector<std::unique_ptr<CancelScope>> scopes{};

  template <class Body>
  Coro<> enter(int depth, Body& innermost) {
    if (depth == 0) {
      co_await innermost();
      co_return;
    }
    auto& scope = *scopes.emplace_back(new CancelScope(backend.make_cancel_scope(never)));
    if (task_every > 0 && depth % task_every == 0) {
      co_await scope.run([&]() -> Coro<> {
        auto group = backend.create_task_group();
        co_await group.run([&](TaskGroup& tasks) -> Coro<> {
          tasks.start_soon([&]() { return enter(depth - 1, innermost); });
          co_return;
        });
      });
    } else {
      co_await scope.run([&] { return enter(depth - 1, innermost); });
    }
  }
};

void check_outer_cancel(Trial& trial, int depth, int task_every) {
  Log log;
  int inner_caught = 0;
  bool outer_caught = false;
  const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
    Nest nest{backend, task_every};
    const auto innermost = [&]() -> Coro<> {
      nest.scopes.front()->cancel();
      const auto outcome = co_await outcome_of(backend.sleep_forever());
      log(outcome_word(outcome));
      if (outcome) std::rethrow_exception(outcome);
    };
    co_await nest.enter(depth, innermost);
    outer_caught = nest.scopes.front()->cancelled_caught();
    for (std::size_t i = 1; i < nest.scopes.size(); ++i) inner_caught += nest.scopes[i]->cancelled_caught() ? 1 : 0;
    trial.witness("scopes inside the cancelled one", nest.scopes.size());
  });
  trial.expect_no_failure("no-failure", failure);
  trial.expect_equal("interrupted", Log{"cancelled"}, log);
  trial.expect_true("outer-caught", outer_caught);
  trial.expect_equal("inner-not-caught", 0, inner_caught);
}

void outer_cancel_reaches_every_depth(Trial& t) {
  using Input = std::pair<int, int>;
  for_all<Input>(t, "depth, a task at each n-th level", rc::gen::pair(rc::gen::inRange(1, 30), rc::gen::inRange(0, 4)),
                 [](Trial& trial, const Input& input) { check_outer_cancel(trial, input.first, input.second); });
  check_outer_cancel(t, 2000, 0);
}

void the_outermost_cancelled_scope_absorbs(Trial& t) {
  // A nest of scopes, and the order in which some of them are cancelled.
  using Input = std::pair<int, std::vector<int>>;
  for_all<Input>(t, "depth, cancelled levels",
                 rc::gen::pair(rc::gen::inRange(1, 8),
                               rc::gen::nonEmpty(rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 8)))),
                 [](Trial& trial, const Input& input) {
                   const auto& [depth, levels] = input;
                   int outermost = depth;
                   std::vector<int> caught;
                   const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
                     Nest nest{backend, 0};
                     const auto innermost = [&]() -> Coro<> {
                       for (const int level : levels) {
                         outermost = std::min(outermost, level % depth);
                         nest.scopes[static_cast<std::size_t>(level % depth)]->cancel();
                       }
                       co_await backend.sleep_forever();
                     };
                     co_await nest.enter(depth, innermost);
                     for (std::size_t i = 0; i < nest.scopes.size(); ++i) {
                       if (nest.scopes[i]->cancelled_caught()) caught.push_back(static_cast<int>(i));
                     }
                     trial.witness("cancelled nests");
                   });
                   trial.expect_no_failure("no-failure", failure);
                   trial.expect_equal("outermost-absorbs", std::vector<int>{outermost}, caught);
                 });
  Log log;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    const TimePoint deadline = backend.current_time() + 20ms;
    auto outer = backend.move_on_at(deadline);
    auto inner = backend.move_on_at(deadline);
    co_await outer.run([&]() -> Coro<> {
      co_await inner.run([&] { return backend.sleep_forever(); });
      log("between the exits");
    });
    log(outer.cancelled_caught() ? "outer caught" : "outer free");
    log(inner.cancelled_caught() ? "inner caught" : "inner free");
    // Cancelled from outside while the inner one's exception is on its way.
    auto late_outer = backend.open_cancel_scope();
    auto late_inner = backend.open_cancel_scope();
    co_await late_outer.run([&]() -> Coro<> {
      co_await late_inner.run([&]() -> Coro<> {
        late_inner.cancel();
        const auto outcome = co_await outcome_of(backend.sleep_forever());
        late_outer.cancel();
        if (outcome) std::rethrow_exception(outcome);
      });
      log("between the exits");
    });
    log(late_inner.cancelled_caught() ? "inner caught" : "inner free");
  });
  t.expect_no_failure("no-failure", failure);
  t.expect_equal("equal-deadlines-and-late-requests", Log{"outer caught", "inner free", "inner free"}, log);
}

void an_expired_inner_scope_swallows_nothing(Trial& t) {
  Log log;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    auto outer = backend.open_cancel_scope();
    co_await outer.run([&]() -> Coro<> {
      outer.cancel();
      auto inner = backend.move_on_after(0s);
      const auto outcome = co_await outcome_of(inner.run([&] { return backend.sleep_forever(); }));
      log(outcome_word(outcome));
      log(inner.cancelled_caught() ? "inner caught" : "inner free");
      t.witness("expired scope in a cancelled one");
      if (outcome) std::rethrow_exception(outcome);
      log("swallowed");
    });
    log(outer.cancelled_caught() ? "outer caught" : "outer free");
  });
  t.expect_no_failure("no-failure", failure);
  t.expect_equal("passes-on", Log{"cancelled", "inner free", "outer caught"}, log);
}

void an_outer_request_returns_after_an_inner_scope(Trial& t) {
  // What the inner block does, level by level: 0 swallows, 1 has no checkpoint, 2 is shielded; and whether it is
  // cancelled too.
  using Level = std::pair<int, bool>;
  for_all<std::vector<Level>>(
      t, "inner blocks",
      rc::gen::nonEmpty(
          rc::gen::container<std::vector<Level>>(rc::gen::pair(rc::gen::inRange(0, 3), rc::gen::arbitrary<bool>()))),
      [](Trial& trial, const std::vector<Level>& levels) {
        std::vector<std::string> outcomes;
        bool caught = false;
        const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
          auto outer = backend.open_cancel_scope();
          co_await outer.run([&]() -> Coro<> {
            outer.cancel();
            std::exception_ptr outcome;
            for (const auto& level : levels) {
              const int kind = level.first;
              auto inner = backend.open_cancel_scope();
              if (level.second) inner.cancel();
              co_await inner.run([&]() -> Coro<> {
                if (kind == 0) static_cast<void>(co_await outcome_of(checkpoint(backend)));
                if (kind == 2) co_await backend.ignore_cancellation(backend.sleep(10ms));
              });
              outcome = co_await outcome_of(checkpoint(backend));
              outcomes.push_back(outcome_word(outcome));
              trial.witness("inner blocks ended");
            }
            if (outcome) std::rethrow_exception(outcome);
          });
          caught = outer.cancelled_caught();
        });
        trial.expect_no_failure("no-failure", failure);
        trial.expect_equal("redelivered", std::vector<std::string>(levels.size(), "cancelled"), outcomes);
        trial.expect_true("outer-caught", caught);
      });
}

// ---- Exceptions ----------------------------------------------------------------------------------------------------

void a_rethrown_cancellation_is_still_the_scopes(Trial& t) {
  // 0 rethrows the caught object, 1 stores and throws it later, 2 meets another checkpoint while unwinding.
  for_all<int>(t, "form", rc::gen::inRange(0, 3), [](Trial& trial, const int& form) {
    bool caught = false;
    const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
      auto scope = backend.open_cancel_scope();
      co_await scope.run([&]() -> Coro<> {
        scope.cancel();
        const auto stored = co_await outcome_of(backend.sleep_forever());
        trial.witness("caught in the body", is_cancelled(stored) ? 1 : 0);
        if (form == 1) co_await backend.ignore_cancellation(backend.sleep(10ms));
        if (form == 2) co_await checkpoint(backend);
        if (stored) std::rethrow_exception(stored);
      });
      caught = scope.cancelled_caught();
    });
    trial.expect_no_failure("absorbed", failure);
    trial.expect_true("caught", caught);
  });
}

void a_failure_passes_a_cancelled_scope(Trial& t) {
  for_all<bool>(t, "std::exception", rc::gen::arbitrary<bool>(), [](Trial& trial, const bool& standard) {
    const auto thrown = standard ? a_failure("while cancelled") : std::make_exception_ptr(Oddity{});
    bool caught = true;
    std::exception_ptr outside;
    const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
      auto scope = backend.open_cancel_scope();
      const auto body = [&]() -> Coro<> {
        scope.cancel();
        const auto outcome = co_await outcome_of(checkpoint(backend));
        trial.witness("replaced by a failure", is_cancelled(outcome) ? 1 : 0);
        std::rethrow_exception(thrown);
      };
      outside = co_await outcome_of(scope.run(body));
      caught = scope.cancelled_caught();
    });
    trial.expect_no_failure("no-failure", failure);
    trial.expect("" != outcome_word(outside) && outside == thrown, "same-object", describe(thrown), describe(outside));
    trial.expect_false("not-caught", caught);
  });
}

/// Throws a group of `cancelled` Cancelleds and the failures out of a cancelled scope.
struct GroupThrown {
  std::exception_ptr outside;
  bool caught = false;
  std::exception_ptr failure;
};
GroupThrown throw_group(Trial& trial, int cancelled, const std::vector<std::exception_ptr>& failures, int depth) {
  GroupThrown result;
  result.failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
    auto scope = backend.open_cancel_scope();
    const auto body = [&]() -> Coro<> {
      scope.cancel();
      std::vector<std::exception_ptr> members = failures;
      for (int i = 0; i < cancelled; ++i) {
        members.insert(members.begin(), co_await outcome_of(checkpoint(backend)));
        trial.witness("Cancelleds in a group", is_cancelled(members.front()) ? 1 : 0);
      }
      std::rethrow_exception(nested_group(members, depth));
    };
    result.outside = co_await outcome_of(scope.run(body));
    result.caught = scope.cancelled_caught();
  });
  return result;
}

void a_group_of_cancellations_is_absorbed(Trial& t) {
  using Input = std::pair<int, int>;
  for_all<Input>(t, "members, depth", rc::gen::pair(rc::gen::inRange(1, 5), rc::gen::inRange(0, 4)),
                 [](Trial& trial, const Input& input) {
                   const GroupThrown result = throw_group(trial, input.first, {}, input.second);
                   trial.expect_no_failure("no-failure", result.failure);
                   trial.expect_no_failure("absorbed", result.outside);
                   trial.expect_true("caught", result.caught);
                 });
}

using MixedGroup = std::tuple<int, int, int>;
rc::Gen<MixedGroup> mixed_groups() {
  return rc::gen::tuple(rc::gen::inRange(1, 4), rc::gen::inRange(1, 4), rc::gen::inRange(0, 4));
}
std::vector<std::exception_ptr> some_failures(int count) {
  std::vector<std::exception_ptr> failures;
  for (int i = 0; i < count; ++i) failures.push_back(a_failure("failure " + std::to_string(i)));
  return failures;
}

void a_mixed_group_is_not_absorbed(Trial& t) {
  for_all<MixedGroup>(t, "cancelled, failures, depth", mixed_groups(), [](Trial& trial, const MixedGroup& input) {
    const auto [cancelled, failures, depth] = input;
    const GroupThrown result = throw_group(trial, cancelled, some_failures(failures), depth);
    trial.expect_no_failure("no-failure", result.failure);
    trial.expect_failure<ExceptionGroup>("not-absorbed", result.outside);
    trial.expect_true("caught", result.caught);
  });
}

void own_cancellations_are_stripped(Trial& t) {
  for_all<MixedGroup>(t, "cancelled, failures, depth", mixed_groups(), [](Trial& trial, const MixedGroup& input) {
    const auto [cancelled, count, depth] = input;
    const auto failures = some_failures(count);
    const GroupThrown result = throw_group(trial, cancelled, failures, depth);
    trial.expect_no_failure("no-failure", result.failure);
    if (trial.expect_failure<ExceptionGroup>("a-group", result.outside)) {
      const auto leaves = leaves_of(result.outside);
      trial.expect(leaves == failures, "only-the-failures", std::to_string(count) + " failures, each the same object",
                   describe(result.outside));
    }
  });
}

void caught_without_an_own_exception_is_as_declared(Trial& t) {
  bool caught = false;
  std::exception_ptr outside;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    auto scope = backend.open_cancel_scope();
    const auto body = [&]() -> Coro<> {
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        tasks.start_soon([&]() -> Coro<> { co_await backend.sleep_forever(); });
        tasks.start_soon([&]() -> Coro<> {
          const auto outcome = co_await outcome_of(backend.sleep_forever());
          t.witness("failed because it was cancelled", is_cancelled(outcome) ? 1 : 0);
          throw std::runtime_error("while unwinding");
        });
        co_await backend.sleep(10ms);
        scope.cancel();
      });
    };
    outside = co_await outcome_of(scope.run(body));
    caught = scope.cancelled_caught();
  });
  t.expect_no_failure("no-failure", failure);
  t.expect_group("failures-pass", {"std::runtime_error: while unwinding"}, outside);
  t.expect_equal("as-declared", t.manifest().trait("caught_without_own_exception"), std::string(caught ? "yes" : "no"));
}

void a_shielded_block_in_a_cancelled_scope_costs_nothing(Trial& t) {
  for_all<int>(t, "seconds of shield", rc::gen::inRange(1, 60), [](Trial& trial, const int& seconds) {
    std::size_t turns = 0;
    const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
      auto scope = backend.open_cancel_scope();
      co_await scope.run([&]() -> Coro<> {
        scope.cancel();
        const std::size_t before = trial.turns();
        co_await backend.ignore_cancellation(backend.sleep(Seconds(seconds)));
        turns = trial.turns() - before;
        trial.witness("shielded waits in a cancelled scope");
      });
    });
    trial.expect_no_failure("no-failure", failure);
    // A wait that ends by a deadline takes a few polls, and a perturbed clock a few more.
    trial.expect(turns <= 10, "few-turns", "at most 10 turns of the loop", std::to_string(turns));
  });
}

void an_absorbed_cancellation_gives_no_value(Trial& t) {
  for_all<bool>(t, "interrupted", rc::gen::arbitrary<bool>(), [](Trial& trial, const bool& interrupted) {
    Log log;
    int contradictions = 0;
    const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
      int target = 1;
      const auto note = [&](const CancelScope& scope, bool has_value) {
        log(has_value ? "value" : "none");
        if (scope.cancelled_caught() == has_value) ++contradictions;
        trial.witness("results");
      };
      auto copied = backend.move_on_after(20ms);
      const auto number = co_await copied.run([&]() -> Coro<int> {
        co_await backend.sleep(interrupted ? 40ms : 10ms);
        co_return 1;
      });
      note(copied, number.has_value());
      auto moved = backend.move_on_after(20ms);
      const auto pointer = co_await moved.run([&]() -> Coro<std::unique_ptr<int>> {
        co_await backend.sleep(interrupted ? 40ms : 10ms);
        co_return std::make_unique<int>(2);
      });
      note(moved, pointer.has_value());
      auto referred = backend.move_on_after(20ms);
      int* const reference = co_await referred.run([&]() -> Coro<int&> {
        co_await backend.sleep(interrupted ? 40ms : 10ms);
        co_return target;
      });
      note(referred, reference == &target);
    });
    trial.expect_no_failure("no-failure", failure);
    const std::string word = interrupted ? "none" : "value";
    trial.expect_equal("results", Log{word, word, word}, log);
    trial.expect_equal("exactly-if-not-caught", 0, contradictions);
  });
}

}  // namespace

ClauseTests scope_tests() {
  return {
      {clause::Scope001, "ANewScopeHasTheGivenDeadline", a_new_scope_has_the_given_deadline},
      {clause::Scope002, "AnotherTaskControlsTheScope", another_task_controls_the_scope},
      {clause::Scope003, "CancelWakesWhatWaitsInside", cancel_wakes_what_waits_inside},
      {clause::Scope004, "ABodyMayOutliveItsCancellation", a_body_may_outlive_its_cancellation},
      {clause::Scope005, "CancelIsIdempotent", cancel_is_idempotent},
      {clause::Scope006, "CancelCalledTellsTheRequest", cancel_called_tells_the_request},
      {clause::Scope007, "CancelCalledTellsANoticedDeadline", cancel_called_tells_a_noticed_deadline},
      {clause::Scope008, "CaughtTellsAnAbsorbedCancellation", caught_tells_an_absorbed_cancellation},
      {clause::Scope009, "CaughtStaysFalseWithoutAnAbsorbedOne", caught_stays_false_without_an_absorbed_one},
      {clause::Scope010, "AScopeAbsorbsItsCancellation", a_scope_absorbs_its_cancellation},
      {clause::Scope011, "WhenTellsTheDeadlineSetLast", when_tells_the_deadline_set_last},
      {clause::Scope012, "RescheduleReplacesTheDeadline", reschedule_replaces_the_deadline},
      {clause::Scope013, "ExtendIsRescheduleByAnAmount", extend_is_reschedule_by_an_amount},
      {clause::Scope014, "ClearDeadlineRemovesIt", clear_deadline_removes_it},
      {clause::Scope016, "NanDeadlinesAreRefused", nan_deadlines_are_refused},
      {clause::Scope017, "CancelBeforeEntryIsRemembered", cancel_before_entry_is_remembered},
      {clause::Scope018, "ADeadlineSetBeforeEntryIsAbsolute", a_deadline_set_before_entry_is_absolute},
      {clause::Scope019, "APastDeadlineCancelsAtTheFirstCheckpoint", a_past_deadline_cancels_at_the_first_checkpoint},
      {clause::Scope020, "AnExpiredScopeWithoutCheckpointEndsNormally",
       an_expired_scope_without_checkpoint_ends_normally},
      {clause::Scope021, "AScopeIsUsedOnce", a_scope_is_used_once},
      {clause::Scope025, "RescheduleDoesNotUndoACancellation", reschedule_does_not_undo_a_cancellation},
      {clause::Scope026, "RescheduleToThePastCancelsAtOnce", reschedule_to_the_past_cancels_at_once},
      {clause::Scope027, "RescheduleRescuesAnUnnoticedExpiry", reschedule_rescues_an_unnoticed_expiry},
      {clause::Scope028, "AnEndedScopeHasNoEffect", an_ended_scope_has_no_effect},
      {clause::Scope029, "OuterCancelReachesEveryDepth", outer_cancel_reaches_every_depth},
      {clause::Scope030, "TheOutermostCancelledScopeAbsorbs", the_outermost_cancelled_scope_absorbs},
      {clause::Scope031, "AnExpiredInnerScopeSwallowsNothing", an_expired_inner_scope_swallows_nothing},
      {clause::Scope032, "AnOuterRequestReturnsAfterAnInnerScope", an_outer_request_returns_after_an_inner_scope},
      {clause::Scope033, "ARethrownCancellationIsStillTheScopes", a_rethrown_cancellation_is_still_the_scopes},
      {clause::Scope034, "AFailurePassesACancelledScope", a_failure_passes_a_cancelled_scope},
      {clause::Scope035, "AGroupOfCancellationsIsAbsorbed", a_group_of_cancellations_is_absorbed},
      {clause::Scope036, "AMixedGroupIsNotAbsorbed", a_mixed_group_is_not_absorbed},
      {clause::Scope037, "OwnCancellationsAreStripped", own_cancellations_are_stripped},
      {clause::Scope038, "CaughtWithoutAnOwnExceptionIsAsDeclared", caught_without_an_own_exception_is_as_declared},
      {clause::Scope039, "AScopeCanBeMadeWithoutALoop", a_scope_can_be_made_without_a_loop},
      {clause::Scope040, "PastDeadlinesReadBackAsSet", past_deadlines_read_back_as_set},
      {clause::Scope042, "ReadingChangesNothing", reading_changes_nothing},
      {clause::Scope043, "AShieldedBlockInACancelledScopeCostsNothing",
       a_shielded_block_in_a_cancelled_scope_costs_nothing},
      {clause::Scope044, "AnAbsorbedCancellationGivesNoValue", an_absorbed_cancellation_gives_no_value},
  };
}

}  // namespace concert::conformance
