// SPDX-License-Identifier: Apache-2.0
// Do many programs come to one result, whatever their backend does to the process?
#include "concert/programs/campaign.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "concert/mutants/mutants.hpp"
#include "concert/programs/corpus.hpp"
#include "concert/programs/family.hpp"
#include "concert/programs/judge.hpp"
#include "model_subjects.hpp"

namespace concert::programs {
namespace {

using conformance::BackendAdapter;

CampaignOptions some(std::int64_t cases) {
  CampaignOptions options;
  options.cases = cases;
  return options;
}

/// The real time is another one each time.
ResultFile timeless(ResultFile result) {
  result.programs.seconds = 0;
  return result;
}

TEST(Campaign, CountsWhatItRan) {
  const ResultFile result = run_campaign(conformance::model_adapter(), some(1'200));
  EXPECT_EQ(result.programs.cases, 1'200);
  EXPECT_EQ(result.programs.plain + result.programs.perturbed, 1'200);
  EXPECT_NEAR(static_cast<double>(result.programs.perturbed), 600, 120);
  EXPECT_GT(result.programs.distinct, 1'100);
  EXPECT_GT(result.programs.rerun, 2);
  EXPECT_EQ(result.rules.at("DET-1"), result.programs.rerun);
  EXPECT_GE(result.rules.at("RES-1"), 1'200);
  EXPECT_GT(result.rules.at("CAN-1"), 1'000);
  EXPECT_GT(result.labels.at("lock: contended").hits, 20);
  EXPECT_GT(result.species.seen, 100);
  EXPECT_FALSE(result.sketch.has_value());
  // So few cases decide nothing.
  EXPECT_EQ(decide(result).verdict, Verdict::inconclusive);
}

TEST(Campaign, IsTheSumOfItsShards) {
  const BackendAdapter backend = conformance::model_adapter();
  CampaignOptions options = some(900);
  options.first = 7;
  const ResultFile whole = timeless(run_campaign(backend, options));
  std::vector<ResultFile> shards;
  options.shards = 3;
  for (options.shard = 0; options.shard < 3; ++options.shard) {
    shards.push_back(timeless(result_from_json(to_json(run_campaign(backend, options)))));
    EXPECT_EQ(shards.back().programs.cases, 300);
  }
  EXPECT_EQ(merge({shards[2], shards[0], shards[1]}), whole);
}

TEST(Campaign, HasThePartsThatAreDemanded) {
  CampaignOptions options = some(10);
  EXPECT_FALSE(run_campaign(conformance::model_adapter(), options).corpus.has_value());
  options.corpus = true;
  options.families = 3;
  const ResultFile result = run_campaign(conformance::model_adapter(), options);
  ASSERT_TRUE(result.corpus.has_value());
  EXPECT_EQ(result.corpus->programs, static_cast<std::int64_t>(corpus().size()));
  EXPECT_GE(result.corpus->runs, 5 * result.corpus->programs);
  EXPECT_EQ(result.families.size(), all_families().size());
  for (const FamilyInfo& family : all_families()) {
    const FamilyCounts& counts = result.families.at(std::string(family.name));
    EXPECT_EQ(counts.cases, 3) << family.name;
    EXPECT_EQ(counts.evaluations.size(), family.rules.size()) << family.name;
  }
  EXPECT_FALSE(result.explored.has_value());
  EXPECT_TRUE(result.small_scope.empty());
}

TEST(Campaign, ComparesWithWhatTheModelMayDo) {
  // Behaves in one way and declares another.
  model::ModelOptions behaves;
  behaves.traits.cancelled_start_runs_first_step = false;
  BackendAdapter liar = conformance::model_adapter(behaves);
  EXPECT_TRUE(replay(liar, {1, 2, "explored"}).failures.empty());
  liar.manifest = conformance::model_adapter().manifest;
  CampaignOptions options = some(1);
  options.explore = 1;
  const ResultFile result = run_campaign(liar, options);
  ASSERT_EQ(result.failures.size(), 1U);
  const Failure& failure = result.failures.front();
  EXPECT_EQ(failure.rule, "divergence");
  EXPECT_EQ(failure.part, "explored");
  EXPECT_NE(failure.message.find("the model allows"), std::string::npos) << failure.message;
  EXPECT_LE(failure.statements, 6) << failure.text;
  EXPECT_EQ(timeless(replay(liar, parse_replay_token(failure.replay))).failures, result.failures);
}

TEST(Campaign, EndsWhenItsTimeIsOver) {
  CampaignOptions options = some(100'000'000);
  options.time = std::chrono::duration<double>(0.2);
  const ResultFile result = run_campaign(conformance::model_adapter(), options);
  EXPECT_GT(result.programs.cases, 0);
  EXPECT_LT(result.programs.cases, 100'000'000);
}

TEST(Campaign, DrawsHalfOfTheCasesOnEachClock) {
  int perturbed = 0;
  int own_order = 0;
  for (std::int64_t i = 0; i < 1'000; ++i) {
    const Case each = draw_case(1, i);
    perturbed += each.schedule.perturbed_clock ? 1 : 0;
    own_order += each.schedule.order_seed == 0 ? 1 : 0;
  }
  EXPECT_NEAR(perturbed, 500, 60);
  EXPECT_NEAR(own_order, 250, 50);
  EXPECT_EQ(draw_case(1, 5).program, draw_case(1, 5).program);
  EXPECT_NE(draw_case(1, 5).program, draw_case(2, 5).program);
}

TEST(Campaign, SeesThatARunDoesNotGoTheSameWayAgain) {
  BackendAdapter backend = conformance::model_adapter();
  const auto runs = std::make_shared<std::uint64_t>(0);
  backend.runner_options = [original = backend.runner_options, runs](conformance::Schedule schedule) {
    schedule.order_seed = ++*runs;
    return original(schedule);
  };
  const ResultFile result = run_campaign(backend, some(1'000));
  ASSERT_EQ(result.failures.size(), 1U);
  EXPECT_EQ(result.failures.front().rule, "DET-1");
  EXPECT_EQ(result.programs.rerun_differed, 1);
  EXPECT_EQ(decide(result).verdict, Verdict::failed);
}

TEST(ReplayToken, ComesBackFromItsText) {
  const ReplayToken token{18446744073709551615U, 12};
  EXPECT_EQ(parse_replay_token(to_string(token)), token);
  const ReplayToken of_a_family{1, 2, "fair_lock"};
  EXPECT_EQ(parse_replay_token(to_string(of_a_family)), of_a_family);
  for (const char* wrong : {"", "p1", "p1:1:2", "p1:1:2:", "p1:1:2:3:nobody", "p1:1:2:3:lock:", "p2:1:2:3", "p1:1:2:-3",
                            "p1:1:x:3", "p1:99:2:3"}) {
    EXPECT_THROW(parse_replay_token(wrong), std::invalid_argument) << wrong;
  }
}

// ---- The executable
// --------------------------------------------------------------------------------------------------

struct Said {
  int code = 0;
  std::string text;
};

Said programs_model(const std::string& arguments) {
  Said said;
  std::FILE* pipe = ::popen((CONCERT_PROGRAMS_MODEL " " + arguments + " 2>&1").c_str(), "r");
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) said.text += static_cast<char>(c);
  said.code = WEXITSTATUS(::pclose(pipe));
  return said;
}

TEST(Executable, SaysWithItsExitCodeWhatItCameTo) {
  const Said few = programs_model("--cases 50");
  EXPECT_EQ(few.code, 4) << few.text;
  EXPECT_NE(few.text.find("\nmodel: inconclusive, 50 programs"), std::string::npos) << few.text;
  const Said help = programs_model("--help");
  EXPECT_EQ(help.code, 0);
  EXPECT_NE(help.text.find("--shard I/N"), std::string::npos);
}

TEST(Executable, RefusesWrongUsage) {
  for (const auto& [arguments, message] : std::vector<std::pair<std::string, std::string>>{
           {"--cases 0", "--cases: expected a whole number of at least 1, got '0'"},
           {"--cases", "--cases: expected a value after it"},
           {"--seconds nan", "--seconds: expected a number of at least 0.001, got 'nan'"},
           {"--shard 2/2", "--shard: expected a shard from 0 to 1, got 2"},
           {"--shard 2", "--shard: expected I/N such as 0/4, got '2'"},
           {"--mutant nobody", "no mutant is named 'nobody'; known:"},
           {"--replay p1:99:1:1", "one of version"},
           {"--what", "unknown option '--what'; see --help"},
           {"--json", "--trace and --json go with --program FILE"}}) {
    const Said said = programs_model(arguments);
    EXPECT_EQ(said.code, 2) << arguments;
    EXPECT_NE(said.text.find(message), std::string::npos) << arguments << "\n" << said.text;
  }
}

// Broken backends leak, and use what is gone: which is their fault, and no finding of a sanitizer.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

/// Does something terrible in each sleep of exactly three ticks.
BackendAdapter with_sleep_of_three_ticks(std::function<void()> terrible) {
  return conformance::faulty_model("terrible_sleep", "a sleep of three ticks does not come back", {},
                                   [terrible] {
                                     model::Faults faults;
                                     faults.sleep = [terrible](AsyncBackend& backend, Seconds delay) {
                                       if (delay > Seconds(0.029) && delay < Seconds(0.031)) terrible();
                                       return backend.AsyncBackend::sleep(delay);
                                     };
                                     return faults;
                                   })
      .make();
}

TEST(Campaign, LosesOneCaseToACrashAndGoesOn) {
  CampaignOptions options = some(60);
  options.most_failures = 1'000;
  const ResultFile result = run_campaign(with_sleep_of_three_ticks([] { std::raise(SIGSEGV); }), options);
  EXPECT_EQ(result.programs.cases, 60);
  EXPECT_GE(result.failures.size(), 3U);
  EXPECT_LT(result.failures.size(), 40U);
  for (const Failure& failure : result.failures) {
    EXPECT_EQ(failure.rule, "crashed:SIGSEGV");
    EXPECT_EQ(failure.text, "#0 sleep duration 3\n");
    ASSERT_FALSE(failure.trace.empty());
    EXPECT_NE(failure.trace.back().find("sleep  begin"), std::string::npos) << failure.trace.back();
  }
  EXPECT_EQ(decide(result).verdict, Verdict::failed);
}

TEST(Campaign, SeesAnExit) {
  const ResultFile result = run_campaign(with_sleep_of_three_ticks([] { std::_Exit(0); }), some(60));
  ASSERT_EQ(result.failures.size(), 1U);
  EXPECT_EQ(result.failures.front().rule, "exited:0");
  EXPECT_EQ(result.failures.front().statements, 1) << result.failures.front().text;
}

TEST(Campaign, SeesAHangAndShrinksIt) {
  CampaignOptions options = some(60);
  options.hang_limit = std::chrono::milliseconds(100);
  const auto hang = [] {
    for (volatile bool for_ever = true; for_ever;) {
    }
  };
  const ResultFile result = run_campaign(with_sleep_of_three_ticks(hang), options);
  ASSERT_EQ(result.failures.size(), 1U);
  EXPECT_EQ(result.failures.front().rule, "hung");
  EXPECT_LE(result.failures.front().statements, 2) << result.failures.front().text;
}

TEST(Campaign, ShrinksABrokenRule) {
  const ResultFile result = run_campaign(mutant("never_caught"), some(100));
  ASSERT_EQ(result.failures.size(), 1U);
  const Failure& failure = result.failures.front();
  EXPECT_EQ(failure.rule, "SCP-1");
  EXPECT_LE(failure.statements, 3) << failure.text;
  EXPECT_LT(failure.statements, failure.statements_as_drawn);
  const std::string text = to_text(failure);
  for (const char* part :
       {"rule SCP-1: a scope", "Scope010", "(programs, case ", "#0 ", "trace:", "task_began", "--replay p1:"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " in\n" << text;
  }
}

TEST(Replay, GivesTheSameFailureInAnotherProcess) {
  const ResultFile result = run_campaign(mutant("fair_lock_is_a_stack"), some(1'000));
  ASSERT_EQ(result.failures.size(), 1U);
  const Said again = programs_model("--mutant fair_lock_is_a_stack --replay " + result.failures.front().replay);
  EXPECT_EQ(again.code, 1);
  EXPECT_EQ(again.text, to_text(result.failures.front()));
}

#endif

}  // namespace
}  // namespace concert::programs
