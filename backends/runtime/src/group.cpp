// SPDX-License-Identifier: Apache-2.0
#include "group.hpp"

#include <string>
#include <utility>

#include "concert/exception_group.hpp"
#include "loop.hpp"
#include "task.hpp"

namespace concert::runtime {

namespace {

/// Awaits the first step of a task.
class Begun {
 public:
  explicit Begun(TaskRecord& task) noexcept : task_(task) {}
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> waiter) {
    point_.waiter = waiter;
    return task_.suspend_until_begun(point_);
  }
  void await_resume() const { point_.finish(); }

 private:
  TaskRecord& task_;
  WaitPoint point_;
};

}  // namespace

AsyncBackend& Group::backend() const noexcept { return backend_; }

void Group::enter() {
  Loop& loop = Loop::of_current_task(backend_, "TaskGroup::run");
  if (state_ != State::created) {
    throw UsageError("TaskGroup::run: expected a new group, but this one was used before; create one for each block");
  }
  state_ = State::open;
  loop_ = &loop;
  loop.current()->open(*this);
}

TaskRecord& Group::add(TaskBody& body, std::string_view operation) {
  const auto refuse = [&](std::string_view reason) {
    body.release_work();
    throw UsageError(std::string(operation) + ": " + std::string(reason));
  };
  Loop::of(backend_, operation);
  if (state_ == State::created) refuse("the group's block is not entered yet; start tasks inside TaskGroup::run");
  if (state_ == State::closed)
    refuse("the group's tasks have ended and its block is left; start the task in another group");
  body.add_holder();
  auto* child = new (body.core_space()) TaskRecord(*loop_, body, this, this);
  child->previous_sibling = last_child_;
  (last_child_ != nullptr ? last_child_->next_sibling : first_child_) = child;
  last_child_ = child;
  return *child;
}

void Group::spawn(TaskRef<> body) {
  TaskRecord& child = add(*body, "TaskGroup::start_soon");
  loop_->start(child);
}

Coro<void> Group::start(TaskRef<> body) {
  TaskRecord& child = add(*body, "TaskGroup::start");
  loop_->start(child);
  std::exception_ptr interruption;
  try {
    co_await Begun(child);
  } catch (const Cancelled&) {
    interruption = std::current_exception();
  }
  if (!interruption) co_return;
  // Not the group: the others in it have nothing to do with this (Group027).
  child.cancel();
  co_await backend().ignore_cancellation(TaskWait(child));
  std::rethrow_exception(std::move(interruption));
}

void Group::cancel_once() noexcept {
  if (!is_requested()) loop_->cancel(*this);
}

void Group::child_ended(TaskRecord& child, std::exception_ptr failure) noexcept {
  (child.previous_sibling != nullptr ? child.previous_sibling->next_sibling : first_child_) = child.next_sibling;
  (child.next_sibling != nullptr ? child.next_sibling->previous_sibling : last_child_) = child.previous_sibling;
  if (failure) {
    child_failures_.push_back(std::move(failure));
    cancel_once();
  } else if (child.cancelled_ && is_cancelled_from_outside()) {
    interrupted_ = true;
  }
  if (first_child_ == nullptr && exit_ != nullptr) {
    exit_ = nullptr;
    state_ = State::closed;
    loop_->complete(*task, WaitPoint::Outcome::value);
  }
}

bool Group::suspend_exit(WaitPoint& point, const std::exception_ptr& body_failure) {
  if (state_ != State::open || Loop::here() != loop_ || loop_->current() != task || task->innermost != this) {
    throw UsageError(
        "TaskGroup: expected the end of the block in the task that entered it, after all blocks inside it");
  }
  if (body_failure) {
    body_failure_ = body_failure;
    if (sees_cancellation()) {
      auto [cancellation, rest] = split_failure(body_failure, is_cancelled);
      interrupted_ = interrupted_ || (cancellation && is_cancelled_from_outside());
      body_failure_ = std::move(rest);
    }
    cancel_once();
  }
  if (first_child_ == nullptr) {
    state_ = State::closed;
    point.outcome = WaitPoint::Outcome::value;
    return false;
  }
  exit_ = &point;
  // Nothing ends this wait but the last child (Group033).
  loop_->park(point, nullptr);
  return true;
}

std::exception_ptr Group::outcome() {
  task->close(*this);
  if (!child_failures_.empty()) {
    if (body_failure_) child_failures_.push_back(std::move(body_failure_));
    return std::make_exception_ptr(ExceptionGroup("tasks of a group failed", std::move(child_failures_)));
  }
  if (body_failure_) return std::move(body_failure_);
  if (interrupted_) return std::make_exception_ptr(Cancelled(RuntimeBackend::cancellation()));
  return nullptr;
}

}  // namespace concert::runtime
