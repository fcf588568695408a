// SPDX-License-Identifier: Apache-2.0
#include "concert/programs/judge.hpp"

#include <algorithm>

#include "concert/harness/mix.hpp"
#include "concert/harness/trial.hpp"
#include "concert/programs/generator.hpp"
#include "concert/programs/interpreter.hpp"
#include "concert/programs/shrinker.hpp"
#include "concert/programs/thread_monitor.hpp"

namespace concert::programs {

namespace {

using conformance::BackendAdapter;
using conformance::mix;
using conformance::Schedule;
using conformance::Trial;

/// One record, many who look.
class Observers final : public Observer {
 public:
  Observers(Observer& first, const std::vector<Observer*>& others) : first_(first), others_(others) {}
  void record(const Record& record) override {
    first_.record(record);
    for (Observer* other : others_) other->record(record);
  }

 private:
  Observer& first_;
  const std::vector<Observer*>& others_;
};

/// A backend that can spend time has a clock of its own, which moves by jumps only.
Clock clock_of(const BackendAdapter& backend, const Schedule& schedule) {
  if (backend.spend) return Clock::exact;
  if (!backend.manifest.virtual_time) return Clock::real;
  return schedule.perturbed_clock ? Clock::perturbed : Clock::exact;
}

Counterexample shrunk(const BackendAdapter& backend, const Case& found, const Violation& violation) {
  const auto still_fails = [&](const Program& program) {
    return broken(run_program(backend, program, found.schedule), violation.rule) != nullptr;
  };
  Counterexample counterexample;
  counterexample.case_index = found.index;
  counterexample.size_as_drawn = size(found.program);
  counterexample.program = shrink(found.program, still_fails, shrink_budget);
  Run last = run_program(backend, counterexample.program, found.schedule);
  const Violation* again = broken(last, violation.rule);
  counterexample.violation = again != nullptr ? *again : violation;
  counterexample.trace = std::move(last.trace);
  return counterexample;
}

}  // namespace

Run run_program(const BackendAdapter& backend, const Program& program, const Schedule& schedule,
                const RunOptions& options) {
  Trial trial(backend, schedule);
  MonitorOptions judged{clock_of(backend, schedule), [&trial] { return trial.turns(); }};
  if (!options.gated_threads) judged = {Clock::real, {}};
  Monitor monitor(program, std::move(judged));
  ThreadMonitor thread_monitor(program, options.gated_threads);
  std::vector<Observer*> others{&thread_monitor};
  others.insert(others.end(), options.observers.begin(), options.observers.end());
  Observers observers(monitor, others);
  trial.on_stuck = options.on_stuck;
  // What a call failed with after its future was cancelled: nobody waits for it.
  trial.extra_options.set("on_unhandled_error",
                          UnhandledErrorHandler([](const std::exception_ptr&, std::string_view) {}));
  const Threads threads{options.gated_threads, mix(schedule.order_seed, schedule.clock_seed)};
  const std::exception_ptr failure =
      trial.run([&](AsyncBackend& running) -> Coro<> { co_await interpret(running, program, observers, threads); });
  monitor.finish();
  thread_monitor.finish();
  // The rule that speaks of threads comes first: it tells more of the cause.
  Run run{thread_monitor.violations(), monitor.evaluations(), monitor.trace()};
  run.violations.insert(run.violations.end(), monitor.violations().begin(), monitor.violations().end());
  run.evaluations.insert(thread_monitor.evaluations().begin(), thread_monitor.evaluations().end());
  if (failure) run.violations.push_back({"SYS-2", "the run ended with " + describe(failure)});
  ++run.evaluations["SYS-2"];
  if (trial.finding()) run.violations.push_back({"SYS-2", "the run did not end by itself"});
  return run;
}

const Violation* broken(const Run& run, std::string_view rule) {
  const auto found = std::ranges::find(run.violations, rule, &Violation::rule);
  return found == run.violations.end() ? nullptr : &*found;
}

std::vector<Rule> rules_of_runs() {
  std::vector<Rule> rules = all_rules();
  rules.insert(rules.end(), thread_rules().begin(), thread_rules().end());
  rules.push_back({same_again, "two runs of one program under one schedule write the same records", {}});
  return rules;
}

Schedule schedule_of(std::uint64_t case_seed) {
  const std::uint64_t drawn = mix(case_seed, 1);
  Schedule schedule;
  if (drawn % 4 != 0) schedule.order_seed = mix(drawn, 1) | 1U;
  schedule.perturbed_clock = (drawn >> 2U) % 2 == 1;
  schedule.clock_seed = mix(drawn, 2);
  return schedule;
}

Case draw_case(std::uint64_t seed, std::int64_t index) {
  const std::uint64_t case_seed = mix(seed, static_cast<std::uint64_t>(index));
  return {index, generate(case_seed), schedule_of(case_seed), drawn(case_seed), mix(case_seed, 2) % 100 == 0};
}

Judged judge(const BackendAdapter& backend, std::uint64_t seed, std::int64_t first, std::int64_t cases,
             std::string_view rule) {
  Judged judged;
  for (const Rule& known : all_rules()) judged.evaluations[known.id] = 0;
  for (std::int64_t index = first; index < first + cases; ++index) {
    const Case next = draw_case(seed, index);
    const Run run = run_program(backend, next.program, next.schedule);
    ++judged.cases;
    for (const auto& [asked, count] : run.evaluations) judged.evaluations[asked] += count;
    if (run.violations.empty()) continue;
    const Violation* violation = rule.empty() ? &run.violations.front() : broken(run, rule);
    if (violation == nullptr) continue;
    judged.counterexample = shrunk(backend, next, *violation);
    break;
  }
  return judged;
}

std::string to_text(const Counterexample& counterexample) {
  const std::vector<Rule> rules = rules_of_runs();
  const auto rule = std::ranges::find(rules, counterexample.violation.rule, &Rule::id);
  std::string text = "rule " + std::string(counterexample.violation.rule);
  if (rule != rules.end()) {
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
