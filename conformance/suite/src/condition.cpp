// SPDX-License-Identifier: Apache-2.0
// Tests of spec/clauses/condition.md.
#include <algorithm>
#include <list>
#include <optional>

#include "concert/harness/nest.hpp"
#include "concert/harness/requests.hpp"
#include "concert/harness/unwinding.hpp"
#include "concert/suite/suite.hpp"
#include "lock_promises.hpp"
#include "misuse.hpp"

namespace concert::conformance {

namespace {

using namespace std::chrono_literals;

/// Tasks that wait for one condition, each once, and what they saw.
class Waiters {
 public:
  Waiters(AsyncBackend& backend, Condition& condition) : backend_(backend), condition_(condition) {}

  /// Begins a wait; it has to acquire the lock first, so give it a moment.
  Coro<Task<void>> begin(TaskGroup& tasks) {
    ++begun_;
    const auto wait = [this] { return wait_once(); };
    co_return co_await tasks.start(wait);
  }
  Coro<> begin(TaskGroup& tasks, int count) {
    for (int i = 0; i < count; ++i) co_await begin(tasks);
  }

  int begun() const noexcept { return begun_; }
  /// Those that returned, by their places in the order of the waits, from 0.
  std::vector<int> returned() const {
    std::vector<int> sorted = returned_;
    std::sort(sorted.begin(), sorted.end());
    return sorted;
  }
  int cancelled() const noexcept { return cancelled_; }
  /// A waiter went on beside another task, or without the lock.
  int without_the_lock() const noexcept { return without_the_lock_; }

 private:
  Coro<> wait_once() {
    co_await condition_.acquire();
    const int number = waiting_++;
    const auto outcome = co_await outcome_of(condition_.wait());
    if (!condition_.locked() || ++inside_ > 1) ++without_the_lock_;
    if (outcome) {
      ++cancelled_;
    } else {
      returned_.push_back(number);
    }
    --inside_;
    if (thrown_by([&] { condition_.release(); })) ++without_the_lock_;
    if (outcome) std::rethrow_exception(outcome);
  }

  AsyncBackend& backend_;
  Condition& condition_;
  int begun_ = 0;
  int waiting_ = 0;
  std::vector<int> returned_;
  int cancelled_ = 0;
  int without_the_lock_ = 0;
  int inside_ = 0;
};

std::vector<int> first(int count) {
  std::vector<int> numbers;
  for (int i = 0; i < count; ++i) numbers.push_back(i);
  return numbers;
}

Coro<> notify(Condition& condition, std::ptrdiff_t count) {
  co_await condition.acquire();
  // The default too.
  if (count == 1) {
    condition.notify();
  } else {
    condition.notify(count);
  }
  condition.release();
}
Coro<> notify_all(Condition& condition) {
  co_await condition.acquire();
  condition.notify_all();
  condition.release();
}

/// A wait and its notification over this condition, whose lock is free. Returns true if they work.
Coro<bool> works(AsyncBackend& backend, Condition& condition) {
  Waiters waiters(backend, condition);
  bool waited = false;
  auto group = backend.create_task_group();
  co_await group.run([&](TaskGroup& tasks) -> Coro<> {
    co_await waiters.begin(tasks, 2);
    co_await backend.sleep(10ms);
    waited = waiters.returned().empty() && !condition.locked();
    co_await notify(condition, 1);
    co_await backend.sleep(10ms);
    waited = waited && waiters.returned() == first(1);
    co_await notify_all(condition);
  });
  co_return waited&& waiters.returned() == first(2) && waiters.without_the_lock() == 0 && !condition.locked();
}

// ---- The condition and its lock ------------------------------------------------------------------------------------

void a_condition_is_over_its_lock(Trial& t) {
  for_all<Numbers>(t, "which are held", numbers(1, 4, 0, 1), [](Trial& one, const Numbers& drawn) {
    std::vector<bool> followed;
    std::vector<bool> expected;
    std::vector<bool> independent;
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      Lock lock = backend.create_lock();
      std::list<Condition> over_it;
      std::list<Condition> own;
      for (const int held : drawn) {
        over_it.emplace_back(backend.make_condition(lock.core()));
        own.emplace_back(backend.make_condition(backend.make_lock()));
        expected.push_back(held != 0);
        if (held != 0) co_await own.back().acquire();
      }
      for (const Condition& condition : own) independent.push_back(condition.locked());
      const auto all_say = [&](bool locked) {
        const auto says = [locked](const Lock& each) { return each.locked() == locked; };
        return says(lock) && std::all_of(over_it.begin(), over_it.end(), says);
      };
      followed.push_back(all_say(false));
      for (Condition& condition : over_it) {
        co_await condition.acquire();
        followed.push_back(all_say(true));
        condition.release();
        followed.push_back(all_say(false));
      }
      co_await lock.acquire();
      followed.push_back(all_say(true));
      lock.release();
      Condition with_own_lock = backend.create_condition_var();
      Condition with_this_lock = backend.create_condition_var(lock);
      co_await with_this_lock.acquire();
      followed.push_back(all_say(true) && !with_own_lock.locked());
      with_this_lock.release();
    });
    one.witness("conditions", drawn.size());
    one.expect_equal("over-the-lock", std::vector<bool>(followed.size(), true), followed);
    one.expect_equal("own-lock", expected, independent);
    one.expect_no_failure("no-failure", failure);
  });
}

