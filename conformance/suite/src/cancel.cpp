// SPDX-License-Identifier: Apache-2.0
// Tests of spec/clauses/cancel.md, the families Yield and Cancel.
#include <algorithm>
#include <optional>
#include <span>
#include <thread>

#include "concert/harness/for_all.hpp"
#include "concert/harness/generators.hpp"
#include "concert/harness/nest.hpp"
#include "concert/harness/requests.hpp"
#include "concert/harness/waits.hpp"
#include "concert/suite/suite.hpp"

namespace concert::conformance {

namespace {

using namespace std::chrono_literals;

/// So long that only a cancellation ends it, and short enough that a broken backend comes to an end.
constexpr Seconds long_time = 10s;

bool yields_may_be_skipped(const Trial& t) { return t.manifest().trait("yield_may_be_skipped") == "yes"; }

const WaitKind& kind_of(const std::vector<WaitKind>& kinds, int drawn) {
  return kinds[static_cast<std::size_t>(drawn) % kinds.size()];
}

/// Reaches each of the drawn checkpoints and swallows what it throws. Gives the number of Cancelleds.
Coro<std::size_t> swallow_at(AsyncBackend& backend, const std::vector<WaitKind>& kinds, const std::vector<int>& drawn) {
  std::size_t cancelled = 0;
  for (const int kind : drawn) {
    const std::exception_ptr outcome = co_await outcome_of(kind_of(kinds, kind).block(backend));
    if (is_cancelled(outcome)) ++cancelled;
  }
  co_return cancelled;
}

// ---- Yield ---------------------------------------------------------------------------------------------------------

void a_yield_in_a_cancelled_scope_throws(Trial& t) {
  const auto inputs = rc::gen::tuple(number(1, 5), number(0, 4));
  for_all<std::tuple<int, int>>(t, "depth and level", inputs, [](Trial& trial, const auto& input) {
    const auto [depth, drawn] = input;
    const int level = drawn % depth;
    for (const bool by_deadline : {false, true}) {
      std::exception_ptr outcome;
      const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
        Nest nest(backend, depth);
        co_await nest.run([&]() -> Coro<> {
          if (by_deadline) {
            nest.scope(level).reschedule(backend.current_time() + 10ms);
            trial.spend(20ms);
          } else {
            nest.scope(level).cancel();
          }
          outcome = co_await outcome_of(backend.coro_yield());
        });
      });
      trial.witness("yields in a cancelled scope");
      trial.expect_failure<Cancelled>(by_deadline ? "by-deadline" : "by-hand", outcome);
      trial.expect_no_failure("no-failure", failure);
    }
  });
}

void a_yield_lets_the_ready_tasks_run_and_takes_no_time(Trial& t) {
  for_all<int>(t, "ready tasks", number(2, 8), [](Trial& trial, const int& count) {
    int ran = 0;
    int ran_at_return = 0;
    Seconds elapsed{};
    Seconds alone{};
    const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        tasks.start_soon([&]() -> Coro<> { co_await backend.sleep(1s); });
        for (int i = 0; i < count; ++i) {
          tasks.start_soon([&]() -> Coro<> {
            ++ran;
            co_return;
          });
        }
        const TimePoint before = backend.current_time();
        co_await backend.coro_yield();
        elapsed = backend.current_time() - before;
        ran_at_return = ran;
      });
      const TimePoint before = backend.current_time();
      for (int i = 0; i < 10; ++i) co_await backend.coro_yield();
      alone = backend.current_time() - before;
    });
    const bool was_skipped = yields_may_be_skipped(trial) && ran_at_return == 0;
    trial.witness("yields that were not skipped", was_skipped ? 0 : 1);
    if (!was_skipped) trial.expect_equal("all-ran", count, ran_at_return);
    trial.expect_elapsed("no-time", 0s, elapsed);
    trial.expect_elapsed("alone", 0s, alone);
    trial.expect_no_failure("no-failure", failure);
  });
}

void yields_are_skipped_as_declared(Trial& t) {
  constexpr int yields = 30;
  const bool may_be_skipped = yields_may_be_skipped(t);
  int skipped = 0;
  for (int n = 0; n < 8; ++n) {
    Trial one(t.adapter(), Schedule::nth(t.properties.seed, n));
    int ran = 0;
    int ran_in_time = 0;
    int skipped_here = 0;
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        for (int i = 0; i < yields; ++i) {
          tasks.start_soon([&]() -> Coro<> {
            ++ran;
            co_return;
          });
          const int before = ran;
          co_await backend.coro_yield();
          if (ran == before) ++skipped_here;
        }
        ran_in_time = ran;
      });
    });
    one.witness("yields beside a ready task", yields);
    if (!may_be_skipped) one.expect_equal("skipped", 0, skipped_here);
    one.expect(ran_in_time > 0, "starved", "the other task runs before the sequence ends", "it did not");
    one.expect_no_failure("no-failure", failure);
    skipped += skipped_here;
    t.merge(one);
  }
  if (may_be_skipped) {
    t.expect(skipped > 0, "declared-but-never-seen", "yields that are skipped", "none in all these runs");
  }
}

