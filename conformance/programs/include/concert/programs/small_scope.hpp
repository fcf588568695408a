// SPDX-License-Identifier: Apache-2.0
// Every small program of a family under every schedule of the model: what is not found here is not there, up to the
// bound.
//
// A small program has few actors: all in one role, or each in the role that comes after that of the one before. Its
// owner takes his roles in turn. It has few words: wakes, cancels, yields, sleeps, in every order, but of texts that
// come to the same only one.
//
// Its schedules are all choices of the model between the moment when the cast stands and the last word of the
// controller. How they take their places, and how those who still wait are sent home in the end, is first come, first
// served: nothing of the primitive is decided there.
//
// Families whose actors are threads are left out: the model does not choose when a thread runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "concert/model/model_backend.hpp"
#include "concert/programs/family.hpp"
#include "concert/programs/monitor.hpp"

namespace concert::programs {

/// Which programs are small, and how much may be spent on them.
struct SmallScope {
  /// With the owner, where the family has one.
  int most_actors = 3;
  /// Each a wake, a cancel, a yield or a sleep.
  int most_words = 4;
  std::int64_t most_schedules_of_a_program = 1'000'000;
  double most_seconds = std::numeric_limits<double>::infinity();
  /// Of `shards` parts, the one with this index: each program is in one of them.
  std::int64_t shard = 0;
  std::int64_t shards = 1;
};

/// How far a search has come.
struct SmallScopeReport {
  std::int64_t programs = 0;
  std::int64_t schedules = 0;
  /// Every program of the part ran under each of its schedules.
  bool complete = false;
  /// What came first otherwise; empty if complete.
  std::string bound;

  /// A run that breaks a rule ends the search.
  struct Failure {
    Script script;
    Program program;
    Violation violation;
    /// What the model was told to choose, one after the other.
    std::vector<std::size_t> choices;
    std::vector<Record> trace;
  };
  std::optional<Failure> failure;
};

/// The families that can be searched.
std::vector<FamilyInfo> small_scope_families();

/// Runs them one after the other; `on_progress` is called about once a second. Throws
/// std::invalid_argument for a family that cannot be searched.
SmallScopeReport search_small_scope(Family family, const SmallScope& scope = {}, const model::ModelOptions& model = {},
                                    const std::function<void(const SmallScopeReport&)>& on_progress = {});

/// Calls `visit` for each script within the scope and its part, shortest first, until it returns false. Returns whether
/// it never did.
bool for_each_script(Family family, const SmallScope& scope, const std::function<bool(const Script&)>& visit);

}  // namespace concert::programs
