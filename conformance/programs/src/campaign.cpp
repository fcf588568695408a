// SPDX-License-Identifier: Apache-2.0
#include "concert/programs/campaign.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <utility>

#include "concert/harness/real_clock.hpp"
#include "concert/programs/isolated.hpp"
#include "concert/programs/json.hpp"
#include "concert/programs/small_scope.hpp"
#include "isolated_shrink.hpp"
#include "parts.hpp"
#include "tally.hpp"

namespace concert::programs {

namespace {

using conformance::BackendAdapter;
using conformance::real_now;

/// Cases whose counts go to the parent together. A crash costs as many: they are run once more.
constexpr std::int64_t cases_per_message = 1'000;

/// Who looks for another fault gives up after so many cases that end their process: each costs a fork.
constexpr int most_passed_over = 100;

ResultFile empty_result(const BackendAdapter& backend, const CampaignOptions& options) {
  ResultFile result = Tally().take();
  result.backend = backend.name;
  result.backend_version = backend.manifest.version;
  result.traits = {backend.manifest.traits.begin(), backend.manifest.traits.end()};
  result.generator = program_generator_version;
  result.seed = options.seed;
  result.first = options.first;
  result.shard = options.shard;
  result.shards = options.shards;
  return result;
}

class Campaign {
 public:
  Campaign(const BackendAdapter& backend, const CampaignOptions& options)
      : backend_(backend), options_(options), start_(real_now()), result_(empty_result(backend, options)) {}

  ResultFile run() {
    if (options_.corpus) run_part(corpus_runs(), 0, corpus_size());
    run_part(whole_programs(), options_.first, options_.first + options_.cases);
    result_.programs.seconds = seconds_since_start();
    for (const FamilyInfo& family : all_families()) {
      if (options_.families > 0) run_part(family_cases(family.family), 0, options_.families);
    }
    if (options_.explore > 0) run_part(explored_programs(), 0, explored_size(options_.explore));
    for (const FamilyInfo& family : small_scope_families()) {
      if (options_.small_scope) search(family.family);
    }
    return finished();
  }

  std::optional<Failure> first_failure(const Hunt& hunt) {
    rules_ = hunt.rules;
    run_part(part_named(hunt.part), 0, hunt.most_cases);
    if (result_.failures.empty()) return std::nullopt;
    if (hunt.shrink) shrink(result_.failures.front());
    return result_.failures.front();
  }

  ResultFile replay(const ReplayToken& token) {
    run_part(part_named(token.part), token.case_index, token.case_index + 1);
    return finished();
  }

 private:
  double seconds_since_start() const { return std::chrono::duration<double>(real_now() - start_).count(); }
  bool has_enough() const { return result_.failures.size() >= options_.most_failures; }

  /// Whether a broken rule is one that is looked for.
  bool counts(const std::string& rule) const {
    return rules_.empty() || std::ranges::find(rules_, rule) != rules_.end();
  }

  ResultFile finished() {
    for (Failure& failure : result_.failures) {
      if (failure.text.empty()) shrink(failure);
    }
    if (options_.shards == 1) result_.sketch.reset();
    return std::move(result_);
  }

  /// The cases of this shard from `first` to before `end`.
  void run_part(const Part& part, std::int64_t first, std::int64_t end) {
    const std::int64_t step = options_.shards;
    const std::int64_t behind = ((options_.shard - first) % step + step) % step;
    run_range(part, first + behind, end);
  }

  /// Each of the cases in some child.
  void run_range(const Part& part, std::int64_t from, std::int64_t to) {
    while (from < to && !has_enough()) {
      std::int64_t next = from;
      const auto work = [&](Progress& progress) { run_here(progress, part, from, to); };
      const auto take = [&](std::string_view message) { next = take_counts(message); };
      const ChildEnd end = run_isolated(work, take, {options_.hang_limit * part.patience, !result_.failures.empty()});
      if (end.fault.empty()) return;
      if (end.case_index < next) {
        throw std::runtime_error(
            fmt::format("a child ended between two cases, after {} {}: {}", part.name, end.case_index, end.fault));
      }
      // What the child had counted since its last message is lost with it.
      run_range(part, next, end.case_index);
      if (has_enough()) return;
      Tally tally;
      part.count(part.draw(options_.seed, end.case_index), tally);
      if (counts(end.fault)) {
        tally.fail(found(part, end.case_index, {end.fault, "the run ended its process: " + end.fault}));
      } else if (++passed_over_ > most_passed_over) {
        return;
      }
      add(result_, tally.take());
      from = end.case_index + options_.shards;
    }
  }

  /// Adds what a child has counted, and says which case it will run next.
  std::int64_t take_counts(std::string_view message) {
    std::int64_t next = 0;
    const auto [end, error] = std::from_chars(message.data(), message.data() + message.size(), next);
    message.remove_prefix(static_cast<std::size_t>(end - message.data()));
    add(result_, result_from_json(message));
    return next;
  }

  static Failure found(const Part& part, std::int64_t index, Finding finding) {
    Failure failure;
    failure.rule = std::move(finding.rule);
    failure.part = part.name;
    failure.case_index = index;
    failure.message = std::move(finding.message);
    failure.program = "{}";
    return failure;
  }

