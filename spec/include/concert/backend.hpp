// SPDX-License-Identifier: Apache-2.0
// The interface: everything an application can ask of an asynchronous runtime.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include "concert/awaitable.hpp"
#include "concert/condition.hpp"
#include "concert/core.hpp"
#include "concert/coro.hpp"
#include "concert/errors.hpp"
#include "concert/event.hpp"
#include "concert/exception_group.hpp"
#include "concert/group.hpp"
#include "concert/lock.hpp"
#include "concert/portal.hpp"
#include "concert/runner_options.hpp"
#include "concert/scope.hpp"
#include "concert/task.hpp"
#include "concert/thread.hpp"
#include "concert/time.hpp"
#include "concert/wait.hpp"

namespace concert {

/// One asynchronous runtime behind the interface. Write an application against it, and choose the backend in `main`.
///
///     auto backend = concert::asio_backend();
///     int answer = backend->bootstrap([&]() -> Coro<int> {
///       co_await backend->sleep(10ms);
///       co_return 42;
///     });
///
/// Functions come in two kinds: what applications call, and, under "For backends", the virtual functions behind
/// templates. A default that is written here is the documented meaning; a backend may override it with something
/// faster. Threads: constructing one needs no loop (Run012), and bootstrap may run in several threads at once (Run009).
/// Everything else belongs to the thread of the running loop and throws UsageError elsewhere.
class AsyncBackend {
 public:
  AsyncBackend() = default;
  AsyncBackend(const AsyncBackend&) = delete;
  AsyncBackend& operator=(const AsyncBackend&) = delete;
  virtual ~AsyncBackend() = default;

  /// The name under which registries know this kind of backend, such as "asio".
  virtual std::string_view name() const noexcept = 0;

  // ---- Running -----------------------------------------------------------------------------------------------------

  /// Runs `function(arguments...)` as the main task of a new run, until it and all it owns has ended; returns its value
  /// (Run001). Errors: what the function throws, as it is (Run002), also Cancelled (Run010); UsageError inside a
  /// running loop (Run004). Threads: any thread that runs no loop.
  template <class F, class... Args>
  requires std::invocable < std::decay_t<F>
  &, std::decay_t<Args>&&... > decltype(auto) bootstrap(F&& function, Args&&... arguments) {
    return run_to_end<detail::TaskResult<F, Args...>>(
        RunnerOptions(), detail::make_task_body(std::forward<F>(function), std::forward<Args>(arguments)...));
  }
  /// The same with options for the runner (Run005). Errors: std::invalid_argument for an unknown option or a wrong type
  /// (Run007).
  template <class F, class... Args>
  requires std::invocable < std::decay_t<F>
  &, std::decay_t<Args>&&... >
         decltype(auto) bootstrap(const RunnerOptions& options, F&& function, Args&&... arguments) {
    return run_to_end<detail::TaskResult<F, Args...>>(
        options, detail::make_task_body(std::forward<F>(function), std::forward<Args>(arguments)...));
  }

  /// The backend whose loop runs on this thread; null if there is none (Run011).
  static AsyncBackend* running() noexcept { return running_; }

  // ---- Time --------------------------------------------------------------------------------------------------------

  /// The loop's clock: monotonic (Clock003), the one for all deadlines (Clock002).
  /// Errors: UsageError without a running loop (Clock005).
  virtual TimePoint current_time() = 0;

  /// Lets other tasks run, then checks for cancellation (Yield001, Yield002, Yield008).
  /// Errors: Cancelled.
  virtual Yield coro_yield() { return Yield(*this, false); }
  /// Lets other tasks run, and never throws Cancelled; a request stays pending (Yield004 to Yield006).
  virtual Yield cancel_shielded_coro_yield() { return Yield(*this, true); }
  /// Suspends the current task for `delay`; zero is a checkpoint that does not block (Sleep001, Sleep002).
  /// Units: seconds on the backend's clock; +infinity sleeps until cancelled (Sleep006).
  /// Errors: std::invalid_argument if negative or NaN (Sleep003, Sleep004); Cancelled.
  /// Guarantee: never early.
  virtual Sleep sleep(Seconds delay);
  /// Suspends the current task until `wake_time`; one in the past is a checkpoint that does not block (Sleep007,
  /// Sleep008). Errors: std::invalid_argument for NaN (Sleep009); Cancelled.
  virtual Sleep sleep_until(TimePoint wake_time);
  /// Suspends the current task until it is cancelled (Sleep005). Errors: Cancelled.
  virtual Sleep sleep_forever() { return Sleep(*this, never); }

