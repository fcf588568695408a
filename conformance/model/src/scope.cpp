// SPDX-License-Identifier: Apache-2.0
#include "scope.hpp"

#include <stdexcept>

#include "task.hpp"

namespace concert::model {

namespace {
void refuse_nan(TimePoint deadline) {
  if (is_nan(deadline.time_since_epoch())) throw std::invalid_argument("a deadline must be a point in time, got NaN");
}
}  // namespace

ModelScope::ModelScope(AsyncBackend& backend, const ModelOptions& options, TimePoint deadline)
    : backend_(backend), options_(options), deadline_(deadline) {
  refuse_nan(deadline);
}

ModelScope::~ModelScope() {
  if (state_ == State::entered) run_->open_scopes.remove(this);
}

void ModelScope::enter() {
  Run& run = Run::require("CancelScope::run");
  if (state_ != State::created) throw UsageError("CancelScope::run: this scope was used before; open a new one");
  state_ = State::entered;
  run_ = &run;
  node_.parent = run.current->node;
  run.current->node = &node_;
  run.open_scopes.push_back(this);
  notice(run.now);
}

std::exception_ptr ModelScope::exit(std::exception_ptr body_failure) {
  state_ = State::exited;
  run_->open_scopes.remove(this);
  run_->current->node = node_.parent;
  // The outermost cancelled node that the task can see takes the exception (Scope030).
  const bool absorbs = node_.cancelled && !sees_cancellation(node_.parent);
  if (!body_failure || !absorbs) return body_failure;
  const auto [own, rest] = split_failure(body_failure, is_cancelled);
  caught_ = own != nullptr || options_.traits.caught_without_own_exception;
  return rest;
}

void ModelScope::require_loop_thread(const char* operation) const {
  if (state_ == State::entered && Run::here() != run_) {
    throw UsageError(std::string(operation) + ": called outside the loop thread of the scope; use a threads portal");
  }
}

void ModelScope::cancel() {
  require_loop_thread("CancelScope::cancel");
  node_.cancelled = true;
}

void ModelScope::reschedule(TimePoint deadline) {
  refuse_nan(deadline);
  require_loop_thread("CancelScope::reschedule");
  deadline_ = deadline;
  if (state_ == State::entered) notice(run_->now);
}

void ModelScope::notice(TimePoint now) {
  if (deadline_ <= now) node_.cancelled = true;
}

void ModelShield::enter() {
  Run& run = Run::require("ignore_cancellation");
  node_.is_shield = true;
  node_.parent = run.current->node;
  run.current->node = &node_;
}

void ModelShield::exit() noexcept { Run::here()->current->node = node_.parent; }

}  // namespace concert::model
