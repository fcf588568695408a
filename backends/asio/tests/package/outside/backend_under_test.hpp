// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "concert/asio.hpp"
#include "concert/harness/backend_adapter.hpp"

struct OutsideBackend {
  static constexpr std::string_view name = "outside";
  static std::unique_ptr<concert::AsyncBackend> make() { return concert::asio_backend(); }
  static concert::conformance::Manifest manifest() {
    concert::conformance::Manifest manifest;
    manifest.version = "1.0";
    manifest.traits = {{"yield_may_be_skipped", "no"},
                       {"clock_epoch", "process"},
                       {"start_order", "fifo"},
                       {"cancelled_start_runs_first_step", "yes"},
                       {"gather_start_order", "argument"},
                       {"failed_join_reports", "failure"},
                       {"caught_without_own_exception", "no"},
                       {"self_join_is_diagnosed", "yes"},
                       {"lock_reacquire", "refused"},
                       {"free_lock_acquire", "immediate"},
                       {"lock_release", "handed_over"},
                       {"abandoned_lock", "waits"},
                       {"set_event_wait", "immediate"},
                       {"event_wake_order", "fifo"},
                       {"condition_accepts_fair_lock", "yes"},
                       {"worker_threads", "40"},
                       {"portal_submission", "immediate"}};
    return manifest;
  }
};
using BackendsUnderTest = ::testing::Types<OutsideBackend>;
