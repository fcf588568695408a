// SPDX-License-Identifier: Apache-2.0
// Cancel scopes: blocks that can be cancelled, by hand or by a deadline.
#pragma once

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "concert/awaitable.hpp"
#include "concert/core.hpp"
#include "concert/time.hpp"

namespace concert {

namespace detail {
/// What a scope gives for a body that returns T: the value, or nothing if the scope absorbed its cancellation
/// (Scope044). A body that returns a reference gives a pointer, null if it was cancelled.
template <class T>
using ScopeResult = std::conditional_t<
    std::is_void_v<T>, void,
    std::conditional_t<std::is_reference_v<T>, std::add_pointer_t<std::remove_reference_t<T>>, std::optional<T>>>;
}  // namespace detail

/// A block of one task that can be cancelled, by cancel() or by its deadline. Other tasks may hold it to control the
/// block.
///
///     auto scope = backend.move_on_after(2s);
///     std::optional<Reply> reply = co_await scope.run([&](CancelScope&) { return ask(server); });
///     if (!reply) log("no answer within two seconds");
///
/// Cancellation is state: while the scope is cancelled, each checkpoint inside throws Cancelled (Cancel007). The
/// outermost cancelled scope that the task can see absorbs it (Scope030). There is no shielded scope (Shield018): see
/// ignore_cancellation. Threads: the loop thread only, else UsageError; before it is entered, any one thread.
class CancelScope {
 public:
  explicit CancelScope(std::unique_ptr<CancelScopeCore> core) noexcept : core_(std::move(core)) {}
  CancelScope(const CancelScope&) = delete;
  CancelScope& operator=(const CancelScope&) = delete;

  AsyncBackend& backend() const noexcept { return core_->backend(); }

  /// Runs `body(scope)` or `body()` inside the scope. A body without a value gives nothing, one with a value of type T
  /// std::optional<T>, one with a reference a pointer; empty means that the scope absorbed its cancellation (Scope010,
  /// Scope044). Errors: UsageError on a second run (Scope021); what the body throws, unchanged, other than the scope's
  /// own Cancelled (Scope034).
  template <class Body>
  auto run(Body&& body) {
    CONCERT_REQUIRE_SAFE_CALLABLE(Body &&);
    return run_body<detail::Kept<Body>>(std::forward<Body>(body));
  }

  /// Cancels the scope: from the next checkpoint on each wait inside throws Cancelled (Scope003). Idempotent
  /// (Scope005). No guarantee that the block ends early: it may swallow the exception (Scope004). Before the block is
  /// entered it is remembered (Scope017), after its end it has no effect on any task (Scope028).
  void cancel() { core_->cancel(); }
  /// True once cancel() was called or the deadline was noticed to have passed (Scope006, Scope007). Reading changes
  /// nothing (Scope042).
  bool cancel_called() const { return core_->cancel_called(); }
  /// True if the scope absorbed a Cancelled, also out of a group of failures (Scope009, Scope036).
  bool cancelled_caught() const { return core_->cancelled_caught(); }

  /// The deadline on the backend's clock, as it was set; `never` if there is none (Scope011, Scope040).
  TimePoint when() const { return core_->deadline(); }
  TimePoint deadline() const { return core_->deadline(); }
  /// Replaces the deadline (Scope012). A past one cancels (Scope026); a later one rescues a scope whose expiry was not
  /// noticed yet (Scope027), and never undoes a cancellation (Scope025). Errors: std::invalid_argument for NaN; the old
  /// one stays (Scope016).
  void reschedule(TimePoint deadline) { core_->reschedule(deadline); }
  /// Moves the deadline by `more`, which may be negative: reschedule(when() + more) (Scope013).
  void extend(Seconds more) { core_->extend(more); }
  /// Removes the deadline: reschedule(never) (Scope014).
  void clear_deadline() { core_->clear_deadline(); }

 private:
  friend class TimeoutScope;

  template <class Body>
  static decltype(auto) call(Body& body, CancelScope& scope) {
    if constexpr (std::is_invocable_v<Body&, CancelScope&>) {
      return body(scope);
    } else {
      return body();
    }
  }
  template <class Body>
  using Result =
      AwaitResult<decltype(call(std::declval<std::remove_reference_t<Body>&>(), std::declval<CancelScope&>()))>;

  template <class Body>
  Coro<detail::ScopeResult<Result<Body>>> run_body(Body body) {
    using T = Result<Body>;
    core_->enter();
    std::exception_ptr failure;
    if constexpr (std::is_void_v<T>) {
      try {
        co_await call(body, *this);
      } catch (...) {
        failure = std::current_exception();
      }
      leave(std::move(failure));
    } else {
      detail::ScopeResult<T> result{};
      try {
        if constexpr (std::is_reference_v<T>) {
          result = std::addressof(co_await call(body, *this));
        } else {
          result.emplace(co_await call(body, *this));
        }
      } catch (...) {
        failure = std::current_exception();
      }
      leave(std::move(failure));
      co_return result;
    }
  }
  void leave(std::exception_ptr failure) {
    absorbed_ = failure;
    if (std::exception_ptr rest = core_->exit(std::move(failure))) {
      absorbed_ = nullptr;
      std::rethrow_exception(std::move(rest));
    }
  }

  std::unique_ptr<CancelScopeCore> core_;
  std::exception_ptr absorbed_;
};

/// A scope that tells an absorbed cancellation as an error: what AsyncBackend::timeout and timeout_at return.
///
///     auto limit = backend.timeout(2s);
///     Reply reply = co_await limit.run([&](CancelScope&) { return ask(server); });
class TimeoutScope {
 public:
  explicit TimeoutScope(std::unique_ptr<CancelScopeCore> core) noexcept : scope_(std::move(core)) {}
  TimeoutScope(const TimeoutScope&) = delete;
  TimeoutScope& operator=(const TimeoutScope&) = delete;

  AsyncBackend& backend() const noexcept { return scope_.backend(); }
  /// The scope underneath, to reschedule or cancel it (Timeout009). Its body receives it too.
  CancelScope& scope() noexcept { return scope_; }

  /// Runs the body and returns its value.
  /// Errors: TimeoutError if the scope absorbed its cancellation, whether by the deadline or by cancel() (Timeout007,
  /// Timeout011, Timeout013); what the body throws, unchanged, also its own TimeoutError (Timeout012, Timeout015);
  /// Cancelled for a cancellation from elsewhere (Timeout014).
  template <class Body>
  auto run(Body&& body) {
    CONCERT_REQUIRE_SAFE_CALLABLE(Body &&);
    return run_body<detail::Kept<Body>>(std::forward<Body>(body));
  }

 private:
  template <class Body>
  Coro<CancelScope::Result<Body>> run_body(Body body) {
    if constexpr (std::is_void_v<CancelScope::Result<Body>>) {
      co_await scope_.run(body);
      conclude();
    } else {
      auto result = co_await scope_.run(body);
      conclude();
      co_return static_cast<CancelScope::Result<Body>>(*required(result));
    }
  }
  /// Throws TimeoutError if the scope absorbed its cancellation.
  void conclude();
  template <class T>
  static T&& required(T& result) {
    if (!result) throw_no_result();
    return std::move(result);
  }
  [[noreturn]] static void throw_no_result();

  CancelScope scope_;
};

}  // namespace concert
