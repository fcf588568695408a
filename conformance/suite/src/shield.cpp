// SPDX-License-Identifier: Apache-2.0
// Tests of spec/clauses/cancel.md, the family Shield.
#include <algorithm>
#include <memory>
#include <optional>

#include "concert/harness/for_all.hpp"
#include "concert/harness/generators.hpp"
#include "concert/harness/nest.hpp"
#include "concert/harness/requests.hpp"
#include "concert/harness/unwinding.hpp"
#include "concert/harness/waits.hpp"
#include "concert/suite/suite.hpp"

namespace concert::conformance {

namespace {

using namespace std::chrono_literals;

Source source_of(int drawn) { return all_sources[static_cast<std::size_t>(drawn) % all_sources.size()]; }

Seconds tens_of_ms(int count) { return std::chrono::milliseconds(10 * count); }

/// Suspends a number of times, ten milliseconds each.
Coro<> suspend(AsyncBackend& backend, int times) {
  for (int i = 0; i < times; ++i) co_await backend.sleep(10ms);
}

/// Awaits `work` inside one shield or two.
template <class T>
Coro<T> in_shields(AsyncBackend& backend, bool two, Coro<T> work) {
  if (two) work = backend.ignore_cancellation(std::move(work));
  if constexpr (std::is_void_v<T>) {
    co_await backend.ignore_cancellation(std::move(work));
  } else {
    co_return co_await backend.ignore_cancellation(std::move(work));
  }
}

// ---- It is the work itself -----------------------------------------------------------------------------------------

Coro<int> give_copy(AsyncBackend& backend, int suspensions, int value) {
  co_await suspend(backend, suspensions);
  co_return value;
}
Coro<std::unique_ptr<int>> give_movable(AsyncBackend& backend, int suspensions, int value) {
  co_await suspend(backend, suspensions);
  co_return std::make_unique<int>(value);
}
Coro<int&> give_reference(AsyncBackend& backend, int suspensions, int& value) {
  co_await suspend(backend, suspensions);
  co_return value;
}

void a_shield_gives_the_value_of_the_work(Trial& t) {
  const auto inputs = rc::gen::tuple(number(-9, 9), number(0, 2), number(0, 1));
  for_all<std::tuple<int, int, int>>(t, "value, suspensions, two shields", inputs, [](Trial& trial, const auto& in) {
    const auto [value, suspensions, two] = in;
    int original = value;
    int copy = 100;
    std::unique_ptr<int> moved;
    int* reference = nullptr;
    bool finished = false;
    const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
      const bool in_two = two != 0;
      copy = co_await in_shields(backend, in_two, give_copy(backend, suspensions, value));
      moved = co_await in_shields(backend, in_two, give_movable(backend, suspensions, value));
      reference = &co_await in_shields(backend, in_two, give_reference(backend, suspensions, original));
      co_await in_shields(backend, in_two, suspend(backend, suspensions));
      finished = true;
    });
    trial.witness("kinds of work awaited in a shield", 4);
    trial.expect_no_failure("no-failure", failure);
    trial.expect_equal("copy", value, copy);
    trial.expect_equal("moved", value, moved ? *moved : 100);
    trial.expect_true("reference", reference == &original);
    trial.expect_true("void", finished);
  });
}

Coro<> fail_after(AsyncBackend& backend, int suspensions, std::exception_ptr failure) {
  co_await suspend(backend, suspensions);
  std::rethrow_exception(failure);
}

void an_exception_leaves_the_shield_as_it_is(Trial& t) {
  const auto inputs = rc::gen::tuple(number(0, failure_kinds - 1), number(0, 2), number(0, 1));
  for_all<std::tuple<int, int, int>>(t, "kind, suspensions, pending request", inputs, [](Trial& trial, const auto& in) {
    const auto [kind, suspensions, pending] = in;
    const std::exception_ptr thrown = make_failure_of_kind(kind);
    std::exception_ptr caught;
    const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
      auto scope = backend.open_cancel_scope();
      co_await scope.run([&]() -> Coro<> {
        if (pending != 0) scope.cancel();
        caught = co_await outcome_of(in_shields(backend, suspensions == 1, fail_after(backend, suspensions, thrown)));
      });
    });
    trial.witness("failures inside a shield");
    expect_same_object(trial, "same-object", thrown, caught);
    trial.expect_no_failure("no-failure", failure);
  });
}