void every_plain_lock_is_accepted(Trial& t) {
  Log broken;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    const auto check = [&](std::string what, Condition& condition) -> Coro<> {
      t.witness("conditions over a plain lock");
      const bool does = co_await works(backend, condition);
      if (!does) broken(std::move(what));
    };
    Lock fresh = backend.create_lock();
    Condition over_fresh = backend.create_condition_var(fresh);
    co_await check("a new lock", over_fresh);
    Condition second = backend.create_condition_var(fresh);
    co_await check("a lock with a condition", second);
    co_await check("the first of two", over_fresh);

    Lock held = backend.create_lock();
    std::optional<Condition> over_held;
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      co_await held.acquire();
      co_await tasks.start([&]() -> Coro<> {
        co_await held.acquire();
        held.release();
      });
      over_held.emplace(backend.make_condition(held.core()));
      held.release();
    });
    co_await check("a held lock", *over_held);

    std::optional<Condition> survivor;
    {
      Lock given = backend.create_lock();
      survivor.emplace(backend.make_condition(given.core()));
    }
    co_await check("a lock that is gone", *survivor);
  });
  t.expect_equal("works", Log{}, broken);
  t.expect_no_failure("no-failure", failure);
}

void fair_locks_are_as_declared(Trial& t) {
  const bool is_accepted = t.manifest().trait("condition_accepts_fair_lock") == "yes";
  std::exception_ptr refusal;
  bool worked = false;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    Lock lock = fair_lock(backend);
    std::optional<Condition> condition;
    refusal = thrown_by([&] { condition.emplace(backend.make_condition(lock.core())); });
    if (condition) worked = co_await works(backend, *condition);
  });
  t.witness("conditions over a fair lock");
  if (is_accepted) {
    t.expect_no_failure("accepted", refusal);
    t.expect_true("works", worked);
  } else {
    t.expect_failure<std::invalid_argument>("refused", refusal);
  }
  t.expect_no_failure("no-failure", failure);
}

/// A lock that no backend has made.
class OwnLock final : public LockCore {
 public:
  explicit OwnLock(AsyncBackend& backend) : backend_(backend) {}
  AsyncBackend& backend() const noexcept override { return backend_; }
  bool suspend_until_acquired(WaitPoint& point) override {
    locked_ = true;
    point.outcome = WaitPoint::Outcome::value;
    return false;
  }
  void release() override { locked_ = false; }
  bool locked() const override { return locked_; }

 private:
  AsyncBackend& backend_;
  bool locked_ = false;
};

