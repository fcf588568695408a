// SPDX-License-Identifier: Apache-2.0
// Backends that break the clauses of spec/clauses/event.md.
#include <memory>

#include "concert/mutants/mutants.hpp"

namespace concert::conformance {

namespace {

model::Faults one_for_all() {
  model::Faults faults;
  faults.make_event = [last = std::weak_ptr<EventCore>()](const model::Faults::MakeEvent& original) mutable {
    std::shared_ptr<EventCore> event = last.lock();
    if (event == nullptr) event = original();
    last = event;
    return event;
  };
  return faults;
}

}  // namespace

std::vector<Mutant> event_mutants() {
  model::Traits unordered;
  unordered.event_wakes_in_order = false;
  model::Traits checks;
  checks.set_event_is_a_checkpoint = true;
  return {
      faulty_model(
          "events_are_shared", "An event that is made while another lives is that one.",
          {{"Event001", "new"}, {"Event005", "instant"}, {"Event007", "as-before"}, {"Fair008", "longest-first"}},
          one_for_all),
      model_mutant("event_waiters_hear_late", "Waiters go on ten milliseconds after set().",
                   {{"Cancel006", "instant"},
                    {"Event002", "instant"},
                    {"Event005", "instant"},
                    {"Event008", "instant"},
                    {"Event011", "instant"},
                    {"Timeout003", "deadline"}}),
      model_mutant("late_waiters_wait_for_ever", "A wait for an event that is set does not end.",
                   {{"Cancel013", "stuck"}, {"Event003", "stuck"}, {"Event005", "stuck"}}),
      model_mutant("set_wakes_one", "set() wakes one task, whoever else waits.",
                   {{"Event002", "stuck"},
                    {"Event004", "stuck"},
                    {"Event005", "stuck"},
                    {"Event006", "stuck"},
                    {"Event008", "stuck"},
                    {"Event010", "stuck"},
                    {"Event011", "the-others"}}),
      model_mutant("cancelled_event_wait_returns", "A wait that is cancelled returns as if the event were set.",
                   {{"Cancel002", "passed"},
                    {"Cancel003", "scope"},
                    {"Cancel006", "cancelled"},
                    {"Task008", "cancelled"},
                    {"Timeout003", "interrupted"},
                    {"Fair008", "alone"},
                    {"Event011", "cancelled"}}),
      model_mutant("third_event_waiter_is_forgotten", "set() wakes two waiters only.",
                   {{"Event002", "stuck"},
                    {"Event004", "stuck"},
                    {"Event005", "stuck"},
                    {"Event008", "stuck"},
                    {"Event010", "stuck"},
                    {"Event011", "the-others"}}),
      model_mutant("set_of_this_instant_is_missed", "A wait that begins at the instant of set() misses it.",
                   {{"Cancel013", "stuck"}, {"Event003", "stuck"}, {"Event005", "stuck"}}),
      model_mutant("is_set_lags_behind", "is_set() is false until the next turn.",
                   {{"Event001", "independent"}, {"Event004", "set"}, {"Event006", "after"}, {"Event011", "flag"}}),
      model_mutant("event_is_set_from_anywhere", "set() outside the loop is taken silently.",
                   {{"Event007", "refused"}}),
      model_mutant("event_is_awaited_under_any_loop", "A wait under another loop returns at once.",
                   {{"Event007", "refused"}}),
      model_mutant("set_runs_a_waiter", "set() runs another task inside the call.",
                   {{"Event006", "before"}, {"Event008", "nobody-inside"}}),
      model_mutant("second_set_takes_back", "A second set() makes the flag false.", {{"Event008", "instant"}}),
      model_mutant("cancelled_waiter_sets_the_event", "The cancellation of a waiter sets the event.",
                   {{"Event011", "flag"}}),
      model_mutant("event_wait_ignores_cancellation", "A task that waits for an event cannot be cancelled.",
                   {{"Cancel001", "no-failure"},
                    {"Cancel002", "passed"},
                    {"Cancel003", "scope"},
                    {"Cancel006", "cancelled"},
                    {"Event011", "cancelled"},
                    {"Task008", "cancelled"},
                    {"Timeout003", "interrupted"}}),
      lying_model("ordered_waking_declared_unspecified", "Wakes in order, though declared otherwise.", {},
                  "event_wake_order", "unspecified", {{"Event010", "declared-but-never-seen"}}),
      lying_model("unordered_waking_declared_fifo", "Wakes in any order, though declared as first in, first out.",
                  unordered, "event_wake_order", "fifo", {{"Event010", "order"}}),
      lying_model("set_event_declares_a_checkpoint",
                  "A wait for a set event returns at once, though declared as a checkpoint.", {}, "set_event_wait",
                  "checkpoint", {{"Cancel013", "others-ran"}}),
      lying_model("set_event_declares_to_be_immediate",
                  "A wait for a set event is a checkpoint, though declared as immediate.", checks, "set_event_wait",
                  "immediate", {{"Cancel013", "others-ran"}}),
  };
}

}  // namespace concert::conformance
