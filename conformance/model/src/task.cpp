// SPDX-License-Identifier: Apache-2.0
#include "task.hpp"

namespace concert::model {

ModelTask::ModelTask(Run& run, TaskBody& body, Node* parent)
    : backend_(run.backend), run_(run), body_(body), id_(run.next_task_id++) {
  root.parent = parent;
  name_ = body.name.empty() || run.broken("task_name_is_ignored") ? "task-" + std::to_string(id_) : body.name;
  body.core = this;
  body.listener = this;
}

bool ModelTask::cancel() {
  if (done_) return false;
  if (Run::here() != &run_)
    throw UsageError("Task::cancel: called outside the loop thread of the task; use a threads portal");
  root.cancelled = true;
  return true;
}

bool ModelTask::suspend_until_done(WaitPoint& point) {
  if (done_) {
    point.outcome = WaitPoint::Outcome::value;
    return false;
  }
  Run& run = Run::require("Task::wait");
  if (run.current == this && run.options.traits.self_join_is_diagnosed) {
    throw UsageError("Task::wait: task '" + name_ + "' waits for its own end, which cannot come");
  }
  Wait until_done;
  until_done.point = &point;
  until_done.is_over = [this] { return done_; };
  until_done.value_wins = run.options.traits.failed_join_reports_failure;
  run.block(std::move(until_done));
  return true;
}

void ModelTask::resume() {
  // The last handle may go during this step.
  const TaskRef<> alive(&body_);
  run_.current = this;
  if (!begun_) {
    begun_ = true;
    if (skips_function && skips_function()) {
      body_.release_work();
      failure_ = a_cancellation();
      done_ = cancelled_ = true;
      if (on_end) on_end(*this);
    } else if (const std::coroutine_handle<> frame = body_.start()) {
      concert::resume(frame);
    } else {
      conclude();
    }
  } else {
    if (wait.point->outcome == WaitPoint::Outcome::cancelled) ++deliveries;
    concert::resume(wait.point->waiter);
  }
  run_.current = nullptr;
}

void ModelTask::body_ended(TaskBody&) noexcept { conclude(); }

void ModelTask::conclude() {
  failure_ = body_.failure();
  cancelled_ = is_cancelled(failure_) && sees_cancellation(&root);
  body_.release_work();
  done_ = true;
  if (on_end) on_end(*this);
}

}  // namespace concert::model
