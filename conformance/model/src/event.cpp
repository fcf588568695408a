// SPDX-License-Identifier: Apache-2.0
#include "event.hpp"

#include <utility>

namespace concert::model {

bool ModelEvent::suspend_until_set(WaitPoint& point) {
  Run& run = home_.require_task("Event::wait");
  const bool is_set = *flag_;
  const bool is_checkpoint = home_.options().traits.set_event_is_a_checkpoint;
  if (is_set && !is_checkpoint) {
    point.outcome = WaitPoint::Outcome::value;
    return false;
  }
  Wait until_set;
  until_set.point = &point;
  until_set.is_yield = is_set;
  until_set.is_over = [flag = flag_] { return *flag; };
  if (home_.options().traits.event_wakes_in_order) until_set.goes_on_in_order_with = flag_;
  run.block(std::move(until_set));
  return true;
}

void ModelEvent::set() {
  home_.require("Event::set");
  *flag_ = true;
}

bool ModelEvent::is_set() const {
  home_.require("Event::is_set");
  return *flag_;
}

}  // namespace concert::model
