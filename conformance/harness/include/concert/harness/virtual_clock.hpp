// SPDX-License-Identifier: Apache-2.0
// Virtual time for unmodified event loops: waiting for a timer costs nothing, and its time is exact.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "concert/harness/real_clock.hpp"

namespace concert::conformance {

/// Puts this thread on a clock that jumps to the next deadline when nothing else can happen, as long as it lives.
///
/// An executable that links `concert::virtual_time` defines clock_gettime, epoll_wait, epoll_pwait, epoll_pwait2 and
/// timerfd_create itself; they stand before libc's (and a sanitizer's) for shared libraries too. A poll first looks
/// without waiting. If nothing is ready, the clock moves by the poll's timeout, and the poll reports that it has
/// elapsed.
///
/// - Virtual are CLOCK_MONOTONIC, _RAW, _COARSE and CLOCK_BOOTTIME; CLOCK_REALTIME is not.
/// - Other threads stay on real time: an object of this class concerns the thread that made it.
/// - timerfd_create fails with ENOSYS in the whole executable, so that loops give their deadlines to the poll.
/// - A blocking call of this thread that is not an epoll (a sleep, a condition variable) waits in real time, and one
/// with an
///   absolute deadline mixes up the clocks. Asio waits so as long as its io_context has no I/O object: make a timer
///   first.
///
/// Make it around a case only; test frameworks read the same clock. Threads: made, used and destroyed on one thread.
class VirtualClock {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Why nothing good can come of waiting.
  enum class Stuck {
    deadlock,       ///< a poll without a timeout, nothing ready, and nobody who could make it so
    livelock,       ///< too many polls, and time stands still
    too_much_time,  ///< more virtual time went by than a case may take
  };
  /// Told on the loop thread, inside the poll. It may throw: Asio lets the exception through; libuv is C, and its loop
  /// is not usable afterwards. If it returns, it must have made something ready or stopped the loop: the poll reports
  /// EINTR after a deadlock (the third in a row without progress aborts the process), and goes on after the others.
  using StuckHandler = std::function<void(Stuck, const std::string& message)>;

  struct Options {
    /// Of the start and of the perturbation. Equal seeds and equal calls give equal times.
    std::uint64_t seed = 1;
    /// False is the plain clock: it starts on a whole, seeded millisecond and moves by jumps only. True: each read
    /// moves it by zero to `max_read_cost`, which models the time that code takes, and the start has a seeded phase
    /// below a millisecond.
    bool perturbed = false;
    std::chrono::nanoseconds max_read_cost = std::chrono::microseconds(300);
    /// Real time that a loop without a deadline gets before it counts as deadlocked: what the kernel has in flight
    /// arrives.
    std::chrono::milliseconds deadlock_grace{20};
    /// Polls in a row without a jump. Loops poll at every round of ready tasks, so leave room for long chains of
    /// yields.
    std::int64_t max_polls_without_jump = 1'000'000;
    std::chrono::nanoseconds max_virtual_time = std::chrono::hours(24 * 400);
    /// Empty: report to stderr and abort.
    StuckHandler on_stuck;
  };

  /// Switches virtual time on for this thread. Errors: std::logic_error if it is on already.
  VirtualClock() : VirtualClock(Options()) {}
  explicit VirtualClock(Options options);
  VirtualClock(const VirtualClock&) = delete;
  VirtualClock& operator=(const VirtualClock&) = delete;
  ~VirtualClock();

  /// The machine's monotonic time on any thread: a raw system call, for budgets and watchdogs.
  static time_point real_now() noexcept { return conformance::real_now(); }

  // What follows is about the clock of this thread. Errors: std::logic_error on real time.

  /// True while a VirtualClock of this thread lives. No errors.
  static bool is_on() noexcept;
  /// The virtual time; asking costs nothing. std::chrono::steady_clock::now() gives the same, as a read.
  static time_point now();
  /// Virtual time since the start.
  static std::chrono::nanoseconds elapsed();
  /// Moves the clock by hand, as code does that computes for so long. Errors: std::invalid_argument if negative.
  static void advance(std::chrono::nanoseconds duration);
  /// How often the clock jumped, was read, and how often this thread polled: a loop that spins shows here.
  static std::int64_t jumps();
  static std::int64_t reads();
  static std::int64_t polls();

  /// For this file's own interposed functions.
  struct State;

 private:
  std::unique_ptr<State> state_;
};

/// Says that something outside the loop is under way and will make a descriptor ready: a worker thread, a lookup, a
/// child process, a packet. While one lives, the clock does not jump: polls of the loop wait in real time, in short
/// slices, and a timeout elapses only after the loop has really waited that long.
///
///     KernelWork work;
///     co_await backend.run_in_thread(job);
///
/// Concerns the virtual clock of the thread that makes it; without one it does nothing.
/// Threads: any may hold, copy and destroy it. End it after the completion was posted, never before.
class KernelWork {
 public:
  KernelWork();
  /// More of the same work: concerns the clock that the other concerns.
  KernelWork(const KernelWork& other) noexcept;
  KernelWork& operator=(const KernelWork&) = delete;
  KernelWork(KernelWork&&) noexcept = default;
  KernelWork& operator=(KernelWork&& other) noexcept;
  ~KernelWork();

  /// True while work that concerns the clock of this thread is under way.
  static bool is_under_way() noexcept;

  /// The work waits for something that only the loop or the test can do, until it goes on: virtual time may pass. Calls
  /// of both come in pairs; whoever lets the work go on calls go_on, before it does.
  void pause() noexcept;
  void go_on() noexcept;

 private:
  void end() noexcept;
  std::shared_ptr<std::atomic<int>> count_;
};

}  // namespace concert::conformance
