// SPDX-License-Identifier: Apache-2.0
// The clock of the machine, also while a virtual clock is switched on: for budgets and watchdogs.
#pragma once

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <chrono>

namespace concert::conformance {

/// The machine's monotonic time. Threads: any. Guarantee: a raw system call, so that no VirtualClock can change it.
inline std::chrono::steady_clock::time_point real_now() noexcept {
  timespec now{};
  ::syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
  return std::chrono::steady_clock::time_point(std::chrono::seconds(now.tv_sec) +
                                               std::chrono::nanoseconds(now.tv_nsec));
}

}  // namespace concert::conformance
