// SPDX-License-Identifier: Apache-2.0
// Tests of spec/clauses/lock.md, the family Lock. The family Fair is in fair.cpp.
#include <functional>
#include <list>
#include <memory>
#include <optional>

#include "concert/harness/unwinding.hpp"
#include "concert/suite/suite.hpp"
#include "lock_promises.hpp"
#include "misuse.hpp"

namespace concert::conformance {

namespace {

using namespace std::chrono_literals;

}  // namespace

// ---- What holds for every kind of lock -----------------------------------------------------------------------------

void a_new_lock_is_free(Trial& t, MakeLock make) {
  for_all<Numbers>(t, "which are held", numbers(1, 5, 0, 1), [make](Trial& one, const Numbers& drawn) {
    std::vector<bool> expected;
    std::vector<bool> at_first;
    std::vector<bool> then;
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      std::list<Lock> locks;
      for (const int held : drawn) {
        const Lock lock = make(backend);
        at_first.push_back(lock.locked());
        locks.emplace_back(lock.core());
        if (held != 0) co_await locks.back().acquire();
        expected.push_back(held != 0);
      }
      for (const Lock& lock : locks) then.push_back(lock.locked());
    });
    one.witness("new locks", at_first.size());
    one.expect_equal("new", std::vector<bool>(drawn.size(), false), at_first);
    one.expect_equal("independent", expected, then);
    one.expect_no_failure("no-failure", failure);
  });
}

void a_lock_is_refused_outside_its_loop(Trial& t, MakeLock make) {
  Elsewhere elsewhere;
  std::optional<Lock> free;
  std::optional<Lock> held;
  bool entered = false;
  bool locked = false;
  bool stayed_free = false;
  std::exception_ptr own_release;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    free.emplace(make(backend).core());
    held.emplace(make(backend).core());
    for (auto* lock : {&free, &held}) {
      elsewhere.add("release", [lock] { (*lock)->release(); });
      elsewhere.add("locked", [lock] { static_cast<void>((*lock)->locked()); });
      elsewhere.add_wait("acquire", [lock]() -> Coro<> { co_await (*lock)->acquire(); });
    }
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      co_await held->acquire();
      tasks.start_soon([&]() -> Coro<> {
        co_await held->acquire();
        entered = true;
        held->release();
      });
      co_await backend.sleep(10ms);
      elsewhere.try_in_threads(t);
      co_await backend.sleep(10ms);
      locked = held->locked() && !entered;
      stayed_free = !free->locked();
      own_release = thrown_by([&] { held->release(); });
    });
  });
  elsewhere.try_later(t);
  elsewhere.judge(t);
  t.expect_true("keeps-its-owner", locked);
  t.expect_true("stays-free", stayed_free);
  t.expect_no_failure("own-release", own_release);
  t.expect_true("waiter", entered);
  t.expect_no_failure("no-failure", failure);
}

void one_task_at_a_time(Trial& t, MakeLock make) {
  for_all<LockUsers>(t, "users", lock_users(6), [make](Trial& one, const LockUsers& users) {
    LockTrace trace;
    const auto failure = run_lock_users(one, make, users, trace);
    one.witness("acquisitions that waited", blocked(trace));
    expect_exclusion(one, trace);
    one.expect_no_failure("no-failure", failure);
  });
}

namespace {

enum class BlockEnd { value, failure, cancelled };

/// Ends in the given way, 30 ms after the lock was got.
Coro<int> end_block(AsyncBackend& backend, BlockEnd end, const std::exception_ptr& thrown) {
  co_await backend.sleep(end == BlockEnd::cancelled ? long_time : steps(3));
  if (end == BlockEnd::failure) std::rethrow_exception(thrown);
  co_return 7;
}

struct BlockOutcome {
  int value = 0;
  std::exception_ptr failure;
  bool held_inside = false;
  bool got_after = false;
  bool got_before = false;
};

/// A block over the lock ends in some way while another task waits for it.
std::exception_ptr run_block(Trial& t, MakeLock make, bool scoped, BlockEnd end, const std::exception_ptr& thrown,
                             BlockOutcome& outcome) {
  return t.run([&](AsyncBackend& backend) -> Coro<> {
    Lock lock = make(backend);
    bool inside = false;
    const auto body = [&]() -> Coro<int> {
      inside = true;
      outcome.held_inside = lock.locked();
      const auto failure = co_await outcome_of(backend.sleep(10ms));
      outcome.held_inside = outcome.held_inside && lock.locked();
      if (failure) std::rethrow_exception(failure);
      co_return co_await end_block(backend, end, thrown);
    };
    const auto use = [&]() -> Coro<> {
      if (scoped) {
        auto held = co_await lock.scoped();
        outcome.value = co_await body();
      } else {
        outcome.value = co_await lock.run(body);
      }
    };
    const auto user = [&]() -> Coro<> {
      auto limit = backend.move_on_after(end == BlockEnd::cancelled ? steps(4) : long_time);
      const auto noting = [&]() -> Coro<> {
        outcome.failure = co_await outcome_of(use());
        inside = false;
        if (is_cancelled(outcome.failure)) std::rethrow_exception(outcome.failure);
      };
      co_await limit.run(noting);
    };
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      co_await tasks.start(user);
      co_await lock.acquire();
      outcome.got_before = inside;
      outcome.got_after = true;
      lock.release();
    });
  });
}

}  // namespace

