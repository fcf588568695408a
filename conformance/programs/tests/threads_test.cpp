// SPDX-License-Identifier: Apache-2.0
// Programs with worker threads and portals: can a run be repeated, and does the monitor of threads see faults?
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>

#include "concert/harness/mix.hpp"
#include "concert/mutants/mutants.hpp"
#include "concert/programs/generator.hpp"
#include "concert/programs/judge.hpp"
#include "concert/programs/shrinker.hpp"
#include "concert/programs/thread_monitor.hpp"
#include "concert/programs/validity.hpp"
#include "model_subjects.hpp"

namespace concert::programs {
namespace {

using conformance::BackendAdapter;

Program threads_program(std::uint64_t seed) { return generate(seed, {.profile = Profile::threads}); }

TEST(ThreadPrograms, AreDrawnOnceInTwenty) {
  int drawn_so = 0;
  for (std::uint64_t seed = 0; seed < 4000; ++seed) {
    const bool is_profile = drawn(seed).profile == Profile::threads;
    drawn_so += is_profile ? 1 : 0;
    EXPECT_TRUE(is_profile || !has_threads(generate(seed))) << seed;
  }
  EXPECT_NEAR(drawn_so, 200, 60);
}

TEST(ThreadPrograms, AreSettledAndFullOfCalls) {
  int with_call = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    const Program program = threads_program(seed);
    EXPECT_TRUE(violations(program).empty()) << to_text(program);
    EXPECT_EQ(settle(program.statements), program);
    const std::string text = to_text(program);
    with_call += text.find("call_") != std::string::npos && text.find("future_") != std::string::npos ? 1 : 0;
  }
  EXPECT_GE(with_call, 550);
}

TEST(ThreadPrograms, AreReplacedWhereTheyMayNotStand) {
  const auto op_at = [](std::vector<Statement> statements) {
    const Program program = settle(std::move(statements));
    return program.statements.front().body.front().op;
  };
  EXPECT_EQ(op_at({{Op::portal, 0, 0, {{Op::call_function}}}}), Op::yield) << "only a thread calls";
  EXPECT_EQ(op_at({{Op::shield, 0, 0, {{Op::portal}}}}), Op::yield);
  EXPECT_EQ(op_at({{Op::run_in_thread, 0, 0, {{Op::event_wait}}}}), Op::yield);
  EXPECT_EQ(op_at({{Op::run_in_thread, 0, 0, {{Op::call_coroutine}}}}), Op::call_coroutine);
  const Program nested = settle({{Op::run_in_thread, 0, 0, {{Op::call_coroutine, 0, 0, {{Op::run_in_thread}}}}}});
  EXPECT_EQ(nested.statements[0].body[0].body[0].op, Op::yield);
}

TEST(ThreadPrograms, GiveTheSameTraceAgain) {
  const BackendAdapter backend = conformance::model_adapter();
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const Program program = threads_program(seed);
    const auto first = run_program(backend, program, schedule_of(seed)).trace;
    EXPECT_EQ(run_program(backend, program, schedule_of(seed)).trace, first) << to_text(program);
  }
}

TEST(ThreadPrograms, BreakNoRuleWhileTheirThreadsRace) {
  RunOptions options;
  options.gated_threads = false;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const Program program = threads_program(seed);
    const programs::Run run = run_program(conformance::model_adapter(), program, schedule_of(seed), options);
    for (const Violation& violation : run.violations) {
      ADD_FAILURE() << violation.rule << ": " << violation.message << "\n" << to_text(program);
    }
  }
}

class AVariantWithThreads : public ::testing::TestWithParam<conformance::Variant> {};

TEST_P(AVariantWithThreads, BreaksNoRule) {
  const BackendAdapter backend = GetParam().make();
  for (std::uint64_t seed = 1000; seed < 1015; ++seed) {
    const Program program = threads_program(seed);
    const programs::Run run = run_program(backend, program, schedule_of(seed));
    ASSERT_TRUE(run.violations.empty()) << run.violations.front().rule << ": " << run.violations.front().message << "\n"
                                        << to_text(program);
  }
}

