// SPDX-License-Identifier: Apache-2.0
// Tests of spec/clauses/event.md.
#include <functional>
#include <list>
#include <optional>

#include "concert/harness/for_all.hpp"
#include "concert/harness/generators.hpp"
#include "concert/harness/start_order.hpp"
#include "concert/harness/unwinding.hpp"
#include "concert/suite/suite.hpp"
#include "misuse.hpp"

namespace concert::conformance {

namespace {

using namespace std::chrono_literals;

/// When a wait began and ended, and what is_set() said behind it.
struct Waited {
  TimePoint begin{};
  TimePoint end{};
  bool was_set = false;
};

Coro<> wait_noting(AsyncBackend& backend, Event& event, std::list<Waited>& waits) {
  Waited waited;
  waited.begin = backend.current_time();
  co_await event.wait();
  waited.end = backend.current_time();
  waited.was_set = event.is_set();
  waits.push_back(waited);
}

void a_new_event_is_not_set(Trial& t) {
  for_all<Numbers>(t, "which are set", numbers(1, 5, 0, 1), [](Trial& one, const Numbers& drawn) {
    std::vector<bool> expected;
    std::vector<bool> at_first;
    std::vector<bool> then;
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      std::list<Event> events;
      for (const int is_set : drawn) {
        Event& event = events.emplace_back(backend.make_event());
        at_first.push_back(event.is_set());
        if (is_set != 0) event.set();
        expected.push_back(is_set != 0);
      }
      for (const Event& event : events) then.push_back(event.is_set());
      at_first.push_back(backend.create_event().is_set());
      co_return;
    });
    one.witness("new events", at_first.size());
    one.expect_equal("new", std::vector<bool>(drawn.size() + 1, false), at_first);
    one.expect_equal("independent", expected, then);
    one.expect_no_failure("no-failure", failure);
  });
}

void a_wait_ends_at_the_call(Trial& t) {
  const auto inputs = rc::gen::pair(number(4, 9), numbers(1, 5, 0, 3));
  for_all<std::pair<int, Numbers>>(t, "time of set, begins of waits", inputs, [](Trial& one, const auto& input) {
    std::list<Waited> waits;
    TimePoint set_at{};
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      Event event = backend.create_event();
      const auto waiter = [&](int begin) -> Coro<> {
        co_await backend.sleep(steps(begin));
        co_await wait_noting(backend, event, waits);
      };
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        for (const int begin : input.second) tasks.start_soon(waiter, begin);
        co_await backend.sleep(steps(input.first) + 5ms);
        set_at = backend.current_time();
        event.set();
      });
    });
    one.witness("waits that were suspended", waits.size());
    for (const Waited& waited : waits) {
      one.expect_time("instant", set_at, waited.end);
      one.expect_true("set-behind", waited.was_set);
    }
    one.expect_no_failure("no-failure", failure);
  });
}

void a_wait_for_a_set_event_returns_at_once(Trial& t) {
  for_all<Numbers>(t, "begins of waits", numbers(1, 5, 0, 3), [](Trial& one, const Numbers& begins) {
    std::list<Waited> waits;
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      Event event = backend.create_event();
      event.set();
      const auto waiter = [&](int begin) -> Coro<> {
        co_await backend.sleep(steps(begin));
        co_await wait_noting(backend, event, waits);
      };
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        for (const int begin : begins) tasks.start_soon(waiter, begin);
        co_return;
      });
    });
    one.witness("waits for a set event", waits.size());
    one.expect_equal("all", begins.size(), waits.size());
    for (const Waited& waited : waits) one.expect_time("instant", waited.begin, waited.end);
    one.expect_no_failure("no-failure", failure);
  });
}

