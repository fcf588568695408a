// SPDX-License-Identifier: Apache-2.0
// Judges a run of a program while it happens: which rules its records break.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "concert/programs/program.hpp"
#include "concert/programs/trace.hpp"

namespace concert::programs {

/// A rule that holds in every run of every program on a conforming backend, whatever the schedule.
struct Rule {
  std::string_view id;
  std::string_view says;
  /// The clauses that it decides, in so far.
  std::vector<std::string_view> clauses;
};
const std::vector<Rule>& all_rules();

/// One record that a rule does not allow.
struct Violation {
  std::string_view rule;
  std::string message;
};

/// An acceptor of records. Its state is what the documents speak of: scopes, groups, shields and tasks with what they
/// stand in, locks, events, conditions. Where the moment of a cancellation is open, it knows what may be cancelled by
/// now, which guards what was observed, and what must be, which guards what comes next.
class Monitor final : public Observer {
 public:
  explicit Monitor(const Program& program);
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;
  ~Monitor() override;

  void record(const Record& record) override;
  /// The run is over: nothing may be left undone.
  void finish();

  const std::vector<Violation>& violations() const noexcept { return violations_; }
  /// How often each rule was asked where it could have been broken.
  const std::map<std::string_view, std::int64_t>& evaluations() const noexcept { return evaluations_; }
  const std::vector<Record>& trace() const noexcept { return trace_; }

 private:
  class State;
  void task_began(const Record& record);
  void task_ended(const Record& record);
  void wait_began(const Record& record);
  void wait_ended(const Record& record);
  void judge_cancellation(const Record& record, const Statement& statement);
  void lock_granted(const Record& record, const Statement& statement);
  void condition_returned(const Record& record, const Statement& statement);
  void acted(const Record& record);
  void entered(const Record& record);
  void body_ended(const Record& record);
  void left(const Record& record);
  void scope_left(const Record& record, const Statement& statement);
  void group_left(const Record& record, const Statement& statement);
  void answered(const Record& record);
  void set_deadline(int scope, HalfTicks deadline, std::int64_t now);

  /// Counts the evaluation of a rule, and keeps a violation.
  void check(std::string_view rule, bool holds, const Record& record, std::string_view message);

  const Program& program_;
  std::unique_ptr<State> state_;
  std::vector<Record> trace_;
  std::vector<Violation> violations_;
  std::map<std::string_view, std::int64_t> evaluations_;
};

}  // namespace concert::programs
