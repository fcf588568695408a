// SPDX-License-Identifier: Apache-2.0
// Tests of spec/clauses/clock.md.
#include "concert/suite/suite.hpp"

namespace concert::conformance {

ClauseTests clock_tests() { return {}; }

}  // namespace concert::conformance
