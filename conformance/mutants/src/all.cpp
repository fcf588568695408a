// SPDX-License-Identifier: Apache-2.0
#include "concert/mutants/mutants.hpp"

namespace concert::conformance {

std::vector<Mutant> all_mutants() {
  std::vector<Mutant> all;
  for (const auto area : {run_mutants, util_mutants, clock_mutants, cancel_mutants, shield_mutants, group_mutants,
                          gather_mutants, task_mutants, scope_mutants, timeout_mutants, lock_mutants, event_mutants,
                          condition_mutants, thread_mutants, portal_mutants, null_backends}) {
    for (Mutant& mutant : area()) all.push_back(std::move(mutant));
  }
  return all;
}

}  // namespace concert::conformance
