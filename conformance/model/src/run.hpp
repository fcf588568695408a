// SPDX-License-Identifier: Apache-2.0
// One run of the model: its tasks, its clock, its choices.
#pragma once

#include <coroutine>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include "concert/model/model_backend.hpp"
#include "mailbox.hpp"
#include "tree.hpp"

namespace concert::model {

class ModelScope;
class ModelTask;
class WorkerThreads;

/// The whole nanosecond that is nearest. Times are compared by it: two sums of the same times that differ in the last
/// bit of a double are one instant, as they are for a loop that counts ticks.
TimePoint instant_of(TimePoint time) noexcept;
inline bool has_come(TimePoint time, TimePoint now) noexcept { return instant_of(time) <= instant_of(now); }

/// Why a task does not run. The scheduler asks `is_over` again and again: nobody notifies anybody.
struct Wait {
  WaitPoint* point = nullptr;
  std::function<bool()> is_over;
  TimePoint wake_time = never;
  bool can_be_cancelled = true;
  /// The task was cancelled already when it began to wait: the outcome is settled.
  bool cancelled_from_the_start = false;
  /// The task goes behind those that are ready, and its outcome is decided when it runs again (Yield002, Yield008).
  bool is_yield = false;
  /// If the wait is over and cancelled in one instant: one of them wins where it must, else either may.
  bool value_wins = false;
  bool cancellation_wins = false;
  /// Once the value is there, no request takes it away, though the task has not gone on yet.
  bool value_stands = false;
  /// Told the outcome as soon as it is decided: true for Cancelled.
  std::function<void(bool cancelled)> on_outcome{};
  /// The outcome stands, but the task goes on only once this holds; empty: at once.
  std::function<bool()> may_go_on{};
  bool outcome_stands = false;
  /// Tasks that have the same object here go on in the order in which they began to wait.
  std::shared_ptr<const void> goes_on_in_order_with{};
  /// Where it stands among those that wait for the same thing; only where that makes a difference.
  std::function<std::size_t()> place_in_line{};
  /// A fault: requests from outside a shield reach it.
  bool ignores_shields = false;
};

class Run {
 public:
  Run(AsyncBackend& backend, const ModelOptions& options, Pick pick, TimePoint start);
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;
  ~Run();

  /// The run of this thread; null if there is none.
  static Run* here() noexcept;
  /// The run of `backend` on this thread, also outside a task: functions that threads gave to a portal run there.
  /// Errors: UsageError that names `operation`.
  static Run& of(const AsyncBackend& backend, std::string_view operation);
  /// Errors: UsageError that names `operation` if no run is here, or no task is running.
  static Run& require(std::string_view operation);

  void run_until_done(ModelTask& main);
  void add_task(ModelTask& task);
  /// Suspends the current task.
  void block(Wait wait);
  void notice_deadlines();
  /// A cancellation was requested in the running step.
  void note_request() noexcept { has_new_request_ = true; }
  /// Called before a task looks at a lock: those whose wait was cancelled in this step may have left its line by now,
  /// or be in it again, or do so when the step is over.
  void may_settle();
  /// See state_fingerprint.
  std::uint64_t fingerprint() const;
  void task_ended(const ModelTask& task);
  /// What of a failure of `task` at `here` counts as one: a Cancelled does not while a cancellation is in sight
  /// (Group022). Whether that goes for those in a group too is open.
  std::exception_ptr what_failed(ModelTask& task, const Node& here, const std::exception_ptr& failure);
  /// A node is left: in a mutant that hangs tasks under it, they move up to its parent.
  void node_left(const Node& node);
  /// True if a cancellation reaches the wait of a task: sees_cancellation, with the faults that it can have.
  bool reaches(const ModelTask& task) const;
  /// For faults: never runs a task again; runs the first step of a task, or any turn of the loop, inside another one.
  void forget(ModelTask& task);
  void step_now(ModelTask& task);
  void run_others_inside();

  AsyncBackend& backend;
  const ModelOptions& options;
  /// No other run of the process has it.
  const std::uint64_t number;
  Pick pick;
  TimePoint now;
  /// For mutants: when the running task was resumed.
  TimePoint turn_started = now;
  ModelTask* current = nullptr;
  std::list<ModelScope*> open_scopes;
  std::uint64_t next_task_id = 1;
  std::size_t steps = 0;
  /// Through this other threads reach the run.
  const std::shared_ptr<Mailbox> mailbox = std::make_shared<Mailbox>();
  /// Functions in worker threads that a task waits for, and portals that are open: something may come from outside.
  std::size_t awaited_jobs = 0;
  const std::unique_ptr<WorkerThreads> workers;
  std::size_t open_portals = 0;
  UnhandledErrorHandler on_unhandled_error;
  /// For faults that hold on to what is over: refused tasks, failures that were reported.
  std::vector<TaskRef<>> kept;
  std::vector<std::exception_ptr> kept_failures;
  /// Only in a mutant: who sleeps until when.
  std::map<TimePoint, const WaitPoint*> sleepers;
  /// Only in a mutant: who called get_current_task last.
  TaskInfo asked_last;

  /// True if the run is to have this fault.
  bool broken(std::string_view mutant) const noexcept { return !options.mutant.empty() && options.mutant == mutant; }

 private:
  void settle();
  bool settle_once();
  void step();
  TimePoint next_event() const;
  std::vector<std::size_t> candidates() const;
  std::size_t choose_ready();
  void reconsider(ModelTask& task);
  void give_outcome(ModelTask& task, bool cancelled);
  bool advance_clock();
  void open_mail();
  bool threads_are_under_way() const;
  bool wait_for_mail();

  bool has_new_request_ = false;
  /// A fingerprint of how the tasks ended that did.
  std::uint64_t ends_ = 0;
  /// Null but in a mutant that runs a loop inside a loop.
  Run* outer_;
  std::vector<ModelTask*> ready_;
  std::vector<ModelTask*> blocked_;
  /// How often the first ready task was not chosen.
  std::size_t passed_over_ = 0;
  // For mutants: the last sleep that was cancelled.
  ModelTask* stale_sleeper_ = nullptr;
  TimePoint stale_wake_time_ = now;
};

}  // namespace concert::model
