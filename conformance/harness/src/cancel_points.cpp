// SPDX-License-Identifier: Apache-2.0
#include "concert/harness/cancel_points.hpp"

#include <stdexcept>
#include <string>
#include <utility>

namespace concert::conformance {

CancelPoints::CancelPoints(AsyncBackend& backend, Body body, CancelPointOptions options)
    : backend_(backend), body_(std::move(body)), options_(options) {
  if (options.yields_per_tick < 1)
    throw std::invalid_argument("cancel points: the controller yields once a tick at least");
  if (!(options.tick > Seconds(0))) throw std::invalid_argument("cancel points: the tick must be longer than nothing");
}

Coro<> CancelPoints::run_body(CancelScope& scope, CancelPointRun& run, bool& ended) const {
  try {
    co_await scope.run(body_);
  } catch (...) {
    run.failure = std::current_exception();
  }
  ended = true;
}

Coro<> CancelPoints::control(CancelScope& scope, CancelPointRun& run, const bool& ended, std::int64_t turn) const {
  // Not Group::start: it returns only after the body may have passed its first yield.
  for (run.turns = 0; run.turns < turn && !ended; ++run.turns) {
    if ((run.turns + 1) % (options_.yields_per_tick + 1) == 0) {
      co_await backend_.sleep(options_.tick);
    } else {
      co_await backend_.coro_yield();
    }
  }
  run.too_late = ended;
  if (!ended) {
    scope.cancel();
  } else {
    // A cancellation from outside may have met the body first, which keeps it to itself.
    co_await backend_.coro_yield();
  }
}

Coro<CancelPointRun> CancelPoints::cancel_at(std::int64_t turn) const {
  CancelPointRun run;
  bool ended = false;
  CancelScope scope = backend_.open_cancel_scope();
  TaskGroup group = backend_.create_task_group();
  const auto child = [&] { return run_body(scope, run, ended); };
  co_await group.run([&](TaskGroup& tasks) {
    tasks.start_soon(child);
    return control(scope, run, ended, turn);
  });
  run.absorbed = scope.cancelled_caught();
  co_return run;
}

Coro<std::int64_t> CancelPoints::count_suspensions() const {
  const CancelPointRun run = co_await cancel_at(options_.max_turns);
  if (run.failure) std::rethrow_exception(run.failure);
  if (!run.too_late) {
    throw std::runtime_error("the body did not end within " + std::to_string(options_.max_turns) +
                             " turns: it waits for something that never comes, or needs a longer tick");
  }
  co_return run.turns;
}

CancelPointSweep for_each_cancel_point(const std::function<bool(std::int64_t k)>& run_case, std::int64_t limit) {
  CancelPointSweep sweep;
  while (sweep.points < limit && !sweep.complete) {
    if (run_case(sweep.points)) {
      sweep.complete = true;
    } else {
      ++sweep.points;
    }
  }
  return sweep;
}

}  // namespace concert::conformance
