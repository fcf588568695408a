// SPDX-License-Identifier: Apache-2.0
// What a run of a program showed: situations that the statistics count, because rules are worth what they met.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "concert/programs/generator.hpp"
#include "concert/programs/program.hpp"
#include "concert/programs/trace.hpp"

namespace concert::programs {

/// One of them, with the rate at which programs must show it: at most two thirds of the rate that was measured, less
/// for those that are seldom, so that 20,000 programs decide; 0: only told.
struct Label {
  std::string name;
  double required = 0;
};
/// State facts ("lock: two waiters"), how each kind of statement ended ("sleep: cancelled"), what cancelled each kind
/// of wait while it was blocked ("sleep blocked: cancelled by a deadline"), and what was drawn ("profile: lock").
const std::vector<Label>& all_labels();

/// Takes down which labels a run deserves. Facts are taken from the records and the program's text alone; where the
/// cause of something is open, the nearest one is taken.
class Labels final : public Observer {
 public:
  explicit Labels(const Program& program);

  void record(const Record& record) override;
  /// What the records do not tell.
  void drawn(Drawn drawn);
  void clock(bool perturbed);
  void backend_order(bool own);

  /// For each of all_labels() whether it was seen.
  const std::vector<bool>& seen() const noexcept { return seen_; }

 private:
  /// What ends a wait, nearest first.
  enum class Cause : std::uint8_t { none, scope, deadline, task, sibling, watchdog };
  struct Lock {
    std::optional<int> holder;
    int waiters = 0;
    /// When it was last released while somebody waited.
    std::int64_t handed_over = -1;
  };
  struct Task {
    /// The statement whose body it is; -1 for the main task.
    int root = -1;
    bool cancelled = false;
    bool began = false;
    /// It has woken, or cancelled, and not awaited since.
    bool woke_now = false;
    bool cancelled_now = false;
    Cause cause_at_begin = Cause::none;
  };
  struct Scope {
    bool cancelled = false;
    std::optional<std::int64_t> deadline;
  };

  void index(const std::vector<Statement>& statements, int parent, int task);
  const Statement& at(int number) const { return *statements_[static_cast<std::size_t>(number)]; }
  Cause cause(int task, int statement, std::int64_t now) const;
  /// Around a task: where its spawn put it.
  int around(int root) const;
  void see(std::size_t label) { seen_[label] = true; }

  void began(const Record& record, const Statement& statement);
  void ended(const Record& record, const Statement& statement);
  void acted(const Record& record, const Statement& statement);
  void left(const Record& record, const Statement& statement);
  void failed(int block);
  void woke(Task& task);
  void cancelled(Task& task);
  void released(Lock& lock, std::int64_t now);
  void set_deadline(Scope& scope, HalfTicks deadline, std::int64_t now);

  std::vector<bool> seen_;
  std::vector<const Statement*> statements_;
  /// Of each statement: the one whose body it is in; -1 at the top.
  std::vector<int> parents_;
  /// The task that carries it out.
  std::vector<int> owners_;
  std::vector<Task> tasks_;
  std::vector<Scope> scopes_;
  /// Statement of each group, and whether something in a group or gather has failed, by statement.
  std::vector<int> groups_;
  std::vector<bool> failed_;
  std::array<Lock, lock_count> locks_{};
  std::array<int, condition_count> condition_waiters_{};
  std::array<int, event_count> event_waiters_{};
};

}  // namespace concert::programs
