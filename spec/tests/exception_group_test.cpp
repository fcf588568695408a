// SPDX-License-Identifier: Apache-2.0
#include "concert/exception_group.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "concert/errors.hpp"

namespace concert {
namespace {

std::exception_ptr failure(const std::string& text) { return std::make_exception_ptr(std::runtime_error(text)); }
bool is_even(const std::exception_ptr& leaf) { return describe(leaf).find("even") != std::string::npos; }

TEST(ExceptionGroup, RefusesNothingAndNull) {
  EXPECT_THROW(ExceptionGroup("empty", {}), std::invalid_argument);
  EXPECT_THROW(ExceptionGroup("null", {nullptr}), std::invalid_argument);
}

TEST(ExceptionGroup, PrintsTheTree) {
  const ExceptionGroup group("outer",
                             {failure("one"), std::make_exception_ptr(ExceptionGroup("inner", {failure("two")}))});
  EXPECT_STREQ(group.what(),
               "outer (2 failures)\n  - std::runtime_error: one\n  - inner\n    - std::runtime_error: two");
}

TEST(ExceptionGroup, FlattensToTheSameObjects) {
  const auto one = failure("one");
  const auto two = failure("two");
  const ExceptionGroup group("outer", {one, std::make_exception_ptr(ExceptionGroup("inner", {two}))});
  EXPECT_EQ(group.flatten(), (std::vector{one, two}));
}

TEST(ExceptionGroup, SplitKeepsNestingAndIdentity) {
  const auto odd = failure("odd");
  const auto even = failure("even");
  const auto inner = std::make_exception_ptr(ExceptionGroup("inner", {odd, even}));
  const auto outer = std::make_exception_ptr(ExceptionGroup("outer", {inner, odd}));
  const auto [evens, rest] = split_failure(outer, is_even);
  ASSERT_TRUE(evens && rest);
  EXPECT_EQ(describe(evens), "concert::ExceptionGroup: outer (1 failure)\n  - inner\n    - std::runtime_error: even");
  try {
    std::rethrow_exception(rest);
  } catch (const ExceptionGroup& group) {
    EXPECT_EQ(group.flatten(), (std::vector{odd, odd}));
  }
}

TEST(ExceptionGroup, ASideWithEveryLeafIsTheGroupItself) {
  const auto group = std::make_exception_ptr(ExceptionGroup("outer", {failure("odd")}));
  const auto [none, all] = split_failure(group, is_even);
  EXPECT_EQ(none, nullptr);
  EXPECT_EQ(all, group);
}

TEST(SplitFailure, TreatsALoneFailureAsItsOnlyLeaf) {
  const auto lone = failure("even");
  EXPECT_EQ(split_failure(lone, is_even).first, lone);
  EXPECT_EQ(split_failure(lone, is_even).second, nullptr);
}

TEST(Describe, NamesTypeAndMessage) {
  EXPECT_EQ(describe(nullptr), "no exception");
  EXPECT_EQ(describe(failure("x")), "std::runtime_error: x");
  EXPECT_EQ(describe(std::make_exception_ptr(7)), "int");
  EXPECT_FALSE(is_cancelled(failure("x")));
  EXPECT_FALSE(is_cancelled(nullptr));
}

}  // namespace
}  // namespace concert
