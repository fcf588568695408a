// SPDX-License-Identifier: Apache-2.0
// Runs the tests of a certifier, a process for each, and rolls their verdicts up to the clauses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "concert/clause.hpp"
#include "concert/runner/certifier.hpp"
#include "concert/runner/process.hpp"
#include "concert/runner/results.hpp"

namespace concert::runner {

/// Every n-th test of the selection, by position.
struct Shard {
  int index = 1;  ///< from 1
  int count = 1;
};

/// Parses "2/5". Errors: SelectionError.
Shard parse_shard(std::string_view text);

/// How one test is run: these become the certifier's arguments.
struct TestOptions {
  std::uint64_t seed = 1;
  int schedules = 3;                  ///< order seeds tried for each test
  std::optional<std::int64_t> cases;  ///< of each property; the certifier's default without
  std::string replay;                 ///< token of a failure
  std::string mutant;
  std::string variant;
  double time_scale = 1;  ///< of every real-time bound, for slow machines and sanitizers
  int stop_fd = -1;       ///< readable: give up
};

/// The end of one test, with what its process printed.
struct TestEnd {
  results::TestRecord record;
  Output out;
  Output err;
  bool is_harness_error = false;  ///< the record is inconclusive because the harness failed
};

struct Progress {
  std::size_t done = 0;
  std::size_t total = 0;
  const TestEnd* end = nullptr;  ///< of the test that has just ended
};

struct RunOptions : TestOptions {
  std::string filter;  ///< comma-separated globs of clauses or tests; empty: all
  Shard shard;
  int jobs = 0;                      ///< processes at once; 0: as many as there are processors
  std::filesystem::path evidence;    ///< a folder for the output of tests that did not pass; empty: none
  std::vector<std::string> command;  ///< for the header: how to run it again
  /// Called after each test, by one thread at a time.
  std::function<void(const Progress&)> on_progress;
};

struct RunOutcome {
  results::ResultFile results;
  bool is_partial = false;  ///< a filter or a shard left tests out: such a run cannot certify
  std::size_t selected = 0;
  std::vector<std::string> harness_errors;  ///< one for each test that ended so
  bool was_stopped = false;
};

/// Runs one test in a process of its own and judges how that ended. A crash, a hang or a broken record is a verdict.
/// Errors: HarnessError if the process cannot be started.
TestEnd run_test(const std::filesystem::path& certifier, const ListedTest& test, const TestOptions& options);

/// The verdict from how the process ended and from what it wrote: the table of the protocol, without a process.
results::TestRecord judge_end(const ListedTest& test, const ProcessResult& process,
                              const std::optional<std::string>& record_text, bool* is_harness_error = nullptr);

/// Lists, selects, runs, rolls up. The records are in listing order, whatever ran first.
/// Errors: HarnessError before anything runs; SelectionError if nothing is selected.
RunOutcome run_suite(const std::filesystem::path& certifier, const RunOptions& options);

/// One record for each clause that is not retired: excluded (by its page, and no test), untested, or the worst of its
/// tests. `left_out` holds the tests that were not selected: their clauses are untested, and say so.
std::vector<results::ClauseRecord> roll_up(std::span<const Clause> clauses,
                                           const std::vector<results::TestRecord>& tests,
                                           const std::vector<ListedTest>& left_out = {});

/// Calls `work(i)` for every i below `count` on `jobs` threads (0: one for each processor); rethrows the first
/// exception.
void run_parallel(std::size_t count, int jobs, const std::function<void(std::size_t)>& work);

}  // namespace concert::runner
