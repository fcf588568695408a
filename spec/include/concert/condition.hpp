// SPDX-License-Identifier: Apache-2.0
// Condition variables: waiting, under a lock, until another task says that something has changed.
#pragma once

#include <coroutine>
#include <cstddef>
#include <memory>
#include <utility>

#include "concert/lock.hpp"

namespace concert {

/// A condition of a backend, over a lock. Threads: the thread of the loop that made it; elsewhere UsageError.
class ConditionCore {
 public:
  ConditionCore() = default;
  ConditionCore(const ConditionCore&) = delete;
  ConditionCore& operator=(const ConditionCore&) = delete;
  virtual ~ConditionCore() = default;
  /// The lock that goes with it, for as long as the condition lives.
  virtual const std::shared_ptr<LockCore>& lock() const noexcept = 0;
  /// Releases the lock and waits for a notification, then, uninterruptibly, for the lock; both are one wait with one
  /// outcome. The lock is held again whatever the outcome is (Cond012, Cond013). A task that does not hold the lock
  /// gets UsageError (Cond010). Returns false, with an outcome set, if the task need not suspend.
  virtual bool suspend_until_notified(WaitPoint& point) = 0;
  /// Wakes up to `count` of the waiters, those that have waited longest (Cond007).
  virtual void notify(std::size_t count) = 0;
};

/// Awaiter of Condition::wait.
class [[nodiscard]] ConditionWait {
 public:
  explicit ConditionWait(ConditionCore& condition) noexcept : condition_(condition) {}
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> waiter) {
    point_.waiter = waiter;
    return condition_.suspend_until_notified(point_);
  }
  void await_resume() const { point_.finish(); }

 private:
  ConditionCore& condition_;
  WaitPoint point_;
};

/// A lock with a place to wait: a condition *is* the lock that it was made with, or one of its own (Cond001, Cond005).
///
///     auto changed = backend.create_condition_var();
///     auto held = co_await changed.scoped();
///     while (queue.empty()) co_await changed.wait();
///
/// Threads: the thread of the loop that made it, else UsageError. It must outlive the waits for it.
class Condition : public Lock {
 public:
  explicit Condition(std::shared_ptr<ConditionCore> core) : Lock(core->lock()), core_(std::move(core)) {}

  /// Releases the lock, waits until another task notifies (Cond009), and takes the lock again before it goes on
  /// (Cond012), which nobody can interrupt. Errors: UsageError if the task does not hold the lock (Cond010); Cancelled,
  /// with the lock held again (Cond013); a notification that it was given goes on to the next waiter (Cond015).
  ConditionWait wait() { return ConditionWait(*core_); }
  /// Wakes at most `count` waiters, first come first served; none if it is not positive (Cond006, Cond007). They go on
  /// once the lock is theirs (Cond014). Errors: UsageError if the task does not hold the lock (Cond011).
  void notify(std::ptrdiff_t count = 1) { core_->notify(count > 0 ? static_cast<std::size_t>(count) : 0); }
  /// Wakes every waiter (Cond008). Errors: as notify.
  void notify_all() { core_->notify(static_cast<std::size_t>(-1)); }

 private:
  std::shared_ptr<ConditionCore> core_;
};

}  // namespace concert
