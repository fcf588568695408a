// SPDX-License-Identifier: Apache-2.0
// The model: the smallest correct backend, a second opinion that shares no code with backends/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>

#include "concert/backend.hpp"
#include "concert/model/traits.hpp"

namespace concert::model {

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

/// Equally permitted continuations, 2 or more; stands for their number.
struct Choices {
  std::size_t count;
  /// If tasks that are ready are to be chosen from: the number of each, given out in the order of their creation.
  std::span<const std::uint64_t> tasks{};

  operator std::size_t() const noexcept { return count; }
};
/// Chooses one of them, by its index.
using Pick = std::function<std::size_t(Choices choices)>;

/// A fingerprint of the state of the run on this thread, inside a Pick that chooses among tasks. If it is equal in two
/// runs, and each task has seen the same until then, the same may follow, so that a search need not go on twice.
/// Tasks whose worker threads are under way, and portals, are not in it.
std::uint64_t state_fingerprint();

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
