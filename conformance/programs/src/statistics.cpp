// SPDX-License-Identifier: Apache-2.0
#include "concert/programs/statistics.hpp"

#include <algorithm>
#include <cmath>

namespace concert::programs {

namespace {

/// How much of a required rate is enough: else a rate that meets the requirement exactly would never be accepted.
constexpr double tolerance = 0.9;

double ratio(std::int64_t part, std::int64_t whole) noexcept {
  return static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

Interval wilson(std::int64_t hits, std::int64_t cases, double z) noexcept {
  if (cases <= 0) return {};
  const auto n = static_cast<double>(cases);
  const double rate = ratio(hits, cases);
  const double centre = rate + z * z / (2 * n);
  const double spread = z * std::sqrt(rate * (1 - rate) / n + z * z / (4 * n * n));
  const double scale = 1 + z * z / n;
  return {std::max(0.0, (centre - spread) / scale), std::min(1.0, (centre + spread) / scale)};
}

Coverage coverage(std::int64_t hits, std::int64_t cases, double required) noexcept {
  const Interval rate = wilson(hits, cases, near_certainty);
  if (rate.low >= tolerance * required) return Coverage::reached;
  return rate.high < required ? Coverage::below : Coverage::undecided;
}

std::string_view to_string(Coverage coverage) noexcept {
  switch (coverage) {
    case Coverage::reached: return "reached";
    case Coverage::below: return "below";
    case Coverage::undecided: return "undecided";
  }
  return "?";
}

double residual_risk(std::int64_t cases) noexcept {
  return cases <= 0 ? 1 : 1 - std::pow(0.05, 1 / static_cast<double>(cases));
}

double rule_of_three(std::int64_t cases) noexcept {
  return cases <= 0 ? 1 : std::min(1.0, 3 / static_cast<double>(cases));
}

double missing_mass(const SpeciesCounts& counts, std::int64_t cases) noexcept {
  return cases <= 0 ? 1 : std::min(1.0, ratio(counts.once, cases));
}

double species_at_least(const SpeciesCounts& counts) noexcept {
  return static_cast<double>(counts.seen) + ratio(counts.once * (counts.once - 1), 2 * (counts.twice + 1));
}

}  // namespace concert::programs