INSTANTIATE_TEST_SUITE_P(Model, AVariantWithThreads, ::testing::ValuesIn(conformance::model_variants()),
                         name_of_variant);

// ---- Faults --------------------------------------------------------------------------------------------------------

/// The rules that a trace of the program breaks.
std::vector<std::string_view> broken_by(const Program& program, const std::vector<Record>& trace) {
  ThreadMonitor monitor(program);
  for (const Record& record : trace) monitor.record(record);
  monitor.finish();
  std::vector<std::string_view> rules;
  for (const Violation& violation : monitor.violations()) rules.push_back(violation.rule);
  return rules;
}

TEST(ThreadMonitor, SeesALoopThatStandsStill) {
  const Program program = settle({{Op::run_in_thread, 0, 0, {{Op::yield}}}});
  std::vector<Record> trace = {{What::begin, 0, 0, Result::value, 0, {}, 0},
                               {What::task_began, 1, -1, Result::value, 1, {}, 0},
                               {What::act, 1, 1, Result::value, 0, {}, 0},
                               {What::task_ended, 1, -1, Result::value, 0, {}, 0},
                               {What::end, 0, 0, Result::value, 0, {}, 0}};
  EXPECT_TRUE(broken_by(program, trace).empty());
  trace[2].result = Result::lost;
  EXPECT_EQ(broken_by(program, trace), std::vector<std::string_view>{"THR-2"});
}

// Broken backends leak, and use what is gone: which is their fault, and no finding of a sanitizer.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

struct Fault {
  std::string_view rule;
  std::string_view mutant;
  /// Programs within which it must be seen.
  std::uint64_t cases;
};

const std::vector<Fault> faults = {
    {"THR-1", "functions_run_in_the_loop_thread", 5},
    {"THR-1", "abandoned_function_keeps_its_place", 50},
    {"THR-3", "failures_stay_in_the_worker", 100},
    {"THR-4", "every_call_abandons", 20},
    {"THR-4", "no_call_abandons", 50},
    {"CAN-2", "thread_call_eats_the_request", 200},
    {"POR-1", "functions_run_in_a_thread_of_their_own", 5},
    {"POR-2", "calls_after_the_exit_are_accepted", 100},
    {"POR-2", "cancelled_work_tears_the_portal_down", 200},
    {"POR-3", "exit_cancels_nothing", 200},
    {"POR-4", "only_the_future_is_cancelled", 100},
    {"POR-5", "coroutines_begin_when_scheduled", 600},
    {"POR-6", "third_function_is_dropped", 20},
};

class AThreadFault : public ::testing::TestWithParam<Fault> {};

TEST_P(AThreadFault, IsSeenByItsRule) {
  const Fault& fault = GetParam();
  const BackendAdapter backend = mutant(fault.mutant);
  for (std::uint64_t i = 0; i < fault.cases; ++i) {
    const std::uint64_t seed = conformance::mix(1, i);
    const Program program = threads_program(seed);
    const auto fails = [&](const Program& candidate) {
      return broken(run_program(backend, candidate, schedule_of(seed)), fault.rule) != nullptr;
    };
    if (!fails(program)) continue;
    const Program small = shrink(program, fails, 60);
    EXPECT_LT(size(small), size(program)) << to_text(small);
    return;
  }
  ADD_FAILURE() << "not seen in " << fault.cases << " programs";
}

INSTANTIATE_TEST_SUITE_P(ThreadMonitor, AThreadFault, ::testing::ValuesIn(faults), [](const auto& fault) {
  std::string name(fault.param.rule);
  std::erase(name, '-');
  return name + std::string(fault.param.mutant);
});

TEST(ThreadMonitor, HasAMutantForEachRule) {
  for (const Rule& rule : thread_rules()) {
    // A loop that stands still costs seconds: it is shown in a trace, above.
    if (rule.id == "THR-2") continue;
    EXPECT_TRUE(std::ranges::any_of(faults, [&](const Fault& fault) { return fault.rule == rule.id; })) << rule.id;
  }
}

#endif

}  // namespace
}  // namespace concert::programs
