// SPDX-License-Identifier: Apache-2.0
#include "concert/task.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <unordered_set>
#include <vector>

#include "concert/backend.hpp"

namespace concert {
namespace {

Task<int> new_task() {
  return Task<int>(detail::make_task_body([]() -> Coro<int> { co_return 1; }));
}

// Task027, which no backend takes part in.
TEST(Task, CopiesOfAHandleAreOneTask) {
  const Task<int> one = new_task();
  const Task<int> other = new_task();
  const Task<int> copy = one;
  EXPECT_EQ(one, copy);
  EXPECT_EQ(std::hash<Task<int>>()(one), std::hash<Task<int>>()(copy));
  EXPECT_NE(one, other);
  EXPECT_EQ((std::unordered_set<Task<int>>{one, other, copy, other}.size()), 2U);
}

// Info005, which no backend takes part in.
TEST(TaskInfo, EqualityAndHashGoByIdAlone) {
  const std::hash<TaskInfo> hash;
  for (std::uint64_t left = 0; left < 5; ++left) {
    for (std::uint64_t right = 0; right < 5; ++right) {
      const TaskInfo first{left, "one name"};
      EXPECT_EQ(first == (TaskInfo{right, "another name"}), left == right);
      EXPECT_EQ(first == (TaskInfo{right, "one name"}), left == right);
    }
    EXPECT_EQ(hash({left, "one name"}), hash({left, "another name"}));
  }
  EXPECT_EQ((std::unordered_set<TaskInfo>{{1, "a"}, {1, "b"}, {2, "a"}}.size()), 2U);
}

TEST(TaskInfo, IsPrintedWithNameAndId) { EXPECT_EQ(to_string(TaskInfo{17, "reader"}), "reader (task 17)"); }

}  // namespace
}  // namespace concert
