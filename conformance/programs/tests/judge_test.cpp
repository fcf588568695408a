// SPDX-License-Identifier: Apache-2.0
// Does the monitor see faults, each by the rule that speaks of it, and nothing on a correct backend?
#include "concert/programs/judge.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "concert/harness/trial.hpp"
#include "concert/mutants/mutants.hpp"
#include "concert/programs/generator.hpp"

namespace concert::programs {
namespace {

using conformance::BackendAdapter;

constexpr std::uint64_t seed = 1;

class AVariant : public ::testing::TestWithParam<conformance::Variant> {};

TEST_P(AVariant, BreaksNoRule) {
  const Judged judged = judge(GetParam().make(), seed, 0, 500);
  EXPECT_EQ(judged.cases, 500);
  EXPECT_FALSE(judged.counterexample.has_value()) << to_text(*judged.counterexample);
}

INSTANTIATE_TEST_SUITE_P(Model, AVariant, ::testing::ValuesIn(conformance::model_variants()), [](const auto& variant) {
  std::string name = variant.param.name;
  std::ranges::replace_if(
      name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
});

TEST(Programs, GiveTheSameTraceAgain) {
  const BackendAdapter backend = conformance::model_adapter();
  for (std::uint64_t program_seed = 0; program_seed < 50; ++program_seed) {
    const Program program = generate(program_seed);
    const conformance::Schedule schedule = conformance::Trial::case_schedule(program_seed);
    const auto first = run_program(backend, program, schedule).trace;
    EXPECT_FALSE(first.empty());
    EXPECT_EQ(run_program(backend, program, schedule).trace, first) << to_text(program);
  }
}

// Broken backends leak, and use what is gone: which is their fault, and no finding of a sanitizer.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

BackendAdapter mutant(std::string_view name) {
  const auto all = conformance::all_mutants();
  const auto found = std::ranges::find(all, name, &conformance::Mutant::name);
  if (found == all.end()) throw std::invalid_argument("no mutant is named " + std::string(name));
  return found->make();
}

/// Wakes in half the time.
BackendAdapter hasty_sleeper() {
  return conformance::faulty_model("hasty_sleeper", "sleeps are cut short", {},
                                   [] {
                                     model::Faults faults;
                                     faults.sleep = [](AsyncBackend& backend, Seconds delay) {
                                       return backend.AsyncBackend::sleep(delay / 2);
                                     };
                                     return faults;
                                   })
      .make();
}

struct Fault {
  std::string_view rule;
  std::string_view mutant;
  /// Programs within which it must be seen.
  std::int64_t cases;
};

const std::vector<Fault> faults = {
    {"CAN-1", "ended_scope_still_cancels", 200},
    {"CAN-1", "shield_lets_task_cancel_through", 300},
    {"CAN-2", "sleep_zero_ignores_cancellation", 200},
    {"CAN-2", "task_request_is_delivered_once", 1000},
    {"SCP-1", "never_caught", 100},
    {"SCP-2", "cancel_called_means_caught", 300},
    {"SHD-1", "shields_do_not_nest", 300},
    {"SLP-1", "", 100},
    {"LCK-1", "release_wakes_two", 100},
    {"LCK-1", "wait_returns_without_the_lock", 200},
    {"LCK-2", "fair_lock_is_a_stack", 600},
    {"LCK-3", "locked_tells_whether_it_is_mine", 2000},
    {"EVT-1", "cancelled_waiter_sets_the_event", 200},
    {"EVT-2", "second_set_takes_back", 800},
    {"CND-1", "waits_come_back_unasked", 100},
    {"GRP-1", "group_that_was_empty_once_does_not_wait", 100},
    {"GRP-2", "body_failure_is_wrapped", 200},
    {"GRP-3", "failures_while_unwinding_are_lost", 300},
    {"TSK-1", "done_at_the_request", 300},
    {"TSK-2", "late_cancel_is_true", 100},
    {"TSK-3", "current_task_lags", 200},
    {"TSK-4", "event_wait_ignores_cancellation", 200},
    {"MIS-1", "scope_can_be_used_again", 600},
    {"RES-1", "join_of_cancelled_is_an_error", 100},
};

std::string name_of(const ::testing::TestParamInfo<Fault>& info) {
  std::string name(info.param.rule);
  std::erase(name, '-');
  return name + (info.param.mutant.empty() ? "hasty_sleeper" : std::string(info.param.mutant));
}

class AFault : public ::testing::TestWithParam<Fault> {};

TEST_P(AFault, IsSeenByItsRuleInASmallProgram) {
  const Fault& fault = GetParam();
  const BackendAdapter backend = fault.mutant.empty() ? hasty_sleeper() : mutant(fault.mutant);
  const Judged judged = judge(backend, seed, 0, fault.cases, fault.rule);
  ASSERT_TRUE(judged.counterexample.has_value());
  EXPECT_EQ(judged.counterexample->violation.rule, fault.rule);
  EXPECT_LE(size(judged.counterexample->program), 12U) << to_text(*judged.counterexample);
  EXPECT_LE(size(judged.counterexample->program), judged.counterexample->size_as_drawn);
}

INSTANTIATE_TEST_SUITE_P(Monitor, AFault, ::testing::ValuesIn(faults), name_of);

TEST(Monitor, HasAMutantForEachRule) {
  for (const Rule& rule : all_rules()) {
    EXPECT_TRUE(std::ranges::any_of(faults, [&](const Fault& fault) { return fault.rule == rule.id; })) << rule.id;
  }
}

TEST(Counterexample, ShowsRuleClausesProgramAndTrace) {
  const Judged judged = judge(mutant("never_caught"), seed, 0, 100);
  ASSERT_TRUE(judged.counterexample.has_value());
  const std::string text = to_text(*judged.counterexample);
  for (const char* part : {"rule SCP-1: a scope", "Scope010", "program (case ", "#0 ", "trace:", "task_began"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " in\n" << text;
  }
}

#endif

}  // namespace
}  // namespace concert::programs
