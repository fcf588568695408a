// SPDX-License-Identifier: Apache-2.0
// The threads portal: how other threads have work done in the loop, and the futures that they get for it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "concert/awaitable.hpp"
#include "concert/core.hpp"
#include "concert/coro.hpp"
#include "concert/task.hpp"
#include "concert/thread.hpp"
#include "concert/time.hpp"

namespace concert {

class PortalCall;

/// A portal of a backend. The front (ThreadsPortal::run) calls enter, runs the body, then awaits exit.
/// Held by futures and by handles of other threads, so it may be used after its run has ended: it must not touch the
/// loop then.
class PortalCore {
 public:
  PortalCore() = default;
  PortalCore(const PortalCore&) = delete;
  PortalCore& operator=(const PortalCore&) = delete;
  virtual ~PortalCore() = default;

  // ---- Any thread ----

  virtual AsyncBackend& backend() const noexcept = 0;
  /// True if the calling thread runs the very loop that made this portal (Portal015).
  virtual bool is_on_loop_thread() const noexcept = 0;
  /// Accepts a call: has begin() called in the loop, once, after those of all calls that this thread submitted before
  /// (Portal032), and spawns the body that it returns as a task of the portal, whose first step runs in that order too.
  /// Errors: UsageError before the portal is entered, once its exit has begun (Portal004), and on the loop thread
  /// (Portal007); the call is not kept then.
  virtual void submit(std::shared_ptr<PortalCall> call) = 0;
  /// The future of an accepted coroutine was cancelled: has its task cancelled (Portal018), after its first step
  /// (Portal022). No effect once the task has ended.
  virtual void cancel(std::shared_ptr<PortalCall> call) noexcept = 0;

  // ---- The loop thread ----

  /// Errors: UsageError on the second use (Portal030, Portal031), or without a current task.
  virtual void enter() = 0;
  /// The body has ended with this failure (null: none). Refuses new calls, has the accepted ones begun (Portal026),
  /// cancels their tasks if there is a failure (Portal028), and waits for their ends (Portal027); nothing interrupts
  /// that. Errors: the failure itself, bare (Portal029); Cancelled.
  virtual Coro<void> exit(std::exception_ptr body_failure) = 0;
  /// A coroutine whose future was cancelled has failed: nobody awaits it (Portal020).
  virtual void unhandled_error(std::exception_ptr error) noexcept = 0;
};

/// One call that a thread gave to a portal, and the state of its future. Shared by both sides.
class PortalCall : public std::enable_shared_from_this<PortalCall> {
 public:
  explicit PortalCall(std::shared_ptr<PortalCore> portal) noexcept : portal_(std::move(portal)) {}
  PortalCall(const PortalCall&) = delete;
  PortalCall& operator=(const PortalCall&) = delete;
  virtual ~PortalCall() = default;

  // ---- The future's side: any thread ----

  bool done() const;
  bool cancelled() const;
  bool cancel();
  /// Blocks until the call is answered. Errors: UsageError if it is not, and this is the loop thread.
  void wait() const;
  bool wait_for(Seconds limit) const;

  // ---- The backend's side: the loop thread ----

  /// The turn of this call has come. A plain function is called and answered here, unless its future was cancelled;
  /// then it returns null. A coroutine gives the body of its task, to be spawned and, once it is, to be told to
  /// `spawned`.
  virtual TaskRef<> begin() noexcept = 0;
  /// The task of this call, from its spawning to its end; null before and after.
  TaskRef<> task;

 protected:
  enum class State : std::uint8_t { pending, running, answered, cancelled };

  /// Returns false if the future was cancelled: the function is not to be called.
  bool start_running();
  /// Puts the answer in place with `fill`, unless the future was cancelled meanwhile. Wakes whoever waits.
  template <class Fill>
  bool answer(Fill&& fill) {
    const std::lock_guard lock(mutex_);
    if (state_ == State::cancelled) return false;
    std::forward<Fill>(fill)();
    state_ = State::answered;
    answered_.notify_all();
    return true;
  }
  /// The work ended with this failure; a Cancelled cancels the future (Portal023). Whoever gives the failure away keeps
  /// no reference: libstdc++ counts those of an exception in code that ThreadSanitizer does not see (GCC 12), which
  /// then reports the thread that lets go last.
  void conclude_failed(std::exception_ptr failure);
  /// Errors: FutureCancelled if the future was cancelled.
  void require_answer() const;

