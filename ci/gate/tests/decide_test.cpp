// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>

#include "concert/gate/gate.hpp"

namespace concert::gate {
namespace {

using namespace std::chrono_literals;
using results::ResultFile;
using results::Verdict;

constexpr std::array<Clause, 5> clauses{{
    {"Scope001", "scope", Level::must, "A.", "", "", "", "", "", 1},
    {"Scope002", "scope", Level::must, "B.", "", "", "", "", "", 2},
    {"Scope003", "scope", Level::retired, "C.", "", "", "", "", "", 3},
    {"Scope004", "scope", Level::should, "D.", "", "", "", "", "", 4},
    {"Scope005", "scope", Level::may, "E.", "", "", "", "", "", 5},
}};

constexpr std::chrono::year_month_day some_day = 2026y / 11 / 21;

/// A file whose clauses passed, but for those that are named.
ResultFile file_with(const std::map<std::string, Verdict>& others, const std::string& backend = "uv") {
  ResultFile file;
  file.header.backend = backend;
  file.header.spec_version = spec_version;
  for (const Clause& clause : clauses) {
    if (clause.level == Level::retired) continue;
    results::ClauseRecord record;
    record.clause = clause.id;
    record.level = to_string(clause.level);
    record.area = clause.area;
    record.sentence = clause.sentence;
    const auto other = others.find(record.clause);
    record.verdict = other == others.end() ? Verdict::passed : other->second;
    record.reason = record.verdict == Verdict::passed ? "" : "because";
    file.clauses.push_back(record);
  }
  file.footer = summarize(file.tests, file.clauses, 0);
  return file;
}

Policy policy() {
  Policy made;
  made.name = "p.toml";
  return made;
}

Waiver waiver(const std::string& clause, std::chrono::year_month_day expires, const std::string& backend = "uv") {
  return {clause, backend, "ann", "waits", "#12", expires, 7};
}

Decision decide_on(const Policy& by, const std::vector<ResultFile>& files) {
  return decide(by, files, some_day, clauses);
}

bool says(const std::vector<std::string>& lines, const std::string& text) {
  for (const std::string& line : lines) {
    if (line.find(text) != std::string::npos) return true;
  }
  return false;
}

/// The reasons, one per line, to be compared as a whole.
std::string reasons(const Decision& decision) {
  std::string text;
  for (const std::string& reason : decision.reasons) text += reason + "\n";
  return text;
}

TEST(DecideTest, PassesWhatThePolicyDemands) {
  const Decision decision = decide_on(policy(), {file_with({}), file_with({}, "asio")});
  EXPECT_EQ(decision.outcome, Outcome::passed);
  EXPECT_EQ(reasons(decision), "");
}

TEST(DecideTest, NoFileDoesNotPass) { EXPECT_EQ(decide_on(policy(), {}).outcome, Outcome::failed); }

TEST(DecideTest, EveryMustVerdictHasItsOutcome) {
  const std::map<Verdict, Outcome> expected{
      {Verdict::passed, Outcome::passed},      {Verdict::failed, Outcome::failed},
      {Verdict::crashed, Outcome::failed},     {Verdict::hung, Outcome::failed},
      {Verdict::unsupported, Outcome::passed}, {Verdict::excluded, Outcome::passed},
      {Verdict::untested, Outcome::failed},    {Verdict::inconclusive, Outcome::inconclusive},
      {Verdict::waived, Outcome::failed}};
  for (const Verdict verdict : results::all_verdicts) {
    EXPECT_EQ(decide_on(policy(), {file_with({{"Scope001", verdict}})}).outcome, expected.at(verdict))
        << to_string(verdict);
  }
}

TEST(DecideTest, OneBadFileFailsAllAndIsNamed) {
  const Decision decision = decide_on(policy(), {file_with({}, "asio"), file_with({{"Scope002", Verdict::hung}})});
  EXPECT_EQ(decision.outcome, Outcome::failed);
  EXPECT_EQ(reasons(decision),
            "uv: the verdict is \"not certified\", the policy demands \"certified\"\n"
            "uv: Scope002 (MUST) hung: because\n");
}

TEST(DecideTest, AFailureBesideAnInconclusiveOneIsAFailure) {
  EXPECT_EQ(decide_on(policy(),
                      {file_with({{"Scope001", Verdict::inconclusive}}), file_with({{"Scope001", Verdict::failed}})})
                .outcome,
            Outcome::failed);
}

TEST(DecideTest, ThePolicyMayAcceptInconclusiveOnesUpToALimit) {
  Policy lenient = policy();
  lenient.verdict = "inconclusive";
  EXPECT_EQ(decide_on(lenient, {file_with({})}).outcome, Outcome::passed);
  EXPECT_EQ(decide_on(lenient, {file_with({{"Scope001", Verdict::inconclusive}})}).outcome, Outcome::passed);
  EXPECT_EQ(decide_on(lenient, {file_with({{"Scope001", Verdict::failed}})}).outcome, Outcome::failed);
  lenient.max_inconclusive = 0;
  EXPECT_EQ(decide_on(lenient, {file_with({{"Scope001", Verdict::inconclusive}})}).outcome, Outcome::inconclusive);
}

TEST(DecideTest, LimitsCountEveryLevelAndNameTheClauses) {
  const auto limited = [](std::optional<std::int64_t> Policy::*limit, std::int64_t value) {
    Policy made = policy();
    made.*limit = value;
    return made;
  };
  const ResultFile unsupported = file_with({{"Scope001", Verdict::unsupported}, {"Scope005", Verdict::unsupported}});
  EXPECT_EQ(decide_on(limited(&Policy::max_unsupported, 2), {unsupported}).outcome, Outcome::passed);
  EXPECT_EQ(reasons(decide_on(limited(&Policy::max_unsupported, 1), {unsupported})),
            "uv: 2 unsupported clauses, the policy allows 1: Scope001, Scope005\n");
  const ResultFile excluded = file_with({{"Scope002", Verdict::excluded}});
  EXPECT_EQ(decide_on(limited(&Policy::max_excluded, 1), {excluded}).outcome, Outcome::passed);
  EXPECT_EQ(reasons(decide_on(limited(&Policy::max_excluded, 0), {excluded})),
            "uv: 1 excluded clause, the policy allows 0: Scope002\n");
  const ResultFile inconclusive = file_with({{"Scope005", Verdict::inconclusive}});
  EXPECT_EQ(decide_on(policy(), {inconclusive}).outcome, Outcome::passed);
  EXPECT_EQ(decide_on(limited(&Policy::max_inconclusive, 0), {inconclusive}).outcome, Outcome::inconclusive);
}

TEST(DecideTest, EnoughMustClausesHavePassed) {
  Policy made = policy();
  made.min_must_passed = 2;
  EXPECT_EQ(decide_on(made, {file_with({})}).outcome, Outcome::passed);
  EXPECT_EQ(reasons(decide_on(made, {file_with({{"Scope001", Verdict::excluded}})})),
            "uv: 1 MUST clauses passed, the policy demands 2\n");
}

TEST(DecideTest, ShouldAndMayFailOnlyIfDemanded) {
  for (const auto& [clause, member] : {std::pair{"Scope004", &Policy::should}, std::pair{"Scope005", &Policy::may}}) {
    for (const Verdict verdict : {Verdict::failed, Verdict::crashed, Verdict::hung, Verdict::untested}) {
      Policy made = policy();
      EXPECT_EQ(decide_on(made, {file_with({{clause, verdict}})}).outcome, Outcome::passed) << clause;
      made.*member = Demand::pass;
      const Decision decision = decide_on(made, {file_with({{clause, verdict}})});
      EXPECT_EQ(decision.outcome, Outcome::failed) << clause;
      EXPECT_EQ(decision.reasons.size(), 1U);
      EXPECT_EQ(decide_on(made, {file_with({{clause, Verdict::excluded}})}).outcome, Outcome::passed) << clause;
      EXPECT_EQ(decide_on(made, {file_with({{clause, Verdict::inconclusive}})}).outcome, Outcome::inconclusive)
          << clause;
    }
  }
}

TEST(DecideTest, AWaiverCoversItsClauseForItsBackendOnly) {
  Policy made = policy();
  made.waivers = {waiver("Scope001", 2026y / 12 / 1)};
  for (const Verdict verdict : {Verdict::failed, Verdict::crashed, Verdict::hung, Verdict::inconclusive}) {
    const Decision decision = decide_on(made, {file_with({{"Scope001", verdict}})});
    EXPECT_EQ(reasons(decision), "");
    ASSERT_EQ(decision.notes.size(), 1U);
    EXPECT_EQ(decision.notes[0], "p.toml:7: the waiver of Scope001 for uv (ann, #12) is in use, days left: 10; waits");
  }
  EXPECT_EQ(decide_on(made, {file_with({{"Scope001", Verdict::failed}, {"Scope002", Verdict::failed}})}).outcome,
            Outcome::failed);
  EXPECT_EQ(decide_on(made, {file_with({{"Scope001", Verdict::failed}}, "asio")}).outcome, Outcome::failed);
}

TEST(DecideTest, AWaiverHoldsToTheEndOfItsDay) {
  Policy made = policy();
  made.waivers = {waiver("Scope001", some_day)};
  EXPECT_EQ(decide_on(made, {file_with({{"Scope001", Verdict::failed}})}).outcome, Outcome::passed);
  made.waivers = {waiver("Scope001", 2026y / 11 / 20)};
  const Decision decision = decide_on(made, {file_with({{"Scope001", Verdict::failed}})});
  EXPECT_EQ(decision.outcome, Outcome::failed);
  EXPECT_TRUE(says(decision.reasons, "p.toml:7: the waiver of Scope001 for uv (ann, #12) expired on 2026-11-20"))
      << reasons(decision);
  EXPECT_TRUE(says(decision.reasons, "uv: Scope001 (MUST) failed: because")) << "what it covered is bare again";
}

TEST(DecideTest, AnExpiredWaiverFailsEvenIfNothingNeedsIt) {
  Policy made = policy();
  made.waivers = {waiver("Scope001", 2026y / 11 / 20, "other")};
  EXPECT_EQ(decide_on(made, {file_with({})}).outcome, Outcome::failed);
}

TEST(DecideTest, AStaleWaiverFails) {
  Policy made = policy();
  made.waivers = {waiver("Scope001", 2026y / 12 / 1)};
  for (const Verdict verdict : {Verdict::passed, Verdict::excluded, Verdict::unsupported, Verdict::untested}) {
    const Decision decision = decide_on(made, {file_with({{"Scope001", verdict}})});
    EXPECT_EQ(decision.outcome, Outcome::failed) << to_string(verdict);
    EXPECT_TRUE(says(decision.reasons, "p.toml:7: the waiver of Scope001 for uv (ann, #12) is stale: the clause is " +
                                           std::string(to_string(verdict))))
        << reasons(decision);
  }
}

TEST(DecideTest, AWaiverOfABackendWithoutFileIsOnlyNoted) {
  Policy made = policy();
  made.waivers = {waiver("Scope001", 2026y / 12 / 1, "epoll")};
  const Decision decision = decide_on(made, {file_with({})});
  EXPECT_EQ(decision.outcome, Outcome::passed);
  EXPECT_TRUE(says(decision.notes, "no result file of this backend"));
}

TEST(DecideTest, AFileCannotWaiveByItself) {
  const Decision decision = decide_on(policy(), {file_with({{"Scope001", Verdict::waived}})});
  EXPECT_EQ(reasons(decision), "uv: Scope001 is waived in the file, but not by p.toml\n");
}

TEST(DecideTest, AFileThatLeavesOutOrLowersAClauseDoesNotPass) {
  ResultFile file = file_with({});
  file.clauses.erase(file.clauses.begin());
  EXPECT_EQ(reasons(decide_on(policy(), {file})), "uv: the file leaves out 1 clause of the specification: Scope001\n");
  file = file_with({{"Scope001", Verdict::failed}});
  file.clauses[0].level = "MAY";
  EXPECT_EQ(reasons(decide_on(policy(), {file})),
            "uv: Scope001 is a MUST of the specification, but a MAY in the file\n");
  file = file_with({});
  file.header.spec_version = "0.9";
  EXPECT_EQ(reasons(decide_on(policy(), {file})),
            "uv: the file speaks of specification 0.9, this kit of 1.0; certify again\n");
}

TEST(TodayTest, IsADate) {
  EXPECT_TRUE(today().ok());
  EXPECT_GE(today(), 2026y / 1 / 1);
}

}  // namespace
}  // namespace concert::gate
