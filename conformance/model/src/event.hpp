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
  Home home_;
  /// The waits ask the flag, also when the event is gone.
  const std::shared_ptr<bool> flag_ = std::make_shared<bool>(false);
};

}  // namespace concert::model
