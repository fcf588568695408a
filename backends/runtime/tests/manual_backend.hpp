// SPDX-License-Identifier: Apache-2.0
// The runtime over a loop in memory: its clock stands still until a test or an idle loop moves it.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "concert/runtime/runtime_backend.hpp"

namespace concert::runtime::testing {

/// What a test sees of the loop, and how it moves its clock.
struct ManualLoop {
  Ticks now{0};
  bool turn_requested = false;
  bool timer_armed = false;
  Ticks timer{0};
  /// Called once each between two turns, in order, as callbacks of other work on the loop.
  std::vector<std::function<void()>> callbacks;
  LoopClient* client = nullptr;
  /// Other threads take part: with nothing else to do the loop waits for them.
  bool has_threads = false;
  std::atomic<bool> woken = false;

  // Counters.
  int turns = 0;
  int clock_reads = 0;
  int timer_arms = 0;
};

class ManualPort final : public LoopPort {
 public:
  explicit ManualPort(ManualLoop& loop) : loop_(loop) {}

  Ticks now() noexcept override {
    ++loop_.clock_reads;
    return loop_.now;
  }
  void run(LoopClient& client, int) override {
    loop_.client = &client;
    loop_.turn_requested = true;
    while (!stopped_) step(client);
    loop_.client = nullptr;
  }
  void stop() noexcept override { stopped_ = true; }
  void request_turn() noexcept override { loop_.turn_requested = true; }
  void request_turn_from_other_thread() noexcept override {
    loop_.woken = true;
    loop_.woken.notify_one();
  }
  void arm_timer(Ticks when) noexcept override {
    ++loop_.timer_arms;
    loop_.timer_armed = true;
    loop_.timer = when;
  }
  void disarm_timer() noexcept override { loop_.timer_armed = false; }

 private:
  void step(LoopClient& client) {
    if (loop_.woken.exchange(false)) loop_.turn_requested = true;
    if (!loop_.callbacks.empty()) {
      const auto callback = std::move(loop_.callbacks.front());
      loop_.callbacks.erase(loop_.callbacks.begin());
      callback();
    }
    if (loop_.timer_armed && loop_.timer <= loop_.now) {
      loop_.timer_armed = false;
      client.timer_fired();
    } else if (std::exchange(loop_.turn_requested, false)) {
      ++loop_.turns;
      client.turn();
    } else if (!loop_.callbacks.empty()) {
      // The clock stands still while other work goes on.
    } else if (loop_.timer_armed) {
      loop_.now = std::max(loop_.now, loop_.timer);
    } else if (loop_.has_threads) {
      loop_.woken.wait(false);
    } else {
      // A deadlock of the program under test: a hang would hide which test it was.
      std::fprintf(stderr, "the manual loop has nothing left to do\n");
      std::abort();
    }
  }

  ManualLoop& loop_;
  bool stopped_ = false;
};

class ManualBackend : public RuntimeBackend {
 public:
  std::string_view name() const noexcept override { return "manual"; }

  ManualLoop loop;

  /// Moves the clock as a computation of that length would.
  void spend(Seconds duration) { loop.now += std::chrono::duration_cast<Ticks>(duration); }
  /// The time in seconds since the run began.
  double seconds() const { return Seconds(loop.now).count(); }

 protected:
  std::unique_ptr<LoopPort> make_port(RunnerOptionReader&) override { return std::make_unique<ManualPort>(loop); }
};

/// The same, for tests with real threads.
struct ThreadedBackend final : ManualBackend {
  ThreadedBackend() { loop.has_threads = true; }
};

/// What tasks did, in order.
class Log {
 public:
  void operator()(std::string entry) { entries_.push_back(std::move(entry)); }
  const std::vector<std::string>& entries() const { return entries_; }
  std::string text() const {
    std::string text;
    for (const std::string& entry : entries_) text += (text.empty() ? "" : " ") + entry;
    return text;
  }

 private:
  std::vector<std::string> entries_;
};

/// Awaits, and tells how it ended: "value", "Cancelled" or the message of the error.
template <class A>
Coro<std::string> outcome_of(A awaitable) {
  try {
    co_await std::move(awaitable);
  } catch (const Cancelled&) {
    co_return "Cancelled";
  } catch (const std::exception& error) {
    co_return error.what();
  }
  co_return "value";
}

}  // namespace concert::runtime::testing
