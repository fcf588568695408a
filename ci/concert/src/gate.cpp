// SPDX-License-Identifier: Apache-2.0
#include "concert/gate/gate.hpp"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "commands.hpp"
#include "result_files.hpp"

namespace concert::command {

namespace {

std::string word(gate::Outcome outcome) {
  switch (outcome) {
    case gate::Outcome::passed: return "passed";
    case gate::Outcome::failed: return "failed";
    case gate::Outcome::inconclusive: return "inconclusive";
  }
  return "";
}

ExitCode code_of(gate::Outcome outcome) {
  switch (outcome) {
    case gate::Outcome::passed: return ExitCode::conformant;
    case gate::Outcome::failed: return ExitCode::not_conformant;
    case gate::Outcome::inconclusive: return ExitCode::inconclusive;
  }
  return ExitCode::harness_error;
}

gate::Policy read_policy(const std::filesystem::path& path) {
  if (!std::filesystem::is_regular_file(path)) throw UsageMistake(fmt::format("no such policy: '{}'", path.string()));
  try {
    return gate::read_policy(path);
  } catch (const gate::PolicyError& error) {
    throw UsageMistake(error.what());
  }
}

}  // namespace

ExitCode decide_gate(const GateOptions& options) {
  const gate::Policy policy = read_policy(options.policy);
  const std::vector<results::ResultFile> files = read_result_files(options.files);
  const gate::Decision decision = gate::decide(policy, files, gate::today());
  for (const results::ResultFile& file : files) fmt::print("{}\n", results::summary_line(file.header, file.footer));
  for (const std::string& note : decision.notes) fmt::print("note: {}\n", note);
  for (const std::string& reason : decision.reasons) fmt::print("- {}\n", reason);
  fmt::print("gate: {}\n", word(decision.outcome));
  return code_of(decision.outcome);
}

}  // namespace concert::command
