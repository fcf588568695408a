// SPDX-License-Identifier: Apache-2.0
#include "concert/programs/result.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <stdexcept>

#include "json_fields.hpp"

namespace concert::programs {

namespace {

constexpr std::string_view result_format = "concert-programs";
constexpr std::array verdict_names{"passed", "failed", "inconclusive"};
/// A run in which more than this share of the cases shows something new is not finished.
constexpr double most_missing_mass = 0.01;

// ---- Writing
// ---------------------------------------------------------------------------------------------------------

Json json_of(const ProgramCounts& counts) {
  return {{"cases", counts.cases},         {"plain", counts.plain},
          {"perturbed", counts.perturbed}, {"distinct", counts.distinct},
          {"rerun", counts.rerun},         {"rerun_differed", counts.rerun_differed},
          {"seconds", counts.seconds},     {"residual_risk", residual_risk(counts.cases)}};
}

std::string_view word_for(const LabelCount& label) { return label.required > 0 ? to_string(label.verdict()) : "told"; }

Json json_of(const LabelCount& label) {
  return {{"hits", label.hits}, {"cases", label.cases}, {"required", label.required}, {"verdict", word_for(label)}};
}

Json json_of(const SpeciesCounts& species, std::int64_t cases) {
  return {{"kind", "adjacent ends of waits in different tasks"},
          {"seen", species.seen},
          {"once", species.once},
          {"twice", species.twice},
          {"at_least", species_at_least(species)},
          {"missing_mass", missing_mass(species, cases)}};
}

Json json_of(const Explored& explored) {
  return {{"programs", explored.programs}, {"complete", explored.complete},   {"determinate", explored.determinate},
          {"compared", explored.compared}, {"schedules", explored.schedules}, {"outcomes", explored.outcomes},
          {"seconds", explored.seconds}};
}

Json json_of(const Failure& failure) {
  return {{"rule", failure.rule},
          {"part", failure.part},
          {"case", failure.case_index},
          {"message", failure.message},
          {"clauses", failure.clauses},
          {"program", parse_json(failure.program)},
          {"text", failure.text},
          {"trace", failure.trace},
          {"schedule", failure.schedule},
          {"replay", failure.replay},
          {"statements", failure.statements},
          {"statements_as_drawn", failure.statements_as_drawn}};
}

// 64 bits do not fit into the numbers of every reader of JSON.
std::string hex(std::uint64_t number) { return fmt::format("{:016x}", number); }

Json json_of(const Sketch& sketch) {
  std::string programs;
  for (const std::uint64_t hash : sketch.programs) programs += hex(hash);
  Json species = Json::object();
  for (const auto& [hash, times] : sketch.species) species[hex(hash)] = times;
  return {{"programs", std::move(programs)}, {"species", std::move(species)}};
}

/// The sections that are there if they were demanded.
void write_demanded(Json& document, const ResultFile& result) {
  if (result.explored) document["explored"] = json_of(*result.explored);
  if (result.corpus) document["corpus"] = {{"programs", result.corpus->programs}, {"runs", result.corpus->runs}};
  document["families"] = Json::array();
  for (const auto& [name, family] : result.families) {
    document["families"].push_back({{"name", name}, {"cases", family.cases}, {"evaluations", family.evaluations}});
  }
  document["small_scope"] = Json::array();
  for (const auto& [family, counts] : result.small_scope) {
    document["small_scope"].push_back({{"family", family},
                                       {"programs", counts.programs},
                                       {"schedules", counts.schedules},
                                       {"complete", counts.complete},
                                       {"bound", counts.bound}});
  }
}

// ---- Reading
// ---------------------------------------------------------------------------------------------------------

std::uint64_t parsed(const Where& where, std::string_view text, int base) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error == std::errc() && end == text.data() + text.size()) return number;
  fail(where, "expected a whole number of 64 bits, came '" + std::string(text) + "'");
}

/// A number that follows from others.
void expect_derived(Fields& fields, std::string_view name, double expected) {
  const double came = fields.number(name);
  // The mathematics of another machine may round the last bit otherwise.
  if (std::abs(came - expected) <= 1e-9 * std::max(1.0, expected)) return;
  fail(fields.where(),
       fmt::format("expected '{}' to be {}, which follows from the rest, came {}", name, expected, came));
}

