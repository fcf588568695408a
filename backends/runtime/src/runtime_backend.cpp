// SPDX-License-Identifier: Apache-2.0
#include "concert/runtime/runtime_backend.hpp"

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

#include "condition.hpp"
#include "event.hpp"
#include "group.hpp"
#include "lock.hpp"
#include "loop.hpp"
#include "portal.hpp"
#include "scope.hpp"
#include "worker_pool.hpp"

namespace concert::runtime {

TimePoint RuntimeBackend::current_time() { return to_time(Loop::of(*this, "current_time").now()); }

TaskInfo RuntimeBackend::get_current_task() {
  return Loop::of_current_task(*this, "get_current_task").current()->info();
}

void RuntimeBackend::run_main(TaskRef<> main, const RunnerOptions& options) {
  const RunningHere here(*this);
  RunnerOptionReader reader(options, std::string(name()));
  LoopSettings settings;
  settings.order_seed = reader.get_or<std::uint64_t>("order_seed", 0, "a std::uint64_t");
  settings.on_unhandled_error = reader.get_or<UnhandledErrorHandler>(
      "on_unhandled_error", nullptr, "a std::function<void(std::exception_ptr, std::string_view)>");
  settings.cancel_on_signals = reader.get_or<bool>("cancel_on_signals", false, "a bool");
  settings.worker_threads = reader.get_or<std::size_t>("worker_threads", settings.worker_threads, "a std::size_t");
  if (settings.worker_threads == 0) {
    throw std::invalid_argument("the option 'worker_threads': expected a number of one or more threads, got 0");
  }
  const std::unique_ptr<LoopPort> port = make_port(reader);
  reader.refuse_unknown();
  Loop loop(*this, *port, std::move(settings));
  loop.run(*main);
}

std::unique_ptr<CancelScopeCore> RuntimeBackend::make_cancel_scope(TimePoint deadline) {
  return std::make_unique<Scope>(*this, deadline);
}

std::unique_ptr<ShieldCore> RuntimeBackend::make_shield() { return std::make_unique<Shield>(*this); }

std::unique_ptr<TaskGroupCore> RuntimeBackend::make_task_group() {
  Loop::of_current_task(*this, "create_task_group");
  return std::make_unique<Group>(*this);
}

bool RuntimeBackend::suspend_yield(WaitPoint& point) {
  Loop::of_current_task(*this, "coro_yield").yield(point, true);
  return true;
}

bool RuntimeBackend::suspend_shielded_yield(WaitPoint& point) {
  Loop::of_current_task(*this, "cancel_shielded_coro_yield").yield(point, false);
  return true;
}

bool RuntimeBackend::suspend_until(WaitPoint& point, TimePoint wake_time) {
  Loop::of_current_task(*this, "sleep").sleep_until(point, wake_time);
  return true;
}

std::shared_ptr<LockCore> RuntimeBackend::make_lock() { return std::make_shared<TaskLock>(*this, "create_lock"); }

std::shared_ptr<LockCore> RuntimeBackend::make_fair_lock() {
  return std::make_shared<TaskLock>(*this, "create_fair_lock");
}

std::shared_ptr<EventCore> RuntimeBackend::make_event() { return std::make_shared<TaskEvent>(*this); }

std::shared_ptr<ConditionCore> RuntimeBackend::make_condition(std::shared_ptr<LockCore> lock) {
  return std::make_shared<TaskCondition>(*this, std::move(lock));
}

bool RuntimeBackend::suspend_in_thread(WaitPoint& point, const std::shared_ptr<ThreadJob>& job,
                                       AbandonOnCancel abandon) {
  Loop& loop = Loop::of_current_task(*this, "run_in_thread");
  if (loop.is_cancelled_by_now(*loop.current()->innermost)) {
    loop.yield(point, true);
  } else {
    loop.workers().suspend_until_run(loop, point, job, abandon);
  }
  return true;
}

std::shared_ptr<PortalCore> RuntimeBackend::make_portal() { return std::make_shared<Portal>(*this); }

}  // namespace concert::runtime
