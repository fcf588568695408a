// SPDX-License-Identifier: Apache-2.0
#include "concert/runtime/runtime_backend.hpp"

#include <cstdint>
#include <string>
#include <utility>

#include "group.hpp"
#include "loop.hpp"
#include "scope.hpp"

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
  const std::unique_ptr<LoopPort> port = make_port(reader);
  reader.refuse_unknown();
  Loop loop(*this, *port, std::move(settings));
  loop.run(*main);
}

std::unique_ptr<CancelScopeCore> RuntimeBackend::make_cancel_scope(TimePoint deadline) {
  return std::make_unique<Scope>(*this, deadline);
}

std::unique_ptr<ShieldCore> RuntimeBackend::make_shield() { return std::make_unique<Shield>(*this); }

std::unique_ptr<TaskGroupCore> RuntimeBackend::make_task_group() { return std::make_unique<Group>(*this); }

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

}  // namespace concert::runtime
