// SPDX-License-Identifier: Apache-2.0
// Cancels a program at each of its suspension points in turn: what must hold after a cancellation must hold after all
// of them.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>

#include "concert/backend.hpp"

namespace concert::conformance {

/// How the controller beside the body goes on: some yields in a row, which let the body make steps at one instant, then
/// a sleep, which lets its timers come.
struct CancelPointOptions {
  int yields_per_tick = 4;
  /// Half of the smallest delay in the body meets each of its waits.
  Seconds tick{0.001};
  /// A body that has not ended then has no end of its own.
  std::int64_t max_turns = 10'000;
};

/// What became of one run of the body.
struct CancelPointRun {
  /// The body had ended before its turn came.
  bool too_late = false;
  /// Turns of the controller until the cancellation or the end of the body.
  std::int64_t turns = 0;
  /// The body's scope absorbed the cancellation. False if no checkpoint followed in the body, or if it swallowed the
  /// exception.
  bool absorbed = false;
  /// What left the scope around the body; null for nothing.
  std::exception_ptr failure;
};

/// A program that is cancelled at chosen turns: it runs as a child task inside a scope of its own, and a controller
/// task beside it counts turns and cancels the scope. Turn 0 is before the body's first step, turn `k` after `k` turns
/// of the controller, so that a body that yields n times is met at each of its n yields. Several turns may meet the
/// same wait, and an order of ready tasks other than first-in, first-out may leave a yield out.
///
///     const CancelPoints points(backend, [&] { return body(backend); });
///     const CancelPointRun run = co_await points.cancel_at(k);
///
/// Threads: the loop thread, inside a task. It must outlive the coroutines that it gives.
class CancelPoints {
 public:
  /// Called for each run: bring all state of the body with it, or reset it.
  using Body = std::function<Coro<>()>;
  CancelPoints(AsyncBackend& backend, Body body, CancelPointOptions options = {});

  /// Runs the body and cancels its scope at this turn. Errors: Cancelled if the caller is cancelled.
  Coro<CancelPointRun> cancel_at(std::int64_t turn) const;

  /// Runs the body to its own end and returns the number of turns that found it suspended.
  /// Errors: std::runtime_error if it has no end within `max_turns` (it is cancelled then); what the body throws.
  Coro<std::int64_t> count_suspensions() const;

 private:
  Coro<> run_body(CancelScope& scope, CancelPointRun& run, bool& ended) const;
  Coro<> control(CancelScope& scope, CancelPointRun& run, const bool& ended, std::int64_t turn) const;

  AsyncBackend& backend_;
  Body body_;
  CancelPointOptions options_;
};

/// What for_each_cancel_point came to.
struct CancelPointSweep {
  /// Runs in which the cancellation came in time.
  std::int64_t points = 0;
  /// False if the limit ended the sweep: then not every point was tried.
  bool complete = false;
};

/// Calls `run_case(k)` for k = 0, 1, 2 and so on until it says that the cancellation came too late, `limit` times at
/// most. A case is best a run of its own (bootstrap), so that no state is left from the one before. Errors: what
/// `run_case` throws.
CancelPointSweep for_each_cancel_point(const std::function<bool(std::int64_t k)>& run_case,
                                       std::int64_t limit = 10'000);

}  // namespace concert::conformance
