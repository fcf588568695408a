// SPDX-License-Identifier: Apache-2.0
#include "condition.hpp"

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
  if (!lock_->is_held_by(*run.current)) {
    throw UsageError("Condition::wait: the task '" + run.current->info().name +
                     "' does not hold the lock; acquire it first");
  }
  const auto waiter = std::make_shared<Waiter>(Waiter{run.current, nullptr});
  waiters_.push_back(waiter);
  lock_->hand_over();
  Wait until_notified;
  until_notified.point = &point;
  until_notified.is_over = [waiter] { return waiter->is_notified; };
  until_notified.on_outcome = [this, waiter](bool cancelled) {
    if (!cancelled) return;
    if (waiter->is_notified) {
      notify_waiters(1);
    } else {
      std::erase(waiters_, waiter);
      waiter->claim = lock_->claim_for(*waiter->task);
    }
  };
  until_notified.may_go_on = [waiter] { return waiter->claim->is_granted; };
  run.block(std::move(until_notified));
  return true;
}

void ModelCondition::notify(std::size_t count) {
  const Run& run = home_.require_task("Condition::notify");
  if (!lock_->is_held_by(*run.current)) {
    throw UsageError("Condition::notify: the task '" + run.current->info().name +
                     "' does not hold the lock; acquire it first");
  }
  notify_waiters(count);
}

void ModelCondition::notify_waiters(std::size_t count) {
  for (; count > 0 && !waiters_.empty(); --count) {
    Waiter& waiter = *waiters_.front();
    waiter.is_notified = true;
    waiter.claim = lock_->claim_for(*waiter.task);
    waiters_.pop_front();
  }
}

}  // namespace concert::model
