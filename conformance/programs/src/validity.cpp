// SPDX-License-Identifier: Apache-2.0
#include "concert/programs/validity.hpp"

#include <algorithm>
#include <utility>

namespace concert::programs {

namespace {

using Statements = std::vector<Statement>;

/// Where a statement stands.
struct Place {
  bool in_shield = false;
  bool in_gather = false;
  /// The task has a group around here, to spawn into.
  bool in_group = false;
  /// What runs here, and whether it is inside a coroutine that a thread calls.
  enum class Runner : unsigned char { task, thread, function } runner = Runner::task;
  bool in_call = false;
  /// Locks that this task holds, and those that tasks around it hold: a bit each.
  unsigned own_locks = 0;
  unsigned outer_locks = 0;
  /// This task, last, and the tasks around it.
  std::vector<int> tasks{0};

  bool holds(int lock) const { return (own_locks >> lock & 1U) != 0; }
  bool is_inside(int task) const { return std::find(tasks.begin(), tasks.end(), task) != tasks.end(); }

  /// Inside a task that is spawned here. The group of a spawn_into may stand in a shield.
  Place of_task(const Statement& spawn) const {
    Place inner;
    inner.in_shield = (in_shield || spawn.op == Op::spawn_into) && spawn.op != Op::call_coroutine;
    inner.in_call = in_call || spawn.op == Op::call_coroutine;
    if (spawn.op == Op::run_in_thread) inner.runner = Runner::thread;
    if (spawn.op == Op::call_function) inner.runner = Runner::function;
    inner.outer_locks = outer_locks | own_locks;
    inner.tasks = tasks;
    inner.tasks.push_back(spawn.object);
    return inner;
  }
  /// Inside the body of a statement that is no task.
  Place of_body(const Statement& statement) const {
    Place inner = *this;
    inner.in_gather = statement.op == Op::gather;
    if (statement.op == Op::shield) inner.in_shield = true;
    if (statement.op == Op::group) inner.in_group = true;
    if (statement.op == Op::with_lock) inner.own_locks |= 1U << statement.a;
    return inner;
  }
};

/// Waits that somebody else must end.
bool is_unbounded_wait(Op op) {
  switch (op) {
    case Op::sleep_forever:
    case Op::wait:
    case Op::join:
    case Op::join_or_cancel:
    case Op::with_lock:
    case Op::condition_wait:
    case Op::event_wait: return true;
    default: return false;
  }
}

bool may_stand_in_thread(Op op) {
  switch (op) {
    case Op::yield:
    case Op::sleep:
    case Op::raise:
    case Op::give:
    case Op::call_function:
    case Op::call_coroutine:
    case Op::future_get:
    case Op::future_cancel: return true;
    default: return false;
  }
}

bool may_stand_in_function(const Statement& statement) {
  switch (statement.op) {
    case Op::yield:
    case Op::event_set:
    case Op::cancel_scope:
    case Op::reschedule:
    case Op::cancel_task:
    case Op::raise:
    case Op::give: return true;
    case Op::ask: return static_cast<Question>(statement.a) != Question::task;
    default: return false;
  }
}

/// The part of V8 that the statement breaks, or nothing.
std::string_view broken_thread_rule(const Statement& statement, const Place& place) {
  const Op op = statement.op;
  if (place.runner == Place::Runner::thread && !may_stand_in_thread(op)) return "V8: a thread cannot do this";
  if (place.runner == Place::Runner::function && !may_stand_in_function(statement)) {
    return "V8: a function cannot do this";
  }
  if (place.runner != Place::Runner::thread && is_call(op)) return "V8: only a thread makes calls";
  if (op == Op::portal && place.in_shield) return "V8: a portal in a shield";
  const bool may_last =
      op == Op::run_in_thread || op == Op::portal || op == Op::join_or_cancel || op == Op::condition_wait;
  return place.in_call && may_last ? "V8: no cancellation would end this wait of a call" : "";
}

/// The rule that the statement breaks, or nothing.
std::string_view broken_rule(const Statement& statement, const Place& place) {
  const Op op = statement.op;
  if (const std::string_view rule = broken_thread_rule(statement, place); !rule.empty()) return rule;
  if (place.in_gather != (op == Op::branch)) return "a branch stands in a gather, and nothing else does";
  if (place.in_shield && is_unbounded_wait(op)) return "V3: nobody could end this wait inside the shield";
  switch (op) {
    case Op::spawn:
      if (!place.in_group) return "the task has no group here";
      break;
    case Op::with_lock:
      if (place.holds(statement.a)) return "V4: the task holds this lock already";
      break;
    case Op::condition_wait:
      if (place.outer_locks != 0) return "V6: a task around this one holds a lock";
      [[fallthrough]];
    case Op::notify:
      if (!place.holds(statement.a)) return "V4: the task does not hold the condition's lock";
      break;
    case Op::join_or_cancel:
      if ((place.own_locks | place.outer_locks) != 0) return "V5: under a held lock";
      if (statement.a <= place.tasks.back()) return "V5: the task does not come later";
      break;
    case Op::wait:
    case Op::join:
      if (place.is_inside(statement.a)) return "V7: the task itself, or one around it";
      break;
    default: break;
  }
  return {};
}

/// Calls `visit(statement, place)` for each, outermost first.
template <class List, class Visit>
void walk(List& statements, const Place& place, const Visit& visit) {
  for (auto& statement : statements) {
    visit(statement, place);
    if (statement.body.empty()) continue;
    walk(statement.body, makes_task(statement.op) ? place.of_task(statement) : place.of_body(statement), visit);
  }
}

/// The same without places.
template <class Visit>
void each(Statements& statements, const Visit& visit) {
  for (Statement& statement : statements) {
    visit(statement);
    each(statement.body, visit);
  }
}

int in_range(int value, int count) { return count == 0 ? 0 : ((value % count) + count) % count; }

int time_from(int least, int value) { return std::clamp(value, least, longest_time); }

/// Numbers every statement and object, in the order in which the program is read.
void number(Program& program) {
  int next = 0;
  program.tasks = 1;
  program.scopes = program.groups = program.portals = 0;
  each(program.statements, [&](Statement& statement) {
    statement.number = next++;
    statement.object = 0;
    if (makes_task(statement.op)) statement.object = program.tasks++;
    if (statement.op == Op::scope) statement.object = program.scopes++;
    if (statement.op == Op::group) statement.object = program.groups++;
    if (statement.op == Op::portal) statement.object = program.portals++;
  });
}

/// Takes each argument into its range.
void bound_arguments(Program& program) {
  each(program.statements, [&](Statement& statement) {
    int& a = statement.a;
    int& b = statement.b;
    switch (statement.op) {
      case Op::sleep:
      case Op::sleep_until: a = time_from(0, a); break;
      case Op::scope:
        a = time_from(past_deadline, a);
        b = in_range(b, 2);
        break;
      case Op::cancel_scope: a = in_range(a, program.scopes); break;
      case Op::reschedule:
        a = in_range(a, program.scopes);
        b = time_from(past_deadline, b);
        break;
      case Op::spawn: a = in_range(a, 2); break;
      case Op::spawn_into: a = in_range(a, program.groups); break;
      case Op::cancel_task:
      case Op::wait:
      case Op::join:
      case Op::join_or_cancel:
      case Op::future_get:
      case Op::future_cancel: a = in_range(a, program.tasks); break;
      case Op::run_in_thread: a = in_range(a, 2); break;
      case Op::call_function:
      case Op::call_coroutine: a = in_range(a, program.portals); break;
      case Op::with_lock: a = in_range(a, lock_count); break;
      case Op::condition_wait: a = in_range(a, condition_count); break;
      case Op::notify:
        a = in_range(a, condition_count);
        b = in_range(b, 4);
        break;
      case Op::event_set:
      case Op::event_wait: a = in_range(a, event_count); break;
      case Op::raise:
      case Op::give: a = in_range(a, 10); break;
      case Op::guard: a = in_range(a, static_cast<int>(Guard::replace) + 1); break;
      case Op::ask: a = in_range(a, question_count); break;
      case Op::misuse: a = in_range(a, static_cast<int>(Misuse::enter_closed_portal) + 1); break;
      default: a = b = 0; break;
    }
    const OpInfo& op = info(statement.op);
    if (op.a.empty()) a = 0;
    if (op.b.empty()) b = 0;
    if (!op.has_body) statement.body.clear();
  });
}

}  // namespace

std::vector<std::string> violations(const Program& program) {
  std::vector<std::string> found;
  walk(program.statements, Place(), [&](const Statement& statement, const Place& place) {
    if (const std::string_view rule = broken_rule(statement, place); !rule.empty()) {
      found.push_back("#" + std::to_string(statement.number) + " " + std::string(info(statement.op).name) + ": " +
                      std::string(rule));
    }
  });
  return found;
}

Program settle(std::vector<Statement> statements) {
  Program program;
  program.statements = std::move(statements);
  // A statement that goes takes tasks and scopes with it, so that references change: once more then. Each round leaves
  // fewer statements that are more than a yield.
  for (bool changed = true; changed;) {
    number(program);
    bound_arguments(program);
    number(program);
    changed = false;
    walk(program.statements, Place(), [&](Statement& statement, const Place& place) {
      if (place.in_gather && statement.op != Op::branch) {
        Statement branch;
        branch.op = Op::branch;
        branch.body.push_back(std::move(statement));
        statement = std::move(branch);
        changed = true;
      } else if (!broken_rule(statement, place).empty()) {
        statement = Statement();
        changed = true;
      }
    });
  }
  return program;
}

}  // namespace concert::programs
