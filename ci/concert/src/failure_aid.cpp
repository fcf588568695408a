// SPDX-License-Identifier: Apache-2.0
#include "failure_aid.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <exception>
#include <sstream>
#include <vector>

#include "concert/harness/schedule.hpp"
#include "concert/programs/cpp_text.hpp"
#include "concert/programs/explorer.hpp"
#include "concert/programs/json.hpp"

namespace concert::command {

namespace {

using programs::Failure;
using programs::ResultFile;

/// Schedules of the model that are tried for what a program may do.
constexpr std::int64_t most_schedules = 3000;

std::string identifier(std::string text) {
  std::ranges::replace_if(
      text, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return text;
}

std::vector<std::string> comment_of(const ResultFile& result, const Failure& failure) {
  std::vector<std::string> lines{failure.rule + " on " + result.backend + " (" + result.backend_version + ")"};
  std::istringstream message(failure.message);
  for (std::string line; std::getline(message, line);) lines.push_back(line);
  if (!failure.clauses.empty()) lines.push_back("Clauses: " + failure.clauses);
  lines.push_back("Failed under: " + failure.schedule);
  return lines;
}

/// What the model may do with the program; nothing if that is not known.
std::vector<programs::TaskNotes> allowed_by_the_model(const ResultFile& result, const programs::Program& program) {
  conformance::Manifest declared;
  declared.traits.insert(result.traits.begin(), result.traits.end());
  try {
    return programs::allowed_notes(program, programs::explore(program, declared, most_schedules));
  } catch (const std::exception&) {
    // A fault of the model, or traits that it does not have: then the test only prints.
    return {};
  }
}

}  // namespace

programs::FailureAid failure_aid(const ResultFile& result, const Failure& failure,
                                 const std::filesystem::path& executable) {
  programs::FailureAid aid;
  if (!failure.replay.empty()) aid.again = fmt::format("{} --replay '{}'", executable.string(), failure.replay);
  const programs::Program program = programs::program_from_json(failure.program);
  programs::CppTest test{identifier(fmt::format("{}_{}_case_{}", result.backend, failure.rule, failure.case_index)),
                         program,
                         comment_of(result, failure),
                         {}};
  programs::CppRun run{conformance::schedule_from(failure.schedule).value_or(conformance::Schedule()), {}};
  // On a perturbed clock the model was not explored.
  if (!run.schedule.perturbed_clock) run.allowed = allowed_by_the_model(result, program);
  test.runs.push_back(std::move(run));
  aid.cpp = programs::to_cpp({test});
  return aid;
}

}  // namespace concert::command
