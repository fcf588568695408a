// SPDX-License-Identifier: Apache-2.0
#include "concert/clause.hpp"

#include <algorithm>

namespace concert {

const Clause* find_clause(std::string_view id) noexcept {
  const std::span<const Clause> clauses = all_clauses();
  const auto found = std::ranges::find(clauses, id, &Clause::id);
  return found == clauses.end() ? nullptr : &*found;
}

}  // namespace concert
