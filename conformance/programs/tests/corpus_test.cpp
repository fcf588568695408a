// SPDX-License-Identifier: Apache-2.0
// Is each program of the corpus a program, harmless on a correct backend, and as telling as its file name says?
#include "concert/programs/corpus.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>
#include <string>

#include "concert/mutants/mutants.hpp"
#include "concert/programs/judge.hpp"
#include "concert/programs/validity.hpp"

namespace concert::programs {
namespace {

using conformance::Schedule;

constexpr int schedules = 5;
/// A counterexample needs the order in which it was found, or one like it.
constexpr int schedules_to_kill = 60;

std::string name_of(const ::testing::TestParamInfo<CorpusProgram>& info) { return std::string(info.param.name); }

std::vector<CorpusProgram> counterexamples() {
  std::vector<CorpusProgram> found;
  std::ranges::copy_if(corpus(), std::back_inserter(found), [](const auto& each) { return !each.rule.empty(); });
  return found;
}

class CorpusOf : public ::testing::TestWithParam<CorpusProgram> {};

TEST_P(CorpusOf, Programs) {
  const Program& program = GetParam().program;
  EXPECT_EQ(settle(program.statements), program);
  EXPECT_EQ(violations(program), std::vector<std::string>{});
  for (int n = 0; n < schedules; ++n) {
    const auto run = run_program(conformance::model_adapter(), program, Schedule::nth(1, n));
    EXPECT_FALSE(run.trace.empty());
    for (const Violation& violation : run.violations) ADD_FAILURE() << violation.rule << ": " << violation.message;
  }
}

INSTANTIATE_TEST_SUITE_P(All, CorpusOf, ::testing::ValuesIn(corpus()), name_of);

TEST(Corpus, HoldsHardCasesAndCounterexamples) {
  const auto found =
      static_cast<std::size_t>(std::ranges::count_if(corpus(), [](auto& each) { return !each.rule.empty(); }));
  EXPECT_GE(found, 20U);
  EXPECT_GE(corpus().size() - found, 25U);
  std::set<std::string_view> names;
  for (const CorpusProgram& each : corpus()) EXPECT_TRUE(names.insert(each.name).second) << each.name;
}

TEST(Corpus, HasAProgramWithEachStatementOfTheLoop) {
  std::set<Op> ops;
  const std::function<void(const std::vector<Statement>&)> note = [&](const std::vector<Statement>& statements) {
    for (const Statement& statement : statements) {
      ops.insert(statement.op);
      note(statement.body);
    }
  };
  const auto every = std::ranges::find(corpus(), "every_statement", &CorpusProgram::name);
  ASSERT_NE(every, corpus().end());
  note(every->program.statements);
  for (int op = 0; op <= static_cast<int>(Op::misuse); ++op) {
    EXPECT_TRUE(ops.contains(static_cast<Op>(op))) << info(static_cast<Op>(op)).name;
  }
}

// Broken backends leak, and use what is gone: which is their fault, and no finding of a sanitizer.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

class ACounterexampleOf : public ::testing::TestWithParam<CorpusProgram> {};

TEST_P(ACounterexampleOf, BreaksItsRuleStill) {
  const auto mutants = conformance::all_mutants();
  const auto mutant = std::ranges::find(mutants, GetParam().name, &conformance::Mutant::name);
  ASSERT_NE(mutant, mutants.end()) << "a counterexample is named after its mutant";
  const conformance::BackendAdapter backend = mutant->make();
  std::set<std::string> seen;
  for (int n = 0; n < schedules_to_kill; ++n) {
    const auto run = run_program(backend, GetParam().program, Schedule::nth(1, n));
    for (const Violation& violation : run.violations) seen.emplace(violation.rule);
    if (seen.contains(std::string(GetParam().rule))) return;
  }
  std::string rules;
  for (const std::string& rule : seen) rules += " " + rule;
  ADD_FAILURE() << "expected " << GetParam().rule << " to be broken, came:" << (rules.empty() ? " none" : rules);
}

INSTANTIATE_TEST_SUITE_P(All, ACounterexampleOf, ::testing::ValuesIn(counterexamples()), name_of);

#endif

}  // namespace
}  // namespace concert::programs