  std::exception_ptr failure_;

 private:
  bool is_settled() const noexcept { return state_ == State::answered || state_ == State::cancelled; }
  void refuse_to_block() const;

  const std::shared_ptr<PortalCore> portal_;
  mutable std::mutex mutex_;
  mutable std::condition_variable answered_;
  State state_ = State::pending;
};

namespace detail {

template <class T>
class TypedPortalCall : public PortalCall {
 public:
  using PortalCall::PortalCall;
  /// The answer, as ThreadFuture<T>::get gives it. Blocks.
  JoinResult<T> result() {
    wait_for_answer();
    if (failure_) std::rethrow_exception(failure_);
    if constexpr (std::is_reference_v<T>) {
      return static_cast<T>(**value_);
    } else if constexpr (!std::is_void_v<T>) {
      return *value_;
    }
  }
  /// The same for the only one who asks, who takes the answer away. Blocks.
  T take() {
    wait_for_answer();
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
    if constexpr (std::is_reference_v<T>) {
      return static_cast<T>(**value_);
    } else if constexpr (!std::is_void_v<T>) {
      return std::move(*value_);
    }
  }

 protected:
  std::optional<ReadyValue<T>> value_;

 private:
  void wait_for_answer() const {
    wait();
    require_answer();
    if (!failure_ && !value_) throw_no_result();
  }
};

template <class F, class... Args>
class SyncPortalCall final : public TypedPortalCall<std::invoke_result_t<F&&, Args&&...>> {
  using Result = std::invoke_result_t<F&&, Args&&...>;

 public:
  template <class G, class... A>
  explicit SyncPortalCall(std::shared_ptr<PortalCore> portal, G&& function, A&&... arguments)
      : TypedPortalCall<Result>(std::move(portal)),
        call_(std::in_place, std::in_place, std::forward<G>(function), std::forward<A>(arguments)...) {}
  TaskRef<> begin() noexcept override {
    CallOutcome<Result> outcome;
    const bool runs = this->start_running();
    if (runs) outcome.take_from(std::move(*call_));
    call_.reset();
    if (std::exception_ptr failure = outcome.take_failure()) {
      this->conclude_failed(std::move(failure));
    } else if (runs) {
      this->answer([&] { this->value_ = std::move(outcome.value()); });
    }
    return {};
  }

 private:
  std::optional<StoredCall<F, Args...>> call_;
};

template <class F, class... Args>
class CoroutinePortalCall final : public TypedPortalCall<TaskResult<F, Args...>> {
  using Result = TaskResult<F, Args...>;

 public:
  template <class G, class... A>
  explicit CoroutinePortalCall(std::shared_ptr<PortalCore> portal, std::string name, G&& function, A&&... arguments)
      : TypedPortalCall<Result>(std::move(portal)), name_(std::move(name)) {
    call_.emplace(std::forward<G>(function), std::tuple<Args...>(std::forward<A>(arguments)...));
  }
  TaskRef<> begin() noexcept override {
    try {
      auto body = std::apply(
          [this](F& function, std::tuple<Args...>& arguments) {
            return make_task_body(&CoroutinePortalCall::run,
                                  std::static_pointer_cast<CoroutinePortalCall>(this->shared_from_this()),
                                  std::move(function), std::move(arguments));
          },
          *call_);
      call_.reset();
      body->name = std::move(name_);
      return body;
    } catch (...) {
      this->conclude_failed(std::current_exception());
      return {};
    }
  }

 private:
  static Coro<void> run(std::shared_ptr<CoroutinePortalCall> call, F function, std::tuple<Args...> arguments) {
    const auto make_coroutine = [&] {
      return std::apply([&](Args&... args) { return std::invoke(function, std::move(args)...); }, arguments);
    };
    std::optional<ReadyValue<Result>> value;
    std::exception_ptr failure;
    try {
      if constexpr (std::is_void_v<Result>) {
        co_await make_coroutine();
        value.emplace();
      } else if constexpr (std::is_reference_v<Result>) {
        value.emplace(std::addressof(co_await make_coroutine()));
      } else {
        value.emplace(co_await make_coroutine());
      }
    } catch (...) {
      failure = std::current_exception();
    }
    // Here, because the last handle of a task must go on the loop thread.
    call->task = TaskRef<>();
    if (failure) {
      call->conclude_failed(std::move(failure));
    } else {
      call->answer([&] { call->value_ = std::move(value); });
    }
  }

