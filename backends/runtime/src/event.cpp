// SPDX-License-Identifier: Apache-2.0
#include "event.hpp"

namespace concert::runtime {

bool TaskEvent::suspend_until_set(WaitPoint& point) {
  Loop& loop = binding_.loop_with_task("Event::wait");
  if (is_set_) {
    point.outcome = WaitPoint::Outcome::value;
    return false;
  }
  waiters_.suspend(loop, point);
  return true;
}

void TaskEvent::set() {
  Loop& loop = binding_.loop("Event::set");
  is_set_ = true;
  waiters_.complete_all(loop);
}

bool TaskEvent::is_set() const {
  binding_.loop("Event::is_set");
  return is_set_;
}

}  // namespace concert::runtime