Fields fields_of(Fields& outer, std::string_view name) { return {outer.take(name), outer.where().member(name)}; }

Evaluations read_evaluations(const Json& object, const Where& where) {
  Fields fields(object, where);
  Evaluations evaluations;
  for (const auto& [rule, count] : object.items()) evaluations[rule] = fields.count(rule);
  return evaluations;
}

std::vector<std::string> read_texts(Fields& outer, std::string_view name) {
  std::vector<std::string> texts;
  for (const Json& text : outer.list(name)) {
    if (!text.is_string()) fail(outer.where().member(name), "expected strings, came " + shown(text));
    texts.push_back(text.get<std::string>());
  }
  return texts;
}

ProgramCounts read_programs(Fields fields) {
  ProgramCounts counts;
  counts.cases = fields.count("cases");
  counts.plain = fields.count("plain");
  counts.perturbed = fields.count("perturbed");
  counts.distinct = fields.count("distinct");
  counts.rerun = fields.count("rerun");
  counts.rerun_differed = fields.count("rerun_differed");
  counts.seconds = fields.number("seconds");
  expect_derived(fields, "residual_risk", residual_risk(counts.cases));
  fields.finish();
  if (counts.plain + counts.perturbed != counts.cases) {
    fail(fields.where(), fmt::format("expected 'plain' and 'perturbed' to add up to {} cases, came {} and {}",
                                     counts.cases, counts.plain, counts.perturbed));
  }
  if (counts.distinct > counts.cases || counts.rerun > counts.cases || counts.rerun_differed > counts.rerun) {
    fail(fields.where(), "expected no more programs distinct, run twice or differing than there are");
  }
  return counts;
}

LabelCount read_label(Fields& fields) {
  LabelCount label;
  label.hits = fields.count("hits");
  label.cases = fields.count("cases");
  label.required = fields.number("required");
  fields.expect("verdict", word_for(label));
  fields.finish();
  if (label.hits > label.cases) fail(fields.where(), "expected at most as many hits as cases");
  return label;
}

SpeciesCounts read_species(Fields fields, std::int64_t cases) {
  SpeciesCounts species;
  fields.take("kind");
  species.seen = fields.count("seen");
  species.once = fields.count("once");
  species.twice = fields.count("twice");
  expect_derived(fields, "at_least", species_at_least(species));
  expect_derived(fields, "missing_mass", missing_mass(species, cases));
  fields.finish();
  return species;
}

Explored read_explored(Fields fields) {
  Explored explored;
  explored.programs = fields.count("programs");
  explored.complete = fields.count("complete");
  explored.determinate = fields.count("determinate");
  explored.compared = fields.count("compared");
  explored.schedules = fields.count("schedules");
  explored.outcomes = fields.count("outcomes");
  explored.seconds = fields.number("seconds");
  fields.finish();
  return explored;
}

CorpusCounts read_corpus(Fields fields) {
  const CorpusCounts counts{fields.count("programs"), fields.count("runs")};
  fields.finish();
  return counts;
}

Failure read_failure(Fields& fields) {
  Failure failure;
  failure.rule = fields.text("rule");
  failure.part = fields.text("part");
  failure.case_index = fields.count("case");
  failure.message = fields.text("message");
  failure.clauses = fields.text("clauses");
  const Json& program = fields.take("program");
  if (!program.is_object()) fail(fields.where(), "expected 'program' to be an object, came " + shown(program));
  failure.program = program.dump();
  failure.text = fields.text("text");
  failure.trace = read_texts(fields, "trace");
  failure.schedule = fields.text("schedule");
  failure.replay = fields.text("replay");
  failure.statements = fields.count("statements");
  failure.statements_as_drawn = fields.count("statements_as_drawn");
  fields.finish();
  return failure;
}

Sketch read_sketch(Fields fields) {
  Sketch sketch;
  const std::string programs = fields.text("programs");
  for (std::size_t i = 0; i < programs.size(); i += 16) {
    sketch.programs.push_back(parsed(fields.where().member("programs"), std::string_view(programs).substr(i, 16), 16));
  }
  Fields species = fields_of(fields, "species");
  for (const auto& [hash, times] : fields.take("species").items()) {
    sketch.species[parsed(species.where(), hash, 16)] = species.count<int>(hash, 1);
  }
  fields.finish();
  return sketch;
}

