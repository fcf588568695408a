// SPDX-License-Identifier: Apache-2.0
#include "concert/uv.hpp"

#include <gtest/gtest.h>
#include <uv.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <ctime>
#include <memory>
#include <stdexcept>
#include <thread>

#include "uv_port.hpp"
#include "waiting_client.hpp"

namespace concert {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

/// A loop of the application, with a timer of its own.
class AppLoop {
 public:
  AppLoop() { uv_loop_init(&loop_); }
  AppLoop(const AppLoop&) = delete;
  AppLoop& operator=(const AppLoop&) = delete;
  ~AppLoop() {
    uv_walk(
        &loop_, [](uv_handle_t* handle, void*) { uv_close(handle, nullptr); }, nullptr);
    uv_run(&loop_, UV_RUN_DEFAULT);
    EXPECT_EQ(uv_loop_close(&loop_), 0);
  }
  uv_loop_t* get() { return &loop_; }
  int handles() {
    int count = 0;
    uv_walk(
        &loop_, [](uv_handle_t*, void* counter) { ++*static_cast<int*>(counter); }, &count);
    return count;
  }

 private:
  uv_loop_t loop_;
};

RunnerOptions on(AppLoop& loop) { return RunnerOptions().set("loop", loop.get()); }

TEST(Uv, RunsTasksAndTimers) {
  const auto backend = uv_backend();
  EXPECT_EQ(backend->name(), "uv");
  const auto main = [&]() -> Coro<bool> {
    const auto start = Clock::now();
    auto scope = backend->move_on_after(20ms);
    auto group = backend->create_task_group();
    co_await scope.run([&]() -> Coro<> {
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        tasks.start_soon([&]() { return backend->sleep(10s); });
        co_await backend->sleep(5ms);
      });
    });
    co_return scope.cancelled_caught() && Clock::now() - start >= 20ms;
  };
  EXPECT_TRUE(backend->bootstrap(main));
  EXPECT_TRUE(backend->bootstrap(main));
}

TEST(Uv, RefusesUnknownOptionsAndLeavesTheLoopAlone) {
  AppLoop loop;
  const auto backend = uv_backend();
  const auto main = []() -> Coro<> { co_return; };
  EXPECT_THROW(backend->bootstrap(RunnerOptions().set("io_context", 1), main), std::invalid_argument);
  EXPECT_THROW(backend->bootstrap(on(loop).set("lopp", 1), main), std::invalid_argument);
  EXPECT_EQ(loop.handles(), 0);
}

TEST(Uv, IsAGuestOnALoop) {
  AppLoop loop;
  const auto backend = uv_backend();
  struct Foreign {
    uv_timer_t soon;
    uv_timer_t late;
    CancelScope* waiting = nullptr;
    bool late_fired = false;
  } foreign;
  uv_timer_init(loop.get(), &foreign.soon);
  uv_timer_init(loop.get(), &foreign.late);
  foreign.soon.data = foreign.late.data = &foreign;
  uv_timer_start(
      &foreign.soon, [](uv_timer_t* timer) { static_cast<Foreign*>(timer->data)->waiting->cancel(); }, 5, 0);
  uv_timer_start(
      &foreign.late, [](uv_timer_t* timer) { static_cast<Foreign*>(timer->data)->late_fired = true; }, 60, 0);
  const auto main = [&]() -> Coro<bool> {
    auto scope = backend->open_cancel_scope();
    foreign.waiting = &scope;
    co_await scope.run([&]() { return backend->sleep_forever(); });
    co_return scope.cancelled_caught();
  };
  // A stop that somebody asked for earlier does not end the run before its task.
  uv_stop(loop.get());
  EXPECT_TRUE(backend->bootstrap(on(loop), main));
  EXPECT_FALSE(foreign.late_fired) << "other work stays pending when the main task ends";
  EXPECT_EQ(loop.handles(), 2) << "the run's own handles are gone";

  EXPECT_EQ(backend->bootstrap(on(loop), []() -> Coro<int> { co_return 2; }), 2);
  EXPECT_FALSE(foreign.late_fired);
  uv_run(loop.get(), UV_RUN_DEFAULT);
  EXPECT_TRUE(foreign.late_fired);
}

TEST(Uv, SleepsForTheTimeAskedThoughTheLoopsClockIsOld) {
  const auto backend = uv_backend();
  const auto computed = 30ms;
  auto shortest = Clock::duration::max();
  const auto main = [&]() -> Coro<> {
    for (int i = 0; i < 4; ++i) {
      co_await backend->coro_yield();
      // A computation: uv_now still says when it began.
      const auto start = Clock::now();
      while (Clock::now() - start < computed) {
      }
      const auto before = Clock::now();
      const TimePoint wake_time = backend->current_time() + 8ms;
      co_await backend->sleep_until(wake_time);
      EXPECT_GE(backend->current_time(), wake_time);
      shortest = std::min(shortest, Clock::now() - before);
    }
  };
  backend->bootstrap(main);
  EXPECT_GE(shortest, 8ms);
  // On a busy machine some rounds are late, but not each by the length of the computation.
  EXPECT_LT(shortest, 8ms + computed);
}

TEST(Uv, DoesNotBurnTheProcessorWhileItWaits) {
  const auto backend = uv_backend();
  const std::clock_t before = std::clock();
  backend->bootstrap([&]() { return backend->sleep(100ms); });
  EXPECT_LT(std::clock() - before, CLOCKS_PER_SEC / 20);
}

TEST(Uv, ASignalCancelsTheMainTask) {
  const auto backend = uv_backend();
  const auto main = [&]() -> Coro<std::string> {
    std::string told;
    try {
      std::raise(SIGTERM);
      co_await backend->sleep(10s);
    } catch (const Cancelled&) {
      told = "cancelled";
    }
    co_return told;
  };
  const auto options = RunnerOptions().set("cancel_on_signals", true);
  EXPECT_EQ(backend->bootstrap(options, main), "cancelled");
  EXPECT_EQ(backend->bootstrap(options, main), "cancelled") << "the handlers are installed anew";
}

TEST(UvPort, IsWokenByATurnRequestedFromAnotherThread) {
  uv_detail::UvPort port(nullptr);
  WaitingClient client(port);
  port.run(client, runtime::LoopPort::no_descriptor);
  EXPECT_EQ(client.turns, 2);
}

}  // namespace
}  // namespace concert
