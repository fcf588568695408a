// SPDX-License-Identifier: Apache-2.0
// Generated programs on the model, with every mutant and every variant of it.
#include "concert/mutants/mutants.hpp"
#include "concert/programs/programs_main.hpp"
#include "program_faults.hpp"

int main(int argc, char** argv) {
  using namespace concert::conformance;
  return concert::programs::programs_main({{model_adapter()}, all_mutants(), program_variants(), program_faults()},
                                          argc, argv);
}
