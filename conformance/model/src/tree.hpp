// SPDX-License-Identifier: Apache-2.0
// The tree of nodes on which all of cancellation is decided (decision 0002).
#pragma once

#include <exception>

#include "concert/wait.hpp"

namespace concert::model {

/// A scope, a task group, a task or a shield.
struct Node {
  Node* parent = nullptr;
  bool cancelled = false;
  bool is_shield = false;
  /// A task of a group inside was interrupted: lets a scope count as having caught something (Scope038).
  bool interrupted_a_task = false;
  /// Of a group: what its outcome depends on, beside failures.
  bool body_interrupted = false;
  bool child_interrupted = false;
  /// Set by faults only: waits no longer see the request.
  bool spent = false;
};

/// True if there is a shield from here upwards.
inline bool is_shielded(const Node* node) {
  while (node != nullptr && !node->is_shield) node = node->parent;
  return node != nullptr;
}

/// For faults: waits forget every request from here upwards.
inline void forget_requests(Node* node) {
  for (; node != nullptr; node = node->parent) node->spent = node->cancelled;
}

/// True if a wait at `node` is cancelled: some node from here upwards is, up to the nearest shield.
inline bool sees_cancellation(const Node* node) {
  for (; node != nullptr; node = node->parent) {
    if (node->cancelled) return true;
    if (node->is_shield) return false;
  }
  return false;
}

/// The exception that a cancelled wait throws, as a pointer.
inline std::exception_ptr a_cancellation() {
  try {
    WaitPoint cancelled;
    cancelled.outcome = WaitPoint::Outcome::cancelled;
    cancelled.finish();
  } catch (...) {
    return std::current_exception();
  }
  return nullptr;
}

}  // namespace concert::model
