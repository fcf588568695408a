// SPDX-License-Identifier: Apache-2.0
#include "lock.hpp"

#include <string>

#include "concert/errors.hpp"

namespace concert::runtime {

bool TaskLock::suspend_until_acquired(WaitPoint& point) {
  Loop& loop = binding_.loop_with_task("Lock::acquire");
  TaskRecord& task = *loop.current();
  if (owner_ == nobody) {
    owner_ = task.id();
    point.outcome = WaitPoint::Outcome::value;
    return false;
  }
  if (owner_ == task.id()) {
    throw UsageError("Lock::acquire: the task '" + task.info().name +
                     "' holds this lock already and would wait for itself; release it first");
  }
  waiters_.suspend(loop, point);
  return true;
}

void TaskLock::release() {
  Loop& loop = binding_.loop("Lock::release");
  if (owner_ == nobody) throw UsageError("Lock::release: the lock is not locked; acquire it first");
  if (loop.current() == nullptr || loop.current()->id() != owner_) {
    throw UsageError("Lock::release: another task holds this lock; only the task that acquired it can release it");
  }
  hand_over(loop);
}

bool TaskLock::locked() const {
  binding_.loop("Lock::locked");
  return owner_ != nobody;
}

Loop& TaskLock::require_owner(std::string_view operation) const {
  Loop& loop = binding_.loop_with_task(operation);
  if (loop.current()->id() != owner_) {
    throw UsageError(std::string(operation) + ": the running task does not hold the condition's lock, " +
                     (owner_ == nobody ? "nobody does" : "another task does") + "; acquire it first");
  }
  return loop;
}

void TaskLock::hand_over(Loop& loop) noexcept {
  WaitPoint* next = waiters_.pop();
  if (next == nullptr) {
    owner_ = nobody;
    return;
  }
  TaskRecord& task = WaitQueue::waiting_at(*next);
  owner_ = task.id();
  // Who comes from a condition has an outcome already.
  loop.complete(task, next->outcome == WaitPoint::Outcome::pending ? WaitPoint::Outcome::value : next->outcome);
}

bool TaskLock::take_back(TaskRecord& task, WaitPoint& point) noexcept {
  task.abandon = nullptr;
  if (owner_ == nobody) {
    owner_ = task.id();
    return true;
  }
  waiters_.push(point, task);
  return false;
}

}  // namespace concert::runtime
