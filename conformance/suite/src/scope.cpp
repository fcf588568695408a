// SPDX-License-Identifier: Apache-2.0
// Tests of spec/clauses/scope.md.
#include "concert/suite/suite.hpp"

namespace concert::conformance {

ClauseTests scope_tests() { return {}; }

}  // namespace concert::conformance