void shielded_work_runs_in_the_current_task(Trial& t) {
  std::vector<std::uint64_t> expected;
  std::vector<std::uint64_t> observed;
  std::vector<std::exception_ptr> releases;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    Lock lock = backend.create_lock();
    const auto release = [&]() -> Coro<> {
      co_await backend.sleep(10ms);
      lock.release();
    };
    const auto look = [&] { observed.push_back(backend.get_current_task().id); };
    const auto work = [&]() -> Coro<> {
      look();
      co_await backend.sleep(10ms);
      look();
    };
    const auto whole = [&]() -> Coro<> {
      expected.insert(expected.end(), 4, backend.get_current_task().id);
      co_await backend.ignore_cancellation(work());
      co_await in_shields(backend, true, work());
      co_await lock.acquire();
      releases.push_back(co_await outcome_of(backend.ignore_cancellation(release())));
    };
    co_await whole();
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      tasks.start_soon(whole);
      co_return;
    });
  });
  t.witness("looks inside a shield", observed.size());
  t.expect_equal("same-task", expected, observed);
  t.witness("locks released inside a shield", releases.size());
  for (const std::exception_ptr& outcome : releases) t.expect_no_failure("same-owner", outcome);
  t.expect_no_failure("no-failure", failure);
}

/// An awaitable that is neither a coroutine nor an awaiter.
struct WithMember {
  AsyncBackend& backend;
  Sleep operator co_await() && { return backend.sleep(10ms); }
};
struct WithFreeFunction {
  AsyncBackend& backend;
};
Sleep operator co_await(WithFreeFunction&& awaitable) { return awaitable.backend.sleep(10ms); }

void every_awaitable_can_be_shielded(Trial& t) {
  Log outcomes;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    auto scope = backend.open_cancel_scope();
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      const auto sleeping = [&]() -> Coro<> { co_await suspend(backend, 1); };
      const Task<void> waited = co_await tasks.start(sleeping);
      co_await scope.run([&]() -> Coro<> {
        scope.cancel();
        const auto shield = [&](std::string name, auto awaitable) -> Coro<> {
          const auto outcome = co_await outcome_of(backend.ignore_cancellation(std::move(awaitable)));
          outcomes(name + ": " + outcome_word(outcome));
        };
        co_await shield("a wait", waited.wait());
        co_await shield("a coroutine", sleeping());
        co_await shield("a sleep", backend.sleep(10ms));
        co_await shield("a yield", backend.coro_yield());
        co_await shield("a member operator", WithMember{backend});
        co_await shield("a free operator", WithFreeFunction{backend});
      });
    });
  });
  t.witness("awaitables shielded from a pending request", outcomes.words().size());
  const Log expected{"a wait: value",  "a coroutine: value",       "a sleep: value",
                     "a yield: value", "a member operator: value", "a free operator: value"};
  t.expect_equal("accepted", expected, outcomes);
  t.expect_no_failure("no-failure", failure);
}

void work_that_is_ready_is_not_suspended(Trial& t) {
  for (const bool pending : {false, true}) {
    int ran = 0;
    int ran_at_return = 0;
    int value = 0;
    const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
      auto scope = backend.open_cancel_scope();
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        tasks.start_soon([&]() -> Coro<> {
          ++ran;
          co_return;
        });
        co_await scope.run([&]() -> Coro<> {
          if (pending) scope.cancel();
          value += co_await in_shields(backend, false, give_copy(backend, 0, 1));
          value += co_await in_shields(backend, true, give_copy(backend, 0, 1));
          value += co_await backend.ignore_cancellation(Coro<int>::ready(1));
          ran_at_return = ran;
        });
      });
    });
    t.witness("another ready task", static_cast<std::size_t>(ran));
    t.expect_equal("not-suspended", 0, ran_at_return);
    t.expect_equal("value", 3, value);
    t.expect_no_failure("no-failure", failure);
  }
}

