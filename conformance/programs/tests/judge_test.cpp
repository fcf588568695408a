// SPDX-License-Identifier: Apache-2.0
// Does the monitor see faults, each by the rule that speaks of it, and nothing on a correct backend?
#include "concert/programs/judge.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "concert/harness/trial.hpp"
#include "concert/mutants/mutants.hpp"
#include "concert/programs/generator.hpp"
#include "model_subjects.hpp"

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

INSTANTIATE_TEST_SUITE_P(Model, AVariant, ::testing::ValuesIn(conformance::program_variants()), name_of_variant);

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

Statement statement(Op op, int a = 0, std::vector<Statement> body = {}) {
  Statement made;
  made.op = op;
  made.a = a;
  made.body = std::move(body);
  return made;
}

std::vector<std::string_view> rules_broken_by(const Program& program, const std::vector<Record>& trace,
                                              MonitorOptions options = {}) {
  Monitor monitor(program, std::move(options));
  for (const Record& record : trace) monitor.record(record);
  monitor.finish();
  std::vector<std::string_view> rules;
  for (const Violation& violation : monitor.violations()) rules.push_back(violation.rule);
  return rules;
}

using Rules = std::vector<std::string_view>;

TEST(Monitor, SeesValuesOfAGatherInAnotherOrder) {
  const Program program = settle({statement(
      Op::gather, 0,
      {statement(Op::branch, 0, {statement(Op::give, 1)}), statement(Op::branch, 0, {statement(Op::give, 2)})})});
  std::vector<Record> trace = run_program(conformance::model_adapter(), program, conformance::Schedule()).trace;
  EXPECT_EQ(rules_broken_by(program, trace), Rules());
  const auto end = std::ranges::find(trace, What::end, &Record::what);
  ASSERT_NE(end, trace.end());
  ASSERT_EQ(end->leaves, (std::vector{1, 2}));
  std::ranges::reverse(end->leaves);
  EXPECT_EQ(rules_broken_by(program, trace), Rules{"GAT-1"});
}

/// A sleep of a tick that wakes `late` nanoseconds after its time.
std::vector<Record> late_sleep(std::int64_t late) {
  const std::int64_t due = 10'000'000;
  return {{What::task_began, 0, -1, Result::value, 0, {}, 0},
          {What::begin, 0, 0, Result::value, 0, {}, 0},
          {What::end, 0, 0, Result::value, 0, {}, due + late},
          {What::task_ended, 0, -1, Result::value, 0, {}, due + late}};
}

TEST(Monitor, KnowsWhatTimesAreWorth) {
  const Program program = settle({statement(Op::sleep, one_tick)});
  EXPECT_EQ(rules_broken_by(program, late_sleep(0)), Rules());
  // Loops round up to whole milliseconds.
  EXPECT_EQ(rules_broken_by(program, late_sleep(1'000'000)), Rules());
  EXPECT_EQ(rules_broken_by(program, late_sleep(5'000'000)), Rules{"SLP-2"});
  EXPECT_EQ(rules_broken_by(program, late_sleep(5'000'000), {Clock::perturbed, {}}), Rules());
  EXPECT_EQ(rules_broken_by(program, late_sleep(20'000'000), {Clock::perturbed, {}}), Rules{"SLP-2"});
  EXPECT_EQ(rules_broken_by(program, late_sleep(900'000'000), {Clock::real, {}}), Rules());
}

TEST(Monitor, AsksAtTheEndWhatIsLeftUndone) {
  const Program program = settle({statement(Op::event_set, 0), statement(Op::event_wait, 0)});
  const std::vector<Record> trace = {{What::task_began, 0, -1, Result::value, 0, {}, 0},
                                     {What::act, 0, 0, Result::value, 0, {}, 0},
                                     {What::begin, 0, 1, Result::value, 0, {}, 0}};
  for (const Clock clock : {Clock::exact, Clock::perturbed, Clock::real}) {
    EXPECT_EQ(rules_broken_by(program, trace, {clock, {}}), (Rules{"CAN-3", "EVT-3", "TSK-4"}));
  }
}

