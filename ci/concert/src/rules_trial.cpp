// SPDX-License-Identifier: Apache-2.0
#include "rules_trial.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "concert/runner/process.hpp"
#include "concert/runner/run.hpp"
#include "interrupt.hpp"

namespace concert::command {

namespace {

/// Mutants that survive cost a hundred thousand programs each.
constexpr std::chrono::minutes patience{30};

runner::ProcessResult run_shard(const std::filesystem::path& executable, std::size_t shard, std::size_t shards) {
  runner::ProcessOptions process;
  process.command = {executable.string(), "--faults", "--shard", fmt::format("{}/{}", shard, shards)};
  process.timeout = patience;
  process.stop_fd = interruption();
  process.output_limit_bytes = 1024 * 1024;
  return runner::run_process(process);
}

ExitCode code_of(const runner::ProcessResult& process, const std::string& name) {
  using End = runner::ProcessResult::End;
  if (process.end == End::exited && process.code == to_int(ExitCode::conformant)) return ExitCode::conformant;
  if (process.end == End::exited && process.code == to_int(ExitCode::not_conformant)) return ExitCode::not_conformant;
  fmt::print(stderr, "concert: {} --faults did not come to its end\n", name);
  for (const std::string& line : runner::last_lines(process.err.text, 3)) fmt::print(stderr, "  {}\n", line);
  return ExitCode::harness_error;
}

}  // namespace

ExitCode try_rules(const std::filesystem::path& executable, int jobs) {
  const std::size_t shards =
      jobs > 0 ? static_cast<std::size_t>(jobs) : std::max<std::size_t>(1, std::thread::hardware_concurrency());
  std::vector<runner::ProcessResult> processes(shards);
  runner::run_parallel(shards, static_cast<int>(shards),
                       [&](std::size_t i) { processes[i] = run_shard(executable, i, shards); });
  ExitCode worst = ExitCode::conformant;
  for (const runner::ProcessResult& process : processes) {
    fmt::print("{}", process.out.text);
    const ExitCode code = code_of(process, executable.filename().string());
    if (worst == ExitCode::conformant || code == ExitCode::harness_error) worst = code;
  }
  return worst;
}

}  // namespace concert::command
