// SPDX-License-Identifier: Apache-2.0
// Tests of spec/clauses/group.md.
#include "concert/suite/suite.hpp"

namespace concert::conformance {

ClauseTests group_tests() { return {}; }

}  // namespace concert::conformance