void other_locks_are_refused(Trial& t) {
  const bool fair_is_refused = t.manifest().trait("condition_accepts_fair_lock") == "no";
  std::exception_ptr of_another;
  std::exception_ptr of_the_test;
  std::exception_ptr of_fair = std::make_exception_ptr(std::invalid_argument("not tried"));
  std::vector<bool> usable;
  const auto other = t.make_backend();
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    const auto check = [&](Lock& lock) -> Coro<> {
      co_await lock.acquire();
      const bool locked = lock.locked();
      lock.release();
      usable.push_back(locked && !lock.locked());
    };
    Lock plain = backend.create_lock();
    std::thread([&] {
      t.call([&] {
        other->bootstrap(t.runner_options(), [&]() -> Coro<> {
          of_another = thrown_by([&] { Condition refused = other->create_condition_var(plain); });
          co_return;
        });
      });
    }).join();
    co_await check(plain);
    Lock own(std::make_shared<OwnLock>(backend));
    of_the_test = thrown_by([&] { Condition refused = backend.create_condition_var(own); });
    co_await check(own);
    if (fair_is_refused) {
      Lock fair = backend.create_fair_lock();
      of_fair = thrown_by([&] { Condition refused = backend.create_condition_var(fair); });
      co_await check(fair);
    }
  });
  t.witness("locks that cannot be used", usable.size());
  t.expect_failure<std::invalid_argument>("another-backend", of_another);
  t.expect_failure<std::invalid_argument>("foreign-kind", of_the_test);
  t.expect_failure<std::invalid_argument>("fair", of_fair);
  t.expect_equal("usable-afterwards", std::vector<bool>(usable.size(), true), usable);
  t.expect_no_failure("no-failure", failure);
}

void a_condition_acts_on_its_lock(Trial& t) {
  int most_inside = 0;
  int entered = 0;
  std::exception_ptr by_condition;
  std::exception_ptr by_lock;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    Lock lock = backend.create_lock();
    Condition condition = backend.create_condition_var(lock);
    int inside = 0;
    const auto section = [&]() -> Coro<> {
      ++entered;
      most_inside = std::max(most_inside, ++inside);
      co_await backend.sleep(10ms);
      --inside;
    };
    const auto use = [&](int form) -> Coro<> {
      Lock& either = form % 2 == 0 ? lock : condition;
      if (form < 2) {
        co_await either.acquire();
        co_await section();
        either.release();
      } else if (form < 4) {
        auto held = co_await either.scoped();
        co_await section();
      } else {
        co_await either.run(section);
      }
    };
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      for (int form = 0; form < 6; ++form) tasks.start_soon(use, form);
      co_return;
    });
    co_await lock.acquire();
    by_condition = thrown_by([&] { condition.release(); });
    co_await condition.acquire();
    by_lock = thrown_by([&] { lock.release(); });
  });
  t.witness("sections under both forms", static_cast<std::size_t>(entered));
  t.expect_equal("one-lock", 1, most_inside);
  t.expect_equal("entered", 6, entered);
  t.expect_no_failure("condition-releases", by_condition);
  t.expect_no_failure("lock-releases", by_lock);
  t.expect_no_failure("no-failure", failure);
  for (const auto promise :
       {one_task_at_a_time, blocks_hold_and_release, acquire_waits_for_the_release, one_goes_on_for_each_release,
        nothing_runs_inside_release, a_free_lock_cannot_be_released, only_the_owner_releases}) {
    promise(t, lock_of_a_condition);
  }
}

// ---- Notifications -------------------------------------------------------------------------------------------------

