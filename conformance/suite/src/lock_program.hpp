// SPDX-License-Identifier: Apache-2.0
// Generated tasks that contend for a lock, and the rules by which a queue judges what they saw.
#pragma once

#include <tuple>
#include <vector>

#include "concert/harness/for_all.hpp"
#include "concert/harness/generators.hpp"
#include "concert/harness/trial.hpp"

namespace concert::conformance {

using MakeLock = Lock (*)(AsyncBackend&);
inline Lock plain_lock(AsyncBackend& backend) { return backend.create_lock(); }
inline Lock fair_lock(AsyncBackend& backend) { return backend.create_fair_lock(); }
/// The documented default, whatever the backend has instead.
inline Lock default_fair_lock(AsyncBackend& backend) { return Lock(backend.AsyncBackend::make_fair_lock()); }
/// The lock inside a condition.
inline Lock lock_of_a_condition(AsyncBackend& backend) { return Lock(backend.create_condition_var().core()); }

/// What one task does, in tens of milliseconds: it asks after `delay`, as often as `rounds` says, each time at once
/// after its release; holds the lock for `hold`; and is cancelled `patience` after it first asked (0: never), by turns
/// through a deadline of its own and by another task. Equal times are meant to occur.
using LockUser = std::tuple<int, int, int, int>;
using LockUsers = std::vector<LockUser>;

inline rc::Gen<LockUsers> lock_users(int most_patience) {
  return rc::gen::mapcat(number(2, 6), [most_patience](int count) {
    return rc::gen::container<LockUsers>(
        static_cast<std::size_t>(count),
        rc::gen::tuple(number(0, 4), number(0, 3), number(0, most_patience), number(1, 2)));
  });
}

/// What happened to the acquisitions, each with a number.
class LockTrace {
 public:
  enum class What { asked, got, released, cancelled };
  struct Step {
    What what;
    int acquisition;
    TimePoint when;
  };

  int ask(TimePoint when) {
    add(What::asked, ++asked_, when);
    return asked_;
  }
  void add(What what, int acquisition, TimePoint when) { steps_.push_back({what, acquisition, when}); }
  const std::vector<Step>& steps() const noexcept { return steps_; }
  int asked() const noexcept { return asked_; }

  /// The most tasks that were inside at once.
  int most_inside = 0;
  int inside = 0;
  /// A task that got Cancelled could release the lock all the same.
  int releases_after_cancelled = 0;
  /// locked() was false inside, or release() refused there.
  int owners_denied = 0;
  bool free_at_the_end = false;

 private:
  int asked_ = 0;
  std::vector<Step> steps_;
};

/// Runs the tasks. Returns what left the run.
std::exception_ptr run_lock_users(Trial& t, MakeLock make, const LockUsers& users, LockTrace& trace);

/// One task at a time was inside, as its owner ("alone", "owner").
void expect_exclusion(Trial& t, const LockTrace& trace);
/// Every acquisition came to its end, nothing is left behind by a cancelled one ("lost", "cancelled-holds", "free").
void expect_nothing_lost(Trial& t, const LockTrace& trace);
/// The lock was never free while tasks waited ("idle").
void expect_never_idle(Trial& t, const LockTrace& trace);
/// At a release the lock went to a task that was waiting then ("barging").
void expect_no_barging(Trial& t, const LockTrace& trace);
/// The lock went to the tasks in the order in which they asked, without those that were cancelled ("order").
void expect_first_come_first_served(Trial& t, const LockTrace& trace);
/// Witnesses: acquisitions that had to wait, and those that were cancelled.
std::size_t blocked(const LockTrace& trace);
std::size_t cancelled(const LockTrace& trace);

/// A release and the cancellation of the first waiter in one turn, with tasks waiting behind.
struct ReleaseRace {
  bool first_got_it = false;
  bool first_was_cancelled = false;
  /// Behind the acquisition that the first task got, its request was there at the next checkpoint.
  bool request_pending = false;
  int most_inside = 0;
  /// Those that got the lock, from 0, the first waiter.
  std::vector<int> order;
  bool free_at_the_end = false;
};
std::exception_ptr run_release_race(Trial& t, MakeLock make, bool release_first, int behind, ReleaseRace& race);

}  // namespace concert::conformance
