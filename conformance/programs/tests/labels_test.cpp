// SPDX-License-Identifier: Apache-2.0
#include "concert/programs/labels.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "concert/mutants/mutants.hpp"
#include "concert/programs/judge.hpp"
#include "concert/programs/species.hpp"

namespace concert::programs {
namespace {

/// The labels that a run of the statements on the model deserves.
std::set<std::string> labels_of(std::vector<Statement> statements) {
  const Program program = settle(std::move(statements));
  Labels labels(program);
  RunOptions options;
  options.observers = {&labels};
  const Run run = run_program(conformance::model_adapter(), program, {}, options);
  EXPECT_TRUE(run.violations.empty()) << to_text(program);
  std::set<std::string> names;
  for (std::size_t i = 0; i < all_labels().size(); ++i) {
    if (labels.seen()[i]) names.insert(all_labels()[i].name);
  }
  return names;
}

Statement of(Op op, int a = 0, int b = 0, std::vector<Statement> body = {}) { return {op, a, b, std::move(body)}; }

TEST(Labels, HaveNamesOfTheirOwn) {
  std::set<std::string> names;
  for (const Label& label : all_labels()) EXPECT_TRUE(names.insert(label.name).second) << label.name;
  EXPECT_GT(std::ranges::count_if(all_labels(), [](const Label& label) { return label.required > 0; }), 80);
}

TEST(Labels, OfAContendedLock) {
  const auto user = of(Op::spawn, 0, 0, {of(Op::with_lock, 0, 0, {of(Op::sleep, 2)})});
  const auto two = labels_of({of(Op::group, 0, 0, {user, user})});
  EXPECT_TRUE(two.contains("lock: contended"));
  EXPECT_FALSE(two.contains("lock: two waiters"));
  EXPECT_TRUE(labels_of({of(Op::group, 0, 0, {user, user, user})}).contains("lock: two waiters"));
  EXPECT_FALSE(labels_of({of(Op::group, 0, 0, {user})}).contains("lock: contended"));
}

TEST(Labels, OfAWaiterThatIsCancelledWhenTheLockIsFree) {
  // The holder lets go, and cancels the second in line in the same step: the first gets the lock.
  const auto holder = of(Op::spawn, 0, 0, {of(Op::with_lock, 0, 0, {of(Op::sleep, 2)}), of(Op::cancel_scope, 0)});
  const auto first = of(Op::spawn, 0, 0, {of(Op::with_lock, 0, 0, {of(Op::sleep, 2)})});
  const auto second = of(Op::spawn, 0, 0, {of(Op::scope, no_deadline, 0, {of(Op::with_lock, 0, 0, {of(Op::yield)})})});
  const auto names = labels_of({of(Op::group, 0, 0, {holder, first, second})});
  EXPECT_TRUE(names.contains("cancellation: beside a wake-up"));
  EXPECT_TRUE(names.contains("lock: waiter cancelled at the hand-over"));
  EXPECT_TRUE(names.contains("with_lock blocked: cancelled by its scope"));
  EXPECT_FALSE(labels_of({of(Op::group, 0, 0, {holder, first})}).contains("lock: waiter cancelled at the hand-over"));
}

TEST(Labels, OfSeveralWaitersThatAreWoken) {
  const auto waiter = of(Op::spawn, 0, 0, {of(Op::event_wait, 0)});
  const auto setter = of(Op::spawn, 0, 0, {of(Op::sleep, 2), of(Op::event_set, 0)});
  EXPECT_TRUE(labels_of({of(Op::group, 0, 0, {waiter, waiter, setter})}).contains("event: set with two waiters"));
  EXPECT_FALSE(labels_of({of(Op::group, 0, 0, {waiter, setter})}).contains("event: set with two waiters"));
  const auto in_line = of(Op::spawn, 0, 0, {of(Op::with_lock, 0, 0, {of(Op::condition_wait, 0)})});
  const auto notifier = of(Op::spawn, 0, 0, {of(Op::sleep, 2), of(Op::with_lock, 0, 0, {of(Op::notify, 0, 0)})});
  EXPECT_TRUE(
      labels_of({of(Op::group, 0, 0, {in_line, in_line, notifier})}).contains("condition: notify with two waiters"));
  EXPECT_FALSE(labels_of({of(Op::group, 0, 0, {in_line, notifier})}).contains("condition: notify with two waiters"));
}

TEST(Labels, OfManyWaitersThatAreAllNotified) {
  const auto in_line = of(Op::spawn, 0, 0, {of(Op::with_lock, 0, 0, {of(Op::condition_wait, 0)})});
  const auto are_labelled = [&](std::size_t waiters, int count) {
    std::vector<Statement> tasks(waiters, in_line);
    tasks.push_back(of(Op::spawn, 0, 0, {of(Op::sleep, 2), of(Op::with_lock, 0, 0, {of(Op::notify, 0, count)})}));
    return labels_of({of(Op::group, 0, 0, std::move(tasks))}).contains("condition: notify all of four waiters");
  };
  constexpr int all = 0;
  EXPECT_TRUE(are_labelled(4, all));
  EXPECT_FALSE(are_labelled(3, all));
  EXPECT_FALSE(are_labelled(4, 1));
}

TEST(Labels, OfWhatCancelledABlockedWait) {
  const auto names = labels_of({of(Op::scope, 4, 0, {of(Op::sleep_forever)})});
  EXPECT_TRUE(names.contains("sleep_forever blocked: cancelled by a deadline"));
  EXPECT_TRUE(names.contains("scope: deadline passed"));
  EXPECT_TRUE(names.contains("sleep_forever: cancelled"));
  EXPECT_FALSE(names.contains("checkpoint: begun under a cancellation"));

  const auto canceller = of(Op::spawn, 0, 0, {of(Op::sleep, 2), of(Op::cancel_scope, 0)});
  EXPECT_TRUE(labels_of({of(Op::group, 0, 0, {canceller, of(Op::scope, no_deadline, 0, {of(Op::event_wait, 0)})})})
                  .contains("event_wait blocked: cancelled by its scope"));

  const auto failing = of(Op::spawn, 0, 0, {of(Op::sleep, 2), of(Op::raise, 1)});
  const auto beside = of(Op::spawn, 0, 0, {of(Op::sleep, 20)});
  EXPECT_TRUE(
      labels_of({of(Op::group, 0, 0, {failing, beside})}).contains("sleep blocked: cancelled by a failure beside it"));

  const auto target = of(Op::spawn, 1, 0, {of(Op::sleep, 20)});
  EXPECT_TRUE(labels_of({of(Op::group, 0, 0, {target, of(Op::cancel_task, 1)})})
                  .contains("sleep blocked: cancelled by a request to its task"));

  EXPECT_TRUE(labels_of({of(Op::event_wait, 0)}).contains("event_wait blocked: cancelled by the watchdog"));
  EXPECT_TRUE(labels_of({of(Op::event_wait, 0)}).contains("program: ended by the watchdog"));
}

TEST(Labels, OfAScopeAroundASpawnButNotAroundTheGroup) {
  // The scope inside the group's body does not reach the child, which sleeps its time.
  const auto names =
      labels_of({of(Op::group, 0, 0,
                    {of(Op::scope, no_deadline, 0,
                        {of(Op::spawn, 0, 0, {of(Op::sleep, 2)}), of(Op::cancel_scope, 0), of(Op::yield)})})});
  EXPECT_TRUE(names.contains("checkpoint: begun under a cancellation"));
  EXPECT_TRUE(names.contains("sleep: value"));
  EXPECT_FALSE(names.contains("task: cancelled before it started"));
}

TEST(Labels, OfATaskThatIsCancelledBeforeItStarts) {
  const auto names =
      labels_of({of(Op::scope, no_deadline, 0,
                    {of(Op::group, 0, 0, {of(Op::spawn, 0, 0, {of(Op::yield)}), of(Op::cancel_scope, 0)})})});
  EXPECT_TRUE(names.contains("task: cancelled before it started"));
}

TEST(Labels, OfShieldsAndGroups) {
  EXPECT_TRUE(
      labels_of({of(Op::scope, no_deadline, 0, {of(Op::shield, 0, 0, {of(Op::cancel_scope, 0), of(Op::yield)})})})
          .contains("shield: kept a cancellation out"));
  const auto failing = of(Op::spawn, 0, 0, {of(Op::raise, 1)});
  EXPECT_TRUE(
      labels_of({of(Op::guard, 1, 0, {of(Op::group, 0, 0, {failing, failing})})}).contains("group: two errors"));
}

TEST(Species, AreThoseOfDifferentTasks) {
  const auto species_of = [](std::vector<Statement> statements) {
    const Program program = settle(std::move(statements));
    Species species(program);
    RunOptions options;
    options.observers = {&species};
    run_program(conformance::model_adapter(), program, {}, options);
    return species.seen();
  };
  EXPECT_TRUE(species_of({of(Op::yield), of(Op::sleep, 2), of(Op::yield)}).empty());
  const auto child = of(Op::spawn, 0, 0, {of(Op::sleep, 2)});
  const auto pair = species_of({of(Op::group, 0, 0, {child, of(Op::yield)})});
  // The end of the yield and that of the sleep, and the ends of the two tasks.
  EXPECT_EQ(pair.size(), 2U);
  // Longer sleeps are no other species.
  const auto longer = of(Op::spawn, 0, 0, {of(Op::sleep, 4)});
  EXPECT_EQ(species_of({of(Op::group, 0, 0, {longer, of(Op::yield)})}), pair);
}

TEST(Hash, TellsProgramsApart) {
  const auto hash = [](std::vector<Statement> statements) { return hash_of(settle(std::move(statements))); };
  EXPECT_EQ(hash({of(Op::yield)}), hash({of(Op::yield)}));
  EXPECT_NE(hash({of(Op::sleep, 2)}), hash({of(Op::sleep, 3)}));
  EXPECT_NE(hash({of(Op::shield, 0, 0, {of(Op::yield)}), of(Op::yield)}),
            hash({of(Op::shield, 0, 0, {of(Op::yield), of(Op::yield)})}));
}

}  // namespace
}  // namespace concert::programs
