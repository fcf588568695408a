// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <stdexcept>

#include "manual_backend.hpp"

namespace concert::runtime::testing {
namespace {

using namespace std::chrono_literals;

TEST(Sleep, EndsAtItsTime) {
  ManualBackend backend;
  const auto main = [&]() -> Coro<double> {
    co_await backend.sleep(1500ms);
    co_return backend.current_time().time_since_epoch().count();
  };
  EXPECT_EQ(backend.bootstrap(main), 1.5);
}

TEST(Sleep, OfZeroOrUntilThePastIsACheckpointThatTakesNoTime) {
  ManualBackend backend;
  backend.loop.now = Ticks(1'234'567'891'234'567);
  const Ticks start = backend.loop.now;
  Log log;
  const auto main = [&]() -> Coro<> {
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      tasks.start_soon([&]() -> Coro<> {
        log("other");
        co_return;
      });
      co_await backend.sleep(0s);
      log("slept");
      co_await backend.sleep_until(TimePoint(-Seconds(std::numeric_limits<double>::infinity())));
      co_await backend.sleep_until(backend.current_time());
    });
    auto scope = backend.open_cancel_scope();
    scope.cancel();
    log(co_await outcome_of(scope.run([&]() { return backend.sleep(0s); })));
  };
  backend.bootstrap(main);
  EXPECT_EQ(log.text(), "other slept value");
  EXPECT_EQ(backend.loop.now, start);
  EXPECT_EQ(backend.loop.timer_arms, 0);
}

TEST(Sleep, RefusesNegativeAndNaN) {
  ManualBackend backend;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto main = [&]() -> Coro<int> {
    int refusals = 0;
    for (const double delay : {-1.0, nan, -nan}) {
      try {
        co_await backend.sleep(Seconds(delay));
      } catch (const std::invalid_argument&) {
        ++refusals;
      }
    }
    co_return refusals;
  };
  EXPECT_EQ(backend.bootstrap(main), 3);
}

TEST(Sleep, ForeverEndsByCancellationOnlyAndArmsNoTimer) {
  ManualBackend backend;
  const auto main = [&]() -> Coro<bool> {
    auto scope = backend.open_cancel_scope();
    backend.loop.callbacks.push_back([&] { scope.cancel(); });
    co_await scope.run([&]() { return backend.sleep(Seconds(std::numeric_limits<double>::infinity())); });
    co_return scope.cancelled_caught();
  };
  EXPECT_TRUE(backend.bootstrap(main));
  EXPECT_EQ(backend.loop.timer_arms, 0);
}

TEST(Sleep, WakesInTheOrderOfTheTimes) {
  ManualBackend backend;
  Log log;
  const auto main = [&]() -> Coro<> {
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      for (const int delay : {5, 1, 4, 2, 3}) {
        tasks.start_soon([&, delay]() -> Coro<> {
          co_await backend.sleep(std::chrono::seconds(delay));
          log(std::to_string(delay) + "@" + std::to_string(static_cast<int>(backend.seconds())));
        });
      }
      co_return;
    });
  };
  backend.bootstrap(main);
  EXPECT_EQ(log.text(), "1@1 2@2 3@3 4@4 5@5");
}

TEST(Sleep, CancelledReleasesItsTimer) {
  ManualBackend backend;
  bool armed_while_asleep = false;
  bool armed_afterwards = true;
  const auto main = [&]() -> Coro<> {
    auto sleeping = backend.open_cancel_scope();
    auto idle = backend.open_cancel_scope();
    backend.loop.callbacks = {[] {},
                              [&] {
                                armed_while_asleep = backend.loop.timer_armed;
                                sleeping.cancel();
                              },
                              [] {},
                              [&] {
                                armed_afterwards = backend.loop.timer_armed;
                                idle.cancel();
                              }};
    co_await sleeping.run([&]() { return backend.sleep(100s); });
    co_await idle.run([&]() { return backend.sleep_forever(); });
  };
  backend.bootstrap(main);
  EXPECT_EQ(backend.seconds(), 0.0);
  EXPECT_TRUE(armed_while_asleep);
  EXPECT_FALSE(armed_afterwards);
}

