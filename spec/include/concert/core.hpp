// SPDX-License-Identifier: Apache-2.0
// What a backend implements behind scopes, groups, shields and tasks: no templates, one virtual class each.
// Applications use scope.hpp, group.hpp and task.hpp instead.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "concert/block_recycler.hpp"
#include "concert/coro.hpp"
#include "concert/time.hpp"
#include "concert/wait.hpp"

namespace concert {

class AsyncBackend;
struct TaskInfo;

/// A cancel scope of a backend. The front (CancelScope::run) calls enter, runs the body, then exit with the body's
/// failure. Threads: the loop thread only; before it is entered, any one thread (Scope039).
class CancelScopeCore : public detail::Recycled {
 public:
  virtual ~CancelScopeCore() = default;
  virtual AsyncBackend& backend() const noexcept = 0;
  /// Errors: UsageError on the second use (Scope021) or without a current task.
  virtual void enter() = 0;
  /// Closes the scope. Returns what goes on after it: null if there was no failure or the scope absorbed it (Scope010),
  /// the failure itself, or what is left of a group once the scope's Cancelleds are stripped (Scope037).
  virtual std::exception_ptr exit(std::exception_ptr body_failure) = 0;
  virtual void cancel() = 0;
  virtual bool cancel_called() const = 0;
  virtual bool cancelled_caught() const = 0;
  virtual TimePoint deadline() const = 0;
  /// Errors: std::invalid_argument for NaN; the old deadline stays (Scope016).
  virtual void reschedule(TimePoint deadline) = 0;
  virtual void extend(Seconds more) { reschedule(deadline() + more); }
  virtual void clear_deadline() { reschedule(never); }
};

/// The shield of ignore_cancellation: while entered, requests from outside wait.
class ShieldCore : public detail::Recycled {
 public:
  virtual ~ShieldCore() = default;
  virtual void enter() = 0;
  virtual void exit() noexcept = 0;
};

/// The backend's side of one task. Made by TaskGroupCore::spawn or run_main, ended by `dispose` when the last handle
/// goes.
class TaskCore {
 public:
  virtual AsyncBackend& backend() const noexcept = 0;
  virtual TaskInfo info() const = 0;
  virtual bool done() const = 0;
  virtual bool cancel() = 0;
  virtual bool cancelled() const = 0;
  /// The exception that ended the task (a Cancelled if it was cancelled); null for success or while it runs.
  virtual std::exception_ptr failure() const = 0;
  /// Registers a wait for the end. Returns false, with an outcome set, if it need not suspend (Task024).
  virtual bool suspend_until_done(WaitPoint& point) = 0;
  /// Task::join_or_cancel up to the point where the outcome is read; the default is the documented pseudo-code.
  virtual Coro<void> wait_or_cancel();
  virtual void dispose() noexcept = 0;

 protected:
  ~TaskCore() = default;
};

/// A task's function, arguments, name and outcome in one block, with room for the backend's record of the task.
/// Counted by the handles that hold it. Threads: the loop thread only.
class TaskBody : public CoroOwner {
 public:
  /// Bytes a backend may use in place, so that a task costs one block beside its coroutine frame.
  static constexpr std::size_t core_bytes = 192;

  TaskBody(const TaskBody&) = delete;
  TaskBody& operator=(const TaskBody&) = delete;

  /// Calls the user's function. Returns the frame to resume; null if it ended at once (then `ended` is already true).
  virtual std::coroutine_handle<> start() noexcept = 0;
  /// Destroys the coroutine, its function and its arguments; keeps the outcome. Called by the backend at the end of the
  /// task (before anyone hears of it), or instead of start() if the task is refused.
  virtual void release_work() noexcept = 0;
  /// The exception that left the function; null for success or before the end.
  const std::exception_ptr& failure() const noexcept { return failure_; }

  /// Set by the backend: what it wants to be told at the end, and its record of the task.
  class Listener {
   public:
    virtual void body_ended(TaskBody& body) noexcept = 0;

   protected:
    ~Listener() = default;
  };
  Listener* listener = nullptr;
  TaskCore* core = nullptr;
  /// The name given by the caller; empty if there was none.
  std::string name;

  void* core_space() noexcept { return core_space_; }
  void add_holder() noexcept { ++holders_; }
  void drop_holder() noexcept {
    if (--holders_ == 0) destroy();
  }

 protected:
  TaskBody() = default;
  virtual ~TaskBody() {
    if (core != nullptr) core->dispose();
  }
  virtual void destroy() noexcept = 0;
  std::exception_ptr failure_;

 private:
  std::uint32_t holders_ = 0;
  alignas(std::max_align_t) std::byte core_space_[core_bytes];
};

/// A counted reference to a TaskBody.
template <class Body = TaskBody>
class TaskRef {
 public:
  TaskRef() = default;
  explicit TaskRef(Body* body) noexcept : body_(body) {
    if (body_ != nullptr) body_->add_holder();
  }
  TaskRef(const TaskRef& other) noexcept : TaskRef(other.body_) {}
  TaskRef(TaskRef&& other) noexcept : body_(std::exchange(other.body_, nullptr)) {}
  template <class Derived>
  requires std::derived_from<Derived, Body> TaskRef(const TaskRef<Derived>& other)
  noexcept : TaskRef(other.get()) {}  // NOLINT: an upcast, as of a pointer
  TaskRef& operator=(TaskRef other) noexcept {
    std::swap(body_, other.body_);
    return *this;
  }
  ~TaskRef() {
    if (body_ != nullptr) body_->drop_holder();
  }
  Body* get() const noexcept { return body_; }
  Body* operator->() const noexcept { return body_; }
  Body& operator*() const noexcept { return *body_; }
  explicit operator bool() const noexcept { return body_ != nullptr; }

 private:
  Body* body_ = nullptr;
};

/// A task group of a backend. The front (TaskGroup::run) calls enter, runs the body, then awaits GroupExit.
class TaskGroupCore : public detail::Recycled {
 public:
  virtual ~TaskGroupCore() = default;
  virtual AsyncBackend& backend() const noexcept = 0;
  /// Errors: UsageError on the second use (Group031).
  virtual void enter() = 0;
  /// Accepts a task; it runs later (Group009). Errors: UsageError before the block (Group007) and after it (Group006).
  virtual void spawn(TaskRef<> body) = 0;
  /// As spawn, and waits until the task has begun (Group011, Group012, Group027).
  virtual Coro<void> start(TaskRef<> body) = 0;
  /// The body has ended with this failure (null: none): wait for every child. Returns false if none is left.
  virtual bool suspend_exit(WaitPoint& point, const std::exception_ptr& body_failure) = 0;
  /// What the block ends with once the children are gone; null for success.
  virtual std::exception_ptr outcome() = 0;
};

}  // namespace concert
