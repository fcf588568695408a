// SPDX-License-Identifier: Apache-2.0
// What the rules have been asked, and what they found; and the rules themselves, by area.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include "concert/programs/monitor.hpp"
#include "run_state.hpp"

namespace concert::programs {

class Verdicts {
 public:
  explicit Verdicts(const Program& program);

  /// Counts the evaluation of a rule, and keeps a violation.
  void check(std::string_view rule, bool holds, const Record& record, std::string_view message);

  std::vector<Violation> violations;
  std::map<std::string_view, std::int64_t> evaluations;

 private:
  const Program& program_;
};

/// One record, to be judged on the state before it.
struct Hearing {
  const Record& record;
  /// Null for the beginning and the end of a task.
  const Statement* statement;
  const RunState& before;
  Verdicts& verdicts;

  void check(std::string_view rule, bool holds, std::string_view message) const;
  /// A promise was kept that binds in time: counts as an evaluation.
  void kept(std::string_view rule) const { check(rule, true, {}); }
  bool is(What what, Op op) const { return record.what == what && statement != nullptr && statement->op == op; }
  bool has_value() const { return record.result == Result::value; }
};

/// One task that has written nothing although the loop was idle before `now`.
struct Audit {
  const TaskState& task;
  std::int64_t now;
  const RunState& before;
  Verdicts& verdicts;

  /// The wait that it is in, or null.
  const Statement* wait() const;
  void check(std::string_view rule, bool holds, std::string_view message) const;
};

void judge_cancellation(const Hearing& hearing);
void judge_turns_before(const Hearing& hearing);
void judge_scopes(const Hearing& hearing);
void judge_interruptions(const Hearing& hearing);
void judge_time(const Hearing& hearing);
void judge_locks(const Hearing& hearing);
void judge_events(const Hearing& hearing);
void judge_conditions(const Hearing& hearing);
void judge_tasks(const Hearing& hearing);
void judge_joins(const Hearing& hearing);
void judge_groups(const Hearing& hearing);
void judge_gathers(const Hearing& hearing);

void audit_cancellation(const Audit& audit);
void audit_time(const Audit& audit);
void audit_sync(const Audit& audit);
void audit_tasks(const Audit& audit);
void audit_groups(const Audit& audit);

}  // namespace concert::programs
