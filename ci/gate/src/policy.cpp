// SPDX-License-Identifier: Apache-2.0
#include <toml++/toml.h>
#include <algorithm>
#include <array>
#include <fstream>
#include <initializer_list>
#include <limits>
#include <numeric>
#include <set>
#include <sstream>

#include "concert/gate/gate.hpp"

namespace concert::gate {
namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({changed, row[j] + 1, row[j - 1] + 1}));
    }
  }
  return row.back();
}

/// "; did you mean \"should\"?" if some known word is near, else the empty text.
std::string suggestion(std::string_view word, const std::vector<std::string_view>& known) {
  const auto nearest = std::min_element(known.begin(), known.end(), [word](std::string_view a, std::string_view b) {
    return edit_distance(word, a) < edit_distance(word, b);
  });
  if (nearest == known.end() || edit_distance(word, *nearest) > std::max<std::size_t>(2, word.size() / 3)) return "";
  return "; did you mean \"" + std::string(*nearest) + "\"?";
}

std::string joined(const std::vector<std::string_view>& words) {
  std::string text;
  for (const std::string_view word : words) text.append(text.empty() ? "" : ", ").append(word);
  return text;
}

std::string type_name(const toml::node& node) {
  std::ostringstream out;
  out << node.type();
  return out.str();
}

class PolicyReader {
 public:
  PolicyReader(const std::string& name, std::span<const Clause> clauses) : name_(name), clauses_(clauses) {}

  Policy read(std::string_view text) {
    policy_.name = name_;
    try {
      const toml::table root = toml::parse(text, name_);
      refuse_unknown(root, {"require", "waiver"}, "the policy");
      require(root);
      waivers(root);
    } catch (const toml::parse_error& error) {
      fail(error.source(), "expected TOML, came a syntax error: " + std::string(error.description()));
    }
    return std::move(policy_);
  }

 private:
  [[noreturn]] void fail(const toml::source_region& where, const std::string& what) const {
    throw PolicyError(name_ + ":" + std::to_string(where.begin.line) + ": " + what);
  }

  void refuse_unknown(const toml::table& table, const std::vector<std::string_view>& known,
                      const std::string& what) const {
    for (const auto& [key, value] : table) {
      if (std::find(known.begin(), known.end(), key.str()) != known.end()) continue;
      fail(key.source(), "expected only the keys " + joined(known) + " in " + what + ", came \"" +
                             std::string(key.str()) + "\"" + suggestion(key.str(), known));
    }
  }

  void require(const toml::table& root) {
    const toml::node* node = root.get("require");
    if (node == nullptr) fail({{1, 1}, {1, 1}, nullptr}, "expected a table [require], came none");
    const toml::table* table = node->as_table();
    if (table == nullptr) fail(node->source(), "expected a table [require], came a value of type " + type_name(*node));
    refuse_unknown(
        *table, {"verdict", "max_unsupported", "max_excluded", "max_inconclusive", "min_must_passed", "should", "may"},
        "[require]");
    if (table->get("verdict") == nullptr) fail(table->source(), "expected the key \"verdict\" in [require], came none");
    policy_.verdict = one_of(*table, "verdict", {"certified", "inconclusive"});
    policy_.max_unsupported = limit(*table, "max_unsupported");
    policy_.max_excluded = limit(*table, "max_excluded");
    policy_.max_inconclusive = limit(*table, "max_inconclusive");
    policy_.min_must_passed = limit(*table, "min_must_passed").value_or(policy_.min_must_passed);
    policy_.should = demand(*table, "should");
    policy_.may = demand(*table, "may");
  }

  std::optional<std::int64_t> limit(const toml::table& table, std::string_view key) const {
    const toml::node* node = table.get(key);
    if (node == nullptr) return std::nullopt;
    const toml::value<std::int64_t>* number = node->as_integer();
    const std::string expected = "expected a whole number, 0 or more, for \"" + std::string(key) + "\", came ";
    if (number == nullptr) fail(node->source(), expected + "a value of type " + type_name(*node));
    if (number->get() < 0) fail(node->source(), expected + std::to_string(number->get()));
    return number->get();
  }

  Demand demand(const toml::table& table, std::string_view key) const {
    if (table.get(key) == nullptr) return Demand::ignore;
    return one_of(table, key, {"pass", "ignore"}) == "pass" ? Demand::pass : Demand::ignore;
  }

