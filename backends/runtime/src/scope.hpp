// SPDX-License-Identifier: Apache-2.0
// The runtime's cancel scope and shield.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <string_view>

#include "concert/core.hpp"
#include "deadlines.hpp"
#include "node.hpp"

namespace concert::runtime {

class Loop;
class RuntimeBackend;

class Scope final : public CancelScopeCore, public Node, public Timer {
 public:
  /// Errors: std::invalid_argument if the deadline is NaN.
  Scope(RuntimeBackend& backend, TimePoint deadline);
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;
  ~Scope() override;

  AsyncBackend& backend() const noexcept override;
  void enter() override;
  std::exception_ptr exit(std::exception_ptr body_failure) override;
  void cancel() override;
  bool cancel_called() const override;
  bool cancelled_caught() const override;
  TimePoint deadline() const override;
  void reschedule(TimePoint deadline) override;

 private:
  enum class State : std::uint8_t { created, entered, exited };

  /// While the scope is entered it belongs to its loop. Errors: UsageError on another thread.
  State require_thread(std::string_view operation) const;
  void leave() noexcept;
  void disarm() noexcept;

  RuntimeBackend& backend_;
  Loop* loop_ = nullptr;
  TimePoint deadline_;
  // Atomic, because a thread that must not use the scope asks for it before it is refused.
  std::atomic<State> state_ = State::created;
  bool caught_ = false;
};

class Shield final : public ShieldCore, public Node {
 public:
  explicit Shield(RuntimeBackend& backend) noexcept : Node(Kind::shield), backend_(backend) {}
  void enter() override;
  void exit() noexcept override;

 private:
  RuntimeBackend& backend_;
};

}  // namespace concert::runtime
