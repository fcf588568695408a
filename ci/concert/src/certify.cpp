// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "commands.hpp"
#include "concert/reports/reports.hpp"
#include "concert/runner/results.hpp"
#include "concert/runner/run.hpp"
#include "failure_text.hpp"
#include "interrupt.hpp"
#include "known_certifiers.hpp"
#include "progress.hpp"

namespace concert::command {

namespace {

using results::TestRecord;
using results::Verdict;

bool is_failure(Verdict verdict) {
  return verdict == Verdict::failed || verdict == Verdict::crashed || verdict == Verdict::hung;
}

// A part of the suite gets a folder of its own, so that it does not replace a whole certification.
std::filesystem::path output_folder(const CertifyOptions& options) {
  if (!options.output.empty()) return options.output;
  const std::filesystem::path whole = std::filesystem::is_directory("build") ? "build/certification" : "certification";
  return options.filter.empty() && options.shard.empty() ? whole : whole / "part";
}

runner::RunOptions run_options(const CertifyOptions& options) {
  runner::RunOptions run;
  run.seed = options.seed.value_or(run.seed);
  run.schedules = options.schedules.value_or(run.schedules);
  run.cases = options.cases;
  run.time_scale = options.time_scale;
  run.filter = options.filter;
  if (!options.shard.empty()) run.shard = runner::parse_shard(options.shard);
  run.jobs = options.jobs;
  run.command = options.command_line;
  run.stop_fd = interruption();
  return run;
}

runner::RunOutcome run_backend(const Certifier& certifier, runner::RunOptions options) {
  ProgressLine progress(certifier.listing.backend);
  std::size_t failures = 0;
  options.on_progress = [&](const runner::Progress& step) {
    const TestRecord& record = step.end->record;
    if (is_failure(record.verdict)) {
      ++failures;
      progress.note(fmt::format("{}: {} {}: {}", certifier.listing.backend, results::to_string(record.verdict),
                                record.test, record.reason));
    }
    progress.show(step.done, step.total, fmt::format(", {} failed", failures), record.test);
  };
  return runner::run_suite(certifier.path, options);
}

void print_failures(const results::ResultFile& file) {
  for (const TestRecord& record : file.tests) {
    if (!is_failure(record.verdict) && record.verdict != Verdict::inconclusive) continue;
    fmt::print("{}\n", failure_text(file.header, record, reports::replay_line(file.header, record)));
  }
}

// A part cannot certify: it answers whether what was selected holds.
ExitCode code_of_part(const std::vector<TestRecord>& tests) {
  const auto has = [&](auto property) {
    return std::ranges::any_of(tests, [&](const TestRecord& record) { return property(record.verdict); });
  };
  if (has(is_failure)) return ExitCode::not_conformant;
  if (has([](Verdict verdict) { return verdict == Verdict::inconclusive; })) return ExitCode::inconclusive;
  return has([](Verdict verdict) { return verdict == Verdict::passed; }) ? ExitCode::conformant
                                                                         : ExitCode::inconclusive;
}

ExitCode code_of(const runner::RunOutcome& outcome) {
  if (!outcome.harness_errors.empty() || outcome.was_stopped) return ExitCode::harness_error;
  if (outcome.is_partial) return code_of_part(outcome.results.tests);
  const std::string& verdict = outcome.results.footer.verdict;
  if (verdict == "certified") return ExitCode::conformant;
  return verdict == "inconclusive" ? ExitCode::inconclusive : ExitCode::not_conformant;
}

ExitCode worse(ExitCode a, ExitCode b) {
  static constexpr ExitCode order[] = {ExitCode::harness_error, ExitCode::not_conformant, ExitCode::inconclusive};
  for (const ExitCode code : order) {
    if (a == code || b == code) return code;
  }
  return ExitCode::conformant;
}

std::string part_summary(const runner::RunOutcome& outcome) {
  std::map<std::string_view, int> counts;
  for (const TestRecord& record : outcome.results.tests) ++counts[results::to_string(record.verdict)];
  std::vector<std::string> words;
  for (const auto& [verdict, count] : counts) words.push_back(fmt::format("{} {}", count, verdict));
  return fmt::format("{}: a part of the suite, which cannot certify: {} tests: {}", outcome.results.header.backend,
                     outcome.results.tests.size(), fmt::join(words, ", "));
}

}  // namespace

ExitCode certify(const CertifyOptions& options) {
  const std::vector<Certifier> certifiers = load_certifiers(options.backends, options.certifiers);
  // Nothing runs before every selection is known to select something.
  for (const Certifier& certifier : certifiers) runner::select_tests(certifier.listing, options.filter);
  const std::filesystem::path folder = output_folder(options);
  std::filesystem::create_directories(folder);

  ExitCode code = ExitCode::conformant;
  std::vector<results::ResultFile> files;
  std::vector<std::string> summaries;
  for (const Certifier& certifier : certifiers) {
    const std::string& backend = certifier.listing.backend;
    runner::RunOptions run = run_options(options);
    run.evidence = folder / "evidence" / backend;
    // The output of an earlier run would explain nothing.
    std::filesystem::remove_all(run.evidence);
    runner::RunOutcome outcome = run_backend(certifier, run);
    // Each file as soon as it is complete, so that a later backend cannot lose it.
    results::write_result_file(folder / (backend + ".jsonl"), outcome.results);
    print_failures(outcome.results);
    for (const std::string& error : outcome.harness_errors) fmt::print(stderr, "concert: {}: {}\n", backend, error);
    summaries.push_back(outcome.is_partial ? part_summary(outcome)
                                           : results::summary_line(outcome.results.header, outcome.results.footer));
    code = worse(code, code_of(outcome));
    files.push_back(std::move(outcome.results));
    if (outcome.was_stopped) {
      fmt::print(stderr, "concert: interrupted; what did not run is recorded as untested\n");
      break;
    }
  }
  reports::write_reports(folder, files);
  fmt::print(stderr, "results and reports: {}\n", folder.string());
  for (const std::string& summary : summaries) fmt::print("{} (see index.html)\n", summary);
  return code;
}

}  // namespace concert::command
