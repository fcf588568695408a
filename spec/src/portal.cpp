// SPDX-License-Identifier: Apache-2.0
#include "concert/portal.hpp"

#include <chrono>
#include <stdexcept>

#include "concert/errors.hpp"

namespace concert {

FutureCancelled::FutureCancelled()
    : std::runtime_error(
          "the call was cancelled before it had an answer: its portal was shut down, its future was cancelled, or "
          "it was cancelled from inside") {}

bool PortalCall::done() const {
  const std::lock_guard lock(mutex_);
  return is_settled();
}

bool PortalCall::cancelled() const {
  const std::lock_guard lock(mutex_);
  return state_ == State::cancelled;
}

bool PortalCall::cancel() {
  {
    const std::lock_guard lock(mutex_);
    if (state_ != State::pending) return state_ == State::cancelled;
    state_ = State::cancelled;
    answered_.notify_all();
  }
  portal_->cancel(shared_from_this());
  return true;
}

void PortalCall::wait() const {
  std::unique_lock lock(mutex_);
  if (is_settled()) return;
  refuse_to_block();
  answered_.wait(lock, [this] { return is_settled(); });
}

bool PortalCall::wait_for(Seconds limit) const {
  if (is_nan(limit))
    throw std::invalid_argument("ThreadFuture::wait_for: expected a duration that is not NaN, got NaN");
  std::unique_lock lock(mutex_);
  if (is_settled() || limit.count() <= 0) return is_settled();
  refuse_to_block();
  // The clock of condition variables counts nanoseconds: a century is what it can take, and for ever here.
  constexpr Seconds for_ever = std::chrono::hours(24 * 365 * 100);
  const auto until = std::chrono::steady_clock::now() +
                     std::chrono::ceil<std::chrono::nanoseconds>(limit < for_ever ? limit : for_ever);
  return answered_.wait_until(lock, until, [this] { return is_settled(); });
}

void PortalCall::refuse_to_block() const {
  if (!portal_->is_on_loop_thread()) return;
  throw UsageError(
      "ThreadFuture: the loop thread would wait for an answer that only the loop can give; ask with done() here, or "
      "wait in another thread");
}

bool PortalCall::start_running() {
  const std::lock_guard lock(mutex_);
  if (state_ == State::cancelled) return false;
  state_ = State::running;
  return true;
}

void PortalCall::conclude_failed(std::exception_ptr failure) {
  const bool is_cancellation = is_cancelled(failure);
  {
    const std::lock_guard lock(mutex_);
    if (state_ != State::cancelled) {
      state_ = is_cancellation ? State::cancelled : State::answered;
      if (!is_cancellation) failure_ = std::move(failure);
      answered_.notify_all();
      return;
    }
  }
  if (!is_cancellation) portal_->unhandled_error(std::move(failure));
}

void PortalCall::require_answer() const {
  if (cancelled()) throw FutureCancelled();
}

}  // namespace concert