TEST(Sleep, IsNotMadeShortByAComputationBeforeIt) {
  ManualBackend backend;
  const auto main = [&]() -> Coro<double> {
    co_await backend.coro_yield();
    backend.spend(5s);
    const TimePoint before = backend.current_time();
    co_await backend.sleep(1s);
    co_return (backend.current_time() - before).count();
  };
  EXPECT_EQ(backend.bootstrap(main), 1.0);
}

TEST(Timer, ThatFiresEarlyIsArmedAgainAndWakesNobody) {
  ManualBackend backend;
  backend.loop.callbacks.push_back([] {});
  backend.loop.callbacks.push_back([&] {
    backend.loop.now += 1s;
    backend.loop.timer_armed = false;
    backend.loop.client->timer_fired();
  });
  backend.bootstrap([&]() { return backend.sleep(3s); });
  EXPECT_EQ(backend.seconds(), 3.0);
  EXPECT_EQ(backend.loop.timer_arms, 2);
}

/// Runs a task to its next wait for something that no timer ends, and goes on from a callback of the loop.
Coro<> idle_until_called(ManualBackend& backend, std::function<void()> look) {
  auto scope = backend.open_cancel_scope();
  backend.loop.callbacks.push_back([] {});
  backend.loop.callbacks.push_back([&] {
    look();
    scope.cancel();
  });
  co_await scope.run([&]() { return backend.sleep_forever(); });
}

TEST(Timer, IsNotMovedWhileTheEarliestTimeStays) {
  ManualBackend backend;
  const auto main = [&]() -> Coro<> {
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      tasks.start_soon([&]() { return backend.sleep(1s); });
      for (int i = 0; i < 20; ++i) {
        co_await backend.move_on_after(10s).run([&]() { return idle_until_called(backend, [] {}); });
      }
      EXPECT_EQ(backend.loop.timer_arms, 1);
    });
  };
  backend.bootstrap(main);
}

TEST(Timer, IsDisarmedWhenTheLastTimeLimitIsLeft) {
  ManualBackend backend;
  const auto main = [&]() -> Coro<> {
    for (const bool over_turns : {false, true}) {
      auto limit = backend.move_on_after(50s);
      co_await limit.run([&]() -> Coro<> {
        if (over_turns) co_await idle_until_called(backend, [&] { EXPECT_TRUE(backend.loop.timer_armed); });
        co_await backend.coro_yield();
      });
      co_await idle_until_called(backend, [&] { EXPECT_FALSE(backend.loop.timer_armed); });
    }
  };
  backend.bootstrap(main);
  EXPECT_EQ(backend.seconds(), 0.0);
}

TEST(Timer, IsArmedForADeadlineThatACallbackOfTheLoopSets) {
  ManualBackend backend;
  const auto main = [&]() -> Coro<> {
    auto scope = backend.open_cancel_scope();
    backend.loop.callbacks.push_back([] {});
    backend.loop.callbacks.push_back([&] { scope.reschedule(TimePoint(5s)); });
    co_await scope.run([&]() { return backend.sleep_forever(); });
  };
  backend.bootstrap(main);
  EXPECT_EQ(backend.seconds(), 5.0);
}

TEST(Turn, IsNotTakenWhileNothingIsReady) {
  ManualBackend backend;
  const auto main = [&]() -> Coro<> {
    auto scope = backend.open_cancel_scope();
    scope.cancel();
    // A cancelled scope around a shielded sleep has nothing to do but to wait (Scope043).
    co_await scope.run([&]() { return backend.ignore_cancellation(backend.sleep(1000s)); });
  };
  backend.bootstrap(main);
  EXPECT_EQ(backend.seconds(), 1000.0);
  EXPECT_LE(backend.loop.turns, 3);
}

}  // namespace
}  // namespace concert::runtime::testing
