// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "commands.hpp"
#include "concert/clause.hpp"
#include "concert/runner/certifier.hpp"

namespace concert::command {

namespace {

std::string upper_case(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

void check_area(const std::string& area) {
  std::vector<std::string_view> known;
  for (const Clause& clause : all_clauses()) {
    if (clause.area == area) return;
    if (known.empty() || known.back() != clause.area) known.push_back(clause.area);
  }
  throw UsageMistake(fmt::format("unknown area '{}'; known: {}", area, fmt::join(known, ", ")));
}

void check_level(const std::string& level) {
  static const std::vector<std::string> known = {"MUST", "SHOULD", "MAY", "RETIRED"};
  if (std::ranges::find(known, level) == known.end())
    throw UsageMistake(fmt::format("unknown level '{}'; known: {}", level, fmt::join(known, ", ")));
}

void check_glob(const std::string& glob) {
  const auto clauses = all_clauses();
  if (std::ranges::any_of(clauses,
                          [&](const Clause& clause) { return runner::matches_glob(glob, std::string(clause.id)); }))
    return;
  // The clauses of the same prefix, or else the prefixes: enough to see the slip.
  std::vector<std::string> near;
  std::vector<std::string> prefixes;
  for (const Clause& clause : clauses) {
    const std::string prefix(clause.id.substr(0, clause.id.size() - 3));
    if (prefixes.empty() || prefixes.back() != prefix) prefixes.push_back(prefix);
    if (upper_case(glob).starts_with(upper_case(prefix))) near.emplace_back(clause.id);
  }
  if (!near.empty()) prefixes = {near.front() + " to " + near.back()};
  throw UsageMistake(fmt::format("unknown clause '{}'; known: {}", glob, fmt::join(prefixes, ", ")));
}

nlohmann::ordered_json to_json(const Clause& clause) {
  nlohmann::ordered_json json = {{"id", clause.id},
                                 {"area", clause.area},
                                 {"level", to_string(clause.level)},
                                 {"sentence", clause.sentence},
                                 {"why", clause.why},
                                 {"seen_by", clause.seen_by},
                                 {"source", clause.source}};
  if (!clause.trait.empty()) json["trait"] = clause.trait;
  if (!clause.exclusion.empty()) json["excluded"] = clause.exclusion;
  json["page"] = fmt::format("spec/clauses/{}.md", clause.area);
  json["line"] = clause.line;
  return json;
}

void print_full(const Clause& clause) {
  fmt::print("{}  {}  spec/clauses/{}.md:{}\n  {}\n", clause.id, to_string(clause.level), clause.area, clause.line,
             clause.sentence);
  const auto field = [](std::string_view name, std::string_view text) {
    if (!text.empty()) fmt::print("  {:<9} {}\n", std::string(name) + ":", text);
  };
  field("why", clause.why);
  field("seen by", clause.seen_by);
  field("source", clause.source);
  field("trait", clause.trait);
  field("excluded", clause.exclusion);
}

}  // namespace

ExitCode show_clauses(const ClausesOptions& options) {
  const std::string level = upper_case(options.level);
  if (!options.area.empty()) check_area(options.area);
  if (!level.empty()) check_level(level);
  for (const std::string& glob : options.globs) check_glob(glob);

  std::vector<const Clause*> selected;
  for (const Clause& clause : all_clauses()) {
    if (!options.area.empty() && clause.area != options.area) continue;
    if (!level.empty() && to_string(clause.level) != level) continue;
    const auto matches = [&](const std::string& glob) { return runner::matches_glob(glob, std::string(clause.id)); };
    if (options.globs.empty() || std::ranges::any_of(options.globs, matches)) selected.push_back(&clause);
  }
  if (selected.empty()) throw UsageMistake("no clause is in that area, of that level and of that name at once");

  if (options.is_json) {
    nlohmann::ordered_json all = nlohmann::ordered_json::array();
    for (const Clause* clause : selected) all.push_back(to_json(*clause));
    fmt::print("{}\n", all.dump(2));
    return ExitCode::conformant;
  }
  const bool names_only = !options.globs.empty() && std::ranges::all_of(options.globs, [](const std::string& glob) {
    return find_clause(glob) != nullptr;
  });
  for (const Clause* clause : selected) {
    if (options.is_full || names_only) {
      print_full(*clause);
    } else {
      fmt::print("{:<12} {:<7} {}\n", clause->id, to_string(clause->level), clause->sentence);
    }
  }
  return ExitCode::conformant;
}

}  // namespace concert::command