/// Waits in surroundings of several kinds.
Coro<> wait_inside(AsyncBackend& backend, Event& event, int kind, int& woken) {
  const auto wait = [&]() -> Coro<> {
    co_await event.wait();
    ++woken;
  };
  auto scope = backend.open_cancel_scope();
  auto group = backend.create_task_group();
  switch (kind) {
    case 0: co_await wait(); break;
    case 1: co_await scope.run(wait); break;
    case 2: co_await backend.ignore_cancellation(wait()); break;
    default:
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        tasks.start_soon(wait);
        co_return;
      });
  }
}

void set_wakes_everybody(Trial& t) {
  for_all<Numbers>(t, "where they wait", numbers(1, 8, 0, 3), [](Trial& one, const Numbers& kinds) {
    int woken = 0;
    bool set_behind = false;
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      Event event = backend.create_event();
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        for (const int kind : kinds) {
          tasks.start_soon(wait_inside, std::ref(backend), std::ref(event), kind, std::ref(woken));
        }
        co_await backend.sleep(10ms);
        event.set();
        set_behind = event.is_set();
      });
    });
    one.witness("tasks that wait", kinds.size());
    one.expect_true("set", set_behind);
    one.expect_equal("all", static_cast<int>(kinds.size()), woken);
    one.expect_no_failure("no-failure", failure);
  });
}

void no_set_is_missed(Trial& t) {
  // Equal times are meant to occur.
  const auto inputs = rc::gen::pair(number(0, 3), numbers(1, 6, 0, 3));
  for_all<std::pair<int, Numbers>>(t, "time of set, begins of waits", inputs, [](Trial& one, const auto& input) {
    int ended = 0;
    std::list<Waited> waits;
    TimePoint set_at{};
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      Event event = backend.create_event();
      const TimePoint start = backend.current_time() + 10ms;
      const auto waiter = [&](int begin) -> Coro<> {
        co_await backend.sleep_until(start + steps(begin));
        co_await wait_noting(backend, event, waits);
      };
      const auto setter = [&]() -> Coro<> {
        co_await backend.sleep_until(start + steps(input.first));
        set_at = backend.current_time();
        event.set();
      };
      Event in_one_step = backend.create_event();
      const auto wait_there = [&]() -> Coro<> {
        co_await in_one_step.wait();
        ++ended;
      };
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        bool is_started = false;
        for (const int begin : input.second) {
          tasks.start_soon(waiter, begin);
          if (!is_started) tasks.start_soon(setter);
          is_started = true;
        }
        tasks.start_soon(wait_there);
        in_one_step.set();
        tasks.start_soon(wait_there);
        co_return;
      });
    });
    one.witness("waits near the call", waits.size());
    one.expect_equal("all", input.second.size(), waits.size());
    for (const Waited& waited : waits) one.expect_time("instant", std::max(set_at, waited.begin), waited.end);
    one.expect_equal("in-one-step", 2, ended);
    one.expect_no_failure("no-failure", failure);
  });
}

void is_set_tells_whether_it_was_set(Trial& t) {
  std::vector<bool> before;
  std::vector<bool> after;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    Event event = backend.create_event();
    bool called = false;
    const auto ask = [&] { (called ? after : before).push_back(event.is_set()); };
    const auto stranger = [&]() -> Coro<> {
      for (int i = 0; i < 8; ++i) {
        ask();
        co_await backend.sleep(7ms);
      }
    };
    const auto waiter = [&]() -> Coro<> {
      ask();
      co_await event.wait();
      ask();
      co_await backend.sleep(10ms);
      ask();
    };
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      tasks.start_soon(stranger);
      tasks.start_soon(waiter);
      tasks.start_soon(waiter);
      co_await backend.sleep(25ms);
      ask();
      event.set();
      called = true;
      ask();
    });
  });
  t.witness("looks before the call", before.size());
  t.witness("looks after the call", after.size());
  t.expect_equal("before", std::vector<bool>(before.size(), false), before);
  t.expect_equal("after", std::vector<bool>(after.size(), true), after);
  t.expect_no_failure("no-failure", failure);
}