// Broken backends leak, and use what is gone: which is their fault, and no finding of a sanitizer.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

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
    {"CAN-3", "event_wait_ignores_cancellation", 200},
    {"CAN-3", "shield_discards_requests", 300},
    {"CAN-4", "failed_group_interrupts_its_body_once", 8000},
    {"YLD-1", "cancelled_yield_throws_at_once", 300},
    {"SCP-1", "never_caught", 100},
    {"SCP-1", "expired_scope_throws_at_entry", 200},
    {"SCP-2", "cancel_called_means_caught", 300},
    {"SCP-3", "timeout_claims_every_cancellation", 200},
    {"DL-1", "cancel_called_is_a_tick_ahead", 600},
    {"DL-2", "join_ignores_cancellation", 300},
    {"DL-3", "shield_covers_scopes_inside", 800},
    {"DL-4", "expiry_is_not_noticed_at_entry", 300},
    {"DL-5", "ended_scope_forgets_its_deadline", 300},
    {"SHD-1", "shields_do_not_nest", 300},
    {"SLP-1", "", 100},
    {"SLP-2", "sleep_zero_waits_a_tick", 300},
    {"CLK-1", "fortieth_reading_steps_back", 100},
    {"LCK-1", "release_wakes_two", 100},
    {"LCK-1", "wait_returns_without_the_lock", 200},
    {"LCK-2", "fair_lock_is_a_stack", 600},
    {"LCK-3", "locked_tells_whether_it_is_mine", 2000},
    {"LCK-4", "cancelled_waiter_stays_in_line", 200},
    {"LCK-5", "newcomers_barge", 600},
    {"EVT-1", "cancelled_waiter_sets_the_event", 200},
    {"EVT-2", "is_set_lags_behind", 1500},
    {"EVT-3", "set_wakes_one", 300},
    {"CND-1", "waits_come_back_unasked", 100},
    {"CND-2", "cancelled_waiter_eats_the_notification", 500},
    {"CND-3", "notify_wakes_the_newest", 300},
    {"GRP-1", "group_that_was_empty_once_does_not_wait", 100},
    {"GRP-2", "body_failure_is_wrapped", 200},
    {"GRP-3", "failures_while_unwinding_are_lost", 300},
    {"GRP-3", "interrupted_tasks_are_failures", 300},
    {"GRP-4", "group_is_left_a_tick_later", 100},
    {"GRP-5", "interruption_of_tasks_only_is_swallowed", 200},
    {"GRP-6", "start_waits_for_the_end", 100},
    {"GRP-7", "group_is_closed_when_its_body_ends", 2000},
    {"GAT-2", "cancelled_gather_throws_a_group", 300},
    {"GAT-3", "gather_abandons_unwinding_awaitables", 1500},
    {"TSK-1", "done_at_the_request", 300},
    {"TSK-2", "late_cancel_is_true", 100},
    {"TSK-3", "current_task_lags", 200},
    {"TSK-4", "start_soon_runs_the_first_step", 100},
    {"TSK-5", "waiters_hear_late", 100},
    {"TSK-6", "gather_runs_one_after_the_other", 200},
    {"TSK-7", "join_wraps_the_failure", 300},
    {"TSK-8", "join_or_cancel_forgets_the_task", 400},
    {"TSK-9", "obedience_is_not_remembered", 200},
    {"MIS-1", "scope_can_be_used_again", 600},
    {"RES-1", "join_of_cancelled_is_an_error", 100},
    {"SYS-1", "yield_waits_for_a_timer", 100},
    {"SYS-3", "cancelled_scope_polls", 8000},
    {"SYS-4", "shield_entry_lets_others_run", 200},
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
  // Not to be broken through the interface of a backend: they are shown traces, below.
  const std::vector<std::string_view> others = {"GAT-1", "SYS-2"};
  for (const Rule& rule : all_rules()) {
    EXPECT_TRUE(std::ranges::any_of(faults, [&](const Fault& fault) { return fault.rule == rule.id; }) ||
                std::ranges::count(others, rule.id) == 1)
        << rule.id;
  }
}

TEST(Monitor, SeesARunThatDoesNotEndByItself) {
  bool seen = false;
  for (std::uint64_t program = 0; program < 500 && !seen; ++program) {
    const programs::Run run =
        run_program(mutant("event_wait_ignores_cancellation"), generate(program), conformance::Schedule());
    seen = std::ranges::count(run.violations, "SYS-2", &Violation::rule) > 0;
  }
  EXPECT_TRUE(seen);
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