void notify_wakes_as_many_as_it_says(Trial& t) {
  const auto inputs = rc::gen::pair(number(0, 5), number(1, 6));
  for_all<std::pair<int, int>>(t, "waiters, n", inputs, [](Trial& one, const auto& input) {
    const auto [count, n] = input;
    std::vector<int> woken;
    std::vector<int> woken_late;
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      Condition condition = backend.create_condition_var();
      Waiters waiters(backend, condition);
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        co_await waiters.begin(tasks, count);
        co_await backend.sleep(10ms);
        co_await notify(condition, n);
        co_await backend.sleep(10ms);
        woken = waiters.returned();
        // A wait that begins now has missed it.
        co_await waiters.begin(tasks);
        co_await backend.sleep(10ms);
        woken_late = waiters.returned();
        co_await notify_all(condition);
      });
      one.witness("waits", waiters.returned().size());
    });
    one.expect_equal("as-many", static_cast<std::size_t>(std::min(count, n)), woken.size());
    one.expect_equal("not-kept", woken, woken_late);
    one.expect_no_failure("no-failure", failure);
  });
}

void the_longest_waiting_come_first(Trial& t) {
  const auto inputs = rc::gen::mapcat(number(1, 5), [](int count) {
    return rc::gen::container<std::vector<std::pair<int, int>>>(static_cast<std::size_t>(count),
                                                                rc::gen::pair(number(0, 3), number(-1, 3)));
  });
  using Turns = std::vector<std::pair<int, int>>;
  for_all<Turns>(t, "new waits, n", inputs, [](Trial& one, const Turns& turns) {
    std::vector<std::vector<int>> expected;
    std::vector<std::vector<int>> observed;
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      Condition condition = backend.create_condition_var();
      Waiters waiters(backend, condition);
      int announced = 0;
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        for (const auto& [new_waits, n] : turns) {
          co_await waiters.begin(tasks, new_waits);
          co_await backend.sleep(10ms);
          co_await notify(condition, n);
          co_await backend.sleep(10ms);
          announced = std::min(announced + std::max(n, 0), waiters.begun());
          expected.push_back(first(announced));
          observed.push_back(waiters.returned());
        }
        co_await notify_all(condition);
      });
      one.witness("waits", waiters.returned().size());
    });
    one.expect_equal("first-in-line", expected, observed);
    one.expect_no_failure("no-failure", failure);
  });
}

void notify_all_wakes_everybody(Trial& t) {
  for_all<int>(t, "waiters", number(0, 6), [](Trial& one, const int& count) {
    std::vector<int> woken;
    std::vector<int> woken_late;
    int without_the_lock = 0;
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      Condition condition = backend.create_condition_var();
      Waiters waiters(backend, condition);
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        co_await waiters.begin(tasks, count);
        co_await backend.sleep(10ms);
        co_await notify_all(condition);
        co_await backend.sleep(10ms);
        woken = waiters.returned();
        co_await waiters.begin(tasks);
        co_await backend.sleep(10ms);
        woken_late = waiters.returned();
        co_await notify_all(condition);
      });
      without_the_lock = waiters.without_the_lock();
      one.witness("waits", waiters.returned().size());
    });
    one.expect_equal("all", first(count), woken);
    one.expect_equal("not-kept", woken, woken_late);
    one.expect_equal("under-the-lock", 0, without_the_lock);
    one.expect_no_failure("no-failure", failure);
  });
}

void a_wait_ends_with_its_notification(Trial& t) {
  const auto inputs = rc::gen::pair(number(2, 6), numbers(0, 4, 0, 5));
  for_all<std::pair<int, Numbers>>(t, "notification, other users", inputs, [](Trial& one, const auto& input) {
    TimePoint notified_at{};
    TimePoint returned_at{};
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      Condition condition = backend.create_condition_var();
      const TimePoint start = backend.current_time();
      const auto waiter = [&]() -> Coro<> {
        auto held = co_await condition.scoped();
        co_await condition.wait();
        returned_at = backend.current_time();
      };
      const auto user = [&](int begin) -> Coro<> {
        co_await backend.sleep_until(start + steps(begin));
        auto held = co_await condition.scoped();
        co_await backend.sleep(2ms);
      };
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        co_await tasks.start(waiter);
        for (const int begin : input.second) {
          if (begin < input.first) tasks.start_soon(user, begin);
        }
        co_await backend.sleep_until(start + steps(input.first) + 5ms);
        co_await condition.acquire();
        notified_at = backend.current_time();
        condition.notify();
        condition.release();
      });
    });
    one.witness("waits that were suspended");
    one.expect_time("instant", notified_at, returned_at);
    one.expect_no_failure("no-failure", failure);
  });
}

