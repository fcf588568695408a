// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <atomic>
#include <condition_variable>
#include <optional>
#include <random>
#include <stdexcept>
#include <thread>

#include "concert/stress/stress.hpp"

namespace concert::stress {

namespace {

constexpr std::size_t thread_count = 4;
constexpr std::size_t rounds = 2000;
/// A thread that is not refused gives up: the machine may be so slow that the portal stays open for long.
constexpr std::size_t most_calls = 300;
constexpr Seconds patience{60};

/// The portal of the current round, for the threads that call it.
class Rounds {
 public:
  void begin(ThreadsPortal portal) {
    const std::lock_guard lock(mutex_);
    portal_.emplace(std::move(portal));
    busy_ = thread_count;
    ++number_;
    changed_.notify_all();
  }
  void end() {
    const std::lock_guard lock(mutex_);
    portal_.reset();
    ++number_;
    is_over_ = true;
    changed_.notify_all();
  }
  /// Blocks until there is a round after `last`; its portal, or nothing after the last round.
  std::optional<ThreadsPortal> next(std::size_t& last) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return number_ > last; });
    last = number_;
    return is_over_ ? std::nullopt : portal_;
  }
  void caller_done() {
    const std::lock_guard lock(mutex_);
    if (--busy_ == 0) changed_.notify_all();
  }
  void wait_for_callers() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return busy_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<ThreadsPortal> portal_;
  std::size_t number_ = 0;
  std::size_t busy_ = 0;
  bool is_over_ = false;
};

struct Totals {
  std::atomic<std::size_t> values{0};
  std::atomic<std::size_t> cancelled{0};
  std::atomic<std::size_t> refused{0};
};

/// Everything that the threads and the rounds share.
struct Scene {
  AsyncBackend& backend;
  Faults& faults;
  Rounds rounds{};
  Totals totals{};
  // Touched in the loop only.
  bool is_open = false;
  std::size_t begun = 0;
};

/// One thread in one round: calls until it is refused, then looks after its answers.
class Round {
 public:
  Round(Scene& scene, ThreadsPortal portal, std::minstd_rand& random)
      : scene_(scene), portal_(std::move(portal)), random_(random) {}

  void run() {
    try {
      for (std::size_t call = 0; call < most_calls; ++call) make();
    } catch (const UsageError&) {
      ++scene_.totals.refused;
    }
    for (const ThreadFuture<int>& future : open_) judge(future);
  }

 private:
  static constexpr int answer = 42;

  void begins() {
    ++scene_.begun;
    scene_.faults.require(scene_.is_open, "a call began after the exit");
  }

  void make() {
    switch (random_() % 5) {
      case 0:
        return open_.push_back(portal_.run_sync_soon([this] {
          begins();
          return answer;
        }));
      case 1: return scene_.faults.require(call_blocking(), "a blocking call gave another value");
      case 2: return open_.push_back(portal_.run_coroutine_soon([this] { return yield(); }));
      case 3: return open_.push_back(portal_.run_coroutine_soon([this] { return sleep(); }));
      default: return block_in_coroutine();
    }
  }
  bool call_blocking() {
    const bool right = portal_.run_sync([this] {
      begins();
      return answer;
    }) == answer;
    ++scene_.totals.values;
    return right;
  }
  void block_in_coroutine() {
    try {
      scene_.faults.require(portal_.run_coroutine([this] { return yield(); }) == answer,
                            "a blocking coroutine gave another value");
      ++scene_.totals.values;
    } catch (const FutureCancelled&) {
      ++scene_.totals.cancelled;
    }
  }
  Coro<int> yield() {
    begins();
    co_await scene_.backend.coro_yield();
    begins();
    co_return answer;
  }
  Coro<int> sleep() {
    begins();
    co_await scene_.backend.sleep(Seconds(1e-4));
    begins();
    co_return answer;
  }
  void judge(const ThreadFuture<int>& future) {
    if (!future.wait_for(patience)) return scene_.faults.add("an answer was lost");
    try {
      scene_.faults.require(future.get() == answer, "a value turned into another one");
      ++scene_.totals.values;
    } catch (const FutureCancelled&) {
      ++scene_.totals.cancelled;
    }
  }

  Scene& scene_;
  const ThreadsPortal portal_;
  std::minstd_rand& random_;
  std::vector<ThreadFuture<int>> open_;
};

void call_in_every_round(Scene& scene, std::uint64_t seed) {
  std::minstd_rand random(static_cast<std::minstd_rand::result_type>(seed));
  std::size_t last = 0;
  while (std::optional<ThreadsPortal> portal = scene.rounds.next(last)) {
    try {
      Round(scene, std::move(*portal), random).run();
    } catch (...) {
      scene.faults.add("a thread ended its round with " + describe(std::current_exception()));
    }
    scene.rounds.caller_done();
  }
}

/// How the block of the portal ends: by itself, with an exception, or cancelled.
enum class Ending : unsigned char { normal, failure, cancelled };

/// What a block of a portal throws to end with a failure.
class AsAsked : public std::runtime_error {
 public:
  AsAsked() : std::runtime_error("as asked") {}
};

/// A round whose threads come late ends all the same.
constexpr std::size_t most_turns = 5000;

/// Ends the block after so many steps of calls.
Coro<> one_round(Scene& scene, std::size_t steps, Ending ending) {
  auto portal = scene.backend.create_threads_portal();
  auto scope = scene.backend.open_cancel_scope();
  const auto block = [&]() -> Coro<> {
    scene.is_open = true;
    scene.begun = 0;
    scene.rounds.begin(portal);
    for (std::size_t turn = 0; turn < most_turns && scene.begun < steps; ++turn) co_await scene.backend.coro_yield();
    if (ending == Ending::failure) throw AsAsked();
    if (ending == Ending::cancelled) scope.cancel();
    co_await scene.backend.coro_yield();
  };
  bool failed = false;
  try {
    co_await scope.run([&] { return portal.run(block); });
  } catch (const AsAsked&) {
    failed = true;
  }
  scene.is_open = false;
  scene.faults.require(failed == (ending == Ending::failure), "the block ended in another way than its body");
  scene.faults.require(scope.cancelled_caught() == (ending == Ending::cancelled), "the cancellation went elsewhere");
  co_await scene.backend.run_in_thread([&] { scene.rounds.wait_for_callers(); });
}

}  // namespace

std::string portal_exit(AsyncBackend& backend, const Settings& settings, Faults& faults) {
  Scene scene{backend, faults};
  const std::size_t count = settings.scaled(rounds);
  std::vector<std::thread> threads;
  for (std::size_t number = 0; number < thread_count; ++number) {
    threads.emplace_back([&, number] { call_in_every_round(scene, settings.seed * 100 + number); });
  }
  std::minstd_rand random(static_cast<std::minstd_rand::result_type>(settings.seed));
  try {
    backend.bootstrap([&]() -> Coro<> {
      for (std::size_t round = 0; round < count; ++round) {
        co_await one_round(scene, random() % 100, static_cast<Ending>(random() % 3));
      }
    });
  } catch (...) {
    faults.add("the run ended with " + describe(std::current_exception()));
  }
  scene.rounds.end();
  for (std::thread& thread : threads) thread.join();
  return fmt::format("{} rounds: {} values, {} cancelled, {} refused", count, scene.totals.values.load(),
                     scene.totals.cancelled.load(), scene.totals.refused.load());
}

}  // namespace concert::stress