// ---- What it keeps away --------------------------------------------------------------------------------------------

void no_request_from_outside_reaches_the_work(Trial& t) {
  std::vector<std::pair<TimePoint, TimePoint>> ends;
  Log disturbed;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    for (const Source source : all_sources) {
      const TimePoint end = backend.current_time() + 30ms;
      const auto work = [&]() -> Coro<> {
        const std::exception_ptr outcome = co_await outcome_of(backend.ignore_cancellation(suspend(backend, 3)));
        if (outcome) disturbed(std::string(name_of(source)));
        ends.emplace_back(end, backend.current_time());
      };
      co_await run_with_request(backend, source, 15ms, work);
    }
  });
  t.witness("requests during a shield", ends.size());
  t.expect_equal("disturbed", Log{}, disturbed);
  for (const auto& [expected, observed] : ends) t.expect_time("end", expected, observed);
  t.expect_no_failure("no-failure", failure);
}

/// A request: its source, and when it comes, in tens of milliseconds after the first five.
using Request = std::pair<int, int>;

rc::Gen<std::vector<Request>> requests(int least, int most) {
  return rc::gen::mapcat(number(least, most), [](int count) {
    return rc::gen::container<std::vector<Request>>(static_cast<std::size_t>(count),
                                                    rc::gen::pair(number(0, 4), number(0, 3)));
  });
}

struct UnderRequests {
  int disturbed = 0;
  std::exception_ptr behind;
};

/// Shielded work of fifty milliseconds that the requests try to end; its checkpoints swallow what they throw.
Coro<> work_under_requests(AsyncBackend& backend, const std::vector<Request>& all, UnderRequests& seen) {
  const TimePoint start = backend.current_time();
  const auto time_of = [start](const Request& request) { return start + 5ms + tens_of_ms(request.second); };
  Nest nest(backend, 2);
  std::optional<Task<void>> worker;
  std::optional<Request> by_group;
  for (const Request& request : all) {
    if (source_of(request.first) == Source::group && (!by_group || request.second < by_group->second)) {
      by_group = request;
    }
  }
  const auto make = [&](const Request& request) -> Coro<> {
    co_await backend.sleep_until(time_of(request));
    switch (source_of(request.first)) {
      case Source::scope: nest.scope(1).cancel(); break;
      case Source::outer_scope: nest.scope(0).cancel(); break;
      case Source::deadline: nest.scope(1).reschedule(backend.current_time()); break;
      case Source::task: worker->cancel(); break;
      case Source::group: break;
    }
  };
  const auto steps = [&]() -> Coro<> {
    for (int step = 0; step < 5; ++step) {
      const std::exception_ptr outcome = co_await outcome_of(backend.sleep(10ms));
      if (outcome) ++seen.disturbed;
    }
  };
  const auto innermost = [&]() -> Coro<> {
    co_await backend.ignore_cancellation(steps());
    seen.behind = co_await outcome_of(backend.sleep(0s));
  };
  const std::exception_ptr end_of_the_group = make_failure("the group ends");
  const auto with_worker = [&](TaskGroup& tasks) -> Coro<> {
    worker = co_await tasks.start([&]() -> Coro<> { co_await nest.run(innermost); });
    if (!by_group) co_return;
    co_await backend.sleep_until(time_of(*by_group));
    std::rethrow_exception(end_of_the_group);
  };
  auto requesters = backend.create_task_group();
  co_await requesters.run([&](TaskGroup& tasks) -> Coro<> {
    for (const Request& request : all) tasks.start_soon(make, std::cref(request));
    auto group = backend.create_task_group();
    const std::exception_ptr outcome = co_await outcome_of(group.run(with_worker));
    if (outcome && outcome != end_of_the_group) std::rethrow_exception(outcome);
  });
}

void any_number_of_requests_leaves_the_work_undisturbed(Trial& t) {
  for_all<std::vector<Request>>(t, "requests", requests(1, 6), [](Trial& trial, const auto& all) {
    UnderRequests seen;
    const auto failure =
        trial.run([&](AsyncBackend& backend) -> Coro<> { co_await work_under_requests(backend, all, seen); });
    trial.witness("requests during a shield", all.size());
    trial.expect_equal("disturbed", 0, seen.disturbed);
    trial.expect_no_failure("no-failure", failure);
  });
}

