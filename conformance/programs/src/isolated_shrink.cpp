// SPDX-License-Identifier: Apache-2.0
#include "isolated_shrink.hpp"

#include <algorithm>

#include "breach.hpp"
#include "concert/harness/real_clock.hpp"
#include "concert/programs/isolated.hpp"
#include "concert/programs/json.hpp"
#include "concert/programs/shrinker.hpp"

namespace concert::programs {

namespace {

using conformance::BackendAdapter;
using std::chrono::milliseconds;

/// A candidate that hangs costs this at the most: many do, on the way.
constexpr milliseconds most_for_a_candidate{1'000};

RunOptions options_for(Progress& progress) {
  RunOptions options;
  options.on_stuck = [&progress](std::string_view fault) { progress.give_up(fault); };
  return options;
}

class Shrinker {
 public:
  Shrinker(const BackendAdapter& backend, const Case& found, std::string_view rule, const ShrinkLimits& limits)
      : backend_(backend), found_(found), rule_(rule), limits_(limits), end_(conformance::real_now() + limits.all) {}

  Program shrunk() {
    // Most rules are broken without harm to the process: then one child does it all.
    std::optional<Program> result = shrunk_in_one_child();
    if (!result)
      result = shrink(
          found_.program, [this](const Program& each) { return fails_in_a_child(each); }, shrink_budget);
    return *result;
  }

  /// Runs it once more, and writes down what happens.
  void tell(const Program& program, Failure& failure) {
    const auto take = [&failure](std::string_view message) {
      if (message.front() == 'm') failure.message = message.substr(1);
      if (message.front() == 't') failure.trace.emplace_back(message.substr(1));
    };
    const ChildEnd end =
        run_isolated([&](Progress& progress) { run_and_tell(progress, program); }, take, {limits_.one_run, true});
    if (!end.fault.empty() && end.fault == rule_) failure.message = "the run ended its process: " + end.fault;
  }

 private:
  bool is_over() const { return conformance::real_now() >= end_; }

  bool fails_here(const Program& program, Progress& progress) const {
    return breach(backend_, program, found_.schedule, rule_, options_for(progress)).has_value();
  }

  std::optional<Program> shrunk_in_one_child() {
    std::optional<Program> result;
    const auto work = [&](Progress& progress) {
      std::int64_t tries = 0;
      const auto still_fails = [&](const Program& candidate) {
        progress.begin_case(++tries);
        return !is_over() && fails_here(candidate, progress);
      };
      progress.begin_case(0);
      if (fails_here(found_.program, progress))
        progress.send(to_json(shrink(found_.program, still_fails, shrink_budget)));
    };
    const auto take = [&](std::string_view message) { result = program_from_json(message); };
    const ChildEnd end = run_isolated(work, take, {limits_.one_run, true});
    return end.fault.empty() ? result : std::nullopt;
  }

  bool fails_in_a_child(const Program& program) const {
    if (is_over()) return false;
    bool fails = false;
    const auto work = [&](Progress& progress) {
      progress.begin_case(0);
      if (fails_here(program, progress)) progress.send("fails");
    };
    const auto take = [&](std::string_view) { fails = true; };
    const ChildEnd end = run_isolated(work, take, {std::min(limits_.one_run, most_for_a_candidate), true});
    return end.fault.empty() ? fails : end.fault == rule_;
  }

  void run_and_tell(Progress& progress, const Program& program) const {
    struct Teller final : Observer {
      void record(const Record& record) override { progress.send("t" + to_text(record, program)); }
      Teller(Progress& to, const Program& of) : progress(to), program(of) {}
      Progress& progress;
      const Program& program;
    } teller(progress, program);
    RunOptions options = options_for(progress);
    options.observers = {&teller};
    progress.begin_case(0);
    const std::optional<std::string> message = breach(backend_, program, found_.schedule, rule_, options);
    if (message) progress.send("m" + *message);
  }

  const BackendAdapter& backend_;
  const Case& found_;
  std::string_view rule_;
  ShrinkLimits limits_;
  std::chrono::steady_clock::time_point end_;
};

std::string clauses_of(std::string_view rule) {
  std::string text;
  for (const Rule& each : rules_of_runs()) {
    if (each.id != rule) continue;
    for (const std::string_view clause : each.clauses) text += (text.empty() ? "" : ", ") + std::string(clause);
  }
  return text;
}

}  // namespace

Failure shrink_isolated(const BackendAdapter& backend, const Case& found, std::string_view rule,
                        std::string_view message, const ShrinkLimits& limits) {
  Shrinker shrinker(backend, found, rule, limits);
  const Program program = shrinker.shrunk();
  Failure failure;
  failure.rule = rule;
  failure.case_index = found.index;
  failure.message = message;
  failure.clauses = clauses_of(rule);
  shrinker.tell(program, failure);
  failure.program = to_json(program);
  failure.text = to_text(program);
  failure.schedule = to_string(found.schedule);
  failure.statements = static_cast<std::int64_t>(size(program));
  failure.statements_as_drawn = static_cast<std::int64_t>(size(found.program));
  return failure;
}

}  // namespace concert::programs