void blocks_hold_and_release(Trial& t, MakeLock make) {
  for (const bool scoped : {true, false}) {
    for (const BlockEnd end : {BlockEnd::value, BlockEnd::failure, BlockEnd::cancelled}) {
      for (int kind = 0; kind < (end == BlockEnd::failure ? failure_kinds : 1); ++kind) {
        const std::exception_ptr thrown = make_failure_of_kind(kind);
        BlockOutcome outcome;
        const auto failure = run_block(t, make, scoped, end, thrown, outcome);
        t.witness("blocks with a waiter", outcome.got_after ? 1 : 0);
        t.expect_true("held-inside", outcome.held_inside);
        t.expect_false("released-early", outcome.got_before);
        t.expect_true("released", outcome.got_after);
        if (end == BlockEnd::value) t.expect_equal("value", 7, outcome.value);
        if (end == BlockEnd::failure) expect_same_object(t, "failure", thrown, outcome.failure);
        if (end == BlockEnd::cancelled) t.expect_failure<Cancelled>("cancelled", outcome.failure);
        t.expect_no_failure("no-failure", failure);
      }
    }
  }
  std::exception_ptr from_guard;
  std::exception_ptr from_run;
  bool free = false;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    Lock lock = make(backend);
    const auto by_hand = [&]() -> Coro<> {
      co_await backend.sleep(10ms);
      lock.release();
    };
    const auto guarded = [&]() -> Coro<> {
      auto held = co_await lock.scoped();
      co_await by_hand();
    };
    from_guard = co_await outcome_of(guarded());
    from_run = co_await outcome_of(lock.run(by_hand));
    free = !lock.locked();
  });
  t.expect_no_failure("guard-by-hand", from_guard);
  t.expect_failure<UsageError>("run-by-hand", from_run);
  t.expect_true("free", free);
  t.expect_no_failure("no-failure", failure);
}

void acquire_waits_for_the_release(Trial& t, MakeLock make) {
  const auto inputs = rc::gen::pair(number(1, 5), number(0, 4));
  for_all<std::pair<int, int>>(t, "length of the section, time of the request", inputs,
                               [make](Trial& one, const auto& input) {
                                 const auto [length, asked] = input;
                                 TimePoint released{};
                                 TimePoint got{};
                                 bool waited = false;
                                 bool is_locked = false;
                                 std::exception_ptr own_release;
                                 const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
                                   Lock lock = make(backend);
                                   const TimePoint start = backend.current_time();
                                   const auto waiter = [&]() -> Coro<> {
                                     co_await backend.sleep_until(start + steps(asked) + 5ms);
                                     waited = lock.locked();
                                     const TimePoint asked_at = backend.current_time();
                                     co_await lock.acquire();
                                     got = backend.current_time();
                                     if (!waited) released = asked_at;
                                     is_locked = lock.locked();
                                     own_release = thrown_by([&] { lock.release(); });
                                   };
                                   auto group = backend.create_task_group();
                                   co_await group.run([&](TaskGroup& tasks) -> Coro<> {
                                     tasks.start_soon(waiter);
                                     co_await lock.acquire();
                                     co_await backend.sleep_until(start + steps(length));
                                     released = backend.current_time();
                                     lock.release();
                                   });
                                 });
                                 one.witness("acquisitions that waited", waited ? 1 : 0);
                                 one.expect_time("instant", released, got);
                                 one.expect_true("locked", is_locked);
                                 one.expect_no_failure("owner", own_release);
                                 one.expect_no_failure("no-failure", failure);
                               });
}

