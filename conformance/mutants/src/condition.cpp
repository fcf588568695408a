// SPDX-License-Identifier: Apache-2.0
// Backends that break the clauses of spec/clauses/condition.md.
#include <algorithm>
#include <memory>
#include <stdexcept>
#include <utility>

#include "concert/mutants/mutants.hpp"

namespace concert::conformance {

namespace {

using Make = model::Faults::MakeCondition;

/// A model whose conditions come from `make`.
Mutant with_conditions(
    std::string name, std::string breaks, std::vector<Kill> kills,
    const std::function<std::shared_ptr<ConditionCore>(std::shared_ptr<LockCore>, const Make& original)>& make) {
  return faulty_model(std::move(name), std::move(breaks), std::move(kills), [make] {
    model::Faults faults;
    faults.make_condition = make;
    return faults;
  });
}

/// A condition that notifies another number of tasks than it was told.
class Miscounting final : public ConditionCore {
 public:
  using Change = std::size_t (*)(std::size_t count);
  Miscounting(std::shared_ptr<ConditionCore> inner, Change change) : inner_(std::move(inner)), change_(change) {}
  const std::shared_ptr<LockCore>& lock() const noexcept override { return inner_->lock(); }
  bool suspend_until_notified(WaitPoint& point) override { return inner_->suspend_until_notified(point); }
  void notify(std::size_t count) override { inner_->notify(change_(count)); }

