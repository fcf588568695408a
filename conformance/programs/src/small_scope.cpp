// SPDX-License-Identifier: Apache-2.0
#include "concert/programs/small_scope.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <stdexcept>
#include <utility>

#include "concert/errors.hpp"
#include "concert/programs/depth_first.hpp"
#include "concert/programs/interpreter.hpp"

namespace concert::programs {

namespace {

/// The next list of digits below `base` of the same length, the last one fastest; false behind the last list.
bool advance(std::vector<int>& digits, int base) {
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit) {
    if (++*digit < base) return true;
    *digit = 0;
  }
  return false;
}

Word word_of(const FamilyInfo& family, int digit) {
  if (digit == 0) return {Word::Kind::yield, 0};
  if (digit == 1) return {Word::Kind::sleep, 0};
  digit -= 2;
  if (digit < family.ways) return {Word::Kind::wake, digit};
  return {Word::Kind::cancel, digit - family.ways};
}

/// Who plays what: all actors the same role, or each the role after that of the one before; the owners in turn.
std::vector<Script> casts(const FamilyInfo& family, int actors) {
  std::vector<Script> all;
  for (int step = 0; step < std::min(actors, 2); ++step) {
    for (int first = 0; first < family.roles; ++first) {
      Script& script = all.emplace_back();
      script.owner = family.owners == 0 ? 0 : (first + 2 * step + actors) % family.owners;
      for (int i = 0; i < actors; ++i) script.actors.push_back((first + i * step) % family.roles);
    }
  }
  return all;
}

/// Some texts come to the same; one of them stands for all:
/// - Cancels that nothing separates may come in any order, since each marks its own target: in that of the actors.
/// - A yield right before a sleep, and either at the end, only waits where the next line waits anyway: without it. What
///   comes next in the text of a lock that was never released is that release.
/// - An event is set once, but in its own family: nothing else comes of another time.
/// - A lock that is not released by a word is released behind the last one: without a first release that is the last
///   word. A task that has ended can only be cancelled: without another wake.
bool is_canonical(Family family, const std::vector<Word>& words) {
  const auto is = [](const Word& word, Word::Kind kind) { return word.kind == kind; };
  const auto is_redundant = [&](const Word& one, const Word& next) {
    return (is(one, Word::Kind::cancel) && is(next, Word::Kind::cancel) && one.argument > next.argument) ||
           (is(one, Word::Kind::yield) && is(next, Word::Kind::sleep));
  };
  if (words.empty()) return true;
  const auto wakes = std::ranges::count(words, Word::Kind::wake, &Word::kind);
  const bool is_lock = family == Family::lock || family == Family::fair_lock;
  const bool ends_with_a_wait = is(words.back(), Word::Kind::yield) || is(words.back(), Word::Kind::sleep);
  if (ends_with_a_wait && !(is_lock && wakes == 0)) return false;
  if (is_lock && wakes == 1 && is(words.back(), Word::Kind::wake)) return false;
  if (family == Family::task_join && wakes > 1) return false;
  const bool sets_event = family == Family::group || family == Family::gather;
  if (sets_event && std::ranges::count(words, Word{Word::Kind::wake, 0}) > 1) return false;
  return std::ranges::adjacent_find(words, is_redundant) == words.end();
}

/// Calls `visit` for each sequence of as many words.
bool for_each_text(const FamilyInfo& family, int count, Script& script,
                   const std::function<bool(const Script&)>& visit) {
  const int cancels = static_cast<int>(script.actors.size()) + (family.owners > 0 ? 1 : 0);
  std::vector<int> digits(static_cast<std::size_t>(count));
  do {
    script.words.clear();
    for (const int digit : digits) script.words.push_back(word_of(family, digit));
    if (is_canonical(family.family, script.words) && !visit(script)) return false;
  } while (advance(digits, 2 + family.ways + cancels));
  return true;
}

/// The statements that wait for the cast to stand.
void find_curtain(const std::vector<Statement>& statements, std::vector<int>& found) {
  for (const Statement& statement : statements) {
    if (statement.op == Op::event_wait && statement.a == curtain_event) found.push_back(statement.number);
    find_curtain(statement.body, found);
  }
}

/// Picks for a run and judges it. Searched is what lies between the moment when the cast stands and the controller's
/// last word: how they take their places, and how those who still wait are sent home, is first come, first served.
class Stage final : public Observer {
 public:
  Stage(const Program& program, DepthFirst& search)
      : monitor_(program), search_(search), last_word_(program.statements.front().body.front().body.back().number) {
    find_curtain(program.statements, curtain_);
    is_on_ = curtain_.empty();
  }

