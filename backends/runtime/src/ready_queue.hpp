// SPDX-License-Identifier: Apache-2.0
// The tasks that can go on now.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "task.hpp"

namespace concert::runtime {

/// A list through the tasks.
class TaskList {
 public:
  bool empty() const noexcept { return head_ == nullptr; }
  void push(TaskRecord& task) noexcept {
    task.next_ready = nullptr;
    if (head_ == nullptr) {
      head_ = &task;
    } else {
      tail_->next_ready = &task;
    }
    tail_ = &task;
  }
  TaskRecord* pop() noexcept {
    TaskRecord* task = head_;
    if (task != nullptr) head_ = task->next_ready;
    return task;
  }

 private:
  TaskRecord* head_ = nullptr;
  TaskRecord* tail_ = nullptr;
};

/// First in, first out; or, with a seed, batch by batch in an order that the seed chooses.
class ReadyQueue {
 public:
  /// 0 stands for first in, first out.
  explicit ReadyQueue(std::uint64_t order_seed) noexcept : shuffles_(order_seed != 0), random_(order_seed) {}

  bool empty() const noexcept { return arrivals_.empty() && batch_.empty(); }
  void push(TaskRecord& task) noexcept { arrivals_.push(task); }
  /// The next task, or null.
  TaskRecord* pop() {
    if (!shuffles_) [[likely]]
      return arrivals_.pop();
    if (batch_.empty()) shuffle();
    return batch_.pop();
  }

 private:
  struct Place {
    std::uint64_t key;
    std::size_t arrival;
    TaskRecord* task;
  };

  void shuffle();
  std::uint64_t next_random() noexcept;

  TaskList arrivals_;
  bool shuffles_;
  TaskList batch_;
  std::uint64_t random_;
  std::vector<Place> places_;
};

}  // namespace concert::runtime