  // ---- Cancellation ------------------------------------------------------------------------------------------------

  /// The type of the exception that every cancellation throws: Cancelled (Cancel001).
  virtual const std::type_info& cancelled_type() const noexcept { return typeid(Cancelled); }

  /// Awaits `awaitable` in the current task, protected from every request that comes from outside (Shield003,
  /// Shield005): such a request is thrown at the first checkpoint after the shield (Shield007), or has no effect if
  /// none follows (Shield008). Scopes, deadlines and groups opened inside work (Shield012, Shield013). Errors: what the
  /// awaitable throws.
  template <Awaitable A>
  Coro<AwaitResult<A>> ignore_cancellation(A awaitable) {
    const std::unique_ptr<ShieldCore> shield = make_shield();
    shield->enter();
    const LeaveShield leave(*shield);
    if constexpr (std::is_void_v<AwaitResult<A>>) {
      co_await std::move(awaitable);
    } else {
      co_return co_await std::move(awaitable);
    }
  }

  /// A scope that ends its block when it is cancelled or when `deadline` has come (Scope001).
  /// Errors: std::invalid_argument if the deadline is NaN. Threads: any; it is entered on a loop thread (Scope039).
  virtual CancelScope open_cancel_scope(TimePoint deadline = never) { return CancelScope(make_cancel_scope(deadline)); }
  /// A scope whose deadline is `delay` from this call on (Timeout001, Timeout002); a negative delay has expired already
  /// (Timeout019). Errors: std::invalid_argument for NaN (Timeout018); UsageError without a running loop.
  virtual CancelScope move_on_after(Seconds delay);
  /// A scope with an absolute deadline (Timeout006). Errors: std::invalid_argument for NaN.
  virtual CancelScope move_on_at(TimePoint deadline);
  /// As move_on_after, but an absorbed cancellation becomes a TimeoutError (Timeout007).
  virtual TimeoutScope timeout(Seconds delay);
  /// As move_on_at, but an absorbed cancellation becomes a TimeoutError (Timeout008).
  virtual TimeoutScope timeout_at(TimePoint deadline);

  // ---- Concurrent tasks --------------------------------------------------------------------------------------------

  /// A new task group (Group001). Threads: the loop thread.
  virtual TaskGroup create_task_group() { return TaskGroup(make_task_group()); }

  /// Awaits all of them concurrently and returns their values in the order of the arguments (Gather001, Gather002): a
  /// std::vector<T> if all have the type T, nothing if all are void, else a std::tuple (void: std::monostate).
  /// A std::shared_ptr to an awaitable may be given several times: it is awaited once, its value stands at each place
  /// (Gather006). Errors: ExceptionGroup with the failures, also for one (Gather003); the first failure cancels the
  /// others (Gather008). Cancelled, after all have ended (Gather009, Gather010).
  template <class... Awaitables>
  auto gather(Awaitables&&... awaitables);
  /// The same for a number of awaitables that is known only at run time.
  template <class A>
  auto gather(std::vector<A> awaitables);

  /// The running task. Errors: UsageError outside a task (Info009).
  virtual TaskInfo get_current_task() = 0;

  // ---- Synchronisation ---------------------------------------------------------------------------------------------

