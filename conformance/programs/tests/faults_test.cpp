// SPDX-License-Identifier: Apache-2.0
// Does the trial of the rules tell a fault that is seen from one that is not?
#include "concert/programs/faults.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "concert/mutants/mutants.hpp"
#include "model_subjects.hpp"

namespace concert::programs {
namespace {

TEST(Faults, AddUpToTotals) {
  const FaultTrial quick{{"quick", "CAN-1", "lock"}, 10, 3, 2};
  const FaultTrial slow{{"slow", "CAN-1", "lock"}, 900, 5, 40};
  const FaultTrial rare{{"rare", "CAN-2", "condition"}, 50, 4, 50};
  const FaultTrial missed{{"missed", "CAN-2", "event"}, {}, 0, 7};
  const FaultTrial missed_by_family{{"half", "CAN-2", "event"}, 20, 1, {}};
  EXPECT_TRUE(quick.killed());
  EXPECT_TRUE(rare.killed());
  EXPECT_FALSE(missed.killed());
  EXPECT_FALSE(missed_by_family.killed());
  const FaultTotals sum = totals({quick, slow, rare, missed});
  EXPECT_EQ(sum.tried, 4U);
  EXPECT_EQ(sum.killed, 3U);
  EXPECT_EQ(sum.median_programs, 50);
  EXPECT_EQ(sum.worst_programs, 900);
  EXPECT_EQ(sum.median_statements, 4);
  EXPECT_EQ(sum.median_cases, 40);
  EXPECT_EQ(sum.worst_cases, 50);
  EXPECT_EQ(to_text(quick), "quick: CAN-1 after 10 programs, 3 statements; lock: median of 2 cases");
  EXPECT_EQ(to_text(missed), "missed: SURVIVED CAN-2; event: median of 7 cases");
  EXPECT_EQ(to_text(missed_by_family), "half: CAN-2 after 20 programs, 1 statements; event: SURVIVED");
  EXPECT_NE(to_text(sum).find("faults: 3 of 4 killed"), std::string::npos);
  EXPECT_THROW(totals({}), std::invalid_argument);
}

// Broken backends leak, and use what is gone: which is their fault, and no finding of a sanitizer.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

TEST(Faults, AreSeenByTheirRuleOnly) {
  const FaultTrial seen = try_fault(mutant("newcomers_barge"), {"newcomers_barge", "LCK-5", "lock"});
  EXPECT_TRUE(seen.killed()) << to_text(seen);
  EXPECT_LE(seen.cases.value_or(51), 50);
  EXPECT_GT(seen.statements, 0);
  FaultLimits few;
  few.most_programs = 200;
  const FaultTrial by_another = try_fault(mutant("newcomers_barge"), {"newcomers_barge", "EVT-1", "event"}, few);
  EXPECT_FALSE(by_another.programs.has_value()) << to_text(by_another);
  EXPECT_FALSE(by_another.cases.has_value());
}

#endif

TEST(Faults, AreNotSeenInASoundBackend) {
  FaultLimits few;
  few.most_programs = 200;
  EXPECT_FALSE(try_fault(conformance::model_adapter(), {"none", "CAN-1", "lock"}, few).killed());
}

}  // namespace
}  // namespace concert::programs
