// SPDX-License-Identifier: Apache-2.0
#include "concert/runner/selftest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include "commands.hpp"
#include "interrupt.hpp"
#include "known_certifiers.hpp"
#include "progress.hpp"
#include "rules_trial.hpp"

namespace concert::command {

namespace {

// The certifier that carries the mutants is the model's: there a fault is one switch.
constexpr const char* mutants_backend = "model";

void print_table(const runner::SelftestReport& report, bool is_matrix) {
  std::size_t width = 6;
  for (const runner::MutantReport& mutant : report.mutants) width = std::max(width, mutant.mutant.name.size());
  fmt::print("{:<{}}  {:<8}  {:>7}  breaks\n", "mutant", width, "", "clauses");
  for (const runner::MutantReport& mutant : report.mutants) {
    fmt::print("{:<{}}  {:<8}  {:>7}  {}{}\n", mutant.mutant.name, width, mutant.is_killed ? "killed" : "SURVIVED",
               mutant.mutant.kills.size(), mutant.mutant.breaks,
               mutant.mutant.is_null_backend ? " (null backend)" : "");
    for (const std::string& mismatch : mutant.mismatches) fmt::print("{:<{}}  - {}\n", "", width, mismatch);
    if (is_matrix && !mutant.is_killed && !mutant.mutant.is_null_backend && !mutant.seen.empty())
      fmt::print("{:<{}}    to declare what is seen: {{{}}}\n", "", width, runner::as_declaration(mutant.seen));
  }
}

/// Again, at the end: of a long output CI often keeps the last lines only.
void print_survivors(const runner::SelftestReport& report) {
  for (const runner::MutantReport& mutant : report.mutants) {
    for (const std::string& mismatch : mutant.mismatches) fmt::print("SURVIVED {}: {}\n", mutant.mutant.name, mismatch);
  }
}

}  // namespace

ExitCode run_selftest_command(const SelftestCommandOptions& options) {
  std::filesystem::path path = options.certifier;
  if (path.empty()) {
    path = find_certifier(mutants_backend);
  } else {
    check_certifier(path);
  }
  runner::SelftestOptions run;
  run.seed = options.seed.value_or(run.seed);
  run.schedules = options.schedules.value_or(run.schedules);
  run.cases = options.cases;
  // On a broken backend tests with threads wait out the patience of their gates, several times.
  run.time_scale = 3 * options.time_scale;
  run.filter = options.filter;
  run.is_matrix = options.is_matrix;
  run.jobs = options.jobs;
  run.stop_fd = interruption();
  runner::SelftestReport report;
  {
    ProgressLine progress("selftest");
    run.on_progress = [&](std::size_t done, std::size_t total) { progress.show(done, total, "", ""); };
    report = runner::run_selftest(path, run);
  }
  if (report.was_stopped) {
    fmt::print(stderr, "concert: interrupted\n");
    return ExitCode::harness_error;
  }
  print_table(report, options.is_matrix);
  if (!report.variants.empty()) {
    fmt::print("\ncorrect variants: {} ran, {} tests did not pass\n", report.variants.size(),
               report.variant_mismatches.size());
    for (const std::string& mismatch : report.variant_mismatches) fmt::print("  - {}\n", mismatch);
  }
  if (!report.clauses_without_mutant.empty()) {
    fmt::print("\nMUST clauses that have a test, but no mutant that it kills:\n");
    for (const std::string& clause : report.clauses_without_mutant) fmt::print("  - {}\n", clause);
  }
  for (const std::string& error : report.harness_errors) fmt::print(stderr, "concert: {}\n", error);
  ExitCode rules = ExitCode::conformant;
  if (options.certifier.empty() && options.filter.empty() && options.has_programs) {
    fmt::print("\nrules of generated programs:\n");
    std::fflush(stdout);
    rules = try_rules(find_programs({mutants_backend}, {}).front().path, options.jobs);
  }
  fmt::print("\n");
  print_survivors(report);
  fmt::print("{}\n", runner::selftest_summary(report));
  if (!report.harness_errors.empty()) return ExitCode::harness_error;
  return runner::is_clean(report) ? rules : ExitCode::not_conformant;
}

}  // namespace concert::command
