// SPDX-License-Identifier: Apache-2.0
// Tasks from their first step to their end, and those who wait for it; misuse.
#include "verdicts.hpp"

namespace concert::programs {

namespace {

/// True if a join that ended so reports how its task ended.
bool reports(const Record& join, const Record& end) {
  return join.result == end.result && join.leaves == end.leaves &&
         ((join.result != Result::error && join.result != Result::value) || join.value == end.value);
}

void judge_answer_on_tasks(const Hearing& hearing) {
  const auto question = static_cast<Question>(hearing.statement->a);
  if (question == Question::task)
    hearing.check("TSK-3", hearing.record.value == 1, "another task than at its beginning");
  for (int i = 0; i < hearing.before.program().tasks; ++i) {
    const TaskState& task = hearing.before.task(i);
    const bool says = (hearing.record.value >> i & 1) != 0;
    const bool may_be_cancelled = task.ended && task.end.result == Result::cancelled;
    if (question == Question::tasks) {
      if (says || task.has_handle) hearing.check("TSK-1", says == task.ended, "a task says something else of its end");
    } else if (question == Question::cancelled && task.has_handle) {
      if (!may_be_cancelled || task.ended_under_cancellation) {
        hearing.check("TSK-9", says == may_be_cancelled, "a task does not know whether it was cancelled");
      }
    }
  }
}

}  // namespace

void judge_tasks(const Hearing& hearing) {
  const TaskState& task = hearing.before.task(hearing.record.task);
  if (hearing.record.what == What::task_began) {
    hearing.check("TSK-4", task.spawned && !task.began, "a task began that was not spawned, or twice");
    hearing.kept("TSK-6");
  }
  if (hearing.record.what == What::task_ended) hearing.check("TSK-4", !task.ended, "a task ended twice");
  if (hearing.is(What::act, Op::misuse)) {
    const Result result = hearing.record.result;
    hearing.check("MIS-1", result == Result::refused || result == Result::skipped || result == Result::cancelled,
                  "a misuse was not refused");
  }
  if (hearing.is(What::act, Op::cancel_task) && hearing.has_value()) {
    hearing.check("TSK-2", (hearing.record.value == 1) == !hearing.before.task(hearing.statement->a).ended,
                  "cancel says something else of the task");
  }
  if (hearing.is(What::answer, Op::ask)) judge_answer_on_tasks(hearing);
}

void judge_joins(const Hearing& hearing) {
  if (hearing.record.what != What::end || !is_for_task(hearing.statement->op)) return;
  const Op op = hearing.statement->op;
  const TaskState& target = hearing.before.task(hearing.statement->a);
  const bool was_over = hearing.before.task(hearing.record.task).was_ready_at_begin;
  const bool cancelled = hearing.record.result == Result::cancelled;
  // A wait and a join may be cancelled before; a join_or_cancel stays to the end.
  if (!cancelled || op == Op::join_or_cancel) {
    hearing.check("TSK-1", target.ended, "went on before the task had ended");
  }
  if (!target.ended) return;
  if (!was_over) hearing.kept("TSK-5");
  if (op == Op::join_or_cancel && target.handed_on) hearing.kept("TSK-8");
  const bool may_be_cancelled = cancelled && !was_over && op != Op::join_or_cancel;
  const bool holds = op == Op::wait ? hearing.has_value() : reports(hearing.record, target.end);
  hearing.check("TSK-7", holds || may_be_cancelled, "a wait for a task told another outcome");
}

void audit_tasks(const Audit& audit) {
  if (!audit.task.began) audit.check("TSK-6", false, "the task has not begun");
  const Statement* wait = audit.wait();
  if (wait == nullptr || !is_for_task(wait->op)) return;
  if (audit.before.task(wait->a).ended) audit.check("TSK-5", false, "the task still waits for one that has ended");
}

}  // namespace concert::programs
