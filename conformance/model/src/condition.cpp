// SPDX-License-Identifier: Apache-2.0
#include "condition.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace concert::model {

ModelCondition::ModelCondition(AsyncBackend& backend, std::shared_ptr<LockCore> lock)
    : home_(backend, "create_condition_var"),
      lock_core_(std::move(lock)),
      lock_(dynamic_cast<ModelLock*>(lock_core_.get())) {
  if (lock_ == nullptr || !home_.is_of_the_run_of(lock_->home())) {
    throw std::invalid_argument(
        "create_condition_var: the lock was not made by this backend in this run; use its create_lock");
  }
  if (lock_->kind() == ModelLock::Kind::fair && !home_.options().traits.condition_accepts_fair_lock) {
    throw std::invalid_argument("create_condition_var: a fair lock cannot be used; use create_lock");
  }
}

bool ModelCondition::suspend_until_notified(WaitPoint& point) {
  Run& run = home_.require_task("Condition::wait");
  run.may_settle();
  const bool just_locked = home_.broken("wait_needs_just_a_locked_lock") && lock_->locked();
  if (!lock_->is_held_by(*run.current) && !just_locked) {
    throw UsageError("Condition::wait: the task '" + run.current->info().name +
                     "' does not hold the lock; acquire it first");
  }
  const auto waiter = std::make_shared<Waiter>(Waiter{run.current, nullptr});
  waiters_.push_back(waiter);
  if (std::exchange(is_kept_, false)) notify_waiters(1);
  if (!home_.broken("wait_keeps_the_lock")) lock_->hand_over();
  Wait until_notified;
  until_notified.point = &point;
  if (home_.broken("waits_come_back_unasked")) until_notified.wake_time = run.now + Seconds(0.02);
  until_notified.is_over = [waiter, &run, unasked_at = until_notified.wake_time] {
    return waiter->is_notified || (unasked_at != never && unasked_at <= run.now);
  };
  until_notified.on_outcome = [this, waiter](bool cancelled) {
    if (!cancelled && waiter->is_notified) return;
    if (waiter->is_notified) {
      if (!home_.broken("cancelled_waiter_eats_the_notification")) notify_waiters(1);
    } else {
      std::erase(waiters_, waiter);
      waiter->claim = lock_->claim_for(*waiter->task);
    }
  };
  until_notified.may_go_on = [this, waiter, &point] {
    const bool was_cancelled = point.outcome == WaitPoint::Outcome::cancelled;
    return waiter->claim->is_granted || home_.broken("wait_returns_without_the_lock") ||
           (was_cancelled && home_.broken("cancelled_wait_returns_without_the_lock"));
  };
  until_notified.place_in_line = [this, waiter] {
    if (waiter->claim) return lock_->place_of(waiter->claim);
    // Behind all places in the line of the lock.
    const auto place = std::find(waiters_.begin(), waiters_.end(), waiter) - waiters_.begin();
    return (std::size_t{1} << 32U) + static_cast<std::size_t>(place);
  };
  until_notified.can_be_cancelled = !home_.broken("condition_wait_ignores_cancellation");
  run.block(std::move(until_notified));
  return true;
}

void ModelCondition::notify(std::size_t count) {
  if (home_.broken("condition_is_notified_from_anywhere") && !home_.is_here()) return;
  Run& run = home_.require_task("Condition::notify");
  run.may_settle();
  if (!lock_->is_held_by(*run.current) && !home_.broken("notify_needs_no_lock")) {
    throw UsageError("Condition::notify: the task '" + run.current->info().name +
                     "' does not hold the lock; acquire it first");
  }
  if (waiters_.empty() && count > 0) is_kept_ = home_.broken("notification_without_waiters_is_kept");
  notify_waiters(count);
}

void ModelCondition::notify_waiters(std::size_t count) {
  for (; count > 0 && !waiters_.empty(); --count) {
    const bool newest_first = home_.broken("notify_wakes_the_newest");
    const std::shared_ptr<Waiter> waiter = newest_first ? waiters_.back() : waiters_.front();
    waiter->is_notified = true;
    waiter->claim = lock_->claim_for(*waiter->task);
    std::erase(waiters_, waiter);
  }
}

}  // namespace concert::model
