// SPDX-License-Identifier: Apache-2.0
// Tests of spec/clauses/run.md.
#include "concert/suite/suite.hpp"

namespace concert::conformance {

ClauseTests run_tests() { return {}; }

}  // namespace concert::conformance
