// SPDX-License-Identifier: Apache-2.0
#include "concert/programs/explorer.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>
#include <unordered_set>

#include "concert/model/schedules.hpp"
#include "concert/programs/depth_first.hpp"
#include "concert/programs/interpreter.hpp"
#include "concert/programs/monitor.hpp"

namespace concert::programs {

namespace {

/// The model with declared traits, and a program that it runs again and again.
class Explorer {
 public:
  Explorer(const Program& program, const conformance::Manifest& declared)
      : program_(program), model_(model::model_backend({model::traits_from(declared.traits), ""})) {}

  Exploration explore(std::int64_t most_schedules) {
    DepthFirst search(most_schedules);
    while (search.next()) {
      run(search);
      if (search.runs() == look_after && search.expected_runs() > too_many * static_cast<double>(most_schedules)) break;
    }
    exploration_.schedules = search.runs();
    exploration_.complete = search.complete();
    for (const Detail detail : all_details) {
      exploration_.distinct[static_cast<std::size_t>(detail)] = seen_[static_cast<std::size_t>(detail)].size();
    }
    return std::move(exploration_);
  }

 private:
  /// When the size of the search is estimated, and how far above the bound it must be for giving up: the estimate is
  /// often wrong by this much.
  static constexpr std::int64_t look_after = 200;
  static constexpr double too_many = 4;

  void run(DepthFirst& search) {
    Monitor monitor(program_);
    const model::Pick pick = [&search](model::Choices choices) { return search.pick(choices); };
    model_->bootstrap(RunnerOptions().set("pick", pick),
                      [&]() -> Coro<> { co_await interpret(*model_, program_, monitor); });
    monitor.finish();
    if (!monitor.violations().empty()) refuse(monitor.violations().front(), search);
    note(monitor.trace());
  }

  [[noreturn]] static void refuse(const Violation& violation, const DepthFirst& search) {
    const model::Strategy strategy{model::Strategy::Kind::replay, 0, 0, search.choices()};
    throw std::logic_error("the model breaks rule " + std::string(violation.rule) + " (schedule " +
                           to_string(strategy) + "): " + violation.message);
  }

  void note(const std::vector<Record>& trace) {
    for (const Detail detail : all_details) {
      const bool is_new = seen_[static_cast<std::size_t>(detail)].insert(fingerprint(program_, trace, detail)).second;
      // Nothing new with times is nothing new at all.
      if (!is_new) return;
      if (detail == Detail::times) exploration_.outcomes.push_back(history_of(program_, trace));
    }
  }

  const Program& program_;
  const std::unique_ptr<AsyncBackend> model_;
  std::array<std::unordered_set<std::uint64_t>, std::size(all_details)> seen_;
  Exploration exploration_;
};

/// The step of each permitted history, as text, each once.
std::string all_steps(const std::vector<const History*>& allowed, std::size_t task, std::size_t step,
                      const Program& program) {
  std::set<std::string> steps;
  for (const History* history : allowed) {
    const std::vector<Record>& records = history->tasks[task];
    steps.insert(step < records.size() ? to_text(records[step], program) : "nothing more");
  }
  constexpr std::size_t most_shown = 6;
  std::string text;
  std::size_t shown = 0;
  for (const std::string& each : steps) {
    if (shown == most_shown) return text + "; and " + std::to_string(steps.size() - shown) + " more";
    text += (shown++ == 0 ? "" : "; ") + each;
  }
  return text;
}

}  // namespace

Exploration explore(const Program& program, const conformance::Manifest& declared, std::int64_t most_schedules) {
  return Explorer(program, declared).explore(most_schedules);
}

std::optional<std::string> divergence(const Exploration& exploration, const Program& program,
                                      const std::vector<Record>& trace) {
  if (!exploration.complete) return std::nullopt;
  std::vector<const History*> allowed;
  for (const History& outcome : exploration.outcomes) allowed.push_back(&outcome);
  std::vector<std::size_t> steps(static_cast<std::size_t>(program.tasks), 0);
  const auto message = [&](std::size_t task, const std::string& did) {
    return "at step " + std::to_string(steps[task]) + " of task " + std::to_string(task) + " the model allows {" +
           all_steps(allowed, task, steps[task], program) + "}, it did: " + did;
  };
  // Along the run, so that the first step named is the first that went another way.
  for (const Record& record : trace) {
    const auto task = static_cast<std::size_t>(record.task);
    const Record did = normalised(record, Detail::times);
    std::vector<const History*> still_allowed;
    std::ranges::copy_if(allowed, std::back_inserter(still_allowed), [&](const History* history) {
      const std::vector<Record>& records = history->tasks[task];
      return steps[task] < records.size() && records[steps[task]] == did;
    });
    if (still_allowed.empty()) return message(task, to_text(did, program));
    allowed = std::move(still_allowed);
    ++steps[task];
  }
  for (std::size_t task = 0; task < steps.size(); ++task) {
    std::vector<const History*> still_allowed;
    std::ranges::copy_if(allowed, std::back_inserter(still_allowed),
                         [&](const History* history) { return history->tasks[task].size() == steps[task]; });
    if (still_allowed.empty()) return message(task, "nothing more");
    allowed = std::move(still_allowed);
  }
  return std::nullopt;
}

}  // namespace concert::programs
