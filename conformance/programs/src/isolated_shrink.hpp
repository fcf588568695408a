// SPDX-License-Identifier: Apache-2.0
// Makes a failing program small where a run of it may take its process along.
#pragma once

#include <chrono>

#include "concert/programs/judge.hpp"
#include "concert/programs/result.hpp"

namespace concert::programs {

/// How long it may take, in real time and in runs.
struct ShrinkLimits {
  std::chrono::milliseconds all{60'000};
  /// One run, before it counts as hung.
  std::chrono::milliseconds one_run{10'000};
};

/// The case that broke `rule`, or ended its process with that fault, shrunk as long as it does the same: the whole of
/// what a reader needs. `message` is what was said when it was found.
Failure shrink_isolated(const conformance::BackendAdapter& backend, const Case& found, std::string_view rule,
                        std::string_view message, const ShrinkLimits& limits);

}  // namespace concert::programs
