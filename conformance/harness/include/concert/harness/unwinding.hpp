// SPDX-License-Identifier: Apache-2.0
// Tasks that fail or are interrupted, and what must be reported of them: for clauses of groups and gather.
#pragma once

#include <exception>
#include <optional>
#include <string_view>
#include <vector>

#include "concert/backend.hpp"
#include "concert/harness/trial.hpp"

namespace concert::conformance {

/// So long that a task which sleeps for it ends by its cancellation only, and a broken backend still comes to an end.
inline constexpr Seconds long_time{60};

using Failures = std::vector<std::exception_ptr>;
/// When each of some tasks was interrupted; nothing for one that was not.
using Interruptions = std::vector<std::optional<TimePoint>>;
std::size_t how_many_interrupted(const Interruptions& times);

/// Whole steps of ten milliseconds: far enough apart for the grain of every loop.
inline constexpr Seconds steps(int count) { return Seconds(0.01 * count); }

/// A failure that is recognised by its identity: throw it with std::rethrow_exception.
std::exception_ptr make_failure(std::string_view what);
/// One of `failure_kinds` types of failure, inside and outside std::exception, each as an object of its own.
std::exception_ptr make_failure_of_kind(int kind);
inline constexpr int failure_kinds = 5;

/// Works for `duration` without regard to requests, then throws `failure` if there is one.
Coro<> work_to_the_end(AsyncBackend& backend, Seconds duration, std::exception_ptr failure = nullptr);

/// Sleeps for a long time. When it is interrupted, it notes the time, cleans up for `clean_up` without regard to
/// requests, and throws `failure`, or goes on with the cancellation if that is null.
Coro<> unwind_when_interrupted(AsyncBackend& backend, std::optional<TimePoint>& interrupted_at, Seconds clean_up = {},
                               std::exception_ptr failure = nullptr);

/// The checks that all were interrupted ("interrupted"), each at this instant ("time").
void expect_interrupted_at(Trial& trial, TimePoint instant, const Interruptions& times);
/// The check named `key`: `failure` is an ExceptionGroup whose leaves are exactly these objects, each once, in any
/// order.
bool expect_leaves(Trial& trial, std::string_view key, Failures expected, const std::exception_ptr& failure);
/// The check named `key`: `failure` is this very object.
bool expect_same_object(Trial& trial, std::string_view key, const std::exception_ptr& expected,
                        const std::exception_ptr& failure);
/// The check named `key`: `failure` is a Cancelled, and no group.
bool expect_cancelled(Trial& trial, std::string_view key, const std::exception_ptr& failure);

}  // namespace concert::conformance
