// SPDX-License-Identifier: Apache-2.0
#include "lock_program.hpp"

#include <algorithm>
#include <list>
#include <optional>
#include <set>

#include "concert/harness/unwinding.hpp"
#include "misuse.hpp"

namespace concert::conformance {

namespace {

using What = LockTrace::What;

class Contention {
 public:
  Contention(AsyncBackend& backend, Lock& lock, LockTrace& trace)
      : backend_(backend), lock_(lock), trace_(trace), start_(backend.current_time() + steps(1)) {}

  Coro<> run(const LockUsers& users) {
    auto group = backend_.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      bool by_deadline = false;
      for (const LockUser& user : users) {
        by_deadline = !by_deadline;
        const int patience = std::get<2>(user);
        const bool has_deadline = patience > 0 && by_deadline;
        const auto use = [this, &user, has_deadline] { return use_lock(user, has_deadline); };
        const Task<void> task = co_await tasks.start(use);
        if (patience > 0 && !by_deadline) tasks.start_soon([this, &user, task] { return cancel(user, task); });
      }
    });
  }

 private:
  TimePoint time_of(int delay) const { return start_ + steps(delay); }

  Coro<> cancel(const LockUser& user, Task<void> task) {
    co_await backend_.sleep_until(time_of(std::get<0>(user) + std::get<2>(user)));
    task.cancel();
  }

  Coro<> use_lock(const LockUser& user, bool has_deadline) {
    co_await backend_.sleep_until(time_of(std::get<0>(user)));
    auto limit = backend_.open_cancel_scope();
    if (has_deadline) limit.reschedule(time_of(std::get<0>(user) + std::get<2>(user)));
    co_await limit.run([&]() -> Coro<> {
      for (int round = 0; round < std::get<3>(user); ++round) co_await use_once(std::get<1>(user));
    });
  }

  Coro<> use_once(int hold) {
    const int acquisition = trace_.ask(backend_.current_time());
    std::exception_ptr outcome = co_await outcome_of(lock_.acquire());
    if (outcome) {
      trace_.add(What::cancelled, acquisition, backend_.current_time());
      if (!thrown_by([&] { lock_.release(); })) ++trace_.releases_after_cancelled;
      std::rethrow_exception(outcome);
    }
    trace_.add(What::got, acquisition, backend_.current_time());
    trace_.most_inside = std::max(trace_.most_inside, ++trace_.inside);
    if (hold > 0) outcome = co_await outcome_of(backend_.sleep(steps(hold)));
    if (!lock_.locked()) ++trace_.owners_denied;
    --trace_.inside;
    trace_.add(What::released, acquisition, backend_.current_time());
    if (thrown_by([&] { lock_.release(); })) ++trace_.owners_denied;
    if (outcome) std::rethrow_exception(outcome);
  }

  AsyncBackend& backend_;
  Lock& lock_;
  LockTrace& trace_;
  TimePoint start_;
};

/// The acquisitions that had one of these ends.
std::set<int> those(const LockTrace& trace, What what) {
  std::set<int> found;
  for (const LockTrace::Step& step : trace.steps()) {
    if (step.what == what) found.insert(step.acquisition);
  }
  return found;
}

}  // namespace

std::exception_ptr run_lock_users(Trial& t, MakeLock make, const LockUsers& users, LockTrace& trace) {
  return t.run([&](AsyncBackend& backend) -> Coro<> {
    Lock lock = make(backend);
    Contention contention(backend, lock, trace);
    co_await contention.run(users);
    trace.free_at_the_end = !lock.locked();
  });
}

void expect_exclusion(Trial& t, const LockTrace& trace) {
  t.expect(trace.most_inside <= 1, "alone", "one task inside at most", show(trace.most_inside) + " at once");
  t.expect_equal("owner", 0, trace.owners_denied);
}

