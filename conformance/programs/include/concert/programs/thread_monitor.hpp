// SPDX-License-Identifier: Apache-2.0
// Judges what a run of a program did with worker threads and portals, beside the monitor of tasks.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include "concert/programs/monitor.hpp"
#include "concert/programs/program.hpp"
#include "concert/programs/trace.hpp"

namespace concert::programs {

/// The rules of this monitor: THR-1 to THR-4, POR-1 to POR-6.
const std::vector<Rule>& thread_rules();

/// An acceptor of records. What a thread does lies between its begin and its end, so that most rules hold for threads
/// that race as well; those that need the very moment are asked only if threads take turns.
class ThreadMonitor final : public Observer {
 public:
  explicit ThreadMonitor(const Program& program, bool gated = true);
  ThreadMonitor(const ThreadMonitor&) = delete;
  ThreadMonitor& operator=(const ThreadMonitor&) = delete;
  ~ThreadMonitor() override;

  void record(const Record& record) override;
  /// The run is over: nothing may be left undone.
  void finish();

  const std::vector<Violation>& violations() const noexcept { return violations_; }
  /// How often each rule was asked where it could have been broken.
  const std::map<std::string_view, std::int64_t>& evaluations() const noexcept { return evaluations_; }

 private:
  class State;
  struct Job;
  struct Call;
  struct Portal;

  void job_began(Job& job, const Record& record);
  void job_ended(Job& job, const Record& record);
  void wait_ended(Job& job, const Record& record);
  void requested(const Record& record, const Statement& statement);
  void time_passed(const Record& record);
  void submitted(Call& call, const Record& record);
  void call_began(Call& call, const Record& record);
  void call_ended(Call& call, const Record& record);
  void slept(Call& call, const Record& record);
  void cancelled(Call& call, const Record& record);
  void answered(Call& call, const Record& record);
  void of_portal(const Record& record, const Statement& statement);
  void portal_left(Portal& portal, const Record& record);

  /// Counts the evaluation of a rule, and keeps a violation.
  void check(std::string_view rule, bool holds, const Record& record, std::string_view message);

  const Program& program_;
  const bool gated_;
  std::unique_ptr<State> state_;
  std::vector<Record> trace_;
  std::vector<Violation> violations_;
  std::map<std::string_view, std::int64_t> evaluations_;
};

}  // namespace concert::programs