void a_wait_needs_the_lock(Trial& t) {
  std::exception_ptr nobody_holds;
  std::exception_ptr another_holds;
  std::exception_ptr own_release;
  bool entered_early = false;
  bool free_before = false;
  std::vector<int> woken;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    Condition condition = backend.create_condition_var();
    Waiters waiters(backend, condition);
    const auto misuse = [&]() -> Coro<std::exception_ptr> {
      auto limit = backend.move_on_after(10ms);
      std::exception_ptr outcome;
      const auto wait = [&]() -> Coro<> { outcome = co_await outcome_of(condition.wait()); };
      co_await limit.run(wait);
      co_return outcome;
    };
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      nobody_holds = co_await misuse();
      free_before = !condition.locked();
      bool entered = false;
      co_await tasks.start([&]() -> Coro<> {
        co_await condition.acquire();
        co_await backend.sleep(30ms);
        entered_early = entered;
        own_release = thrown_by([&] { condition.release(); });
      });
      tasks.start_soon([&]() -> Coro<> {
        co_await condition.acquire();
        entered = true;
        condition.release();
      });
      another_holds = co_await misuse();
      co_await backend.sleep(50ms);
      // The misuses came first, but are not in line.
      co_await waiters.begin(tasks);
      co_await backend.sleep(10ms);
      co_await notify(condition, 1);
      co_await backend.sleep(10ms);
      woken = waiters.returned();
      co_await notify_all(condition);
    });
  });
  t.witness("waits without the lock", 2);
  expect_usage_error(t, "nobody-holds", "message", {"wait"}, nobody_holds);
  expect_usage_error(t, "another-holds", "message", {"wait"}, another_holds);
  t.expect_true("lock-stays-free", free_before);
  t.expect_false("owner-is-alone", entered_early);
  t.expect_no_failure("own-release", own_release);
  t.expect_equal("no-waiter", first(1), woken);
  t.expect_no_failure("no-failure", failure);
}

void a_notification_needs_the_lock(Trial& t) {
  std::vector<std::exception_ptr> refused;
  std::exception_ptr own_release;
  std::vector<int> woken;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    Condition condition = backend.create_condition_var();
    Waiters waiters(backend, condition);
    const auto misuse = [&] {
      refused.push_back(thrown_by([&] { condition.notify(); }));
      refused.push_back(thrown_by([&] { condition.notify_all(); }));
    };
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      co_await waiters.begin(tasks, 2);
      co_await backend.sleep(10ms);
      misuse();
      co_await tasks.start([&]() -> Coro<> {
        co_await condition.acquire();
        co_await backend.sleep(30ms);
        own_release = thrown_by([&] { condition.release(); });
      });
      misuse();
      co_await backend.sleep(50ms);
      woken = waiters.returned();
      co_await notify_all(condition);
    });
  });
  t.witness("notifications without the lock", refused.size());
  for (const std::exception_ptr& outcome : refused) {
    expect_usage_error(t, "refused", "message", {"notify"}, outcome);
  }
  t.expect_equal("nobody-woken", std::vector<int>{}, woken);
  t.expect_no_failure("own-release", own_release);
  t.expect_no_failure("no-failure", failure);
}

// ---- The lock during a wait ----------------------------------------------------------------------------------------

