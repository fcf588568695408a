// SPDX-License-Identifier: Apache-2.0
// The scenarios, written once for every backend.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "concert/backend.hpp"
#include "measure.hpp"

namespace concert::bench {

/// A backend and what its raw library needs for the same work.
struct Subject {
  std::string name;
  std::function<std::unique_ptr<AsyncBackend>()> make;
  /// Has the raw loop call back `count` times, one callback asking for the next.
  std::function<void(long count)> raw_yield;
  /// Arms a raw timer for each delay in milliseconds, calls `armed`, and runs until all have fired.
  std::function<void(const std::vector<long>& delays, const std::function<void()>& armed)> raw_timers;
};

/// Runs the scenario that the command line names; without one it lists them. Returns the exit code.
int bench_main(int argc, char** argv, const Subject& subject);

}  // namespace concert::bench
