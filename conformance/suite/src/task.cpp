// SPDX-License-Identifier: Apache-2.0
// Tests of spec/clauses/task.md.
#include "concert/suite/suite.hpp"

namespace concert::conformance {

ClauseTests task_tests() { return {}; }

}  // namespace concert::conformance