void an_earlier_request_does_not_disturb_the_work(Trial& t) {
  for_all<std::vector<int>>(t, "checkpoints", numbers(1, 4, 0, 100), [](Trial& trial, const std::vector<int>& kinds) {
    for (const Source source : all_sources) {
      std::exception_ptr pending;
      std::exception_ptr behind;
      int disturbed = 0;
      const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
        const auto checkpoints = [&]() -> Coro<> {
          for (const int drawn : kinds) {
            const WaitKind& kind = checkpoint_kinds()[static_cast<std::size_t>(drawn) % checkpoint_kinds().size()];
            const std::exception_ptr outcome = co_await outcome_of(kind.block(backend));
            if (outcome) ++disturbed;
          }
        };
        const auto work = [&]() -> Coro<> {
          pending = co_await outcome_of(backend.sleep(1s));
          const std::exception_ptr outcome = co_await outcome_of(backend.ignore_cancellation(checkpoints()));
          if (outcome) ++disturbed;
          behind = co_await outcome_of(backend.sleep(0s));
        };
        co_await run_with_request(backend, source, 10ms, work);
      });
      trial.witness("shields entered under a request", is_cancelled(pending) ? 1 : 0);
      trial.expect_equal("disturbed", 0, disturbed);
      trial.expect_failure<Cancelled>("behind", behind);
      trial.expect_no_failure("no-failure", failure);
    }
  });
}

// ---- What comes after it -------------------------------------------------------------------------------------------

void a_request_is_raised_at_the_first_checkpoint_behind(Trial& t) {
  std::size_t tried = 0;
  int in_hand = 0;
  Log not_raised;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    for (const Source source : all_sources) {
      for (const WaitKind& kind : checkpoint_kinds()) {
        ++tried;
        const auto work = [&]() -> Coro<> {
          in_hand += co_await backend.ignore_cancellation(give_copy(backend, 2, 1));
          const std::exception_ptr outcome = co_await outcome_of(kind.block(backend));
          if (!is_cancelled(outcome)) not_raised(std::string(name_of(source)) + ", " + std::string(kind.name));
        };
        co_await run_with_request(backend, source, 15ms, work);
      }
    }
  });
  t.witness("requests during a shield", tried);
  t.expect_equal("value-in-hand", tried, static_cast<std::size_t>(in_hand));
  t.expect_equal("first-checkpoint", Log{}, not_raised);
  t.expect_no_failure("no-failure", failure);
}

void without_a_checkpoint_behind_it_a_request_has_no_effect(Trial& t) {
  int delivered = 0;
  std::vector<std::pair<Source, Aftermath>> all;
  int limited = 0;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    for (const Source source : all_sources) {
      const auto work = [&]() -> Coro<> {
        delivered += co_await backend.ignore_cancellation(give_copy(backend, 2, 1));
      };
      all.emplace_back(source, co_await run_with_request(backend, source, 15ms, work));
    }
    auto limit = backend.timeout(15ms);
    limited = co_await limit.run([&] { return backend.ignore_cancellation(give_copy(backend, 2, 7)); });
  });
  t.witness("requests during a last wait", all.size());
  t.expect_equal("delivered", all_sources.size(), static_cast<std::size_t>(delivered));
  for (const auto& [source, aftermath] : all) {
    const bool is_scope = source != Source::group && source != Source::task;
    t.expect_equal("called", is_scope, aftermath.called);
    t.expect_false("caught", aftermath.caught);
    t.expect_false("task-cancelled", aftermath.task_cancelled);
  }
  t.expect_equal("timeout", 7, limited);
  t.expect_no_failure("no-failure", failure);
}

