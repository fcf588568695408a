// SPDX-License-Identifier: Apache-2.0
// The tree of nodes on which all of cancellation is decided (decision 0002).
#pragma once

#include "concert/time.hpp"

namespace concert::model {

/// A scope, a task group, a task or a shield.
struct Node {
  Node* parent = nullptr;
  bool cancelled = false;
  bool is_shield = false;
};

/// True if a wait at `node` is cancelled: some node from here upwards is, up to the nearest shield.
inline bool sees_cancellation(const Node* node) {
  for (; node != nullptr; node = node->parent) {
    if (node->cancelled) return true;
    if (node->is_shield) return false;
  }
  return false;
}

}  // namespace concert::model
