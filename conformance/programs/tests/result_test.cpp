// SPDX-License-Identifier: Apache-2.0
#include "concert/programs/result.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>

namespace concert::programs {
namespace {

/// A result that passes, with everything in it.
ResultFile whole() {
  ResultFile result;
  result.backend = "model";
  result.backend_version = "0.1";
  result.traits = {{"set_event_wait", "immediate"}};
  result.generator = 1;
  result.seed = 18446744073709551615U;
  result.programs = {10'000, 5'000, 5'000, 9'900, 100, 0, 1.5};
  result.rules = {{"CAN-1", 7}, {"DET-1", 100}};
  result.labels["lock contended"] = {1'000, 10'000, 0.05};
  result.labels["seldom"] = {0, 10'000, 0};
  result.species = {300, 10, 5};
  result.explored = Explored{10, 9, 8, 9, 400, 30, 0.1};
  result.corpus = CorpusCounts{3, 15};
  result.families["lock"] = {200, {{"LCK-1", 55}}};
  result.small_scope["lock"] = {81, 900, true, {}};
  return result;
}

Failure a_failure() {
  Failure failure;
  failure.rule = "CAN-1";
  failure.part = "programs";
  failure.case_index = 17;
  failure.message = "expected this, came that";
  failure.program = R"({"format":"concert-program"})";
  failure.text = "#0 yield\n";
  failure.trace = {"0 ms  task 0  task_began"};
  failure.replay = "p1:1:1:17";
  failure.statements = 1;
  failure.statements_as_drawn = 30;
  return failure;
}

TEST(Result, PassesWhenEverythingWasAsked) {
  EXPECT_EQ(decide(whole()), (Decision{Verdict::passed, {}}));
  EXPECT_NE(summary_line(whole()).find("model: passed, 10000 programs (5000 on a perturbed clock, 9900 distinct)"),
            std::string::npos)
      << summary_line(whole());
}

TEST(Result, ComesBackFromItsJson) {
  ResultFile result = whole();
  EXPECT_EQ(result_from_json(to_json(result)), result);
  result.failures = {a_failure()};
  result.sketch = Sketch{{1, 0xffffffffffffffffU}, {{5, 1}, {7, 3}}};
  result.explored.reset();
  result.corpus.reset();
  result.shard = 1;
  result.shards = 4;
  EXPECT_EQ(result_from_json(to_json(result)), result);
}

struct Inconclusive {
  const char* name;
  std::function<void(ResultFile&)> change;
  const char* reason;
};

class AResult : public ::testing::TestWithParam<Inconclusive> {};

TEST_P(AResult, IsInconclusiveBecauseOfWhatWasNotAsked) {
  ResultFile result = whole();
  GetParam().change(result);
  const Decision decision = decide(result);
  EXPECT_EQ(decision.verdict, Verdict::inconclusive);
  ASSERT_EQ(decision.reasons.size(), 1U);
  EXPECT_NE(decision.reasons.front().find(GetParam().reason), std::string::npos) << decision.reasons.front();
}

const std::vector<Inconclusive> inconclusive = {
    {"RuleNeverAsked", [](ResultFile& result) { result.rules["LCK-2"] = 0; }, "rule LCK-2 was never asked"},
    {"NoRules", [](ResultFile& result) { result.rules.clear(); }, "no rule"},
    {"LabelBelow",
     [](ResultFile& result) {
       result.labels["rare"] = {10, 10'000, 0.05};
     },
     "label 'rare' is below"},
    {"LabelUndecided",
     [](ResultFile& result) {
       result.labels["rare"] = {3, 50, 0.05};
     },
     "label 'rare' is undecided"},
    {"StillNew", [](ResultFile& result) { result.species.once = 101; }, "still show something new"},
    {"FamilyWithoutCases", [](ResultFile& result) { result.families["event"] = {}; }, "family event: no cases"},
    {"FamilyRuleNeverAsked",
     [](ResultFile& result) {
       result.families["event"] = {5, {{"EVT-1", 0}}};
     },
     "family event: rule EVT-1 was never asked"},
    {"SmallScopeIncomplete",
     [](ResultFile& result) {
       result.small_scope["event"] = {5, 10, false, "60 s"};
     },
     "small scope event: not complete: 60 s"},
    {"SmallScopeEmpty",
     [](ResultFile& result) {
       result.small_scope["event"] = {0, 0, true, {}};
     },
     "small scope event: no programs"},
    {"NothingCompared", [](ResultFile& result) { result.explored->compared = 0; }, "nothing was compared"},
    {"EmptyCorpus", [](ResultFile& result) { result.corpus->runs = 0; }, "corpus: nothing was run"},
};

INSTANTIATE_TEST_SUITE_P(Result, AResult, ::testing::ValuesIn(inconclusive),
                         [](const auto& each) { return std::string(each.param.name); });

TEST(Result, IsInconclusiveWithoutPrograms) { EXPECT_EQ(decide(ResultFile()).verdict, Verdict::inconclusive); }

TEST(Result, FailsForAFailureWhateverElseIsOpen) {
  ResultFile result = whole();
  result.rules["LCK-2"] = 0;
  result.failures = {a_failure()};
  const Decision decision = decide(result);
  EXPECT_EQ(decision.verdict, Verdict::failed);
  EXPECT_EQ(decision.reasons, std::vector<std::string>{"programs: case 17 breaks CAN-1"});
  result.failures.clear();
  result.programs.rerun_differed = 1;
  EXPECT_EQ(decide(result).verdict, Verdict::failed);
}

struct Broken {
  const char* from;
  const char* to;
  const char* message;
};

TEST(Result, RefusesWhatItWouldNotWrite) {
  const std::vector<Broken> all = {
      {R"("version":1)", R"("version":2)", "expected 'version' to be 1, came 2"},
      {R"("hits":1000)", R"("hits":-1)", "labels[0]: expected 'hits' to be at least 0, came -1"},
      {R"("hits":1000)", R"("hits":1000.5)", "labels[0]: expected 'hits' to be a whole number in range"},
      {R"("plain":5000)", R"("plain":4999)", "programs: expected 'plain' and 'perturbed' to add up to 10000"},
      {R"("verdict":"passed")", R"("verdict":"failed")", "expected 'verdict' to be 'passed', came 'failed'"},
      {R"("seed":"1844)", R"("seed":"x1844)", "seed: expected a whole number of 64 bits"},
      {R"("missing_mass":0.001)", R"("missing_mass":0.0)", "species: expected 'missing_mass' to be 0.001"},
      {R"("shards":1)", R"("shards":1,"extra":1)", "unknown field 'extra'"},
      {R"("shard":0)", R"("shard":1)", "shard: expected less"},
      {R"("name":"seldom")", R"("name":"lock contended")", "labels[1]: expected each name once"},
      {R"("complete":true)", R"("complete":"yes")", "small_scope[0]: expected 'complete' to be true or false"},
      {R"("first":0,)", "", "expected a field 'first', which is missing"},
  };
  for (const Broken& broken : all) {
    std::string text = to_json(whole());
    const std::size_t at = text.find(broken.from);
    ASSERT_NE(at, std::string::npos) << broken.from;
    text.replace(at, std::string(broken.from).size(), broken.to);
    try {
      result_from_json(text);
      ADD_FAILURE() << "accepted: " << broken.to;
    } catch (const std::invalid_argument& error) {
      EXPECT_NE(std::string(error.what()).find(broken.message), std::string::npos) << error.what();
    }
  }
}

/// The result of one of two shards.
ResultFile shard(int index) {
  ResultFile result = whole();
  result.shard = index;
  result.shards = 2;
  result.programs.distinct = 2;
  // One program and one species of each are those of the other, too.
  result.sketch = Sketch{{10, index == 0 ? 11U : 12U}, {{5, 1}, {index == 0 ? 6U : 7U, 1}, {8, 3}}};
  result.species = {3, 2, 0};
  return result;
}

TEST(Merge, AddsUpExactly) {
  const ResultFile merged = merge({shard(1), shard(0)});
  EXPECT_EQ(merged.shards, 1);
  EXPECT_EQ(merged.shard, 0);
  EXPECT_FALSE(merged.sketch.has_value());
  EXPECT_EQ(merged.programs.cases, 20'000);
  EXPECT_EQ(merged.programs.perturbed, 10'000);
  EXPECT_EQ(merged.programs.rerun, 200);
  EXPECT_EQ(merged.programs.distinct, 3);
  EXPECT_EQ(merged.species, (SpeciesCounts{4, 2, 1}));
  EXPECT_EQ(merged.rules.at("CAN-1"), 14);
  EXPECT_EQ(merged.labels.at("lock contended").hits, 2'000);
  EXPECT_EQ(merged.labels.at("lock contended").cases, 20'000);
  EXPECT_EQ(merged.families.at("lock").evaluations.at("LCK-1"), 110);
  EXPECT_EQ(merged.explored->schedules, 800);
  EXPECT_EQ(merged.corpus, (CorpusCounts{6, 30}));
  EXPECT_EQ(merged.small_scope.at("lock").programs, 162);
  EXPECT_EQ(decide(merged).verdict, Verdict::passed);
}

TEST(Merge, KeepsFailuresInTheOrderOfTheirCases) {
  ResultFile late = shard(0);
  late.failures = {a_failure()};
  ResultFile early = shard(1);
  early.failures = {a_failure()};
  early.failures.front().case_index = 3;
  const ResultFile merged = merge({late, early});
  ASSERT_EQ(merged.failures.size(), 2U);
  EXPECT_EQ(merged.failures.front().case_index, 3);
}

TEST(Merge, IsIncompleteIfOneShardIs) {
  ResultFile cut = shard(1);
  cut.small_scope["lock"].complete = false;
  cut.small_scope["lock"].bound = "60 s";
  const ResultFile merged = merge({shard(0), cut});
  EXPECT_FALSE(merged.small_scope.at("lock").complete);
  EXPECT_EQ(merged.small_scope.at("lock").bound, "60 s");
}

TEST(Merge, TakesAWholeRunAsItIs) { EXPECT_EQ(merge({whole()}), whole()); }

TEST(Merge, RefusesWhatIsNotOneRun) {
  const auto refuses = [](const std::function<void(ResultFile&)>& change, const std::string& message) {
    ResultFile other = shard(1);
    change(other);
    try {
      merge({shard(0), other});
      ADD_FAILURE() << "merged: " << message;
    } catch (const std::invalid_argument& error) {
      EXPECT_NE(std::string(error.what()).find(message), std::string::npos) << error.what();
    }
  };
  refuses([](ResultFile& other) { other.shard = 0; }, "each shard once");
  refuses([](ResultFile& other) { other.shards = 3; }, "number of shards");
  refuses([](ResultFile& other) { other.seed = 2; }, "seed");
  refuses([](ResultFile& other) { other.generator = 2; }, "version of the generator");
  refuses([](ResultFile& other) { other.backend = "uv"; }, "backend");
  refuses([](ResultFile& other) { other.traits.clear(); }, "traits");
  refuses([](ResultFile& other) { other.first = 5; }, "first case");
  refuses([](ResultFile& other) { other.sketch.reset(); }, "sketch");
  EXPECT_THROW(merge({}), std::invalid_argument);
  EXPECT_THROW(merge({shard(1)}), std::invalid_argument);
}

}  // namespace
}  // namespace concert::programs
