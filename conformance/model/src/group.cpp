// SPDX-License-Identifier: Apache-2.0
#include "group.hpp"

#include <algorithm>

namespace concert::model {

namespace {

/// Waits until `condition` holds.
class Until {
 public:
  Until(Run& run, std::function<bool()> condition, bool can_be_cancelled)
      : run_(run), condition_(std::move(condition)), can_be_cancelled_(can_be_cancelled) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    point_.waiter = waiter;
    Wait wait;
    wait.point = &point_;
    wait.is_over = condition_;
    wait.can_be_cancelled = can_be_cancelled_;
    wait.value_wins = true;
    run_.block(std::move(wait));
  }
  void await_resume() const { point_.finish(); }

 private:
  Run& run_;
  std::function<bool()> condition_;
  bool can_be_cancelled_;
  WaitPoint point_;
};

}  // namespace

void ModelGroup::enter() {
  Run& run = Run::require("TaskGroup::run");
  if (state_ != State::created) throw UsageError("TaskGroup::run: this group was used before; create a new one");
  state_ = State::open;
  run_ = &run;
  node_.parent = run.current->node;
  run.current->node = &node_;
}

ModelTask& ModelGroup::add(TaskRef<> body, const char* operation) {
  if (state_ == State::created) {
    throw UsageError(std::string(operation) + ": the task group is not open yet; start tasks inside TaskGroup::run");
  }
  if (state_ == State::closed) {
    throw UsageError(std::string(operation) +
                     ": the task group has ended; its last task is done and its block was left");
  }
  if (Run::here() != run_) throw UsageError(std::string(operation) + ": called outside the loop thread of the group");
  auto* task = new ModelTask(*run_, *body, &node_);
  task->on_end = [this](ModelTask& child) { child_ended(child); };
  children_.push_back(std::move(body));
  run_->add_task(*task, !run_->options.traits.start_order_is_fifo);
  return *task;
}

void ModelGroup::spawn(TaskRef<> body) { add(std::move(body), "TaskGroup::start_soon"); }

Coro<void> ModelGroup::start(TaskRef<> body) {
  ModelTask& task = add(body, "TaskGroup::start");
  std::exception_ptr interruption;
  try {
    Until begun(
        *run_, [&task] { return task.has_begun(); }, true);
    co_await std::move(begun);
  } catch (const Cancelled&) {
    interruption = std::current_exception();
  }
  if (!interruption) co_return;
  task.skips_function = !run_->options.traits.cancelled_start_runs_first_step;
  task.cancel();
  Until ended(
      *run_, [&task] { return task.done(); }, false);
  co_await std::move(ended);
  std::rethrow_exception(std::move(interruption));
}

void ModelGroup::child_ended(ModelTask& child) {
  if (child.cancelled()) {
    for (Node* node = node_.parent; node != nullptr; node = node->parent) node->interrupted_a_task = true;
    if (sees_cancellation(node_.parent)) child_interrupted_ = true;
  } else if (child.failure()) {
    failures_.push_back(child.failure());
    node_.cancelled = true;
  }
  const auto found =
      std::find_if(children_.begin(), children_.end(), [&](const auto& body) { return body->core == &child; });
  children_.erase(found);
  if (children_.empty() && state_ == State::leaving) state_ = State::closed;
}

bool ModelGroup::suspend_exit(WaitPoint& point, const std::exception_ptr& body_failure) {
  if (body_failure) {
    body_failure_ = body_failure;
    body_interrupted_ = is_cancelled(body_failure) && sees_cancellation(&node_);
    node_.cancelled = true;
  }
  state_ = children_.empty() ? State::closed : State::leaving;
  point.outcome = WaitPoint::Outcome::value;
  if (children_.empty()) return false;
  Wait wait;
  wait.point = &point;
  wait.is_over = [this] { return children_.empty(); };
  wait.can_be_cancelled = false;
  run_->block(std::move(wait));
  return true;
}

std::exception_ptr ModelGroup::outcome() {
  run_->current->node = node_.parent;
  const bool body_failed = body_failure_ && !body_interrupted_;
  if (!failures_.empty()) {
    if (body_failed) failures_.push_back(body_failure_);
    return std::make_exception_ptr(ExceptionGroup("tasks of a group failed", std::move(failures_)));
  }
  if (body_failure_) return body_failure_;
  return child_interrupted_ ? a_cancellation() : nullptr;
}

}  // namespace concert::model