void a_shielded_yield_lets_others_run_and_never_throws(Trial& t) {
  for_all<int>(t, "yields", number(8, 20), [](Trial& trial, const int& count) {
    int ran = 0;
    int switches = 0;
    int thrown = 0;
    const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
      auto scope = backend.open_cancel_scope();
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        co_await scope.run([&]() -> Coro<> {
          scope.cancel();
          for (int i = 0; i < count; ++i) {
            tasks.start_soon([&]() -> Coro<> {
              ++ran;
              co_return;
            });
            const int before = ran;
            const std::exception_ptr outcome = co_await outcome_of(backend.cancel_shielded_coro_yield());
            if (outcome) ++thrown;
            if (ran > before) ++switches;
          }
        });
      });
    });
    trial.witness("shielded yields in a cancelled scope", static_cast<std::size_t>(count));
    trial.expect_equal("threw", 0, thrown);
    if (yields_may_be_skipped(trial)) {
      trial.expect(switches > 0, "others-ran", "another task runs meanwhile", "none");
    } else {
      trial.expect_equal("others-ran", count, switches);
    }
    trial.expect_no_failure("no-failure", failure);
  });
}

/// What tasks of a drawn program do, step by step.
enum class Step { shielded_yield, yield, cancel_own_scope, cancel_next_scope, say };
constexpr int step_kinds = 5;

/// Runs a task for each list of steps, each in a scope of its own. Gives what they said, then the states of the scopes.
Log run_program(const Trial& trial, const std::vector<std::vector<int>>& program, bool short_form) {
  Trial one(trial.adapter(), trial.schedule());
  Log log;
  const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
    std::vector<std::unique_ptr<CancelScope>> scopes;
    for (std::size_t i = 0; i < program.size(); ++i) scopes.emplace_back(new CancelScope(backend.open_cancel_scope()));
    const auto take = [&](std::size_t task, Step step) -> Coro<> {
      switch (step) {
        case Step::shielded_yield:
          if (short_form) {
            co_await backend.cancel_shielded_coro_yield();
          } else {
            co_await backend.ignore_cancellation(backend.coro_yield());
          }
          break;
        case Step::yield: co_await backend.coro_yield(); break;
        case Step::cancel_own_scope: scopes[task]->cancel(); break;
        case Step::cancel_next_scope: scopes[(task + 1) % scopes.size()]->cancel(); break;
        case Step::say: break;
      }
    };
    const auto take_all = [&](std::size_t task) -> Coro<> {
      const auto steps = [&]() -> Coro<> {
        for (const int step : program[task]) {
          const std::exception_ptr outcome = co_await outcome_of(take(task, static_cast<Step>(step)));
          log(std::to_string(task) + ": " + std::to_string(step) + " " + outcome_word(outcome));
        }
      };
      co_await scopes[task]->run(steps);
    };
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      for (std::size_t i = 0; i < program.size(); ++i) tasks.start_soon(take_all, i);
      co_return;
    });
    for (const auto& scope : scopes) {
      log(scope->cancel_called() ? "called" : "not called");
      log(scope->cancelled_caught() ? "caught" : "not caught");
    }
  });
  if (failure) log(describe(failure));
  return log;
}

void the_shielded_yield_equals_a_yield_in_a_shield(Trial& t) {
  const auto inputs = rc::gen::mapcat(number(1, 4), [](int tasks) {
    return rc::gen::container<std::vector<std::vector<int>>>(static_cast<std::size_t>(tasks),
                                                             numbers(1, 6, 0, step_kinds - 1));
  });
  for_all<std::vector<std::vector<int>>>(t, "programs", inputs, [](Trial& trial, const auto& program) {
    const Log in_shields = run_program(trial, program, false);
    trial.expect_equal("same-trace", in_shields, run_program(trial, program, true));
    const auto is_passed_yield = [](const std::string& word) { return word.ends_with(": 0 value"); };
    const auto yields = std::ranges::count_if(in_shields.words(), is_passed_yield);
    trial.witness("shielded yields compared", static_cast<std::size_t>(yields));
  });
}

