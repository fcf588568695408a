// SPDX-License-Identifier: Apache-2.0
// The runtime's record of one task.
#pragma once

#include <atomic>
#include <cstdint>

#include "concert/core.hpp"
#include "concert/task.hpp"
#include "node.hpp"
#include "wait_queue.hpp"

namespace concert::runtime {

class Group;
class Loop;
class RuntimeBackend;
class TaskRecord;

/// Ends a wait early, because its task is cancelled: takes the wait out of whatever it waits for.
/// Returns true if the wait ended with that. Null stands for a wait that cannot be interrupted, or is over.
using Abandon = bool (*)(Loop& loop, WaitPoint& point) noexcept;

/// The record of a wait for another task's first step.
struct StartWait {
  TaskRecord* waiting;
  TaskRecord* target;
};

class TaskRecord final : public TaskCore, public TaskBody::Listener {
 public:
  /// `above` is null for the main task, and so is `group`.
  TaskRecord(Loop& loop, TaskBody& body, Node* above, Group* group) noexcept;
  TaskRecord(const TaskRecord&) = delete;
  TaskRecord& operator=(const TaskRecord&) = delete;

  AsyncBackend& backend() const noexcept override;
  TaskInfo info() const override;
  bool done() const override;
  bool cancel() override;
  bool cancelled() const override;
  std::exception_ptr failure() const override;
  bool suspend_until_done(WaitPoint& point) override;
  void dispose() noexcept override { this->~TaskRecord(); }
  void body_ended(TaskBody& body) noexcept override;

  std::uint64_t id() const noexcept { return id_; }

  /// The wait for this task's first step, for Group::start. Returns false if it need not suspend.
  bool suspend_until_begun(WaitPoint& point);

  /// The task's function has ended: tells whoever waits for it, and forgets the run. May destroy this record.
  void conclude() noexcept;

  /// Opens and closes the innermost node of this task.
  void open(Node& node) noexcept {
    node.attach(innermost, *this);
    innermost->inner = &node;
    innermost = &node;
  }
  void close(Node& node) noexcept {
    innermost = node.parent;
    innermost->inner = nullptr;
  }

  // What the loop keeps about the task, in the order in which a step touches it.
  TaskRecord* next_ready = nullptr;
  /// The wait that the task is suspended in; null while it runs and before it begins.
  WaitPoint* waits_at = nullptr;
  Abandon abandon = nullptr;
  Node* innermost = &root;
  TaskBody& body;
  /// Waits for the first step to be over.
  WaitPoint* starter = nullptr;
  /// Ready because it yields: whatever was ready before must run before it.
  bool yields = false;

 private:
  friend class Group;

  ~TaskRecord() = default;
  static bool abandon_start(Loop& loop, WaitPoint& point) noexcept;

  // Written by the loop thread; another thread may ask, and is then refused.
  std::atomic<bool> done_ = false;
  bool cancelled_ = false;

 public:
  Node root{Node::Kind::root};
  Group* group;
  TaskRecord* previous_sibling = nullptr;
  TaskRecord* next_sibling = nullptr;

 private:
  WaitQueue waiters_;
  // Outlived by handles: not to be used once the task is done.
  Loop& loop_;
  RuntimeBackend& backend_;
  std::uint64_t id_;
};

static_assert(sizeof(TaskRecord) <= TaskBody::core_bytes);
static_assert(alignof(TaskRecord) <= alignof(std::max_align_t));

}  // namespace concert::runtime
