// SPDX-License-Identifier: Apache-2.0
#include "deadlines.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace concert::runtime {
namespace {

TEST(Deadlines, ComeOutInOrderWhateverIsAddedAndRemoved) {
  std::mt19937 random(7);
  std::uniform_int_distribution<int> time(0, 50);
  for (int round = 0; round < 200; ++round) {
    Deadlines deadlines;
    std::vector<Timer> timers(64);
    std::vector<Ticks> expected;
    for (Timer& timer : timers) {
      const Ticks when(time(random));
      if (time(random) < 25) {
        deadlines.add(timer, when);
      } else {
        deadlines.add_limit(timer, when);
      }
      if (time(random) < 5) deadlines.settle();
      if (time(random) < 25) {
        expected.push_back(when);
      } else {
        timer.use = Timer::Use::scope;
      }
    }
    for (Timer& timer : timers) {
      if (timer.use == Timer::Use::scope) {
        deadlines.remove(timer);
        EXPECT_FALSE(timer.is_armed());
      }
    }
    std::sort(expected.begin(), expected.end());
    const Ticks first = expected.empty() ? Ticks::max() : expected.front();
    EXPECT_TRUE(expected.empty() || deadlines.may_have_come(first));
    deadlines.settle();
    EXPECT_FALSE(deadlines.may_have_come(first - Ticks(1)));
    std::vector<Ticks> came;
    while (!deadlines.empty()) {
      came.push_back(deadlines.earliest());
      EXPECT_FALSE(deadlines.pop().is_armed());
    }
    ASSERT_EQ(came, expected);
  }
}

}  // namespace
}  // namespace concert::runtime
