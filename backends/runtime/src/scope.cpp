// SPDX-License-Identifier: Apache-2.0
#include "scope.hpp"

#include <stdexcept>
#include <string>
#include <utility>

#include "concert/errors.hpp"
#include "concert/exception_group.hpp"
#include "loop.hpp"
#include "task.hpp"

namespace concert::runtime {

namespace {
TimePoint checked(std::string_view operation, TimePoint deadline) {
  if (is_nan(deadline.time_since_epoch())) {
    throw std::invalid_argument(
        std::string(operation) +
        ": expected a deadline that is a point in time, got NaN; `never` stands for no deadline");
  }
  return deadline;
}
}  // namespace

Scope::Scope(RuntimeBackend& backend, TimePoint deadline)
    : Node(Node::Kind::scope), backend_(backend), deadline_(checked("open_cancel_scope", deadline)) {
  use = Use::scope;
}

Scope::~Scope() {
  // A block whose frame was destroyed in the middle leaves nothing behind.
  if (state_.load(std::memory_order_relaxed) == State::entered) leave();
}

AsyncBackend& Scope::backend() const noexcept { return backend_; }

Scope::State Scope::require_thread(std::string_view operation) const {
  const State state = state_.load(std::memory_order_acquire);
  if (state == State::entered) loop_->require_thread(operation);
  return state;
}

void Scope::enter() {
  Loop& loop = Loop::of_current_task(backend_, "CancelScope::run");
  if (state_.load(std::memory_order_relaxed) != State::created) {
    throw UsageError("CancelScope::run: expected a new scope, but this one was used before; open one for each block");
  }
  bool expired = false;
  if (deadline_ != never) {
    const Ticks when = to_ticks(deadline_);
    expired = loop.has_come(when);
    if (!expired && when != Ticks::max()) {
      if (!is_requested()) loop.add_limit(*this, when);
      states |= Node::timed;
    }
  }
  loop_ = &loop;
  loop.current()->open(*this);
  if (expired || is_requested()) loop.cancel(*this);
  state_.store(State::entered, std::memory_order_release);
}

void Scope::disarm() noexcept {
  if (is_armed()) loop_->remove_deadline(*this);
}

void Scope::leave() noexcept {
  disarm();
  task->close(*this);
  state_.store(State::exited, std::memory_order_release);
}

std::exception_ptr Scope::exit(std::exception_ptr body_failure) {
  if (require_thread("CancelScope") != State::entered || loop_->current() != task || task->innermost != this) {
    throw UsageError(
        "CancelScope: expected the end of the block in the task that entered it, after all blocks inside it");
  }
  leave();
  // The outermost cancelled node that the task can see takes the exception (Scope030).
  if (!body_failure || !is_requested() || parent->sees_cancellation()) return body_failure;
  if (is_cancelled(body_failure)) {
    caught_ = true;
    return nullptr;
  }
  auto [own, rest] = split_failure(body_failure, is_cancelled);
  caught_ = own != nullptr;
  return rest;
}

void Scope::cancel() {
  if (require_thread("CancelScope::cancel") == State::entered) {
    disarm();
    loop_->cancel(*this);
  } else {
    states |= Node::requested;
  }
}

bool Scope::cancel_called() const {
  require_thread("CancelScope::cancel_called");
  return is_requested();
}

bool Scope::cancelled_caught() const {
  require_thread("CancelScope::cancelled_caught");
  return caught_;
}

TimePoint Scope::deadline() const {
  require_thread("CancelScope::when");
  return deadline_;
}

void Scope::reschedule(TimePoint deadline) {
  checked("CancelScope::reschedule", deadline);
  const State state = require_thread("CancelScope::reschedule");
  deadline_ = deadline;
  if (state != State::entered || is_requested()) return;
  disarm();
  const Ticks when = to_ticks(deadline);
  if (when == Ticks::max()) return;
  if (when <= loop_->now()) {
    loop_->cancel(*this);
  } else {
    loop_->add_limit(*this, when);
    loop_->mark_timed(*this);
  }
}

void Shield::enter() { Loop::of_current_task(backend_, "ignore_cancellation").current()->open(*this); }

void Shield::exit() noexcept { task->close(*this); }

}  // namespace concert::runtime
