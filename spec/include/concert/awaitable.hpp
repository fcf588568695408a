// SPDX-License-Identifier: Apache-2.0
// What may stand behind co_await, and which callables may be handed to awaited functions.
#pragma once

#include <concepts>
#include <coroutine>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace concert {

namespace detail {

template <class T>
concept Awaiter = requires(T& awaiter, std::coroutine_handle<> waiter) {
  { awaiter.await_ready() } -> std::convertible_to<bool>;
  awaiter.await_suspend(waiter);
  awaiter.await_resume();
};
template <class T>
concept HasMemberCoAwait = requires(T&& value) {
  std::forward<T>(value).operator co_await();
};
template <class T>
concept HasFreeCoAwait = requires(T&& value) {
  operator co_await(std::forward<T>(value));
};

template <class T>
decltype(auto) get_awaiter(T&& value) {
  if constexpr (HasMemberCoAwait<T>) {
    return std::forward<T>(value).operator co_await();
  } else if constexpr (HasFreeCoAwait<T>) {
    return operator co_await(std::forward<T>(value));
  } else {
    return std::forward<T>(value);
  }
}

}  // namespace detail

/// Anything that `co_await` accepts as an expression of type T.
template <class T>
concept Awaitable = detail::HasMemberCoAwait<T> || detail::HasFreeCoAwait<T> || detail::Awaiter<T>;

/// The type of `co_await std::declval<T>()`.
template <Awaitable T>
using AwaitResult = decltype(detail::get_awaiter(std::declval<T>()).await_resume());

/// A callable that may be given to an awaited function as it is.
/// GCC 12 destroys a temporary with non-trivial members twice in an expression that contains co_await (decision 0003):
/// a lambda that captures by value must have a name there.
template <class F>
concept SafeInAwaitExpression =
    std::is_lvalue_reference_v<F> || std::is_trivially_destructible_v<std::remove_cvref_t<F>>;

namespace detail {
/// Room for a value or a reference that a body returns.
template <class T>
class ResultSlot {
 public:
  void put(T value) { value_.emplace(std::move(value)); }
  T take() { return std::move(*value_); }

 private:
  std::optional<T> value_;
};
template <class T>
class ResultSlot<T&> {
 public:
  void put(T& value) noexcept { value_ = std::addressof(value); }
  T& take() noexcept { return *value_; }

 private:
  T* value_ = nullptr;
};

/// How an awaited function keeps a callable: a named one by reference, a temporary by value.
template <class F>
using Kept = std::conditional_t<std::is_lvalue_reference_v<F>, F, std::remove_cvref_t<F>>;
}  // namespace detail

}  // namespace concert

/// Refuses a callable that GCC 12 would destroy twice, with the way out.
#define CONCERT_REQUIRE_SAFE_CALLABLE(F)                                                                          \
  static_assert(::concert::SafeInAwaitExpression<F>,                                                              \
                "this temporary owns something (a lambda that captures by value?), and GCC 12 destroys it twice " \
                "in an expression with co_await: give it a name first, then pass the name")