void a_request_survives_shielded_yields(Trial& t) {
  const auto inputs = rc::gen::pair(number(1, 5), number(0, 59));
  for_all<std::pair<int, int>>(t, "yields and moment of the request", inputs, [](Trial& trial, const auto& input) {
    const int count = input.first;
    // Before the k-th yield (even) or during it (odd).
    const int moment = input.second % (2 * count);
    int thrown = 0;
    std::exception_ptr behind;
    const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
      auto scope = backend.open_cancel_scope();
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        co_await scope.run([&]() -> Coro<> {
          // Goes on until the other task had its turn, since yields may be skipped.
          for (int k = 0; k < count || (!scope.cancel_called() && k < 100); ++k) {
            if (moment == 2 * k) scope.cancel();
            if (moment == 2 * k + 1) {
              tasks.start_soon([&]() -> Coro<> {
                scope.cancel();
                co_return;
              });
            }
            const std::exception_ptr outcome = co_await outcome_of(backend.cancel_shielded_coro_yield());
            if (outcome) ++thrown;
          }
          trial.witness("requests before the last checkpoint", scope.cancel_called() ? 1 : 0);
          behind = co_await outcome_of(backend.coro_yield());
        });
      });
    });
    trial.expect_equal("threw", 0, thrown);
    trial.expect_failure<Cancelled>("lost", behind);
    trial.expect_no_failure("no-failure", failure);
  });
}

void tasks_that_only_yield_all_make_progress(Trial& t) {
  const auto inputs = rc::gen::pair(number(2, 6), number(5, 30));
  for_all<std::pair<int, int>>(t, "tasks and steps", inputs, [](Trial& trial, const auto& input) {
    const int wanted = input.second;
    // A task that gets this far while another one waits for its turn has starved it.
    const int limit = 100 * input.first * wanted;
    std::vector<int> steps(static_cast<std::size_t>(input.first), 0);
    bool sleeper_woke = false;
    const auto all_are_there = [&] {
      return sleeper_woke && std::ranges::all_of(steps, [&](int count) { return count >= wanted; });
    };
    const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
      const auto loop = [&](int& count) -> Coro<> {
        while (!all_are_there() && count < limit) {
          ++count;
          trial.spend(1ms);
          co_await backend.coro_yield();
        }
      };
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        for (int& count : steps) tasks.start_soon(loop, std::ref(count));
        co_await backend.sleep(10ms);
        sleeper_woke = *std::ranges::max_element(steps) < limit;
      });
    });
    trial.witness("tasks that looped", steps.size());
    trial.expect(sleeper_woke && std::ranges::min(steps) >= wanted, "progress",
                 "a sleeper wakes and each of the tasks takes " + show(wanted) + " steps",
                 show(steps) + (sleeper_woke ? "" : " and the sleeper does not wake"));
    trial.expect_no_failure("no-failure", failure);
  });
}

void a_cancelled_yield_lets_others_run_first(Trial& t) {
  for_all<int>(t, "ready tasks", number(2, 8), [](Trial& trial, const int& count) {
    int ran = 0;
    int ran_at_throw = 0;
    std::exception_ptr late;
    bool late_was_called = false;
    const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
      auto group = backend.create_task_group();
      auto scope = backend.open_cancel_scope();
      auto other = backend.open_cancel_scope();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        co_await scope.run([&]() -> Coro<> {
          scope.cancel();
          for (int i = 0; i < count; ++i) {
            tasks.start_soon([&]() -> Coro<> {
              ++ran;
              co_return;
            });
          }
          co_await outcome_of(backend.coro_yield());
          ran_at_throw = ran;
        });
        co_await other.run([&]() -> Coro<> {
          tasks.start_soon([&]() -> Coro<> {
            other.cancel();
            co_return;
          });
          late = co_await outcome_of(backend.coro_yield());
          late_was_called = other.cancel_called();
        });
      });
    });
    if (!yields_may_be_skipped(trial) || ran_at_throw > 0) trial.expect_equal("turn-first", count, ran_at_throw);
    if (!yields_may_be_skipped(trial) || late_was_called) trial.expect_failure<Cancelled>("same-yield", late);
    trial.witness("requests during a yield", late_was_called ? 1 : 0);
    trial.expect_no_failure("no-failure", failure);
  });
}

