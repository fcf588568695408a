// SPDX-License-Identifier: Apache-2.0
// Backends that break the clauses of spec/clauses/lock.md.
#include <memory>
#include <utility>

#include "concert/mutants/mutants.hpp"

namespace concert::conformance {

namespace {

/// A model whose locks come from `make(original)`, made anew for each backend object.
template <class Make>
Mutant with_locks(std::string name, std::string breaks, std::vector<Kill> kills, Make make) {
  return faulty_model(std::move(name), std::move(breaks), std::move(kills), [make] {
    model::Faults faults;
    faults.make_lock = make();
    return faults;
  });
}

auto one_for_all() {
  return [last = std::weak_ptr<LockCore>()](const model::Faults::MakeLock& original) mutable {
    std::shared_ptr<LockCore> lock = last.lock();
    if (lock == nullptr) lock = original();
    last = lock;
    return lock;
  };
}

}  // namespace

std::vector<Mutant> lock_mutants() {
  model::Traits reacquires;
  reacquires.lock_reacquire_is_refused = false;
  model::Traits checks;
  checks.free_lock_is_a_checkpoint = true;
  model::Traits frees;
  frees.lock_is_freed_on_release = true;
  model::Traits tells;
  tells.abandoned_lock_is_an_error = true;
  return {
      with_locks("locks_are_shared", "A lock that is made while another lives is that one.",
                 {{"Cond001", "own-lock"}, {"Lock001", "independent"}, {"Lock002", "stays-free"}}, one_for_all),
      model_mutant("lock_is_released_from_anywhere", "release() outside the loop is taken silently.",
                   {{"Fair003", "refused"}, {"Lock002", "refused"}}),
      model_mutant("release_wakes_two", "A release hands the lock to two waiters.",
                   {{"Cond005", "one-lock"},
                    {"Cond008", "under-the-lock"},
                    {"Cond012", "alone"},
                    {"Cond015", "owner"},
                    {"Fair001", "order"},
                    {"Fair002", "longest-first"},
                    {"Fair003", "owner"},
                    {"Fair005", "one-owner"},
                    {"Fair006", "one-owner"},
                    {"Lock003", "alone"},
                    {"Lock006", "one-for-each"},
                    {"Lock007", "went-on"},
                    {"Lock008", "alone-afterwards"},
                    {"Lock011", "free-after-a-race"},
                    {"Lock014", "as-declared"},
                    {"Lock015", "no-failure"}}),
      model_mutant("release_in_unwinding_is_lost", "A release while an exception passes does nothing.",
                   {{"Cond005", "stuck"}, {"Fair003", "stuck"}, {"Lock004", "stuck"}}),
      model_mutant("lock_waiters_hear_late", "A waiter goes on ten milliseconds after the lock is its own.",
                   {{"Cond005", "instant"}, {"Fair003", "instant"}, {"Lock005", "instant"}, {"Lock011", "idle"}}),
      model_mutant(
          "release_forgets_the_waiters", "A release frees the lock and wakes nobody.",
          {{"Cond002", "no-failure"},    {"Cond003", "works"},      {"Cond005", "stuck"},     {"Cond006", "as-many"},
           {"Cond007", "first-in-line"}, {"Cond008", "all"},        {"Cond009", "instant"},   {"Cond010", "stuck"},
           {"Cond011", "no-failure"},    {"Cond012", "no-failure"}, {"Cond013", "cancelled"}, {"Cond014", "after"},
           {"Cond015", "stuck"},         {"Cond017", "no-failure"}, {"Fair001", "stuck"},     {"Fair002", "stuck"},
           {"Fair003", "stuck"},         {"Fair005", "stuck"},      {"Fair006", "stuck"},     {"Lock002", "stuck"},
           {"Lock003", "stuck"},         {"Lock004", "stuck"},      {"Lock005", "stuck"},     {"Lock006", "stuck"},
           {"Lock007", "stuck"},         {"Lock008", "stuck"},      {"Lock009", "stuck"},     {"Lock010", "stuck"},
           {"Lock011", "stuck"},         {"Lock014", "stuck"},      {"Lock015", "stuck"}}),
      model_mutant("release_runs_the_waiter", "A release runs another task inside the call.",
                   {{"Cond005", "released-early"},
                    {"Fair003", "released-early"},
                    {"Fair004", "no-switch"},
                    {"Lock004", "released-early"},
                    {"Lock007", "nothing-ran"},
                    {"Lock013", "others-ran"}}),
      model_mutant("release_of_a_free_lock_is_ignored", "release() of a free lock is taken silently.",
                   {{"Cond005", "run-by-hand"},
                    {"Fair003", "run-by-hand"},
                    {"Fair007", "new"},
                    {"Lock004", "run-by-hand"},
                    {"Lock008", "new"},
                    {"Lock011", "cancelled-holds"}}),
      model_mutant("anybody_releases", "Any task can release a lock.",
                   {{"Cond005", "alone"},
                    {"Fair003", "alone"},
                    {"Fair005", "alone"},
                    {"Lock003", "alone"},
                    {"Lock009", "refused"},
                    {"Lock011", "cancelled-holds"},
                    {"Lock015", "barging"},
                    {"Lock016", "as-declared"}}),
      model_mutant(
          "shield_hides_the_owner", "A lock cannot be released inside a shield.",
          {{"Cond005", "no-failure"}, {"Fair003", "no-failure"}, {"Lock007", "no-failure"}, {"Shield005", "stuck"}}),
      model_mutant("locked_tells_whether_it_is_mine", "locked() is false for tasks that do not hold the lock.",
                   {{"Cond005", "instant"},
                    {"Fair002", "handed-over"},
                    {"Fair003", "instant"},
                    {"Lock005", "instant"},
                    {"Lock010", "held"},
                    {"Lock014", "as-declared"}}),
      model_mutant("cancelled_waiter_keeps_the_lock", "A lock that was given to a cancelled waiter is lost.",
                   {{"Fair003", "stuck"}, {"Fair005", "stuck"}, {"Fair006", "stuck"}, {"Lock011", "stuck"}}),
      model_mutant("cancelled_waiter_stays_in_line", "A cancelled waiter stays in line and is given the lock.",
                   {{"Cond005", "stuck"},
                    {"Fair003", "stuck"},
                    {"Fair005", "stuck"},
                    {"Lock003", "stuck"},
                    {"Lock008", "stuck"},
                    {"Lock011", "stuck"},
                    {"Lock015", "stuck"}}),
      model_mutant("acquire_ignores_cancellation", "A task that waits for a lock cannot be cancelled.",
                   {{"Cancel002", "passed"},
                    {"Cancel003", "scope"},
                    {"Cancel006", "cancelled"},
                    {"Cond005", "after-cancelled-wait"},
                    {"Fair003", "after-cancelled-wait"},
                    {"Lock008", "after-cancelled-wait"},
                    {"Lock009", "refused"},
                    {"Lock016", "all"},
                    {"Task008", "cancelled"},
                    {"Timeout003", "interrupted"}}),
      model_mutant("cancelled_acquire_takes_the_lock", "acquire() of a free lock throws Cancelled and has taken it.",
                   {{"Lock011", "cancelled-holds"}}),
      model_mutant("newcomers_barge", "A task that acquires in the turn of a release overtakes the waiters.",
                   {{"Cond015", "all"},
                    {"Fair001", "order"},
                    {"Fair002", "longest-first"},
                    {"Fair003", "barging"},
                    {"Fair005", "order"},
                    {"Lock015", "barging"}}),
      model_mutant(
          "fair_lock_is_plain", "A fair lock is a plain one.",
          {{"Fair001", "order"}, {"Fair002", "longest-first"}, {"Fair005", "race-order"}, {"Fair006", "race-order"}}),
      model_mutant(
          "fair_lock_is_a_stack", "A fair lock goes to the task that came last.",
          {{"Fair001", "order"}, {"Fair002", "longest-first"}, {"Fair005", "race-order"}, {"Fair006", "race-order"}}),
      model_mutant("fair_lock_seems_free_after_release",
                   "locked() of a fair lock is false right after a release to a waiter.", {{"Fair002", "handed-over"}}),
      model_mutant("anybody_releases_a_fair_lock", "Any task can release a fair lock.",
                   {{"Fair003", "alone"}, {"Fair005", "alone"}}),
      model_mutant("free_fair_lock_is_a_checkpoint", "Acquiring a free fair lock lets other tasks run.",
                   {{"Fair004", "no-switch"}}),
      model_mutant("cancellation_turns_the_line", "A cancelled waiter turns the line of a fair lock round.",
                   {{"Fair005", "order"}}),
      model_mutant("fair_race_has_two_winners", "A fair lock that a cancelled waiter passes on goes to two tasks.",
                   {{"Fair003", "alone"}, {"Fair005", "race-order"}, {"Fair006", "race-order"}}),
      model_mutant("fair_release_needs_a_waiter", "release() of a fair lock without waiters fails.",
                   {{"Cond003", "works"},
                    {"Fair001", "owner"},
                    {"Fair002", "no-failure"},
                    {"Fair003", "no-failure"},
                    {"Fair004", "taken"},
                    {"Fair005", "free"},
                    {"Fair006", "free"},
                    {"Fair007", "without-waiters"}}),
      model_mutant("events_wake_only_while_they_live", "An event that is destroyed right after set() wakes nobody.",
                   {{"Fair008", "stuck"}}),
      lying_model("denies_that_reacquiring_is_refused",
                  "Refuses to acquire a held lock again, though declared otherwise.", {}, "lock_reacquire", "waits",
                  {{"Lock012", "waits"}}),
      lying_model("claims_to_refuse_reacquiring", "Declares that acquiring a held lock again is refused; it waits.",
                  reacquires, "lock_reacquire", "refused", {{"Lock012", "refused"}}),
      lying_model("free_lock_declares_a_checkpoint", "Takes a free lock at once, though declared as a checkpoint.", {},
                  "free_lock_acquire", "checkpoint", {{"Lock013", "others-ran"}}),
      lying_model("free_lock_declares_to_be_immediate",
                  "Acquiring a free lock is a checkpoint, though declared as immediate.", checks, "free_lock_acquire",
                  "immediate", {{"Lock013", "others-ran"}}),
      lying_model("handed_over_lock_declares_freed", "Hands the lock over, though declared to leave it free.", {},
                  "lock_release", "freed", {{"Lock014", "as-declared"}}),
      lying_model("freed_lock_declares_handed_over", "Leaves a released lock free, though declared to hand it over.",
                  frees, "lock_release", "handed_over", {{"Lock014", "as-declared"}}),
      lying_model("abandoned_lock_declares_an_error",
                  "Leaves the waiters of an abandoned lock alone, though declared to tell them.", {}, "abandoned_lock",
                  "error", {{"Lock016", "as-declared"}}),
      lying_model("abandoned_lock_declares_waiting",
                  "Tells the waiters of an abandoned lock, though declared to leave them alone.", tells,
                  "abandoned_lock", "waits", {{"Lock016", "as-declared"}}),
  };
}

}  // namespace concert::conformance
