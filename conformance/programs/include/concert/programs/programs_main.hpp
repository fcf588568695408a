// SPDX-License-Identifier: Apache-2.0
// The executable that runs generated programs on a backend and has them judged: programs-<NAME>, beside each certifier.
#pragma once

#include <vector>

#include "concert/harness/certifier.hpp"
#include "concert/programs/faults.hpp"

namespace concert::programs {

/// Whose programs are run: backends, and for the model its mutants and variants.
struct Subjects {
  std::vector<conformance::BackendAdapter> backends;
  std::vector<conformance::Mutant> mutants{};
  std::vector<conformance::Variant> variants{};
  /// What must see which of the mutants.
  std::vector<Fault> faults{};
};

/// main(); see its --help. Exit codes: 0 passed, 1 failed, 2 usage, 3 the harness failed, 4 inconclusive.
int programs_main(const Subjects& subjects, int argc, char** argv);

}  // namespace concert::programs
