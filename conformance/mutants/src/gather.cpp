// SPDX-License-Identifier: Apache-2.0
// Backends that break the clauses of spec/clauses/group.md, the family Gather.
#include "concert/mutants/mutants.hpp"

namespace concert::conformance {

std::vector<Mutant> gather_mutants() {
  model::Traits unordered;
  unordered.gather_starts_in_order = false;
  return {
      model_mutant(
          "gather_runs_one_after_the_other", "gather awaits each awaitable before it begins the next.",
          {{"Gather001", "time"}, {"Gather008", "interrupted"}, {"Gather009", "time"}, {"Gather011", "outcomes"}}),
      model_mutant("gather_ends_with_its_first_awaitable", "gather goes on when one awaitable has ended.",
                   {{"Gather001", "time"},
                    {"Gather002", "no-failure"},
                    {"Gather005", "no-failure"},
                    {"Gather006", "no-failure"},
                    {"Gather007", "leaves"},
                    {"Gather008", "leaves"},
                    {"Gather009", "clean-up"},
                    {"Gather010", "ended"},
                    {"Gather011", "outcomes"},
                    {"Gather013", "begun"},
                    {"Gather014", "no-failure"}}),
      model_mutant(
          "gather_throws_a_lone_failure_bare",
          "gather throws a failure that is the only one without an ExceptionGroup.",
          {{"Gather003", "group"}, {"Gather007", "leaves"}, {"Gather008", "leaves"}, {"Gather011", "failure"}}),
      model_mutant("gather_adds_an_error_of_its_own", "gather adds an error about the group that shuts down.",
                   {{"Gather007", "leaves"}, {"Gather008", "leaves"}}),
      model_mutant("failure_does_not_cancel_the_gather", "A failing awaitable leaves the others alone.",
                   {{"Gather008", "interrupted"}, {"Gather011", "outcomes"}}),
      model_mutant("cancelled_gather_throws_a_group", "A cancelled gather throws an ExceptionGroup of Cancelled.",
                   {{"Cancel001", "type"},
                    {"Cancel002", "caught-as-error"},
                    {"Cancel003", "scope"},
                    {"Cancel006", "cancelled"},
                    {"Gather009", "bare"},
                    {"Gather013", "left-with"},
                    {"Task008", "cancelled"},
                    {"Timeout003", "interrupted"}}),
      model_mutant(
          "gather_abandons_unwinding_awaitables", "gather throws as soon as an awaitable has failed.",
          {{"Gather007", "leaves"}, {"Gather008", "leaves"}, {"Gather010", "ended"}, {"Gather011", "outcomes"}}),
      model_mutant("inner_time_limit_cancels_the_gather",
                   "An awaitable that absorbs a cancellation of its own cancels the others.",
                   {{"Gather014", "no-failure"}}),
      lying_model("declares_argument_order",
                  "Declares that gather begins its awaitables in order, and begins them in another one.", unordered,
                  "gather_start_order", "argument", {{"Gather012", "order"}}),
      lying_model("declares_unspecified_gather",
                  "Declares no order of gather, and always keeps the order of the arguments.", {}, "gather_start_order",
                  "unspecified", {{"Gather012", "declared-but-never-seen"}}),
  };
}

}  // namespace concert::conformance
