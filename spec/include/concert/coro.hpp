// SPDX-License-Identifier: Apache-2.0
// The coroutine type of the interface, and the one way to resume it.
#pragma once

#include <coroutine>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "concert/block_recycler.hpp"
#include "concert/errors.hpp"

namespace concert {

namespace detail {

/// Where a coroutine says who runs next. Every switch between coroutines goes through it, so that a chain of
/// awaits of any length uses no native stack (decision 0005: symmetric transfer is no tail call in all builds).
struct Trampoline {
  std::coroutine_handle<> next{};
};
inline constinit thread_local Trampoline trampoline{};

}  // namespace detail

/// Resumes `coroutine`, then whatever it hands control to, until that chain suspends or ends.
/// Backends resume coroutines with this function only; a bare `handle.resume()` would lose the hand-over.
/// Threads: the thread that runs the loop. May be nested.
inline void resume(std::coroutine_handle<> coroutine) {
  detail::Trampoline& trampoline = detail::trampoline;
  const std::coroutine_handle<> outer = std::exchange(trampoline.next, {});
  do {
    coroutine.resume();
    coroutine = std::exchange(trampoline.next, {});
  } while (coroutine);
  trampoline.next = outer;
}

/// Told when the coroutine that it started has come to its end (the outermost frame of a task).
class CoroOwner {
 public:
  /// The frame is suspended at its end and may be destroyed now.
  virtual void coro_finished() noexcept = 0;

 protected:
  ~CoroOwner() = default;
};

template <class T = void>
class Coro;

namespace detail {

class PromiseBase {
 public:
  static void* operator new(std::size_t size) { return allocate_block(size); }
  static void operator delete(void* block, std::size_t size) noexcept { release_block(block, size); }

  std::suspend_always initial_suspend() noexcept { return {}; }

  struct Final {
    bool await_ready() noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> frame) noexcept {
      PromiseBase& promise = frame.promise();
      if (promise.continuation) {
        trampoline.next = promise.continuation;
      } else if (promise.owner != nullptr) {
        promise.owner->coro_finished();
      }
    }
    void await_resume() noexcept {}
  };
  Final final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { failure = std::current_exception(); }

  std::coroutine_handle<> continuation{};
  CoroOwner* owner = nullptr;
  std::exception_ptr failure{};
};

template <class T>
class Promise : public PromiseBase {
 public:
  Coro<T> get_return_object() noexcept;
  template <class U>
  requires std::constructible_from<T, U>
  void return_value(U&& value) { value_.emplace(std::forward<U>(value)); }
  T take() { return std::move(*value_); }

 private:
  std::optional<T> value_;
};

template <class T>
class Promise<T&> : public PromiseBase {
 public:
  Coro<T&> get_return_object() noexcept;
  void return_value(T& value) noexcept { value_ = std::addressof(value); }
  T& take() noexcept { return *value_; }

 private:
  T* value_ = nullptr;
};

template <>
class Promise<void> : public PromiseBase {
 public:
  Coro<void> get_return_object() noexcept;
  void return_void() noexcept {}
  void take() noexcept {}
};

/// What a coroutine that was never started returns: a value that is there already.
template <class T>
using ReadyValue = std::conditional_t<std::is_void_v<T>, std::monostate,
                                      std::conditional_t<std::is_reference_v<T>, std::remove_reference_t<T>*, T>>;

}  // namespace detail

/// A lazy asynchronous function call: it runs when awaited, once, and gives its value or exception to the awaiter.
/// Move-only. A `Coro` that is dropped before it is awaited never runs. Frames come from a recycling pool.
/// Errors: what the body throws; UsageError when an empty `Coro` is awaited.
/// Threads: the thread of the loop that runs it.
template <class T>
class [[nodiscard]] Coro {
  static_assert(std::is_void_v<T> || std::is_reference_v<T> || std::is_move_constructible_v<T>,
                "Coro<T> hands its value over by moving it: return a std::unique_ptr to a type that cannot move");

 public:
  using value_type = T;
  using promise_type = detail::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  /// A `Coro` that holds its value and needs no frame.
  template <class... U>
  static Coro ready(U&&... value) {
    Coro coro;
    coro.value_.emplace(std::forward<U>(value)...);
    return coro;
  }

  Coro(Coro&& other) noexcept : frame_(std::exchange(other.frame_, {})), value_(std::move(other.value_)) {
    other.value_.reset();
  }
  Coro& operator=(Coro&& other) noexcept {
    if (this != &other) {
      destroy();
      frame_ = std::exchange(other.frame_, {});
      value_ = std::move(other.value_);
      other.value_.reset();
    }
    return *this;
  }
  ~Coro() { destroy(); }

  class Awaiter {
   public:
    explicit Awaiter(Coro& coro) noexcept : coro_(coro) {}
    bool await_ready() const noexcept { return !coro_.frame_; }
    void await_suspend(std::coroutine_handle<> waiter) noexcept {
      coro_.frame_.promise().continuation = waiter;
      detail::trampoline.next = coro_.frame_;
    }
    T await_resume() { return coro_.take(); }

   private:
    Coro& coro_;
  };
  Awaiter operator co_await() && noexcept { return Awaiter(*this); }

  /// For backends: makes this coroutine the root of a task; `owner` is told when it ends.
  /// Returns the frame to resume, or null if the value is ready.
  std::coroutine_handle<> start_as_root(CoroOwner& owner) {
    if (frame_) frame_.promise().owner = &owner;
    return frame_;
  }

  /// For backends: the outcome after the end: returns the value or throws the failure.
  T take() {
    if (frame_) {
      if (frame_.promise().failure) std::rethrow_exception(std::exchange(frame_.promise().failure, nullptr));
      return frame_.promise().take();
    }
    if (!value_) throw UsageError("this Coro holds nothing: it was moved from or awaited before");
    if constexpr (std::is_reference_v<T>) {
      return static_cast<T>(**value_);
    } else if constexpr (!std::is_void_v<T>) {
      return std::move(*value_);
    }
  }

 private:
  friend promise_type;
  Coro() noexcept = default;
  explicit Coro(Handle frame) noexcept : frame_(frame) {}
  void destroy() noexcept {
    if (frame_) std::exchange(frame_, {}).destroy();
  }

  Handle frame_{};
  std::optional<detail::ReadyValue<T>> value_;
};

namespace detail {
template <class T>
Coro<T> Promise<T>::get_return_object() noexcept {
  return Coro<T>(std::coroutine_handle<Promise>::from_promise(*this));
}
template <class T>
Coro<T&> Promise<T&>::get_return_object() noexcept {
  return Coro<T&>(std::coroutine_handle<Promise>::from_promise(*this));
}
inline Coro<void> Promise<void>::get_return_object() noexcept {
  return Coro<void>(std::coroutine_handle<Promise>::from_promise(*this));
}
}  // namespace detail

}  // namespace concert
