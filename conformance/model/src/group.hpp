// SPDX-License-Identifier: Apache-2.0
// Task groups of the model.
#pragma once

#include <vector>

#include "concert/backend.hpp"
#include "run.hpp"
#include "task.hpp"
#include "tree.hpp"

namespace concert::model {

class ModelGroup final : public TaskGroupCore {
 public:
  enum class Use { group, gather };
  ModelGroup(AsyncBackend& backend, const ModelOptions& options, Use use)
      : backend_(backend), options_(options), is_gather_(use == Use::gather) {}
  ~ModelGroup() override;

  AsyncBackend& backend() const noexcept override { return backend_; }
  void enter() override;
  void spawn(TaskRef<> body) override;
  Coro<void> start(TaskRef<> body) override;
  bool suspend_exit(WaitPoint& point, const std::exception_ptr& body_failure) override;
  std::exception_ptr outcome() override;

 private:
  enum class State { created, open, leaving, closed };
  void require_open(const TaskRef<>& body, const char* operation) const;
  ModelTask& add(TaskRef<> body, const char* operation);
  void child_ended(ModelTask& child);
  std::exception_ptr outcome_of_failures(bool body_failed);
  bool broken(std::string_view mutant) const noexcept { return !options_.mutant.empty() && options_.mutant == mutant; }
  bool abandons_tasks(std::size_t tasks_at_exit) const;

  AsyncBackend& backend_;
  const ModelOptions& options_;
  bool is_gather_;
  Run* run_ = nullptr;
  /// The task whose block this is.
  const ModelTask* host_ = nullptr;
  Node node_;
  State state_ = State::created;
  std::vector<TaskRef<>> children_;
  std::vector<std::exception_ptr> failures_;
  std::exception_ptr body_failure_;
  /// All tasks so far had ended once; for a fault only.
  bool was_empty_ = false;
  /// Never cancelled; for a fault only.
  Node outside_;
};

}  // namespace concert::model