void a_wait_that_is_ready_is_as_declared(Trial& t) {
  const bool is_immediate = t.manifest().trait("set_event_wait") == "immediate";
  int ran = 0;
  std::exception_ptr outcome;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    Event event = backend.create_event();
    event.set();
    int ready = 0;
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      tasks.start_soon([&]() -> Coro<> {
        ++ready;
        co_return;
      });
      // Twice, since a checkpoint may be skipped now and then (Yield007).
      co_await event.wait();
      co_await event.wait();
      ran = ready;
    });
    auto scope = backend.open_cancel_scope();
    const auto in_cancelled_scope = [&]() -> Coro<> {
      scope.cancel();
      outcome = co_await outcome_of(event.wait());
    };
    co_await scope.run(in_cancelled_scope);
  });
  t.witness("waits for a set event", 3);
  t.expect_equal("others-ran", is_immediate ? 0 : 1, ran);
  t.expect_equal("under-a-request", std::string(is_immediate ? "value" : "cancelled"), outcome_word(outcome));
  t.expect_no_failure("no-failure", failure);
}

// ---- What a cancellation is ----------------------------------------------------------------------------------------

void every_cancellation_has_the_declared_type(Trial& t) {
  Log foreign;
  std::string declared;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    declared = readable_type_name(backend.cancelled_type());
    for (const WaitKind& kind : wait_kinds()) {
      for (const Source source : all_sources) {
        const auto work = [&]() -> Coro<> {
          try {
            co_await kind.block(backend);
          } catch (const Cancelled&) {
            t.witness("cancelled waits");
            throw;
          } catch (...) {
            foreign(std::string(kind.name) + ": " + describe(std::current_exception()));
            throw;
          }
        };
        co_await run_with_request(backend, source, 10ms, work);
      }
    }
  });
  t.expect_equal("declared", readable_type_name(typeid(Cancelled)), declared);
  t.expect_equal("type", Log{}, foreign);
  t.expect_no_failure("no-failure", failure);
}

void error_handlers_do_not_catch_it(Trial& t) {
  Log caught_as_error;
  std::size_t passed = 0;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    for (const WaitKind& kind : wait_kinds()) {
      const auto work = [&]() -> Coro<> {
        try {
          co_await kind.block(backend);
        } catch (const std::exception&) {
          caught_as_error(std::string(kind.name));
        } catch (const Cancelled&) {
          ++passed;
          throw;
        }
      };
      co_await run_with_request(backend, Source::scope, 10ms, work);
    }
  });
  t.witness("cancelled waits inside a handler of errors", passed);
  t.expect_equal("caught-as-error", Log{}, caught_as_error);
  t.expect_equal("passed", wait_kinds().size(), passed);
  t.expect_no_failure("no-failure", failure);
}

void cancel_returns_before_the_task_runs(Trial& t) {
  for (const bool by_task : {false, true}) {
    Log expected;
    Log log;
    const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
      for (const WaitKind& kind : wait_kinds()) {
        for (const std::string_view word : {"before", "after", "cancelled"}) expected(std::string(word));
        auto scope = backend.open_cancel_scope();
        const auto body = [&]() -> Coro<> {
          try {
            co_await kind.block(backend);
          } catch (const Cancelled&) {
            log("cancelled");
            throw;
          }
        };
        const auto victim = [&]() -> Coro<> { co_await scope.run(body); };
        auto group = backend.create_task_group();
        co_await group.run([&](TaskGroup& tasks) -> Coro<> {
          const Task<void> task = co_await tasks.start(victim);
          co_await backend.sleep(10ms);
          t.witness("tasks cancelled while blocked", task.done() ? 0 : 1);
          log("before");
          if (by_task) {
            task.cancel();
          } else {
            scope.cancel();
          }
          log("after");
        });
      }
    });
    t.expect_equal(by_task ? "task" : "scope", expected, log);
    t.expect_no_failure("no-failure", failure);
  }
}

void a_task_that_swallows_it_ends_as_if_nobody_asked(Trial& t) {
  std::optional<int> value;
  int joined = 0;
  bool called = false;
  bool caught = true;
  bool task_cancelled = true;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    const auto swallow = [&]() -> Coro<int> {
      const std::exception_ptr outcome = co_await outcome_of(backend.sleep(long_time));
      t.witness("swallowed cancellations", is_cancelled(outcome) ? 1 : 0);
      co_return 7;
    };
    auto scope = backend.move_on_after(10ms);
    value = co_await scope.run(swallow);
    called = scope.cancel_called();
    caught = scope.cancelled_caught();
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      const Task<int> task = co_await tasks.start(swallow);
      task.cancel();
      joined = co_await task.join();
      task_cancelled = task.cancelled();
    });
  });
  t.expect_equal("value", std::optional<int>(7), value);
  t.expect_true("called", called);
  t.expect_false("caught", caught);
  t.expect_equal("task-value", 7, joined);
  t.expect_false("task-cancelled", task_cancelled);
  t.expect_no_failure("no-failure", failure);
}

