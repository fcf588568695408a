// SPDX-License-Identifier: Apache-2.0
#include "conductor.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstring>
#include <string_view>
#include <utility>

#include "concert/harness/mix.hpp"
#include "concert/harness/real_clock.hpp"
#include "concert/programs/interpreter.hpp"

namespace concert::programs {

namespace {

using conformance::real_now;
using std::chrono::nanoseconds;

/// Of real time, for what needs microseconds.
constexpr std::chrono::seconds patience{3};
/// Of the clock of the backend: a thread that still waits for an answer then will never get it.
constexpr nanoseconds no_hope = std::chrono::milliseconds(5) * (3 * watchdog);
/// How long the conductor waits for news before it looks by itself.
constexpr nanoseconds longest_wait = std::chrono::milliseconds(100);

/// True if the thread waits in the kernel, or is gone.
bool sleeps(int tasks, const char* thread) {
  std::array<char, 300> name{};
  std::snprintf(name.data(), name.size(), "%s/stat", thread);
  const int file = ::openat(tasks, name.data(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return true;
  std::array<char, 128> text{};
  const auto size = ::read(file, text.data(), text.size());
  ::close(file);
  if (size <= 0) return true;
  // "123 (name of the thread) S ...": the name may hold anything.
  const std::string_view line(text.data(), static_cast<std::size_t>(size));
  const auto name_end = line.rfind(')');
  if (name_end == std::string_view::npos || name_end + 2 >= line.size()) return false;
  return std::string_view("SXZ").find(line[name_end + 2]) != std::string_view::npos;
}

bool all_others_sleep() {
  DIR* const tasks = ::opendir("/proc/self/task");
  if (tasks == nullptr) return true;
  std::array<char, 24> own{};
  std::snprintf(own.data(), own.size(), "%ld", ::syscall(SYS_gettid));
  bool all = true;
  while (const dirent* entry = ::readdir(tasks)) {
    if (entry->d_name[0] == '.' || std::strcmp(entry->d_name, own.data()) == 0) continue;
    all = all && sleeps(::dirfd(tasks), entry->d_name);
  }
  ::closedir(tasks);
  return all;
}

}  // namespace

Seat::Seat(bool gated, std::shared_ptr<const std::atomic<std::uint64_t>> heartbeat)
    : gated_(gated), heartbeat_(std::move(heartbeat)) {
  if (!gated) under_way_.emplace();
}

bool Seat::take_turn(nanoseconds wake_time) {
  std::unique_lock lock(mutex_);
  has_begun_ = true;
  // On the loop thread only a broken backend comes here.
  if (!gated_ || std::this_thread::get_id() == loop_) return true;
  if (is_lost_) return true;
  stands_at_gate_ = true;
  wake_time_ = wake_time;
  for (std::uint64_t last = *heartbeat_;; last = *heartbeat_) {
    if (turn_.wait_for(lock, patience, [this] { return may_go_; })) break;
    if (last != *heartbeat_) continue;
    is_lost_ = true;
    break;
  }
  stands_at_gate_ = may_go_ = false;
  return !is_lost_;
}

bool Seat::wait_for_answer(const std::function<void()>& wait, std::function<void()> rescue) {
  {
    const std::lock_guard lock(mutex_);
    rescue_ = std::move(rescue);
  }
  if (under_way_) under_way_->pause();
  wait();
  if (under_way_) under_way_->go_on();
  const std::lock_guard lock(mutex_);
  // Taken away by whoever has called it.
  return std::exchange(rescue_, nullptr) != nullptr;
}

void Seat::end() {
  const std::lock_guard lock(mutex_);
  // A moment before the loop hears of it: time may jump in between, which no rule forbids.
  under_way_.reset();
  has_ended_ = true;
}

Conductor::Conductor(Stage& stage, std::uint64_t seed, bool gated) : stage_(stage), seed_(seed), gated_(gated) {}

std::shared_ptr<Seat> Conductor::add_seat() {
  seats_.push_back(std::make_shared<Seat>(gated_, heartbeat_));
  notice();
  return seats_.back();
}

void Conductor::notice() {
  if (news_ != nullptr) news_->set();
}

void Conductor::end_of_program() {
  program_is_over_ = true;
  notice();
}

void Conductor::settle() {
  ++*heartbeat_;
  if (!gated_ || seats_.empty()) return;
  const auto limit = real_now() + patience;
  // Twice, because a thread that was seen asleep may have been woken by one that was looked at later.
  for (int times = 0; times < 2 && real_now() < limit;) {
    if (all_others_sleep()) {
      ++times;
    } else {
      times = 0;
      ::sched_yield();
    }
  }
}

void Conductor::forget_ended() {
  std::erase_if(seats_, [](const std::shared_ptr<Seat>& seat) {
    const std::lock_guard lock(seat->mutex_);
    const bool was_dropped = !seat->has_begun_ && seat.use_count() == 1;
    return seat->has_ended_ || was_dropped;
  });
}

std::vector<Seat*> Conductor::at_gate() {
  // What doubles may differ by. The clock is read once: a reading may take time.
  const nanoseconds now = stage_.read_clock() + std::chrono::microseconds(1);
  std::vector<Seat*> found;
  for (const std::shared_ptr<Seat>& seat : seats_) {
    const std::lock_guard lock(seat->mutex_);
    if (seat->stands_at_gate_ && seat->wake_time_ <= now) found.push_back(seat.get());
  }
  return found;
}

void Conductor::interleave() {
  // Who stands at a gate stays there. Others wait for a worker or an answer, which the loop may have given meanwhile.
  const auto may_move = [](const std::shared_ptr<Seat>& seat) {
    const std::lock_guard lock(seat->mutex_);
    return !seat->stands_at_gate_;
  };
  if (std::ranges::any_of(seats_, may_move)) settle();
  // The loop has the other turns.
  if (!seats_.empty() && conformance::mix(seed_, choices_++) % 3 == 0) give_turn();
}

/// Lets one of those at their gates go, or nobody: then it is the loop's turn. Returns false if nobody was let go.
bool Conductor::give_turn() {
  const std::vector<Seat*> seats = at_gate();
  if (seats.empty()) return false;
  const std::size_t chosen = conformance::mix(seed_, choices_++) % (seats.size() + 1);
  if (chosen == seats.size() && ++turns_of_the_loop_ <= 2) return false;
  turns_of_the_loop_ = 0;
  let_go(*seats[chosen % seats.size()]);
  return true;
}

void Conductor::let_go(Seat& seat) {
  {
    const std::lock_guard lock(seat.mutex_);
    seat.may_go_ = true;
  }
  seat.turn_.notify_one();
  settle();
}

Coro<> Conductor::conduct() {
  if (gated_) {
    co_await backend_.ignore_cancellation(give_turns());
  } else {
    co_await backend_.ignore_cancellation(wait_for_end());
  }
}

Coro<> Conductor::wait_for_end() {
  while (!program_is_over_) co_await wait_for_news();
  const auto limit = real_now() + patience;
  for (forget_ended(); !seats_.empty() && real_now() < limit; forget_ended()) {
    ::sched_yield();
    co_await backend_.cancel_shielded_coro_yield();
  }
}

Coro<> Conductor::give_turns() {
  // Rounds in which nobody could go on: backends hear of what threads did within a few.
  int idle_rounds = 0;
  while (true) {
    settle();
    forget_ended();
    if (program_is_over_ && seats_.empty()) co_return;
    // Several in a row, so that the loop hears of more than one thing at a time.
    if (give_turn()) {
      idle_rounds = 0;
      continue;
    }
    if (!at_gate().empty()) {
      idle_rounds = 0;
    } else if (++idle_rounds > 3 || seats_.empty()) {
      if (stage_.read_clock() > no_hope && idle_rounds > 40) co_return;
      if (stage_.read_clock() > no_hope) rescue_all();
      co_await wait_for_news();
      continue;
    }
    co_await backend_.cancel_shielded_coro_yield();
  }
}

Coro<> Conductor::wait_for_news() {
  Event news = backend_.create_event();
  news_ = &news;
  nanoseconds next = stage_.read_clock() + longest_wait;
  for (const std::shared_ptr<Seat>& seat : seats_) {
    const std::lock_guard lock(seat->mutex_);
    if (seat->stands_at_gate_) next = std::min(next, seat->wake_time_);
  }
  auto limit = backend_.open_cancel_scope(seats_.empty() || !gated_ ? never : TimePoint(stage_.start + next));
  const auto wait = [&] { return news.wait(); };
  co_await limit.run(wait);
  news_ = nullptr;
}

void Conductor::rescue_all() {
  for (const std::shared_ptr<Seat>& seat : seats_) {
    std::function<void()> rescue;
    {
      const std::lock_guard lock(seat->mutex_);
      rescue = std::exchange(seat->rescue_, nullptr);
    }
    if (rescue) rescue();
  }
}

}  // namespace concert::programs
