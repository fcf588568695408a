// SPDX-License-Identifier: Apache-2.0
// The runtime's condition.
#pragma once

#include <cstddef>
#include <memory>

#include "concert/condition.hpp"
#include "lock.hpp"
#include "wait_queue.hpp"

namespace concert::runtime {

/// A notification moves a waiter to the lock's line, with its outcome settled: it runs when the lock is its own, and a
/// cancellation that comes later cannot eat the notification. A cancelled waiter goes the same way.
class TaskCondition final : public ConditionCore {
 public:
  /// Errors: UsageError unless `backend` runs on this thread; std::invalid_argument for a lock that is not this run's.
  TaskCondition(RuntimeBackend& backend, std::shared_ptr<LockCore> lock);

  const std::shared_ptr<LockCore>& lock() const noexcept override { return lock_; }
  bool suspend_until_notified(WaitPoint& point) override;
  void notify(std::size_t count) override;

 private:
  /// Knows its lock, so that a wait that is abandoned finds it.
  struct Waiters : WaitQueue {
    TaskLock* lock = nullptr;
  };
  static bool abandon_wait(Loop& loop, WaitPoint& point) noexcept;

  std::shared_ptr<LockCore> lock_;
  Waiters waiters_;
};

}  // namespace concert::runtime