void the_value_is_always_delivered(Trial& t) {
  // The work lies between 20 ms and 20 + 10 * length ms.
  const auto inputs = rc::gen::pair(number(0, 6), number(0, 3));
  for_all<std::pair<int, int>>(t, "moment and length", inputs, [](Trial& trial, const auto& input) {
    const auto [moment, length] = input;
    for (const Source source : all_sources) {
      std::unique_ptr<int> value;
      const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
        const auto work = [&]() -> Coro<> {
          const TimePoint start = backend.current_time() + 20ms;
          co_await outcome_of(backend.sleep_until(start));
          const auto shielded = [&]() -> Coro<std::unique_ptr<int>> {
            co_await backend.sleep_until(start + tens_of_ms(length));
            co_return std::make_unique<int>(7);
          };
          value = co_await backend.ignore_cancellation(shielded());
        };
        co_await run_with_request(backend, source, tens_of_ms(moment), work);
      });
      trial.witness("requests before or during a shield", moment <= 2 + length ? 1 : 0);
      trial.expect_equal("delivered", 7, value ? *value : 0);
      trial.expect_no_failure("no-failure", failure);
    }
  });
}

void a_cancellation_of_the_works_own_leaves_it(Trial& t) {
  for (const bool pending : {false, true}) {
    std::exception_ptr before;
    std::exception_ptr during;
    std::exception_ptr behind;
    const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
      auto scope = backend.open_cancel_scope();
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        const auto sleeping = [&]() -> Coro<> { co_await backend.sleep(1s); };
        const Task<void> first = co_await tasks.start(sleeping);
        const Task<void> second = co_await tasks.start(sleeping);
        first.cancel();
        co_await first.wait();
        tasks.start_soon([&]() -> Coro<> {
          co_await backend.sleep(10ms);
          second.cancel();
        });
        co_await scope.run([&]() -> Coro<> {
          if (pending) scope.cancel();
          before = co_await outcome_of(backend.ignore_cancellation(first.join()));
          during = co_await outcome_of(backend.ignore_cancellation(second.join()));
          behind = co_await outcome_of(backend.sleep(0s));
        });
        t.witness("joins of cancelled tasks inside a shield", first.cancelled() && second.cancelled() ? 2 : 0);
      });
    });
    t.expect_failure<Cancelled>("leaves", before);
    t.expect_failure<Cancelled>("leaves-later", during);
    t.expect_equal("behind", std::string(pending ? "cancelled" : "value"), outcome_word(behind));
    t.expect_no_failure("no-failure", failure);
  }
}

void several_requests_lead_to_a_cancellation(Trial& t) {
  for_all<std::vector<Request>>(t, "requests", requests(2, 6), [](Trial& trial, const auto& all) {
    UnderRequests seen;
    const auto failure =
        trial.run([&](AsyncBackend& backend) -> Coro<> { co_await work_under_requests(backend, all, seen); });
    trial.witness("requests during one shield", all.size());
    trial.expect_failure<Cancelled>("behind", seen.behind);
    trial.expect_no_failure("no-failure", failure);
  });
}

void the_outermost_scope_absorbs_what_came_during_it(Trial& t) {
  const auto inputs = rc::gen::pair(number(1, 5), numbers(1, 6, 0, 4));
  for_all<std::pair<int, std::vector<int>>>(t, "depth and cancelled scopes", inputs, [](Trial& trial, const auto& in) {
    const int depth = in.first;
    int outermost = depth;
    for (const int drawn : in.second) outermost = std::min(outermost, drawn % depth);
    std::vector<std::string> expected(static_cast<std::size_t>(depth), "returned");
    std::fill(expected.begin() + outermost, expected.end(), "passed");
    expected[static_cast<std::size_t>(outermost)] = "absorbed";
    std::vector<std::string> outcomes;
    const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
      Nest nest(backend, depth);
      const auto cancel_all = [&]() -> Coro<> {
        bool by_deadline = false;
        for (const int drawn : in.second) {
          co_await backend.sleep(10ms);
          if (by_deadline) {
            nest.scope(drawn % depth).reschedule(backend.current_time());
          } else {
            nest.scope(drawn % depth).cancel();
          }
          by_deadline = !by_deadline;
          trial.witness("scopes cancelled during a shield");
        }
      };
      co_await nest.run([&]() -> Coro<> {
        co_await backend.ignore_cancellation(cancel_all());
        co_await backend.sleep(1s);
      });
      outcomes = nest.outcomes();
    });
    trial.expect_equal("outcomes", expected, outcomes);
    trial.expect_no_failure("no-failure", failure);
  });
}

