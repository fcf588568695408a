// SPDX-License-Identifier: Apache-2.0
#include "concert/programs/equivalence.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "commands.hpp"
#include "concert/reports/equivalence.hpp"
#include "concert/runner/process.hpp"
#include "concert/runner/run.hpp"
#include "failure_aid.hpp"
#include "interrupt.hpp"
#include "known_certifiers.hpp"
#include "progress.hpp"

namespace concert::command {

namespace {

namespace fs = std::filesystem;
using programs::Agreement;
using programs::Equivalence;
using programs::ResultFile;

/// A shard of the programs of one backend: one process.
struct Part {
  std::size_t backend = 0;
  int shard = 0;  // from 0 on
  int shards = 1;
  bool has_small_scope = false;
  std::optional<ResultFile> result{};
  std::string problem{};
};

fs::path output_folder(const EquivalenceOptions& options) {
  if (!options.output.empty()) return options.output;
  return fs::is_directory("build") ? "build/equivalence" : "equivalence";
}

/// A shard that was asked for is one process; else each backend has as many as run at once, so that all are busy until
/// the end. The small scope speaks of the model alone: it is explored once, with the last backend, which is the model
/// by default.
std::vector<Part> parts_of(std::size_t backends, const EquivalenceOptions& options) {
  runner::Shard asked;
  if (!options.shard.empty()) asked = runner::parse_shard(options.shard);
  const int shards = options.shard.empty() ? static_cast<int>(std::min<std::int64_t>(options.jobs, options.cases))
                                           : static_cast<int>(asked.count);
  std::vector<Part> parts;
  for (std::size_t backend = 0; backend < backends; ++backend) {
    const bool has_small_scope = options.has_small_scope && backend + 1 == backends;
    if (!options.shard.empty()) {
      parts.push_back({backend, static_cast<int>(asked.index) - 1, shards, has_small_scope});
      continue;
    }
    for (int shard = 0; shard < shards; ++shard) parts.push_back({backend, shard, shards, has_small_scope});
  }
  return parts;
}

std::vector<std::string> command_of(const ProgramsExecutable& executable, const Part& part,
                                    const EquivalenceOptions& options, const fs::path& result) {
  std::vector<std::string> command = {executable.path.string(),
                                      "--corpus",
                                      "--cases",
                                      std::to_string(options.cases),
                                      "--seed",
                                      std::to_string(options.seed),
                                      "--shard",
                                      fmt::format("{}/{}", part.shard, part.shards),
                                      "--explore",
                                      std::to_string(options.explore),
                                      "--families",
                                      std::to_string(options.families),
                                      "--result",
                                      result.string()};
  if (options.seconds) command.insert(command.end(), {"--seconds", fmt::format("{}", *options.seconds)});
  if (part.has_small_scope) command.emplace_back("--small-scope");
  return command;
}

/// How long a process may take: it guards its own cases against hangs, so that this is for a process that is lost. A
/// sanitizer makes everything twenty times slower.
std::chrono::duration<double> patience(const EquivalenceOptions& options) {
  const auto count = [](std::int64_t number) { return static_cast<double>(number); };
  return std::chrono::minutes(20) +
         std::chrono::duration<double>(0.02 * count(options.cases) + 2 * count(options.explore) +
                                       0.2 * count(options.families) + options.seconds.value_or(0));
}

std::string read_text(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// What came of a process that did not end as one that has judged does; empty if it did.
std::string broken_end(const runner::ProcessResult& process) {
  using End = runner::ProcessResult::End;
  switch (process.end) {
    case End::signalled: return "it ended with " + runner::signal_name(process.code);
    case End::timed_out: return fmt::format("it did not end within {:.0f} seconds", process.seconds);
    case End::stopped: return "it was interrupted";
    case End::exited: break;
  }
  const auto ends_with = [&](ExitCode code) { return process.code == to_int(code); };
  if (ends_with(ExitCode::conformant) || ends_with(ExitCode::not_conformant) || ends_with(ExitCode::inconclusive)) {
    return "";
  }
  return fmt::format("it ended with exit code {}", process.code);
}

void run_part(const ProgramsExecutable& executable, Part& part, const EquivalenceOptions& options,
              const fs::path& folder) {
  const fs::path file = folder / fmt::format("{}.shard-{}-of-{}.json", executable.backend, part.shard + 1, part.shards);
  fs::remove(file);
  runner::ProcessOptions process;
  process.command = command_of(executable, part, options, file);
  process.timeout = patience(options);
  process.stop_fd = interruption();
  const runner::ProcessResult ended = runner::run_process(process);
  std::string problem = broken_end(ended);
  if (problem.empty()) {
    try {
      part.result = programs::result_from_json(read_text(file));
      if (part.result->backend != executable.backend) {
        problem = fmt::format("its result is of the backend '{}'", part.result->backend);
        part.result.reset();
      }
    } catch (const std::invalid_argument& error) {
      problem = fmt::format("its result cannot be read: {}", error.what());
    }
  }
  fs::remove(file);
  if (problem.empty()) return;
  part.problem = fmt::format("{}: {}", executable.path.filename().string(), problem);
  for (const std::string& line : runner::last_lines(ended.err.text, 3)) part.problem += "\n  " + line;
}

void run_parts(const std::vector<ProgramsExecutable>& executables, std::vector<Part>& parts,
               const EquivalenceOptions& options, const fs::path& folder) {
  ProgressLine progress("equivalence", "parts");
  std::mutex one_at_a_time;
  std::size_t done = 0;
  runner::run_parallel(parts.size(), options.jobs, [&](std::size_t i) {
    Part& part = parts[i];
    run_part(executables[part.backend], part, options, folder);
    const std::lock_guard lock(one_at_a_time);
    if (!part.problem.empty()) progress.note("concert: " + part.problem);
    progress.show(++done, parts.size(), "", executables[part.backend].backend);
  });
}

/// All shards as one; those that there are, if some are missing.
ResultFile sum_of(std::vector<ResultFile> shards) {
  if (shards.size() == static_cast<std::size_t>(shards.front().shards)) return merge(shards);
  ResultFile sum = std::move(shards.front());
  for (std::size_t i = 1; i < shards.size(); ++i) add(sum, shards[i]);
  return sum;
}

void add_backend(Equivalence& equivalence, std::vector<ResultFile> shards, const fs::path& executable) {
  programs::JudgedBackend backend{sum_of(std::move(shards)), {}};
  for (const programs::Failure& failure : backend.result.failures) {
    backend.aids.push_back(failure_aid(backend.result, failure, executable));
  }
  equivalence.backends.push_back(std::move(backend));
}

void run_programs(const EquivalenceOptions& options, const fs::path& folder, Equivalence& equivalence) {
  const std::vector<ProgramsExecutable> executables = find_programs(options.backends, options.certifiers);
  std::vector<Part> parts = parts_of(executables.size(), options);
  fs::create_directories(folder);
  run_parts(executables, parts, options, folder);
  for (std::size_t i = 0; i < executables.size(); ++i) {
    std::vector<ResultFile> shards;
    for (Part& part : parts) {
      if (part.backend != i) continue;
      if (part.result) shards.push_back(std::move(*part.result));
      if (!part.problem.empty()) equivalence.problems.push_back(part.problem.substr(0, part.problem.find('\n')));
    }
    if (!shards.empty()) add_backend(equivalence, std::move(shards), executables[i].path);
  }
}

void read_results(const EquivalenceOptions& options, Equivalence& equivalence) {
  std::vector<std::string> order;
  std::map<std::string, std::vector<ResultFile>> shards;
  for (const fs::path& path : options.results) {
    if (!fs::is_regular_file(path)) throw UsageMistake("no such result file: '" + path.string() + "'");
    try {
      ResultFile result = programs::result_from_json(read_text(path));
      if (!shards.contains(result.backend)) order.push_back(result.backend);
      shards[result.backend].push_back(std::move(result));
    } catch (const std::invalid_argument& error) {
      throw UsageMistake(fmt::format("{}: {}", path.string(), error.what()));
    }
  }
  for (const std::string& backend : order) {
    try {
      add_backend(equivalence, std::move(shards[backend]), "programs-" + backend);
    } catch (const std::invalid_argument& error) {
      throw UsageMistake(fmt::format("{}: {}", backend, error.what()));
    }
  }
}

void write_results(const fs::path& folder, const Equivalence& equivalence) {
  for (const programs::JudgedBackend& backend : equivalence.backends) {
    const fs::path path = folder / (backend.result.backend + ".result.json");
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out << to_json(backend.result) << '\n';
    out.close();
    if (!out) throw std::runtime_error("cannot write " + path.string());
  }
}

void print_failures(const Equivalence& equivalence) {
  for (const programs::JudgedBackend& backend : equivalence.backends) {
    for (std::size_t i = 0; i < backend.result.failures.size(); ++i) {
      const programs::Failure& failure = backend.result.failures[i];
      fmt::print("{} breaks {}\n  {}\n", backend.result.backend, failure.rule, failure.message);
      if (!failure.clauses.empty()) fmt::print("  clauses:  {}\n", failure.clauses);
      fmt::print("  schedule: {}\n", failure.schedule);
      fmt::print("program ({} statements, {} as drawn):\n{}", failure.statements, failure.statements_as_drawn,
                 failure.text);
      fmt::print("again: {}\n\n", backend.aids[i].again);
    }
  }
}

ExitCode code_of(const Equivalence& equivalence, Agreement agreement) {
  if (!equivalence.problems.empty()) return ExitCode::harness_error;
  switch (agreement) {
    case Agreement::equivalent: return ExitCode::conformant;
    case Agreement::not_equivalent: return ExitCode::not_conformant;
    case Agreement::inconclusive: break;
  }
  return ExitCode::inconclusive;
}

}  // namespace

ExitCode prove_equivalence(const EquivalenceOptions& options) {
  if (!options.results.empty() && (!options.backends.empty() || !options.certifiers.empty() || !options.shard.empty()))
    throw UsageMistake("--results runs nothing: expected no backend, --certifier or --shard beside it");
  const fs::path folder = output_folder(options);
  Equivalence equivalence;
  equivalence.kit_version = CONCERT_VERSION;
  equivalence.command = fmt::format("{}", fmt::join(options.command_line, " "));
  if (options.results.empty()) {
    run_programs(options, folder, equivalence);
  } else {
    read_results(options, equivalence);
  }
  fs::create_directories(folder);
  write_results(folder, equivalence);
  reports::write_reports(folder, equivalence);
  const programs::EquivalenceDecision decision = decide(equivalence);
  print_failures(equivalence);
  for (const std::string& reason : decision.reasons) fmt::print("- {}\n", reason);
  fmt::print(stderr, "results and reports: {}\n", folder.string());
  fmt::print("{} (see equivalence.html)\n", programs::summary_line(equivalence));
  return code_of(equivalence, decision.agreement);
}

}  // namespace concert::command
