// SPDX-License-Identifier: Apache-2.0
// Events: something that happens once, for which any number of tasks may wait.
#pragma once

#include <coroutine>
#include <memory>
#include <utility>

#include "concert/wait.hpp"

namespace concert {

class AsyncBackend;

/// An event of a backend. Threads: the thread of the loop that made it; elsewhere each function throws UsageError.
/// It may be destroyed as soon as it is set, while the tasks that it woke have not run yet.
class EventCore {
 public:
  EventCore() = default;
  EventCore(const EventCore&) = delete;
  EventCore& operator=(const EventCore&) = delete;
  virtual ~EventCore() = default;
  virtual AsyncBackend& backend() const noexcept = 0;
  /// Returns false, with an outcome set, if the task need not suspend.
  virtual bool suspend_until_set(WaitPoint& point) = 0;
  virtual void set() = 0;
  virtual bool is_set() const = 0;
};

/// Awaiter of Event::wait.
class [[nodiscard]] EventWait {
 public:
  explicit EventWait(EventCore& event) noexcept : event_(event) {}
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> waiter) {
    point_.waiter = waiter;
    return event_.suspend_until_set(point_);
  }
  void await_resume() const { point_.finish(); }

 private:
  EventCore& event_;
  WaitPoint point_;
};

/// A flag that starts false, becomes true once, and stays so: there is no way back (Event009).
///
///     auto ready = backend.create_event();
///     tasks.start_soon([&]() -> Coro<> { co_await ready.wait(); ... });
///     ready.set();
///
/// Threads: the thread of the loop that made it, else UsageError (Event007); from other threads use a portal:
/// `portal.run_sync([&] { ready.set(); })`. It must outlive the waits for it.
class Event {
 public:
  explicit Event(std::shared_ptr<EventCore> core) noexcept : core_(std::move(core)) {}
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  AsyncBackend& backend() const noexcept { return core_->backend(); }

  /// Waits until the flag is true (Event002); returns at once if it is (Event003). Errors: Cancelled.
  EventWait wait() { return EventWait(*core_); }
  /// Makes the flag true and wakes every waiter (Event004); they run later, never inside this call (Event008).
  void set() { core_->set(); }
  /// The flag (Event006).
  bool is_set() const { return core_->is_set(); }

 private:
  std::shared_ptr<EventCore> core_;
};

}  // namespace concert
