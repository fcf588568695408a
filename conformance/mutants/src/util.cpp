// SPDX-License-Identifier: Apache-2.0
// Backends that break the clauses of spec/clauses/run.md, the family Util.
#include "concert/mutants/mutants.hpp"

namespace concert::conformance {

std::vector<Mutant> util_mutants() { return {}; }

}  // namespace concert::conformance
