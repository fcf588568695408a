// SPDX-License-Identifier: Apache-2.0
#include "concert/programs/explorer.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>
#include <unordered_set>

#include "concert/harness/mix.hpp"
#include "concert/model/schedules.hpp"
#include "concert/programs/depth_first.hpp"
#include "concert/programs/interpreter.hpp"
#include "concert/programs/monitor.hpp"

namespace concert::programs {

namespace {

/// Hears of one run: has it judged, and tells how far it is.
class Listener final : public Observer {
 public:
  explicit Listener(const Program& program)
      : monitor_(program), reached_(program, Detail::times), is_reschedule_(size(program)) {
    note_reschedules(program.statements);
  }

  void record(const Record& record) override {
    monitor_.record(record);
    reached_.add(record);
    // The one thing of the past that neither the tasks nor the model remember: which of two came last.
    if (record.statement >= 0 && is_reschedule_[static_cast<std::size_t>(record.statement)]) {
      reschedules_ = conformance::mix(reschedules_, static_cast<std::uint64_t>(record.statement));
    }
  }
  /// Where this and the state of the model are equal, the same may follow.
  std::uint64_t reached() const noexcept { return conformance::mix(reached_.value(), reschedules_); }
  Monitor& monitor() noexcept { return monitor_; }

 private:
  void note_reschedules(const std::vector<Statement>& statements) {
    for (const Statement& statement : statements) {
      is_reschedule_[static_cast<std::size_t>(statement.number)] = statement.op == Op::reschedule;
      note_reschedules(statement.body);
    }
  }

  Monitor monitor_;
  HistoryFingerprint reached_;
  std::vector<bool> is_reschedule_;
  std::uint64_t reschedules_ = 0;
};

/// A program that the model with declared traits runs again and again.
class Explorer {
 public:
  Explorer(const Program& program, const conformance::Manifest& declared)
      : program_(program), traits_(model::traits_from(declared.traits)) {}

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
    Listener listener(program_);
    bool was_here = false;
    const model::Pick pick = [&](model::Choices choices) {
      if (!was_here && !choices.tasks.empty() && search.is_beyond_the_path()) {
        was_here = !states_.insert(conformance::mix(model::state_fingerprint(), listener.reached())).second;
      }
      // What may follow from here has been or will be seen: the run only has to end.
      return was_here ? 0 : search.pick(choices);
    };
    const auto model = model::model_backend({traits_, ""});
    model->bootstrap(RunnerOptions().set("pick", pick),
                     [&]() -> Coro<> { co_await interpret(*model, program_, listener); });
    listener.monitor().finish();
    if (!listener.monitor().violations().empty()) refuse(listener.monitor().violations().front(), search);
    note(listener.monitor().trace());
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
  const model::Traits traits_;
  /// What the model and the tasks were like where a choice among tasks was made. A run never comes back to a state of
  /// its own, since each step adds to a history.
  std::unordered_set<std::uint64_t> states_;
  std::array<std::unordered_set<std::uint64_t>, std::size(all_details)> seen_;
  Exploration exploration_;
};

bool opens_a_portal(const std::vector<Statement>& statements) {
  return std::ranges::any_of(statements, [](const Statement& statement) {
    const bool misuses_one = statement.op == Op::misuse && statement.a >= static_cast<int>(Misuse::call_own_portal) &&
                             statement.a <= static_cast<int>(Misuse::enter_closed_portal);
    return statement.op == Op::portal || misuses_one || opens_a_portal(statement.body);
  });
}

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

bool can_be_explored(const Program& program) { return !has_threads(program) && !opens_a_portal(program.statements); }

Exploration explore(const Program& program, const conformance::Manifest& declared, std::int64_t most_schedules) {
  if (!can_be_explored(program)) return {};
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