void an_event_is_refused_outside_its_loop(Trial& t) {
  Elsewhere elsewhere;
  std::optional<Event> untouched;
  std::optional<Event> happened;
  bool woken = false;
  bool as_before = false;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    untouched.emplace(backend.make_event());
    happened.emplace(backend.make_event());
    happened->set();
    for (auto* event : {&untouched, &happened}) {
      elsewhere.add("set", [event] { (*event)->set(); });
      elsewhere.add("is_set", [event] { static_cast<void>((*event)->is_set()); });
      elsewhere.add_wait("wait", [event]() -> Coro<> { co_await (*event)->wait(); });
    }
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      tasks.start_soon([&]() -> Coro<> {
        co_await untouched->wait();
        woken = true;
      });
      co_await backend.sleep(10ms);
      elsewhere.try_in_threads(t);
      co_await backend.sleep(10ms);
      as_before = !untouched->is_set() && !woken && happened->is_set();
      untouched->set();
    });
  });
  elsewhere.try_later(t);
  elsewhere.judge(t);
  t.expect_true("as-before", as_before);
  t.expect_true("waiter", woken);
  t.expect_no_failure("no-failure", failure);
}

void set_runs_nobody_and_counts_once(Trial& t) {
  const auto inputs = rc::gen::tuple(number(1, 4), number(0, 3), number(0, 3));
  for_all<std::tuple<int, int, int>>(t, "waiters, further calls at once, later", inputs,
                                     [](Trial& one, const auto& in) {
                                       const auto [waiters, at_once, later] = in;
                                       int woken = 0;
                                       int woken_inside = 0;
                                       TimePoint set_at{};
                                       std::list<Waited> waits;
                                       std::vector<Seconds> rests;
                                       const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
                                         Event event = backend.create_event();
                                         const auto waiter = [&]() -> Coro<> {
                                           co_await wait_noting(backend, event, waits);
                                           ++woken;
                                           // Further calls must not end this.
                                           const TimePoint begin = backend.current_time();
                                           co_await backend.sleep(100ms);
                                           rests.push_back(backend.current_time() - begin);
                                         };
                                         const auto set = [&] {
                                           const int before = woken;
                                           event.set();
                                           woken_inside += woken - before;
                                         };
                                         auto group = backend.create_task_group();
                                         co_await group.run([&](TaskGroup& tasks) -> Coro<> {
                                           for (int i = 0; i < waiters; ++i) tasks.start_soon(waiter);
                                           co_await backend.sleep(10ms);
                                           set_at = backend.current_time();
                                           for (int i = 0; i <= at_once; ++i) set();
                                           for (int i = 0; i < later; ++i) {
                                             co_await backend.sleep(10ms);
                                             set();
                                           }
                                         });
                                       });
                                       one.witness("calls with waiters", static_cast<std::size_t>(waiters));
                                       one.expect_equal("nobody-inside", 0, woken_inside);
                                       one.expect_equal("once", waiters, woken);
                                       for (const Seconds rest : rests) one.expect_elapsed("undisturbed", 100ms, rest);
                                       for (const Waited& waited : waits)
                                         one.expect_time("instant", set_at, waited.end);
                                       one.expect_no_failure("no-failure", failure);
                                     });
}

void the_order_of_waking_is_as_declared(Trial& t) {
  expect_start_order(t, t.manifest().trait("event_wake_order") == "fifo",
                     [](AsyncBackend& backend, int count, std::vector<int>& woken) -> Coro<> {
                       Event event = backend.create_event();
                       const auto waiter = [&](int position) -> Coro<> {
                         co_await event.wait();
                         woken.push_back(position);
                       };
                       auto group = backend.create_task_group();
                       co_await group.run([&](TaskGroup& tasks) -> Coro<> {
                         for (int i = 0; i < count; ++i) co_await tasks.start(waiter, i);
                         co_await backend.sleep(10ms);
                         event.set();
                       });
                     });
}

