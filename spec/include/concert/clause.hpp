// SPDX-License-Identifier: Apache-2.0
// What a clause is. The clauses themselves are in concert/clauses.hpp, generated from spec/clauses/*.md.
#pragma once

#include <span>
#include <string_view>

namespace concert {

/// The version of the clauses that this kit certifies.
inline constexpr std::string_view spec_version = "1.0";

/// How binding a clause is. A retired one binds nobody; it stays listed, so that its number is never used again.
enum class Level { must, should, may, retired };

/// The word of the pages and of the result file: "MUST", "SHOULD", "MAY", "RETIRED".
constexpr std::string_view to_string(Level level) noexcept {
  switch (level) {
    case Level::must: return "MUST";
    case Level::should: return "SHOULD";
    case Level::may: return "MAY";
    case Level::retired: return "RETIRED";
  }
  return "";
}

/// One numbered guarantee, as its page states it. Texts of a field that the page does not have are empty.
struct Clause {
  std::string_view id;    ///< "Scope029"
  std::string_view area;  ///< the name of its page, "scope"
  Level level;
  std::string_view sentence;   ///< the guarantee; of a retired clause, why it is retired
  std::string_view why;        ///< the harm if it is broken
  std::string_view seen_by;    ///< what a test observes
  std::string_view source;     ///< where the rule comes from
  std::string_view trait;      ///< "name = value | value", if backends may settle it differently
  std::string_view exclusion;  ///< why no test can check it, "by construction: reason"
  int line;                    ///< of its heading in spec/clauses/<area>.md
};

/// Every clause, retired ones too, page by page in the order of the areas.
std::span<const Clause> all_clauses() noexcept;

/// The clause with this ID, or null.
const Clause* find_clause(std::string_view id) noexcept;

}  // namespace concert
