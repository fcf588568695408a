// SPDX-License-Identifier: Apache-2.0
#include "concert/harness/cancel_points.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <vector>

#include "concert/model/model_backend.hpp"

namespace concert::conformance {
namespace {

using namespace std::chrono_literals;

std::vector<std::int64_t> numbers_up_to(std::int64_t last) {
  std::vector<std::int64_t> numbers;
  for (std::int64_t i = 0; i <= last; ++i) numbers.push_back(i);
  return numbers;
}

TEST(ForEachCancelPoint, StopsWhenTheCancellationComesTooLate) {
  std::vector<std::int64_t> tried;
  const auto sweep = for_each_cancel_point([&](std::int64_t k) {
    tried.push_back(k);
    return k == 3;
  });
  EXPECT_EQ(tried, numbers_up_to(3));
  EXPECT_EQ(sweep.points, 3);
  EXPECT_TRUE(sweep.complete);
}

TEST(ForEachCancelPoint, StopsAtItsLimitAndSaysSo) {
  std::int64_t tried = 0;
  const auto sweep = for_each_cancel_point(
      [&](std::int64_t) {
        ++tried;
        return false;
      },
      5);
  EXPECT_EQ(tried, 5);
  EXPECT_EQ(sweep.points, 5);
  EXPECT_FALSE(sweep.complete);
}

TEST(ForEachCancelPoint, LetsFailuresThrough) {
  EXPECT_THROW(for_each_cancel_point([](std::int64_t) -> bool { throw std::domain_error("no"); }), std::domain_error);
}

/// How far a body came before it was cancelled, for every turn until the cancellation is too late.
struct Sweep {
  std::map<std::int64_t, int> steps_at_turn;
  CancelPointSweep result;
  /// Turns after which no checkpoint followed, so that the cancellation had no effect.
  int without_a_checkpoint = 0;
  std::optional<CancelPointRun> last;
};

Sweep sweep(Coro<> (*body)(AsyncBackend&, int& steps), CancelPointOptions options = {}) {
  Sweep sweep;
  sweep.result = for_each_cancel_point(
      [&](std::int64_t turn) {
        const std::unique_ptr<AsyncBackend> backend = model::model_backend();
        int steps = 0;
        const CancelPoints points(
            *backend, [&] { return body(*backend, steps); }, options);
        const CancelPointRun run = backend->bootstrap([&] { return points.cancel_at(turn); });
        if (!run.too_late) {
          if (!run.absorbed) ++sweep.without_a_checkpoint;
          EXPECT_EQ(run.turns, turn);
          sweep.steps_at_turn[turn] = steps;
        }
        sweep.last = run;
        return run.too_late;
      },
      200);
  return sweep;
}

Coro<> five_yields(AsyncBackend& backend, int& steps) {
  for (int i = 0; i < 5; ++i) {
    ++steps;
    co_await backend.coro_yield();
  }
  ++steps;
}

TEST(CancelPoints, MeetsEachYieldOnce) {
  const Sweep found = sweep(five_yields, {.yields_per_tick = 100});
  EXPECT_TRUE(found.result.complete);
  // At turn 0 the body has not run; its scope is cancelled as it begins, and its first yield throws.
  const std::map<std::int64_t, int> expected{{0, 1}, {1, 1}, {2, 2}, {3, 3}, {4, 4}, {5, 5}};
  EXPECT_EQ(found.steps_at_turn, expected);
  EXPECT_EQ(found.without_a_checkpoint, 0);
  EXPECT_FALSE(found.last->absorbed);
  EXPECT_FALSE(found.last->failure);
}

Coro<> sleeps_and_yields(AsyncBackend& backend, int& steps) {
  ++steps;
  co_await backend.sleep(2ms);
  ++steps;
  co_await backend.coro_yield();
  ++steps;
  co_await backend.sleep(10ms);
  ++steps;
}

TEST(CancelPoints, TimersComeBetweenTurns) {
  const Sweep found = sweep(sleeps_and_yields, {.yields_per_tick = 3, .tick = 1ms});
  EXPECT_TRUE(found.result.complete);
  std::set<int> steps;
  for (const auto& [turn, seen] : found.steps_at_turn) steps.insert(seen);
  EXPECT_EQ(steps, (std::set<int>{1, 2, 3}));
  EXPECT_EQ(found.without_a_checkpoint, 0);
  // 12 ms of the body are 12 ticks of four turns each, and a few more turns at its beginning and its end.
  EXPECT_GE(found.result.points, 44);
  EXPECT_LE(found.result.points, 56);
}

Coro<> nested(AsyncBackend& backend, int& steps) {
  TaskGroup group = backend.create_task_group();
  co_await group.run([&](TaskGroup& tasks) -> Coro<> {
    for (int i = 0; i < 2; ++i) {
      tasks.start_soon([&backend, &steps]() -> Coro<> {
        co_await backend.coro_yield();
        ++steps;
        co_await backend.sleep(1ms);
        ++steps;
      });
    }
    co_await backend.coro_yield();
  });
}

TEST(CancelPoints, ReachesTheTasksOfTheBody) {
  const Sweep found = sweep(nested);
  EXPECT_TRUE(found.result.complete);
  std::set<int> steps;
  for (const auto& [turn, seen] : found.steps_at_turn) steps.insert(seen);
  EXPECT_TRUE(steps.contains(0));
  EXPECT_TRUE(steps.contains(2));
}

TEST(CancelPoints, FailureOfTheBodyIsKept) {
  const std::unique_ptr<AsyncBackend> backend = model::model_backend();
  const CancelPoints points(*backend, [&]() -> Coro<> {
    co_await backend->coro_yield();
    throw std::domain_error("no");
  });
  const CancelPointRun run = backend->bootstrap([&] { return points.cancel_at(50); });
  EXPECT_TRUE(run.too_late);
  ASSERT_TRUE(run.failure);
  EXPECT_THROW(std::rethrow_exception(run.failure), std::domain_error);
  EXPECT_THROW(backend->bootstrap([&] { return points.count_suspensions(); }), std::domain_error);
}

TEST(CancelPoints, BodyThatSwallowsItsCancellationIsSeen) {
  const std::unique_ptr<AsyncBackend> backend = model::model_backend();
  const CancelPoints points(*backend, [&]() -> Coro<> {
    try {
      co_await backend->sleep(1h);
    } catch (const Cancelled&) {
    }
  });
  const CancelPointRun run = backend->bootstrap([&] { return points.cancel_at(2); });
  EXPECT_FALSE(run.too_late);
  EXPECT_FALSE(run.absorbed);
}

TEST(CancelPoints, CountsSuspensions) {
  const std::unique_ptr<AsyncBackend> backend = model::model_backend();
  int steps = 0;
  const CancelPoints points(*backend, [&] { return five_yields(*backend, steps); }, {.yields_per_tick = 100});
  // Five yields, and the turn in which the end was not seen yet.
  EXPECT_EQ(backend->bootstrap([&] { return points.count_suspensions(); }), 6);
  EXPECT_EQ(steps, 6);
  const CancelPoints endless(*backend, [&]() -> Coro<> { co_await backend->sleep_forever(); }, {.max_turns = 20});
  EXPECT_THROW(backend->bootstrap([&] { return endless.count_suspensions(); }), std::runtime_error);
}

TEST(CancelPoints, CancellationFromOutsideEndsTheRun) {
  const std::unique_ptr<AsyncBackend> backend = model::model_backend();
  const CancelPoints points(*backend, [&]() -> Coro<> { co_await backend->sleep_forever(); });
  const bool caught = backend->bootstrap([&]() -> Coro<bool> {
    CancelScope scope = backend->move_on_after(50ms);
    co_await scope.run([&]() -> Coro<> { co_await points.cancel_at(1'000'000); });
    co_return scope.cancelled_caught();
  });
  EXPECT_TRUE(caught);
}

TEST(CancelPoints, OptionsThatCannotWorkAreRefused) {
  const std::unique_ptr<AsyncBackend> backend = model::model_backend();
  const auto body = [&]() -> Coro<> { co_await backend->coro_yield(); };
  EXPECT_THROW(CancelPoints(*backend, body, {.yields_per_tick = 0}), std::invalid_argument);
  EXPECT_THROW(CancelPoints(*backend, body, {.tick = Seconds(0)}), std::invalid_argument);
}

}  // namespace
}  // namespace concert::conformance
