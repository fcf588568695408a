// SPDX-License-Identifier: Apache-2.0
// Backends that break the clauses of spec/clauses/cancel.md, the family Shield.
#include "concert/mutants/mutants.hpp"

namespace concert::conformance {

std::vector<Mutant> shield_mutants() { return {}; }

}  // namespace concert::conformance
