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

/// Every kind of wait that needs nothing but the loop: sleeps, waits for tasks, locks, events and
/// conditions, the exits of groups and gathers.
const std::vector<WaitKind>& wait_kinds();

/// Checkpoints that come back at once or after ten milliseconds, if nothing is cancelled: yields and short sleeps.
const std::vector<WaitKind>& short_checkpoints();

/// Every kind of checkpoint that comes back by itself: the short ones, and waits that last ten seconds.
const std::vector<WaitKind>& checkpoint_kinds();

}  // namespace concert::conformance
