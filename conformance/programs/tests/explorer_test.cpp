// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <vector>

#include "concert/programs/depth_first.hpp"

namespace concert::programs {
namespace {

// ---- Depth-first search --------------------------------------------------------------------------------------------

/// One run of a tree: three ways; the second one ends at once, the last one has two further choices.
std::vector<std::size_t> leaf_of(DepthFirst& search) {
  std::vector<std::size_t> path{search.pick(3)};
  if (path.front() == 0) path.push_back(search.pick(4));
  if (path.front() == 2) {
    path.push_back(search.pick(2));
    path.push_back(search.pick(1));
    path.push_back(search.pick(2 + path[1]));
  }
  return path;
}

TEST(DepthFirst, VisitsEachLeafOnceInOrder) {
  DepthFirst search(100);
  std::vector<std::vector<std::size_t>> leaves;
  while (search.next()) {
    leaves.push_back(leaf_of(search));
    EXPECT_EQ(search.choices(), leaves.back());
  }
  EXPECT_EQ(leaves.size(), 4 + 1 + 2 + 3);
  EXPECT_EQ(search.runs(), 10);
  EXPECT_TRUE(search.complete());
  EXPECT_TRUE(std::ranges::is_sorted(leaves));
  EXPECT_EQ(std::set(leaves.begin(), leaves.end()).size(), leaves.size());
  EXPECT_FALSE(search.next());
  EXPECT_TRUE(search.complete());
}

TEST(DepthFirst, RunsOnceIfThereIsNoChoice) {
  DepthFirst search(100);
  EXPECT_TRUE(search.next());
  EXPECT_FALSE(search.complete());
  EXPECT_FALSE(search.next());
  EXPECT_TRUE(search.complete());
  EXPECT_EQ(search.runs(), 1);
}

TEST(DepthFirst, StopsAtTheBound) {
  DepthFirst search(9);
  while (search.next()) leaf_of(search);
  EXPECT_EQ(search.runs(), 9);
  EXPECT_FALSE(search.complete());
  EXPECT_FALSE(search.next());

  DepthFirst just_enough(10);
  while (just_enough.next()) leaf_of(just_enough);
  EXPECT_TRUE(just_enough.complete());

  DepthFirst none(0);
  EXPECT_FALSE(none.next());
  EXPECT_FALSE(none.complete());
}

TEST(DepthFirst, ARunThatDoesNotRepeatItsChoicesIsAnError) {
  DepthFirst other_choices(100);
  ASSERT_TRUE(other_choices.next());
  other_choices.pick(2);
  other_choices.pick(2);
  ASSERT_TRUE(other_choices.next());
  EXPECT_EQ(other_choices.pick(3), 0U);
  EXPECT_EQ(other_choices.pick(5), 0U);
  EXPECT_THROW(other_choices.next(), std::logic_error);

  DepthFirst fewer_choices(100);
  ASSERT_TRUE(fewer_choices.next());
  fewer_choices.pick(2);
  fewer_choices.pick(2);
  ASSERT_TRUE(fewer_choices.next());
  fewer_choices.pick(2);
  EXPECT_THROW(fewer_choices.next(), std::logic_error);
}

}  // namespace
}  // namespace concert::programs
