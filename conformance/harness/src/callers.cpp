// SPDX-License-Identifier: Apache-2.0
#include "concert/harness/callers.hpp"

#include <algorithm>
#include <utility>

#include "concert/harness/gate.hpp"

namespace concert::conformance {

std::string word_of_failure(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const FutureCancelled&) {
    return "FutureCancelled";
  } catch (const UsageError&) {
    return "UsageError";
  } catch (...) {
    return describe(failure);
  }
}

Callers::~Callers() {
  if (join() && state_->under_way) state_->under_way->go_on();
}

void Callers::start(std::function<void()> function) {
  if (started_ == 0) state_->under_way.emplace().pause();
  ++started_;
  threads_.emplace_back([state = state_, work = KernelWork(), call = std::move(function)]() mutable {
    std::exception_ptr failure = thrown_by(call);
    // What the function captured goes before the thread counts as ended.
    call = nullptr;
    if (failure) {
      const std::lock_guard lock(state->mutex);
      if (!state->failure) state->failure = std::move(failure);
    }
    ++state->ended;
  });
}

Coro<> Callers::ended(AsyncBackend& backend) {
  // Longer than a thread waits, so that the loop does not give it up before it has given up what it waits for.
  const auto until = real_now() + 3 * patience_->limit() / 2;
  while (!have_ended()) {
    if (real_now() > until) co_return patience_->exceed();
    // Hours of virtual time would pass until a thread that was woken has run.
    if (!KernelWork::is_under_way()) let_threads_run();
    co_await backend.sleep(std::chrono::milliseconds(1));
  }
}

Coro<> Callers::until(AsyncBackend& backend, std::function<bool()> condition) {
  const auto limit = real_now() + patience_->limit();
  while (!condition()) {
    if (real_now() > limit) co_return patience_->exceed();
    if (!KernelWork::is_under_way()) let_threads_run();
    // Virtual time may stand still as long as threads are under way.
    co_await backend.sleep(std::chrono::milliseconds(KernelWork::is_under_way() ? 0 : 1));
    co_await backend.coro_yield();
  }
}

bool Callers::hold(const std::function<bool()>& condition) const {
  if (block_until(condition, patience_->limit())) return true;
  patience_->exceed();
  return false;
}

std::exception_ptr Callers::failure() const {
  const std::lock_guard lock(state_->mutex);
  return state_->failure;
}

bool Callers::join() {
  if (threads_.empty()) return all_came_back_;
  // A thread that has been let go needs a moment even if patience is over.
  all_came_back_ =
      block_until([this] { return have_ended(); }, std::max(patience_->limit(), std::chrono::milliseconds(500)));
  if (!all_came_back_) patience_->exceed();
  for (std::thread& thread : threads_) {
    if (all_came_back_) {
      thread.join();
    } else {
      thread.detach();
    }
  }
  threads_.clear();
  return all_came_back_;
}

}  // namespace concert::conformance
