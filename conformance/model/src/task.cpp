// SPDX-License-Identifier: Apache-2.0
#include "task.hpp"

#include <bit>
#include <stdexcept>
#include <utility>

#include "fold.hpp"

namespace concert::model {

ModelTask::ModelTask(Run& run, TaskBody& body, Node* parent)
    : backend_(run.backend),
      run_(run),
      body_(body),
      id_(run.next_task_id++),
      lineage_(run.current != nullptr ? fold(run.current->lineage_, ++run.current->tasks_made_) : fold(0, id_)) {
  if (run.broken("ids_repeat")) id_ %= 16;
  root.parent = parent;
  name_ = body.name.empty() || run.broken("task_name_is_ignored") ? "task-" + std::to_string(id_) : body.name;
  if (run.broken("default_name_is_empty")) name_ = body.name;
  if (run.broken("names_are_cut")) name_ = name_.substr(0, 64);
  body.core = this;
  body.listener = this;
}

// A handle may outlive the run, so `run_` is not asked.
bool ModelTask::broken(std::string_view mutant) const noexcept {
  return Run::here() != nullptr && Run::here()->broken(mutant);
}

TaskInfo ModelTask::info() const {
  if (done_ && broken("records_are_recycled") && run_.now > ended_at_ + Seconds(1)) return {};
  if (done_ && broken("info_forgets_the_name")) return {id_, ""};
  return {id_, name_};
}

std::uint64_t ModelTask::fingerprint() const {
  std::uint64_t hash = fold(lineage_, begun_ ? 1 : 0);
  const auto add = [&hash](auto... flags) {
    std::uint64_t bits = 1;
    ((bits = bits * 2 + (flags ? 1 : 0)), ...);
    hash = fold(hash, bits);
  };
  for (const Node* each = node; each != nullptr; each = each->parent) {
    add(each->cancelled, each->is_shield, each->interrupted_a_task, each->body_interrupted, each->child_interrupted);
  }
  add(skipped_yield);
  hash = fold(hash, decisions);
  if (!begun_) return hash;
  add(wait.can_be_cancelled, wait.cancelled_from_the_start, wait.is_yield, wait.value_wins, wait.cancellation_wins,
      wait.outcome_stands);
  hash = fold(hash, static_cast<std::uint64_t>(wait.point->outcome));
  hash = fold(hash, std::bit_cast<std::uint64_t>(instant_of(wait.wake_time).time_since_epoch().count()));
  return fold(hash, wait.place_in_line ? wait.place_in_line() : 0);
}

bool ModelTask::done() const {
  if (broken("done_at_the_request") && root.cancelled) return true;
  if (broken("failed_task_is_never_done") && root.parent != nullptr && failure_ && !cancelled_) return false;
  return done_;
}

bool ModelTask::cancelled() const {
  if (broken("cancelled_at_the_request") && !done_) return root.cancelled;
  return cancelled_;
}

std::exception_ptr ModelTask::failure() const {
  if (!done_) return nullptr;
  if (cancelled_ && broken("shield_swallows_inner_cancellation") && run_.current->is_in_shield()) return nullptr;
  if (broken("fourth_join_is_refused") && ++reads_ > 4) {
    return std::make_exception_ptr(UsageError("Task::join: the outcome was taken before"));
  }
  return failure_;
}

bool ModelTask::is_in_shield() const { return is_shielded(node); }

bool ModelTask::cancel() {
  if (done_) {
    if (broken("late_cancel_rewrites_the_outcome")) cancelled_ = true;
    return broken("late_cancel_is_true");
  }
  if (Run::here() != &run_ && !run_.broken("foreign_thread_cancels_tasks"))
    throw UsageError("Task::cancel: called outside the loop thread of the task; use a threads portal");
  if (broken("cancel_waits_for_the_next_wait") && run_.current != this) return is_cancelled_at_next_wait = true;
  if (broken("cancel_in_shield_is_lost") && is_in_shield()) return true;
  if (broken("repeated_cancel_withdraws") && root.cancelled) return !(root.cancelled = false);
  if (broken("repeated_cancel_breaks_shields") && root.cancelled) node->cancelled = true;
  if (broken("cancel_breaks_shields")) node->cancelled = true;
  const bool repeated = std::exchange(root.cancelled, true);
  run_.note_request();
  if (broken("task_cancel_runs_at_once")) run_.run_others_inside();
  if (broken("task_cancel_throws_in_the_task") && run_.current == this) std::rethrow_exception(a_cancellation());
  if (broken("repeated_cancel_is_false") && repeated) return false;
  if (broken("cancel_in_shield_is_false") && is_in_shield()) return false;
  return !(broken("self_cancel_is_false") && run_.current == this);
}

bool ModelTask::suspend_until_done(WaitPoint& point) {
  const bool done_is_checkpoint = broken("wait_for_done_is_checkpoint");
  if (done_ && !done_is_checkpoint && !broken("wait_for_done_yields")) {
    point.outcome = WaitPoint::Outcome::value;
    return false;
  }
  Run& run = Run::require("Task::wait");
  if (run.current == this && run.options.traits.self_join_is_diagnosed) {
    throw UsageError("Task::wait: task '" + name_ + "' waits for its own end, which cannot come");
  }
  Wait until_done;
  until_done.point = &point;
  until_done.is_over = [this, waiter = run.current] { return end_is_heard_by(*waiter); };
  until_done.can_be_cancelled = (!done_ || done_is_checkpoint) && !broken("join_ignores_cancellation");
  until_done.ignores_shields = broken("join_ignores_shields");
  run.block(std::move(until_done));
  return true;
}

bool ModelTask::end_is_heard_by(ModelTask& waiter) {
  if (broken("cancelled_waiter_cancels_the_task") && sees_cancellation(waiter.node)) root.cancelled = true;
  if (!done_) return false;
  // The failure may have cancelled the waiter too (Task028).
  const bool failed = failure_ && !cancelled_;
  waiter.wait.value_wins = failed && run_.options.traits.failed_join_reports_failure;
  waiter.wait.cancellation_wins = failed && !run_.options.traits.failed_join_reports_failure;
  if (cancelled_ && broken("wait_throws_for_a_cancelled_task")) waiter.wait.cancelled_from_the_start = true;
  if (cancelled_ && broken("join_spreads_cancellation")) waiter.root.cancelled = true;
  if (broken("third_waiter_is_forgotten") && woken_ == 2) return false;
  if (broken("waiters_hear_late")) waiter.wait.wake_time = ended_at_ + Seconds(0.01);
  if (waiter.wait.wake_time != never && run_.now < waiter.wait.wake_time) return false;
  ++woken_;
  return true;
}

Coro<void> ModelTask::wait_or_cancel() {
  return run_.options.mutant.starts_with("join_or_cancel_") ? broken_wait_or_cancel() : TaskCore::wait_or_cancel();
}

Coro<void> ModelTask::broken_wait_or_cancel() {
  std::exception_ptr interruption;
  try {
    co_await TaskWait(*this);
  } catch (const Cancelled&) {
    interruption = std::current_exception();
  }
  if (!interruption) co_return;
  if (!broken("join_or_cancel_forgets_the_task")) cancel();
  if (broken("join_or_cancel_leaves_early")) std::rethrow_exception(interruption);
  co_await backend().ignore_cancellation(TaskWait(*this));
  if (broken("join_or_cancel_loses_the_outcome")) std::rethrow_exception(interruption);
  if (broken("join_or_cancel_reports_an_error") && cancelled_) throw std::runtime_error("the task was cancelled");
  if (broken("join_or_cancel_eats_the_request") && !cancelled_) {
    for (Node* each = run_.current->node; each != nullptr; each = each->parent) each->cancelled = false;
  }
  if (cancelled_) std::rethrow_exception(interruption);
}

void ModelTask::resume() {
  // The last handle may go during this step.
  const TaskRef<> alive(&body_);
  run_.current = this;
  if (!begun_) {
    begun_ = true;
    if (run_.broken("cancel_before_the_first_step_is_lost")) is_deaf_to_groups = sees_cancellation(root.parent);
    const bool is_main = root.parent == nullptr;
    if (is_main && run_.broken("main_is_started_twice")) body_.start();
    if (skips_function && skips_function()) {
      body_.release_work();
      failure_ = a_cancellation();
      done_ = cancelled_ = true;
      run_.task_ended(*this);
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
  // What it waited for last may hold this task.
  wait = Wait();
  failure_ = body_.failure();
  reported_failure_ = run_.what_failed(*this, root, failure_);
  cancelled_ = failure_ && !reported_failure_;
  if (failure_ && root.cancelled && broken("failed_clean_up_is_hidden")) cancelled_ = true;
  const bool is_main = root.parent == nullptr;
  if (!(is_main && run_.broken("main_task_outlives_its_run"))) body_.release_work();
  done_ = true;
  ended_at_ = run_.now;
  run_.task_ended(*this);
  if (on_end) on_end(*this);
  break_outcome();
}

void ModelTask::break_outcome() {
  if (broken("obedience_is_not_remembered")) cancelled_ = cancelled_ && !root.cancelled;
  if (broken("cancelled_only_by_handle")) cancelled_ = cancelled_ && root.cancelled;
  if (broken("asked_counts_as_cancelled")) cancelled_ = cancelled_ || root.cancelled;
  if (broken("asked_task_loses_its_value") && !failure_ && root.cancelled) failure_ = a_cancellation();
  if (broken("join_wraps_the_failure") && failure_ && !cancelled_) {
    failure_ = std::make_exception_ptr(ExceptionGroup("a task failed", {failure_}));
  }
  if (broken("join_of_cancelled_is_an_error") && cancelled_) {
    failure_ = std::make_exception_ptr(std::runtime_error("the task was cancelled"));
  }
}

}  // namespace concert::model
