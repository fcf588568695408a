// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <atomic>
#include <deque>
#include <functional>
#include <random>
#include <stdexcept>
#include <thread>

#include "concert/stress/stress.hpp"

namespace concert::stress {

namespace {

constexpr std::size_t thread_count = 8;
constexpr std::size_t calls_per_thread = 50'000;
/// Futures that a thread leaves open at one time.
constexpr std::size_t window = 32;
constexpr Seconds patience{60};

/// What the loop saw of each thread's calls. Touched on the loop thread only, which is what TSan watches.
struct Begun {
  std::array<std::size_t, thread_count> next{};
  std::array<std::size_t, thread_count> calls{};
};

/// One thread: makes calls of every kind, and judges each answer.
class Caller {
 public:
  Caller(AsyncBackend& backend, ThreadsPortal portal, Begun& begun, Faults& faults, std::size_t number,
         const Settings& settings)
      : backend_(backend),
        portal_(std::move(portal)),
        begun_(begun),
        faults_(faults),
        number_(number),
        calls_(settings.scaled(calls_per_thread)),
        random_(settings.seed * 1000 + number) {}

  void run() {
    for (std::size_t call = 1; call <= calls_; ++call) {
      make(call);
      if (open_.size() >= window) settle_oldest();
    }
    while (!open_.empty()) settle_oldest();
  }
  std::size_t cancelled() const noexcept { return cancelled_; }
  std::size_t must_have_begun() const noexcept { return calls_ - never_begun_; }

 private:
  using Work = std::function<std::size_t()>;

  /// Runs in the loop: calls of one thread begin in their order, each at most once.
  void begins(std::size_t call) {
    faults_.require(call >= begun_.next[number_], "calls of one thread began out of order, or twice");
    begun_.next[number_] = call + 1;
    ++begun_.calls[number_];
  }

  void make(std::size_t call) {
    switch (random_() % 8) {
      case 0:
      case 1: return keep(portal_.run_sync_soon([this, call] { return begin_and_return(call); }), call);
      case 2: return expect_value(portal_.run_sync([this, call] { return begin_and_return(call); }), call);
      case 3: return make_failing(call);
      case 4:
      case 5: return keep(portal_.run_coroutine_soon([this, call] { return pass_on(call); }), call);
      case 6: return make_cancelled_coroutine(call);
      default: return make_cancelled_function(call);
    }
  }
  std::size_t begin_and_return(std::size_t call) {
    begins(call);
    return call;
  }
  Coro<std::size_t> pass_on(std::size_t call) {
    begins(call);
    co_await backend_.coro_yield();
    co_return call;
  }
  void make_failing(std::size_t call) {
    try {
      portal_.run_coroutine([this, call]() -> Coro<> {
        begins(call);
        co_await backend_.coro_yield();
        throw std::runtime_error("as asked");
      });
      faults_.add("an error was lost");
    } catch (const std::runtime_error& error) {
      faults_.require(std::string_view(error.what()) == "as asked", "an error turned into another one");
    }
  }
  void make_cancelled_coroutine(std::size_t call) {
    auto future = portal_.run_coroutine_soon([this, call]() -> Coro<> {
      begins(call);
      co_await backend_.sleep_forever();
    });
    // Sometimes before it has begun, sometimes long after.
    if (random_() % 2 == 0) settle_some();
    faults_.require(future.cancel(), "a coroutine that waits for ever could not be cancelled");
    expect_cancelled(future);
  }
  void make_cancelled_function(std::size_t call) {
    auto future = portal_.run_sync_soon([this, call] { return begin_and_return(call); });
    if (future.cancel()) {
      expect_cancelled(future);
      ++never_begun_;
    } else {
      keep(std::move(future), call);
    }
  }

  template <class T>
  void expect_cancelled(const ThreadFuture<T>& future) {
    ++cancelled_;
    faults_.require(future.cancelled(), "a future was not cancelled at once");
    try {
      future.get();
      faults_.add("a cancelled future gave a value");
    } catch (const FutureCancelled&) {
    }
  }
  void expect_value(std::size_t value, std::size_t call) {
    faults_.require(value == call, "a value went to another call");
  }
  void keep(ThreadFuture<std::size_t> future, std::size_t call) { open_.push_back({std::move(future), call}); }
  void settle_oldest() {
    const Open oldest = std::move(open_.front());
    open_.pop_front();
    if (!oldest.future.wait_for(patience)) return faults_.add("an answer was lost");
    expect_value(oldest.future.get(), oldest.call);
  }
  void settle_some() {
    for (std::size_t i = random_() % 4; i > 0 && !open_.empty(); --i) settle_oldest();
  }

  struct Open {
    ThreadFuture<std::size_t> future;
    std::size_t call;
  };
  AsyncBackend& backend_;
  const ThreadsPortal portal_;
  Begun& begun_;
  Faults& faults_;
  const std::size_t number_;
  const std::size_t calls_;
  std::minstd_rand random_;
  std::deque<Open> open_;
  std::size_t cancelled_ = 0;
  std::size_t never_begun_ = 0;
};

}  // namespace

std::string portal_calls(AsyncBackend& backend, const Settings& settings, Faults& faults) {
  Begun begun;
  std::vector<std::unique_ptr<Caller>> callers;
  std::vector<std::thread> threads;
  backend.bootstrap([&]() -> Coro<> {
    auto portal = backend.create_threads_portal();
    auto all_done = backend.create_event();
    std::atomic<std::size_t> left = thread_count;
    co_await portal.run([&]() -> Coro<> {
      for (std::size_t number = 0; number < thread_count; ++number) {
        callers.push_back(std::make_unique<Caller>(backend, portal, begun, faults, number, settings));
        threads.emplace_back([&, caller = callers.back().get()] {
          try {
            caller->run();
          } catch (...) {
            faults.add("a thread ended with " + describe(std::current_exception()));
          }
          if (--left == 0) portal.run_sync([&] { all_done.set(); });
        });
      }
      co_await all_done.wait();
    });
    for (std::thread& thread : threads) thread.join();
  });
  std::size_t calls = 0;
  std::size_t cancelled = 0;
  for (std::size_t number = 0; number < callers.size(); ++number) {
    calls += begun.calls[number];
    cancelled += callers[number]->cancelled();
    faults.require(begun.calls[number] == callers[number]->must_have_begun(), "a call was lost");
  }
  return fmt::format("{} calls begun, {} cancelled", calls, cancelled);
}

}  // namespace concert::stress
