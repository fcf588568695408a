// SPDX-License-Identifier: Apache-2.0
// A task of the model.
#pragma once

#include <coroutine>
#include <functional>
#include <string>

#include "concert/backend.hpp"
#include "run.hpp"
#include "tree.hpp"

namespace concert::model {

class ModelTask final : public TaskCore, public TaskBody::Listener {
 public:
  ModelTask(Run& run, TaskBody& body, Node* parent);

  AsyncBackend& backend() const noexcept override { return backend_; }
  TaskInfo info() const override { return {id_, name_}; }
  bool done() const override { return done_; }
  bool cancel() override;
  bool cancelled() const override { return cancelled_; }
  std::exception_ptr failure() const override { return done_ ? failure_ : nullptr; }
  bool suspend_until_done(WaitPoint& point) override;
  void dispose() noexcept override { delete this; }
  void body_ended(TaskBody& body) noexcept override;

  /// Runs the task to its next suspension or its end.
  void resume();
  bool has_begun() const noexcept { return begun_; }

  Node root;
  /// The innermost node that the task has entered.
  Node* node = &root;
  Wait wait;
  /// Told at the end, after the outcome stands.
  std::function<void(ModelTask&)> on_end;
  /// Cancelleds thrown into the task so far; for faults only.
  int deliveries = 0;
  /// Asked when the task begins; true ends it without a call: a start that was cancelled in time (Group028).
  std::function<bool()> skips_function;
  /// Begins after all tasks that are so and were added before it (Group010, Gather012).
  bool begins_in_order = false;

 private:
  void conclude();

  AsyncBackend& backend_;
  Run& run_;
  TaskBody& body_;
  std::uint64_t id_;
  std::string name_;
  bool begun_ = false;
  bool done_ = false;
  bool cancelled_ = false;
  std::exception_ptr failure_;
};

}  // namespace concert::model
