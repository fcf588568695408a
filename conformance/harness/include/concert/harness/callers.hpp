// SPDX-License-Identifier: Apache-2.0
// Threads of a clause test that call into its loop.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "concert/backend.hpp"
#include "concert/harness/log.hpp"
#include "concert/harness/virtual_clock.hpp"

namespace concert::conformance {

/// How long a test waits, in real time, for what another thread has to do. Shared by the cases of a property: once
/// something did not come, the test has failed, and what else does not come is not waited for so long.
class Patience {
 public:
  std::chrono::milliseconds limit() const noexcept { return std::chrono::milliseconds(exceeded_ ? 20 : 2000); }
  void exceed() noexcept { exceeded_ = true; }
  bool was_exceeded() const noexcept { return exceeded_; }

 private:
  std::atomic<bool> exceeded_{false};
};

/// "done" or "value 7" for what a call returns; "FutureCancelled", "UsageError" or what describe() says for what it
/// throws.
template <class F>
std::string word_of(F&& call);
std::string word_of_failure(const std::exception_ptr& failure);

/// Threads that call into a loop, each under way (KernelWork) until it ends. They end before the run does, which waits
/// for them in `ended`; a thread that is blocked for ever is given up, so that a lost answer is a failed check.
///
///     Callers callers;
///     const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
///       auto portal = backend.create_threads_portal();
///       co_await portal.run([&]() -> Coro<> {
///         callers.start([&, portal] { portal.run_sync([&] { ... }); });
///         co_await callers.ended(backend);
///       });
///     });
///     t.expect_true("threads-came-back", callers.join());
class Callers {
 public:
  Callers() : Callers(std::make_shared<Patience>()) {}
  explicit Callers(std::shared_ptr<Patience> patience) : patience_(std::move(patience)) {}
  Callers(const Callers&) = delete;
  Callers& operator=(const Callers&) = delete;
  ~Callers();

  /// Starts a thread. On the loop thread the virtual clock waits for it; elsewhere nobody does.
  void start(std::function<void()> function);
  /// Lets the loop run until every thread has ended, or patience has.
  Coro<> ended(AsyncBackend& backend);
  /// Lets the loop run until `condition` holds, or patience is over.
  Coro<> until(AsyncBackend& backend, std::function<bool()> condition);
  /// Waits for the threads, outside the loop. Returns false if one has not come back; it is left alone then.
  bool join();
  /// What a thread's function threw first; null for nothing. After join.
  std::exception_ptr failure() const;

  /// Keeps the calling thread, which may be the loop's, busy until `condition` holds or patience is over. Returns
  /// whether it holds. Threads: any.
  bool hold(const std::function<bool()>& condition) const;
  /// Calls what may block the calling thread until virtual time has passed. Threads: those of this object.
  template <class F>
  void blocked(F&& call) {
    state_->under_way->pause();
    call();
    state_->under_way->go_on();
  }
  /// word_of what a future gives, or "no answer". Virtual time may pass meanwhile. Threads: those of this object.
  template <class T>
  std::string answer(const ThreadFuture<T>& future) {
    bool is_answered = false;
    blocked([&] { is_answered = future.wait_for(patience_->limit()); });
    if (is_answered) return word_of([&]() -> decltype(auto) { return future.get(); });
    patience_->exceed();
    return "no answer";
  }

 private:
  /// Shared with the threads, which may never come back.
  struct State {
    std::atomic<std::size_t> ended = 0;
    std::mutex mutex;
    std::exception_ptr failure;
    /// Paused, but for the threads that go on for a while.
    std::optional<KernelWork> under_way;
  };
  bool have_ended() const noexcept { return state_->ended == started_; }

  std::shared_ptr<Patience> patience_;
  std::shared_ptr<State> state_ = std::make_shared<State>();
  std::size_t started_ = 0;
  std::vector<std::thread> threads_;
  bool all_came_back_ = true;
};

// ---- Definitions ---------------------------------------------------------------------------------------------------

template <class F>
std::string word_of(F&& call) {
  using Result = std::invoke_result_t<F&>;
  try {
    if constexpr (std::is_void_v<Result>) {
      call();
      return "done";
    } else if constexpr (std::is_arithmetic_v<std::remove_cvref_t<Result>>) {
      return "value " + std::to_string(call());
    } else {
      static_cast<void>(call());
      return "value";
    }
  } catch (...) {
    return word_of_failure(std::current_exception());
  }
}

}  // namespace concert::conformance
