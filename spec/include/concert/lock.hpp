// SPDX-License-Identifier: Apache-2.0
// Locks between the tasks of one loop: the plain one and the fair one.
#pragma once

#include <coroutine>
#include <exception>
#include <memory>
#include <utility>

#include "concert/awaitable.hpp"
#include "concert/coro.hpp"
#include "concert/wait.hpp"

namespace concert {

class AsyncBackend;

/// A lock of a backend. Threads: the thread of the loop that made it; elsewhere each function throws UsageError.
class LockCore {
 public:
  LockCore() = default;
  LockCore(const LockCore&) = delete;
  LockCore& operator=(const LockCore&) = delete;
  virtual ~LockCore() = default;
  virtual AsyncBackend& backend() const noexcept = 0;
  /// Takes the lock for the current task, or has it wait in line. Returns false, with an outcome set, if the task need
  /// not suspend. The task owns the lock if and only if the outcome is a value (Lock011).
  virtual bool suspend_until_acquired(WaitPoint& point) = 0;
  /// The wait at `point` ended with Cancelled; called by its task, before it goes on. For locks that are not told of
  /// cancellations in another way. It may throw what the wait ends with instead (Lock016).
  virtual void acquire_cancelled(WaitPoint&) {}
  virtual void release() = 0;
  virtual bool locked() const = 0;
};

/// Awaiter of Lock::acquire.
class [[nodiscard]] LockAcquire {
 public:
  explicit LockAcquire(LockCore& lock) noexcept : lock_(lock) {}
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> waiter) {
    point_.waiter = waiter;
    return lock_.suspend_until_acquired(point_);
  }
  void await_resume() {
    if (point_.outcome == WaitPoint::Outcome::cancelled) [[unlikely]]
      lock_.acquire_cancelled(point_);
    point_.finish();
  }

 protected:
  LockCore& lock_;

 private:
  WaitPoint point_;
};

/// Holds a lock until the end of its block; what Lock::scoped gives. It cannot be moved or thrown away unseen:
/// GCC 12 does not warn about a guard without a name, which would release at once, so prefer Lock::run where a body
/// reads well.
class [[nodiscard]] LockGuard {
 public:
  explicit LockGuard(LockCore& lock) noexcept : lock_(lock) {}
  LockGuard(const LockGuard&) = delete;
  LockGuard& operator=(const LockGuard&) = delete;
  /// Releases the lock. A lock that the block released by hand is left as it is: a destructor has nobody to tell.
  ~LockGuard();

 private:
  LockCore& lock_;
};

/// Awaiter of Lock::scoped.
class [[nodiscard]] LockScoped : public LockAcquire {
 public:
  using LockAcquire::LockAcquire;
  LockGuard await_resume() {
    LockAcquire::await_resume();
    return LockGuard(lock_);
  }
};

/// At most one task holds it (Lock003). A task must release what it acquired, and nobody else can.
///
///     auto lock = backend.create_lock();
///     auto held = co_await lock.scoped();   // until the end of the block
///
/// The plain lock (create_lock) promises no order among its waiters, the fair one (create_fair_lock) hands itself to
/// the task that has waited longest (Fair001). Neither can be overtaken by a task that comes later (Lock015).
/// Threads: the thread of the loop that made it, else UsageError (Lock002). It must outlive the waits for it.
class Lock {
 public:
  explicit Lock(std::shared_ptr<LockCore> core) noexcept : core_(std::move(core)) {}
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

  AsyncBackend& backend() const noexcept { return core_->backend(); }

  /// Waits until the lock is free, then takes it (Lock005).
  /// Errors: Cancelled; the lock is not held then, and goes to the next in line (Lock011). What happens to a task that
  /// holds it already is the backend's trait `lock_reacquire` (Lock012).
  LockAcquire acquire() { return LockAcquire(*core_); }
  /// Frees the lock, or hands it to a waiter; never suspends (Lock007).
  /// Errors: UsageError if it is not locked (Lock008) or another task holds it (Lock009).
  void release() { core_->release(); }
  /// True while a task holds it (Lock010).
  bool locked() const { return core_->locked(); }
  /// As acquire; gives a guard that releases at the end of its block: `auto held = co_await lock.scoped();` (Lock004).
  LockScoped scoped() { return LockScoped(*core_); }

  /// Acquires, awaits `body()`, and releases whatever the body ends with (Lock004). Returns what the body returned.
  /// Errors: as acquire; what the body throws; UsageError if the body released the lock by hand.
  template <class Body>
  auto run(Body&& body) {
    CONCERT_REQUIRE_SAFE_CALLABLE(Body &&);
    return run_body<detail::Kept<Body>>(std::forward<Body>(body));
  }

  /// For backends: what stands behind it.
  const std::shared_ptr<LockCore>& core() const noexcept { return core_; }

 private:
  template <class Body>
  using Result = AwaitResult<std::invoke_result_t<std::remove_reference_t<Body>&>>;

  template <class Body>
  Coro<Result<Body>> run_body(Body body) {
    const std::shared_ptr<LockCore> core = core_;
    co_await LockAcquire(*core);
    std::exception_ptr failure;
    if constexpr (std::is_void_v<Result<Body>>) {
      try {
        co_await body();
      } catch (...) {
        failure = std::current_exception();
      }
      leave(*core, failure);
    } else {
      detail::ResultSlot<Result<Body>> result;
      try {
        result.put(co_await body());
      } catch (...) {
        failure = std::current_exception();
      }
      leave(*core, failure);
      co_return result.take();
    }
  }
  static void leave(LockCore& core, const std::exception_ptr& failure);

  std::shared_ptr<LockCore> core_;
};

}  // namespace concert
