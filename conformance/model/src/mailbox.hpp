// SPDX-License-Identifier: Apache-2.0
// What other threads have for a run of the model.
#pragma once

#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace concert::model {

/// Shared by a run and the threads that may outlive it. Threads: any.
class Mailbox {
 public:
  using Action = std::function<void()>;

  /// Has `action` called on the loop thread, outside a task, after all that were posted before. Returns false if the
  /// run is over.
  bool post(Action action) {
    const std::lock_guard lock(mutex_);
    if (is_closed_) return false;
    posted_.push_back(std::move(action));
    return true;
  }
  std::vector<Action> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(posted_, {});
  }
  bool empty() const {
    const std::lock_guard lock(mutex_);
    return posted_.empty();
  }
  /// What is still there is dropped: it may hold what holds the mailbox.
  void close() {
    std::vector<Action> dropped;
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
    dropped.swap(posted_);
  }

 private:
  mutable std::mutex mutex_;
  bool is_closed_ = false;
  std::vector<Action> posted_;
};

}  // namespace concert::model