/// Calls `read` with the name and the fields of each element of a list, which must differ in their names.
template <class Read>
void for_each_named(Fields& outer, std::string_view list, std::string_view key, const Read& read) {
  std::set<std::string> names;
  const Json& elements = outer.list(list);
  for (std::size_t i = 0; i < elements.size(); ++i) {
    Fields fields(elements[i], outer.where().member(list).element(i));
    const std::string name = fields.text(key);
    if (!names.insert(name).second) fail(fields.where(), "expected each name once, came another '" + name + "'");
    read(name, fields);
  }
}

void read_demanded(Fields& fields, ResultFile& result) {
  if (fields.has("explored")) result.explored = read_explored(fields_of(fields, "explored"));
  if (fields.has("corpus")) result.corpus = read_corpus(fields_of(fields, "corpus"));
  for_each_named(fields, "families", "name", [&](const std::string& name, Fields& family) {
    FamilyCounts counts{family.count("cases"), {}};
    counts.evaluations = read_evaluations(family.take("evaluations"), family.where().member("evaluations"));
    family.finish();
    result.families[name] = std::move(counts);
  });
  for_each_named(fields, "small_scope", "family", [&](const std::string& name, Fields& family) {
    SmallScopeCounts counts{family.count("programs"), family.count("schedules"), false, {}};
    const Json& complete = family.take("complete");
    if (!complete.is_boolean())
      fail(family.where(), "expected 'complete' to be true or false, came " + shown(complete));
    counts.complete = complete.get<bool>();
    counts.bound = family.text("bound");
    family.finish();
    result.small_scope[name] = std::move(counts);
  });
}

ResultFile read_result(const Json& document) {
  Fields fields(document, {});
  fields.expect("format", result_format);
  fields.expect("version", result_version);
  ResultFile result;
  result.backend = fields.text("backend");
  result.backend_version = fields.text("backend_version");
  Fields traits = fields_of(fields, "traits");
  for (const auto& [name, value] : fields.take("traits").items()) result.traits[name] = traits.text(name);
  result.generator = fields.count<int>("generator");
  result.seed = parsed(Where{"seed"}, fields.text("seed"), 10);
  result.first = fields.count("first");
  result.shards = fields.count<int>("shards", 1);
  result.shard = fields.count<int>("shard");
  if (result.shard >= result.shards) fail({"shard"}, "expected less than the number of shards");
  result.programs = read_programs(fields_of(fields, "programs"));
  result.rules = read_evaluations(fields.take("rules"), Where{"rules"});
  for_each_named(fields, "labels", "name",
                 [&](const std::string& name, Fields& label) { result.labels[name] = read_label(label); });
  result.species = read_species(fields_of(fields, "species"), result.programs.cases);
  read_demanded(fields, result);
  const Json& failures = fields.list("failures");
  for (std::size_t i = 0; i < failures.size(); ++i) {
    Fields failure(failures[i], Where{"failures"}.element(i));
    result.failures.push_back(read_failure(failure));
  }
  if (fields.has("sketch")) result.sketch = read_sketch(fields_of(fields, "sketch"));
  const Decision decision = decide(result);
  fields.expect("verdict", to_string(decision.verdict));
  fields.expect("reasons", Json(decision.reasons));
  fields.finish();
  return result;
}

// ---- Adding up
// -------------------------------------------------------------------------------------------------------

void add(Evaluations& sum, const Evaluations& more) {
  for (const auto& [rule, count] : more) sum[rule] += count;
}

/// What is counted distinct follows from the sketch.
void recount(ResultFile& result) {
  Sketch& sketch = *result.sketch;
  std::ranges::sort(sketch.programs);
  const auto repeated = std::ranges::unique(sketch.programs);
  sketch.programs.erase(repeated.begin(), repeated.end());
  result.programs.distinct = static_cast<std::int64_t>(sketch.programs.size());
  const auto times = [&](int wanted) {
    return std::ranges::count_if(sketch.species, [&](const auto& species) { return species.second == wanted; });
  };
  result.species = {static_cast<std::int64_t>(sketch.species.size()), times(1), times(2)};
}

void add(Sketch& sum, const Sketch& more) {
  sum.programs.insert(sum.programs.end(), more.programs.begin(), more.programs.end());
  for (const auto& [hash, times] : more.species) {
    int& all = sum.species[hash];
    all = std::min(3, all + times);
  }
}

