// SPDX-License-Identifier: Apache-2.0
// Generated programs on a backend, judged by the monitor.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "concert/harness/backend_adapter.hpp"
#include "concert/programs/monitor.hpp"

namespace concert::programs {

/// What one run of a program came to.
struct Run {
  std::vector<Violation> violations;
  std::map<std::string_view, std::int64_t> evaluations;
  std::vector<Record> trace;
};

/// Runs `program` once on a fresh backend, under the schedule.
Run run_program(const conformance::BackendAdapter& backend, const Program& program,
                const conformance::Schedule& schedule);

/// A program that breaks a rule, shrunk.
struct Counterexample {
  std::int64_t case_index = 0;
  Program program;
  Violation violation;
  std::vector<Record> trace;
  std::size_t size_as_drawn = 0;
};

struct Judged {
  std::int64_t cases = 0;
  std::map<std::string_view, std::int64_t> evaluations;
  std::optional<Counterexample> counterexample;
};

/// Draws and runs `cases` programs from `first` on; stops at the first that breaks a rule, and shrinks it as long as
/// the same rule is broken.
Judged judge(const conformance::BackendAdapter& backend, std::uint64_t seed, std::int64_t first, std::int64_t cases);

/// The counterexample for a person: rule, sentence, clauses, program, trace.
std::string to_text(const Counterexample& counterexample);

}  // namespace concert::programs
