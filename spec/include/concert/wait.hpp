// SPDX-License-Identifier: Apache-2.0
// One suspended await expression, and the awaiters over it: what applications await and what backends complete.
#pragma once

#include <coroutine>
#include <cstddef>
#include <new>

#include "concert/errors.hpp"
#include "concert/time.hpp"

namespace concert {

/// A place where a task waits. It lives in the awaiting frame, so a wait allocates nothing.
/// The backend that suspends it keeps its own record in `state()`, sets `outcome`, and then resumes `waiter`.
class WaitPoint {
 public:
  /// A wait has one outcome: its value, or Cancelled (Cancel014).
  enum class Outcome : unsigned char { pending, value, cancelled };

  /// Room for the backend's own record of this wait.
  static constexpr std::size_t state_bytes = 32;

  WaitPoint() = default;
  /// An operation can be handed on until it is awaited, which is when its wait point gets an address for good.
  WaitPoint(WaitPoint&&) noexcept : WaitPoint() {}
  WaitPoint& operator=(WaitPoint&&) = delete;

  /// The backend's record, zero-filled at first. The type must be trivial: nobody destroys it.
  template <class State>
  State& state() noexcept {
    static_assert(sizeof(State) <= state_bytes && alignof(State) <= alignof(void*));
    static_assert(std::is_trivially_copyable_v<State> && std::is_trivially_destructible_v<State>);
    return *std::launder(reinterpret_cast<State*>(state_));
  }

  std::coroutine_handle<> waiter{};
  Outcome outcome = Outcome::pending;

  /// Gives the outcome to the awaiting task. Errors: Cancelled.
  void finish() const {
    if (outcome == Outcome::cancelled) [[unlikely]]
      throw Cancelled(CancelKey{});
  }

 private:
  alignas(void*) std::byte state_[state_bytes] = {};
};

class AsyncBackend;
class TaskCore;
class TaskGroupCore;

// The awaiters below are what the hot operations return: one virtual call, no frame, no allocation.

/// Awaiter of AsyncBackend::coro_yield and cancel_shielded_coro_yield.
class [[nodiscard]] Yield {
 public:
  Yield(AsyncBackend& backend, bool shielded) noexcept : backend_(backend), shielded_(shielded) {}
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> waiter);
  void await_resume() const { point_.finish(); }

 private:
  AsyncBackend& backend_;
  WaitPoint point_;
  bool shielded_;
};

/// Awaiter of AsyncBackend::sleep, sleep_until and sleep_forever.
class [[nodiscard]] Sleep {
 public:
  Sleep(AsyncBackend& backend, TimePoint wake_time) noexcept : backend_(backend), wake_time_(wake_time) {}
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> waiter);
  void await_resume() const { point_.finish(); }

 private:
  AsyncBackend& backend_;
  TimePoint wake_time_;
  WaitPoint point_;
};

/// Awaiter of Task::wait.
class [[nodiscard]] TaskWait {
 public:
  explicit TaskWait(TaskCore& task) noexcept : task_(task) {}
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> waiter);
  void await_resume() const { point_.finish(); }

 private:
  TaskCore& task_;
  WaitPoint point_;
};

/// Awaiter of the end of a task group's block. It cannot be cancelled (Group033).
class [[nodiscard]] GroupExit {
 public:
  GroupExit(TaskGroupCore& group, const std::exception_ptr& body_failure) noexcept
      : group_(group), body_failure_(body_failure) {}
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> waiter);
  /// Returns what the block ends with; null for success.
  std::exception_ptr await_resume() const;

 private:
  TaskGroupCore& group_;
  const std::exception_ptr& body_failure_;
  WaitPoint point_;
};

}  // namespace concert