  void record(const Record& record) override {
    if (record.what == What::end && std::ranges::find(curtain_, record.statement) != curtain_.end()) is_on_ = true;
    if (record.what == What::act && record.statement == last_word_) is_over_ = true;
    monitor_.record(record);
  }
  std::size_t pick(std::size_t choices) {
    return picked_.emplace_back(is_on_ && !is_over_ ? search_.pick(choices) : 0);
  }
  const std::vector<std::size_t>& picked() const { return picked_; }
  Monitor& monitor() { return monitor_; }

 private:
  Monitor monitor_;
  DepthFirst& search_;
  /// Who waits for the cast to stand; empty: it stands from the beginning.
  std::vector<int> curtain_;
  int last_word_;
  bool is_on_ = false;
  bool is_over_ = false;
  std::vector<std::size_t> picked_;
};

/// Runs the program once on the model. Returns what broke a rule, or nothing.
std::optional<SmallScopeReport::Failure> run(const model::ModelOptions& options, const Program& program,
                                             DepthFirst& search) {
  Stage stage(program, search);
  const auto backend = model::model_backend(options);
  std::exception_ptr failure;
  try {
    backend->bootstrap(
        RunnerOptions().set("pick", model::Pick([&](std::size_t choices) { return stage.pick(choices); })),
        [&]() -> Coro<> { co_await interpret(*backend, program, stage); });
  } catch (...) {
    failure = std::current_exception();
  }
  Monitor& monitor = stage.monitor();
  monitor.finish();
  std::optional<Violation> violation;
  if (!monitor.violations().empty()) {
    violation = monitor.violations().front();
  } else if (failure) {
    violation = Violation{"SYS-2", "the run ended with " + describe(failure)};
  }
  if (!violation) return std::nullopt;
  return SmallScopeReport::Failure{{}, program, std::move(*violation), stage.picked(), monitor.trace()};
}

class Search {
 public:
  using Clock = std::chrono::steady_clock;

  Search(Family family, const SmallScope& scope, const model::ModelOptions& model,
         const std::function<void(const SmallScopeReport&)>& on_progress)
      : family_(family), scope_(scope), model_(model), on_progress_(on_progress) {}

  SmallScopeReport run() {
    report_.complete = for_each_script(family_, scope_, [&](const Script& script) { return search(script); });
    return std::move(report_);
  }

 private:
  /// Each schedule of one program. Returns whether the search goes on.
  bool search(const Script& script) {
    const Program program = program_of(family_, script);
    ++report_.programs;
    DepthFirst schedules(scope_.most_schedules_of_a_program);
    while (schedules.next()) {
      ++report_.schedules;
      report_.failure = programs::run(model_, program, schedules);
      if (report_.failure) {
        report_.failure->script = script;
        return stop("a run broke a rule");
      }
      if (is_time_over()) return stop(std::to_string(scope_.most_seconds) + " seconds");
    }
    if (!schedules.complete()) return stop(std::to_string(schedules.runs()) + " schedules of one program");
    return true;
  }
  bool stop(std::string bound) {
    report_.bound = std::move(bound);
    return false;
  }

  bool is_time_over() {
    const Clock::time_point now = Clock::now();
    if (on_progress_ && now >= next_report_) {
      on_progress_(report_);
      next_report_ = now + std::chrono::seconds(1);
    }
    return std::chrono::duration<double>(now - began_).count() >= scope_.most_seconds;
  }

  Family family_;
  const SmallScope& scope_;
  const model::ModelOptions& model_;
  const std::function<void(const SmallScopeReport&)>& on_progress_;
  SmallScopeReport report_;
  const Clock::time_point began_ = Clock::now();
  Clock::time_point next_report_ = began_ + std::chrono::seconds(1);
};

}  // namespace

std::vector<FamilyInfo> small_scope_families() {
  std::vector<FamilyInfo> families = all_families();
  std::erase_if(families, [](const FamilyInfo& family) { return !family.can_be_searched; });
  return families;
}

bool for_each_script(Family family, const SmallScope& scope, const std::function<bool(const Script&)>& visit) {
  const FamilyInfo& of = info(family);
  const int owners = of.owners > 0 ? 1 : 0;
  std::int64_t index = 0;
  const auto visit_own = [&](const Script& script) { return index++ % scope.shards != scope.shard || visit(script); };
  for (int words = 0; words <= scope.most_words; ++words) {
    for (int actors = 1; actors <= scope.most_actors - owners; ++actors) {
      for (Script& script : casts(of, actors)) {
        if (!for_each_text(of, words, script, visit_own)) return false;
      }
    }
  }
  return true;
}

SmallScopeReport search_small_scope(Family family, const SmallScope& scope, const model::ModelOptions& model,
                                    const std::function<void(const SmallScopeReport&)>& on_progress) {
  if (!info(family).can_be_searched) {
    throw std::invalid_argument("expected a family without threads, came '" + std::string(to_string(family)) + "'");
  }
  return Search(family, scope, model, on_progress).run();
}

}  // namespace concert::programs
