// SPDX-License-Identifier: Apache-2.0
// Tests of spec/clauses/lock.md, the family Fair.
#include <algorithm>
#include <string>

#include "concert/harness/unwinding.hpp"
#include "concert/suite/suite.hpp"
#include "lock_promises.hpp"
#include "misuse.hpp"

namespace concert::conformance {

namespace {

using namespace std::chrono_literals;

void order_of_requests(Trial& t, MakeLock make, int most_patience) {
  for_all<LockUsers>(t, "users", lock_users(most_patience), [make](Trial& one, const LockUsers& users) {
    LockTrace trace;
    const auto failure = run_lock_users(one, make, users, trace);
    one.witness("acquisitions that waited", blocked(trace));
    if (cancelled(trace) > 0) one.witness("cancelled acquisitions", cancelled(trace));
    expect_first_come_first_served(one, trace);
    expect_exclusion(one, trace);
    one.expect_no_failure("no-failure", failure);
  });
}

void requests_are_served_in_their_order(Trial& t) { order_of_requests(t, fair_lock, 0); }

void direct_hand_over(Trial& t, MakeLock make) {
  for_all<int>(t, "waiters", number(1, 5), [make](Trial& one, const int& waiters) {
    Log expected;
    for (int i = 0; i < waiters; ++i) expected("waiter " + std::to_string(i));
    expected("the owner again");
    Log log;
    bool locked = false;
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      Lock lock = make(backend);
      const auto use = [&](int number) -> Coro<> {
        co_await lock.acquire();
        log("waiter " + std::to_string(number));
        co_await backend.sleep(10ms);
        lock.release();
      };
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        co_await lock.acquire();
        for (int i = 0; i < waiters; ++i) co_await tasks.start(use, i);
        lock.release();
        locked = lock.locked();
        co_await lock.acquire();
        log("the owner again");
        lock.release();
      });
    });
    one.witness("releases with waiters", static_cast<std::size_t>(waiters));
    one.expect_true("handed-over", locked);
    one.expect_equal("longest-first", expected, log);
    one.expect_no_failure("no-failure", failure);
  });
}

void release_hands_it_to_the_one_that_waited_longest(Trial& t) { direct_hand_over(t, fair_lock); }

void it_is_a_lock(Trial& t) {
  for (const auto promise :
       {a_new_lock_is_free, a_lock_is_refused_outside_its_loop, one_task_at_a_time, blocks_hold_and_release,
        acquire_waits_for_the_release, one_goes_on_for_each_release, nothing_runs_inside_release,
        a_free_lock_cannot_be_released, only_the_owner_releases, locked_tells_whether_it_is_held,
        a_cancelled_acquire_takes_nothing, nobody_overtakes_those_who_wait}) {
    promise(t, fair_lock);
  }
}

void a_free_one_is_taken_without_a_switch(Trial& t) {
  for_all<int>(t, "locks", number(1, 5), [](Trial& one, const int& count) {
    int ran = 0;
    int ran_behind = 0;
    int locked = 0;
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        for (int i = 0; i < 3; ++i) {
          tasks.start_soon([&]() -> Coro<> {
            ++ran;
            co_return;
          });
        }
        for (int i = 0; i < count; ++i) {
          Lock lock = fair_lock(backend);
          co_await lock.acquire();
          if (lock.locked()) ++locked;
          lock.release();
        }
        ran_behind = ran;
      });
    });
    one.witness("other ready tasks", static_cast<std::size_t>(ran));
    one.expect_equal("no-switch", 0, ran_behind);
    one.expect_equal("taken", count, locked);
    one.expect_no_failure("no-failure", failure);
  });
}

void races_keep_the_order(Trial& t, MakeLock make) {
  const auto races = rc::gen::pair(number(0, 1), number(0, 4));
  for_all<std::pair<int, int>>(t, "release first, waiters behind", races, [make](Trial& one, const auto& input) {
    const auto [release_first, behind] = input;
    ReleaseRace race;
    const auto failure = run_release_race(one, make, release_first != 0, behind, race);
    std::vector<int> expected;
    for (int i = race.first_was_cancelled ? 1 : 0; i <= behind; ++i) expected.push_back(i);
    one.witness("first waiters cancelled in the turn of the release");
    one.expect_equal("race-order", expected, race.order);
    one.expect_equal("one-owner", static_cast<int>(!race.order.empty()), race.most_inside);
    if (race.first_got_it) one.expect_true("request-pending", race.request_pending);
    one.expect_true("free", race.free_at_the_end);
    one.expect_no_failure("no-failure", failure);
  });
}

/// Fit for a soak: --cases says how many programs are drawn.
void the_order_outlives_cancellations(Trial& t) {
  races_keep_the_order(t, fair_lock);
  order_of_requests(t, fair_lock, 6);
}

void exactly_one_goes_on_after_a_race(Trial& t) { races_keep_the_order(t, fair_lock); }

void releasing_a_free_one_is_refused(Trial& t) {
  std::exception_ptr on_new;
  std::exception_ptr after_release;
  std::exception_ptr own_release;
  std::exception_ptr again;
  bool freed = false;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    Lock lock = fair_lock(backend);
    const auto release = [&] { return thrown_by([&] { lock.release(); }); };
    on_new = release();
    co_await lock.acquire();
    own_release = release();
    freed = !lock.locked();
    after_release = release();
    co_await lock.acquire();
    again = release();
  });
  t.witness("releases of a free lock", 2);
  expect_usage_error(t, "new", "message", {"release"}, on_new);
  t.expect_no_failure("without-waiters", own_release);
  t.expect_true("freed", freed);
  expect_usage_error(t, "after-release", "message", {"release"}, after_release);
  t.expect_no_failure("usable-afterwards", again);
  t.expect_no_failure("no-failure", failure);
}

void the_default_needs_events_only(Trial& t) {
  direct_hand_over(t, default_fair_lock);
  races_keep_the_order(t, default_fair_lock);
  order_of_requests(t, default_fair_lock, 6);
}

}  // namespace

ClauseTests fair_tests() {
  return {
      {clause::Fair001, "RequestsAreServedInTheirOrder", requests_are_served_in_their_order},
      {clause::Fair002, "ReleaseHandsItToTheOneThatWaitedLongest", release_hands_it_to_the_one_that_waited_longest},
      {clause::Fair003, "ItIsALock", it_is_a_lock},
      {clause::Fair004, "AFreeOneIsTakenWithoutASwitch", a_free_one_is_taken_without_a_switch},
      {clause::Fair005, "TheOrderOutlivesCancellations", the_order_outlives_cancellations},
      {clause::Fair006, "ExactlyOneGoesOnAfterARace", exactly_one_goes_on_after_a_race},
      {clause::Fair007, "ReleasingAFreeOneIsRefused", releasing_a_free_one_is_refused},
      {clause::Fair008, "TheDefaultNeedsEventsOnly", the_default_needs_events_only},
  };
}

}  // namespace concert::conformance