void a_wait_frees_the_lock_and_takes_it_again(Trial& t) {
  const auto inputs = rc::gen::pair(number(1, 4), number(1, 4));
  for_all<std::pair<int, int>>(t, "waiters, other users", inputs, [](Trial& one, const auto& input) {
    int taken = 0;
    int inside = 0;
    int most_inside = 0;
    int without_the_lock = 0;
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      Condition condition = backend.create_condition_var();
      const auto section = [&]() -> Coro<> {
        if (!condition.locked()) ++without_the_lock;
        most_inside = std::max(most_inside, ++inside);
        co_await backend.sleep(10ms);
        --inside;
      };
      const auto waiter = [&]() -> Coro<> {
        co_await condition.acquire();
        co_await condition.wait();
        co_await section();
        if (thrown_by([&] { condition.release(); })) ++without_the_lock;
      };
      const auto user = [&]() -> Coro<> {
        co_await condition.acquire();
        ++taken;
        co_await section();
        condition.notify_all();
        condition.release();
      };
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        for (int i = 0; i < input.first; ++i) co_await tasks.start(waiter);
        co_await backend.sleep(10ms);
        for (int i = 0; i < input.second; ++i) tasks.start_soon(user);
      });
    });
    one.witness("users of the lock during a wait", static_cast<std::size_t>(taken));
    one.expect_equal("freed", input.second, taken);
    one.expect_equal("alone", 1, most_inside);
    one.expect_equal("owner", 0, without_the_lock);
    one.expect_no_failure("no-failure", failure);
  });
}

void a_cancelled_wait_takes_the_lock_first(Trial& t) {
  // Further requests, in tens of milliseconds after the first, from the scopes inside and outside by turns.
  for_all<Numbers>(t, "further requests", numbers(0, 4, 0, 3), [](Trial& one, const Numbers& further) {
    for (const Source source : all_sources) {
      std::exception_ptr outcome;
      std::exception_ptr own_release;
      TimePoint released_at{};
      TimePoint ended_at{};
      bool locked = false;
      const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
        Condition condition = backend.create_condition_var();
        Nest nest(backend, 2);
        const auto innermost = [&]() -> Coro<> {
          outcome = co_await outcome_of(condition.wait());
          ended_at = backend.current_time();
          locked = condition.locked();
          own_release = thrown_by([&] { condition.release(); });
          if (outcome) std::rethrow_exception(outcome);
        };
        const auto work = [&]() -> Coro<> {
          co_await condition.acquire();
          co_await nest.run(innermost);
        };
        auto group = backend.create_task_group();
        co_await group.run([&](TaskGroup& tasks) -> Coro<> {
          tasks.start_soon([&]() -> Coro<> {
            co_await backend.sleep(10ms);
            co_await condition.acquire();
            co_await backend.sleep(90ms);
            released_at = backend.current_time();
            condition.release();
          });
          tasks.start_soon([&]() -> Coro<> {
            co_await backend.sleep(35ms);
            int which = 0;
            for (const int delay : further) {
              co_await backend.sleep(steps(delay));
              if (backend.current_time() < ended_at || ended_at == TimePoint{}) nest.scope(which++ % 2).cancel();
            }
          });
          co_await run_with_request(backend, source, 30ms, work);
        });
      });
      one.witness("waits cancelled while another task held the lock", is_cancelled(outcome) ? 1 : 0);
      one.expect_failure<Cancelled>("cancelled", outcome);
      one.expect_time("instant", released_at, ended_at);
      one.expect_true("locked", locked);
      one.expect_no_failure("owner", own_release);
      one.expect_no_failure("no-failure", failure);
    }
  });
}

void nothing_goes_on_before_the_release(Trial& t) {
  const auto inputs = rc::gen::pair(number(1, 4), number(0, 4));
  for_all<std::pair<int, int>>(t, "waiters, checkpoints", inputs, [](Trial& one, const auto& input) {
    std::size_t before_release = 0;
    std::size_t after_release = 0;
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      Condition condition = backend.create_condition_var();
      Waiters waiters(backend, condition);
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        co_await waiters.begin(tasks, input.first);
        co_await backend.sleep(10ms);
        co_await condition.acquire();
        condition.notify_all();
        for (int i = 0; i < input.second; ++i) co_await backend.sleep(10ms);
        co_await backend.coro_yield();
        before_release = waiters.returned().size();
        condition.release();
      });
      after_release = waiters.returned().size();
    });
    one.witness("tasks notified", after_release);
    one.expect_equal("before", std::size_t{0}, before_release);
    one.expect_equal("after", static_cast<std::size_t>(input.first), after_release);
    one.expect_no_failure("no-failure", failure);
  });
}

