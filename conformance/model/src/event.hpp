// SPDX-License-Identifier: Apache-2.0
// Events of the model.
#pragma once

#include <memory>

#include "concert/backend.hpp"
#include "home.hpp"

namespace concert::model {

class ModelEvent final : public EventCore {
 public:
  explicit ModelEvent(AsyncBackend& backend) : home_(backend, "create_event") {}

  AsyncBackend& backend() const noexcept override { return home_.backend(); }
  bool suspend_until_set(WaitPoint& point) override;
  void set() override;
  bool is_set() const override;

 private:
  struct State {
    bool is_set = false;
    // For faults only.
    TimePoint set_at{};
    std::size_t set_in = 0;
    int waiters = 0;
    bool has_woken = false;
  };
  Home home_;
  /// The waits ask it, also when the event is gone.
  std::shared_ptr<State> state_ = std::make_shared<State>();
  const std::shared_ptr<const void> order_ = std::make_shared<char>();
};

}  // namespace concert::model
