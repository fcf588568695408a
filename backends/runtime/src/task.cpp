// SPDX-License-Identifier: Apache-2.0
#include "task.hpp"

#include <string>
#include <utility>

#include "concert/exception_group.hpp"
#include "group.hpp"
#include "loop.hpp"

namespace concert::runtime {

TaskRecord::TaskRecord(Loop& loop, TaskBody& task_body, Node* above, Group* task_group) noexcept
    : body(task_body), group(task_group), loop_(loop), backend_(loop.backend()), id_(loop.next_task_id()) {
  root.attach(above, *this);
  body.core = this;
  body.listener = this;
}

AsyncBackend& TaskRecord::backend() const noexcept { return backend_; }

TaskInfo TaskRecord::info() const {
  return TaskInfo{id_, body.name.empty() ? "task-" + std::to_string(id_) : body.name};
}

bool TaskRecord::done() const {
  if (done_.load(std::memory_order_relaxed)) return true;
  loop_.require_thread("Task::done");
  return false;
}

bool TaskRecord::cancel() {
  if (done_.load(std::memory_order_relaxed)) return false;
  loop_.require_thread("Task::cancel");
  loop_.cancel(root);
  return true;
}

bool TaskRecord::cancelled() const { return done() && cancelled_; }

std::exception_ptr TaskRecord::failure() const { return done() ? body.failure() : nullptr; }

void TaskRecord::body_ended(TaskBody&) noexcept { loop_.step_ended_task(*this); }

bool TaskRecord::suspend_until_done(WaitPoint& point) {
  if (done()) {
    point.outcome = WaitPoint::Outcome::value;
    return false;
  }
  TaskRecord* current = Loop::of_current_task(backend_, "Task::wait").current();
  if (current == this) {
    throw UsageError("Task::wait: the task '" + info().name +
                     "' waits for its own end, which cannot come; wait for it in another task");
  }
  waiters_.suspend(loop_, point);
  return true;
}

bool TaskRecord::suspend_until_begun(WaitPoint& point) {
  TaskRecord* current = Loop::of_current_task(backend_, "TaskGroup::start").current();
  if (current->innermost->sees_cancellation()) {
    loop_.yield(point, true);
    return true;
  }
  point.state<StartWait>() = StartWait{current, this};
  starter = &point;
  loop_.park(point, abandon_start);
  return true;
}

bool TaskRecord::abandon_start(Loop&, WaitPoint& point) noexcept {
  point.state<StartWait>().target->starter = nullptr;
  return true;
}

void TaskRecord::conclude() noexcept {
  std::exception_ptr failure = body.failure();
  // A Cancelled counts as a cancellation while one is visible, and as a failure like any other when none is.
  if (failure && root.sees_cancellation()) {
    failure = is_cancelled(failure) ? nullptr : split_failure(failure, is_cancelled).second;
    cancelled_ = !failure;
  }
  body.release_work();
  done_.store(true, std::memory_order_relaxed);
  waiters_.complete_all(loop_);
  if (group != nullptr) {
    std::exchange(group, nullptr)->child_ended(*this, std::move(failure));
  } else {
    loop_.main_ended();
  }
  body.drop_holder();
}

}  // namespace concert::runtime
