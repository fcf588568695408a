// SPDX-License-Identifier: Apache-2.0
// A task of the model.
#pragma once

#include <coroutine>
#include <functional>
#include <string>
#include <string_view>

#include "concert/backend.hpp"
#include "run.hpp"
#include "tree.hpp"

namespace concert::model {

class ModelTask final : public TaskCore, public TaskBody::Listener {
 public:
  ModelTask(Run& run, TaskBody& body, Node* parent);

  AsyncBackend& backend() const noexcept override { return backend_; }
  std::uint64_t id() const noexcept { return id_; }
  /// A number that the task has in each schedule: who made it, as which of its tasks.
  std::uint64_t lineage() const noexcept { return lineage_; }
  /// Of its state, beside what it has seen itself. Only while it does not run.
  std::uint64_t fingerprint() const;
  TaskInfo info() const override;
  bool done() const override;
  bool cancel() override;
  bool cancelled() const override;
  std::exception_ptr failure() const override;
  /// What its group hears of.
  const std::exception_ptr& reported_failure() const noexcept { return reported_failure_; }
  bool suspend_until_done(WaitPoint& point) override;
  Coro<void> wait_or_cancel() override;
  void dispose() noexcept override { delete this; }
  void body_ended(TaskBody& body) noexcept override;

  /// Runs the task to its next suspension or its end.
  void resume();
  bool has_begun() const noexcept { return begun_; }
  /// Another handle to the task.
  TaskRef<> body() const noexcept { return TaskRef<>(&body_); }

  Node root;
  /// The innermost node that the task has entered.
  Node* node = &root;
  Wait wait;
  /// Told at the end, after the outcome stands.
  std::function<void(ModelTask&)> on_end;
  /// Only in a mutant: the next wait finds the task cancelled.
  bool is_cancelled_at_next_wait = false;
  /// Cancelleds thrown into the task so far; for faults only.
  int deliveries = 0;
  /// Asked when the task begins; true ends it without a call: a start that was cancelled in time (Group028).
  std::function<bool()> skips_function;
  /// Begins after all tasks that are so and were added before it (Group010, Gather012).
  bool begins_in_order = false;
  /// Its last yield was skipped, so the next one is not (Yield007).
  bool skipped_yield = false;
  /// A fingerprint of choices made for it that show only later.
  std::uint64_t decisions = 0;
  /// Set by faults only.
  bool leaked_request = false;
  bool is_deaf_to_groups = false;

 private:
  void conclude();
  /// True if `waiter`, which waits for the end, may go on.
  bool end_is_heard_by(ModelTask& waiter);
  bool is_in_shield() const;
  /// The faults of Task::join_or_cancel.
  Coro<void> broken_wait_or_cancel();
  /// The faults of what a handle says after the end; its group has been told the truth.
  void break_outcome();
  bool broken(std::string_view mutant) const noexcept;

  AsyncBackend& backend_;
  Run& run_;
  TaskBody& body_;
  std::uint64_t id_;
  std::uint64_t lineage_;
  std::uint64_t tasks_made_ = 0;
  std::string name_;
  bool begun_ = false;
  bool done_ = false;
  bool cancelled_ = false;
  std::exception_ptr failure_;
  std::exception_ptr reported_failure_;
  TimePoint ended_at_{};
  int woken_ = 0;
  mutable int reads_ = 0;
};

}  // namespace concert::model
