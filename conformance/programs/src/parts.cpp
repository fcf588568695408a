// SPDX-License-Identifier: Apache-2.0
#include "parts.hpp"

#include <algorithm>
#include <stdexcept>

#include "breach.hpp"
#include "concert/harness/mix.hpp"
#include "concert/harness/real_clock.hpp"
#include "concert/programs/corpus.hpp"
#include "concert/programs/explorer.hpp"

namespace concert::programs {

namespace {

using conformance::BackendAdapter;
using conformance::hash_text;
using conformance::mix;
using conformance::Schedule;

/// Of each program of the corpus: the first in the backend's own order on a plain clock, the others drawn.
constexpr std::int64_t schedules_of_a_corpus_program = 6;

std::vector<Finding> findings(const Run& run) {
  std::vector<Finding> all;
  for (const Violation& violation : run.violations) all.push_back({std::string(violation.rule), violation.message});
  return all;
}

RunOptions with(const RunOptions& options, std::vector<Observer*> observers) {
  RunOptions more = options;
  more.observers.insert(more.observers.end(), observers.begin(), observers.end());
  return more;
}

std::vector<Finding> run_whole(const BackendAdapter& backend, const Case& each, Tally& tally,
                               const RunOptions& options) {
  Labels labels(each.program);
  labels.drawn(each.drawn);
  labels.clock(each.schedule.perturbed_clock);
  labels.backend_order(each.schedule.order_seed == 0);
  Species species(each.program);
  const Run run = run_program(backend, each.program, each.schedule, with(options, {&labels, &species}));
  tally.show(run, labels, species);
  bool differed = false;
  if (each.rerun) {
    differed = run_program(backend, each.program, each.schedule, options).trace != run.trace;
    tally.rerun(differed);
  }
  std::vector<Finding> all = findings(run);
  if (differed) all.push_back({std::string(same_again), "the second run wrote other records"});
  return all;
}

Case draw_corpus(std::uint64_t seed, std::int64_t index) {
  const CorpusProgram& from = corpus()[static_cast<std::size_t>(index / schedules_of_a_corpus_program)];
  const std::int64_t nth = index % schedules_of_a_corpus_program;
  Case each;
  each.index = index;
  each.program = from.program;
  if (nth > 0) each.schedule = schedule_of(mix(mix(seed, hash_text(from.name)), static_cast<std::uint64_t>(nth)));
  return each;
}

Case draw_explored(std::uint64_t seed, std::int64_t index) {
  const auto in_corpus = static_cast<std::int64_t>(corpus().size());
  Case each =
      index < in_corpus ? draw_corpus(seed, index * schedules_of_a_corpus_program) : draw_case(seed, index - in_corpus);
  each.index = index;
  if (!can_be_explored(each.program)) {
    each.program =
        generate(mix(seed, static_cast<std::uint64_t>(index)), {.profile = Profile::mix, .with_misuse = false});
  }
  // On a perturbed clock nothing is determinate.
  each.schedule.perturbed_clock = false;
  return each;
}

std::vector<Finding> run_explored(const BackendAdapter& backend, const Case& each, Tally& tally,
                                  const RunOptions& options) {
  const auto start = conformance::real_now();
  const Exploration exploration = explore(each.program, backend.manifest, most_explored_schedules);
  Explored& counts = *tally.counts().explored;
  counts.complete += exploration.complete ? 1 : 0;
  counts.determinate += exploration.determinate() ? 1 : 0;
  counts.schedules += exploration.schedules;
  counts.outcomes += static_cast<std::int64_t>(exploration.outcomes.size());
  const Run run = run_program(backend, each.program, each.schedule, options);
  counts.compared += exploration.complete ? 1 : 0;
  const std::optional<std::string> parted = divergence(exploration, each.program, run.trace);
  counts.seconds += std::chrono::duration<double>(conformance::real_now() - start).count();
  std::vector<Finding> all = findings(run);
  if (parted) all.push_back({std::string(not_allowed), *parted});
  return all;
}

}  // namespace

Part whole_programs() {
  return {"programs", draw_case, [](const Case& each, Tally& tally) { tally.count(each); }, run_whole, 1};
}

Part family_cases(Family family) {
  const std::string name(to_string(family));
  const auto counts = [name, family](Tally& tally) -> FamilyCounts& {
    FamilyCounts& all = tally.counts().families[name];
    for (const std::string_view rule : info(family).rules) all.evaluations.emplace(rule, 0);
    return all;
  };
  Part part;
  part.name = name;
  part.draw = [family, name](std::uint64_t seed, std::int64_t index) {
    const std::uint64_t case_seed = mix(mix(seed, hash_text(name)), static_cast<std::uint64_t>(index));
    return Case{index, draw(family, case_seed), schedule_of(case_seed), {}, false};
  };
  part.count = [counts](const Case&, Tally& tally) { ++counts(tally).cases; };
  part.run = [counts](const BackendAdapter& backend, const Case& each, Tally& tally, const RunOptions& options) {
    const Run run = run_program(backend, each.program, each.schedule, options);
    for (auto& [rule, count] : counts(tally).evaluations) {
      const auto asked = run.evaluations.find(rule);
      if (asked != run.evaluations.end()) count += asked->second;
    }
    return findings(run);
  };
  return part;
}

Part corpus_runs() {
  return {"corpus", draw_corpus,
          [](const Case& each, Tally& tally) {
            std::optional<CorpusCounts>& counts = tally.counts().corpus;
            if (!counts) counts.emplace();
            counts->programs += each.index % schedules_of_a_corpus_program == 0 ? 1 : 0;
            ++counts->runs;
          },
          [](const BackendAdapter& backend, const Case& each, Tally&, const RunOptions& options) {
            return findings(run_program(backend, each.program, each.schedule, options));
          },
          1};
}

std::int64_t corpus_size() { return static_cast<std::int64_t>(corpus().size()) * schedules_of_a_corpus_program; }

Part explored_programs() {
  return {"explored", draw_explored,
          [](const Case&, Tally& tally) {
            if (!tally.counts().explored) tally.counts().explored.emplace();
            ++tally.counts().explored->programs;
          },
          run_explored,
          // Thousands of runs of the model stand behind one.
          12};
}

std::int64_t explored_size(std::int64_t whole_programs) {
  return static_cast<std::int64_t>(corpus().size()) + whole_programs;
}

Part part_named(std::string_view name) {
  if (name == "programs") return whole_programs();
  if (name == "corpus") return corpus_runs();
  if (name == "explored") return explored_programs();
  std::string known = "programs, corpus, explored";
  for (const FamilyInfo& family : all_families()) {
    if (family.name == name) return family_cases(family.family);
    known += ", " + std::string(family.name);
  }
  throw std::invalid_argument("expected one of " + known + ", came '" + std::string(name) + "'");
}

}  // namespace concert::programs
