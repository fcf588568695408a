// SPDX-License-Identifier: Apache-2.0
// Generated programs on a backend, judged by the monitor.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "concert/harness/backend_adapter.hpp"
#include "concert/programs/generator.hpp"
#include "concert/programs/monitor.hpp"

namespace concert::programs {

// ---- One run -------------------------------------------------------------------------------------------------------

/// What one run of a program came to.
struct Run {
  std::vector<Violation> violations;
  std::map<std::string_view, std::int64_t> evaluations;
  std::vector<Record> trace;
};

/// What may be had with a run.
struct RunOptions {
  /// See each record, after the monitor.
  std::vector<Observer*> observers{};
  /// Told when the virtual clock sees no way on ("deadlock", "livelock", "too much time"); empty: that ends the
  /// process.
  std::function<void(std::string_view fault)> on_stuck{};
  /// False: threads race instead of taking turns. Then what binds in time is not judged, and traces differ.
  bool gated_threads = true;
};

/// Runs `program` once on a fresh backend, under the schedule.
Run run_program(const conformance::BackendAdapter& backend, const Program& program,
                const conformance::Schedule& schedule, const RunOptions& options = {});

/// The violation of `rule` among them; null if there is none.
const Violation* broken(const Run& run, std::string_view rule);

/// The rules of the monitor, and those of whoever runs the programs: DET-1.
std::vector<Rule> rules_of_runs();
/// Two runs of one program under one schedule write the same records.
inline constexpr std::string_view same_again = "DET-1";

// ---- Cases
// -----------------------------------------------------------------------------------------------------------

/// A program with the circumstances of its run.
struct Case {
  std::int64_t index = 0;
  Program program;
  conformance::Schedule schedule;
  Drawn drawn;
  /// It is to be run twice, which must give the same records: one case in a hundred.
  bool rerun = false;
};

/// Case `index` of a seed: a function of the two alone, so that shards and reruns agree. Half of the cases have a
/// perturbed clock, a quarter the backend's own order.
Case draw_case(std::uint64_t seed, std::int64_t index);
conformance::Schedule schedule_of(std::uint64_t case_seed);

/// A program that breaks a rule, shrunk.
struct Counterexample {
  std::int64_t case_index = 0;
  Program program;
  Violation violation;
  std::vector<Record> trace;
  std::size_t size_as_drawn = 0;
};

/// Runs that a shrinker may make.
inline constexpr std::size_t shrink_budget = 2000;

struct Judged {
  std::int64_t cases = 0;
  std::map<std::string_view, std::int64_t> evaluations;
  std::optional<Counterexample> counterexample;
};

/// Draws and runs `cases` programs from `first` on; stops at the first that breaks a rule (only this one, if `rule` is
/// not empty), and shrinks it as long as the same rule is broken. All in this process: a backend that crashes takes it
/// along (campaign.hpp survives it).
Judged judge(const conformance::BackendAdapter& backend, std::uint64_t seed, std::int64_t first, std::int64_t cases,
             std::string_view rule = {});

/// The counterexample for a person: rule, sentence, clauses, program, trace.
std::string to_text(const Counterexample& counterexample);

}  // namespace concert::programs
