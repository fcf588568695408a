// SPDX-License-Identifier: Apache-2.0
#include "concert/programs/judge.hpp"

#include <algorithm>

#include "concert/harness/mix.hpp"
#include "concert/harness/trial.hpp"
#include "concert/programs/generator.hpp"
#include "concert/programs/interpreter.hpp"
#include "concert/programs/shrinker.hpp"

namespace concert::programs {

namespace {

using conformance::BackendAdapter;
using conformance::Schedule;
using conformance::Trial;

/// Runs that the shrinker may make.
constexpr int shrink_budget = 2000;

Schedule schedule_of(std::uint64_t case_seed) { return Trial::case_schedule(conformance::mix(case_seed, 1)); }

/// A backend that can spend time has a clock of its own, which moves by jumps only.
Clock clock_of(const BackendAdapter& backend, const Schedule& schedule) {
  if (backend.spend) return Clock::exact;
  if (!backend.manifest.virtual_time) return Clock::real;
  return schedule.perturbed_clock ? Clock::perturbed : Clock::exact;
}

const Violation* broken(const Run& run, std::string_view rule) {
  const auto found = std::ranges::find(run.violations, rule, &Violation::rule);
  return found == run.violations.end() ? nullptr : &*found;
}

Counterexample shrunk(const BackendAdapter& backend, const Program& drawn, const Violation& violation,
                      const Schedule& schedule) {
  const auto still_fails = [&](const Program& program) {
    return broken(run_program(backend, program, schedule), violation.rule) != nullptr;
  };
  Counterexample found;
  found.size_as_drawn = size(drawn);
  found.program = shrink(drawn, still_fails, shrink_budget);
  Run last = run_program(backend, found.program, schedule);
  const Violation* again = broken(last, violation.rule);
  found.violation = again != nullptr ? *again : violation;
  found.trace = std::move(last.trace);
  return found;
}

}  // namespace

Run run_program(const BackendAdapter& backend, const Program& program, const Schedule& schedule) {
  Trial trial(backend, schedule);
  Monitor monitor(program, {clock_of(backend, schedule), [&trial] { return trial.turns(); }});
  const std::exception_ptr failure =
      trial.run([&](AsyncBackend& running) -> Coro<> { co_await interpret(running, program, monitor); });
  monitor.finish();
  Run run{monitor.violations(), monitor.evaluations(), monitor.trace()};
  if (failure) run.violations.push_back({"SYS-2", "the run ended with " + describe(failure)});
  ++run.evaluations["SYS-2"];
  if (trial.finding()) run.violations.push_back({"SYS-2", "the run did not end by itself"});
  return run;
}

Judged judge(const BackendAdapter& backend, std::uint64_t seed, std::int64_t first, std::int64_t cases) {
  Judged judged;
  for (const Rule& rule : all_rules()) judged.evaluations[rule.id] = 0;
  for (std::int64_t index = first; index < first + cases; ++index) {
    const std::uint64_t case_seed = conformance::mix(seed, static_cast<std::uint64_t>(index));
    const Program program = generate(case_seed);
    const Schedule schedule = schedule_of(case_seed);
    const Run run = run_program(backend, program, schedule);
    ++judged.cases;
    for (const auto& [rule, count] : run.evaluations) judged.evaluations[rule] += count;
    if (run.violations.empty()) continue;
    judged.counterexample = shrunk(backend, program, run.violations.front(), schedule);
    judged.counterexample->case_index = index;
    break;
  }
  return judged;
}

std::string to_text(const Counterexample& counterexample) {
  const auto rule = std::ranges::find(all_rules(), counterexample.violation.rule, &Rule::id);
  std::string text = "rule " + std::string(counterexample.violation.rule);
  if (rule != all_rules().end()) {
    text += ": " + std::string(rule->says);
    for (const std::string_view clause : rule->clauses)
      text += (clause == rule->clauses.front() ? " (" : ", ") + std::string(clause);
    if (!rule->clauses.empty()) text += ")";
  }
  text += "\n  " + counterexample.violation.message + "\n";
  text += "program (case " + std::to_string(counterexample.case_index) + ", " +
          std::to_string(counterexample.size_as_drawn) + " statements as drawn):\n" + to_text(counterexample.program) +
          "trace:\n";
  for (const Record& record : counterexample.trace) text += "  " + to_text(record, counterexample.program) + "\n";
  return text;
}

}  // namespace concert::programs
