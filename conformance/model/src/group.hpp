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
  explicit ModelGroup(AsyncBackend& backend) : backend_(backend) {}

  AsyncBackend& backend() const noexcept override { return backend_; }
  void enter() override;
  void spawn(TaskRef<> body) override;
  Coro<void> start(TaskRef<> body) override;
  bool suspend_exit(WaitPoint& point, const std::exception_ptr& body_failure) override;
  std::exception_ptr outcome() override;

 private:
  enum class State { created, open, leaving, closed };
  ModelTask& add(TaskRef<> body, const char* operation);
  void child_ended(ModelTask& child);

  AsyncBackend& backend_;
  Run* run_ = nullptr;
  Node node_;
  State state_ = State::created;
  std::vector<TaskRef<>> children_;
  std::vector<std::exception_ptr> failures_;
  std::exception_ptr body_failure_;
  bool body_interrupted_ = false;
  bool child_interrupted_ = false;
};

}  // namespace concert::model
