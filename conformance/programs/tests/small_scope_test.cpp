// SPDX-License-Identifier: Apache-2.0
// Does the exhaustive search see each small program once, under each schedule, and the faults among them?
#include "concert/programs/small_scope.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>
#include <string>

#include "concert/programs/family.hpp"

namespace concert::programs {
namespace {

SmallScope scope_of(int actors, int words) {
  SmallScope scope;
  scope.most_actors = actors;
  scope.most_words = words;
  return scope;
}

std::multiset<std::string> programs_in(Family family, const SmallScope& scope) {
  std::multiset<std::string> programs;
  for_each_script(family, scope, [&](const Script& script) {
    programs.insert(to_text(program_of(family, script)));
    return true;
  });
  return programs;
}

TEST(SmallScope, HoldsAsManyScriptsAsThereAre) {
  // One actor in one of three roles; nothing, a wake, a cancel; of two words the first may be a yield or a sleep too.
  EXPECT_EQ(programs_in(Family::event, scope_of(1, 0)).size(), 3U);
  EXPECT_EQ(programs_in(Family::event, scope_of(1, 1)).size(), 3U * (1 + 2));
  EXPECT_EQ(programs_in(Family::event, scope_of(1, 2)).size(), 3U * (1 + 2 + 4 * 2));
  // A lock is released behind the last word at the latest: a wake is one word too many, a yield before it is not.
  EXPECT_EQ(programs_in(Family::lock, scope_of(1, 1)).size(), 3U * (1 + 3));
  // Two actors: three casts of one role, three of two; a cancel more. Two cancels out of order are left out.
  EXPECT_EQ(programs_in(Family::event, scope_of(2, 2)).size(), 33U + 6U * (1 + 3 + 5 * 3 - 1));
}

TEST(SmallScope, HoldsNoProgramTwice) {
  for (const FamilyInfo& family : small_scope_families()) {
    const auto programs = programs_in(family.family, scope_of(3, 2));
    EXPECT_EQ(std::set(programs.begin(), programs.end()).size(), programs.size()) << family.name;
  }
}

TEST(SmallScope, IsCutIntoShards) {
  std::multiset<std::string> together;
  for (std::int64_t shard = 0; shard < 3; ++shard) {
    SmallScope scope = scope_of(2, 2);
    scope.shard = shard;
    scope.shards = 3;
    const auto part = programs_in(Family::lock, scope);
    EXPECT_GT(part.size(), 30U);
    together.insert(part.begin(), part.end());
  }
  EXPECT_EQ(together, programs_in(Family::lock, scope_of(2, 2)));
}

class AFamilyInSmallScope : public ::testing::TestWithParam<FamilyInfo> {};

TEST_P(AFamilyInSmallScope, BreaksNoRuleUnderAnySchedule) {
  const SmallScope scope = scope_of(2, 1);
  const SmallScopeReport report = search_small_scope(GetParam().family, scope);
  EXPECT_TRUE(report.complete) << report.bound;
  EXPECT_FALSE(report.failure.has_value());
  EXPECT_EQ(report.bound, "");
  EXPECT_EQ(report.programs, static_cast<std::int64_t>(programs_in(GetParam().family, scope).size()));
  EXPECT_GE(report.schedules, report.programs);
}

INSTANTIATE_TEST_SUITE_P(Each, AFamilyInSmallScope, ::testing::ValuesIn(small_scope_families()),
                         [](const auto& family) { return std::string(family.param.name); });

TEST(SmallScope, RunsAProgramUnderAllItsSchedules) {
  // Two waiters of a plain lock that is released: either of them gets it first.
  const SmallScopeReport report = search_small_scope(Family::lock, scope_of(2, 0));
  EXPECT_GT(report.schedules, report.programs);
}

TEST(SmallScope, LeavesOutWhatHasThreads) {
  EXPECT_EQ(small_scope_families().size() + 1, all_families().size());
  EXPECT_THROW(search_small_scope(Family::portal, scope_of(1, 1)), std::invalid_argument);
}

TEST(SmallScope, IsNotCompleteWhenABoundComesFirst) {
  SmallScope few = scope_of(2, 2);
  few.most_schedules_of_a_program = 1;
  EXPECT_FALSE(search_small_scope(Family::lock, few).complete);
  EXPECT_EQ(search_small_scope(Family::lock, few).bound, "1 schedules of one program");
  SmallScope brief = scope_of(2, 2);
  brief.most_seconds = 0;
  EXPECT_FALSE(search_small_scope(Family::lock, brief).complete);
}

// Broken backends leak, and use what is gone: which is their fault, and no finding of a sanitizer.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

struct Fault {
  Family family;
  std::string_view mutant;
  std::string_view rule;
};

const std::vector<Fault> faults = {
    {Family::lock, "cancelled_waiter_keeps_the_lock", "LCK-3"},
    {Family::fair_lock, "fair_lock_is_plain", "LCK-2"},
    {Family::event, "cancelled_waiter_sets_the_event", "EVT-2"},
    {Family::condition, "cancelled_waiter_eats_the_notification", "CND-2"},
    {Family::scope_shield, "shield_discards_requests", "CAN-2"},
    {Family::deadline, "reschedule_only_shortens", "DL-5"},
    {Family::task_join, "join_or_cancel_forgets_the_task", "TSK-8"},
    {Family::group, "failures_while_unwinding_are_lost", "GRP-3"},
    {Family::gather, "gather_abandons_unwinding_awaitables", "GAT-3"},
};

class AFaultInSmallScope : public ::testing::TestWithParam<Fault> {};

TEST_P(AFaultInSmallScope, IsFoundAmongTwoActorsAndThreeWords) {
  model::ModelOptions model;
  model.mutant = GetParam().mutant;
  // Two actors beside the owner.
  const SmallScope scope = scope_of(info(GetParam().family).owners > 0 ? 3 : 2, 3);
  const SmallScopeReport report = search_small_scope(GetParam().family, scope, model);
  EXPECT_FALSE(report.complete);
  ASSERT_TRUE(report.failure.has_value());
  EXPECT_EQ(report.failure->violation.rule, GetParam().rule) << report.failure->violation.message;
  EXPECT_EQ(report.failure->program, program_of(GetParam().family, report.failure->script));
  EXPECT_FALSE(report.failure->trace.empty());
  EXPECT_EQ(report.bound, "a run broke a rule");
}

INSTANTIATE_TEST_SUITE_P(Families, AFaultInSmallScope, ::testing::ValuesIn(faults), [](const auto& fault) {
  return std::string(to_string(fault.param.family)) + "_" + std::string(fault.param.mutant);
});

#endif

}  // namespace
}  // namespace concert::programs
