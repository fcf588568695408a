// SPDX-License-Identifier: Apache-2.0
// The stress tier: real threads, real time, many repetitions, for faults that no single schedule shows. Its runs belong
// to nights and to sanitizers, never among the clause tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "concert/harness/backend_adapter.hpp"

namespace concert::stress {

/// What went wrong, from any thread. A fault of a kind that is there already is counted, not repeated.
class Faults {
 public:
  void add(std::string what);
  /// Adds `what` unless `holds`.
  void require(bool holds, std::string_view what) {
    if (!holds) add(std::string(what));
  }
  bool none() const;
  /// "3 times: an answer came twice", one each.
  std::vector<std::string> lines() const;

 private:
  struct Fault {
    std::string what;
    std::size_t times;
  };
  mutable std::mutex mutex_;
  std::vector<Fault> faults_;
};

struct Settings {
  std::uint64_t seed = 1;
  /// How much of the full load, from 0 (exclusive) on.
  double scale = 1;

  /// `full` as scaled, at least 1.
  std::size_t scaled(std::size_t full) const;
};

/// One kind of load. `run` makes its own runs of the backend and tells what it did, such as "400000 calls, ...".
struct Scenario {
  std::string_view name;
  std::string_view does;
  std::string (*run)(AsyncBackend& backend, const Settings& settings, Faults& faults);
};

std::string portal_calls(AsyncBackend& backend, const Settings& settings, Faults& faults);
std::string portal_exit(AsyncBackend& backend, const Settings& settings, Faults& faults);
std::string worker_threads(AsyncBackend& backend, const Settings& settings, Faults& faults);

const std::vector<Scenario>& scenarios();

/// The main function of a stress executable.
/// Exit codes: 0 no fault; 1 a fault, or a hang; 2 usage.
int stress_main(const std::vector<conformance::BackendAdapter>& backends, int argc, char** argv);

}  // namespace concert::stress
