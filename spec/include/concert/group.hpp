// SPDX-License-Identifier: Apache-2.0
// Task groups: tasks whose lives end before the block that opened them does.
#pragma once

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "concert/awaitable.hpp"
#include "concert/core.hpp"
#include "concert/task.hpp"

namespace concert {

/// Groups several tasks together. `co_await group.run(body)` runs the body and then waits for every task (Group002).
///
///     auto group = backend.create_task_group();
///     co_await group.run([&](TaskGroup& tasks) -> Coro<> {
///       tasks.start_soon(serve, socket);
///       co_await backend.sleep(1s);
///     });
///
/// The tasks may outlive the body, though not the block: what they refer to must stand outside the body.
/// The first failure, of a child or of the body, cancels the group once. Failures of children come out as one
/// ExceptionGroup (Group016), a lone failure of the body comes out as it is (Group020), mere cancellation as one
/// Cancelled (Group023). Never leave a group while holding a lock that one of its tasks must take again for its
/// condition: nobody could end that wait. Threads: the loop thread only.
class TaskGroup {
 public:
  explicit TaskGroup(std::unique_ptr<TaskGroupCore> core) noexcept : core_(std::move(core)) {}
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  AsyncBackend& backend() const noexcept { return core_->backend(); }

  /// Runs `body(group)` or `body()`, waits for the tasks, and returns what the body returned.
  /// Errors: UsageError on a second run (Group031); the failures, as said above; Cancelled.
  /// The wait for the tasks cannot be interrupted (Group033).
  template <class Body>
  auto run(Body&& body) {
    CONCERT_REQUIRE_SAFE_CALLABLE(Body &&);
    return run_body<detail::Kept<Body>>(std::forward<Body>(body));
  }

  /// Schedules `function(arguments...)` as a new task; it has not run yet when this returns (Group009).
  /// The callable and its arguments are stored in the task. Allowed inside the block and while it waits for tasks
  /// (Group003). Errors: UsageError before the block is entered and after it is left (Group006, Group007); then nothing
  /// is kept (Group008).
  template <class F, class... Args>
  requires std::invocable < std::decay_t<F>
  &, std::decay_t<Args>&&... > void start_soon(F&& function, Args&&... arguments) {
    core_->spawn(detail::make_task_body(std::forward<F>(function), std::forward<Args>(arguments)...));
  }
  template <class F, class... Args>
  requires std::invocable < std::decay_t<F>
  &, std::decay_t<Args>&&... > void start_soon(TaskName name, F&& function, Args&&... arguments) {
    auto body = detail::make_task_body(std::forward<F>(function), std::forward<Args>(arguments)...);
    body->name = std::move(name.value);
    core_->spawn(std::move(body));
  }

  /// As start_soon, and waits until the task has run its first step (Group011, Group012). Returns its handle.
  /// Errors: UsageError as start_soon; Cancelled if the caller is cancelled before the task began: the task is then
  /// cancelled and waited for, and the group is not disturbed (Group027).
  template <class F, class... Args>
  requires std::invocable < std::decay_t<F>
  &, std::decay_t<Args>&&... > Coro<Task<detail::TaskResult<F, Args...>>> start(F&& function, Args&&... arguments) {
    CONCERT_REQUIRE_SAFE_CALLABLE(F &&);
    return start_body(*core_, detail::make_task_body(std::forward<F>(function), std::forward<Args>(arguments)...));
  }
  template <class F, class... Args>
  requires std::invocable < std::decay_t<F>
  &, std::decay_t<Args>&&... >
         Coro<Task<detail::TaskResult<F, Args...>>> start(TaskName name, F&& function, Args&&... arguments) {
    CONCERT_REQUIRE_SAFE_CALLABLE(F &&);
    auto body = detail::make_task_body(std::forward<F>(function), std::forward<Args>(arguments)...);
    body->name = std::move(name.value);
    return start_body(*core_, std::move(body));
  }

 private:
  template <class Body>
  static decltype(auto) call(Body& body, TaskGroup& group) {
    if constexpr (std::is_invocable_v<Body&, TaskGroup&>) {
      return body(group);
    } else {
      return body();
    }
  }
  template <class Body>
  using Result =
      AwaitResult<decltype(call(std::declval<std::remove_reference_t<Body>&>(), std::declval<TaskGroup&>()))>;

  template <class Body>
  Coro<Result<Body>> run_body(Body body) {
    core_->enter();
    std::exception_ptr failure;
    if constexpr (std::is_void_v<Result<Body>>) {
      try {
        co_await call(body, *this);
      } catch (...) {
        failure = std::current_exception();
      }
      failure = co_await GroupExit(*core_, failure);
      if (failure) std::rethrow_exception(std::move(failure));
    } else {
      detail::ResultSlot<Result<Body>> result;
      try {
        result.put(co_await call(body, *this));
      } catch (...) {
        failure = std::current_exception();
      }
      failure = co_await GroupExit(*core_, failure);
      if (failure) std::rethrow_exception(std::move(failure));
      co_return result.take();
    }
  }

  template <class T>
  static Coro<Task<T>> start_body(TaskGroupCore& core, TaskRef<detail::TypedTaskBody<T>> body) {
    co_await core.start(body);
    co_return Task<T>(std::move(body));
  }

  std::unique_ptr<TaskGroupCore> core_;
};

}  // namespace concert
