// SPDX-License-Identifier: Apache-2.0
#include "concert/programs/campaign.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <utility>

#include "concert/harness/real_clock.hpp"
#include "concert/programs/isolated.hpp"
#include "concert/programs/json.hpp"
#include "concert/programs/judge.hpp"
#include "isolated_shrink.hpp"
#include "tally.hpp"

namespace concert::programs {

namespace {

using conformance::BackendAdapter;
using conformance::real_now;

/// Cases whose counts go to the parent together. A crash costs as many: they are run once more.
constexpr std::int64_t cases_per_message = 1'000;

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
    const std::int64_t step = options_.shards;
    const std::int64_t behind = ((options_.shard - options_.first) % step + step) % step;
    run_range(options_.first + behind, options_.first + options_.cases);
    result_.programs.seconds = std::chrono::duration<double>(real_now() - start_).count();
    for (Failure& failure : result_.failures) shrink(failure);
    if (options_.shards == 1) result_.sketch.reset();
    return std::move(result_);
  }

 private:
  bool has_enough() const { return result_.failures.size() >= options_.most_failures; }

  /// The cases of this shard from `from` to before `to`, each in some child.
  void run_range(std::int64_t from, std::int64_t to) {
    while (from < to && !has_enough()) {
      std::int64_t next = from;
      const auto work = [&](Progress& progress) { run_here(progress, from, to); };
      const auto take = [&](std::string_view message) { next = take_part(message); };
      const ChildEnd end = run_isolated(work, take, {options_.hang_limit, !result_.failures.empty()});
      if (end.fault.empty()) return;
      if (end.case_index < next) {
        throw std::runtime_error(
            fmt::format("a child ended between two cases, after case {}: {}", end.case_index, end.fault));
      }
      // What the child had counted since its last message is lost with it.
      run_range(next, end.case_index);
      if (has_enough()) return;
      Tally tally;
      tally.count(draw_case(options_.seed, end.case_index));
      tally.fail(found(end.case_index, end.fault, "the run ended its process: " + end.fault));
      add(result_, tally.take());
      from = end.case_index + options_.shards;
    }
  }

  std::int64_t take_part(std::string_view message) {
    std::int64_t next = 0;
    const auto [end, error] = std::from_chars(message.data(), message.data() + message.size(), next);
    message.remove_prefix(static_cast<std::size_t>(end - message.data()));
    add(result_, result_from_json(message));
    return next;
  }

  Failure found(std::int64_t index, std::string_view rule, std::string message) const {
    Failure failure;
    failure.rule = rule;
    failure.part = "programs";
    failure.case_index = index;
    failure.message = std::move(message);
    failure.program = "{}";
    return failure;
  }

  void shrink(Failure& failure) const {
    const Case drawn = draw_case(options_.seed, failure.case_index);
    Failure shrunk = shrink_isolated(backend_, drawn, failure.rule, failure.message,
                                     {std::chrono::seconds(60), options_.hang_limit});
    shrunk.part = failure.part;
    shrunk.replay = to_string(ReplayToken{options_.seed, failure.case_index});
    failure = std::move(shrunk);
  }

  // ---- In the child ------------------------------------------------------------------------------------------------

  bool is_time_over() const { return options_.time && real_now() - start_ >= *options_.time; }

  void run_here(Progress& progress, std::int64_t from, std::int64_t to) const {
    Tally tally;
    std::size_t failures = result_.failures.size();
    const auto send = [&](std::int64_t next) { progress.send(std::to_string(next) + to_json(tally.take())); };
    std::int64_t index = from;
    for (; index < to && failures < options_.most_failures && !is_time_over(); index += options_.shards) {
      progress.begin_case(index);
      run_case(progress, draw_case(options_.seed, index), tally);
      if (tally.has_failed()) ++failures;
      if (tally.has_failed() || tally.cases() >= cases_per_message) send(index + options_.shards);
    }
    send(index);
  }

  void run_case(Progress& progress, const Case& each, Tally& tally) const {
    Labels labels(each.program);
    labels.drawn(each.drawn);
    labels.clock(each.schedule.perturbed_clock);
    labels.backend_order(each.schedule.order_seed == 0);
    Species species(each.program);
    RunOptions options;
    options.on_stuck = [&progress](std::string_view fault) { progress.give_up(fault); };
    options.observers = {&labels, &species};
    const Run run = run_program(backend_, each.program, each.schedule, options);
    bool differed = false;
    if (each.rerun) {
      options.observers.clear();
      differed = run_program(backend_, each.program, each.schedule, options).trace != run.trace;
      tally.rerun(differed);
    }
    tally.count(each);
    tally.show(run, labels, species);
    if (!run.violations.empty()) {
      tally.fail(found(each.index, run.violations.front().rule, run.violations.front().message));
    } else if (differed) {
      tally.fail(found(each.index, same_again, "the second run wrote other records"));
    }
  }

  const BackendAdapter& backend_;
  CampaignOptions options_;
  std::chrono::steady_clock::time_point start_;
  ResultFile result_;
};

}  // namespace

ResultFile run_campaign(const BackendAdapter& backend, const CampaignOptions& options) {
  return Campaign(backend, options).run();
}

std::string to_string(const ReplayToken& token) {
  return fmt::format("p1:{}:{}:{}", program_generator_version, token.seed, token.case_index);
}

ReplayToken parse_replay_token(std::string_view text) {
  const auto refuse = [&](const std::string& expected) {
    throw std::invalid_argument(fmt::format("'{}' is no replay token: expected {}", text, expected));
  };
  std::string_view rest = text;
  const auto number = [&]<class Number>(Number value, bool is_last) {
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    if (error != std::errc() || value < Number{} || rest.empty() != is_last || (!is_last && !rest.starts_with(':'))) {
      refuse("p1:GENERATOR:SEED:CASE");
    }
    if (!is_last) rest.remove_prefix(1);
    return value;
  };
  if (!rest.starts_with("p1:")) refuse("p1:GENERATOR:SEED:CASE");
  rest.remove_prefix(3);
  if (const int generator = number(int{}, false); generator != program_generator_version) {
    refuse(fmt::format("one of version {} of the generator, this is of version {} and means another program",
                       program_generator_version, generator));
  }
  ReplayToken token;
  token.seed = number(std::uint64_t{}, false);
  token.case_index = number(std::int64_t{}, true);
  return token;
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
  return text + "as JSON: " + failure.program + "\nagain: --replay " + failure.replay + "\n";
}

}  // namespace concert::programs
