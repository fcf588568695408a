// SPDX-License-Identifier: Apache-2.0
// What a campaign consists of: each part is a row of cases, and counts them in its own way.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "concert/harness/backend_adapter.hpp"
#include "concert/programs/family.hpp"
#include "concert/programs/judge.hpp"
#include "tally.hpp"

namespace concert::programs {

/// A rule that a case breaks.
struct Finding {
  std::string rule;
  std::string message;
};

struct Part {
  /// "programs", "corpus", "explored", or the name of a family.
  std::string name;
  /// Case `index` of the seed: a function of these alone.
  std::function<Case(std::uint64_t seed, std::int64_t index)> draw;
  /// Counts a case whether it comes back or not.
  std::function<void(const Case&, Tally&)> count;
  /// Runs it, counts what that showed, and says which rules it breaks, the first one first.
  std::function<std::vector<Finding>(const conformance::BackendAdapter&, const Case&, Tally&, const RunOptions&)> run;
  /// How many times as long as others a case may take before it counts as hung.
  int patience = 1;
};

Part whole_programs();
Part family_cases(Family family);
/// Each program of the corpus under several schedules.
Part corpus_runs();
std::int64_t corpus_size();
/// The programs of the corpus, then whole programs, compared with what the model may do.
Part explored_programs();
std::int64_t explored_size(std::int64_t whole_programs);

/// The part of that name. Errors: std::invalid_argument with the names that there are.
Part part_named(std::string_view name);

}  // namespace concert::programs