void cancelling_oneself_acts_at_the_next_checkpoint(Trial& t) {
  std::size_t scope_went_on = 0;
  std::size_t scope_cancelled = 0;
  std::size_t task_went_on = 0;
  std::size_t task_cancelled = 0;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    for (const WaitKind& kind : checkpoint_kinds()) {
      auto scope = backend.open_cancel_scope();
      co_await scope.run([&]() -> Coro<> {
        scope.cancel();
        ++scope_went_on;
        const std::exception_ptr outcome = co_await outcome_of(kind.block(backend));
        if (is_cancelled(outcome)) ++scope_cancelled;
      });
      std::optional<Task<void>> own;
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        own = co_await tasks.start([&]() -> Coro<> {
          co_await backend.sleep(10ms);
          own->cancel();
          ++task_went_on;
          const std::exception_ptr outcome = co_await outcome_of(kind.block(backend));
          if (is_cancelled(outcome)) ++task_cancelled;
        });
      });
      t.witness("tasks that cancelled themselves", 2);
    }
  });
  const std::size_t kinds = checkpoint_kinds().size();
  t.expect_equal("scope-went-on", kinds, scope_went_on);
  t.expect_equal("scope-checkpoint", kinds, scope_cancelled);
  t.expect_equal("task-went-on", kinds, task_went_on);
  t.expect_equal("task-checkpoint", kinds, task_cancelled);
  t.expect_no_failure("no-failure", failure);
}

// ---- Where it is delivered -----------------------------------------------------------------------------------------

struct Waking {
  std::string_view kind;
  TimePoint expected;
  TimePoint observed{};
  bool cancelled = false;
};

void it_wakes_a_task_out_of_every_wait(Trial& t) {
  std::vector<Waking> wakings;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      // A task outside of what is cancelled, to wait for.
      const Task<void> elsewhere = co_await tasks.start([&]() -> Coro<> { co_await backend.sleep(1000s); });
      const auto try_one = [&](std::string_view kind, Source source, const std::function<Coro<>()>& block) -> Coro<> {
        wakings.push_back({kind, backend.current_time() + 10ms});
        const auto work = [&]() -> Coro<> {
          const std::exception_ptr outcome = co_await outcome_of(block());
          wakings.back().observed = backend.current_time();
          wakings.back().cancelled = is_cancelled(outcome);
        };
        co_await run_with_request(backend, source, 10ms, work);
      };
      const std::function<Coro<>()> wait = [&]() -> Coro<> { co_await elsewhere.wait(); };
      const std::function<Coro<>()> join = [&]() -> Coro<> { co_await elsewhere.join(); };
      for (const Source source : all_sources) {
        for (const WaitKind& kind : wait_kinds()) {
          const std::function<Coro<>()> block = [&] { return kind.block(backend); };
          co_await try_one(kind.name, source, block);
        }
        co_await try_one("wait for a task elsewhere", source, wait);
        co_await try_one("join of a task elsewhere", source, join);
      }
      elsewhere.cancel();
    });
  });
  t.witness("waits that were blocked when cancelled", wakings.size());
  for (const Waking& waking : wakings) {
    t.expect(waking.cancelled, "cancelled", std::string(waking.kind) + " throws Cancelled", "it did not");
    t.expect_time("instant", waking.expected, waking.observed);
  }
  t.expect_no_failure("no-failure", failure);
}

void every_checkpoint_of_the_host_throws(Trial& t) {
  for_all<std::vector<int>>(t, "checkpoints", numbers(1, 6, 0, 100), [](Trial& trial, const auto& kinds) {
    std::size_t thrown = 0;
    const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
      auto scope = backend.open_cancel_scope();
      co_await scope.run([&]() -> Coro<> {
        scope.cancel();
        thrown = co_await swallow_at(backend, checkpoint_kinds(), kinds);
      });
    });
    trial.witness("cancellations swallowed", thrown);
    trial.expect_equal("each-throws", kinds.size(), thrown);
    trial.expect_no_failure("no-failure", failure);
  });
}

/// Runs `work` in a task that lies `depth` groups below.
Coro<> in_groups(AsyncBackend& backend, int depth, const std::function<Coro<>()>& work) {
  if (depth == 0) {
    co_await work();
    co_return;
  }
  auto group = backend.create_task_group();
  co_await group.run([&](TaskGroup& tasks) -> Coro<> {
    tasks.start_soon([&] { return in_groups(backend, depth - 1, work); });
    co_return;
  });
}