 private:
  std::shared_ptr<ConditionCore> inner_;
  Change change_;
};

Mutant with_notify(std::string name, std::string breaks, std::vector<Kill> kills, Miscounting::Change change) {
  return with_conditions(std::move(name), std::move(breaks), std::move(kills),
                         [change](std::shared_ptr<LockCore> lock, const Make& original) {
                           return std::make_shared<Miscounting>(original(std::move(lock)), change);
                         });
}

}  // namespace

std::vector<Mutant> condition_mutants() {
  model::Traits refuses;
  refuses.condition_accepts_fair_lock = false;
  return {
      with_conditions("conditions_ignore_the_given_lock", "A condition always makes a lock of its own.",
                      {{"Cond001", "over-the-lock"}, {"Cond004", "another-backend"}, {"Cond005", "one-lock"}},
                      [](const std::shared_ptr<LockCore>&, const Make& original) {
                        return original(AsyncBackend::running()->make_lock());
                      }),
      with_conditions("condition_refuses_held_locks", "A lock that is held cannot get a condition.",
                      {{"Cond002", "no-failure"}, {"Cond004", "another-backend"}},
                      [](std::shared_ptr<LockCore> lock, const Make& original) {
                        if (lock->locked()) throw std::invalid_argument("the lock is held");
                        return original(std::move(lock));
                      }),
      with_conditions("condition_takes_any_lock", "For a lock that it cannot use, a condition makes one of its own.",
                      {{"Cond004", "another-backend"}},
                      [](std::shared_ptr<LockCore> lock, const Make& original) {
                        try {
                          return original(lock);
                        } catch (const std::invalid_argument&) {
                          return original(AsyncBackend::running()->make_lock());
                        }
                      }),
      with_notify("notify_wakes_one_at_most", "notify(n) wakes one task whatever n is.",
                  {{"Cond006", "stuck"},
                   {"Cond007", "stuck"},
                   {"Cond008", "stuck"},
                   {"Cond011", "stuck"},
                   {"Cond012", "no-failure"},
                   {"Cond014", "stuck"},
                   {"Cond015", "conserved"},
                   {"Cond017", "stuck"}},
                  [](std::size_t count) { return std::min<std::size_t>(count, 1); }),
      model_mutant("notification_without_waiters_is_kept", "A notification that nobody waits for ends the next wait.",
                   {{"Cond006", "not-kept"}, {"Cond007", "first-in-line"}, {"Cond008", "not-kept"}}),
      with_notify("notify_of_nothing_wakes_one", "notify(0) wakes a task.", {{"Cond007", "first-in-line"}},
                  [](std::size_t count) { return std::max<std::size_t>(count, 1); }),
      with_notify("notify_wakes_one_more", "notify(n) wakes a task more.",
                  {{"Cond006", "as-many"}, {"Cond007", "first-in-line"}, {"Cond015", "conserved"}},
                  [](std::size_t count) { return count + (count > 0 && count < 1000 ? 1 : 0); }),
      model_mutant("notify_wakes_the_newest", "A notification wakes the task that came last.",
                   {{"Cond002", "works"}, {"Cond003", "works"}, {"Cond007", "first-in-line"}}),
      with_notify("notify_all_wakes_three", "notify_all() wakes three tasks at most.",
                  {{"Cond006", "stuck"},
                   {"Cond007", "stuck"},
                   {"Cond008", "stuck"},
                   {"Cond012", "stuck"},
                   {"Cond014", "stuck"}},
                  [](std::size_t count) { return count > 1000 ? 3 : count; }),
      model_mutant("waits_come_back_unasked", "A wait comes back after 20 ms without a notification.",
                   {{"Cond002", "works"},
                    {"Cond003", "works"},
                    {"Cond006", "not-kept"},
                    {"Cond007", "first-in-line"},
                    {"Cond009", "instant"},
                    {"Cond011", "nobody-woken"},
                    {"Cond013", "cancelled"},
                    {"Cond015", "conserved"},
                    {"Cond017", "nobody-woken"},
                    {"Task008", "cancelled"},
                    {"Timeout003", "interrupted"}}),
      model_mutant("wait_needs_just_a_locked_lock", "wait() takes the lock of another task for its own.",
                   {{"Cond010", "another-holds"}}),
      model_mutant("notify_needs_no_lock", "notify() works without the lock.", {{"Cond011", "refused"}}),
      model_mutant("wait_keeps_the_lock", "wait() does not release the lock.",
                   {{"Cancel001", "no-failure"},
                    {"Cancel002", "passed"},
                    {"Cancel003", "scope"},
                    {"Cancel006", "cancelled"},
                    {"Cond002", "no-failure"},
                    {"Cond003", "works"},
                    {"Cond006", "as-many"},
                    {"Cond007", "no-failure"},
                    {"Cond008", "all"},
                    {"Cond009", "no-failure"},
                    {"Cond010", "no-waiter"},
                    {"Cond011", "no-failure"},
                    {"Cond012", "freed"},
                    {"Cond013", "cancelled"},
                    {"Cond014", "after"},
                    {"Cond015", "all"},
                    {"Cond017", "no-failure"},
                    {"Task008", "cancelled"},
                    {"Timeout003", "interrupted"}}),
      model_mutant("wait_returns_without_the_lock", "A notified task goes on at once, without the lock.",
                   {{"Cond006", "stuck"},
                    {"Cond007", "stuck"},
                    {"Cond008", "stuck"},
                    {"Cond012", "alone"},
                    {"Cond013", "instant"},
                    {"Cond014", "before"},
                    {"Cond015", "stuck"}}),
      model_mutant("cancelled_wait_returns_without_the_lock", "A cancelled wait does not take the lock again.",
                   {{"Cond013", "instant"}, {"Cond015", "stuck"}}),
      model_mutant("condition_wait_ignores_cancellation", "A task that waits for a condition cannot be cancelled.",
                   {{"Cancel001", "no-failure"},
                    {"Cancel002", "passed"},
                    {"Cancel003", "scope"},
                    {"Cancel006", "cancelled"},
                    {"Cond013", "cancelled"},
                    {"Task008", "cancelled"},
                    {"Timeout003", "interrupted"}}),
      model_mutant("cancelled_waiter_eats_the_notification", "The notification of a cancelled waiter is lost.",
                   {{"Cond015", "conserved"}}),
      model_mutant("condition_is_notified_from_anywhere", "notify() outside the loop is taken silently.",
                   {{"Cond017", "refused"}}),
      lying_model("denies_fair_locks_to_conditions", "Accepts a fair lock for a condition, though declared otherwise.",
                  {}, "condition_accepts_fair_lock", "no", {{"Cond003", "refused"}, {"Cond004", "fair"}}),
      lying_model("claims_fair_locks_for_conditions", "Refuses a fair lock for a condition, though declared otherwise.",
                  refuses, "condition_accepts_fair_lock", "yes", {{"Cond003", "accepted"}}),
  };
}

}  // namespace concert::conformance
