// SPDX-License-Identifier: Apache-2.0
#include "concert/time.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>

namespace concert {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

TimePoint at(double seconds) { return TimePoint(Seconds(seconds)); }

TEST(Ticks, ConvertsWholeValuesExactly) {
  EXPECT_EQ(to_ticks(at(0)), Ticks(0));
  EXPECT_EQ(to_ticks(at(1.5)), Ticks(1'500'000'000));
  EXPECT_EQ(to_ticks(at(-2)), Ticks(-2'000'000'000));
}

TEST(Ticks, RoundsUp) {
  EXPECT_EQ(to_ticks(at(0.25e-9)), Ticks(1));
  EXPECT_EQ(to_ticks(at(1 + 0.5e-9)), Ticks(1'000'000'001));
}

TEST(Ticks, SaturatesAtBothEnds) {
  EXPECT_EQ(to_ticks(never), Ticks::max());
  EXPECT_EQ(to_ticks(at(1e300)), Ticks::max());
  EXPECT_EQ(to_ticks(at(-infinity)), Ticks::min());
  EXPECT_EQ(to_ticks(at(-1e300)), Ticks::min());
  EXPECT_EQ(to_time(Ticks::max()), never);
}

TEST(Ticks, RefusesNan) {
  EXPECT_THROW(to_ticks(at(std::nan(""))), std::invalid_argument);
  EXPECT_TRUE(is_nan(Seconds(std::nan(""))));
  EXPECT_FALSE(is_nan(Seconds(infinity)));
}

// The promise on which "never early" rests: no tick counts as reached before its time; and none is wasted.
TEST(Ticks, AreTheFirstAtWhichTheTimeHasCome) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 100'000; ++i) {
    const double magnitude = std::pow(10.0, std::uniform_real_distribution<>(-9, 9)(random));
    const TimePoint time = at((random() % 2 == 0 ? 1 : -1) * magnitude);
    const Ticks ticks = to_ticks(time);
    ASSERT_GE(to_time(ticks), time) << magnitude;
    ASSERT_LT(to_time(ticks - Ticks(1)), time) << magnitude;
  }
}

}  // namespace
}  // namespace concert
