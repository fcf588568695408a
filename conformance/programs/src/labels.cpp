// SPDX-License-Identifier: Apache-2.0
#include "concert/programs/labels.hpp"

#include <stdexcept>

#include "concert/programs/interpreter.hpp"
#include "required_labels.hpp"
#include "run_state.hpp"

namespace concert::programs {

namespace {

/// State facts.
enum Fact : std::size_t {
  lock_contended,
  lock_two_waiters,
  lock_cancelled_in_hand_over,
  event_set_two_waiters,
  notify_two_waiters,
  notify_all_four_waiters,
  checkpoint_cancelled,
  group_two_errors,
  task_cancelled_before_start,
  ended_by_watchdog,
  cancel_beside_wake,
  scope_deadline_passed,
  scope_called_not_caught,
  shield_kept_cancellation,
  condition_wait_cancelled,
  task_cancel_too_late,
  clock_plain,
  clock_perturbed,
  order_own,
  order_seeded,
  fact_count
};
constexpr std::array<std::string_view, fact_count> fact_names = {
    "lock: contended",
    "lock: two waiters",
    "lock: waiter cancelled at the hand-over",
    "event: set with two waiters",
    "condition: notify with two waiters",
    "condition: notify all of four waiters",
    "checkpoint: begun under a cancellation",
    "group: two errors",
    "task: cancelled before it started",
    "program: ended by the watchdog",
    "cancellation: beside a wake-up",
    "scope: deadline passed",
    "scope: cancelled and not caught",
    "shield: kept a cancellation out",
    "condition: wait cancelled with others waiting",
    "task: cancelled when it had ended",
    "clock: plain",
    "clock: perturbed",
    "order: the backend's own",
    "order: seeded",
};

constexpr std::array<std::string_view, 5> cause_names = {"its scope", "a deadline", "a request to its task",
                                                         "a failure beside it", "the watchdog"};
constexpr std::size_t result_count = static_cast<std::size_t>(Result::skipped) + 1;
constexpr std::size_t profile_count = static_cast<std::size_t>(Profile::mix) + 1;
constexpr std::size_t mode_count = static_cast<std::size_t>(TimeMode::phase) + 1;

std::size_t op_count() { return all_ops().size(); }

// The labels one behind the other: facts, ends of statements, ends of blocks, blocked waits by cause, what was drawn.
std::size_t end_label(Op op, Result result) {
  return fact_count + static_cast<std::size_t>(op) * result_count + static_cast<std::size_t>(result);
}
std::size_t left_label(Op op, Result result) { return op_count() * result_count + end_label(op, result); }
std::size_t blocked_label(Op op, std::size_t cause) {
  return fact_count + 2 * op_count() * result_count + static_cast<std::size_t>(op) * cause_names.size() + cause;
}
std::size_t profile_label(Profile profile) {
  return fact_count + op_count() * (2 * result_count + cause_names.size()) + static_cast<std::size_t>(profile);
}
std::size_t mode_label(TimeMode mode) {
  return profile_label(Profile::lock) + profile_count + static_cast<std::size_t>(mode);
}
std::size_t label_count() { return mode_label(TimeMode::tie) + mode_count; }

std::vector<Label> make_labels() {
  std::vector<Label> labels(label_count());
  for (std::size_t i = 0; i < fact_count; ++i) labels[i].name = fact_names[i];
  for (const OpInfo& op : all_ops()) {
    for (std::size_t i = 0; i < result_count; ++i) {
      const auto result = static_cast<Result>(i);
      labels[end_label(op.op, result)].name = std::string(op.name) + ": " + std::string(to_string(result));
      labels[left_label(op.op, result)].name = std::string(op.name) + " left: " + std::string(to_string(result));
    }
    for (std::size_t i = 0; i < cause_names.size(); ++i) {
      labels[blocked_label(op.op, i)].name =
          std::string(op.name) + " blocked: cancelled by " + std::string(cause_names[i]);
    }
  }
  for (std::size_t i = 0; i < profile_count; ++i) {
    const auto profile = static_cast<Profile>(i);
    labels[profile_label(profile)].name = "profile: " + std::string(to_string(profile));
  }
  for (std::size_t i = 0; i < mode_count; ++i) {
    const auto mode = static_cast<TimeMode>(i);
    labels[mode_label(mode)].name = "time: " + std::string(to_string(mode));
  }
  std::size_t found = 0;
  for (Label& label : labels) {
    const auto required = required_labels().find(label.name);
    if (required == required_labels().end()) continue;
    label.required = required->second;
    ++found;
  }
  // A requirement that names nothing would never be missed.
  if (found != required_labels().size()) throw std::logic_error("required_labels names a label that there is not");
  return labels;
}

}  // namespace

const std::vector<Label>& all_labels() {
  static const std::vector<Label> labels = make_labels();
  return labels;
}

Labels::Labels(const Program& program)
    : seen_(label_count()),
      tasks_(static_cast<std::size_t>(program.tasks)),
      scopes_(static_cast<std::size_t>(program.scopes)),
      groups_(static_cast<std::size_t>(program.groups)) {
  index(program.statements, -1, 0);
  failed_.resize(statements_.size());
}

void Labels::index(const std::vector<Statement>& statements, int parent, int task) {
  for (const Statement& statement : statements) {
    statements_.push_back(&statement);
    parents_.push_back(parent);
    owners_.push_back(task);
    const auto object = static_cast<std::size_t>(statement.object);
    if (makes_task(statement.op)) tasks_[object].root = statement.number;
    if (statement.op == Op::group) groups_[object] = statement.number;
    index(statement.body, statement.number, makes_task(statement.op) ? statement.object : task);
  }
}

int Labels::around(int root) const {
  const Statement& statement = at(root);
  if (statement.op == Op::spawn_into) return groups_[static_cast<std::size_t>(statement.a)];
  int number = parents_[static_cast<std::size_t>(root)];
  // A child lives in its group: what stands between the two, around the spawn, does not concern it.
  while (statement.op == Op::spawn && number >= 0 && at(number).op != Op::group) {
    number = parents_[static_cast<std::size_t>(number)];
  }
  return number;
}

Labels::Cause Labels::cause(int task, int statement, std::int64_t now) const {
  const auto in_task = [&](int number) { return number >= 0 && number != tasks_[static_cast<std::size_t>(task)].root; };
  int number =
      statement < 0 ? tasks_[static_cast<std::size_t>(task)].root : parents_[static_cast<std::size_t>(statement)];
  while (true) {
    for (; in_task(number); number = parents_[static_cast<std::size_t>(number)]) {
      const Statement& block = at(number);
      if (block.op == Op::shield) return Cause::none;
      if (failed_[static_cast<std::size_t>(number)]) return Cause::sibling;
      if (block.op != Op::scope) continue;
      const Scope& scope = scopes_[static_cast<std::size_t>(block.object)];
      if (scope.cancelled) return Cause::scope;
      if (scope.deadline && *scope.deadline <= now) return Cause::deadline;
    }
    if (number < 0) break;
    if (tasks_[static_cast<std::size_t>(task)].cancelled) return Cause::task;
    // On with what is around the task, which may be in any task around it.
    number = around(number);
    task = number < 0 ? 0 : owners_[static_cast<std::size_t>(number)];
  }
  return now >= watchdog * half_tick ? Cause::watchdog : Cause::none;
}

void Labels::record(const Record& record) {
  Task& task = tasks_[static_cast<std::size_t>(record.task)];
  if (record.what == What::task_began) {
    task.began = true;
    if (cause(record.task, -1, record.time) != Cause::none || task.cancelled) see(task_cancelled_before_start);
    return;
  }
  if (record.what == What::task_ended) {
    if (record.task == 0 && record.time >= watchdog * half_tick) see(ended_by_watchdog);
    if (task.root >= 0 && is_failure(record.result)) failed(around(task.root));
    return;
  }
  const Statement& statement = at(record.statement);
  switch (record.what) {
    case What::begin: began(record, statement); break;
    case What::end: ended(record, statement); break;
    case What::answer:
    case What::act: acted(record, statement); break;
    case What::entered:
      // Without one of its own, a deadline that was set before stays.
      if (statement.op == Op::scope && statement.a != no_deadline) {
        set_deadline(scopes_[static_cast<std::size_t>(statement.object)], statement.a, record.time);
      }
      break;
    case What::body_ended:
      if (statement.op == Op::group && is_failure(record.result)) failed(statement.number);
      break;
    case What::left: left(record, statement); break;
    default: break;
  }
}

void Labels::began(const Record& record, const Statement& statement) {
  Task& task = tasks_[static_cast<std::size_t>(record.task)];
  task.woke_now = task.cancelled_now = false;
  task.cause_at_begin = cause(record.task, statement.number, record.time);
  if (task.cause_at_begin != Cause::none) see(checkpoint_cancelled);
  const auto object = static_cast<std::size_t>(statement.a);
  if (statement.op == Op::with_lock) {
    Lock& lock = locks_[object];
    if (lock.holder) see(lock_contended);
    if (lock.holder && lock.waiters > 0) see(lock_two_waiters);
    ++lock.waiters;
  } else if (statement.op == Op::condition_wait) {
    ++condition_waiters_[object];
    released(locks_[object], record.time);
  } else if (statement.op == Op::event_wait) {
    ++event_waiters_[object];
  }
}

void Labels::ended(const Record& record, const Statement& statement) {
  Task& task = tasks_[static_cast<std::size_t>(record.task)];
  see(end_label(statement.op, record.result));
  const bool cancelled = record.result == Result::cancelled;
  if (cancelled && task.cause_at_begin == Cause::none) {
    const Cause by = cause(record.task, statement.number, record.time);
    if (by != Cause::none) see(blocked_label(statement.op, static_cast<std::size_t>(by) - 1));
  }
  const auto object = static_cast<std::size_t>(statement.a);
  if (statement.op == Op::with_lock) {
    Lock& lock = locks_[object];
    --lock.waiters;
    if (!cancelled) lock.holder = record.task;
    if (cancelled && lock.handed_over == record.time) see(lock_cancelled_in_hand_over);
  } else if (statement.op == Op::condition_wait) {
    --condition_waiters_[object];
    locks_[object].holder = record.task;
    if (cancelled && condition_waiters_[object] > 0) see(condition_wait_cancelled);
  } else if (statement.op == Op::event_wait) {
    --event_waiters_[object];
  }
}

void Labels::acted(const Record& record, const Statement& statement) {
  Task& task = tasks_[static_cast<std::size_t>(record.task)];
  see(end_label(statement.op, record.result));
  if (record.result == Result::skipped) return;
  const auto object = static_cast<std::size_t>(statement.a);
  switch (statement.op) {
    case Op::cancel_scope:
      scopes_[object].cancelled = true;
      cancelled(task);
      break;
    case Op::cancel_task:
      if (record.value == 0) see(task_cancel_too_late);
      if (record.value != 0) tasks_[object].cancelled = true;
      cancelled(task);
      break;
    case Op::reschedule: set_deadline(scopes_[object], statement.b, record.time); break;
    case Op::event_set:
      if (event_waiters_[object] >= 2) see(event_set_two_waiters);
      woke(task);
      break;
    case Op::notify:
      if (condition_waiters_[object] >= 2) see(notify_two_waiters);
      if (condition_waiters_[object] >= 4 && statement.b == 0) see(notify_all_four_waiters);
      woke(task);
      break;
    default: break;
  }
}

void Labels::left(const Record& record, const Statement& statement) {
  see(left_label(statement.op, record.result));
  switch (statement.op) {
    case Op::with_lock:
      released(locks_[static_cast<std::size_t>(statement.a)], record.time);
      woke(tasks_[static_cast<std::size_t>(record.task)]);
      break;
    case Op::group:
      if (record.leaves.size() >= 2) see(group_two_errors);
      break;
    case Op::scope: {
      const Scope& scope = scopes_[static_cast<std::size_t>(statement.object)];
      const bool called = (record.value & cancel_called_flag) != 0;
      if (called && !scope.cancelled) see(scope_deadline_passed);
      if (called && (record.value & cancelled_caught_flag) == 0) see(scope_called_not_caught);
      break;
    }
    case Op::shield:
      if (cause(record.task, statement.number, record.time) != Cause::none) see(shield_kept_cancellation);
      break;
    default: break;
  }
}

void Labels::failed(int block) {
  if (block >= 0) failed_[static_cast<std::size_t>(block)] = true;
}

void Labels::woke(Task& task) {
  if (task.cancelled_now) see(cancel_beside_wake);
  task.woke_now = true;
}

void Labels::cancelled(Task& task) {
  if (task.woke_now) see(cancel_beside_wake);
  task.cancelled_now = true;
}

void Labels::released(Lock& lock, std::int64_t now) {
  lock.holder.reset();
  if (lock.waiters > 0) lock.handed_over = now;
}

void Labels::set_deadline(Scope& scope, HalfTicks deadline, std::int64_t now) {
  if (deadline == no_deadline) {
    scope.deadline.reset();
  } else {
    scope.deadline = deadline == past_deadline ? now : now + deadline * half_tick;
  }
}

void Labels::drawn(Drawn drawn) {
  see(profile_label(drawn.profile));
  see(mode_label(drawn.time_mode));
}

void Labels::clock(bool perturbed) { see(perturbed ? clock_perturbed : clock_plain); }

void Labels::backend_order(bool own) { see(own ? order_own : order_seeded); }

}  // namespace concert::programs
