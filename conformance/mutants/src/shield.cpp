// SPDX-License-Identifier: Apache-2.0
// Backends that break the clauses of spec/clauses/cancel.md, the family Shield.
#include "concert/mutants/mutants.hpp"

namespace concert::conformance {

std::vector<Mutant> shield_mutants() {
  model::Traits silent;
  silent.self_join_is_diagnosed = false;
  return {
      model_mutant("shields_do_not_nest", "A shield inside a shield is refused.", {}),
      model_mutant("shield_entry_is_a_checkpoint", "A shield that is entered under a request throws Cancelled.", {}),
      model_mutant("shield_lets_task_cancel_through", "Task::cancel() reaches shielded work.", {}),
      model_mutant("shield_withstands_one_request", "The second request reaches shielded work.", {}),
      model_mutant("shield_makes_a_task", "get_current_task() tells another task inside a shield.", {}),
      model_mutant("join_ignores_shields", "A shielded wait for a task is interrupted.", {}),
      model_mutant("shield_discards_requests", "Requests that are pending at the end of a shield are forgotten.", {}),
      model_mutant("unmet_timeout_is_raised", "timeout throws whenever its deadline has passed.", {}),
      model_mutant("shield_swallows_inner_cancellation", "The join of a cancelled task returns inside a shield.", {}),
      model_mutant("shield_covers_scopes_inside", "Scopes and groups opened inside a shield interrupt nothing.", {}),
      model_mutant("scope_in_shield_sees_outside", "A scope inside a shield leaves its Cancelled to one outside.", {}),
      model_mutant("inner_shield_opens_the_outer", "The end of a shield ends those around it too.", {}),
      model_mutant("shield_entry_lets_others_run", "Entering a shield lets another task run.", {}),
      model_mutant("shield_misses_earlier_requests", "A shield keeps away later requests only.", {}),
      model_mutant("shield_drops_several_requests", "Two requests that are pending at the end of a shield are lost.",
                   {}),
      lying_model("denies_that_self_joins_are_diagnosed", "Refuses to wait for itself, though declared otherwise.", {},
                  "self_join_is_diagnosed", "no", {}),
      lying_model("claims_to_diagnose_self_joins", "Declares that waiting for oneself is refused; it waits for ever.",
                  silent, "self_join_is_diagnosed", "yes", {}),
  };
}

}  // namespace concert::conformance
