// SPDX-License-Identifier: Apache-2.0
// The runtime's event.
#pragma once

#include "binding.hpp"
#include "concert/event.hpp"
#include "wait_queue.hpp"

namespace concert::runtime {

class TaskEvent final : public EventCore {
 public:
  /// Errors: UsageError unless `backend` runs on this thread.
  explicit TaskEvent(RuntimeBackend& backend) : binding_(backend, "create_event") {}

  AsyncBackend& backend() const noexcept override { return binding_.backend(); }
  bool suspend_until_set(WaitPoint& point) override;
  void set() override;
  bool is_set() const override;

 private:
  Binding binding_;
  bool is_set_ = false;
  WaitQueue waiters_;
};

}  // namespace concert::runtime
