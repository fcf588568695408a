// SPDX-License-Identifier: Apache-2.0
// Sleeps, and whether time moves while somebody could run.
#include "verdicts.hpp"

namespace concert::programs {

void judge_interruptions(const Hearing& hearing) {
  const TaskState& task = hearing.before.task(hearing.record.task);
  if (task.activity != TaskState::Activity::running || hearing.statement == nullptr) return;
  const Op op = hearing.statement->op;
  // Nothing says that others may not run there.
  const bool is_border = hearing.record.what == What::entered || hearing.record.what == What::left;
  if (op == Op::misuse || (is_border && (op == Op::scope || op == Op::group))) return;
  hearing.check("SYS-4", !task.was_overrun, "other tasks ran inside what does not wait");
}

void judge_time(const Hearing& hearing) {
  const TaskState& task = hearing.before.task(hearing.record.task);
  std::optional<std::int64_t> due;
  if (hearing.is(What::end, Op::sleep) && hearing.has_value() && task.begun) {
    due = task.begun->time + hearing.statement->a * half_tick;
  } else if (hearing.is(What::end, Op::sleep_until) && hearing.has_value()) {
    due = hearing.statement->a * half_tick;
  } else if (hearing.is(What::end, Op::sleep_forever)) {
    due = no_time;
    if (!hearing.has_value()) return;
  } else if (hearing.is(What::left, Op::guard) && task.activity == TaskState::Activity::cleaning_up) {
    due = task.since.time + one_tick * half_tick;
  }
  if (!due) return;
  hearing.check("SLP-1", hearing.record.time + rounding >= *due, "woke too early");
  hearing.kept("SLP-2");
}

void audit_time(const Audit& audit) {
  const Statement* wait = audit.wait();
  const bool runs = audit.task.activity == TaskState::Activity::running ||
                    (wait != nullptr && (wait->op == Op::yield || wait->op == Op::shielded_yield));
  audit.check("SYS-1", !runs, "the task could run");
  const std::optional<std::int64_t> due = audit.before.latest_wake_time(audit.task);
  const Grain& grain = audit.before.grain();
  if (due && *due + grain.lateness + grain.busy < audit.now) audit.check("SLP-2", false, "the task still sleeps");
}

}  // namespace concert::programs