void every_checkpoint_of_a_child_throws(Trial& t) {
  const auto inputs = rc::gen::pair(number(1, 4), numbers(1, 5, 0, 100));
  for_all<std::pair<int, std::vector<int>>>(t, "depth and checkpoints", inputs, [](Trial& trial, const auto& input) {
    std::size_t thrown = 0;
    bool first = false;
    const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
      const std::function<Coro<>()> work = [&]() -> Coro<> {
        const std::exception_ptr outcome = co_await outcome_of(backend.sleep(long_time));
        first = is_cancelled(outcome);
        thrown = co_await swallow_at(backend, checkpoint_kinds(), input.second);
      };
      auto scope = backend.move_on_after(10ms);
      co_await scope.run([&] { return in_groups(backend, input.first, work); });
    });
    trial.witness("cancellations swallowed by a child", thrown);
    trial.expect_true("first", first);
    trial.expect_equal("each-throws", input.second.size(), thrown);
    trial.expect_no_failure("no-failure", failure);
  });
}

void every_checkpoint_of_a_cancelled_task_throws(Trial& t) {
  for_all<std::vector<int>>(t, "checkpoints", numbers(1, 6, 0, 100), [](Trial& trial, const auto& kinds) {
    std::size_t thrown = 0;
    const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        const Task<void> task = co_await tasks.start([&]() -> Coro<> {
          co_await outcome_of(backend.sleep(long_time));
          thrown = co_await swallow_at(backend, checkpoint_kinds(), kinds);
        });
        co_await backend.sleep(10ms);
        task.cancel();
      });
    });
    trial.witness("cancellations swallowed after one request", thrown);
    trial.expect_equal("each-throws", kinds.size(), thrown);
    trial.expect_no_failure("no-failure", failure);
  });
}

// ---- Who absorbs it ------------------------------------------------------------------------------------------------

void no_inner_scope_absorbs_it(Trial& t) {
  const auto inputs = rc::gen::tuple(number(1, 6), number(0, 5), numbers(0, 3, 0, 5));
  using Input = std::tuple<int, int, std::vector<int>>;
  for_all<Input>(t, "depth, level and further requests", inputs, [](Trial& trial, const Input& input) {
    const auto& [depth, drawn, further] = input;
    const int level = drawn % depth;
    std::vector<std::string> expected(static_cast<std::size_t>(depth), "returned");
    std::fill(expected.begin() + level, expected.end(), "passed");
    expected[static_cast<std::size_t>(level)] = "absorbed";
    std::vector<std::string> outcomes;
    const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
      Nest nest(backend, depth);
      nest.on_passing = [&](int passed) {
        trial.witness("scopes that a cancellation passed");
        if (passed > level && std::ranges::count(further, passed) > 0) nest.scope(passed).cancel();
      };
      co_await nest.run([&]() -> Coro<> {
        nest.scope(level).cancel();
        co_await backend.sleep(long_time);
      });
      outcomes = nest.outcomes();
    });
    trial.expect_equal("outcomes", expected, outcomes);
    trial.expect_no_failure("no-failure", failure);
  });
}

void nothing_is_left_of_it_behind_its_scope(Trial& t) {
  const auto inputs = rc::gen::pair(number(1, 4), numbers(1, 5, 0, 100));
  for_all<std::pair<int, std::vector<int>>>(t, "deliveries and checkpoints", inputs, [](Trial& trial, const auto& in) {
    std::size_t thrown_behind = 0;
    const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
      auto scope = backend.open_cancel_scope();
      co_await scope.run([&]() -> Coro<> {
        scope.cancel();
        for (int i = 1; i < in.first; ++i) co_await outcome_of(backend.sleep(0s));
        co_await backend.sleep(0s);
      });
      trial.witness("cancellations absorbed", scope.cancelled_caught() ? 1 : 0);
      thrown_behind = co_await swallow_at(backend, short_checkpoints(), in.second);
    });
    trial.expect_equal("behind", std::size_t{0}, thrown_behind);
    trial.expect_no_failure("no-failure", failure);
  });
}

/// Sections that cannot be cancelled, one inside the other: a shield (0), the exit of a group with shielded work (1),
/// shielded yields before a shield (2).
Coro<> uncancellable(AsyncBackend& backend, std::span<const int> sections, int& completed) {
  if (sections.empty()) {
    co_await backend.sleep(20ms);
    ++completed;
    co_return;
  }
  const auto shielded = [&]() -> Coro<> {
    co_await backend.ignore_cancellation(uncancellable(backend, sections.subspan(1), completed));
  };
  if (sections.front() == 1) {
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      tasks.start_soon(shielded);
      co_return;
    });
  } else {
    if (sections.front() == 2) co_await backend.cancel_shielded_coro_yield();
    co_await shielded();
  }
}

