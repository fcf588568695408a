// SPDX-License-Identifier: Apache-2.0
// Tests of spec/clauses/scope.md, the family Timeout.
#include "concert/suite/suite.hpp"

namespace concert::conformance {

ClauseTests timeout_tests() { return {}; }

}  // namespace concert::conformance
