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

std::exception_ptr in_a_group(std::vector<std::exception_ptr> failures) {
  return std::make_exception_ptr(ExceptionGroup("tasks of a group failed", std::move(failures)));
}

bool is_group(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const ExceptionGroup&) {
    return true;
  } catch (...) {
    return false;
  }
}

/// What a handler for std::exception makes of a failure.
std::exception_ptr as_std_exception(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception&) {
    return failure;
  } catch (...) {
    return std::make_exception_ptr(std::runtime_error("unknown error"));
  }
}

}  // namespace

ModelGroup::~ModelGroup() {
  // Only a fault leaves tasks behind; they must not run without their group.
  for (const TaskRef<>& body : children_) run_->forget(*static_cast<ModelTask*>(body->core));
}

void ModelGroup::enter() {
  Run& run = Run::require("TaskGroup::run");
  const bool runs_again = state_ == State::closed && broken("group_can_be_run_again");
  if (state_ != State::created && !runs_again) {
    throw UsageError("TaskGroup::run: this group was used before; create a new one");
  }
  state_ = State::open;
  run_ = &run;
  host_ = run.current;
  if (broken("new_group_holds_the_failures_of_the_last_one")) failures_ = std::exchange(run.kept_failures, {});
  node_.parent = run.current->node;
  if (broken("group_ignores_the_shield_around_it") && node_.parent->is_shield) node_.parent = node_.parent->parent;
  run.current->node = &node_;
}

void ModelGroup::require_open(const TaskRef<>& body, const char* operation) const {
  const char* refusal = nullptr;
  if (state_ == State::created && !broken("group_accepts_tasks_before_its_block")) {
    refusal = ": the task group is not open yet; start tasks inside TaskGroup::run";
  }
  if ((state_ == State::closed && !broken("group_accepts_tasks_after_its_block")) ||
      (state_ == State::leaving && broken("group_is_closed_when_its_body_ends")) ||
      (state_ == State::leaving && children_.size() == 1 && broken("group_refuses_tasks_of_its_last_child"))) {
    refusal = ": the task group has ended; its last task is done and its block was left";
  }
  if (broken("cancelled_group_refuses_tasks") && sees_cancellation(&node_)) refusal = ": the group is cancelled";
  if (refusal == nullptr) return;
  if (broken("refused_task_is_kept")) Run::here()->kept.push_back(body);
  throw UsageError(std::string(operation) + refusal);
}

ModelTask& ModelGroup::add(TaskRef<> body, const char* operation) {
  require_open(body, operation);
  if (run_ == nullptr) run_ = Run::here();
  if (Run::here() != run_) throw UsageError(std::string(operation) + ": called outside the loop thread of the group");
  const bool goes_astray = broken("task_lives_under_the_scope_of_its_starter") && run_->current == host_;
  auto* task = new ModelTask(*run_, *body, goes_astray ? run_->current->node : &node_);
  if (broken("task_of_a_cancelled_group_escapes") && sees_cancellation(&node_)) task->root.parent = &outside_;
  task->on_end = [this](ModelTask& child) { child_ended(child); };
  task->begins_in_order = is_gather_ ? options_.traits.gather_starts_in_order : options_.traits.start_order_is_fifo;
  if (broken("cancelled_group_drops_tasks")) task->skips_function = [this] { return sees_cancellation(&node_); };
  children_.push_back(std::move(body));
  run_->add_task(*task);
  return *task;
}

void ModelGroup::spawn(TaskRef<> body) {
  if (state_ == State::closed && broken("closed_group_ignores_tasks")) return;
  ModelTask& task = add(std::move(body), "TaskGroup::start_soon");
  if (broken("start_soon_runs_the_first_step")) run_->step_now(task);
}

Coro<void> ModelGroup::start(TaskRef<> body) {
  if (state_ == State::closed && broken("closed_group_ignores_tasks")) co_return;
  ModelTask& task = add(body, "TaskGroup::start");
  if (broken("start_does_not_wait")) co_return;
  if (!options_.traits.cancelled_start_runs_first_step) {
    // The caller stays in this call until the task has begun, so its node says whether it is cancelled by then.
    task.skips_function = [caller = run_->current] { return sees_cancellation(caller->node); };
  }
  std::exception_ptr interruption;
  try {
    Until begun(
        *run_, [&] { return task.has_begun() && (task.done() || !broken("start_waits_for_the_end")); }, true);
    co_await std::move(begun);
  } catch (const Cancelled&) {
    interruption = std::current_exception();
  }
  if (!interruption) {
    if (task.failure() && broken("start_throws_the_first_failure")) std::rethrow_exception(task.failure());
    co_return;
  }
  if (broken("cancelled_start_cancels_the_group")) node_.cancelled = true;
  if (broken("cancelled_start_leaves_the_task")) std::rethrow_exception(std::move(interruption));
  task.cancel();
  Until ended(
      *run_, [&task] { return task.done(); }, false);
  co_await std::move(ended);
  std::rethrow_exception(std::move(interruption));
}

