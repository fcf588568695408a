// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

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
  bool armed_while_idle = true;
  const auto main = [&]() -> Coro<> {
    co_await backend.move_on_after(1s).run([&]() { return backend.sleep(100s); });
    // The loop is idle between the two callbacks, with nothing to wait for.
    auto scope = backend.open_cancel_scope();
    backend.loop.callbacks.push_back([] {});
    backend.loop.callbacks.push_back([&] {
      armed_while_idle = backend.loop.timer_armed;
      scope.cancel();
    });
    co_await scope.run([&]() { return backend.sleep_forever(); });
  };
  backend.bootstrap(main);
  EXPECT_EQ(backend.seconds(), 1.0);
  EXPECT_FALSE(armed_while_idle);
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

TEST(Timer, IsNotMovedForEachDeadlineThatIsMet) {
  ManualBackend backend;
  const auto main = [&]() -> Coro<> {
    for (int i = 0; i < 100; ++i) {
      co_await backend.move_on_after(10s).run([&]() { return backend.sleep(1ms); });
    }
  };
  backend.bootstrap(main);
  EXPECT_LE(backend.loop.timer_arms, 101);
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
