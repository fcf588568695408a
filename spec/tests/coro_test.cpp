// SPDX-License-Identifier: Apache-2.0
#include "concert/coro.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>

namespace concert {
namespace {

/// Drives a coroutine that never waits for anything outside.
class Root final : public CoroOwner {
 public:
  void coro_finished() noexcept override { finished_ = true; }
  template <class T>
  T drive(Coro<T> coro) {
    if (const auto frame = coro.start_as_root(*this)) resume(frame);
    EXPECT_TRUE(finished_);
    return coro.take();
  }

 private:
  bool finished_ = false;
};

Coro<int> value(int n) { co_return n; }
Coro<std::unique_ptr<int>> movable_only() { co_return std::make_unique<int>(3); }
Coro<int&> reference(int& target) { co_return target; }
Coro<> fail() {
  throw std::runtime_error("as planned");
  co_return;
}

Coro<long> sum_in_a_loop(int count) {
  long sum = 0;
  for (int i = 0; i < count; ++i) sum += co_await value(1);
  co_return sum;
}

Coro<long> depth(int levels) {
  if (levels == 0) co_return 0;
  co_return 1 + co_await depth(levels - 1);
}

TEST(Coro, IsLazyAndDroppingItIsFine) {
  bool ran = false;
  const auto body = [&]() -> Coro<> {
    ran = true;
    co_return;
  };
  { auto dropped = body(); }
  EXPECT_FALSE(ran);
  Root().drive(body());
  EXPECT_TRUE(ran);
}

TEST(Coro, GivesValuesOfEachKind) {
  int target = 5;
  const auto body = [&]() -> Coro<std::string> {
    std::string all = std::to_string(co_await value(1));
    auto pointer = co_await movable_only();
    all += std::to_string(*pointer);
    int& same = co_await reference(target);
    EXPECT_EQ(&same, &target);
    auto ready = Coro<int>::ready(7);
    all += std::to_string(co_await std::move(ready));
    auto nothing = Coro<void>::ready();
    co_await std::move(nothing);
    co_return all;
  };
  EXPECT_EQ(Root().drive(body()), "137");
}

TEST(Coro, ExceptionsKeepTheirIdentity) {
  const void* thrown = nullptr;
  const auto body = [&]() -> Coro<> {
    try {
      co_await fail();
    } catch (const std::runtime_error& error) {
      thrown = &error;
      throw;
    }
  };
  try {
    Root().drive(body());
    FAIL() << "nothing was thrown";
  } catch (const std::runtime_error& error) {
    EXPECT_EQ(&error, thrown);
    EXPECT_STREQ(error.what(), "as planned");
  }
}

// Both would overflow the stack with symmetric transfer at -O0 or under a sanitizer (decision 0005).
TEST(Coro, AMillionAwaitsThatCompleteAtOnceUseNoStack) { EXPECT_EQ(Root().drive(sum_in_a_loop(1'000'000)), 1'000'000); }
TEST(Coro, AChainOfAHundredThousandUsesNoStack) { EXPECT_EQ(Root().drive(depth(100'000)), 100'000); }

TEST(Coro, AwaitingAnEmptyOneIsAUsageError) {
  const auto body = []() -> Coro<> {
    auto first = value(1);
    auto second = std::move(first);
    co_await std::move(second);
    co_await std::move(first);  // NOLINT: the point of the test
  };
  EXPECT_THROW(Root().drive(body()), UsageError);
}

TEST(Coro, MovedOnesRunOnce) {
  int runs = 0;
  const auto body = [&]() -> Coro<int> { co_return ++runs; };
  auto first = body();
  auto second = std::move(first);
  auto third = body();
  third = std::move(second);
  EXPECT_EQ(Root().drive(std::move(third)), 1);
  EXPECT_EQ(runs, 1);
}

TEST(BlockRecycler, GivesABlockOfTheSameSizeClassBack) {
  void* first = detail::allocate_block(100);
  detail::release_block(first, 100);
  void* second = detail::allocate_block(120);
  if (detail::recycles_blocks) {
    EXPECT_EQ(first, second);
  }
  detail::release_block(second, 120);
  void* large = detail::allocate_block(detail::largest_recycled_block + 1);
  ASSERT_NE(large, nullptr);
  detail::release_block(large, detail::largest_recycled_block + 1);
}

}  // namespace
}  // namespace concert
