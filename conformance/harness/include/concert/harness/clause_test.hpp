// SPDX-License-Identifier: Apache-2.0
// A clause test as data: bodies are plain functions, compiled once for every backend (decision 0006).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "concert/clauses.hpp"
#include "concert/harness/trial.hpp"

namespace concert::conformance {

/// `logical` tests run on virtual time; `physical` ones need real time or threads, and may be inconclusive on a busy
/// machine.
enum class Tier { logical, physical };

struct ClauseTest {
  /// A clause constant; a copy, so that an unknown clause does not compile.
  const Clause& clause;
  /// The behaviour as a sentence in one word: OuterCancelReachesEveryDepth.
  std::string_view behaviour;
  void (*body)(Trial&);
  Tier tier = Tier::logical;
  /// Names of features without which the clause does not apply.
  std::vector<std::string> requires_features{};

  /// Scope029OuterCancelReachesEveryDepth
  std::string name() const { return std::string(clause.id) + std::string(behaviour); }
};

using ClauseTests = std::vector<ClauseTest>;

}  // namespace concert::conformance
