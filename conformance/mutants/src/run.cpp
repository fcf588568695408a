// SPDX-License-Identifier: Apache-2.0
// Backends that break the clauses of spec/clauses/run.md.
#include "concert/mutants/mutants.hpp"

namespace concert::conformance {

std::vector<Mutant> run_mutants() {
  return {
      model_mutant("nested_bootstrap_runs", "bootstrap inside a running loop starts a second loop",
                   {{"Run004", "same-backend"}}),
  };
}

}  // namespace concert::conformance
