// SPDX-License-Identifier: Apache-2.0
// Turns for the threads of a program, so that a run with real threads can be repeated.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "concert/backend.hpp"
#include "concert/harness/virtual_clock.hpp"
#include "stage.hpp"

namespace concert::programs {

/// A thread's place among those that take turns. Shared by the thread and the loop, whoever needs it last.
class Seat {
 public:
  explicit Seat(bool gated, std::shared_ptr<const std::atomic<std::uint64_t>> heartbeat);

  // ---- The thread ----

  /// Stands still until it is this thread's turn, at `wake_time` (since the program began) at the earliest. Returns
  /// false if the loop did not come in seconds of real time; the thread goes on without turns then.
  bool take_turn(std::chrono::nanoseconds wake_time = {});
  /// Calls what waits for an answer of the loop. Returns false if the answer was lost: nothing came until `rescue` was
  /// called, which the conductor does when there is no hope.
  bool wait_for_answer(const std::function<void()>& wait, std::function<void()> rescue);
  /// The function is over: nothing more comes from this thread.
  void end();

 private:
  friend class Conductor;

  const bool gated_;
  const std::thread::id loop_ = std::this_thread::get_id();
  /// Changes as long as the loop runs programs.
  const std::shared_ptr<const std::atomic<std::uint64_t>> heartbeat_;
  /// Only without turns: virtual time waits for the thread.
  std::optional<conformance::KernelWork> under_way_;
  mutable std::mutex mutex_;
  std::condition_variable turn_;
  bool has_begun_ = false;
  bool stands_at_gate_ = false;
  bool may_go_ = false;
  std::chrono::nanoseconds wake_time_{0};
  bool has_ended_ = false;
  std::function<void()> rescue_;
  bool is_lost_ = false;
};

/// Lets one thread at a time make its next step, while the loop stands still; a seed decides which, and how often the
/// loop goes first. Before anything else happens, all threads must sleep: at their gate, for an answer, for a job. The
/// kernel knows that, and nobody else does: between the end of a function and the moment at which the loop can hear of
/// it, no code of a test runs. Time passes when every thread sleeps, as it does for a loop that has nothing to do.
/// Needs Linux, as the virtual clock does. Threads: the loop thread.
class Conductor {
 public:
  /// Without `gated` there are no turns: the threads race.
  Conductor(Stage& stage, std::uint64_t seed, bool gated);

  /// A seat for a function that is about to be given to the backend.
  std::shared_ptr<Seat> add_seat();
  /// Called before each statement of the loop: waits until no thread moves, and lets one make a step now and then.
  void interleave();
  /// Something happened that a thread may have waited for.
  void notice();
  /// Beside the program: gives turns until the program is over and its threads have ended.
  Coro<> conduct();
  void end_of_program();

 private:
  /// Waits until no thread moves.
  void settle();
  Coro<> give_turns();
  /// Without turns.
  Coro<> wait_for_end();
  Coro<> wait_for_news();
  void forget_ended();
  /// The threads that could go on now.
  std::vector<Seat*> at_gate();
  bool give_turn();
  void let_go(Seat& seat);
  void rescue_all();

  Stage& stage_;
  AsyncBackend& backend_ = stage_.backend;
  const std::uint64_t seed_;
  const bool gated_;
  std::uint64_t choices_ = 0;
  int turns_of_the_loop_ = 0;
  bool program_is_over_ = false;
  std::vector<std::shared_ptr<Seat>> seats_;
  /// While the conductor waits.
  Event* news_ = nullptr;
  const std::shared_ptr<std::atomic<std::uint64_t>> heartbeat_ = std::make_shared<std::atomic<std::uint64_t>>(0);
};

}  // namespace concert::programs