void a_cancelled_waiter_disturbs_nobody(Trial& t) {
  // When each waiter is cancelled, in tens of milliseconds; 0: never. The call comes at 3.
  const auto inputs = rc::gen::pair(numbers(1, 6, 0, 5), number(0, 2));
  for_all<std::pair<Numbers, int>>(t, "cancellations, order in one turn", inputs, [](Trial& one, const auto& input) {
    const Numbers& moments = input.first;
    std::size_t ended = 0;
    std::size_t interrupted = 0;
    int set_early = 0;
    int set_late = 0;
    std::vector<std::pair<int, std::exception_ptr>> outcomes;
    std::vector<TimePoint> ends;
    TimePoint set_at{};
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      Event event = backend.create_event();
      const TimePoint start = backend.current_time();
      const auto waiter = [&](int moment, bool by_deadline) -> Coro<> {
        auto limit = backend.open_cancel_scope();
        if (by_deadline && moment > 0) limit.reschedule(start + steps(moment));
        const auto wait = [&]() -> Coro<> {
          const auto outcome = co_await outcome_of(event.wait());
          ++ended;
          outcomes.emplace_back(moment, outcome);
          if (outcome) {
            ++interrupted;
          } else {
            ends.push_back(backend.current_time());
          }
        };
        co_await limit.run(wait);
      };
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        std::list<std::pair<int, Task<void>>> by_hand;
        bool by_deadline = false;
        for (const int moment : moments) {
          by_deadline = !by_deadline && input.second == 0;
          by_hand.emplace_back(by_deadline ? 0 : moment, co_await tasks.start(waiter, moment, by_deadline));
        }
        for (int now = 1; now <= 5; ++now) {
          co_await backend.sleep_until(start + steps(now));
          const auto set = [&] {
            if (event.is_set()) ++set_early;
            set_at = backend.current_time();
            event.set();
          };
          if (now == 3 && input.second != 2) set();
          for (const auto& [moment, task] : by_hand) {
            if (moment == now) task.cancel();
          }
          if (now == 3 && input.second == 2) set();
          if (now < 3 && event.is_set()) ++set_early;
          if (now >= 3 && !event.is_set()) ++set_late;
        }
      });
    });
    one.witness("waiters", moments.size());
    one.witness("cancelled waits", interrupted);
    one.expect_equal("ended-once", moments.size(), ended);
    one.expect_equal("flag", 0, set_early + set_late);
    for (const auto& [moment, outcome] : outcomes) {
      if (moment == 0 || moment > 3) one.expect_no_failure("the-others", outcome);
      if (moment == 1 || moment == 2) one.expect_failure<Cancelled>("cancelled", outcome);
    }
    for (const TimePoint end : ends) one.expect_time("instant", set_at, end);
    one.expect_no_failure("no-failure", failure);
  });
}

}  // namespace

ClauseTests event_tests() {
  return {
      {clause::Event001, "ANewEventIsNotSet", a_new_event_is_not_set},
      {clause::Event002, "AWaitEndsAtTheCall", a_wait_ends_at_the_call},
      {clause::Event003, "AWaitForASetEventReturnsAtOnce", a_wait_for_a_set_event_returns_at_once},
      {clause::Event004, "SetWakesEverybody", set_wakes_everybody},
      {clause::Event005, "NoSetIsMissed", no_set_is_missed},
      {clause::Event006, "IsSetTellsWhetherItWasSet", is_set_tells_whether_it_was_set},
      {clause::Event007, "AnEventIsRefusedOutsideItsLoop", an_event_is_refused_outside_its_loop},
      {clause::Event008, "SetRunsNobodyAndCountsOnce", set_runs_nobody_and_counts_once},
      {clause::Event010, "TheOrderOfWakingIsAsDeclared", the_order_of_waking_is_as_declared},
      {clause::Event011, "ACancelledWaiterDisturbsNobody", a_cancelled_waiter_disturbs_nobody},
  };
}

}  // namespace concert::conformance