// ---- What works inside it ------------------------------------------------------------------------------------------

void scopes_inside_work_as_usual(Trial& t) {
  const auto inputs = rc::gen::pair(number(0, 1), number(0, 1));
  for_all<std::pair<int, int>>(t, "pending request, two shields", inputs, [](Trial& trial, const auto& input) {
    Seconds elapsed{};
    bool deadline_caught = false;
    std::exception_ptr limit_outcome;
    bool cancel_caught = false;
    std::exception_ptr outcome;
    const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
      const auto sleeping = [&]() -> Coro<> { co_await backend.sleep(50ms); };
      const auto work = [&]() -> Coro<> {
        const TimePoint start = backend.current_time();
        auto deadline = backend.move_on_after(10ms);
        co_await deadline.run(sleeping);
        elapsed = backend.current_time() - start;
        deadline_caught = deadline.cancelled_caught();
        auto limit = backend.timeout(10ms);
        limit_outcome = co_await outcome_of(limit.run(sleeping));
        auto scope = backend.open_cancel_scope();
        scope.cancel();
        co_await scope.run(sleeping);
        cancel_caught = scope.cancelled_caught();
      };
      auto outside = backend.open_cancel_scope();
      co_await outside.run([&]() -> Coro<> {
        if (input.first != 0) outside.cancel();
        outcome = co_await outcome_of(in_shields(backend, input.second != 0, work()));
      });
    });
    trial.witness("scopes cancelled inside a shield", 3);
    trial.expect_no_failure("absorbed", outcome);
    trial.expect_true("deadline-caught", deadline_caught);
    trial.expect_elapsed("deadline", 10ms, elapsed);
    trial.expect_failure<TimeoutError>("timeout", limit_outcome);
    trial.expect_true("cancel-caught", cancel_caught);
    trial.expect_no_failure("no-failure", failure);
  });
}

void a_failing_child_interrupts_the_body_of_its_group(Trial& t) {
  for (const bool pending : {false, true}) {
    const std::exception_ptr thrown = make_failure("the child failed");
    std::exception_ptr body;
    Seconds elapsed{};
    std::exception_ptr outcome;
    const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
      const auto work = [&]() -> Coro<> {
        const TimePoint start = backend.current_time();
        auto group = backend.create_task_group();
        co_await group.run([&](TaskGroup& tasks) -> Coro<> {
          tasks.start_soon([&] { return work_to_the_end(backend, 10ms, thrown); });
          body = co_await outcome_of(backend.sleep(1s));
          elapsed = backend.current_time() - start;
        });
      };
      auto scope = backend.open_cancel_scope();
      co_await scope.run([&]() -> Coro<> {
        if (pending) scope.cancel();
        outcome = co_await outcome_of(backend.ignore_cancellation(work()));
      });
    });
    t.witness("groups inside a shield");
    t.expect_failure<Cancelled>("body-interrupted", body);
    t.expect_elapsed("instant", 10ms, elapsed);
    expect_leaves(t, "failure", {thrown}, outcome);
    t.expect_no_failure("no-failure", failure);
  }
}

void a_request_waits_for_the_outermost_shield(Trial& t) {
  const auto inputs = rc::gen::pair(number(1, 4), number(0, 4));
  for_all<std::pair<int, int>>(t, "shields and level of the request", inputs, [](Trial& trial, const auto& input) {
    const int depth = input.first;
    const int requested_at = input.second % (depth + 1);
    int disturbed = 0;
    std::exception_ptr behind;
    const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
      auto scope = backend.open_cancel_scope();
      std::function<Coro<>(int)> inside;
      const auto level = [&](int shields) -> Coro<> {
        if (shields == requested_at) scope.cancel();
        if (shields == depth) co_return;
        co_await backend.ignore_cancellation(inside(shields + 1));
        const std::exception_ptr outcome = co_await outcome_of(backend.sleep(10ms));
        if (shields == 0) {
          behind = outcome;
        } else if (outcome) {
          ++disturbed;
        }
      };
      inside = level;
      co_await scope.run([&] { return level(0); });
    });
    trial.witness("requests at a level of nested shields");
    trial.expect_equal("between", 0, disturbed);
    trial.expect_failure<Cancelled>("behind", behind);
    trial.expect_no_failure("no-failure", failure);
  });
}

