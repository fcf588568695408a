// SPDX-License-Identifier: Apache-2.0
#include "concert/programs/faults.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "concert/programs/campaign.hpp"

namespace concert::programs {

namespace {

std::int64_t median(std::vector<std::int64_t> numbers) {
  if (numbers.empty()) return 0;
  std::ranges::sort(numbers);
  return numbers[numbers.size() / 2];
}

/// Cases until the focused property sees the fault, for the seed in the middle.
std::optional<std::int64_t> cases_of_the_family(const conformance::BackendAdapter& backend, const Fault& fault,
                                                const FaultLimits& limits) {
  std::vector<std::int64_t> needed;
  for (int i = 0; i < limits.seeds; ++i) {
    Hunt search;
    search.part = fault.family;
    search.seed = limits.seed + static_cast<std::uint64_t>(i);
    search.most_cases = limits.most_cases;
    search.rules = {fault.rule};
    search.shrink = false;
    const std::optional<Failure> failure = hunt(backend, search);
    needed.push_back(failure ? failure->case_index + 1 : limits.most_cases + 1);
  }
  const std::int64_t middle = median(std::move(needed));
  return middle <= limits.most_cases ? std::optional(middle) : std::nullopt;
}

}  // namespace

FaultTrial try_fault(const conformance::BackendAdapter& backend, const Fault& fault, const FaultLimits& limits) {
  FaultTrial trial;
  trial.fault = fault;
  Hunt search;
  search.seed = limits.seed;
  search.most_cases = limits.most_programs;
  search.rules = {fault.rule};
  if (const std::optional<Failure> failure = hunt(backend, search)) {
    trial.programs = failure->case_index + 1;
    trial.statements = failure->statements;
  }
  trial.cases = cases_of_the_family(backend, fault, limits);
  return trial;
}

std::string to_text(const FaultTrial& trial) {
  std::string text = trial.fault.mutant + ": ";
  if (trial.programs) {
    text += fmt::format("{} after {} programs, {} statements", trial.fault.rule, *trial.programs, trial.statements);
  } else {
    text += "SURVIVED " + trial.fault.rule;
  }
  text += "; " + trial.fault.family + ": ";
  return text + (trial.cases ? fmt::format("median of {} cases", *trial.cases) : "SURVIVED");
}

FaultTotals totals(const std::vector<FaultTrial>& trials) {
  if (trials.empty()) throw std::invalid_argument("expected at least one fault");
  FaultTotals totals;
  totals.tried = trials.size();
  std::vector<std::int64_t> programs;
  std::vector<std::int64_t> statements;
  std::vector<std::int64_t> cases;
  for (const FaultTrial& trial : trials) {
    totals.killed += trial.killed() ? 1 : 0;
    if (trial.programs) programs.push_back(*trial.programs);
    if (trial.programs) statements.push_back(trial.statements);
    if (trial.cases) cases.push_back(*trial.cases);
  }
  totals.median_programs = median(programs);
  totals.median_statements = median(std::move(statements));
  totals.median_cases = median(cases);
  if (!programs.empty()) totals.worst_programs = *std::ranges::max_element(programs);
  if (!cases.empty()) totals.worst_cases = *std::ranges::max_element(cases);
  return totals;
}

std::string to_text(const FaultTotals& totals) {
  return fmt::format(
      "faults: {} of {} killed; whole programs: median {}, at most {}; focused properties: median {}, at most {}; "
      "counterexamples: median {} statements",
      totals.killed, totals.tried, totals.median_programs, totals.worst_programs, totals.median_cases,
      totals.worst_cases, totals.median_statements);
}

}  // namespace concert::programs
