// SPDX-License-Identifier: Apache-2.0
// The templates behind AsyncBackend::gather: they turn awaitables into task bodies and the results into one value.
#pragma once

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "concert/backend.hpp"

namespace concert {
namespace detail {

template <class A>
inline constexpr bool is_shared_awaitable = false;
template <class A>
inline constexpr bool is_shared_awaitable<std::shared_ptr<A>> = true;

template <class A>
struct GatherTraits {
  using Result = AwaitResult<A>;
};
template <class A>
struct GatherTraits<std::shared_ptr<A>> {
  using Result = AwaitResult<A>;
};
/// What awaiting one argument of gather gives.
template <class A>
using GatherValue = typename GatherTraits<std::remove_cvref_t<A>>::Result;

template <class A>
Coro<GatherValue<A>> await_one(A& awaitable) {
  if constexpr (is_shared_awaitable<A>) {
    co_return co_await std::move(*awaitable);
  } else {
    co_return co_await std::move(awaitable);
  }
}
template <class T>
using GatherBody = TaskRef<TypedTaskBody<T>>;

/// The body for one argument; a shared awaitable that was met before shares its body.
template <class A>
GatherBody<GatherValue<A>> gather_body(A& awaitable, std::vector<std::pair<const void*, TaskRef<>>>& met) {
  using T = GatherValue<A>;
  const void* identity = nullptr;
  if constexpr (is_shared_awaitable<A>) {
    identity = awaitable.get();
    for (const auto& [seen, body] : met) {
      if (seen == identity) return GatherBody<T>(static_cast<TypedTaskBody<T>*>(body.get()));
    }
  }
  auto body = make_task_body(&await_one<A>, std::ref(awaitable));
  met.emplace_back(identity, TaskRef<>(body));
  return body;
}

template <class T>
auto gathered_value(const GatherBody<T>& body, bool is_last_use) {
  if (!body->value()) throw_no_result();
  if constexpr (std::is_void_v<T>) {
    return std::monostate{};
  } else if constexpr (std::is_copy_constructible_v<T>) {
    return is_last_use ? T(std::move(*body->value())) : T(*body->value());
  } else {
    return T(std::move(*body->value()));
  }
}

inline std::vector<TaskRef<>> bodies_of(const std::vector<std::pair<const void*, TaskRef<>>>& met) {
  std::vector<TaskRef<>> bodies;
  bodies.reserve(met.size());
  for (const auto& entry : met) bodies.push_back(entry.second);
  return bodies;
}

/// True if no later element stands for the same body.
template <class T>
bool last_use(const std::vector<GatherBody<T>>& bodies, std::size_t index) {
  return std::none_of(bodies.begin() + static_cast<std::ptrdiff_t>(index) + 1, bodies.end(),
                      [&](const auto& other) { return other.get() == bodies[index].get(); });
}

template <class A>
auto gather_range(AsyncBackend& backend, std::vector<A> awaitables)
    -> Coro<std::conditional_t<std::is_void_v<GatherValue<A>>, void, std::vector<GatherValue<A>>>> {
  using T = GatherValue<A>;
  std::vector<std::pair<const void*, TaskRef<>>> met;
  std::vector<GatherBody<T>> bodies;
  bodies.reserve(awaitables.size());
  for (A& awaitable : awaitables) bodies.push_back(gather_body(awaitable, met));
  // Without an argument there is nothing to wait for, hence no checkpoint (Gather004).
  if (!bodies.empty()) co_await backend.run_all(bodies_of(met));
  if constexpr (!std::is_void_v<T>) {
    std::vector<T> values;
    values.reserve(bodies.size());
    for (std::size_t i = 0; i < bodies.size(); ++i) values.push_back(gathered_value<T>(bodies[i], last_use(bodies, i)));
    co_return values;
  }
}

template <class... A>
Coro<std::tuple<std::conditional_t<std::is_void_v<GatherValue<A>>, std::monostate, GatherValue<A>>...>> gather_tuple(
    AsyncBackend& backend, std::tuple<A...> awaitables) {
  std::vector<std::pair<const void*, TaskRef<>>> met;
  auto bodies = std::apply(
      [&](A&... each) { return std::tuple<GatherBody<GatherValue<A>>...>{gather_body(each, met)...}; }, awaitables);
  co_await backend.run_all(bodies_of(met));
  using Tuple = std::tuple<std::conditional_t<std::is_void_v<GatherValue<A>>, std::monostate, GatherValue<A>>...>;
  co_return std::apply(
      [](const GatherBody<GatherValue<A>>&... body) { return Tuple{gathered_value<GatherValue<A>>(body, false)...}; },
      bodies);
}

template <class First, class... Rest>
inline constexpr bool all_same = (std::is_same_v<First, Rest> && ...);

}  // namespace detail

template <class... Awaitables>
auto AsyncBackend::gather(Awaitables&&... awaitables) {
  if constexpr (sizeof...(Awaitables) == 0) {
    return Coro<void>::ready();
  } else if constexpr (detail::all_same<std::remove_cvref_t<Awaitables>...>) {
    using A = std::common_type_t<std::remove_cvref_t<Awaitables>...>;
    std::vector<A> all;
    all.reserve(sizeof...(Awaitables));
    (all.push_back(std::forward<Awaitables>(awaitables)), ...);
    return detail::gather_range<A>(*this, std::move(all));
  } else {
    return detail::gather_tuple<std::remove_cvref_t<Awaitables>...>(
        *this, std::tuple<std::remove_cvref_t<Awaitables>...>(std::forward<Awaitables>(awaitables)...));
  }
}

template <class A>
auto AsyncBackend::gather(std::vector<A> awaitables) {
  return detail::gather_range<A>(*this, std::move(awaitables));
}

}  // namespace concert