  /// A new lock that nobody holds (Lock001). Errors: UsageError without a running loop.
  virtual Lock create_lock() { return Lock(make_lock()); }
  /// A new lock that always goes to the task that has waited longest (Fair001, Fair002).
  /// Errors: UsageError without a running loop.
  virtual Lock create_fair_lock() { return Lock(make_fair_lock()); }
  /// A new event that has not happened (Event001). Errors: UsageError without a running loop.
  virtual Event create_event() { return Event(make_event()); }
  /// A new condition over a lock of its own (Cond001). Errors: UsageError without a running loop.
  virtual Condition create_condition_var() { return Condition(make_condition(make_lock())); }
  /// A new condition over `lock`, which it keeps alive. A lock of create_lock of this backend is always accepted
  /// (Cond002). Errors: std::invalid_argument for a lock that cannot be used (Cond003, Cond004); UsageError without a
  /// running loop.
  virtual Condition create_condition_var(Lock& lock) { return Condition(make_condition(lock.core())); }

  // ---- Threads -----------------------------------------------------------------------------------------------------

  /// Calls the plain, blocking `function(arguments...)` in a worker thread (Thread001), while other tasks run
  /// (Thread002); returns what it returns (Thread003). Both are stored with the job, and destroyed in the worker.
  /// Nothing of the loop is usable inside but through a portal (Thread005, Thread014). The number of workers is bounded
  /// (Thread012); a function that finds none waits in line.
  /// Errors: what the function throws (Thread004); Cancelled before the function has started: it never runs then
  /// (Thread010, Thread011). Once it runs, a cancellation waits until it has ended (Thread006, Thread007).
  template <class F, class... Args>
  requires std::invocable<std::decay_t<F> &&, std::decay_t<Args>&&...> auto run_in_thread(F&& function,
                                                                                          Args&&... arguments) {
    return run_in_thread(AbandonOnCancel(false), std::forward<F>(function), std::forward<Args>(arguments)...);
  }
  /// The same; with AbandonOnCancel(true) a cancellation ends the call at once (Thread008). The function, which nobody
  /// can stop, goes on in the background for nobody (Thread009): neither bootstrap nor the end of the process waits for
  /// it.
  template <class F, class... Args>
  requires std::invocable<std::decay_t<F> &&, std::decay_t<Args>&&...> auto run_in_thread(AbandonOnCancel abandon,
                                                                                          F&& function,
                                                                                          Args&&... arguments) {
    CONCERT_REQUIRE_SAFE_CALLABLE(F &&);
    using Result = detail::PlainResult<F, Args...>;
    static_assert(detail::PlainValue<Result>,
                  "run_in_thread takes a plain function, and this one is async: await it, or give it to a task group");
    using Job = detail::CallThreadJob<std::decay_t<F>, std::decay_t<Args>...>;
    return await_job<Result>(
        std::make_shared<Job>(std::in_place, std::forward<F>(function), std::forward<Args>(arguments)...), abandon);
  }

  /// A new portal into the running loop (Portal001), to be entered with ThreadsPortal::run.
  /// Errors: UsageError without a running loop (Portal002).
  virtual ThreadsPortal create_threads_portal() { return ThreadsPortal(make_portal()); }

  // ---- For backends ------------------------------------------------------------------------------------------------

