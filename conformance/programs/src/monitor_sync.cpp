// SPDX-License-Identifier: Apache-2.0
// Locks, events, conditions.
#include <algorithm>

#include "verdicts.hpp"

namespace concert::programs {

namespace {

/// True if the task in line could have been cancelled and let a later one have the lock.
bool may_have_stepped_aside(const Hearing& hearing, const LockState& lock) {
  return lock.has_been_left || std::ranges::any_of(lock.line_at_release, [&](int waiter) {
           return hearing.before.may_be_cancelled(waiter, hearing.record.time);
         });
}

void judge_grant(const Hearing& hearing) {
  const int task = hearing.record.task;
  const LockState& lock = hearing.before.sync().lock(hearing.statement->a);
  hearing.check("LCK-1", !lock.holder, "the lock has a holder");
  if (!hearing.before.task(task).was_ready_at_begin) hearing.kept("LCK-4");
  if (hearing.statement->a >= plain_locks) {
    hearing.check("LCK-2", !lock.bypassed.contains(task), "a task that came later had the lock before");
  } else if (!lock.line_at_release.empty()) {
    const bool was_there = std::ranges::find(lock.line_at_release, task) != lock.line_at_release.end();
    if (was_there || !may_have_stepped_aside(hearing, lock)) {
      hearing.check("LCK-5", was_there, "another task waited when the lock was released");
    }
  }
}

}  // namespace

void judge_locks(const Hearing& hearing) {
  if (hearing.is(What::end, Op::with_lock) && hearing.has_value()) judge_grant(hearing);
  if (!hearing.is(What::answer, Op::ask) || static_cast<Question>(hearing.statement->a) != Question::locks) return;
  const SyncState& sync = hearing.before.sync();
  for (int i = 0; i < lock_count; ++i) {
    const LockState& lock = sync.lock(i);
    const bool says = (hearing.record.value >> i & 1) != 0;
    const bool is_waited_for = !lock.line.empty() || (i < condition_count && !sync.condition(i).waiters.empty());
    const bool is_handed_over =
        i >= plain_locks && !lock.line_at_release.empty() && !may_have_stepped_aside(hearing, lock);
    if (is_handed_over) hearing.check("LCK-3", says, "a fair lock was not handed over at once");
    if (lock.holder) hearing.check("LCK-3", says, "a lock that is held says that it is free");
    if (!lock.holder && !is_waited_for) hearing.check("LCK-3", !says, "a lock that nobody holds says it is locked");
  }
}

void judge_events(const Hearing& hearing) {
  const SyncState& sync = hearing.before.sync();
  if (hearing.is(What::end, Op::event_wait) && hearing.has_value()) {
    hearing.check("EVT-1", sync.event(hearing.statement->a), "went on before the event was set");
    if (!hearing.before.task(hearing.record.task).was_ready_at_begin) hearing.kept("EVT-3");
  }
  if (!hearing.is(What::answer, Op::ask) || static_cast<Question>(hearing.statement->a) != Question::events) return;
  for (int i = 0; i < event_count; ++i) {
    hearing.check("EVT-2", ((hearing.record.value >> i & 1) != 0) == sync.event(i), "an event says something else");
  }
}

void judge_conditions(const Hearing& hearing) {
  if (!hearing.is(What::end, Op::condition_wait)) return;
  const LockState& lock = hearing.before.sync().lock(hearing.statement->a);
  const ConditionState& condition = hearing.before.sync().condition(hearing.statement->a);
  hearing.check("LCK-1", !lock.holder, "a wait for a condition returned, and another task holds the lock");
  if (!hearing.has_value()) return;
  hearing.check("CND-1", condition.tokens > 0, "woke without a notification");
  hearing.kept("CND-2");
  if (condition.waiters.size() > 1) hearing.kept("CND-3");
}

void audit_sync(const Audit& audit) {
  const Statement* wait = audit.wait();
  if (wait == nullptr) return;
  const SyncState& sync = audit.before.sync();
  if (wait->op == Op::event_wait && sync.event(wait->a)) {
    audit.check("EVT-3", false, "the task still waits for an event that is set");
  }
  if (wait->op == Op::with_lock && !sync.lock(wait->a).holder) {
    audit.check("LCK-4", false, "the task still waits for a lock that is free");
  }
  // A task that was notified may still wait for the lock.
  if (wait->op != Op::condition_wait || sync.lock(wait->a).holder) return;
  const ConditionState& condition = sync.condition(wait->a);
  if (condition.has_overtaken(audit.task.since.task)) {
    audit.check("CND-3", false, "a task was notified that has waited less than this one");
  } else if (condition.has_lost_notification()) {
    audit.check("CND-2", false, "the task still waits, and a notification has come to nobody");
  }
}

}  // namespace concert::programs
