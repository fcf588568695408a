// SPDX-License-Identifier: Apache-2.0
#include "concert/harness/callers.hpp"

#include <utility>

#include "concert/harness/real_clock.hpp"
#include "concert/harness/virtual_clock.hpp"

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

void Callers::start(std::function<void()> function) {
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
  const auto until = real_now() + patience_->limit();
  while (!have_ended() && real_now() < until) co_await backend.sleep(std::chrono::milliseconds(1));
}

bool Callers::hold(const std::function<bool()>& condition) const {
  const auto until = real_now() + patience_->limit();
  while (!condition()) {
    if (real_now() > until) {
      patience_->exceed();
      return false;
    }
    std::this_thread::sleep_for(std::chrono::microseconds(20));
  }
  return true;
}

std::exception_ptr Callers::failure() const {
  const std::lock_guard lock(state_->mutex);
  return state_->failure;
}

bool Callers::join() {
  if (threads_.empty()) return all_came_back_;
  all_came_back_ = hold([this] { return have_ended(); });
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
