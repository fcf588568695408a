// SPDX-License-Identifier: Apache-2.0
// Tests of spec/clauses/cancel.md.
#include "concert/suite/suite.hpp"

namespace concert::conformance {

ClauseTests cancel_tests() { return {}; }

}  // namespace concert::conformance