void a_request_survives_what_cannot_be_cancelled(Trial& t) {
  for_all<std::vector<int>>(t, "sections", numbers(1, 4, 0, 2), [](Trial& trial, const std::vector<int>& sections) {
    for (const Source source : all_sources) {
      int completed = 0;
      std::exception_ptr section;
      std::exception_ptr behind;
      const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
        const auto work = [&]() -> Coro<> {
          section = co_await outcome_of(uncancellable(backend, sections, completed));
          behind = co_await outcome_of(backend.sleep(0s));
        };
        co_await run_with_request(backend, source, 10ms, work);
      });
      trial.witness("requests during an uncancellable section", static_cast<std::size_t>(completed));
      trial.expect_no_failure("disturbed", section);
      trial.expect_equal("completed", 1, completed);
      trial.expect_failure<Cancelled>("lost", behind);
      trial.expect_no_failure("no-failure", failure);
    }
  });
}

/// Ways to let the value of a wait and its cancellation arrive in one instant.
enum class Tie { request_then_value, value_then_request, sleep_and_deadline, sleep_and_request };

void value_and_cancellation_meet(Trial& t, Tie tie) {
  Log outcomes;
  std::exception_ptr next;
  std::optional<int> value;
  int later = 0;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    const TimePoint instant = backend.current_time() + 10ms;
    auto scope = backend.open_cancel_scope(tie == Tie::sleep_and_deadline ? instant : never);
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      const Task<int> giver = co_await tasks.start([&]() -> Coro<int> {
        co_await backend.sleep_until(instant);
        if (tie == Tie::request_then_value) scope.cancel();
        co_return 7;
      });
      const auto wait = [&]() -> Coro<> {
        if (tie == Tie::request_then_value || tie == Tie::value_then_request) {
          value = co_await giver.join();
        } else {
          co_await backend.sleep_until(instant);
        }
      };
      const auto in_scope = [&]() -> Coro<> {
        const std::exception_ptr outcome = co_await outcome_of(wait());
        outcomes(outcome_word(outcome));
        next = co_await outcome_of(backend.sleep(long_time));
      };
      tasks.start_soon([&]() -> Coro<> { co_await scope.run(in_scope); });
      if (tie == Tie::value_then_request) {
        co_await giver.wait();
        scope.cancel();
      } else if (tie == Tie::sleep_and_request) {
        co_await backend.sleep_until(instant);
        scope.cancel();
      }
      later = co_await giver.join();
      co_await backend.sleep(10ms);
    });
  });
  t.witness("ties of value and cancellation");
  t.expect(outcomes == Log{"value"} || outcomes == Log{"cancelled"}, "one-outcome", "a value or Cancelled",
           show(outcomes));
  t.expect_failure<Cancelled>("next-checkpoint", next);
  t.expect_equal("value", 7, value.value_or(7));
  t.expect_equal("still-there", 7, later);
  t.expect_no_failure("no-failure", failure);
}

void a_wait_has_one_outcome(Trial& t) {
  // Which of the two is reported is left to the backend, and may depend on the order of tasks.
  for (int n = 0; n < 6; ++n) {
    for (const Tie tie :
         {Tie::request_then_value, Tie::value_then_request, Tie::sleep_and_deadline, Tie::sleep_and_request}) {
      Trial one(t.adapter(), Schedule::nth(t.properties.seed, n));
      value_and_cancellation_meet(one, tie);
      t.merge(one);
    }
  }
}

void other_threads_are_refused(Trial& t) {
  std::exception_ptr of_scope;
  std::exception_ptr of_task;
  bool called = true;
  Log log;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    auto scope = backend.open_cancel_scope();
    auto group = backend.create_task_group();
    const auto body = [&]() -> Coro<> {
      co_await backend.sleep(20ms);
      log("scope ran to its end");
    };
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      tasks.start_soon([&]() -> Coro<> { co_await scope.run(body); });
      const Task<void> task = co_await tasks.start([&]() -> Coro<> {
        co_await backend.sleep(40ms);
        log("task ran to its end");
      });
      co_await backend.sleep(10ms);
      std::thread([&] {
        try {
          scope.cancel();
        } catch (...) {
          of_scope = std::current_exception();
        }
        try {
          task.cancel();
        } catch (...) {
          of_task = std::current_exception();
        }
      }).join();
      t.witness("calls from another thread", 2);
      called = scope.cancel_called();
    });
  });
  t.expect_failure<UsageError>("scope-refused", of_scope);
  t.expect_failure<UsageError>("task-refused", of_task);
  t.expect_false("called", called);
  t.expect_equal("ran-on", Log{"scope ran to its end", "task ran to its end"}, log);
  t.expect_no_failure("no-failure", failure);
}

