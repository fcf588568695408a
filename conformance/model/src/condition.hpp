// SPDX-License-Identifier: Apache-2.0
// Conditions of the model.
#pragma once

#include <deque>
#include <memory>

#include "concert/backend.hpp"
#include "home.hpp"
#include "lock.hpp"

namespace concert::model {

class ModelCondition final : public ConditionCore {
 public:
  /// Errors: std::invalid_argument if the lock is not one of this backend's, or fair where those are refused.
  ModelCondition(AsyncBackend& backend, std::shared_ptr<LockCore> lock);

  const std::shared_ptr<LockCore>& lock() const noexcept override { return lock_core_; }
  bool suspend_until_notified(WaitPoint& point) override;
  void notify(std::size_t count) override;

 private:
  struct Waiter {
    const ModelTask* task;
    /// Made by the notification, or by the cancellation that came before one.
    std::shared_ptr<ModelLock::Claim> claim;
    bool is_notified = false;
  };
  void notify_waiters(std::size_t count);

  Home home_;
  std::shared_ptr<LockCore> lock_core_;
  ModelLock* lock_;
  /// Those that are not notified, longest waiting first.
  std::deque<std::shared_ptr<Waiter>> waiters_;
  /// For a fault only.
  bool is_kept_ = false;
};

}  // namespace concert::model