void one_goes_on_for_each_release(Trial& t, MakeLock make) {
  for_all<int>(t, "waiters", number(1, 6), [make](Trial& one, const int& waiters) {
    Log expected;
    for (int i = 0; i <= waiters; ++i) {
      expected("got");
      expected("released");
    }
    Log log;
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      Lock lock = make(backend);
      const auto use = [&]() -> Coro<> {
        co_await lock.acquire();
        log("got");
        co_await backend.sleep(10ms);
        log("released");
        lock.release();
      };
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        for (int i = 0; i <= waiters; ++i) tasks.start_soon(use);
        co_return;
      });
    });
    one.witness("waiters", static_cast<std::size_t>(waiters));
    one.expect_equal("one-for-each", expected, log);
    one.expect_no_failure("no-failure", failure);
  });
}

void nothing_runs_inside_release(Trial& t, MakeLock make) {
  enum class Place { plain, cancelled_scope, shield };
  for (const Place place : {Place::plain, Place::cancelled_scope, Place::shield}) {
    for (const int waiters : {0, 1, 3}) {
      int ran = 0;
      int ran_inside = 0;
      bool locked_behind = false;
      const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
        Lock lock = make(backend);
        const auto waiter = [&]() -> Coro<> {
          co_await lock.acquire();
          ++ran;
          lock.release();
        };
        const auto release = [&]() -> Coro<> {
          const int before = ran;
          lock.release();
          ran_inside = ran - before;
          locked_behind = lock.locked();
          co_return;
        };
        auto scope = backend.open_cancel_scope();
        const auto in_cancelled_scope = [&]() -> Coro<> {
          scope.cancel();
          co_await release();
        };
        auto group = backend.create_task_group();
        co_await group.run([&](TaskGroup& tasks) -> Coro<> {
          co_await lock.acquire();
          for (int i = 0; i < waiters; ++i) tasks.start_soon(waiter);
          co_await backend.sleep(10ms);
          if (place == Place::plain) co_await release();
          if (place == Place::cancelled_scope) co_await scope.run(in_cancelled_scope);
          if (place == Place::shield) co_await backend.ignore_cancellation(release());
        });
      });
      t.witness("releases", 1);
      t.expect_equal("nothing-ran", 0, ran_inside);
      if (waiters == 0) t.expect_false("freed", locked_behind);
      t.expect_equal("went-on", waiters, ran);
      t.expect_no_failure("no-failure", failure);
    }
  }
}

void a_free_lock_cannot_be_released(Trial& t, MakeLock make) {
  std::exception_ptr on_new;
  std::exception_ptr after_release;
  std::exception_ptr after_cancelled;
  int inside = 0;
  int most_inside = 0;
  int entered = 0;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    Lock lock = make(backend);
    const auto release = [&] { return thrown_by([&] { lock.release(); }); };
    on_new = release();
    co_await lock.acquire();
    lock.release();
    after_release = release();
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      co_await lock.acquire();
      const Task<void> waiter = co_await tasks.start([&]() -> Coro<> { co_await lock.acquire(); });
      co_await backend.sleep(10ms);
      waiter.cancel();
      co_await waiter.wait();
      t.witness("cancelled waits", waiter.cancelled() ? 1 : 0);
      lock.release();
      after_cancelled = release();
      for (int i = 0; i < 3; ++i) {
        tasks.start_soon([&]() -> Coro<> {
          co_await lock.acquire();
          ++entered;
          most_inside = std::max(most_inside, ++inside);
          co_await backend.sleep(10ms);
          --inside;
          lock.release();
        });
      }
    });
  });
  expect_usage_error(t, "new", "message", {"release"}, on_new);
  expect_usage_error(t, "after-release", "message", {"release"}, after_release);
  expect_usage_error(t, "after-cancelled-wait", "message", {"release"}, after_cancelled);
  t.expect_equal("alone-afterwards", 1, most_inside);
  t.expect_equal("usable-afterwards", 3, entered);
  t.expect_no_failure("no-failure", failure);
}

