// SPDX-License-Identifier: Apache-2.0
// Other threads in a clause test: gates at which they block, and the order in which things happened across threads.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "concert/backend.hpp"
#include "concert/harness/real_clock.hpp"
#include "concert/harness/virtual_clock.hpp"

namespace concert::conformance {

/// Blocks functions of other threads until the test lets them go on. A thread of a test is under way from the moment it
/// is started, which its KernelWork says; while it is blocked at a gate it is not, so that virtual time may pass.
///
///     KernelWork job;                                 // on the loop thread
///     Gate gate(job);
///     tasks.start_soon([&]() -> Coro<> { co_await backend.sleep(10ms); gate.open(); });
///     co_await backend.run_in_thread([&] { gate.wait(); });
///
/// Nobody waits for ever: after `patience` of real time a waiter goes on, and `timed_out` says so.
/// Threads: any.
class Gate {
 public:
  /// More than a loaded machine needs, less than the watchdog of a test.
  static constexpr std::chrono::seconds patience{2};

  /// `under_way` is the work of the threads that will wait here; it must outlive the gate.
  explicit Gate(KernelWork& under_way) : under_way_(under_way) {}
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  /// Blocks until the gate is open. Returns false if that took too long.
  bool wait();
  /// Lets everybody go on, now and later.
  void open();
  /// How many threads have come to the gate so far.
  std::size_t arrivals() const;
  bool timed_out() const;

 private:
  KernelWork& under_way_;
  mutable std::mutex mutex_;
  std::condition_variable opened_;
  bool is_open_ = false;
  bool timed_out_ = false;
  std::size_t arrivals_ = 0;
  std::size_t blocked_ = 0;
};

/// A moment of real time for other threads: a test that looks again and again must not take the machine from them.
inline void let_threads_run() { std::this_thread::sleep_for(std::chrono::microseconds(20)); }

/// Lets other tasks run until `condition()` holds, which other threads may bring about; no checkpoint. The loop is not
/// idle meanwhile, so that it does not wait for a timer. Returns false if that took too long.
/// `condition` must be trivially destructible, as captures by reference are.
template <class Condition>
Coro<bool> yield_until(AsyncBackend& backend, Condition condition,
                       std::chrono::milliseconds patience = Gate::patience) {
  const auto limit = real_now() + patience;
  while (!condition()) {
    if (real_now() > limit) co_return false;
    let_threads_run();
    // Loops make a number of steps before they look for what came from outside.
    constexpr int yields = 16;
    for (int i = 0; i < yields && !condition(); ++i) co_await backend.cancel_shielded_coro_yield();
  }
  co_return true;
}

/// Blocks this thread until `condition()` holds, in real time: after a run, for threads that go on. Returns false if
/// that took too long; by default the threads may stand at a gate that loses its patience meanwhile.
template <class Condition>
bool block_until(const Condition& condition, std::chrono::milliseconds patience = 2 * Gate::patience) {
  const auto limit = real_now() + patience;
  while (!condition()) {
    if (real_now() > limit) return false;
    let_threads_run();
  }
  return true;
}

/// A log that several threads write: the order of the entries is the order in which they were made.
/// Threads: any.
class SharedLog {
 public:
  void operator()(std::string entry);
  std::vector<std::string> entries() const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> entries_;
};

}  // namespace concert::conformance
