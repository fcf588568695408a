// SPDX-License-Identifier: Apache-2.0
#include "concert/runner/selftest.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "fake.hpp"

namespace concert::runner {
namespace {

using Lines = std::vector<std::string>;

SelftestReport run_with(const std::string& mutants, SelftestOptions options = {}) {
  const WithVariable names("FAKE_MUTANTS", mutants);
  return run_selftest(fake_certifier, options);
}

// The runs of the suite on one mutant: what is left to complain about.
Lines mismatches_of(const std::string& mutant, bool is_matrix = false) {
  SelftestOptions options;
  options.is_matrix = is_matrix;
  const SelftestReport report = run_with(mutant, options);
  EXPECT_EQ(report.mutants.size(), 1U);
  EXPECT_EQ(report.mutants[0].is_killed, report.mutants[0].mismatches.empty());
  return report.mutants[0].mismatches;
}

TEST(Selftest, AMutantThatFailsAsDeclaredIsKilled) {
  for (const char* mutant : {"honest", "both", "crasher"}) {
    EXPECT_EQ(mismatches_of(mutant), Lines{}) << mutant;
    EXPECT_EQ(mismatches_of(mutant, true), Lines{}) << mutant;
  }
}

TEST(Selftest, AHangCanBeDeclared) {
  const WithVariable tests("FAKE_TESTS", "Yield001Passes");
  SelftestOptions options;
  options.time_scale = 0.02;
  EXPECT_EQ(run_with("hanger", options).mutants[0].mismatches, Lines{});
}

TEST(Selftest, ASurvivorIsNamed) {
  EXPECT_EQ(mismatches_of("survivor"), Lines{"Yield001 is declared to fail with 'order', and does not"});
}

TEST(Selftest, TheWrongReasonIsNoKill) {
  EXPECT_EQ(mismatches_of("liar"), (Lines{"Yield001 is declared to fail with 'order', and does not",
                                          "Yield001 fails with 'other', which is not declared"}));
}

TEST(Selftest, InconclusiveIsNoKill) {
  EXPECT_EQ(mismatches_of("undecided"),
            (Lines{"Yield001Passes was inconclusive instead of failed: the second one came first",
                   "Yield001 is declared to fail with 'order', and does not"}));
}

TEST(Selftest, OnlyTheMatrixSeesAnUndeclaredFailure) {
  EXPECT_EQ(mismatches_of("greedy"), Lines{});
  EXPECT_EQ(mismatches_of("greedy", true), Lines{"Yield002 fails with 'order', which is not declared"});
  SelftestOptions options;
  options.is_matrix = true;
  EXPECT_EQ(as_declaration(run_with("greedy", options).mutants[0].seen),
            R"({"Yield001", "order"}, {"Yield002", "order"})");
}

TEST(Selftest, ADeclaredClauseWithoutATestIsAMismatch) {
  const WithVariable tests("FAKE_TESTS", "Yield002Passes");
  EXPECT_EQ(mismatches_of("honest"), Lines{"Yield001 is declared, but no test of it can run"});
}

TEST(Selftest, AMustThatNoMutantBreaksIsListed) {
  EXPECT_EQ(run_with("honest").clauses_without_mutant, Lines{"Yield002"});
  EXPECT_EQ(run_with("honest,both").clauses_without_mutant, Lines{});
  EXPECT_EQ(run_with("liar").clauses_without_mutant, (Lines{"Yield001", "Yield002"}));
  EXPECT_EQ(run_with("null").clauses_without_mutant, (Lines{"Yield001", "Yield002"}))
      << "a null backend proves no single clause";
}

TEST(Selftest, AMayNeedsNoMutant) {
  const WithVariable tests("FAKE_TESTS", "Yield001Passes,Yield003Passes");
  EXPECT_EQ(run_with("honest").clauses_without_mutant, Lines{});
}

TEST(Selftest, TheMatrixRunsEveryCorrectVariant) {
  const WithVariable variants("FAKE_VARIANTS", "default,broken");
  SelftestOptions options;
  options.is_matrix = true;
  const SelftestReport report = run_with("both", options);
  EXPECT_EQ(report.variants, (Lines{"default", "broken"}));
  EXPECT_EQ(report.variant_mismatches,
            Lines{"Yield002Passes on the correct variant 'broken': failed: the second one came first"});
  EXPECT_FALSE(is_clean(report));
}

TEST(Selftest, NoMustMayPassOnANullBackend) {
  EXPECT_EQ(mismatches_of("null", true), Lines{});
  EXPECT_EQ(mismatches_of("null_but_one", true), Lines{"Yield002, a MUST, passes on a null backend"});
}

TEST(Selftest, AHarnessErrorIsNoKill) {
  const WithVariable tests("FAKE_TESTS", "Yield001ExitsThree");
  const SelftestReport report = run_with("survivor");
  // On the mutant, and on the correct variant.
  EXPECT_EQ(report.harness_errors.size(), 2U);
  EXPECT_FALSE(is_clean(report));
}

TEST(Selftest, AFilterSelectsMutants) {
  SelftestOptions options;
  options.filter = "ho*";
  const SelftestReport report = run_with("honest,liar", options);
  ASSERT_EQ(report.mutants.size(), 1U);
  EXPECT_TRUE(report.is_partial);
  EXPECT_TRUE(is_clean(report));
  options.filter = "nobody";
  EXPECT_EQ(message_of<SelectionError>([&] { run_with("honest,liar", options); }),
            "'nobody' names no mutant; known: honest, liar");
}

TEST(Selftest, TheSummaryCountsEverything) {
  EXPECT_EQ(selftest_summary(run_with("honest,liar,survivor")),
            "selftest: 3 mutants, 1 killed, 2 survived, 1 clauses without a mutant");
}

}  // namespace
}  // namespace concert::runner