void only_the_owner_releases(Trial& t, MakeLock make) {
  std::vector<std::exception_ptr> refused;
  std::exception_ptr own_release;
  bool locked = false;
  bool entered = false;
  bool entered_early = false;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    Lock lock = make(backend);
    const auto try_release = [&] { refused.push_back(thrown_by([&] { lock.release(); })); };
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      const Task<void> owner = co_await tasks.start([&]() -> Coro<> {
        co_await lock.acquire();
        co_await backend.sleep(100ms);
        entered_early = entered;
        locked = lock.locked();
        own_release = thrown_by([&] { lock.release(); });
      });
      co_await backend.sleep(10ms);
      tasks.start_soon([&]() -> Coro<> {
        co_await lock.acquire();
        entered = true;
        lock.release();
      });
      const auto sibling = [&]() -> Coro<> {
        try_release();
        co_return;
      };
      const auto waiter = [&]() -> Coro<> {
        auto limit = backend.move_on_after(10ms);
        const auto wait = [&]() -> Coro<> { co_await lock.acquire(); };
        co_await limit.run(wait);
        try_release();
      };
      tasks.start_soon(sibling);
      tasks.start_soon(waiter);
      try_release();
    });
  });
  t.witness("releases by others", refused.size());
  t.expect_equal("tried", 3, static_cast<int>(refused.size()));
  for (const std::exception_ptr& outcome : refused) {
    expect_usage_error(t, "refused", "message", {"release"}, outcome);
  }
  t.expect_false("nobody-else", entered_early);
  t.expect_true("still-locked", locked);
  t.expect_no_failure("own-release", own_release);
  t.expect_true("waiter", entered);
  t.expect_no_failure("no-failure", failure);
}

void locked_tells_whether_it_is_held(Trial& t, MakeLock make) {
  for_all<int>(t, "checkpoints inside", number(1, 4), [make](Trial& one, const int& checkpoints) {
    bool before = true;
    bool after = true;
    bool always = true;
    std::size_t asked = 0;
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      Lock lock = make(backend);
      bool is_over = false;
      const auto ask = [&] {
        always = always && lock.locked();
        ++asked;
      };
      const auto use = [&]() -> Coro<> {
        co_await lock.acquire();
        ask();
        for (int i = 0; i < checkpoints; ++i) {
          co_await backend.sleep(10ms);
          ask();
        }
        lock.release();
      };
      before = lock.locked();
      auto users = backend.create_task_group();
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& strangers) -> Coro<> {
        co_await users.run([&](TaskGroup& tasks) -> Coro<> {
          tasks.start_soon(use);
          tasks.start_soon(use);
          co_await backend.sleep(2ms);
          strangers.start_soon([&]() -> Coro<> {
            // Between the steps of the users.
            for (int i = 0; i < checkpoints; ++i) {
              co_await backend.sleep(10ms);
              if (!is_over) ask();
            }
          });
        });
        is_over = true;
        after = lock.locked();
      });
    });
    one.witness("looks at a held lock", asked);
    one.expect_false("before", before);
    one.expect_true("held", always);
    one.expect_false("after", after);
    one.expect_no_failure("no-failure", failure);
  });
}

void a_cancelled_acquire_takes_nothing(Trial& t, MakeLock make) {
  const auto races = rc::gen::pair(number(0, 1), number(0, 3));
  for_all<std::pair<int, int>>(t, "release first, waiters behind", races, [make](Trial& one, const auto& input) {
    const auto [release_first, behind] = input;
    ReleaseRace race;
    const auto failure = run_release_race(one, make, release_first != 0, behind, race);
    one.witness("waiters cancelled in the turn of a release");
    one.expect_true("one-outcome", race.first_got_it != race.first_was_cancelled);
    one.expect_equal("all-others", behind + (race.first_got_it ? 1 : 0), static_cast<int>(race.order.size()));
    if (race.first_got_it) one.expect_true("request-pending", race.request_pending);
    one.expect_true("free-after-a-race", race.free_at_the_end);
    one.expect_no_failure("no-failure", failure);
  });
  for_all<LockUsers>(t, "users", lock_users(6), [make](Trial& one, const LockUsers& users) {
    LockTrace trace;
    const auto failure = run_lock_users(one, make, users, trace);
    one.witness("cancelled acquisitions", cancelled(trace));
    expect_nothing_lost(one, trace);
    expect_never_idle(one, trace);
    one.expect_no_failure("no-failure", failure);
  });
}

