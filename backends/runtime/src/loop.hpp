// SPDX-License-Identifier: Apache-2.0
// One run of a backend: its ready tasks, its deadlines, and the turns that the native loop gives it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "concert/runtime/runtime_backend.hpp"
#include "deadlines.hpp"
#include "inbox.hpp"
#include "node.hpp"
#include "ready_queue.hpp"
#include "task.hpp"

namespace concert::runtime {

class Interrupts;
class Scope;
class WorkerPool;

/// What the runner options choose for a run.
struct LoopSettings {
  std::uint64_t order_seed = 0;
  UnhandledErrorHandler on_unhandled_error;
  bool cancel_on_signals = false;
  std::size_t worker_threads = 40;
};

class Loop final : public LoopClient {
 public:
  /// Resumptions between two polls for I/O and timers: no ready task keeps the others or the sockets waiting for
  /// longer.
  static constexpr int resumptions_per_turn = 256;

  Loop(RuntimeBackend& backend, LoopPort& port, LoopSettings settings);
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();

  /// Runs `main` as the main task, to its end.
  void run(TaskBody& main);

  /// The loop that runs on this thread, or null.
  static Loop* here() noexcept { return here_; }
  /// The loop of `backend` on this thread. Errors: UsageError, naming `operation`, if there is none.
  static Loop& of(const RuntimeBackend& backend, std::string_view operation) {
    Loop* loop = here_;
    if (loop == nullptr || &loop->backend_ != &backend) [[unlikely]]
      refuse_thread(operation);
    return *loop;
  }
  /// The same, if a task is running in it. Errors: UsageError.
  static Loop& of_current_task(const RuntimeBackend& backend, std::string_view operation) {
    Loop& loop = of(backend, operation);
    if (loop.current_ == nullptr) [[unlikely]]
      refuse_outside_task(operation);
    return loop;
  }
  /// Errors: UsageError unless this is the loop of the calling thread.
  void require_thread(std::string_view operation) const {
    if (here_ != this) [[unlikely]]
      refuse_thread(operation);
  }

  RuntimeBackend& backend() const noexcept { return backend_; }
  /// Tells this run from every other run of the process, also from a later one at the same address.
  std::uint64_t run_number() const noexcept { return run_number_; }
  /// The running task; null between two steps.
  TaskRecord* current() const noexcept { return current_; }

  /// Reads the clock.
  Ticks now() noexcept { return recent_ = port_.now(); }
  /// True if `when` has come. A deadline that is far away is compared with the time that was read last: were a task to
  /// compute for longer than that without a checkpoint, its next checkpoint would notice.
  bool has_come(Ticks when) noexcept {
    if (when <= recent_) return true;
    return when - recent_ < std::chrono::seconds(1) && when <= now();
  }

  // ---- Waits of the current task -----------------------------------------------------------------------------------

  /// Puts the current task behind all that are ready. A checkpoint looks for a cancellation when its turn has come.
  void yield(WaitPoint& point, bool is_checkpoint) {
    TaskRecord& task = park(point, nullptr);
    point.outcome = is_checkpoint ? WaitPoint::Outcome::pending : WaitPoint::Outcome::value;
    task.yields = true;
    make_ready(task);
  }
  /// Suspends the current task until somebody calls complete, or `abandon` ends the wait because the task is cancelled.
  TaskRecord& park(WaitPoint& point, Abandon abandon) noexcept {
    TaskRecord& task = *current_;
    point.outcome = WaitPoint::Outcome::pending;
    task.waits_at = &point;
    task.abandon = abandon;
    return task;
  }
  /// Ends the wait of a suspended task, once: the task runs in a later step.
  void complete(TaskRecord& task, WaitPoint::Outcome outcome) noexcept {
    task.waits_at->outcome = outcome;
    task.abandon = nullptr;
    make_ready(task);
  }
  void sleep_until(WaitPoint& point, TimePoint wake_time);
  /// True if the task behind `node`, its innermost one, is cancelled by now; looks for deadlines that have come.
  bool is_cancelled_by_now(const Node& node) noexcept;

  // ---- Tasks, cancellation, deadlines ------------------------------------------------------------------------------

  /// Schedules the first step of a new task.
  void start(TaskRecord& task) noexcept { make_ready(task); }
  /// Runs the first step of a new task at once. Only between two steps.
  void start_now(TaskRecord& task) noexcept { run_step(task); }
  /// The outermost frame of the running task has ended.
  void step_ended_task(TaskRecord& task) noexcept { ended_ = &task; }
  void main_ended() noexcept { main_ended_ = true; }
  std::uint64_t next_task_id();

  /// Cancels a node; its tasks are woken, not run.
  void cancel(Node& node) noexcept;
  /// Tells the tasks inside a node that one of their deadlines is to be looked for at checkpoints.
  void mark_timed(Node& node) noexcept;
  void add_limit(Timer& timer, Ticks when);
  void remove_deadline(Timer& timer) noexcept { deadlines_.remove(timer); }

  // ---- Other threads -----------------------------------------------------------------------------------------------

  /// Where other threads leave work for this one.
  const std::shared_ptr<Inbox>& inbox() const noexcept { return inbox_; }
  /// The worker threads of this run, from the first use on.
  WorkerPool& workers();

  // ---- From the native loop ----------------------------------------------------------------------------------------

  void turn() noexcept override;
  void timer_fired() noexcept override;
  void interrupted() noexcept override;
  void unhandled_error(std::exception_ptr error, std::string_view where) noexcept override;

 private:
  static constexpr Ticks not_armed = Ticks::max();

  void make_ready(TaskRecord& task) noexcept {
    ready_.push(task);
    if (!in_turn_) request_turn();
  }
  void request_turn() noexcept;
  void run_step(TaskRecord& task) noexcept;
  void begin(TaskRecord& task) noexcept;
  void notice_deadlines(Ticks now) noexcept;
  void arm_timer() noexcept;
  void spread(Node& start, std::uint8_t state) noexcept;
  void spread_along_task(Node& start, std::uint8_t state, Node*& groups) noexcept;
  void interrupt_wait(TaskRecord& task) noexcept;
  [[noreturn]] static void refuse_thread(std::string_view operation);
  [[noreturn]] static void refuse_outside_task(std::string_view operation);

  static constinit thread_local Loop* here_;

  RuntimeBackend& backend_;
  const std::uint64_t run_number_;
  LoopPort& port_;
  LoopSettings settings_;
  ReadyQueue ready_;
  TaskRecord* current_ = nullptr;
  TaskRecord* ended_ = nullptr;
  bool in_turn_ = false;
  bool turn_requested_ = false;
  bool main_ended_ = false;
  Ticks recent_;
  Ticks armed_ = not_armed;
  Deadlines deadlines_;
  TaskRecord* main_ = nullptr;
  std::unique_ptr<Interrupts> interrupts_;
  const std::shared_ptr<Inbox> inbox_;
  std::shared_ptr<WorkerPool> workers_;
  std::uint64_t next_id_ = 0;
  std::uint64_t end_of_ids_ = 0;
};

}  // namespace concert::runtime
