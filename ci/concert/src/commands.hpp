// SPDX-License-Identifier: Apache-2.0
// The subcommands of `concert`: a struct of options and a function for each. main.cpp fills the options.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "concert/runner/exit_code.hpp"

namespace concert::command {

/// The command line names something unknown or selects nothing. The message says what is known.
class UsageMistake : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct BackendsOptions {
  std::vector<std::filesystem::path> certifiers;
};
/// Shows every known certifier with what it declares.
ExitCode show_backends(const BackendsOptions& options);

struct ClausesOptions {
  std::vector<std::string> globs;  ///< IDs or globs; an ID is shown in full
  std::string area;
  std::string level;
  bool is_full = false;
  bool is_json = false;
};
/// Shows clauses of the pages.
ExitCode show_clauses(const ClausesOptions& options);

/// What every command that runs tests takes.
struct TestRunOptions {
  std::optional<std::uint64_t> seed;
  std::optional<int> schedules;
  std::optional<std::int64_t> cases;
  double time_scale = 1;
};

struct CertifyOptions : TestRunOptions {
  std::vector<std::string> backends;
  std::vector<std::filesystem::path> certifiers;
  std::filesystem::path output;  ///< empty: the default folder
  std::string filter;
  std::string shard;
  int jobs = 0;
  std::vector<std::string> command_line;  ///< for the result file
};
/// Runs the suite on each backend, writes result files and reports.
ExitCode certify(const CertifyOptions& options);

struct EquivalenceOptions {
  std::vector<std::string> backends;              ///< empty: asio, uv and model, as far as they are here
  std::vector<std::filesystem::path> certifiers;  ///< of other backends; programs-NAME stands beside each
  std::vector<std::filesystem::path> results;     ///< of shards that have run: nothing is run then
  std::int64_t cases = 100'000;                   ///< whole programs of each backend
  std::int64_t explore = 6'000;                   ///< how many of them are compared with the model
  std::int64_t families = 2'000;                  ///< cases of each focused property
  bool has_small_scope = true;
  std::optional<double> seconds;  ///< real time for the whole programs of each backend
  std::uint64_t seed = 1;
  std::string shard;
  int jobs = 2;
  std::filesystem::path output;           ///< empty: the default folder
  std::vector<std::string> command_line;  ///< for the report
};
/// Runs generated programs on each backend, compares them with the model, writes results and reports.
ExitCode prove_equivalence(const EquivalenceOptions& options);

struct ReportOptions {
  std::vector<std::filesystem::path> files;
  std::string html;  ///< a file, or "-" for the standard output
  std::string markdown;
  std::string junit;
  std::filesystem::path output;  ///< a folder for every view
};
/// Writes the views of result files.
ExitCode write_report(const ReportOptions& options);

struct GateOptions {
  std::vector<std::filesystem::path> files;
  std::filesystem::path policy;
};
/// Decides over result files by a policy.
ExitCode decide_gate(const GateOptions& options);

struct ReplayOptions : TestRunOptions {
  std::string target;  ///< a result file, or the name of a backend
  std::string token;
  std::string test;
  std::vector<std::filesystem::path> certifiers;
};
/// Runs one failed test again.
ExitCode replay(const ReplayOptions& options);

struct SelftestCommandOptions : TestRunOptions {
  std::filesystem::path certifier;  ///< empty: the model's
  std::string filter;
  bool is_matrix = false;
  bool has_programs = true;  ///< the rules of generated programs too, if neither certifier nor filter are given
  int jobs = 0;
};
/// Tests the suite with the broken backends.
ExitCode run_selftest_command(const SelftestCommandOptions& options);

}  // namespace concert::command
