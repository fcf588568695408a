// SPDX-License-Identifier: Apache-2.0
// The clause tests, area by area. A suite file src/<area>.cpp belongs to the page spec/clauses/<area>.md.
#pragma once

#include "concert/harness/clause_test.hpp"

namespace concert::conformance {

ClauseTests run_tests();
ClauseTests util_tests();
ClauseTests clock_tests();
ClauseTests cancel_tests();
ClauseTests shield_tests();
ClauseTests group_tests();
ClauseTests group_outcome_tests();
ClauseTests gather_tests();
ClauseTests task_tests();
ClauseTests join_tests();
ClauseTests info_tests();
ClauseTests scope_tests();
ClauseTests timeout_tests();
ClauseTests lock_tests();
ClauseTests fair_tests();
ClauseTests event_tests();
ClauseTests condition_tests();
ClauseTests thread_tests();
ClauseTests portal_tests();
ClauseTests portal_future_tests();
ClauseTests portal_exit_tests();

/// Every test, in the order of the areas.
ClauseTests all_clause_tests();

}  // namespace concert::conformance
