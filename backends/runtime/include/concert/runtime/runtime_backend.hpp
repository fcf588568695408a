// SPDX-License-Identifier: Apache-2.0
// A complete AsyncBackend over any event loop.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <string_view>

#include "concert/backend.hpp"
#include "concert/runtime/loop_port.hpp"

namespace concert::runtime {

class Group;

/// Everything but what is native to the loop (tasks, scopes, deadlines, locks, worker threads, the portal) over a
/// LoopPort. A backend adds its name and its port:
///
///     class MyBackend final : public concert::runtime::RuntimeBackend {
///      public:
///       std::string_view name() const noexcept override { return "mine"; }
///      protected:
///       std::unique_ptr<LoopPort> make_port(RunnerOptionReader& options) override;
///     };
///
/// Runner options of every such backend:
/// - `order_seed` (std::uint64_t, default 0): 0 runs ready tasks first in, first out; another value shuffles each batch
///   of them, the same way for the same seed, as far as coro_yield leaves the order open (Yield002).
/// - `on_unhandled_error` (UnhandledErrorHandler, default: prints to stderr).
/// - `worker_threads` (std::size_t, default 40, at least 1): how many threads run_in_thread may have at once. They come
///   on demand and end when they are idle for some seconds. One inside an abandoned function counts until that returns;
///   it is left behind when the run ends before.
/// - `cancel_on_signals` (bool, default false): SIGINT or SIGTERM cancels the main task once, the next one ends the
///   process by the default action. One run of a process at a time can have it.
class RuntimeBackend : public AsyncBackend {
 public:
  TimePoint current_time() final;
  TaskInfo get_current_task() final;
  void run_main(TaskRef<> main, const RunnerOptions& options) final;
  std::unique_ptr<CancelScopeCore> make_cancel_scope(TimePoint deadline) final;
  std::unique_ptr<ShieldCore> make_shield() final;
  std::unique_ptr<TaskGroupCore> make_task_group() final;
  bool suspend_yield(WaitPoint& point) final;
  bool suspend_shielded_yield(WaitPoint& point) final;
  bool suspend_until(WaitPoint& point, TimePoint wake_time) final;
  std::shared_ptr<LockCore> make_lock() final;
  std::shared_ptr<LockCore> make_fair_lock() final;
  std::shared_ptr<EventCore> make_event() final;
  std::shared_ptr<ConditionCore> make_condition(std::shared_ptr<LockCore> lock) final;
  bool suspend_in_thread(WaitPoint& point, const std::shared_ptr<ThreadJob>& job, AbandonOnCancel abandon) final;
  std::shared_ptr<PortalCore> make_portal() final;

 protected:
  /// A port on the loop that the options name, or on a new one. It must leave a foreign loop alone until it runs.
  /// Errors: std::invalid_argument for an option of the wrong type; std::system_error.
  virtual std::unique_ptr<LoopPort> make_port(RunnerOptionReader& options) = 0;

 private:
  friend class Group;
  static Cancelled cancellation() noexcept { return Cancelled(cancel_key()); }
};

}  // namespace concert::runtime
