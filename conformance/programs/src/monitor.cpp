// SPDX-License-Identifier: Apache-2.0
#include "concert/programs/monitor.hpp"

#include <algorithm>
#include <utility>

#include "verdicts.hpp"

namespace concert::programs {

namespace {

/// Turns of a loop from one record to the next, at most: a turn for each task, for each deadline, and for each
/// millisecond to which a loop may round.
constexpr std::size_t most_turns = 1000;

}  // namespace

Monitor::Monitor(const Program& program, MonitorOptions options)
    : options_(std::move(options)),
      state_(std::make_unique<RunState>(program, grain_of(options_.clock))),
      verdicts_(std::make_unique<Verdicts>(program)) {}
Monitor::~Monitor() = default;

const std::vector<Violation>& Monitor::violations() const noexcept { return verdicts_->violations; }
const std::map<std::string_view, std::int64_t>& Monitor::evaluations() const noexcept { return verdicts_->evaluations; }

void Monitor::record(const Record& record) {
  // What other threads do, and functions that they call, is for the ThreadMonitor, but for what it does to the loop.
  if (!state_->admit(record)) return trace_.push_back(record);
  if (options_.turns) count_turns(record);
  if (!trace_.empty()) {
    verdicts_->check("CLK-1", record.time >= trace_.back().time, record, "the clock went back");
  }
  pass_time(record.time);
  judge(record);
  state_->apply(record);
  trace_.push_back(record);
}

void Monitor::count_turns(const Record& record) {
  const std::size_t turns = options_.turns();
  verdicts_->check("SYS-3", turns <= turns_ + most_turns, record, "the loop turned again and again before");
  turns_ = turns;
}

void Monitor::pass_time(std::int64_t now) {
  const std::int64_t before = trace_.empty() ? 0 : trace_.back().time;
  if (now > before + state_->grain().busy) audit(now);
  state_->pass_time(now);
}

void Monitor::judge(const Record& record) {
  const Statement* statement = record.statement < 0 ? nullptr : &state_->statement(record.statement);
  const Hearing hearing{record, statement, *state_, *verdicts_};
  hearing.check("RES-1", record.result != Result::other, "an exception that the program did not throw");
  judge_cancellation(hearing);
  judge_turns_before(hearing);
  judge_scopes(hearing);
  judge_interruptions(hearing);
  judge_time(hearing);
  judge_locks(hearing);
  judge_events(hearing);
  judge_conditions(hearing);
  judge_tasks(hearing);
  judge_joins(hearing);
  judge_groups(hearing);
  judge_gathers(hearing);
}

/// The loop was idle since the last record: what had to be done before is asked of each task.
void Monitor::audit(std::int64_t now) {
  state_->pass_idleness(now);
  for (int i = 0; i < state_->program().tasks; ++i) {
    const TaskState& task = state_->task(i);
    if (!task.spawned || task.ended) continue;
    const Audit audit{task, now, *state_, *verdicts_};
    audit_cancellation(audit);
    audit_time(audit);
    audit_sync(audit);
    audit_tasks(audit);
    audit_groups(audit);
  }
}

void Monitor::finish() {
  bool is_over = true;
  for (int i = 0; i < state_->program().tasks; ++i) {
    const TaskState& task = state_->task(i);
    is_over = is_over && (!task.spawned || task.ended);
  }
  // Whoever still waits will wait for ever.
  if (!is_over) audit(no_time);
  Record end;
  end.what = What::task_ended;
  for (int i = 0; i < state_->program().tasks; ++i) {
    const TaskState& task = state_->task(i);
    end.task = i;
    if (!task.spawned) continue;
    verdicts_->check("TSK-4", task.began && task.ended, end, "a task was spawned and did not begin, or not end");
  }
}

}  // namespace concert::programs