  /// Runs a loop until `main` has ended, then releases everything. The outcome stays in `main`.
  /// Create a RunningHere first: it refuses a nested loop and marks the thread.
  virtual void run_main(TaskRef<> main, const RunnerOptions& options) = 0;
  virtual std::unique_ptr<CancelScopeCore> make_cancel_scope(TimePoint deadline) = 0;
  virtual std::unique_ptr<ShieldCore> make_shield() = 0;
  virtual std::unique_ptr<TaskGroupCore> make_task_group() = 0;
  /// Puts the current task behind the others that are ready. Returns false, with an outcome set, if it need not
  /// suspend.
  virtual bool suspend_yield(WaitPoint& point) = 0;
  virtual bool suspend_shielded_yield(WaitPoint& point) = 0;
  /// Suspends the current task until `wake_time`, which is not NaN; always a schedule point.
  virtual bool suspend_until(WaitPoint& point, TimePoint wake_time) = 0;
  virtual std::shared_ptr<LockCore> make_lock() = 0;
  /// The default needs nothing but events and get_current_task (Fair008).
  virtual std::shared_ptr<LockCore> make_fair_lock();
  virtual std::shared_ptr<EventCore> make_event() = 0;
  /// Errors: std::invalid_argument for a lock that the backend cannot work with.
  virtual std::shared_ptr<ConditionCore> make_condition(std::shared_ptr<LockCore> lock) = 0;
  /// Has `job` run in a worker thread, and suspends the current task until it has run, or was cancelled as
  /// run_in_thread says. Returns false, with an outcome set, if it need not suspend.
  virtual bool suspend_in_thread(WaitPoint& point, const std::shared_ptr<ThreadJob>& job, AbandonOnCancel abandon) = 0;
  virtual std::shared_ptr<PortalCore> make_portal() = 0;
  /// What a timeout ends with: `absorbed` is what its scope absorbed, null if nothing. Returns null for no error.
  virtual std::exception_ptr timeout_failure(CancelScope& scope, const std::exception_ptr& absorbed);
  /// Runs the bodies concurrently to their ends and throws as gather is documented to.
  virtual Coro<void> run_all(std::vector<TaskRef<>> bodies);

 protected:
  /// Marks this thread as running `backend` as long as it lives. Errors: UsageError if a loop runs here already
  /// (Run004).
  class RunningHere {
   public:
    explicit RunningHere(AsyncBackend& backend);
    RunningHere(const RunningHere&) = delete;
    RunningHere& operator=(const RunningHere&) = delete;
    ~RunningHere() { running_ = nullptr; }
  };

  /// For backends that throw a cancellation out of other places than a WaitPoint.
  static CancelKey cancel_key() noexcept { return {}; }

 private:
  class LeaveShield {
   public:
    explicit LeaveShield(ShieldCore& shield) noexcept : shield_(shield) {}
    LeaveShield(const LeaveShield&) = delete;
    LeaveShield& operator=(const LeaveShield&) = delete;
    ~LeaveShield() { shield_.exit(); }

   private:
    ShieldCore& shield_;
  };

  // The job is a parameter, so that the frame keeps it alive.
  template <class T>
  Coro<T> await_job(std::shared_ptr<detail::TypedThreadJob<T>> job, AbandonOnCancel abandon) {
    const std::shared_ptr<ThreadJob> untyped = job;
    co_await ThreadWait(*this, untyped, abandon);
    co_return job->take();
  }

  template <class T>
  T run_to_end(const RunnerOptions& options, TaskRef<detail::TypedTaskBody<T>> body) {
    run_main(body, options);
    if (body->failure()) std::rethrow_exception(body->failure());
    if (!body->value()) detail::throw_no_result();
    if constexpr (std::is_reference_v<T>) {
      return static_cast<T>(**body->value());
    } else if constexpr (!std::is_void_v<T>) {
      return std::move(*body->value());
    }
  }

  static constinit thread_local AsyncBackend* running_;
};

inline bool Yield::await_suspend(std::coroutine_handle<> waiter) {
  point_.waiter = waiter;
  return shielded_ ? backend_.suspend_shielded_yield(point_) : backend_.suspend_yield(point_);
}
inline bool Sleep::await_suspend(std::coroutine_handle<> waiter) {
  point_.waiter = waiter;
  return backend_.suspend_until(point_, wake_time_);
}
inline bool ThreadWait::await_suspend(std::coroutine_handle<> waiter) {
  point_.waiter = waiter;
  return backend_.suspend_in_thread(point_, job_, abandon_);
}
inline bool TaskWait::await_suspend(std::coroutine_handle<> waiter) {
  point_.waiter = waiter;
  return task_.suspend_until_done(point_);
}
inline bool GroupExit::await_suspend(std::coroutine_handle<> waiter) {
  point_.waiter = waiter;
  return group_.suspend_exit(point_, body_failure_);
}
inline std::exception_ptr GroupExit::await_resume() const { return group_.outcome(); }

}  // namespace concert

#include "concert/detail/gather.hpp"
