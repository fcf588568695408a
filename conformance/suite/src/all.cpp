// SPDX-License-Identifier: Apache-2.0
#include "concert/suite/suite.hpp"

namespace concert::conformance {

ClauseTests all_clause_tests() {
  ClauseTests all;
  for (const auto area :
       {run_tests,           util_tests,          clock_tests,      cancel_tests, shield_tests,    group_tests,
        group_outcome_tests, gather_tests,        task_tests,       join_tests,   info_tests,      scope_tests,
        timeout_tests,       lock_tests,          fair_tests,       event_tests,  condition_tests, thread_tests,
        portal_tests,        portal_future_tests, portal_exit_tests}) {
    for (ClauseTest& test : area()) all.push_back(std::move(test));
  }
  return all;
}

}  // namespace concert::conformance
