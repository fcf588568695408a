// SPDX-License-Identifier: Apache-2.0
#include "wait_queue.hpp"

#include "loop.hpp"

namespace concert::runtime {

void WaitQueue::suspend(Loop& loop, WaitPoint& point) noexcept {
  TaskRecord& task = *loop.current();
  if (task.innermost->sees_cancellation()) {
    loop.yield(point, true);
  } else {
    loop.park(point, abandon);
    push(point, task);
  }
}

void WaitQueue::complete_all(Loop& loop) noexcept {
  while (WaitPoint* point = pop()) loop.complete(waiting_at(*point), WaitPoint::Outcome::value);
}

}  // namespace concert::runtime
