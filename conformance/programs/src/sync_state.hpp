// SPDX-License-Identifier: Apache-2.0
// What the records so far say of locks, events and conditions.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "concert/programs/program.hpp"

namespace concert::programs {

struct LockState {
  std::optional<int> holder;
  /// Tasks that wait in acquire, in the order of asking. On a fair lock a bypassed one must end with Cancelled.
  std::vector<int> line;
  std::set<int> bypassed;
  /// Who stood in line when the lock was released last; empty once somebody has it.
  std::vector<int> line_at_release;
  /// One of them has left the line since. It may stand there again, at the end.
  bool has_been_left = false;

  void release() {
    holder.reset();
    line_at_release = line;
    has_been_left = false;
  }
  void grant(int task) {
    holder = task;
    line_at_release.clear();
  }
};

struct ConditionState {
  struct Waiter {
    int task = 0;
    std::int64_t since = 0;
    /// A task that began to wait later was woken before, though nothing could have cancelled this one.
    bool overtaken = false;
  };
  /// One call of notify.
  struct Notification {
    std::int64_t at = 0;
    /// Waiters that it certainly woke: not those that may have been woken or cancelled already.
    std::int64_t certain = 0;
    /// Waits that have ended with a value since.
    std::int64_t paid = 0;
  };

  /// In the order in which they began to wait.
  std::vector<Waiter> waiters;
  /// Wake-ups that may be under way; never fewer than there are.
  std::int64_t tokens = 0;
  std::vector<Notification> notifications;
  std::int64_t clock = 0;

  void wait(int task) { waiters.push_back({task, ++clock}); }
  void notify(int count, std::int64_t cancelled_waiters);
  /// The wait of the task is over. `may_be_cancelled(task)` says which others are no longer sure to be woken.
  template <class MayBeCancelled>
  void end_wait(int task, bool has_value, const MayBeCancelled& may_be_cancelled);
  /// A notification that was not paid though somebody waited before it and still does.
  bool has_lost_notification() const;
  bool has_overtaken(int task) const;
};

struct SyncState {
  std::array<LockState, lock_count> locks;
  std::array<ConditionState, condition_count> conditions;
  std::array<bool, event_count> events{};

  LockState& lock(int number) { return locks[static_cast<std::size_t>(number)]; }
  const LockState& lock(int number) const { return locks[static_cast<std::size_t>(number)]; }
  ConditionState& condition(int number) { return conditions[static_cast<std::size_t>(number)]; }
  const ConditionState& condition(int number) const { return conditions[static_cast<std::size_t>(number)]; }
  bool event(int number) const { return events[static_cast<std::size_t>(number)]; }
};

template <class MayBeCancelled>
void ConditionState::end_wait(int task, bool has_value, const MayBeCancelled& may_be_cancelled) {
  std::int64_t since = clock;
  for (const Waiter& waiter : waiters) {
    if (waiter.task == task) since = waiter.since;
  }
  std::erase_if(waiters, [&](const Waiter& waiter) { return waiter.task == task; });
  if (has_value) {
    --tokens;
    for (Notification& notification : notifications) ++notification.paid;
    for (Waiter& waiter : waiters) {
      if (waiter.since < since && !may_be_cancelled(waiter.task)) waiter.overtaken = true;
    }
  }
  if (waiters.empty()) {
    tokens = 0;
    notifications.clear();
  }
}

}  // namespace concert::programs