/// Waiters of a condition that are notified at 3 and cancelled, all in tens of milliseconds.
struct Notified {
  /// When each waiter is cancelled; 0: never.
  Numbers moments;
  int n = 1;
  /// How long the notifier holds the lock.
  int hold = 0;
  /// In one turn: 0 the notification before the cancellations, 1 after them.
  int cancel_first = 0;
};
struct Conserved {
  int values = 0;
  int cancelled = 0;
  int requests_lost = 0;
  int without_the_lock = 0;
  int unwoken = 0;
};

std::exception_ptr run_notified(Trial& one, const Notified& in, Conserved& seen) {
  return one.run([&](AsyncBackend& backend) -> Coro<> {
    Condition condition = backend.create_condition_var();
    const TimePoint start = backend.current_time();
    bool is_cleaning_up = false;
    std::vector<bool> requested(in.moments.size(), false);
    const auto waiter = [&](std::size_t number) -> Coro<> {
      co_await condition.acquire();
      const auto outcome = co_await outcome_of(condition.wait());
      if (!condition.locked() || thrown_by([&] { condition.release(); })) ++seen.without_the_lock;
      if (outcome) {
        ++seen.cancelled;
        std::rethrow_exception(outcome);
      }
      ++(is_cleaning_up ? seen.unwoken : seen.values);
      const bool was_requested = requested[number];
      const auto behind = co_await outcome_of(backend.sleep(0s));
      if (was_requested && !is_cancelled(behind)) ++seen.requests_lost;
      if (behind) std::rethrow_exception(behind);
    };
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      std::vector<Task<void>> waiters;
      for (std::size_t i = 0; i < in.moments.size(); ++i) waiters.push_back(co_await tasks.start(waiter, i));
      const auto cancel = [&](int now) {
        for (std::size_t i = 0; i < in.moments.size(); ++i) {
          if (in.moments[i] != now) continue;
          requested[i] = true;
          waiters[i].cancel();
        }
      };
      bool holds = false;
      for (int now = 1; now <= 6; ++now) {
        co_await backend.sleep_until(start + steps(now));
        if (now == 3) {
          co_await condition.acquire();
          holds = true;
        }
        const bool releases = holds && now == 3 + in.hold;
        if (in.cancel_first != 0) cancel(now);
        if (now == 3) condition.notify(in.n);
        if (releases) condition.release();
        if (in.cancel_first == 0) cancel(now);
        holds = holds && !releases;
      }
      co_await backend.sleep(20ms);
      is_cleaning_up = true;
      co_await notify_all(condition);
    });
  });
}

