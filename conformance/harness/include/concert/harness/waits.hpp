// SPDX-License-Identifier: Apache-2.0
// The ways in which a task can be blocked: for clauses that hold in every kind of wait.
#pragma once

#include <string_view>
#include <vector>

#include "concert/backend.hpp"

namespace concert::conformance {

/// One way to be blocked. `block` suspends its task at once and for ten seconds at least, unless it is cancelled.
struct WaitKind {
  std::string_view name;
  Coro<> (*block)(AsyncBackend&);
};

/// Every kind of wait that needs nothing but the loop: sleeps, waits for tasks, the exits of groups and gathers.
const std::vector<WaitKind>& wait_kinds();

}  // namespace concert::conformance
