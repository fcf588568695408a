// SPDX-License-Identifier: Apache-2.0
// For the tests of every LoopPort: is it woken from another thread?
#pragma once

#include <exception>
#include <string_view>
#include <thread>

#include "concert/runtime/loop_port.hpp"

namespace concert {

/// A runtime that needs a turn from another thread to come to its end.
class WaitingClient final : public runtime::LoopClient {
 public:
  explicit WaitingClient(runtime::LoopPort& port) : port_(port) {}
  void turn() noexcept override {
    if (++turns == 1) {
      other_ = std::jthread([this] { port_.request_turn_from_other_thread(); });
    } else {
      port_.stop();
    }
  }
  void timer_fired() noexcept override {}
  void interrupted() noexcept override {}
  void unhandled_error(std::exception_ptr, std::string_view) noexcept override {}
  int turns = 0;

 private:
  runtime::LoopPort& port_;
  std::jthread other_;
};

}  // namespace concert
