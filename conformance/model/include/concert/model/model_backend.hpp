// SPDX-License-Identifier: Apache-2.0
// The model: the smallest correct backend, a second opinion that shares no code with backends/.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "concert/backend.hpp"

namespace concert::model {

/// The freedoms that the clauses leave, one member each; the model can take every value.
struct Traits {
  bool yield_may_be_skipped = false;            ///< Yield003
  bool clock_epoch_is_run = false;              ///< Clock004: each run starts a time line of its own
  bool start_order_is_fifo = true;              ///< Group010; false: last in, first out
  bool cancelled_start_runs_first_step = true;  ///< Group028
  bool gather_starts_in_order = true;           ///< Gather012
  bool failed_join_reports_failure = true;      ///< Task028
  bool caught_without_own_exception = false;    ///< Scope038
  bool self_join_is_diagnosed = true;           ///< Shield019
  bool lock_reacquire_is_refused = true;        ///< Lock012; false: it waits
  bool free_lock_is_a_checkpoint = false;       ///< Lock013
  bool lock_is_freed_on_release = false;        ///< Lock014: locked() is false until the next owner runs
  bool abandoned_lock_is_an_error = false;      ///< Lock016; false: tasks wait on
  bool set_event_is_a_checkpoint = false;       ///< Cancel013
  bool event_wakes_in_order = true;             ///< Event010
  bool condition_accepts_fair_lock = true;      ///< Cond003
  bool fair_lock_is_default = false;            ///< Fair008: the documented default over events
  std::size_t worker_threads = 4;               ///< Thread012
  bool portal_submission_blocks = false;        ///< Portal033
};

/// Faults that show at the interface: a member that is set is called in place of the model's own function. It may call
/// the original.
struct Faults {
  std::function<void(TaskBody& main, const RunnerOptions& given,
                     const std::function<void(const RunnerOptions&)>& original)>
      run_main;
  std::function<TimePoint(const std::function<TimePoint()>& original)> current_time;
  /// The original is backend.AsyncBackend::sleep(delay).
  std::function<Sleep(AsyncBackend& backend, Seconds delay)> sleep;
  std::function<Sleep(AsyncBackend& backend, TimePoint wake_time)> sleep_until;
  std::function<TimeoutScope(AsyncBackend& backend, TimePoint deadline)> timeout_at;
  using MakeLock = std::function<std::shared_ptr<LockCore>()>;
  std::function<std::shared_ptr<LockCore>(const MakeLock& original)> make_lock;
  using MakeEvent = std::function<std::shared_ptr<EventCore>()>;
  std::function<std::shared_ptr<EventCore>(const MakeEvent& original)> make_event;
  using MakeCondition = std::function<std::shared_ptr<ConditionCore>(std::shared_ptr<LockCore>)>;
  std::function<std::shared_ptr<ConditionCore>(std::shared_ptr<LockCore> lock, const MakeCondition& original)>
      make_condition;
  std::function<bool(WaitPoint& point, const std::shared_ptr<ThreadJob>& job, AbandonOnCancel abandon,
                     const std::function<bool(const std::shared_ptr<ThreadJob>&, AbandonOnCancel)>& original)>
      suspend_in_thread;
  std::function<std::shared_ptr<PortalCore>(AsyncBackend& backend,
                                            const std::function<std::shared_ptr<PortalCore>()>& original)>
      portal;
};

struct ModelOptions {
  Traits traits;
  /// The fault to have, by name (conformance/mutants lists them); empty: none.
  std::string mutant;
  Faults faults{};
  /// True while other threads are under way, on whom the clock has to wait. Empty: while a worker thread runs a
  /// function that somebody awaits.
  std::function<bool()> threads_are_under_way{};
};

/// Chooses one of `choices` (2 or more) equally permitted continuations.
using Pick = std::function<std::size_t(std::size_t choices)>;

/// A backend on one thread with a virtual clock of its own: time stands still while a task is ready, and jumps to the
/// next deadline when none is. Every scheduling freedom is a choice behind one `Pick`.
/// Runner options: `pick` (model::Pick, default: always the first choice, which is first in, first out),
/// `on_unhandled_error` (UnhandledErrorHandler).
/// Errors: Deadlock out of bootstrap when every task waits for something that cannot happen.
std::unique_ptr<AsyncBackend> model_backend(ModelOptions options = {});

/// Nothing can ever happen again in this run. Its tasks are abandoned, not destroyed.
class Deadlock : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Lets the running task of the model use up `duration` of its clock without a checkpoint, as a computation would.
void spend(Seconds duration);

/// Steps that the scheduler of the current or last run on this thread made: for clauses that forbid busy waiting.
std::size_t scheduler_steps() noexcept;

}  // namespace concert::model