void no_notification_is_lost(Trial& t) {
  using Input = std::tuple<Numbers, int, int, int>;
  const auto inputs = rc::gen::tuple(numbers(1, 6, 0, 6), number(1, 5), number(0, 2), number(0, 1));
  const auto check = [](Trial& one, const Notified& in) {
    Conserved seen;
    const auto failure = run_notified(one, in, seen);
    const int waiters = static_cast<int>(in.moments.size());
    one.witness("waiters", in.moments.size());
    one.witness("cancelled waits", static_cast<std::size_t>(seen.cancelled));
    one.expect_equal("all", waiters, seen.values + seen.cancelled + seen.unwoken);
    one.expect_equal("conserved", std::min(in.n, waiters - seen.cancelled), seen.values);
    one.expect_equal("request-pending", 0, seen.requests_lost);
    one.expect_equal("owner", 0, seen.without_the_lock);
    one.expect_no_failure("no-failure", failure);
  };
  for_all<Input>(t, "cancellations, n, hold, order in one turn", inputs, [&](Trial& one, const Input& input) {
    const auto& [moments, n, hold, cancel_first] = input;
    check(one, {moments, n, hold, cancel_first});
  });
  // The waiter that is notified is cancelled in the same turn, in both orders, and while it waits for the lock.
  const auto races = rc::gen::tuple(number(0, 3), number(1, 3), number(0, 2), number(0, 1));
  for_all<std::tuple<int, int, int, int>>(t, "waiters behind, n, hold, order in one turn", races,
                                          [&](Trial& one, const auto& input) {
                                            const auto [behind, n, hold, cancel_first] = input;
                                            for (const int moment : {3, 4}) {
                                              Numbers moments(static_cast<std::size_t>(behind) + 1, 0);
                                              moments.front() = moment;
                                              check(one, {moments, n, hold, cancel_first});
                                            }
                                          });
}

void a_condition_is_refused_outside_its_loop(Trial& t) {
  Elsewhere elsewhere;
  std::optional<Condition> condition;
  std::vector<int> woken;
  std::exception_ptr own_release;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    condition.emplace(backend.make_condition(backend.make_lock()));
    elsewhere.add("notify", [&] { condition->notify(); });
    elsewhere.add("notify_all", [&] { condition->notify_all(); });
    elsewhere.add_wait("wait", [&]() -> Coro<> { co_await condition->wait(); });
    Waiters waiters(backend, *condition);
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      co_await waiters.begin(tasks, 2);
      co_await backend.sleep(10ms);
      co_await condition->acquire();
      elsewhere.try_in_threads(t);
      co_await backend.sleep(10ms);
      own_release = thrown_by([&] { condition->release(); });
      co_await backend.sleep(10ms);
      woken = waiters.returned();
      co_await notify_all(*condition);
    });
  });
  elsewhere.try_later(t);
  elsewhere.judge(t);
  t.expect_equal("nobody-woken", std::vector<int>{}, woken);
  t.expect_no_failure("keeps-its-owner", own_release);
  t.expect_no_failure("no-failure", failure);
}

}  // namespace

ClauseTests condition_tests() {
  return {
      {clause::Cond001, "AConditionIsOverItsLock", a_condition_is_over_its_lock},
      {clause::Cond002, "EveryPlainLockIsAccepted", every_plain_lock_is_accepted},
      {clause::Cond003, "FairLocksAreAsDeclared", fair_locks_are_as_declared},
      {clause::Cond004, "OtherLocksAreRefused", other_locks_are_refused},
      {clause::Cond005, "AConditionActsOnItsLock", a_condition_acts_on_its_lock},
      {clause::Cond006, "NotifyWakesAsManyAsItSays", notify_wakes_as_many_as_it_says},
      {clause::Cond007, "TheLongestWaitingComeFirst", the_longest_waiting_come_first},
      {clause::Cond008, "NotifyAllWakesEverybody", notify_all_wakes_everybody},
      {clause::Cond009, "AWaitEndsWithItsNotification", a_wait_ends_with_its_notification},
      {clause::Cond010, "AWaitNeedsTheLock", a_wait_needs_the_lock},
      {clause::Cond011, "ANotificationNeedsTheLock", a_notification_needs_the_lock},
      {clause::Cond012, "AWaitFreesTheLockAndTakesItAgain", a_wait_frees_the_lock_and_takes_it_again},
      {clause::Cond013, "ACancelledWaitTakesTheLockFirst", a_cancelled_wait_takes_the_lock_first},
      {clause::Cond014, "NothingGoesOnBeforeTheRelease", nothing_goes_on_before_the_release},
      {clause::Cond015, "NoNotificationIsLost", no_notification_is_lost},
      {clause::Cond017, "AConditionIsRefusedOutsideItsLoop", a_condition_is_refused_outside_its_loop},
  };
}

}  // namespace concert::conformance
