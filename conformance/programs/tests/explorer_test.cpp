// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "concert/harness/mix.hpp"
#include "concert/model/schedules.hpp"
#include "concert/model/traits.hpp"
#include "concert/mutants/mutants.hpp"
#include "concert/programs/depth_first.hpp"
#include "concert/programs/explorer.hpp"
#include "concert/programs/generator.hpp"
#include "concert/programs/history.hpp"
#include "concert/programs/interpreter.hpp"
#include "concert/programs/judge.hpp"

namespace concert::programs {
namespace {

using conformance::BackendAdapter;
using conformance::Schedule;
using model::Strategy;
using Statements = std::vector<Statement>;

Statement make(Op op, int a = 0, int b = 0, Statements body = {}) {
  Statement statement;
  statement.op = op;
  statement.a = a;
  statement.b = b;
  statement.body = std::move(body);
  return statement;
}
Statement in_group(Statements body) { return make(Op::group, 0, 0, std::move(body)); }
Statement spawn(Statements body) { return make(Op::spawn, 0, 0, std::move(body)); }

// ---- Depth-first search --------------------------------------------------------------------------------------------

/// One run of a tree: three ways; the second one ends at once, the last one has two further choices.
std::vector<std::size_t> leaf_of(DepthFirst& search) {
  std::vector<std::size_t> path{search.pick(3)};
  if (path.front() == 0) path.push_back(search.pick(4));
  if (path.front() == 2) {
    path.push_back(search.pick(2));
    path.push_back(search.pick(1));
    path.push_back(search.pick(2 + path[1]));
  }
  return path;
}

TEST(DepthFirst, VisitsEachLeafOnceInOrder) {
  DepthFirst search(100);
  std::vector<std::vector<std::size_t>> leaves;
  while (search.next()) {
    leaves.push_back(leaf_of(search));
    EXPECT_EQ(search.choices(), leaves.back());
  }
  EXPECT_EQ(leaves.size(), 4 + 1 + 2 + 3);
  EXPECT_EQ(search.runs(), 10);
  EXPECT_TRUE(search.complete());
  EXPECT_TRUE(std::ranges::is_sorted(leaves));
  EXPECT_EQ(std::set(leaves.begin(), leaves.end()).size(), leaves.size());
  EXPECT_FALSE(search.next());
  EXPECT_TRUE(search.complete());
}

TEST(DepthFirst, RunsOnceIfThereIsNoChoice) {
  DepthFirst search(100);
  EXPECT_TRUE(search.next());
  EXPECT_FALSE(search.complete());
  EXPECT_FALSE(search.next());
  EXPECT_TRUE(search.complete());
  EXPECT_EQ(search.runs(), 1);
}

TEST(DepthFirst, StopsAtTheBound) {
  DepthFirst search(9);
  while (search.next()) leaf_of(search);
  EXPECT_EQ(search.runs(), 9);
  EXPECT_FALSE(search.complete());
  EXPECT_FALSE(search.next());

  DepthFirst just_enough(10);
  while (just_enough.next()) leaf_of(just_enough);
  EXPECT_TRUE(just_enough.complete());

  DepthFirst none(0);
  EXPECT_FALSE(none.next());
  EXPECT_FALSE(none.complete());
}

TEST(DepthFirst, ARunThatDoesNotRepeatItsChoicesIsAnError) {
  DepthFirst other_choices(100);
  ASSERT_TRUE(other_choices.next());
  other_choices.pick(2);
  other_choices.pick(2);
  ASSERT_TRUE(other_choices.next());
  EXPECT_EQ(other_choices.pick(3), 0U);
  EXPECT_EQ(other_choices.pick(5), 0U);
  EXPECT_THROW(other_choices.next(), std::logic_error);

  DepthFirst fewer_choices(100);
  ASSERT_TRUE(fewer_choices.next());
  fewer_choices.pick(2);
  fewer_choices.pick(2);
  ASSERT_TRUE(fewer_choices.next());
  fewer_choices.pick(2);
  EXPECT_THROW(fewer_choices.next(), std::logic_error);
}

// ---- Strategies and traits of the model ----------------------------------------------------------------------------

/// One run of the program on the model.
std::vector<Record> run_under(const Program& program, const model::Pick& pick) {
  class Notes final : public Observer {
   public:
    void record(const Record& record) override { records.push_back(record); }
    std::vector<Record> records;
  } notes;
  const auto backend = model::model_backend();
  backend->bootstrap(RunnerOptions().set("pick", pick),
                     [&]() -> Coro<> { co_await interpret(*backend, program, notes); });
  return notes.records;
}

const std::vector<Strategy> strategies{{Strategy::Kind::fifo},      {Strategy::Kind::lifo},
                                       {Strategy::Kind::random, 7}, {Strategy::Kind::pct, 7, 2},
                                       {Strategy::Kind::pct, 8, 3}, {Strategy::Kind::replay, 0, 2, {0, 2, 1}}};

TEST(Strategies, AreWrittenAsText) {
  std::vector<std::string> texts;
  for (const Strategy& strategy : strategies) {
    texts.push_back(to_string(strategy));
    EXPECT_EQ(model::strategy_from(texts.back()), strategy) << texts.back();
  }
  EXPECT_EQ(texts,
            (std::vector<std::string>{"fifo", "lifo", "random 7", "pct 7 depth 2", "pct 8 depth 3", "replay 0.2.1"}));
  for (const char* wrong : {"", "Fifo", "fifo 1", "random", "random x", "pct 7", "replay 1.", "replay 1,2", "lifo "}) {
    EXPECT_THROW(model::strategy_from(wrong), std::invalid_argument) << wrong;
  }
}

TEST(Strategies, ARunCanBeReplayed) {
  const Statement yields = spawn({make(Op::yield), make(Op::sleep, 1), make(Op::with_lock, 0, 0, {make(Op::yield)})});
  const Program program = settle({in_group({yields, yields, yields, yields})});
  std::set<std::uint64_t> different;
  for (const Strategy& strategy : strategies) {
    const auto made = std::make_shared<std::vector<std::size_t>>();
    const auto trace = run_under(program, model::recording(model::pick_for(strategy), made));
    EXPECT_EQ(run_under(program, model::pick_for(strategy)), trace) << to_string(strategy);
    EXPECT_EQ(run_under(program, model::pick_for({Strategy::Kind::replay, 0, 2, *made})), trace);
    std::uint64_t order = 0;
    for (const Record& record : trace) order = conformance::mix(order, static_cast<std::uint64_t>(record.task));
    different.insert(order);
  }
  EXPECT_GT(different.size(), 3U);
}

TEST(Strategies, AreDrawnInTheirShares) {
  std::map<Strategy::Kind, int> drawn;
  for (std::uint64_t seed = 1; seed <= 8000; ++seed) ++drawn[model::strategy_of(seed).kind];
  EXPECT_EQ(model::strategy_of(0), Strategy());
  EXPECT_EQ(drawn, (std::map<Strategy::Kind, int>{
                       {Strategy::Kind::lifo, 1000}, {Strategy::Kind::random, 5000}, {Strategy::Kind::pct, 2000}}));
}

TEST(Strategies, PctRunsOneTaskUntilItFalls) {
  const std::vector<std::uint64_t> ids{4, 5, 6};
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const model::Pick pick = model::pick_for({Strategy::Kind::pct, seed, 3});
    std::vector<std::size_t> runs;
    for (int i = 0; i < 30; ++i) {
      const std::size_t chosen = pick({ids.size(), ids});
      ASSERT_LT(chosen, ids.size());
      if (runs.empty() || runs.back() != chosen) runs.push_back(chosen);
    }
    EXPECT_LE(runs.size(), 3U);
    EXPECT_LT(pick({2}), 2U);
  }
}

TEST(Traits, AreWhatTheirWordsSay) {
  for (const conformance::Variant& variant : conformance::model_variants()) {
    const auto words = variant.make().manifest.traits;
    EXPECT_EQ(model::declared(model::traits_from(words)), words) << variant.name;
  }
  EXPECT_THROW(model::traits_from({{"start_order", "lifo"}}), std::invalid_argument);
  EXPECT_THROW(model::traits_from({{"worker_threads", "many"}}), std::invalid_argument);
}

// ---- Histories -----------------------------------------------------------------------------------------------------

TEST(Histories, KeepWhatIsCompared) {
  const Program program = settle({make(Op::sleep, 1), in_group({spawn({make(Op::yield)}), make(Op::yield)})});
  const std::vector<Record> trace = run_under(program, model::pick_for({}));
  const History history = history_of(program, trace);
  ASSERT_EQ(history.tasks.size(), 2U);
  EXPECT_EQ(history.tasks[0].size() + history.tasks[1].size(), trace.size());
  EXPECT_EQ(history.tasks[1].front().time, 5'000'000);
  const History outcomes = history_of(program, trace, Detail::outcomes);
  EXPECT_EQ(outcomes.tasks[0].size(), 1U);
  EXPECT_EQ(outcomes.tasks[0].front().time, 0);
  EXPECT_NE(to_text(history, program).find("task 1:"), std::string::npos);
}

TEST(Histories, DifferAsTheirFingerprintsDo) {
  const Program program = settle({in_group({spawn({make(Op::yield)})}), make(Op::sleep, 1)});
  const std::vector<Record> trace = run_under(program, model::pick_for({}));
  const auto differ_at = [&](const std::vector<Record>& other, Detail detail) {
    const bool differ = history_of(program, trace, detail) != history_of(program, other, detail);
    EXPECT_EQ(fingerprint(program, trace, detail) != fingerprint(program, other, detail), differ);
    return differ;
  };
  std::vector<Record> later = trace;
  later.back().time += 5'000'000;
  EXPECT_TRUE(differ_at(later, Detail::times));
  EXPECT_FALSE(differ_at(later, Detail::steps));
  // A loop that counts in milliseconds may be one behind.
  later.back().time = trace.back().time + 1'000'000;
  EXPECT_FALSE(differ_at(later, Detail::times));

  std::vector<Record> otherwise = trace;
  otherwise[1].result = Result::cancelled;
  EXPECT_TRUE(differ_at(otherwise, Detail::steps));
  EXPECT_FALSE(differ_at(otherwise, Detail::outcomes));
  otherwise.back().result = Result::cancelled;
  EXPECT_TRUE(differ_at(otherwise, Detail::outcomes));

  // Another order of the same steps of each task is no difference.
  std::vector<Record> by_task = trace;
  std::ranges::stable_sort(by_task, {}, &Record::task);
  EXPECT_NE(by_task, trace);
  EXPECT_FALSE(differ_at(by_task, Detail::times));
}

// ---- Exploration ---------------------------------------------------------------------------------------------------

Exploration explore_model(const Program& program, std::int64_t most_schedules = 3000) {
  return explore(program, conformance::model_adapter().manifest, most_schedules);
}

TEST(Explorer, FindsTheOneHistoryOfADeterminateProgram) {
  const Program program = settle({in_group({spawn({make(Op::sleep, 2)}), make(Op::sleep, 1), make(Op::raise, 3)})});
  const Exploration exploration = explore_model(program);
  EXPECT_TRUE(exploration.complete);
  EXPECT_TRUE(exploration.determinate());
  EXPECT_EQ(exploration.outcomes.size(), 1U);
  EXPECT_EQ(divergence(exploration, program, run_under(program, model::pick_for({Strategy::Kind::lifo}))),
            std::nullopt);
}

TEST(Explorer, FindsEveryOrder) {
  // The time at which each of three gets the lock depends on the order of the others.
  const Statement holds = spawn({make(Op::with_lock, 0, 0, {make(Op::sleep, 2)})});
  const Exploration exploration = explore_model(settle({in_group({holds, holds, holds})}));
  EXPECT_TRUE(exploration.complete);
  // By its trait the model begins tasks in their order, so the first one is fixed; a plain lock goes to any other.
  EXPECT_EQ(exploration.outcomes.size(), 2U);
  EXPECT_TRUE(exploration.determinate_at(Detail::steps));
  EXPECT_FALSE(exploration.determinate());

  conformance::Manifest any_order = conformance::model_adapter().manifest;
  any_order.traits["start_order"] = "unspecified";
  EXPECT_EQ(explore(settle({in_group({holds, holds, holds})}), any_order, 3000).outcomes.size(), 6U);
}

TEST(Explorer, TakesBothWaysOfATie) {
  const Exploration exploration = explore_model(settle({make(Op::scope, 2, 0, {make(Op::sleep, 2)})}));
  EXPECT_TRUE(exploration.complete);
  std::set<Result> results;
  for (const History& outcome : exploration.outcomes) results.insert(outcome.tasks[0].at(3).result);
  EXPECT_EQ(results, (std::set<Result>{Result::value, Result::cancelled}));
  EXPECT_TRUE(exploration.determinate_at(Detail::outcomes));
}

/// For each history: how the statements ended or were answered.
std::set<std::vector<std::int64_t>> endings(const Exploration& exploration, const std::vector<int>& statements) {
  std::set<std::vector<std::int64_t>> all;
  for (const History& outcome : exploration.outcomes) {
    std::vector<std::int64_t> found(statements.size(), -1);
    for (const std::vector<Record>& task : outcome.tasks) {
      for (const Record& record : task) {
        const auto statement = std::ranges::find(statements, record.statement);
        if (statement == statements.end() || record.what == What::begin) continue;
        const bool is_answer = record.what == What::answer;
        found[static_cast<std::size_t>(statement - statements.begin())] =
            is_answer ? record.value : static_cast<std::int64_t>(record.result);
      }
    }
    all.insert(found);
  }
  return all;
}
constexpr auto value = static_cast<std::int64_t>(Result::value);
constexpr auto cancelled = static_cast<std::int64_t>(Result::cancelled);

Statement start(Statements body) { return make(Op::spawn, 1, 0, std::move(body)); }

TEST(Explorer, LetsARequestComeBeforeOrBehindAValueOfItsInstant) {
  const Program program = settle({in_group(
      {start({make(Op::event_wait, 0)}),
       spawn({make(Op::sleep, 2), make(Op::ask, static_cast<int>(Question::events)), make(Op::cancel_task, 1)}),
       make(Op::sleep, 2), make(Op::event_set, 0)})});
  const Exploration exploration = explore_model(program);
  EXPECT_TRUE(exploration.complete);
  // Statement 2 waits; statement 5, before the request, asks whether the event is set. A request that comes first is
  // the only one by then; one that comes later may still overtake the value.
  EXPECT_EQ(endings(exploration, {2, 5}),
            (std::set<std::vector<std::int64_t>>{{cancelled, 0}, {value, 1}, {cancelled, 1}}));
}

TEST(Explorer, LetsALockGoWithTheRequestOrBehindIt) {
  // A waiter of a condition that is cancelled takes the lock again.
  const Program program =
      settle({in_group({start({make(Op::with_lock, 1, 0, {make(Op::condition_wait, 1)})}), make(Op::cancel_task, 1),
                        make(Op::ask, static_cast<int>(Question::locks))})});
  EXPECT_EQ(endings(explore_model(program), {3, 5}),
            (std::set<std::vector<std::int64_t>>{{cancelled, 0}, {cancelled, 2}}));
}

TEST(Explorer, LeavesOpenWhetherACancelledInAGroupFails) {
  // Task 2 fails with a group of a Cancelled that nobody asked of it; who joins it is cancelled by then.
  const Program program =
      settle({in_group({start({make(Op::sleep, 1)}), start({in_group({spawn({make(Op::join, 1)})})}),
                        make(Op::cancel_task, 1), make(Op::join, 2)})});
  std::set<std::size_t> leaves;
  for (const History& outcome : explore_model(program).outcomes) {
    leaves.insert(outcome.tasks[0].back().leaves.size());
  }
  EXPECT_EQ(leaves, (std::set<std::size_t>{1, 2}));
}

TEST(Explorer, MissesNothingByNotGoingOnTwice) {
  std::int64_t compared = 0;
  std::int64_t schedules = 0;
  std::int64_t explored = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const Program program = generate(seed, {.size = 12});
    if (!can_be_explored(program)) continue;
    DepthFirst every(300);
    std::set<std::uint64_t> histories;
    while (every.next()) {
      const auto pick = [&](model::Choices choices) { return every.pick(choices); };
      histories.insert(fingerprint(program, run_under(program, pick), Detail::times));
    }
    if (!every.complete()) continue;
    const Exploration exploration = explore_model(program);
    EXPECT_EQ(exploration.outcomes.size(), histories.size()) << to_text(program);
    ++compared;
    schedules += every.runs();
    explored += exploration.schedules;
  }
  EXPECT_GT(compared, 40);
  EXPECT_LT(explored, schedules * 2 / 3);
}

