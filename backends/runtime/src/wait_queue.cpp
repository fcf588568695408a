// SPDX-License-Identifier: Apache-2.0
#include "wait_queue.hpp"

#include "loop.hpp"

namespace concert::runtime {

void WaitQueue::complete_all(Loop& loop) noexcept {
  while (WaitPoint* point = pop()) loop.complete(waiting_at(*point), WaitPoint::Outcome::value);
}

}  // namespace concert::runtime