void nobody_overtakes_those_who_wait(Trial& t, MakeLock make) {
  for_all<LockUsers>(t, "users", lock_users(6), [make](Trial& one, const LockUsers& users) {
    LockTrace trace;
    const auto failure = run_lock_users(one, make, users, trace);
    one.witness("acquisitions that waited", blocked(trace));
    expect_no_barging(one, trace);
    one.expect_no_failure("no-failure", failure);
  });
  for_all<int>(t, "waiters", number(1, 4), [make](Trial& one, const int& waiters) {
    Log log;
    Log expected;
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      Lock lock = make(backend);
      const auto use = [&](std::string who) -> Coro<> {
        co_await lock.acquire();
        log(std::move(who));
        lock.release();
      };
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        co_await lock.acquire();
        for (int i = 0; i < waiters; ++i) {
          tasks.start_soon(use, "waiter");
          expected("waiter");
        }
        co_await backend.sleep(10ms);
        lock.release();
        tasks.start_soon(use, "newcomer");
        co_await lock.acquire();
        log("the owner again");
        lock.release();
      });
    });
    one.witness("releases with an acquisition behind");
    const auto first = log.words().begin();
    const auto end = first + std::min<std::ptrdiff_t>(1, std::ssize(log.words()));
    one.expect_equal("waiter-first", std::vector<std::string>{"waiter"}, std::vector<std::string>(first, end));
    one.expect_equal("all", static_cast<std::size_t>(waiters) + 2, log.words().size());
    one.expect_no_failure("no-failure", failure);
  });
}

namespace {

// ---- The same for the lock of create_lock --------------------------------------------------------------------------

template <void (*promise)(Trial&, MakeLock)>
void of_plain_locks(Trial& t) {
  promise(t, plain_lock);
}

// ---- Freedoms ------------------------------------------------------------------------------------------------------

void acquiring_again_is_as_declared(Trial& t) {
  const bool is_refused = t.manifest().trait("lock_reacquire") == "refused";
  std::exception_ptr outcome;
  Seconds waited{};
  bool held = false;
  bool held_after_release = true;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    Lock lock = plain_lock(backend);
    co_await lock.acquire();
    const TimePoint start = backend.current_time();
    auto limit = backend.move_on_after(50ms);
    const auto again = [&]() -> Coro<> {
      outcome = co_await outcome_of(lock.acquire());
      if (is_cancelled(outcome)) std::rethrow_exception(outcome);
    };
    co_await limit.run(again);
    waited = backend.current_time() - start;
    held = lock.locked();
    lock.release();
    held_after_release = lock.locked();
  });
  t.witness("acquisitions by the owner");
  if (is_refused) {
    expect_usage_error(t, "refused", "message", {"acquire", "holds"}, outcome);
    t.expect_elapsed("at-once", 0s, waited);
  } else {
    t.expect_failure<Cancelled>("waits", outcome);
    t.expect_elapsed("until-cancelled", 50ms, waited);
  }
  t.expect_true("still-held", held);
  t.expect_false("one-release", held_after_release);
  t.expect_no_failure("no-failure", failure);
}

void acquiring_a_free_lock_is_as_declared(Trial& t) {
  const bool is_immediate = t.manifest().trait("free_lock_acquire") == "immediate";
  int ran = 0;
  std::exception_ptr outcome;
  bool locked_behind = false;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    Lock lock = plain_lock(backend);
    int ready = 0;
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      tasks.start_soon([&]() -> Coro<> {
        ++ready;
        co_return;
      });
      // Twice, since a checkpoint may be skipped now and then (Yield007).
      for (int i = 0; i < 2; ++i) {
        co_await lock.acquire();
        lock.release();
      }
      ran = ready;
    });
    auto scope = backend.open_cancel_scope();
    const auto in_cancelled_scope = [&]() -> Coro<> {
      scope.cancel();
      outcome = co_await outcome_of(lock.acquire());
      locked_behind = lock.locked();
    };
    co_await scope.run(in_cancelled_scope);
  });
  t.witness("free locks acquired", 3);
  t.expect_equal("others-ran", is_immediate ? 0 : 1, ran);
  t.expect_equal("under-a-request", std::string(is_immediate ? "value" : "cancelled"), outcome_word(outcome));
  t.expect_equal("lock-behind", is_immediate, locked_behind);
  t.expect_no_failure("no-failure", failure);
}

void locked_right_after_a_release_is_as_declared(Trial& t) {
  const bool is_handed_over = t.manifest().trait("lock_release") == "handed_over";
  for_all<int>(t, "waiters", number(1, 5), [is_handed_over](Trial& one, const int& waiters) {
    std::vector<bool> seen;
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      Lock lock = plain_lock(backend);
      const auto use = [&]() -> Coro<> {
        co_await lock.acquire();
        co_await backend.sleep(10ms);
        lock.release();
        seen.push_back(lock.locked());
      };
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        for (int i = 0; i <= waiters; ++i) tasks.start_soon(use);
        co_return;
      });
    });
    one.witness("releases with waiters", seen.empty() ? 0 : seen.size() - 1);
    std::vector<bool> expected(static_cast<std::size_t>(waiters) + 1, is_handed_over);
    // Nobody waits for the last release.
    expected.back() = false;
    one.expect_equal("as-declared", expected, seen);
    one.expect_no_failure("no-failure", failure);
  });
}

