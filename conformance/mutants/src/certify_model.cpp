// SPDX-License-Identifier: Apache-2.0
// The certifier of the model, with every mutant and every variant of it: what `concert selftest` runs.
#include "concert/mutants/mutants.hpp"
#include "concert/suite/suite.hpp"

int main(int argc, char** argv) {
  using namespace concert::conformance;
  return certifier_main(argc, argv, {{model_adapter()}, all_clause_tests(), all_mutants(), model_variants()});
}
