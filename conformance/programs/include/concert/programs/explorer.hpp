// SPDX-License-Identifier: Apache-2.0
// Everything that a program may do on a backend: the model runs it under every schedule.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "concert/harness/manifest.hpp"
#include "concert/programs/history.hpp"
#include "concert/programs/program.hpp"
#include "concert/programs/trace.hpp"

namespace concert::programs {

/// What the model may do with a program.
struct Exploration {
  /// Runs of the model, each judged by the monitor.
  std::int64_t schedules = 0;
  /// True if these are all that there are. Otherwise nothing follows from `outcomes`.
  bool complete = false;
  /// Different histories, with times, in the order in which they were found.
  std::vector<History> outcomes;
  /// How many differ at each Detail.
  std::array<std::size_t, std::size(all_details)> distinct{};

  /// True if every schedule gives the same history, with times.
  bool determinate() const noexcept { return determinate_at(Detail::times); }
  bool determinate_at(Detail detail) const noexcept {
    return complete && distinct[static_cast<std::size_t>(detail)] == 1;
  }
};

/// False for programs with threads or portals: what other threads do is no choice of the model, and whether the end of
/// a portal lets others go first is open.
bool can_be_explored(const Program& program);

/// Runs the model that behaves as `declared`, under every schedule, `most_schedules` at most. Gives up earlier if there
/// are clearly more, and does not begin with a program that cannot be explored. Errors: std::logic_error if the model
/// breaks a rule of the monitor, or does not repeat itself: a fault of this kit.
Exploration explore(const Program& program, const conformance::Manifest& declared, std::int64_t most_schedules);

/// Whether a run on a plain clock did what the model may do: null if so, or if the exploration is not complete. Else
/// where every permitted history parts from it: "at step 3 of task 1 the model allows {...}, it did ...".
std::optional<std::string> divergence(const Exploration& exploration, const Program& program,
                                      const std::vector<Record>& trace);

}  // namespace concert::programs