void a_shielded_wait_for_oneself_is_as_declared(Trial& t) {
  const bool is_diagnosed = t.manifest().trait("self_join_is_diagnosed") == "yes";
  std::exception_ptr outcome;
  Seconds waited{};
  bool rested = false;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    std::optional<Task<void>> own;
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      own = co_await tasks.start([&]() -> Coro<> {
        co_await backend.sleep(10ms);
        // Inside the shield, so that the wait can be ended in spite of it.
        auto limit = backend.move_on_after(10s);
        const auto wait = [&]() -> Coro<> {
          outcome = co_await outcome_of(own->wait());
          t.witness("waits for oneself inside a shield");
        };
        const auto work = [&]() -> Coro<> { co_await limit.run(wait); };
        const TimePoint start = backend.current_time();
        co_await backend.ignore_cancellation(work());
        waited = backend.current_time() - start;
      });
      co_await backend.sleep(50ms);
      rested = true;
    });
  });
  t.expect_true("others", rested);
  if (is_diagnosed) {
    t.expect_failure<UsageError>("diagnosed", outcome);
    t.expect_elapsed("at-once", 0s, waited);
  } else {
    t.expect_failure<Cancelled>("still-waiting", outcome);
    t.expect_elapsed("to-the-limit", 10s, waited);
  }
  t.expect_no_failure("no-failure", failure);
}

}  // namespace

ClauseTests shield_tests() {
  return {
      {clause::Shield001, "AShieldGivesTheValueOfTheWork", a_shield_gives_the_value_of_the_work},
      {clause::Shield002, "AnExceptionLeavesTheShieldAsItIs", an_exception_leaves_the_shield_as_it_is},
      {clause::Shield003, "NoRequestFromOutsideReachesTheWork", no_request_from_outside_reaches_the_work},
      {clause::Shield004, "AnyNumberOfRequestsLeavesTheWorkUndisturbed",
       any_number_of_requests_leaves_the_work_undisturbed},
      {clause::Shield005, "ShieldedWorkRunsInTheCurrentTask", shielded_work_runs_in_the_current_task},
      {clause::Shield006, "EveryAwaitableCanBeShielded", every_awaitable_can_be_shielded},
      {clause::Shield007, "ARequestIsRaisedAtTheFirstCheckpointBehind",
       a_request_is_raised_at_the_first_checkpoint_behind},
      {clause::Shield008, "WithoutACheckpointBehindItARequestHasNoEffect",
       without_a_checkpoint_behind_it_a_request_has_no_effect},
      {clause::Shield009, "TheValueIsAlwaysDelivered", the_value_is_always_delivered},
      {clause::Shield010, "ACancellationOfTheWorksOwnLeavesIt", a_cancellation_of_the_works_own_leaves_it},
      {clause::Shield012, "ScopesInsideWorkAsUsual", scopes_inside_work_as_usual},
      {clause::Shield013, "AFailingChildInterruptsTheBodyOfItsGroup", a_failing_child_interrupts_the_body_of_its_group},
      {clause::Shield014, "ARequestWaitsForTheOutermostShield", a_request_waits_for_the_outermost_shield},
      {clause::Shield015, "WorkThatIsReadyIsNotSuspended", work_that_is_ready_is_not_suspended},
      {clause::Shield016, "AnEarlierRequestDoesNotDisturbTheWork", an_earlier_request_does_not_disturb_the_work},
      {clause::Shield017, "SeveralRequestsLeadToACancellation", several_requests_lead_to_a_cancellation},
      {clause::Shield019, "AShieldedWaitForOneselfIsAsDeclared", a_shielded_wait_for_oneself_is_as_declared},
      {clause::Shield020, "TheOutermostScopeAbsorbsWhatCameDuringIt", the_outermost_scope_absorbs_what_came_during_it},
  };
}

}  // namespace concert::conformance