TEST(Explorer, SaysNothingOfWhatItCouldNotFinish) {
  const Statement yields = spawn({make(Op::yield), make(Op::yield), make(Op::sleep, 1), make(Op::yield)});
  const Program program = settle({in_group({yields, yields, yields, yields, yields})});
  const Exploration exploration = explore_model(program, 50);
  EXPECT_EQ(exploration.schedules, 50);
  EXPECT_FALSE(exploration.complete);
  EXPECT_FALSE(exploration.determinate_at(Detail::outcomes));
  EXPECT_EQ(divergence(exploration, program, {}), std::nullopt);

  const Exploration of_threads = explore_model(settle({make(Op::run_in_thread)}));
  EXPECT_EQ(of_threads.schedules, 0);
  EXPECT_FALSE(of_threads.complete);
}

TEST(Explorer, AllowsEverythingThatTheModelDoes) {
  std::int64_t compared = 0;
  for (const conformance::Variant& variant : conformance::model_variants()) {
    const BackendAdapter backend = variant.make();
    for (std::uint64_t seed = 0; seed < 6; ++seed) {
      const Program program = generate(seed, {.size = 20});
      const Exploration exploration = explore(program, backend.manifest, 60);
      for (std::uint64_t order_seed = 0; exploration.complete && order_seed < 4; ++order_seed) {
        const auto run = run_program(backend, program, Schedule{order_seed, false, 0});
        EXPECT_EQ(divergence(exploration, program, run.trace), std::nullopt) << variant.name << "\n"
                                                                             << to_text(program);
        ++compared;
      }
    }
  }
  EXPECT_GT(compared, 100);
}

