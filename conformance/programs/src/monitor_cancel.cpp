// SPDX-License-Identifier: Apache-2.0
// Who is cancelled, and who is not.
#include <algorithm>

#include "verdicts.hpp"

namespace concert::programs {

namespace {

/// The rule that says what a cancellation for these causes does; the first is the plainest.
std::string_view rule_of(const std::vector<Cause>& causes, bool is_at_checkpoint, const TaskState& task) {
  const auto has_told = [&](const Cause& cause) { return task.told.contains(cause.frame); };
  if (std::ranges::any_of(causes, has_told)) return "CAN-4";
  // The watchdog around the program is a deadline by name only.
  const bool is_watchdog = causes.front().frame->outer == nullptr;
  switch (is_watchdog ? Cause::Kind::request : causes.front().kind) {
    case Cause::Kind::set_in_the_past: return "DL-4";
    case Cause::Kind::rescheduled: return "DL-3";
    case Cause::Kind::deadline: return "DL-2";
    case Cause::Kind::handed_on: return "TSK-8";
    default: return is_at_checkpoint ? "CAN-2" : "CAN-3";
  }
}

}  // namespace

void judge_cancellation(const Hearing& hearing) {
  if (hearing.record.what != What::end) return;
  const Statement& wait = *hearing.statement;
  const RunState& before = hearing.before;
  const TaskState& task = before.task(hearing.record.task);
  const bool cancelled = hearing.record.result == Result::cancelled;
  if (cancelled && wait.op != Op::gather) {
    // A join reports the Cancelled of its task.
    const bool is_the_tasks = (wait.op == Op::join || wait.op == Op::join_or_cancel) && before.task(wait.a).ended &&
                              before.task(wait.a).end.result == Result::cancelled;
    const bool is_shielded = wait.op == Op::shielded_yield;
    hearing.check("CAN-1",
                  is_the_tasks || (!is_shielded && before.may_be_cancelled(hearing.record.task, hearing.record.time)),
                  "cancelled, and nothing around it is");
  }
  if (is_checkpoint(wait.op) && !task.begun_under.empty()) {
    hearing.check(rule_of(task.begun_under, true, task), cancelled,
                  "a checkpoint under a cancellation let the task go on");
  } else if (cancelled && is_interruptible(wait)) {
    const std::vector<Cause> causes = before.causes(&before.innermost(hearing.record.task));
    if (!causes.empty()) hearing.kept(rule_of(causes, false, task));
  }
}

/// A task that was ready when the yield began, for certain: one that had yet to begin.
void judge_turns_before(const Hearing& hearing) {
  if (!hearing.is(What::end, Op::yield) || hearing.record.result != Result::cancelled) return;
  for (const int other : hearing.before.task(hearing.record.task).ready_at_begin) {
    hearing.check("YLD-1", hearing.before.task(other).began, "a yield threw before others had their turn");
  }
}

void audit_cancellation(const Audit& audit) {
  const Statement* wait = audit.wait();
  // A yield waits for nobody at all, cancelled or not.
  if (wait == nullptr || !is_interruptible(*wait) || wait->op == Op::yield) return;
  // A wait for a condition ends with its lock, cancelled or not.
  if (wait->op == Op::condition_wait && audit.before.sync().lock(wait->a).holder) return;
  const std::vector<Cause> causes = audit.before.causes(audit.task.frames.back());
  if (causes.empty()) return;
  audit.check(rule_of(causes, false, audit.task), false, "a cancelled task still waits");
}

}  // namespace concert::programs