void expect_nothing_lost(Trial& t, const LockTrace& trace) {
  const std::size_t ended = those(trace, What::got).size() + those(trace, What::cancelled).size();
  t.expect_equal("lost", trace.asked(), static_cast<int>(ended));
  t.expect_equal("cancelled-holds", 0, trace.releases_after_cancelled);
  t.expect_true("free", trace.free_at_the_end);
}

void expect_never_idle(Trial& t, const LockTrace& trace) {
  std::optional<TimePoint> freed;
  std::vector<TimePoint> asked(static_cast<std::size_t>(trace.asked()) + 1);
  for (const LockTrace::Step& step : trace.steps()) {
    TimePoint& since = asked[static_cast<std::size_t>(step.acquisition)];
    if (step.what == What::asked) since = step.when;
    if (step.what == What::released) freed = step.when;
    if (step.what == What::got) t.expect_time("idle", freed ? std::max(since, *freed) : since, step.when);
  }
}

void expect_no_barging(Trial& t, const LockTrace& trace) {
  const std::set<int> gave_up = those(trace, What::cancelled);
  std::set<int> waiting;
  std::set<int> waited_at_release;
  for (const LockTrace::Step& step : trace.steps()) {
    if (step.what == What::asked && !gave_up.contains(step.acquisition)) waiting.insert(step.acquisition);
    if (step.what == What::released) waited_at_release = waiting;
    if (step.what != What::got) continue;
    t.expect(waited_at_release.empty() || waited_at_release.contains(step.acquisition), "barging",
             "the lock goes to one that waited when it was released", "to a later one");
    waiting.erase(step.acquisition);
    waited_at_release.clear();
  }
}

void expect_first_come_first_served(Trial& t, const LockTrace& trace) {
  const std::set<int> gave_up = those(trace, What::cancelled);
  std::vector<int> asked;
  std::vector<int> got;
  for (const LockTrace::Step& step : trace.steps()) {
    if (step.what == What::asked && !gave_up.contains(step.acquisition)) asked.push_back(step.acquisition);
    if (step.what == What::got) got.push_back(step.acquisition);
  }
  t.expect_equal("order", asked, got);
}

std::size_t blocked(const LockTrace& trace) {
  std::size_t count = 0;
  int last_asked = 0;
  bool in_between = false;
  for (const LockTrace::Step& step : trace.steps()) {
    if (step.what == What::got && (step.acquisition != last_asked || in_between)) ++count;
    in_between = step.what != What::asked;
    if (step.what == What::asked) last_asked = step.acquisition;
  }
  return count;
}

std::size_t cancelled(const LockTrace& trace) { return those(trace, What::cancelled).size(); }

std::exception_ptr run_release_race(Trial& t, MakeLock make, bool release_first, int behind, ReleaseRace& race) {
  int inside = 0;
  return t.run([&](AsyncBackend& backend) -> Coro<> {
    Lock lock = make(backend);
    const auto waiter = [&](int number) -> Coro<> {
      const std::exception_ptr outcome = co_await outcome_of(lock.acquire());
      if (outcome) {
        race.first_was_cancelled = race.first_was_cancelled || number == 0;
        std::rethrow_exception(outcome);
      }
      race.most_inside = std::max(race.most_inside, ++inside);
      race.order.push_back(number);
      if (number == 0) race.first_got_it = true;
      const std::exception_ptr pending = co_await outcome_of(backend.sleep(steps(1)));
      if (number == 0) race.request_pending = is_cancelled(pending);
      --inside;
      lock.release();
    };
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      co_await lock.acquire();
      const Task<void> first = co_await tasks.start(waiter, 0);
      for (int number = 1; number <= behind; ++number) co_await tasks.start(waiter, number);
      co_await backend.sleep(steps(1));
      if (release_first) lock.release();
      first.cancel();
      if (!release_first) lock.release();
    });
    race.free_at_the_end = !lock.locked();
  });
}

}  // namespace concert::conformance
