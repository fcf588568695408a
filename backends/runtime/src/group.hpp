// SPDX-License-Identifier: Apache-2.0
// The runtime's task group.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string_view>
#include <vector>

#include "concert/core.hpp"
#include "node.hpp"

namespace concert::runtime {

class Loop;
class RuntimeBackend;

class Group final : public TaskGroupCore, public Node {
 public:
  explicit Group(RuntimeBackend& backend) noexcept : Node(Kind::group), backend_(backend) {}
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  AsyncBackend& backend() const noexcept override;
  void enter() override;
  void spawn(TaskRef<> body) override;
  Coro<void> start(TaskRef<> body) override;
  bool suspend_exit(WaitPoint& point, const std::exception_ptr& body_failure) override;
  std::exception_ptr outcome() override;

  /// Accepts a task for `operation`; somebody has to start it.
  TaskRecord& add(TaskBody& body, std::string_view operation);
  TaskRecord* first_child() const noexcept { return first_child_; }
  /// A child is done; `failure` is null if it returned or let a cancellation end it.
  void child_ended(TaskRecord& child, std::exception_ptr failure) noexcept;

 private:
  enum class State : std::uint8_t { created, open, closed };

  void cancel_once() noexcept;
  bool is_cancelled_from_outside() const noexcept { return parent->sees_cancellation(); }

  RuntimeBackend& backend_;
  Loop* loop_ = nullptr;
  TaskRecord* first_child_ = nullptr;
  TaskRecord* last_child_ = nullptr;
  /// Where the host waits for the children; null unless it does.
  WaitPoint* exit_ = nullptr;
  std::vector<std::exception_ptr> child_failures_;
  /// The body's own failure, without the cancellations in it.
  std::exception_ptr body_failure_;
  State state_ = State::created;
  /// The body or a child was interrupted by a cancellation from outside the group.
  bool interrupted_ = false;
};

}  // namespace concert::runtime
