// SPDX-License-Identifier: Apache-2.0
// Tests of spec/clauses/group.md, the family Gather.
#include "concert/suite/suite.hpp"

namespace concert::conformance {

ClauseTests gather_tests() { return {}; }

}  // namespace concert::conformance
