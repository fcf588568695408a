// SPDX-License-Identifier: Apache-2.0
#include "concert/backend.hpp"

#include <cmath>
#include <sstream>
#include <stdexcept>

namespace concert {

constinit thread_local AsyncBackend* AsyncBackend::running_ = nullptr;

AsyncBackend::RunningHere::RunningHere(AsyncBackend& backend) {
  if (running_ != nullptr) {
    throw UsageError("bootstrap was called inside a running loop: this thread already runs the backend '" +
                     std::string(running_->name()) + "'; await the function instead, or use another thread");
  }
  running_ = &backend;
}

namespace {

[[noreturn]] void refuse(std::string_view function, std::string_view expected, double came) {
  std::ostringstream text;
  text << function << ": expected " << expected << ", got " << came;
  throw std::invalid_argument(text.str());
}

TimePoint checked_deadline(std::string_view function, TimePoint deadline) {
  if (is_nan(deadline.time_since_epoch())) {
    refuse(function, "a point in time that is not NaN", deadline.time_since_epoch().count());
  }
  return deadline;
}

TimePoint deadline_after(AsyncBackend& backend, std::string_view function, Seconds delay) {
  if (is_nan(delay)) refuse(function, "a duration in seconds that is not NaN", delay.count());
  return backend.current_time() + delay;
}

}  // namespace

Sleep AsyncBackend::sleep(Seconds delay) {
  // Written so that NaN fails too.
  if (!(delay.count() >= 0)) refuse("sleep", "a duration of zero or more seconds", delay.count());
  return Sleep(*this, std::isinf(delay.count()) ? never : current_time() + delay);
}

Sleep AsyncBackend::sleep_until(TimePoint wake_time) {
  return Sleep(*this, checked_deadline("sleep_until", wake_time));
}

CancelScope AsyncBackend::move_on_after(Seconds delay) {
  return CancelScope(make_cancel_scope(deadline_after(*this, "move_on_after", delay)));
}

CancelScope AsyncBackend::move_on_at(TimePoint deadline) {
  return CancelScope(make_cancel_scope(checked_deadline("move_on_at", deadline)));
}

TimeoutScope AsyncBackend::timeout(Seconds delay) {
  return TimeoutScope(make_cancel_scope(deadline_after(*this, "timeout", delay)));
}

TimeoutScope AsyncBackend::timeout_at(TimePoint deadline) {
  return TimeoutScope(make_cancel_scope(checked_deadline("timeout_at", deadline)));
}

std::exception_ptr AsyncBackend::timeout_failure(CancelScope& scope, const std::exception_ptr& absorbed) {
  if (!absorbed || !scope.cancelled_caught()) return nullptr;
  try {
    std::rethrow_exception(absorbed);
  } catch (...) {
    // Inside the handler, so that the absorbed Cancelled is nested in the error (Timeout016).
    return std::make_exception_ptr(TimeoutError(scope.when()));
  }
}

Coro<void> AsyncBackend::run_all(std::vector<TaskRef<>> bodies) {
  const std::unique_ptr<TaskGroupCore> core = make_task_group();
  core->enter();
  for (TaskRef<>& body : bodies) core->spawn(std::move(body));
  if (std::exception_ptr failure = co_await GroupExit(*core, nullptr)) std::rethrow_exception(std::move(failure));
}

Coro<void> TaskCore::wait_or_cancel() {
  bool interrupted = false;
  std::exception_ptr interruption;
  try {
    co_await TaskWait(*this);
  } catch (const Cancelled&) {
    interruption = std::current_exception();
    interrupted = true;
  }
  if (!interrupted) co_return;
  cancel();
  // The wait for the end is shielded (Task020).
  co_await backend().ignore_cancellation(TaskWait(*this));
  if (cancelled()) std::rethrow_exception(std::move(interruption));
}

void TimeoutScope::conclude() {
  if (std::exception_ptr failure = backend().timeout_failure(scope_, scope_.absorbed_)) {
    std::rethrow_exception(std::move(failure));
  }
}

void detail::throw_no_result() {
  throw std::logic_error("the backend ended a task without running it to its end: there is no result to return");
}

void TimeoutScope::throw_no_result() {
  throw std::logic_error(
      "the backend absorbed the end of a timeout's body without an error: there is no value to return");
}

std::string to_string(const TaskInfo& info) { return info.name + " (task " + std::to_string(info.id) + ")"; }

}  // namespace concert