TEST(Divergence, NamesTheFirstStepThatNoHistoryHas) {
  const Program program = settle({make(Op::event_set, 0), make(Op::event_wait, 0), make(Op::give, 4)});
  const Exploration exploration = explore_model(program);
  const std::vector<Record> trace = run_under(program, model::pick_for({}));
  ASSERT_EQ(trace.size(), 5U);

  std::vector<Record> other = trace;
  other[3].result = Result::cancelled;
  other[4].value = 5;
  EXPECT_EQ(divergence(exploration, program, other),
            "at step 3 of task 0 the model allows {0 ms  task 0  #1 event_wait  end: value}, it did: 0 ms  task 0  "
            "#1 event_wait  end: cancelled");
  other = trace;
  other.pop_back();
  EXPECT_EQ(divergence(exploration, program, other),
            "at step 4 of task 0 the model allows {0 ms  task 0  task_ended: value 4}, it did: nothing more");
  other = trace;
  other.push_back(trace.back());
  EXPECT_EQ(divergence(exploration, program, other),
            "at step 5 of task 0 the model allows {nothing more}, it did: 0 ms  task 0  task_ended: value 4");
}

TEST(Divergence, AnUndeclaredFreedomIsFound) {
  model::Traits unordered;
  unordered.event_wakes_in_order = false;
  const BackendAdapter liar =
      conformance::lying_model("liar", "Wakes in any order.", unordered, "event_wake_order", "fifo", {}).make();
  // The task that goes on first gets the lock.
  const Statement waits = spawn({make(Op::event_wait, 0), make(Op::with_lock, 0, 0, {make(Op::sleep, 2)})});
  const Program program = settle({in_group({waits, waits, make(Op::sleep, 1), make(Op::event_set, 0)})});
  const Exploration declared = explore(program, liar.manifest, 3000);
  BackendAdapter honest = liar;
  honest.manifest.traits["event_wake_order"] = "unspecified";
  const Exploration allowed = explore(program, honest.manifest, 3000);
  std::set<bool> diverged;
  for (std::uint64_t order_seed = 0; order_seed < 20; ++order_seed) {
    const auto run = run_program(liar, program, Schedule{order_seed, false, 0});
    diverged.insert(divergence(declared, program, run.trace).has_value());
    EXPECT_EQ(divergence(allowed, program, run.trace), std::nullopt);
  }
  EXPECT_EQ(diverged, (std::set<bool>{false, true}));
}

