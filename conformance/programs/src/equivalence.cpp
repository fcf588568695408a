// SPDX-License-Identifier: Apache-2.0
#include "concert/programs/equivalence.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "json_fields.hpp"

namespace concert::programs {

namespace {

constexpr std::array agreement_names{"equivalent", "not equivalent", "inconclusive"};

/// What the verdict of one backend does not say: whether it makes the backend comparable at all.
std::vector<std::string> gaps_of(const ResultFile& result) {
  std::vector<std::string> gaps;
  if (!result.explored) gaps.push_back("nothing was compared with the model");
  if (result.shards != 1) {
    gaps.push_back(fmt::format("it is shard {} of {} only", result.shard + 1, result.shards));
  }
  return gaps;
}

}  // namespace

std::string_view to_string(Agreement agreement) noexcept {
  return agreement_names.at(static_cast<std::size_t>(agreement));
}

EquivalenceDecision decide(const Equivalence& equivalence) {
  EquivalenceDecision decision;
  bool has_failed = false;
  for (const JudgedBackend& backend : equivalence.backends) {
    const ResultFile& result = backend.result;
    const Decision own = decide(result);
    has_failed = has_failed || own.verdict == Verdict::failed;
    for (const std::string& reason : own.reasons) decision.reasons.push_back(result.backend + ": " + reason);
    for (const std::string& gap : gaps_of(result)) decision.reasons.push_back(result.backend + ": " + gap);
    if (result.generator != equivalence.backends.front().result.generator ||
        result.seed != equivalence.backends.front().result.seed) {
      decision.reasons.push_back(result.backend + ": it ran other programs than the first backend");
    }
  }
  if (equivalence.backends.empty()) decision.reasons.emplace_back("no backend was run");
  std::ranges::copy(equivalence.problems, std::back_inserter(decision.reasons));
  decision.agreement = has_failed                 ? Agreement::not_equivalent
                       : decision.reasons.empty() ? Agreement::equivalent
                                                  : Agreement::inconclusive;
  return decision;
}

std::vector<Freedom> differing_freedoms(const Equivalence& equivalence) {
  std::set<std::string> traits;
  for (const JudgedBackend& backend : equivalence.backends) {
    for (const auto& [trait, value] : backend.result.traits) traits.insert(trait);
  }
  std::vector<Freedom> freedoms;
  for (const std::string& trait : traits) {
    Freedom freedom{trait, {}};
    for (const JudgedBackend& backend : equivalence.backends) {
      const auto found = backend.result.traits.find(trait);
      freedom.values.push_back(found == backend.result.traits.end() ? "" : found->second);
    }
    const bool agree = std::ranges::all_of(freedom.values, [&](const auto& v) { return v == freedom.values.front(); });
    if (!agree) freedoms.push_back(std::move(freedom));
  }
  return freedoms;
}

std::string summary_line(const Equivalence& equivalence) {
  std::string names;
  ProgramCounts programs;
  std::int64_t compared = 0;
  std::size_t failures = 0;
  for (const JudgedBackend& backend : equivalence.backends) {
    names += (names.empty() ? "" : " ") + backend.result.backend;
    programs.cases += backend.result.programs.cases;
    programs.perturbed += backend.result.programs.perturbed;
    if (backend.result.explored) compared += backend.result.explored->compared;
    failures += backend.result.failures.size();
  }
  std::string line =
      fmt::format("equivalence: {}: {}, {} programs ({} on a perturbed clock), {} compared with the model",
                  names.empty() ? "no backend" : names, to_string(decide(equivalence).agreement), programs.cases,
                  programs.perturbed, compared);
  if (failures > 0) line += fmt::format(", {} failure{}", failures, failures == 1 ? "" : "s");
  return line;
}

std::string to_json(const Equivalence& equivalence) {
  const EquivalenceDecision decision = decide(equivalence);
  Json document = {{"format", "concert-equivalence"},          {"version", 1},
                   {"kit_version", equivalence.kit_version},   {"command", equivalence.command},
                   {"verdict", to_string(decision.agreement)}, {"reasons", decision.reasons},
                   {"problems", equivalence.problems}};
  document["freedoms"] = Json::array();
  for (const Freedom& freedom : differing_freedoms(equivalence)) {
    document["freedoms"].push_back({{"trait", freedom.trait}, {"values", freedom.values}});
  }
  document["backends"] = Json::array();
  for (const JudgedBackend& backend : equivalence.backends) {
    document["backends"].push_back(parse_json(to_json(backend.result)));
  }
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace concert::programs
