// SPDX-License-Identifier: Apache-2.0
// How much a number of passing cases means: pure functions of counts.
#pragma once

#include <cstdint>
#include <string_view>

namespace concert::programs {

/// Where the true rate lies, given `hits` in `cases`: Wilson's score interval. `z` is how many standard deviations
/// wide.
struct Interval {
  double low = 0;
  double high = 1;
};
Interval wilson(std::int64_t hits, std::int64_t cases, double z) noexcept;

/// Wrong once in a thousand million times: a verdict on a label must not flicker.
inline constexpr double near_certainty = 6.11;

/// Whether something occurs as often as it must. Between the two there is no answer yet, and more cases are needed.
enum class Coverage : std::uint8_t { reached, below, undecided };
/// Reached: at least 0.9 times the required rate; below: less than the required rate; each with near certainty. Set
/// requirements to at most two thirds of the rate that was measured: near the true rate no number of cases decides.
/// To be asked once, when the number of cases is fixed: repeated looks at a growing run would add up their errors.
Coverage coverage(std::int64_t hits, std::int64_t cases, double required) noexcept;
std::string_view to_string(Coverage coverage) noexcept;

/// The largest rate of failures that leaves no failure in `cases` independent ones with a probability of 5 %; 1 for
/// none. About 3 / cases. It speaks of programs as this generator draws them, on this build.
double residual_risk(std::int64_t cases) noexcept;
double rule_of_three(std::int64_t cases) noexcept;

/// What was seen in a run, counted by how often: the ground for guesses about what was not seen.
struct SpeciesCounts {
  std::int64_t seen = 0;
  std::int64_t once = 0;
  std::int64_t twice = 0;

  friend bool operator==(const SpeciesCounts&, const SpeciesCounts&) = default;
};
/// The probability that the next case shows something new (Good and Turing); 1 without cases.
double missing_mass(const SpeciesCounts& counts, std::int64_t cases) noexcept;
/// How many there are at least (Chao's first bound, corrected for bias).
double species_at_least(const SpeciesCounts& counts) noexcept;

}  // namespace concert::programs
