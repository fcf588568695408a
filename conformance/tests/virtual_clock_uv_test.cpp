// SPDX-License-Identifier: Apache-2.0
// Virtual time drives an unmodified libuv, which is a shared library.
#include <gtest/gtest.h>
#include <uv.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "concert/harness/virtual_clock.hpp"

namespace concert::conformance {
namespace {

using namespace std::chrono_literals;

class Loop {
 public:
  Loop() { EXPECT_EQ(uv_loop_init(&loop_), 0); }
  ~Loop() { EXPECT_EQ(uv_loop_close(&loop_), 0); }
  uv_loop_t* get() { return &loop_; }
  void run() { EXPECT_EQ(uv_run(&loop_, UV_RUN_DEFAULT), 0); }

 private:
  uv_loop_t loop_{};
};

uv_handle_t* as_handle(uv_timer_t& timer) { return reinterpret_cast<uv_handle_t*>(&timer); }

TEST(VirtualClockUv, FiftyTimersOverFiftySecondsAreExactAndTakeNoTime) {
  const auto real_start = VirtualClock::real_now();
  const VirtualClock clock;
  Loop loop;
  static std::vector<std::chrono::nanoseconds> fired;
  fired.clear();
  std::vector<uv_timer_t> timers(50);
  for (std::uint64_t i = 50; i >= 1; --i) {
    uv_timer_t& timer = timers[i - 1];
    uv_timer_init(loop.get(), &timer);
    const auto on_timer = [](uv_timer_t* fired_timer) {
      fired.push_back(VirtualClock::elapsed());
      uv_close(reinterpret_cast<uv_handle_t*>(fired_timer), nullptr);
    };
    uv_timer_start(&timer, on_timer, i * 1000, 0);
  }
  loop.run();
  ASSERT_EQ(fired.size(), 50u);
  for (std::size_t i = 0; i < fired.size(); ++i) EXPECT_EQ(fired[i], (i + 1) * 1s);
  EXPECT_LT(VirtualClock::real_now() - real_start, 1s);
}

TEST(VirtualClockUv, CompletionOfAWorkerComesBeforeALaterTimeout) {
  const VirtualClock clock;
  Loop loop;
  struct Job {
    uv_work_t request{};
    uv_timer_t timeout{};
    std::optional<KernelWork> work;
    bool completed = false;
    bool timed_out = false;
  } job;
  uv_timer_init(loop.get(), &job.timeout);
  job.timeout.data = &job;
  job.request.data = &job;
  const auto on_timeout = [](uv_timer_t* timer) {
    static_cast<Job*>(timer->data)->timed_out = true;
    uv_close(reinterpret_cast<uv_handle_t*>(timer), nullptr);
  };
  uv_timer_start(&job.timeout, on_timeout, 5000, 0);
  job.work.emplace();
  const auto on_work = [](uv_work_t*) {};
  const auto on_completion = [](uv_work_t* request, int) {
    Job& done = *static_cast<Job*>(request->data);
    done.completed = true;
    done.work.reset();
    if (!done.timed_out) uv_close(as_handle(done.timeout), nullptr);
  };
  uv_queue_work(loop.get(), &job.request, on_work, on_completion);
  loop.run();
  EXPECT_TRUE(job.completed);
  EXPECT_FALSE(job.timed_out);
  EXPECT_EQ(VirtualClock::elapsed(), 0s);
}

// libuv reads the clock once in a round and keeps milliseconds: measured against the clock itself, its timers can be
// early when code takes time. A perturbed clock shows it each time (a backend on libuv has to make up for it).
TEST(VirtualClockUv, PerturbationShowsStaleLoopTime) {
  VirtualClock::Options options;
  options.perturbed = true;
  bool early = false;
  for (options.seed = 1; options.seed <= 20; ++options.seed) {
    const VirtualClock clock(options);
    Loop loop;
    VirtualClock::advance(5ms);
    static std::chrono::nanoseconds fired_at;
    uv_timer_t timer{};
    uv_timer_init(loop.get(), &timer);
    const auto started_at = VirtualClock::elapsed();
    const auto on_timer = [](uv_timer_t* fired_timer) {
      fired_at = VirtualClock::elapsed();
      uv_close(reinterpret_cast<uv_handle_t*>(fired_timer), nullptr);
    };
    uv_timer_start(&timer, on_timer, 20, 0);
    loop.run();
    early = early || fired_at - started_at < 20ms;
  }
  EXPECT_TRUE(early);
}

TEST(VirtualClockUv, DeadlockHandlerMayWakeTheLoop) {
  Loop loop;
  static bool woken;
  woken = false;
  uv_async_t wake{};
  const auto on_wake = [](uv_async_t* handle) {
    woken = true;
    uv_close(reinterpret_cast<uv_handle_t*>(handle), nullptr);
  };
  uv_async_init(loop.get(), &wake, on_wake);
  VirtualClock::Options options;
  options.deadlock_grace = 0ms;
  options.on_stuck = [&](VirtualClock::Stuck, const std::string&) { uv_async_send(&wake); };
  const VirtualClock clock(options);
  loop.run();
  EXPECT_TRUE(woken);
}

}  // namespace
}  // namespace concert::conformance
