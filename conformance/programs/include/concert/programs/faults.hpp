// SPDX-License-Identifier: Apache-2.0
// The trial of the rules themselves: broken backends that must be seen, unusual ones that must not.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "concert/harness/certifier.hpp"

namespace concert::programs {

/// A broken backend, and what must see it.
struct Fault {
  std::string mutant;
  /// A rule, or what becomes of its process ("hung"): no other counts.
  std::string rule;
  /// The focused property that must see it too, by the same rule.
  std::string family;
};

struct FaultLimits {
  /// Whole programs.
  std::int64_t most_programs = 100'000;
  /// Cases of a focused property, of which the median over `seeds` must not need more.
  std::int64_t most_cases = 50;
  int seeds = 7;
  std::uint64_t seed = 1;
};

/// What came of it.
struct FaultTrial {
  Fault fault;
  /// Whole programs until the rule was broken; none: it survived.
  std::optional<std::int64_t> programs;
  /// Of the counterexample, shrunk.
  std::int64_t statements = 0;
  /// Median of the cases until the focused property breaks the rule; none: not within the limit.
  std::optional<std::int64_t> cases;

  bool killed() const noexcept { return programs.has_value() && cases.has_value(); }
};
FaultTrial try_fault(const conformance::BackendAdapter& backend, const Fault& fault, const FaultLimits& limits = {});

/// "never_caught: SCP-1 after 1 programs, 2 statements; scope_shield: median of 3 cases".
std::string to_text(const FaultTrial& trial);

/// All of them in numbers. Errors: std::invalid_argument for none.
struct FaultTotals {
  std::size_t tried = 0;
  std::size_t killed = 0;
  std::int64_t median_programs = 0;
  std::int64_t worst_programs = 0;
  std::int64_t median_statements = 0;
  /// Of the medians of the focused properties; 0: none.
  std::int64_t median_cases = 0;
  std::int64_t worst_cases = 0;
};
FaultTotals totals(const std::vector<FaultTrial>& trials);
/// "faults: 9 of 9 killed; ...".
std::string to_text(const FaultTotals& totals);

/// Counterexamples must not be larger than this, in the middle.
inline constexpr std::int64_t most_median_statements = 6;

}  // namespace concert::programs
