// SPDX-License-Identifier: Apache-2.0
// The circumstances of one run: in which order ready tasks run, and how the clock behaves.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace concert::conformance {

/// One run is a pure function of the backend, the test, its input and a Schedule.
struct Schedule {
  /// 0: the backend's own order; else a seed for the order of ready tasks, if the backend has such an option.
  std::uint64_t order_seed = 0;
  /// True: each reading of the clock costs some time (seeded), as computing does. Then times are judged by rules, not
  /// by equality.
  bool perturbed_clock = false;
  std::uint64_t clock_seed = 0;

  /// The n-th schedule of a test: 0 is plain and in the backend's own order; later ones are seeded, each second one
  /// perturbed.
  static Schedule nth(std::uint64_t seed, int n);
  friend bool operator==(const Schedule&, const Schedule&) = default;
};

/// "own order, plain clock" or "order seed 7, perturbed clock 9".
std::string to_string(const Schedule& schedule);
/// The schedule of such a text; nothing for any other.
std::optional<Schedule> schedule_from(std::string_view text);

}  // namespace concert::conformance
