// SPDX-License-Identifier: Apache-2.0
// The places that a request to cancel can come from: for clauses that hold for each of them.
#pragma once

#include <array>
#include <functional>
#include <string_view>

#include "concert/backend.hpp"

namespace concert::conformance {

/// Who asks a piece of work to end.
enum class Source { scope, deadline, outer_scope, group, task };
inline constexpr std::array all_sources{Source::scope, Source::deadline, Source::outer_scope, Source::group,
                                        Source::task};
std::string_view name_of(Source source);

/// What is left of a request when its work has ended.
struct Aftermath {
  /// cancel_called() and cancelled_caught() of the scope that was cancelled; false for another source.
  bool called = false;
  bool caught = false;
  /// cancelled() of the task that did the work.
  bool task_cancelled = false;
};

namespace detail {
Coro<Aftermath> run_with_request(AsyncBackend& backend, Source source, Seconds after, std::function<Coro<>()> work);
Coro<Aftermath> run_with_request_at(AsyncBackend& backend, Source source, std::function<Coro<>()> moment,
                                    std::function<Coro<>()> work);
}  // namespace detail

/// Runs `work()` in a task and two scopes of its own; the source asks it to end `after` its first step began.
/// Returns when the work has ended. `work` must be trivially destructible, as captures by reference are.
/// Errors: what the work throws, but for Cancelled, in an ExceptionGroup.
template <class Work>
Coro<Aftermath> run_with_request(AsyncBackend& backend, Source source, Seconds after, Work work) {
  return detail::run_with_request(backend, source, after, std::function<Coro<>()>(work));
}

/// The same; the source asks when `moment()`, which runs beside the work, has returned.
template <class Moment, class Work>
Coro<Aftermath> run_with_request_at(AsyncBackend& backend, Source source, Moment moment, Work work) {
  return detail::run_with_request_at(backend, source, std::function<Coro<>()>(moment), std::function<Coro<>()>(work));
}

}  // namespace concert::conformance