void add_demanded(ResultFile& sum, const ResultFile& more) {
  if (more.explored) {
    if (!sum.explored) sum.explored.emplace();
    sum.explored->programs += more.explored->programs;
    sum.explored->complete += more.explored->complete;
    sum.explored->determinate += more.explored->determinate;
    sum.explored->compared += more.explored->compared;
    sum.explored->schedules += more.explored->schedules;
    sum.explored->outcomes += more.explored->outcomes;
    sum.explored->seconds += more.explored->seconds;
  }
  if (more.corpus) {
    if (!sum.corpus) sum.corpus.emplace();
    sum.corpus->programs += more.corpus->programs;
    sum.corpus->runs += more.corpus->runs;
  }
  for (const auto& [name, family] : more.families) {
    sum.families[name].cases += family.cases;
    add(sum.families[name].evaluations, family.evaluations);
  }
  for (const auto& [name, counts] : more.small_scope) {
    const auto [found, is_new] = sum.small_scope.emplace(name, counts);
    if (is_new) continue;
    found->second.programs += counts.programs;
    found->second.schedules += counts.schedules;
    found->second.complete = found->second.complete && counts.complete;
    if (found->second.bound.empty()) found->second.bound = counts.bound;
  }
}

}  // namespace

std::string_view to_string(Verdict verdict) noexcept { return verdict_names.at(static_cast<std::size_t>(verdict)); }

Decision decide(const ResultFile& result) {
  Decision decision;
  const auto because = [&](std::string reason) { decision.reasons.push_back(std::move(reason)); };
  for (const Failure& failure : result.failures) {
    because(fmt::format("{}: case {} breaks {}", failure.part, failure.case_index, failure.rule));
  }
  if (result.programs.rerun_differed > 0) {
    because(fmt::format("{} of {} programs went another way when run again", result.programs.rerun_differed,
                        result.programs.rerun));
  }
  if (!decision.reasons.empty()) {
    decision.verdict = Verdict::failed;
    return decision;
  }
  if (result.programs.cases == 0) because("no program was run");
  if (result.rules.empty()) because("there is no rule");
  for (const auto& [rule, count] : result.rules) {
    if (count == 0) because("rule " + rule + " was never asked");
  }
  for (const auto& [name, label] : result.labels) {
    if (label.required <= 0 || label.verdict() == Coverage::reached) continue;
    because(fmt::format("label '{}' is {}: {} of {} cases, required is a rate of {}", name, to_string(label.verdict()),
                        label.hits, label.cases, label.required));
  }
  if (const double mass = missing_mass(result.species, result.programs.cases); mass > most_missing_mass) {
    because(fmt::format("{:.2g} of the cases still show something new, more than {}", mass, most_missing_mass));
  }
  if (result.explored && result.explored->compared == 0) because("explored: nothing was compared with the model");
  if (result.corpus && result.corpus->runs == 0) because("corpus: nothing was run");
  for (const auto& [name, family] : result.families) {
    if (family.cases == 0) because("family " + name + ": no cases");
    for (const auto& [rule, count] : family.evaluations) {
      if (count == 0) because("family " + name + ": rule " + rule + " was never asked");
    }
  }
  for (const auto& [family, counts] : result.small_scope) {
    if (!counts.complete)
      because("small scope " + family + ": not complete" + (counts.bound.empty() ? "" : ": ") + counts.bound);
    if (counts.programs == 0) because("small scope " + family + ": no programs");
  }
  decision.verdict = decision.reasons.empty() ? Verdict::passed : Verdict::inconclusive;
  return decision;
}

void add(ResultFile& sum, const ResultFile& more) {
  sum.programs.cases += more.programs.cases;
  sum.programs.plain += more.programs.plain;
  sum.programs.perturbed += more.programs.perturbed;
  sum.programs.rerun += more.programs.rerun;
  sum.programs.rerun_differed += more.programs.rerun_differed;
  sum.programs.seconds += more.programs.seconds;
  add(sum.rules, more.rules);
  for (const auto& [name, label] : more.labels) {
    LabelCount& all = sum.labels[name];
    all.hits += label.hits;
    all.required = label.required;
  }
  // A part that has never seen a label may leave it out.
  for (auto& [name, label] : sum.labels) label.cases = sum.programs.cases;
  add_demanded(sum, more);
  sum.failures.insert(sum.failures.end(), more.failures.begin(), more.failures.end());
  add(*sum.sketch, *more.sketch);
  recount(sum);
}