  std::string name_;
  std::optional<std::pair<F, std::tuple<Args...>>> call_;
};

}  // namespace detail

/// The answer to a call that a thread gave to a portal, to come. Handles are copied freely and outlive the portal.
/// Threads: any; only where it would have to wait for the loop on the loop's own thread it throws UsageError
/// (Portal037).
template <class T>
class ThreadFuture {
 public:
  using value_type = T;
  explicit ThreadFuture(std::shared_ptr<detail::TypedPortalCall<T>> call) noexcept : call_(std::move(call)) {}

  /// Blocks until there is an answer, and returns it, each time the same: a value that can be copied is copied, another
  /// one comes as a reference that lives as long as a handle does.
  /// Errors: what the function threw (Portal010, Portal013); FutureCancelled if the call was cancelled, by the portal's
  /// exit (Portal009), by cancel(), or by a Cancelled that left the work (Portal023).
  detail::JoinResult<T> get() const { return call_->result(); }
  /// Blocks until there is an answer of any kind.
  void wait() const { call_->wait(); }
  /// The same, for `limit` of real time at most; returns whether there is an answer. Units: seconds; zero or less only
  /// looks, +infinity is wait(). Errors: std::invalid_argument for NaN.
  bool wait_for(Seconds limit) const { return call_->wait_for(limit); }
  /// True once there is an answer of any kind.
  bool done() const { return call_->done(); }
  /// True if the answer is that the call was cancelled.
  bool cancelled() const { return call_->cancelled(); }
  /// Cancels the call: the future is cancelled at once (Portal019), a coroutine's task is cancelled (Portal018), a
  /// plain function that has not been called yet never will be (Portal021). Returns false, and changes nothing, if the
  /// call is answered already or the plain function is being called now; true if it is cancelled, now or before.
  bool cancel() const { return call_->cancel(); }

 private:
  std::shared_ptr<detail::TypedPortalCall<T>> call_;
};

/// A door into the loop for other threads.
///
///     auto portal = backend.create_threads_portal();
///     co_await portal.run([&]() -> Coro<> {
///       co_await backend.run_in_thread([&] {                // or any thread of your own
///         portal.run_sync([] { progress.set(0.5); });       // in the loop thread
///         Reply reply = portal.run_coroutine(ask, server);  // a task in the loop
///       });
///     });
///
/// Handles are copied freely: a thread keeps one for as long as it likes. Used before the portal is entered, after its
/// exit has begun or on the thread of its own loop, each function throws UsageError (Portal004, Portal006, Portal007,
/// Portal012); whatever was accepted is answered (Portal036). The functions and their arguments are stored with the
/// call, and destroyed in the loop thread. Calls of one thread begin in their order (Portal032).
class ThreadsPortal {
 public:
  explicit ThreadsPortal(std::shared_ptr<PortalCore> core) noexcept : core_(std::move(core)) {}

  AsyncBackend& backend() const noexcept { return core_->backend(); }

  /// Opens the portal, awaits `body(portal)` or `body()`, closes it: refuses new calls, runs the plain functions that
  /// were accepted (Portal026), and waits for the accepted coroutines (Portal027), which are cancelled if the body
  /// failed or was cancelled (Portal028). Returns what the body returned. Once for each portal (Portal030, Portal031).
  /// Errors: UsageError on a second run; what the body throws, as it is (Portal029); Cancelled. Failures of submitted
  /// work are told to its futures only (Portal017). Threads: the loop thread.
  template <class Body>
  auto run(Body&& body) {
    CONCERT_REQUIRE_SAFE_CALLABLE(Body &&);
    return run_body<detail::Kept<Body>>(*this, std::forward<Body>(body));
  }