  void shrink(Failure& failure) const {
    const Part part = part_named(failure.part);
    const Case drawn = part.draw(options_.seed, failure.case_index);
    Failure shrunk = shrink_isolated(backend_, drawn, failure.rule, failure.message,
                                     {std::chrono::seconds(60), options_.hang_limit * part.patience});
    shrunk.part = failure.part;
    shrunk.replay = to_string(ReplayToken{options_.seed, failure.case_index, failure.part});
    failure = std::move(shrunk);
  }

  // ---- In the child ------------------------------------------------------------------------------------------------

  bool is_time_over() const { return options_.time && real_now() - start_ >= *options_.time; }

  void run_here(Progress& progress, const Part& part, std::int64_t from, std::int64_t to) const {
    Tally tally;
    std::size_t failures = result_.failures.size();
    std::int64_t unsent = 0;
    std::int64_t index = from;
    const auto send = [&](std::int64_t next) { progress.send(std::to_string(next) + to_json(tally.take())); };
    const bool is_timed = part.name == "programs";
    for (; index < to && failures < options_.most_failures; index += options_.shards) {
      if (is_timed && is_time_over()) break;
      progress.begin_case(index);
      run_case(progress, part, part.draw(options_.seed, index), tally);
      if (tally.has_failed()) ++failures;
      if (!tally.has_failed() && ++unsent < cases_per_message) continue;
      send(index + options_.shards);
      unsent = 0;
    }
    send(index);
  }

  void run_case(Progress& progress, const Part& part, const Case& each, Tally& tally) const {
    RunOptions options;
    options.on_stuck = [&progress](std::string_view fault) { progress.give_up(fault); };
    part.count(each, tally);
    for (Finding& finding : part.run(backend_, each, tally, options)) {
      if (!counts(finding.rule)) continue;
      tally.fail(found(part, each.index, std::move(finding)));
      break;
    }
  }

  // ---- Small scope -------------------------------------------------------------------------------------------------

  /// All small programs of a family, on the model: the child has nothing to crash on but a fault of this kit.
  void search(Family family) {
    SmallScope scope;
    scope.shard = options_.shard;
    scope.shards = options_.shards;
    const auto work = [&](Progress& progress) {
      std::int64_t reports = 0;
      const auto on_progress = [&](const SmallScopeReport&) { progress.begin_case(++reports); };
      const SmallScopeReport report = search_small_scope(family, scope, {}, on_progress);
      Tally tally;
      tally.counts().small_scope[std::string(to_string(family))] = {report.programs, report.schedules, report.complete,
                                                                    report.bound};
      if (report.failure) tally.fail(failure_of(family, *report.failure));
      progress.send("0" + to_json(tally.take()));
    };
    const auto take = [&](std::string_view message) { take_counts(message); };
    // It says where it is about once a second.
    const ChildEnd end = run_isolated(work, take, {std::chrono::minutes(2), false});
    if (!end.fault.empty()) {
      throw std::runtime_error(fmt::format("the small scope of {}: {}", to_string(family), end.fault));
    }
  }

  static Failure failure_of(Family family, const SmallScopeReport::Failure& from) {
    Failure failure;
    failure.rule = from.violation.rule;
    failure.part = "small scope " + std::string(to_string(family));
    failure.message = from.violation.message;
    failure.program = to_json(from.program);
    failure.text = to_text(from.program);
    for (const Record& record : from.trace) failure.trace.push_back(to_text(record, from.program));
    failure.schedule = fmt::format("choices {}", fmt::join(from.choices, " "));
    failure.statements = failure.statements_as_drawn = static_cast<std::int64_t>(size(from.program));
    return failure;
  }

  const BackendAdapter& backend_;
  CampaignOptions options_;
  std::chrono::steady_clock::time_point start_;
  ResultFile result_;
  /// The only ones to look for; empty: all.
  std::vector<std::string> rules_;
  /// Cases that ended their process, which is not looked for.
  int passed_over_ = 0;
};

}  // namespace

ResultFile run_campaign(const BackendAdapter& backend, const CampaignOptions& options) {
  return Campaign(backend, options).run();
}

std::optional<Failure> hunt(const BackendAdapter& backend, const Hunt& hunt) {
  CampaignOptions options;
  options.seed = hunt.seed;
  options.hang_limit = hunt.hang_limit;
  return Campaign(backend, options).first_failure(hunt);
}

ResultFile replay(const BackendAdapter& backend, const ReplayToken& token) {
  CampaignOptions options;
  options.seed = token.seed;
  return Campaign(backend, options).replay(token);
}

std::string to_text(const Failure& failure) {
  std::string text = "rule " + failure.rule;
  for (const Rule& rule : rules_of_runs()) {
    if (rule.id == failure.rule) text += ": " + std::string(rule.says);
  }
  if (!failure.clauses.empty()) text += " (" + failure.clauses + ")";
  text += fmt::format("\n  {}\nprogram ({}, case {}, {} of {} statements as drawn; {}):\n{}trace:\n", failure.message,
                      failure.part, failure.case_index, failure.statements, failure.statements_as_drawn,
                      failure.schedule, failure.text);
  for (const std::string& line : failure.trace) text += "  " + line + "\n";
  text += "as JSON: " + failure.program + "\n";
  if (!failure.replay.empty()) text += "again: --replay " + failure.replay + "\n";
  return text;
}

}  // namespace concert::programs