// Broken backends leak, and use what is gone: which is their fault, and no finding of a sanitizer.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

struct Fault {
  const char* name;
  Profile profile;
};
class AFault : public ::testing::TestWithParam<Fault> {};

TEST_P(AFault, MakesHistoriesThatTheModelDoesNotAllow) {
  const auto all = conformance::all_mutants();
  const auto found = std::ranges::find(all, GetParam().name, &conformance::Mutant::name);
  ASSERT_NE(found, all.end());
  const BackendAdapter backend = found->make();
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    const Program program = generate(seed, {.profile = GetParam().profile, .size = 25});
    const Exploration exploration = explore(program, backend.manifest, 100);
    if (divergence(exploration, program, run_program(backend, program, Schedule()).trace)) return;
  }
  FAIL() << "no divergence";
}

INSTANTIATE_TEST_SUITE_P(OfTheModel, AFault,
                         ::testing::Values(Fault{"failing_body_does_not_cancel_the_group", Profile::tasks},
                                           Fault{"notify_wakes_the_newest", Profile::condition},
                                           Fault{"inner_scope_absorbs", Profile::scopes},
                                           Fault{"third_event_waiter_is_forgotten", Profile::event},
                                           Fault{"failure_does_not_cancel_the_group", Profile::tasks}),
                         [](const auto& fault) { return std::string(fault.param.name); });

#endif

}  // namespace
}  // namespace concert::programs
