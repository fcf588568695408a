// SPDX-License-Identifier: Apache-2.0
// Blocking functions in worker threads: the jobs behind AsyncBackend::run_in_thread.
#pragma once

#include <coroutine>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "concert/awaitable.hpp"
#include "concert/task.hpp"
#include "concert/wait.hpp"

namespace concert {

class AsyncBackend;

/// What a cancellation does to a run_in_thread whose function has started:
/// `run_in_thread(AbandonOnCancel(true), read_file, path)`.
class AbandonOnCancel {
 public:
  constexpr explicit AbandonOnCancel(bool abandon_on_cancel) noexcept : value(abandon_on_cancel) {}
  /// False: the call waits for the function all the same (Thread006). True: the call is cancelled at once, and the
  /// function goes on alone, for nobody (Thread008, Thread009).
  bool value;
};

/// A blocking function with its arguments and its outcome. Shared by the task that waits for it and the worker that
/// runs it: whoever needs it last destroys it.
class ThreadJob {
 public:
  ThreadJob() = default;
  ThreadJob(const ThreadJob&) = delete;
  ThreadJob& operator=(const ThreadJob&) = delete;
  virtual ~ThreadJob() = default;
  /// Calls the function, keeps what it returns or throws, then destroys it and its arguments. At most once, in a worker
  /// thread. The outcome may be read by another thread that hears of the end in an orderly way.
  virtual void run() noexcept = 0;
};

/// Awaiter inside AsyncBackend::run_in_thread.
class [[nodiscard]] ThreadWait {
 public:
  ThreadWait(AsyncBackend& backend, const std::shared_ptr<ThreadJob>& job, AbandonOnCancel abandon) noexcept
      : backend_(backend), job_(job), abandon_(abandon) {}
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> waiter);
  void await_resume() const { point_.finish(); }

 private:
  AsyncBackend& backend_;
  const std::shared_ptr<ThreadJob>& job_;
  AbandonOnCancel abandon_;
  WaitPoint point_;
};

namespace detail {

/// What a plain function returned or threw, kept for another thread.
template <class T>
class CallOutcome {
 public:
  template <class F>
  void take_from(F&& call) noexcept {
    try {
      if constexpr (std::is_void_v<T>) {
        std::forward<F>(call)();
        value_.emplace();
      } else if constexpr (std::is_reference_v<T>) {
        value_.emplace(std::addressof(std::forward<F>(call)()));
      } else {
        value_.emplace(std::forward<F>(call)());
      }
    } catch (...) {
      failure_ = std::current_exception();
    }
  }
  std::exception_ptr take_failure() noexcept { return std::exchange(failure_, nullptr); }
  std::optional<ReadyValue<T>>& value() noexcept { return value_; }
  /// Gives the value away. Errors: what was thrown; std::logic_error if nothing came, which is a fault of the backend.
  T take() {
    if (failure_) std::rethrow_exception(take_failure());
    if (!value_) throw_no_result();
    if constexpr (std::is_reference_v<T>) {
      return static_cast<T>(**value_);
    } else if constexpr (!std::is_void_v<T>) {
      return std::move(*value_);
    }
  }

 private:
  std::optional<ReadyValue<T>> value_;
  std::exception_ptr failure_;
};

template <class T>
class TypedThreadJob : public ThreadJob {
 public:
  T take() { return outcome_.take(); }

 protected:
  CallOutcome<T> outcome_;
};

template <class F, class... Args>
using PlainResult = std::invoke_result_t<std::decay_t<F>&&, std::decay_t<Args>&&...>;

/// Refuses async functions where plain ones are called (Thread015, Portal025).
template <class Result>
concept PlainValue = std::is_void_v<Result> || !Awaitable<Result>;

/// A plain function with its arguments, to be called once.
template <class F, class... Args>
class StoredCall {
 public:
  template <class G, class... A>
  explicit StoredCall(std::in_place_t, G&& function, A&&... arguments)
      : function_(std::forward<G>(function)), arguments_(std::forward<A>(arguments)...) {}
  std::invoke_result_t<F&&, Args&&...> operator()() && {
    return std::apply(
        [this](Args&... args) -> decltype(auto) { return std::invoke(std::move(function_), std::move(args)...); },
        arguments_);
  }

 private:
  F function_;
  std::tuple<Args...> arguments_;
};

template <class F, class... Args>
class CallThreadJob final : public TypedThreadJob<std::invoke_result_t<F&&, Args&&...>> {
 public:
  template <class G, class... A>
  explicit CallThreadJob(std::in_place_t, G&& function, A&&... arguments)
      : call_(std::in_place, std::in_place, std::forward<G>(function), std::forward<A>(arguments)...) {}
  void run() noexcept override {
    this->outcome_.take_from(std::move(*call_));
    call_.reset();
  }

 private:
  std::optional<StoredCall<F, Args...>> call_;
};

}  // namespace detail

}  // namespace concert
