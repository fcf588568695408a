// SPDX-License-Identifier: Apache-2.0
// Tests the suite: does it see each fault of the deliberately broken backends, for the stated reason?
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "concert/runner/certifier.hpp"
#include "concert/runner/results.hpp"
#include "concert/runner/run.hpp"

namespace concert::runner {

struct SelftestOptions : TestOptions {
  std::string filter;      ///< comma-separated globs of mutants; empty: all
  bool is_matrix = false;  ///< every test against every mutant, not the declared pairs alone
  int jobs = 0;
  /// Called after each run of a test, by one thread at a time.
  std::function<void(std::size_t done, std::size_t total)> on_progress;
};

/// What one mutant did to the suite.
struct MutantReport {
  Mutant mutant;
  std::vector<Kill> seen;               ///< what really failed, of the tests that ran; sorted, each once
  std::vector<std::string> mismatches;  ///< a sentence for each difference to the declaration
  bool is_killed = false;               ///< every declared clause failed with the declared key, and no other one failed
                                        ///< (null backend: and no MUST passed)
};

struct SelftestReport {
  std::vector<MutantReport> mutants;
  std::vector<std::string> variants;                ///< that ran unmutated, with every test
  std::vector<std::string> variant_mismatches;      ///< tests that did not pass on a correct backend
  std::vector<std::string> clauses_without_mutant;  ///< every MUST that has a test, but no mutant that is killed by it
  std::vector<std::string> harness_errors;
  bool is_partial = false;  ///< a filter left mutants out: clauses_without_mutant is empty then
  bool was_stopped = false;
};

/// Runs the mutants of a certifier. Errors: HarnessError before anything runs; SelectionError.
SelftestReport run_selftest(const std::filesystem::path& certifier, const SelftestOptions& options);

/// Compares what failed with what was declared. `ran` holds a record for each test that ran on the mutant.
MutantReport judge_mutant(const Mutant& mutant, const std::vector<results::TestRecord>& ran);

/// True if nothing is left to complain about.
bool is_clean(const SelftestReport& report) noexcept;

/// `seen` in the form in which the mutants declare it, to paste: `{"Scope029", "order"}, {"Scope030", "crashed"}`.
std::string as_declaration(const std::vector<Kill>& seen);

/// "selftest: 12 mutants, 11 killed, 1 survived, 0 clauses without a mutant".
std::string selftest_summary(const SelftestReport& report);

}  // namespace concert::runner