void no_scope_absorbs_the_cancellation_of_its_task(Trial& t) {
  const auto inputs = rc::gen::tuple(number(1, 4), numbers(0, 3, 0, 3), number(0, 3));
  using Input = std::tuple<int, std::vector<int>, int>;
  for_all<Input>(t, "depth, cancelled scopes and when the task is", inputs, [](Trial& trial, const Input& input) {
    const auto& [depth, levels, drawn] = input;
    const std::size_t task_turn = static_cast<std::size_t>(drawn) % (levels.size() + 1);
    std::vector<std::string> outcomes;
    bool cancelled = false;
    const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
      Nest nest(backend, depth);
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        const Task<void> task = co_await tasks.start(
            [&]() -> Coro<> { co_await nest.run([&]() -> Coro<> { co_await backend.sleep(long_time); }); });
        co_await backend.sleep(10ms);
        for (std::size_t i = 0; i <= levels.size(); ++i) {
          if (i == task_turn) task.cancel();
          if (i < levels.size()) nest.scope(levels[i] % depth).cancel();
        }
        co_await task.wait();
        cancelled = task.cancelled();
      });
      outcomes = nest.outcomes();
    });
    trial.witness("tasks cancelled inside scopes");
    trial.expect_equal("absorbed", std::vector<std::string>(static_cast<std::size_t>(depth), "passed"), outcomes);
    trial.expect_true("cancelled", cancelled);
    trial.expect_no_failure("no-failure", failure);
  });
}

}  // namespace

ClauseTests cancel_tests() {
  return {
      {clause::Yield001, "AYieldInACancelledScopeThrows", a_yield_in_a_cancelled_scope_throws},
      {clause::Yield002, "AYieldLetsTheReadyTasksRunAndTakesNoTime",
       a_yield_lets_the_ready_tasks_run_and_takes_no_time},
      {clause::Yield003, "YieldsAreSkippedAsDeclared", yields_are_skipped_as_declared},
      {clause::Yield004, "AShieldedYieldLetsOthersRunAndNeverThrows",
       a_shielded_yield_lets_others_run_and_never_throws},
      {clause::Yield005, "TheShieldedYieldEqualsAYieldInAShield", the_shielded_yield_equals_a_yield_in_a_shield},
      {clause::Yield006, "ARequestSurvivesShieldedYields", a_request_survives_shielded_yields},
      {clause::Yield007, "TasksThatOnlyYieldAllMakeProgress", tasks_that_only_yield_all_make_progress},
      {clause::Yield008, "ACancelledYieldLetsOthersRunFirst", a_cancelled_yield_lets_others_run_first},
      {clause::Cancel001, "EveryCancellationHasTheDeclaredType", every_cancellation_has_the_declared_type},
      {clause::Cancel002, "ErrorHandlersDoNotCatchIt", error_handlers_do_not_catch_it},
      {clause::Cancel003, "CancelReturnsBeforeTheTaskRuns", cancel_returns_before_the_task_runs},
      {clause::Cancel004, "ATaskThatSwallowsItEndsAsIfNobodyAsked", a_task_that_swallows_it_ends_as_if_nobody_asked},
      {clause::Cancel005, "CancellingOneselfActsAtTheNextCheckpoint", cancelling_oneself_acts_at_the_next_checkpoint},
      {clause::Cancel006, "ItWakesATaskOutOfEveryWait", it_wakes_a_task_out_of_every_wait},
      {clause::Cancel007, "EveryCheckpointOfTheHostThrows", every_checkpoint_of_the_host_throws},
      {clause::Cancel008, "EveryCheckpointOfAChildThrows", every_checkpoint_of_a_child_throws},
      {clause::Cancel009, "EveryCheckpointOfACancelledTaskThrows", every_checkpoint_of_a_cancelled_task_throws},
      {clause::Cancel010, "NoInnerScopeAbsorbsIt", no_inner_scope_absorbs_it},
      {clause::Cancel011, "NothingIsLeftOfItBehindItsScope", nothing_is_left_of_it_behind_its_scope},
      {clause::Cancel012, "ARequestSurvivesWhatCannotBeCancelled", a_request_survives_what_cannot_be_cancelled},
      {clause::Cancel013, "AWaitThatIsReadyIsAsDeclared", a_wait_that_is_ready_is_as_declared},
      {clause::Cancel014, "AWaitHasOneOutcome", a_wait_has_one_outcome},
      {clause::Cancel015, "OtherThreadsAreRefused", other_threads_are_refused},
      {clause::Cancel016, "NoScopeAbsorbsTheCancellationOfItsTask", no_scope_absorbs_the_cancellation_of_its_task},
  };
}

}  // namespace concert::conformance