ResultFile merge(const std::vector<ResultFile>& shards) {
  if (shards.empty()) throw std::invalid_argument("merge: expected at least one shard");
  ResultFile whole = shards.front();
  std::set<int> seen{whole.shard};
  for (std::size_t i = 0; i < shards.size(); ++i) {
    const ResultFile& shard = shards[i];
    const auto same = [&](std::string_view what, const auto& expected, const auto& came) {
      if (expected != came)
        throw std::invalid_argument(
            fmt::format("merge: expected shards of one {}, came {} and {}", what, expected, came));
    };
    same("backend", whole.backend, shard.backend);
    same("version of the backend", whole.backend_version, shard.backend_version);
    same("version of the generator", whole.generator, shard.generator);
    same("seed", whole.seed, shard.seed);
    same("first case", whole.first, shard.first);
    same("number of shards", whole.shards, shard.shards);
    if (whole.traits != shard.traits)
      throw std::invalid_argument("merge: expected shards of one backend, came other traits");
    if (!shard.sketch && whole.shards > 1) throw std::invalid_argument("merge: expected a sketch in each shard");
    if (i == 0) continue;
    if (!seen.insert(shard.shard).second) {
      throw std::invalid_argument(fmt::format("merge: expected each shard once, came another {}", shard.shard));
    }
    add(whole, shard);
  }
  if (seen.size() != static_cast<std::size_t>(whole.shards)) {
    throw std::invalid_argument(fmt::format("merge: expected {} shards, came {}", whole.shards, seen.size()));
  }
  std::ranges::stable_sort(whole.failures, {}, &Failure::case_index);
  whole.shard = 0;
  whole.shards = 1;
  whole.sketch.reset();
  return whole;
}

std::string to_json(const ResultFile& result) {
  Json document = {{"format", result_format},
                   {"version", result_version},
                   {"backend", result.backend},
                   {"backend_version", result.backend_version},
                   {"traits", result.traits},
                   {"generator", result.generator},
                   {"seed", std::to_string(result.seed)},
                   {"first", result.first},
                   {"shard", result.shard},
                   {"shards", result.shards},
                   {"programs", json_of(result.programs)},
                   {"rules", result.rules}};
  document["labels"] = Json::array();
  for (const auto& [name, label] : result.labels) {
    Json object = {{"name", name}};
    object.update(json_of(label));
    document["labels"].push_back(std::move(object));
  }
  document["species"] = json_of(result.species, result.programs.cases);
  write_demanded(document, result);
  document["failures"] = Json::array();
  for (const Failure& failure : result.failures) document["failures"].push_back(json_of(failure));
  if (result.sketch) document["sketch"] = json_of(*result.sketch);
  const Decision decision = decide(result);
  document["verdict"] = to_string(decision.verdict);
  document["reasons"] = decision.reasons;
  return document.dump(-1, ' ', false, Json::error_handler_t::replace);
}

ResultFile result_from_json(std::string_view text) { return read_result(parse_json(text)); }

std::string summary_line(const ResultFile& result) {
  const Decision decision = decide(result);
  std::int64_t judgements = 0;
  for (const auto& [rule, count] : result.rules) judgements += count;
  std::string line =
      fmt::format("{}: {}, {} programs ({} on a perturbed clock, {} distinct), {} judgements of {} rules",
                  result.backend, to_string(decision.verdict), result.programs.cases, result.programs.perturbed,
                  result.programs.distinct, judgements, result.rules.size());
  if (result.explored) line += fmt::format(", {} compared with the model", result.explored->compared);
  if (!result.families.empty()) line += fmt::format(", {} families", result.families.size());
  if (!result.small_scope.empty()) {
    const auto complete =
        std::ranges::count_if(result.small_scope, [](const auto& each) { return each.second.complete; });
    line += fmt::format(", {} of {} small scopes complete", complete, result.small_scope.size());
  }
  if (!result.failures.empty()) line += fmt::format(", {} failures", result.failures.size());
  return line + fmt::format(" (seed {})", result.seed);
}

}  // namespace concert::programs
