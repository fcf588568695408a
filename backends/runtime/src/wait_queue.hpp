// SPDX-License-Identifier: Apache-2.0
// Tasks that wait in line for the same thing.
#pragma once

#include "concert/wait.hpp"

namespace concert::runtime {

class Loop;
class TaskRecord;

/// A list through the wait points of suspended tasks: joining and leaving cost constant time and no memory.
class WaitQueue {
 public:
  WaitQueue() = default;
  WaitQueue(const WaitQueue&) = delete;
  WaitQueue& operator=(const WaitQueue&) = delete;

  bool empty() const noexcept { return first_ == nullptr; }
  void push(WaitPoint& point, TaskRecord& waiting) noexcept {
    point.state<Waiter>() = Waiter{&waiting, this, nullptr, last_};
    (last_ != nullptr ? last_->state<Waiter>().next : first_) = &point;
    last_ = &point;
  }
  /// The one that has waited longest, out of the line; null if there is none.
  WaitPoint* pop() noexcept {
    WaitPoint* point = first_;
    if (point != nullptr) leave(*point);
    return point;
  }
  /// Suspends the running task of `loop` here, until its wait is completed or its task cancelled. One that is cancelled
  /// already does not join the line.
  void suspend(Loop& loop, WaitPoint& point) noexcept;
  /// Ends every wait with its value. The queue may be destroyed before the tasks run.
  void complete_all(Loop& loop) noexcept;

  /// Takes a wait out of the queue that it is in.
  static void leave(WaitPoint& point) noexcept {
    const Waiter& waiter = point.state<Waiter>();
    WaitQueue& queue = *waiter.queue;
    (waiter.previous != nullptr ? waiter.previous->state<Waiter>().next : queue.first_) = waiter.next;
    (waiter.next != nullptr ? waiter.next->state<Waiter>().previous : queue.last_) = waiter.previous;
  }
  /// As an Abandon function: the wait leaves, and ends with that.
  static bool abandon(Loop&, WaitPoint& point) noexcept {
    leave(point);
    return true;
  }
  static TaskRecord& waiting_at(WaitPoint& point) noexcept { return *point.state<Waiter>().waiting; }
  static WaitQueue& queue_of(WaitPoint& point) noexcept { return *point.state<Waiter>().queue; }

 private:
  struct Waiter {
    TaskRecord* waiting;
    WaitQueue* queue;
    WaitPoint* next;
    WaitPoint* previous;
  };

  WaitPoint* first_ = nullptr;
  WaitPoint* last_ = nullptr;
};

}  // namespace concert::runtime
