// SPDX-License-Identifier: Apache-2.0
// The selftest's trial of the rules, with a fake (fake_programs.cpp) that ends as it is told.
#include "rules_trial.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace concert::command {
namespace {

struct Outcome {
  ExitCode code;
  std::string out;
};

Outcome trial_of(const char* behaviour, int jobs) {
  ::setenv("FAKE_PROGRAMS", behaviour, 1);
  testing::internal::CaptureStdout();
  const ExitCode code = try_rules(CONCERT_FAKE_PROGRAMS, jobs);
  return {code, testing::internal::GetCapturedStdout()};
}

TEST(TheTrialOfTheRules, PrintsTheTableOfEachShardInOrder) {
  const Outcome outcome = trial_of("passes", 3);
  EXPECT_EQ(outcome.code, ExitCode::conformant);
  EXPECT_EQ(outcome.out, "faults of shard 0/3\nfaults of shard 1/3\nfaults of shard 2/3\n");
}

TEST(TheTrialOfTheRules, FailsIfOneShardDoes) {
  EXPECT_EQ(trial_of("fails:1", 2).code, ExitCode::not_conformant);
  EXPECT_EQ(trial_of("fails:0", 2).code, ExitCode::not_conformant);
}

TEST(TheTrialOfTheRules, IsNoVerdictIfAShardIsLost) {
  EXPECT_EQ(trial_of("crashes:1", 2).code, ExitCode::harness_error);
  EXPECT_EQ(trial_of("exit2:0", 2).code, ExitCode::harness_error);
  // What is missing is more than a failure.
  EXPECT_EQ(trial_of("exit3", 1).code, ExitCode::harness_error);
}

}  // namespace
}  // namespace concert::command
