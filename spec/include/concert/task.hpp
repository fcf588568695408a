// SPDX-License-Identifier: Apache-2.0
// Tasks: what runs concurrently in a task group, and the handle to it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include "concert/awaitable.hpp"
#include "concert/core.hpp"
#include "concert/coro.hpp"

namespace concert {

/// Who a task is. Equality and hash go by `id` alone (Info005).
struct TaskInfo {
  /// Unique among the tasks that live at one time (Info002).
  std::uint64_t id = 0;
  /// As given to start_soon or start, else a name made by the backend (Info003, Info008).
  std::string name;

  friend bool operator==(const TaskInfo& left, const TaskInfo& right) noexcept { return left.id == right.id; }
};

/// "name (task 17)", for logs.
std::string to_string(const TaskInfo& info);

/// A name for a new task: `group.start_soon(TaskName("reader"), read_all, socket)` (Group015).
class TaskName {
 public:
  explicit TaskName(std::string name) : value(std::move(name)) {}
  std::string value;
};

namespace detail {

/// The backend says that a task has ended without a failure, but it has no result.
[[noreturn]] void throw_no_result();

/// What Task<T>::join gives: a copy, or a reference to a result that cannot be copied; it lives as long as a handle
/// does.
template <class T>
using JoinResult = std::conditional_t<std::is_void_v<T> || std::is_reference_v<T> || std::is_copy_constructible_v<T>, T,
                                      std::add_lvalue_reference_t<std::add_const_t<T>>>;

/// A task body whose result type is known: what Task<T> reads.
template <class T>
class TypedTaskBody : public TaskBody {
 public:
  using Stored = std::conditional_t<std::is_void_v<T>, std::monostate,
                                    std::conditional_t<std::is_reference_v<T>, std::remove_reference_t<T>*, T>>;
  std::optional<Stored>& value() noexcept { return value_; }
  /// The value, as Task<T>::join gives it. Errors: std::logic_error if there is none, which is a fault of the backend.
  JoinResult<T> result() {
    if (!value_) throw_no_result();
    if constexpr (std::is_reference_v<T>) {
      return static_cast<T>(**value_);
    } else if constexpr (!std::is_void_v<T>) {
      return *value_;
    }
  }

 protected:
  std::optional<Stored> value_;
};

}  // namespace detail

/// A handle to a task. Handles are copied freely, outlive the task and its group (Task025), and compare equal if they
/// stand for the same task (Task027).
/// Threads: the loop thread only.
template <class T>
class Task {
 public:
  using value_type = T;
  explicit Task(TaskRef<detail::TypedTaskBody<T>> body) noexcept : body_(std::move(body)) {}

  AsyncBackend& backend() const noexcept { return core().backend(); }
  /// Who the task is (Task001, Info007).
  TaskInfo info() const { return core().info(); }
  /// True once the task has returned, raised or was cancelled (Task002).
  bool done() const { return core().done(); }
  /// Asks the task to end: from its next checkpoint on, each of its waits throws Cancelled until it ends (Task003,
  /// Cancel009). Returns false if it is done already, else true (Task004, Task005, Task007). No guarantee: it may
  /// swallow the exception (Task006).
  bool cancel() const { return core().cancel(); }
  /// True if the task is done and let a cancellation end it (Task008 to Task011).
  bool cancelled() const { return core().cancelled(); }
  /// Waits for the end; never throws the task's outcome (Task012). Errors: Cancelled, which leaves the task alone
  /// (Task013). Does not suspend if the task is done (Task024).
  TaskWait wait() const { return TaskWait(core()); }
  /// Waits for the end and returns the result, each time the same (Task014, Task018).
  /// A result that can be copied is returned by value, another one as a reference that lives as long as a handle.
  /// Errors: what the task threw; Cancelled if the task or the caller was cancelled (Task015 to Task017).
  Coro<detail::JoinResult<T>> join() const { return join_body(*this); }
  /// As join, but a cancellation of the caller cancels the task too (Task019); the caller then waits, shielded, for the
  /// task's end (Task020), and gets Cancelled only if the task ended cancelled, else the task's value or exception
  /// (Task021, Task022), with the caller's own request still pending (Task023).
  /// Never call it while holding a lock that the task may have to take again for its condition: nobody could end that
  /// wait.
  Coro<detail::JoinResult<T>> join_or_cancel() const { return join_or_cancel_body(*this); }