  std::string one_of(const toml::table& table, std::string_view key, const std::vector<std::string_view>& words) const {
    const std::string value = text(table, key, "[require]");
    if (std::find(words.begin(), words.end(), value) == words.end()) {
      fail(table.get(key)->source(), "expected one of " + joined(words) + " for \"" + std::string(key) + "\", came \"" +
                                         value + "\"" + suggestion(value, words));
    }
    return value;
  }

  std::string text(const toml::table& table, std::string_view key, const std::string& what) const {
    const toml::node* node = table.get(key);
    if (node == nullptr)
      fail(table.source(), "expected the key \"" + std::string(key) + "\" in " + what + ", came none");
    const toml::value<std::string>* value = node->as_string();
    const std::string expected = "expected a text that is not empty for \"" + std::string(key) + "\", came ";
    if (value == nullptr) fail(node->source(), expected + "a value of type " + type_name(*node));
    if (value->get().find_first_not_of(" \t\r\n") == std::string::npos) fail(node->source(), expected + "an empty one");
    return value->get();
  }

  void waivers(const toml::table& root) {
    const toml::node* node = root.get("waiver");
    if (node == nullptr) return;
    const toml::array* array = node->as_array();
    if (array == nullptr) fail(node->source(), "expected tables [[waiver]], came a value of type " + type_name(*node));
    std::set<std::pair<std::string, std::string>> seen;
    for (const toml::node& item : *array) {
      const toml::table* table = item.as_table();
      if (table == nullptr) fail(item.source(), "expected tables [[waiver]], came a value of type " + type_name(item));
      Waiver waiver = read_waiver(*table);
      if (!seen.emplace(waiver.clause, waiver.backend).second) {
        fail(table->source(),
             "expected one waiver of " + waiver.clause + " for " + waiver.backend + ", came a second one");
      }
      policy_.waivers.push_back(std::move(waiver));
    }
  }

  Waiver read_waiver(const toml::table& table) const {
    const std::string what = "[[waiver]]";
    refuse_unknown(table, {"clause", "backend", "owner", "reason", "issue", "expires"}, what);
    Waiver waiver;
    waiver.line = static_cast<int>(table.source().begin.line);
    waiver.clause = text(table, "clause", what);
    waiver.backend = text(table, "backend", what);
    waiver.owner = text(table, "owner", what);
    waiver.reason = text(table, "reason", what);
    waiver.issue = text(table, "issue", what);
    waiver.expires = date(table, "expires", what);
    check_clause(waiver.clause, table.get("clause")->source());
    return waiver;
  }

  std::chrono::year_month_day date(const toml::table& table, std::string_view key, const std::string& what) const {
    const toml::node* node = table.get(key);
    if (node == nullptr)
      fail(table.source(), "expected the key \"" + std::string(key) + "\" in " + what + ", came none");
    const toml::value<toml::date>* value = node->as_date();
    if (value == nullptr) {
      fail(node->source(), "expected a date without quotes, as in 2027-01-31, for \"" + std::string(key) +
                               "\", came a value of type " + type_name(*node));
    }
    const toml::date& day = value->get();
    return std::chrono::year(day.year) / std::chrono::month(day.month) / std::chrono::day(day.day);
  }

  void check_clause(const std::string& id, const toml::source_region& where) const {
    const auto found =
        std::find_if(clauses_.begin(), clauses_.end(), [&id](const Clause& clause) { return clause.id == id; });
    if (found == clauses_.end()) {
      std::vector<std::string_view> known;
      for (const Clause& clause : clauses_) known.push_back(clause.id);
      fail(where, "expected a clause of the specification, came \"" + id + "\"" + suggestion(id, known));
    }
    if (found->level == Level::retired) fail(where, "expected a clause in force, came the retired " + id);
  }

  const std::string& name_;
  std::span<const Clause> clauses_;
  Policy policy_;
};

}  // namespace

Policy parse_policy(std::string_view toml, const std::string& name_for_errors, std::span<const Clause> clauses) {
  return PolicyReader(name_for_errors, clauses).read(toml);
}

Policy read_policy(const std::filesystem::path& path, std::span<const Clause> clauses) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  if (in) text << in.rdbuf();
  if (!in) throw PolicyError(path.string() + ": expected a policy, came a file that cannot be read");
  return parse_policy(text.str(), path.string(), clauses);
}

}  // namespace concert::gate
