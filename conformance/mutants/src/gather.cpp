// SPDX-License-Identifier: Apache-2.0
// Backends that break the clauses of spec/clauses/group.md, the family Gather.
#include "concert/mutants/mutants.hpp"

namespace concert::conformance {

std::vector<Mutant> gather_mutants() {
  model::Traits unordered;
  unordered.gather_starts_in_order = false;
  return {
      model_mutant("gather_runs_one_after_the_other", "gather awaits each awaitable before it begins the next.", {}),
      model_mutant("gather_ends_with_its_first_awaitable", "gather goes on when one awaitable has ended.", {}),
      model_mutant("gather_throws_a_lone_failure_bare",
                   "gather throws a failure that is the only one without an ExceptionGroup.", {}),
      model_mutant("gather_adds_an_error_of_its_own", "gather adds an error about the group that shuts down.", {}),
      model_mutant("failure_does_not_cancel_the_gather", "A failing awaitable leaves the others alone.", {}),
      model_mutant("cancelled_gather_throws_a_group", "A cancelled gather throws an ExceptionGroup of Cancelled.", {}),
      model_mutant("gather_abandons_unwinding_awaitables", "gather throws as soon as an awaitable has failed.", {}),
      model_mutant("inner_time_limit_cancels_the_gather",
                   "An awaitable that absorbs a cancellation of its own cancels the others.", {}),
      lying_model("declares_argument_order",
                  "Declares that gather begins its awaitables in order, and begins them in another one.", unordered,
                  "gather_start_order", "argument", {}),
      lying_model("declares_unspecified_gather",
                  "Declares no order of gather, and always keeps the order of the arguments.", {}, "gather_start_order",
                  "unspecified", {}),
  };
}

}  // namespace concert::conformance
