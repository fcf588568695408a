// SPDX-License-Identifier: Apache-2.0
// What a benchmark measures and how it tells: time, processor time, allocations; one JSON line for each metric.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace concert::bench {

/// `<scenario> key=value...` from the command line.
class Arguments {
 public:
  /// Errors: std::invalid_argument for anything but key=value with a whole number.
  Arguments(int argc, char** argv);
  const std::string& scenario() const noexcept { return scenario_; }
  long get(std::string_view key, long fallback) const;

 private:
  std::string scenario_;
  std::map<std::string, long, std::less<>> values_;
};

/// Prints {"impl":...,"scn":...,"metric":...,"v":...}.
class Report {
 public:
  Report(std::string implementation, std::string scenario)
      : implementation_(std::move(implementation)), scenario_(std::move(scenario)) {}
  void tell(std::string_view metric, double value) const;

 private:
  std::string implementation_;
  std::string scenario_;
};

/// Measures from its construction on.
class Stretch {
 public:
  Stretch();
  /// Tells <prefix>ns_op, cpu_ns_op, allocs_op and bytes_op, for that many operations. Returns processor time per
  /// operation.
  double end(const Report& report, double operations, std::string_view prefix = "") const;

 private:
  std::uint64_t allocations_;
  std::uint64_t bytes_;
  std::uint64_t cpu_ns_;
  std::uint64_t wall_ns_;
};

/// The most memory that the process had so far, in bytes.
double peak_bytes();

/// `count` whole milliseconds in [least, most], the same in every run.
std::vector<long> delays_ms(std::size_t count, long least, long most);

}  // namespace concert::bench
