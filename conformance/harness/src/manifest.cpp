// SPDX-License-Identifier: Apache-2.0
#include "concert/harness/manifest.hpp"

#include <sstream>
#include <stdexcept>
#include <vector>

#include "concert/clauses.hpp"

namespace concert::conformance {

namespace {

/// A trait as a clause page declares it: `name = value | value`, or `name = <number>`.
struct TraitRule {
  std::string name;
  std::vector<std::string> values;
  std::string clause;
};

/// True for a whole number from 1 on, as short as it can be written.
bool is_number(const std::string& text) {
  return !text.empty() && text.size() <= 9 && text.front() != '0' &&
         text.find_first_not_of("0123456789") == std::string::npos;
}

std::vector<TraitRule> trait_rules() {
  std::vector<TraitRule> rules;
  for (const Clause& clause : all_clauses()) {
    if (clause.trait.empty()) continue;
    TraitRule rule;
    rule.clause = std::string(clause.id);
    std::istringstream words{std::string(clause.trait)};
    std::string word;
    words >> rule.name >> word;
    while (words >> word) {
      if (word != "|") rule.values.push_back(word);
    }
    rules.push_back(std::move(rule));
  }
  return rules;
}

}  // namespace

const std::string& Manifest::trait(std::string_view name) const {
  const auto found = traits.find(name);
  if (found == traits.end()) throw std::out_of_range("the manifest declares no trait '" + std::string(name) + "'");
  return found->second;
}

void check_manifest(const std::string& backend, const Manifest& manifest) {
  std::string faults;
  const auto complain = [&](const std::string& fault) { faults += "\n  - " + fault; };
  auto left = manifest.traits;
  for (const TraitRule& rule : trait_rules()) {
    std::string allowed;
    bool is_allowed = false;
    const auto declared = left.find(rule.name);
    for (const std::string& value : rule.values) {
      allowed += (allowed.empty() ? "" : " | ") + value;
      is_allowed = is_allowed || (declared != left.end() &&
                                  (declared->second == value || (value == "<number>" && is_number(declared->second))));
    }
    if (declared == left.end()) {
      complain("trait '" + rule.name + "' (" + rule.clause + ") is missing; declare one of: " + allowed);
      continue;
    }
    if (!is_allowed) {
      complain("trait '" + rule.name + "' (" + rule.clause + ") is '" + declared->second +
               "'; expected one of: " + allowed);
    }
    left.erase(declared);
  }
  for (const auto& [name, value] : left) complain("trait '" + name + "' is in no clause page");
  if (!faults.empty()) throw std::invalid_argument("the manifest of '" + backend + "' is not valid:" + faults);
}

}  // namespace concert::conformance
