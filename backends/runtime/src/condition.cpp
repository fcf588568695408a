// SPDX-License-Identifier: Apache-2.0
#include "condition.hpp"

#include <stdexcept>
#include <utility>

namespace concert::runtime {

TaskCondition::TaskCondition(RuntimeBackend& backend, std::shared_ptr<LockCore> lock) : lock_(std::move(lock)) {
  Loop::of(backend, "create_condition_var");
  waiters_.lock = dynamic_cast<TaskLock*>(lock_.get());
  if (waiters_.lock == nullptr || !waiters_.lock->binding().is_here()) {
    throw std::invalid_argument(
        "create_condition_var: expected a lock that this backend made in this run, got one of another backend or run; "
        "use one of create_lock");
  }
}

bool TaskCondition::suspend_until_notified(WaitPoint& point) {
  Loop& loop = waiters_.lock->require_owner("Condition::wait");
  TaskRecord& task = loop.park(point, abandon_wait);
  waiters_.push(point, task);
  waiters_.lock->hand_over(loop);
  // Whoever is cancelled already lets the others have the lock too, or a loop around the wait would lock them out.
  if (task.innermost->sees_cancellation() && abandon_wait(loop, point)) {
    loop.complete(task, WaitPoint::Outcome::cancelled);
  }
  return true;
}

void TaskCondition::notify(std::size_t count) {
  waiters_.lock->require_owner("Condition::notify");
  for (; count > 0; --count) {
    WaitPoint* point = waiters_.pop();
    if (point == nullptr) return;
    point->outcome = WaitPoint::Outcome::value;
    // The notifier holds the lock, so nobody goes on yet.
    waiters_.lock->take_back(WaitQueue::waiting_at(*point), *point);
  }
}

bool TaskCondition::abandon_wait(Loop&, WaitPoint& point) noexcept {
  TaskLock& lock = *static_cast<Waiters&>(WaitQueue::queue_of(point)).lock;
  TaskRecord& task = WaitQueue::waiting_at(point);
  WaitQueue::leave(point);
  point.outcome = WaitPoint::Outcome::cancelled;
  return lock.take_back(task, point);
}

}  // namespace concert::runtime
