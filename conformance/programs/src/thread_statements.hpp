// SPDX-License-Identifier: Apache-2.0
// What a worker thread of a program does.
#pragma once

#include <functional>
#include <memory>

#include "conductor.hpp"
#include "stage.hpp"

namespace concert::programs {

/// The functions that a program gives to worker threads, and those that these give to portals. A failure of a call is
/// written down and goes no further; only `raise` ends a thread.
class ThreadStatements {
 public:
  /// Runs the task of a call, in the loop.
  using RunTask = std::function<Coro<std::int64_t>(const Statement& call)>;

  ThreadStatements(Stage& stage, Conductor& conductor, RunTask run_task)
      : stage_(stage), conductor_(conductor), run_task_(std::move(run_task)) {}

  /// The function of a run_in_thread. Errors: what it raises. Threads: any.
  std::int64_t run(Seat& seat, const Statement& function);

 private:
  Flow step(Seat& seat, int task, const Statement& statement);
  void wait_for_turn(Seat& seat, int task, const Statement& statement, std::chrono::nanoseconds wake_time = {});
  void call(Seat& seat, int task, const Statement& statement);
  void get(Seat& seat, int task, const Statement& statement);
  /// A call_function, in the loop.
  std::int64_t run_function(const Statement& call);

  Stage& stage_;
  Conductor& conductor_;
  RunTask run_task_;
};

}  // namespace concert::programs
