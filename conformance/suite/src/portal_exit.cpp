// SPDX-License-Identifier: Apache-2.0
#include "concert/suite/suite.hpp"
#include "portal_scenes.hpp"

namespace concert::conformance {
ClauseTests portal_exit_tests() { return {}; }
}  // namespace concert::conformance