void an_abandoned_lock_is_as_declared(Trial& t) {
  const bool is_an_error = t.manifest().trait("abandoned_lock") == "error";
  std::vector<std::exception_ptr> outcomes;
  std::vector<std::exception_ptr> releases;
  std::vector<std::pair<TimePoint, TimePoint>> ends;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    Lock lock = plain_lock(backend);
    const TimePoint lost_at = backend.current_time() + 20ms;
    const auto owner = [&]() -> Coro<> {
      co_await lock.acquire();
      co_await backend.sleep_until(lost_at);
    };
    const auto ask = [&](int begin, int patience) -> Coro<> {
      co_await backend.sleep(steps(begin));
      const TimePoint deadline = backend.current_time() + steps(patience);
      const TimePoint told = std::max(backend.current_time(), lost_at);
      auto limit = backend.move_on_at(deadline);
      const auto wait = [&]() -> Coro<> {
        const auto outcome = co_await outcome_of(lock.acquire());
        outcomes.push_back(outcome);
        ends.emplace_back(is_an_error ? told : deadline, backend.current_time());
        releases.push_back(thrown_by([&] { lock.release(); }));
        if (is_cancelled(outcome)) std::rethrow_exception(outcome);
      };
      co_await limit.run(wait);
    };
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      co_await tasks.start(owner);
      // Two before the end of the owner, one after it.
      for (const int begin : {0, 1, 4}) tasks.start_soon(ask, begin, 5 + begin);
    });
  });
  t.witness("acquisitions of an abandoned lock", outcomes.size());
  t.expect_equal("all", 3, static_cast<int>(outcomes.size()));
  for (const std::exception_ptr& outcome : outcomes) {
    const bool as_declared = is_an_error ? outcome && !is_cancelled(outcome) : is_cancelled(outcome);
    t.expect(as_declared, "as-declared", is_an_error ? "an error" : "waiting until it is cancelled", describe(outcome));
  }
  for (const auto& [expected, observed] : ends) t.expect_time("time", expected, observed);
  for (const std::exception_ptr& outcome : releases) t.expect_failure<UsageError>("not-held", outcome);
  t.expect_no_failure("no-failure", failure);
}

}  // namespace

ClauseTests lock_tests() {
  return {
      {clause::Lock001, "ANewLockIsFree", of_plain_locks<a_new_lock_is_free>},
      {clause::Lock002, "ALockIsRefusedOutsideItsLoop", of_plain_locks<a_lock_is_refused_outside_its_loop>},
      {clause::Lock003, "OneTaskAtATime", of_plain_locks<one_task_at_a_time>},
      {clause::Lock004, "BlocksHoldAndRelease", of_plain_locks<blocks_hold_and_release>},
      {clause::Lock005, "AcquireWaitsForTheRelease", of_plain_locks<acquire_waits_for_the_release>},
      {clause::Lock006, "OneGoesOnForEachRelease", of_plain_locks<one_goes_on_for_each_release>},
      {clause::Lock007, "NothingRunsInsideRelease", of_plain_locks<nothing_runs_inside_release>},
      {clause::Lock008, "AFreeLockCannotBeReleased", of_plain_locks<a_free_lock_cannot_be_released>},
      {clause::Lock009, "OnlyTheOwnerReleases", of_plain_locks<only_the_owner_releases>},
      {clause::Lock010, "LockedTellsWhetherItIsHeld", of_plain_locks<locked_tells_whether_it_is_held>},
      {clause::Lock011, "ACancelledAcquireTakesNothing", of_plain_locks<a_cancelled_acquire_takes_nothing>},
      {clause::Lock012, "AcquiringAgainIsAsDeclared", acquiring_again_is_as_declared},
      {clause::Lock013, "AcquiringAFreeLockIsAsDeclared", acquiring_a_free_lock_is_as_declared},
      {clause::Lock014, "LockedRightAfterAReleaseIsAsDeclared", locked_right_after_a_release_is_as_declared},
      {clause::Lock015, "NobodyOvertakesThoseWhoWait", of_plain_locks<nobody_overtakes_those_who_wait>},
      {clause::Lock016, "AnAbandonedLockIsAsDeclared", an_abandoned_lock_is_as_declared},
  };
}

}  // namespace concert::conformance
