// SPDX-License-Identifier: Apache-2.0
// The seam between the runtime and an event loop: what the runtime asks of the loop, and what the loop tells it.
#pragma once

#include <exception>
#include <string_view>

#include "concert/time.hpp"

namespace concert::runtime {

/// The runtime, as its event loop sees it.
/// Threads: the loop thread only, and only while LoopPort::run is executing.
class LoopClient {
 public:
  /// Runs a bounded number of ready tasks. Called for each requested turn.
  virtual void turn() noexcept = 0;
  /// The timer armed last has fired, or fired early; it is no longer armed.
  virtual void timer_fired() noexcept = 0;
  /// The descriptor of interrupts given to LoopPort::run is readable.
  virtual void interrupted() noexcept = 0;
  /// Something on the loop that is not the runtime's failed, and nobody awaits it.
  virtual void unhandled_error(std::exception_ptr error, std::string_view where) noexcept = 0;

 protected:
  ~LoopClient() = default;
};

/// An event loop, as the runtime needs it. The runtime is a guest: other work on the same native loop goes on beside
/// it. One port serves one run. Threads: the loop thread, but for request_turn_from_other_thread.
class LoopPort {
 public:
  LoopPort() = default;
  LoopPort(const LoopPort&) = delete;
  LoopPort& operator=(const LoopPort&) = delete;
  virtual ~LoopPort() = default;

  static constexpr int no_descriptor = -1;

  /// The loop's clock, read anew: monotonic. Valid before run too.
  virtual Ticks now() noexcept = 0;
  /// Runs the loop until stop; begins with a turn. Leaves foreign work on the loop pending, and the loop fit to run
  /// again. Calls `interrupted` once if the descriptor `interrupts` becomes readable; it may be `no_descriptor`.
  /// Errors: std::system_error, before the first turn only.
  virtual void run(LoopClient& client, int interrupts) = 0;
  /// Makes run return once the current callback is over.
  virtual void stop() noexcept = 0;
  /// Has `turn` called once, soon, after ready I/O was polled for. Asked at most once until that turn.
  virtual void request_turn() noexcept = 0;
  /// As request_turn, from any thread while run is executing; several requests, also those of request_turn, may
  /// become one turn, and must not become more and more of them.
  virtual void request_turn_from_other_thread() noexcept = 0;
  /// Has `timer_fired` called at `when` or later. There is one timer: arming moves it. Early is allowed, but must not
  /// spin.
  virtual void arm_timer(Ticks when) noexcept = 0;
  virtual void disarm_timer() noexcept = 0;
};

}  // namespace concert::runtime
