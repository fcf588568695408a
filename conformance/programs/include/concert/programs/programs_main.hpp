// SPDX-License-Identifier: Apache-2.0
// The executable that runs generated programs on a backend and has them judged: programs-<NAME>, beside each certifier.
#pragma once

#include <vector>

#include "concert/harness/certifier.hpp"

namespace concert::programs {

/// Whose programs are run: backends, and for the model its mutants and variants.
struct Subjects {
  std::vector<conformance::BackendAdapter> backends;
  std::vector<conformance::Mutant> mutants{};
  std::vector<conformance::Variant> variants{};
};

/// main(). Exit codes: 0 no program breaks a rule; 1 one does; 2 usage; 4 inconclusive, because a rule was never asked.
int programs_main(const Subjects& subjects, int argc, char** argv);

}  // namespace concert::programs
