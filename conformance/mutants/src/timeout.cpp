// SPDX-License-Identifier: Apache-2.0
// Backends that break the clauses of spec/clauses/scope.md, the family Timeout.
#include "concert/mutants/mutants.hpp"

namespace concert::conformance {

std::vector<Mutant> timeout_mutants() { return {}; }

}  // namespace concert::conformance
