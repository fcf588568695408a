// SPDX-License-Identifier: Apache-2.0
// Backends that break the clauses of spec/clauses/group.md, the family Gather.
#include "concert/mutants/mutants.hpp"

namespace concert::conformance {

std::vector<Mutant> gather_mutants() { return {}; }

}  // namespace concert::conformance