  friend bool operator==(const Task& left, const Task& right) noexcept { return left.body_.get() == right.body_.get(); }
  std::size_t hash() const noexcept { return std::hash<const void*>{}(body_.get()); }

 private:
  TaskCore& core() const noexcept { return *body_->core; }

  // The handle is a parameter, so that the frame keeps the task alive.
  static Coro<detail::JoinResult<T>> join_body(Task task) {
    co_await task.wait();
    co_return task.outcome();
  }
  static Coro<detail::JoinResult<T>> join_or_cancel_body(Task task) {
    co_await task.core().wait_or_cancel();
    co_return task.outcome();
  }
  detail::JoinResult<T> outcome() const {
    if (std::exception_ptr failure = core().failure()) std::rethrow_exception(std::move(failure));
    return body_->result();
  }

  TaskRef<detail::TypedTaskBody<T>> body_;
};

namespace detail {

template <class F, class... Args>
using TaskResult = AwaitResult<std::invoke_result_t<std::decay_t<F>&, std::decay_t<Args>&&...>>;

/// An async callable with its arguments, stored together, so that a lambda's captures live as long as its task.
template <class F, class... Args>
class CallTaskBody final : public TypedTaskBody<TaskResult<F, Args...>>, public Recycled {
  using Result = TaskResult<F, Args...>;
  struct Work {
    F function;
    std::tuple<Args...> arguments;
    std::optional<Coro<Result>> coroutine;
  };

 public:
  template <class G, class... A>
  explicit CallTaskBody(G&& function, A&&... arguments) {
    work_.emplace(Work{std::forward<G>(function), std::tuple<Args...>(std::forward<A>(arguments)...), std::nullopt});
  }

  std::coroutine_handle<> start() noexcept override {
    try {
      work_->coroutine.emplace(call());
      if (auto frame = work_->coroutine->start_as_root(*this)) return frame;
      take_outcome();
    } catch (...) {
      this->failure_ = std::current_exception();
    }
    return {};
  }
  void release_work() noexcept override { work_.reset(); }
  void coro_finished() noexcept override {
    take_outcome();
    this->listener->body_ended(*this);
  }

 private:
  Coro<Result> call() {
    using Called = std::invoke_result_t<F&, Args&&...>;
    if constexpr (std::is_same_v<Called, Coro<Result>>) {
      return std::apply([this](Args&... args) { return std::invoke(work_->function, std::move(args)...); },
                        work_->arguments);
    } else {
      return wrap(std::apply([this](Args&... args) { return std::invoke(work_->function, std::move(args)...); },
                             work_->arguments));
    }
  }
  template <class A>
  static Coro<Result> wrap(A awaitable) {
    co_return co_await std::move(awaitable);
  }
  void take_outcome() noexcept {
    try {
      if constexpr (std::is_void_v<Result>) {
        work_->coroutine->take();
        this->value_.emplace();
      } else if constexpr (std::is_reference_v<Result>) {
        this->value_.emplace(std::addressof(work_->coroutine->take()));
      } else {
        this->value_.emplace(work_->coroutine->take());
      }
    } catch (...) {
      this->failure_ = std::current_exception();
    }
  }
  void destroy() noexcept override { delete this; }

  std::optional<Work> work_;
};

template <class F, class... Args>
TaskRef<TypedTaskBody<TaskResult<F, Args...>>> make_task_body(F&& function, Args&&... arguments) {
  using Body = CallTaskBody<std::decay_t<F>, std::decay_t<Args>...>;
  return TaskRef<TypedTaskBody<TaskResult<F, Args...>>>(
      new Body(std::forward<F>(function), std::forward<Args>(arguments)...));
}

}  // namespace detail

}  // namespace concert

template <>
struct std::hash<concert::TaskInfo> {
  std::size_t operator()(const concert::TaskInfo& info) const noexcept { return std::hash<std::uint64_t>{}(info.id); }
};
template <class T>
struct std::hash<concert::Task<T>> {
  std::size_t operator()(const concert::Task<T>& task) const noexcept { return task.hash(); }
};
