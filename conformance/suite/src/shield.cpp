// SPDX-License-Identifier: Apache-2.0
// Tests of spec/clauses/cancel.md, the family Shield.
#include "concert/suite/suite.hpp"

namespace concert::conformance {

ClauseTests shield_tests() { return {}; }

}  // namespace concert::conformance
