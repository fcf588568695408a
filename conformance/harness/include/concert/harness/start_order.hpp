// SPDX-License-Identifier: Apache-2.0
// Is the order in which things begin the one that the backend declares? For clauses with a trait of order.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "concert/backend.hpp"
#include "concert/harness/trial.hpp"

namespace concert::conformance {

/// Begins `count` things in one step; each appends its position to `begun` when it begins.
using BeginMany = std::function<Coro<>(AsyncBackend& backend, int count, std::vector<int>& begun)>;

/// Checks "order" if `is_ordered`: they begin by position in each run; else "declared-but-never-seen": at least one of
/// several runs under different schedules shows another order.
void expect_start_order(Trial& trial, bool is_ordered, const BeginMany& begin_many);

}  // namespace concert::conformance
