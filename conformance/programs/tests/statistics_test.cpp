// SPDX-License-Identifier: Apache-2.0
#include "concert/programs/statistics.hpp"

#include <gtest/gtest.h>

namespace concert::programs {
namespace {

// By hand, with z = 2: n = 4, no hits: centre (0 + 4/8) / 2, spread 2 * sqrt(4/64) / 2; n = 16, half of them hits:
// centre 1/2, spread 2 * sqrt(1/64 + 1/256) / (5/4) = 1 / sqrt(5).
TEST(Wilson, IsTheScoreInterval) {
  EXPECT_DOUBLE_EQ(wilson(0, 4, 2).low, 0);
  EXPECT_DOUBLE_EQ(wilson(0, 4, 2).high, 0.5);
  EXPECT_DOUBLE_EQ(wilson(4, 4, 2).low, 0.5);
  EXPECT_DOUBLE_EQ(wilson(4, 4, 2).high, 1);
  EXPECT_NEAR(wilson(8, 16, 2).low, 0.5 - 0.2236067977, 1e-9);
  EXPECT_NEAR(wilson(8, 16, 2).high, 0.5 + 0.2236067977, 1e-9);
}

TEST(Wilson, SaysNothingWithoutCases) {
  EXPECT_DOUBLE_EQ(wilson(0, 0, 2).low, 0);
  EXPECT_DOUBLE_EQ(wilson(0, 0, 2).high, 1);
}

// A required rate of 10 %, after 2^k cases: with 15 % it is decided within 2^12, with 5 % too, with 10 % never.
TEST(Coverage, DecidesAsSoonAsItCan) {
  const auto after = [](int k, int percent) {
    const std::int64_t cases = std::int64_t{1} << k;
    return coverage(cases * percent / 100, cases, 0.10);
  };
  EXPECT_EQ(after(7, 15), Coverage::undecided);
  EXPECT_EQ(after(12, 15), Coverage::reached);
  EXPECT_EQ(after(7, 5), Coverage::undecided);
  EXPECT_EQ(after(12, 5), Coverage::below);
  EXPECT_EQ(after(10, 10), Coverage::undecided);
  EXPECT_EQ(coverage(0, 0, 0.1), Coverage::undecided);
  // What is met exactly counts as reached in the end: 0.9 of the requirement is enough.
  EXPECT_EQ(after(20, 10), Coverage::reached);
}

TEST(ResidualRisk, IsAboutThreeInN) {
  EXPECT_DOUBLE_EQ(residual_risk(0), 1);
  EXPECT_DOUBLE_EQ(residual_risk(1), 0.95);
  EXPECT_NEAR(residual_risk(100), 0.0295130, 1e-7);
  EXPECT_NEAR(residual_risk(100'000), 2.99569e-5, 1e-10);
  EXPECT_DOUBLE_EQ(rule_of_three(100), 0.03);
  EXPECT_DOUBLE_EQ(rule_of_three(2), 1);
  EXPECT_DOUBLE_EQ(rule_of_three(0), 1);
}

TEST(Species, ThatWereSeenOnceSpeakForThoseThatWereNot) {
  EXPECT_DOUBLE_EQ(missing_mass({10, 4, 3}, 200), 0.02);
  EXPECT_DOUBLE_EQ(missing_mass({0, 0, 0}, 0), 1);
  // 10 + 4 * 3 / (2 * (3 + 1))
  EXPECT_DOUBLE_EQ(species_at_least({10, 4, 3}), 11.5);
  EXPECT_DOUBLE_EQ(species_at_least({10, 0, 0}), 10);
}

}  // namespace
}  // namespace concert::programs