  /// Has `function(arguments...)`, which returns an awaitable, run as a task in the loop (Portal005).
  /// Errors: UsageError. Threads: any but the loop's.
  template <class F, class... Args>
  requires std::invocable < std::decay_t<F>
  &, std::decay_t<Args>&&... > auto run_coroutine_soon(F&& function, Args&&... arguments) const {
    return ThreadFuture(submit_coroutine({}, std::forward<F>(function), std::forward<Args>(arguments)...));
  }
  /// The same, with a name for the task (Portal035).
  template <class F, class... Args>
  requires std::invocable < std::decay_t<F>
  &, std::decay_t<Args>&&... > auto run_coroutine_soon(TaskName name, F&& function, Args&&... arguments) const {
    return ThreadFuture(
        submit_coroutine(std::move(name.value), std::forward<F>(function), std::forward<Args>(arguments)...));
  }
  /// The same, and blocks for the answer (Portal008). Errors: as ThreadFuture::get; UsageError.
  template <class F, class... Args>
  requires std::invocable < std::decay_t<F>
  &, std::decay_t<Args>&&... > decltype(auto) run_coroutine(F&& function, Args&&... arguments) const {
    return submit_coroutine({}, std::forward<F>(function), std::forward<Args>(arguments)...)->take();
  }

  /// Has the plain function `function(arguments...)` called in the loop thread (Portal011); it must not block.
  /// Errors: UsageError. Threads: any but the loop's.
  template <class F, class... Args>
  requires std::invocable<std::decay_t<F> &&, std::decay_t<Args>&&...> auto run_sync_soon(F&& function,
                                                                                          Args&&... arguments) const {
    return ThreadFuture(submit_sync(std::forward<F>(function), std::forward<Args>(arguments)...));
  }
  /// The same, and blocks for the answer (Portal013). Errors: as ThreadFuture::get; UsageError.
  template <class F, class... Args>
  requires std::invocable<std::decay_t<F> &&, std::decay_t<Args>&&...> decltype(auto) run_sync(
      F&& function, Args&&... arguments) const {
    return submit_sync(std::forward<F>(function), std::forward<Args>(arguments)...)->take();
  }

 private:
  template <class F, class... Args>
  auto submit_coroutine(std::string name, F&& function, Args&&... arguments) const {
    static_assert(!detail::PlainValue<std::invoke_result_t<std::decay_t<F>&, std::decay_t<Args>&&...>>,
                  "run_coroutine takes a function that returns an awaitable, and this one is plain: use run_sync");
    using Call = detail::CoroutinePortalCall<std::decay_t<F>, std::decay_t<Args>...>;
    return submit<detail::TaskResult<F, Args...>>(
        std::make_shared<Call>(core_, std::move(name), std::forward<F>(function), std::forward<Args>(arguments)...));
  }
  template <class F, class... Args>
  auto submit_sync(F&& function, Args&&... arguments) const {
    using Returned = detail::PlainResult<F, Args...>;
    static_assert(detail::PlainValue<Returned>,
                  "run_sync takes a plain function, and this one is async: use run_coroutine");
    using Call = detail::SyncPortalCall<std::decay_t<F>, std::decay_t<Args>...>;
    return submit<Returned>(std::make_shared<Call>(core_, std::forward<F>(function), std::forward<Args>(arguments)...));
  }
  template <class T>
  std::shared_ptr<detail::TypedPortalCall<T>> submit(std::shared_ptr<detail::TypedPortalCall<T>> call) const {
    core_->submit(call);
    return call;
  }

  template <class Body>
  static decltype(auto) call(Body& body, ThreadsPortal& portal) {
    if constexpr (std::is_invocable_v<Body&, ThreadsPortal&>) {
      return body(portal);
    } else {
      return body();
    }
  }
  template <class Body>
  using Result =
      AwaitResult<decltype(call(std::declval<std::remove_reference_t<Body>&>(), std::declval<ThreadsPortal&>()))>;

  // The handle is a parameter, so that the frame keeps the portal alive.
  template <class Body>
  static Coro<Result<Body>> run_body(ThreadsPortal portal, Body body) {
    portal.core_->enter();
    std::exception_ptr failure;
    if constexpr (std::is_void_v<Result<Body>>) {
      try {
        co_await call(body, portal);
      } catch (...) {
        failure = std::current_exception();
      }
      co_await portal.core_->exit(std::move(failure));
    } else {
      detail::ResultSlot<Result<Body>> result;
      try {
        result.put(co_await call(body, portal));
      } catch (...) {
        failure = std::current_exception();
      }
      co_await portal.core_->exit(std::move(failure));
      co_return result.take();
    }
  }

  std::shared_ptr<PortalCore> core_;
};

}  // namespace concert
