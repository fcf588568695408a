// SPDX-License-Identifier: Apache-2.0
// The tree of what can be cancelled: task roots, scopes, groups and shields.
#pragma once

#include <cstdint>

namespace concert::runtime {

class TaskRecord;

/// A place in the tree. The nodes of one task form a chain from its root to the innermost node; the roots of a group's
/// tasks hang under the group's node.
///
/// What a checkpoint must know is kept in each node, so that it costs one load at any depth. Both states only ever
/// appear while a node lives, so keeping them up to date costs each node at most one visit for each state.
struct Node {
  enum class Kind : std::uint8_t { root, scope, group, shield };
  /// This very node was cancelled.
  static constexpr std::uint8_t requested = 1;
  /// This node or one that it can see above itself was cancelled.
  static constexpr std::uint8_t cancelled = 2;
  /// This node or one that it can see above itself has, or had, a deadline.
  static constexpr std::uint8_t timed = 4;

  explicit Node(Kind node_kind) noexcept : kind(node_kind) {}

  bool is_requested() const noexcept { return (states & requested) != 0; }
  bool sees_cancellation() const noexcept { return (states & cancelled) != 0; }

  /// Hangs this node under `above` and takes over what it sees from there. A shield sees nothing.
  void attach(Node* above, TaskRecord& owner) noexcept {
    parent = above;
    task = &owner;
    if (above != nullptr && kind != Kind::shield) states |= above->states & (cancelled | timed);
  }

  Node* parent = nullptr;
  /// The next node inwards in the chain of the same task.
  Node* inner = nullptr;
  /// The task whose chain this node is in.
  TaskRecord* task = nullptr;
  /// Links nodes that wait to be visited; used within one operation.
  Node* next_visit = nullptr;
  std::uint8_t states = 0;
  Kind kind;
};

}  // namespace concert::runtime
