// SPDX-License-Identifier: Apache-2.0
// What the statements of a running program work on: its objects and its records.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "concert/backend.hpp"
#include "concert/programs/ending.hpp"
#include "concert/programs/program.hpp"
#include "concert/programs/trace.hpp"

namespace concert::programs {

/// How a sequence ended, if not with an exception.
struct Flow {
  bool gave = false;
  std::int64_t value = 0;
};

/// Where a statement runs.
struct Place {
  int task = 0;
  /// The innermost group of this task; null if there is none.
  TaskGroup* group = nullptr;
};

Seconds duration(HalfTicks half_ticks);
inline std::size_t index(int number) { return static_cast<std::size_t>(number); }

/// A scope that can be cancelled and rescheduled before it is entered: made with the run.
class ProgramScope {
 public:
  ProgramScope(AsyncBackend& backend, bool is_timeout);
  CancelScope& scope() noexcept { return timeout_ ? timeout_->scope() : *plain_; }
  void set_deadline(TimePoint deadline);
  bool has_kept_its_deadline() noexcept { return scope().when() == deadline_; }

  template <class Body>
  Coro<Flow> run(Body& body) {
    if (timeout_) co_return co_await timeout_->run(body);
    const std::optional<Flow> flow = co_await plain_->run(body);
    co_return flow.value_or(Flow());
  }

 private:
  // One of them; made in place, because scopes do not move.
  std::unique_ptr<CancelScope> plain_;
  std::unique_ptr<TimeoutScope> timeout_;
  /// What was set last.
  TimePoint deadline_ = never;
};

/// The objects of one run of a program, and what happens to them without a wait. Threads: that of the loop, but where
/// said.
class Stage {
 public:
  Stage(AsyncBackend& backend, const Program& program, Observer& observer);
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  // ---- Records; threads: any ----

  bool is_loop_thread() const noexcept { return std::this_thread::get_id() == loop_thread_; }
  /// In another thread than the loop's, with the time at which the loop wrote last: such a thread has no clock.
  void record(What what, int task, int statement, Ending ending = {});
  void act(int task, const Statement& statement, Ending ending = {}) {
    record(What::act, task, statement.number, std::move(ending));
  }
  /// Time since the program began, as the loop read it last.
  std::chrono::nanoseconds last_time() const noexcept { return std::chrono::nanoseconds(last_time_); }
  /// Reads the clock. Threads: that of the loop.
  std::chrono::nanoseconds read_clock();

  // ---- Statements that do not wait ----

  Flow carry_out(const Place& place, const Statement& statement);
  TimePoint time_of(HalfTicks deadline);

  // ---- Futures; threads: any ----

  void keep(int call, ThreadFuture<std::int64_t> future);
  /// Null if that call was not made, or not accepted.
  std::optional<ThreadFuture<std::int64_t>> future(int call);
  void cancel_future(int task, const Statement& statement);

  AsyncBackend& backend;
  const Program& program;
  const TimePoint start;
  std::array<Lock, lock_count> locks;
  std::array<Condition, condition_count> conditions;
  std::array<Event, event_count> events;
  /// Who holds each lock, for misuse.
  std::array<std::optional<int>, lock_count> holders{};
  std::vector<std::unique_ptr<ProgramScope>> scopes;
  /// Groups whose block runs; null before and after.
  std::vector<TaskGroup*> groups;
  std::vector<ThreadsPortal> portals;
  /// Handles of the tasks that were started with `start`.
  std::vector<std::optional<Task<std::int64_t>>> tasks;
  /// What get_current_task said at the beginning of each task.
  std::vector<std::uint64_t> ids;

 private:
  void make_objects(const std::vector<Statement>& statements);
  Ending change_scope(const Statement& statement);
  Ending cancel_task(const Statement& statement);
  Ending get_answer(const Statement& statement);
  std::int64_t answer(int task, Question question);

  Observer& observer_;
  const std::thread::id loop_thread_ = std::this_thread::get_id();
  std::atomic<std::int64_t> last_time_ = 0;
  std::mutex records_mutex_;
  std::mutex futures_mutex_;
  std::vector<std::optional<ThreadFuture<std::int64_t>>> futures_;
};

}  // namespace concert::programs
