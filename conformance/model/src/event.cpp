// SPDX-License-Identifier: Apache-2.0
#include "event.hpp"

#include <utility>

#include "task.hpp"

namespace concert::model {

bool ModelEvent::suspend_until_set(WaitPoint& point) {
  if (home_.broken("event_is_awaited_under_any_loop") && !home_.is_here()) {
    point.outcome = WaitPoint::Outcome::value;
    return false;
  }
  Run& run = home_.require_task("Event::wait");
  const bool is_set = state_->is_set && !(home_.broken("set_of_this_instant_is_missed") && state_->set_at == run.now);
  const bool is_checkpoint = home_.options().traits.set_event_is_a_checkpoint;
  if (is_set && !is_checkpoint && !home_.broken("late_waiters_wait_for_ever")) {
    point.outcome = WaitPoint::Outcome::value;
    return false;
  }
  Wait until_set;
  until_set.point = &point;
  until_set.is_yield = is_set && is_checkpoint;
  const bool is_forgotten = (is_set && !is_checkpoint) || (state_->is_set && !is_set) ||
                            (home_.broken("third_event_waiter_is_forgotten") && ++state_->waiters > 2);
  const bool hears_late = home_.broken("event_waiters_hear_late");
  const bool dies_with_the_event = home_.broken("events_wake_only_while_they_live");
  until_set.is_over = [state = dies_with_the_event ? nullptr : state_, weak = std::weak_ptr(state_), is_forgotten,
                       hears_late, &run, task = run.current] {
    const std::shared_ptr<State> asked = state ? state : weak.lock();
    if (asked == nullptr || !asked->is_set || is_forgotten) return false;
    if (!hears_late) return true;
    task->wait.wake_time = asked->set_at + Seconds(0.01);
    return task->wait.wake_time <= run.now;
  };
  if (home_.broken("set_wakes_one")) {
    until_set.is_over = [state = state_] { return state->is_set && !std::exchange(state->has_woken, true); };
  }
  if (home_.broken("cancelled_event_wait_returns")) {
    until_set.on_outcome = [&point](bool) { point.outcome = WaitPoint::Outcome::value; };
  }
  if (home_.broken("cancelled_waiter_sets_the_event")) {
    until_set.on_outcome = [state = state_](bool cancelled) { state->is_set = state->is_set || cancelled; };
  }
  until_set.can_be_cancelled = !home_.broken("event_wait_ignores_cancellation");
  if (home_.options().traits.event_wakes_in_order) until_set.goes_on_in_order_with = order_;
  run.block(std::move(until_set));
  return true;
}

void ModelEvent::set() {
  if (home_.broken("event_is_set_from_anywhere") && !home_.is_here()) {
    state_->is_set = true;
    return;
  }
  Run& run = home_.require("Event::set");
  state_->is_set = !(state_->is_set && home_.broken("second_set_takes_back"));
  state_->set_at = run.now;
  state_->set_in = run.steps;
  if (home_.broken("set_runs_a_waiter")) run.run_others_inside();
}

bool ModelEvent::is_set() const {
  const Run& run = home_.require("Event::is_set");
  return state_->is_set && !(home_.broken("is_set_lags_behind") && run.steps == state_->set_in);
}

}  // namespace concert::model
