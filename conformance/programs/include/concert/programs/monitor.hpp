// SPDX-License-Identifier: Apache-2.0
// Judges a run of a program while it happens: which rules its records break.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "concert/programs/program.hpp"
#include "concert/programs/rules.hpp"
#include "concert/programs/trace.hpp"

namespace concert::programs {

/// What the times in the records are worth.
enum class Clock : std::uint8_t {
  exact,      ///< time stands still while a task runs, and jumps when none can
  perturbed,  ///< as that, but each reading of the clock takes some time, up to 0.3 ms
  real,       ///< anything may take any time: what must happen in time is asked at the end only
};

struct MonitorOptions {
  Clock clock = Clock::exact;
  /// How often the loop has turned so far, asked at each record; empty: not judged.
  std::function<std::size_t()> turns{};
};

/// One record that a rule does not allow.
struct Violation {
  std::string_view rule;
  std::string message;
};

class RunState;
class Verdicts;

/// An acceptor of records. Its state is what the documents speak of: scopes, groups, shields and tasks with what they
/// stand in, locks, events, conditions. Where the moment of a cancellation is open, it knows what may be cancelled by
/// now, which guards what is observed, and what must be, which guards what comes next.
///
/// A promise that binds "in time" is asked about when time has moved from one record to the next by more than running
/// takes: then the loop was idle in between, and whatever it owed before has been paid, or never will be.
class Monitor final : public Observer {
 public:
  explicit Monitor(const Program& program, MonitorOptions options = {});
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;
  ~Monitor() override;

  void record(const Record& record) override;
  /// The run is over: nothing may be left undone.
  void finish();

  const std::vector<Violation>& violations() const noexcept;
  /// How often each rule was asked where it could have been broken.
  const std::map<std::string_view, std::int64_t>& evaluations() const noexcept;
  const std::vector<Record>& trace() const noexcept { return trace_; }

 private:
  void count_turns(const Record& record);
  void pass_time(std::int64_t now);
  void judge(const Record& record);
  void audit(std::int64_t now);

  MonitorOptions options_;
  std::unique_ptr<RunState> state_;
  std::unique_ptr<Verdicts> verdicts_;
  std::size_t turns_ = 0;
  std::vector<Record> trace_;
};

}  // namespace concert::programs