void ModelGroup::child_ended(ModelTask& child) {
  const bool group_was_cancelled = sees_cancellation(&node_);
  if (child.cancelled()) {
    for (Node* node = node_.parent; node != nullptr; node = node->parent) node->interrupted_a_task = true;
    if (sees_cancellation(node_.parent)) node_.child_interrupted = true;
    if (!failures_.empty() && broken("interrupted_tasks_are_failures")) failures_.push_back(child.failure());
    if (!group_was_cancelled && broken("cancelled_task_cancels_its_group")) node_.cancelled = true;
  } else if (child.reported_failure()) {
    std::exception_ptr failure = child.reported_failure();
    if (broken("failures_outside_std_exception_are_replaced")) failure = as_std_exception(failure);
    if (!group_was_cancelled || !broken("failures_while_unwinding_are_lost")) failures_.push_back(std::move(failure));
    if (!broken(is_gather_ ? "failure_does_not_cancel_the_gather" : "failure_does_not_cancel_the_group")) {
      node_.cancelled = true;
    }
  } else if (child.deliveries > 0 && is_gather_ && broken("inner_time_limit_cancels_the_gather")) {
    node_.cancelled = true;
  }
  const auto found =
      std::find_if(children_.begin(), children_.end(), [&](const auto& body) { return body->core == &child; });
  children_.erase(found);
  if (children_.empty()) was_empty_ = true;
  if (children_.empty() && state_ == State::leaving) state_ = State::closed;
}

/// The ways to leave before the last task has ended, all of them faults.
bool ModelGroup::abandons_tasks(std::size_t tasks_at_exit) const {
  if (is_gather_) {
    return (children_.size() < tasks_at_exit && broken("gather_ends_with_its_first_awaitable")) ||
           (!failures_.empty() && broken("gather_abandons_unwinding_awaitables"));
  }
  return (body_failure_ && !node_.body_interrupted && broken("failing_body_abandons_the_tasks")) ||
         (!failures_.empty() && broken("group_abandons_unwinding_tasks")) ||
         (sees_cancellation(node_.parent) && broken("cancelled_group_abandons_the_tasks")) ||
         (was_empty_ && broken("group_that_was_empty_once_does_not_wait"));
}

bool ModelGroup::suspend_exit(WaitPoint& point, const std::exception_ptr& body_failure) {
  if (body_failure) {
    body_failure_ = run_->what_failed(*run_->current, node_, body_failure);
    node_.body_interrupted = !body_failure_;
    if (!body_failure_) body_failure_ = is_cancelled(body_failure) ? body_failure : a_cancellation();
    if (!broken("failing_body_does_not_cancel_the_group")) node_.cancelled = true;
  }
  if (sees_cancellation(node_.parent) && broken("leaving_a_group_is_a_checkpoint")) node_.child_interrupted = true;
  state_ = children_.empty() ? State::closed : State::leaving;
  point.outcome = WaitPoint::Outcome::value;
  const std::size_t tasks_at_exit = children_.size();
  if (children_.empty() || abandons_tasks(tasks_at_exit)) return false;
  Wait wait;
  wait.point = &point;
  wait.is_over = [this, tasks_at_exit] { return children_.empty() || abandons_tasks(tasks_at_exit); };
  if (!is_gather_ && broken("group_is_left_a_tick_later")) {
    wait.is_over = [this, task = run_->current] {
      if (children_.empty() && task->wait.wake_time == never) task->wait.wake_time = run_->now + Seconds(0.01);
      return task->wait.wake_time <= run_->now;
    };
  }
  wait.can_be_cancelled = false;
  run_->block(std::move(wait));
  return true;
}

std::exception_ptr ModelGroup::outcome_of_failures(bool body_failed) {
  if (body_failed && !broken("body_failure_is_lost_beside_others")) failures_.push_back(body_failure_);
  if (is_gather_ && broken("gather_adds_an_error_of_its_own")) {
    failures_.push_back(std::make_exception_ptr(UsageError("the group is shutting down")));
  }
  if (broken("new_group_holds_the_failures_of_the_last_one")) run_->kept_failures = failures_;
  const bool is_bare = broken(is_gather_ ? "gather_throws_a_lone_failure_bare" : "group_throws_a_lone_failure_bare");
  if (failures_.size() == 1 && is_bare) return failures_.front();
  return in_a_group(std::move(failures_));
}

std::exception_ptr ModelGroup::outcome() {
  run_->current->node = node_.parent;
  run_->node_left(node_);
  const bool is_cancelled_from_outside = sees_cancellation(node_.parent);
  // Tasks that a fault left behind must not look at scopes that are gone.
  if (!children_.empty()) node_.parent = nullptr;
  if (run_->broken("group_exit_eats_the_request")) forget_requests(node_.parent);
  const bool body_failed = body_failure_ && !node_.body_interrupted;
  const bool hides_failures = broken("cancellation_hides_failures") && is_cancelled_from_outside;
  if (!failures_.empty() && !hides_failures) return outcome_of_failures(body_failed);
  if (body_failure_) {
    const bool is_wrapped =
        broken(is_group(body_failure_) ? "group_of_the_body_is_wrapped" : "body_failure_is_wrapped");
    return body_failed && is_wrapped ? in_a_group({body_failure_}) : body_failure_;
  }
  if (!node_.child_interrupted || (!is_gather_ && broken("interruption_of_tasks_only_is_swallowed"))) return nullptr;
  const bool is_wrapped = broken(is_gather_ ? "cancelled_gather_throws_a_group" : "cancelled_group_throws_a_group");
  return is_wrapped ? in_a_group({a_cancellation()}) : a_cancellation();
}

}  // namespace concert::model
