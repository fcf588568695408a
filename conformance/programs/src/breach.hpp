// SPDX-License-Identifier: Apache-2.0
// Whether a program breaks one given rule: what shrinkers ask again and again.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "concert/programs/judge.hpp"

namespace concert::programs {

/// The history of a run is none that the model allows: a rule that one run of the backend alone does not decide.
inline constexpr std::string_view not_allowed = "divergence";

/// Schedules of the model that an exploration may try. Measured: complete for 88 programs of 100 (with 300 for 80, with
/// 3000 for 90), at 18 ms for each on one core.
inline constexpr std::int64_t most_explored_schedules = 1000;

/// What is wrong, if the program breaks `rule` under the schedule: a rule of the monitor, DET-1, or "divergence".
std::optional<std::string> breach(const conformance::BackendAdapter& backend, const Program& program,
                                  const conformance::Schedule& schedule, std::string_view rule,
                                  const RunOptions& options);

}  // namespace concert::programs
