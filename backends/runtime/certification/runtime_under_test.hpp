// SPDX-License-Identifier: Apache-2.0
// What every backend on concert::runtime declares to the suite.
#pragma once

#include <string>
#include <utility>

#include "concert/harness/backend_adapter.hpp"

namespace concert::conformance {

/// The freedoms as the runtime takes them; `version` names the loop underneath.
inline Manifest runtime_manifest(std::string version) {
  Manifest manifest;
  manifest.version = std::move(version);
  manifest.traits = {{"yield_may_be_skipped", "no"},
                     {"clock_epoch", "process"},
                     // First in, first out by default, but the option order_seed shuffles.
                     {"start_order", "unspecified"},
                     {"cancelled_start_runs_first_step", "yes"},
                     {"gather_start_order", "unspecified"},
                     {"failed_join_reports", "failure"},
                     {"caught_without_own_exception", "no"},
                     {"self_join_is_diagnosed", "yes"},
                     {"lock_reacquire", "refused"},
                     {"free_lock_acquire", "immediate"},
                     {"lock_release", "handed_over"},
                     {"abandoned_lock", "waits"},
                     {"set_event_wait", "immediate"},
                     // As for start_order.
                     {"event_wake_order", "unspecified"},
                     {"condition_accepts_fair_lock", "yes"},
                     {"worker_threads", "40"},
                     {"portal_submission", "immediate"}};
  return manifest;
}

inline RunnerOptions runtime_options(const Schedule& schedule) {
  return RunnerOptions().set("order_seed", schedule.order_seed);
}

}  // namespace concert::conformance
