// SPDX-License-Identifier: Apache-2.0
// The runtime's threads portal.
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <string_view>

#include "binding.hpp"
#include "concert/portal.hpp"
#include "group.hpp"

namespace concert::runtime {

/// A group whose tasks other threads ask for, through the inbox of the loop: what one thread posts is handled in order,
/// and what was accepted before the exit is handled before the exit's own mark.
class Portal final : public PortalCore, public std::enable_shared_from_this<Portal> {
 public:
  /// Errors: UsageError unless `backend` runs on this thread.
  explicit Portal(RuntimeBackend& backend);

  AsyncBackend& backend() const noexcept override { return binding_.backend(); }
  bool is_on_loop_thread() const noexcept override { return binding_.is_here(); }
  void submit(std::shared_ptr<PortalCall> call) override;
  void cancel(std::shared_ptr<PortalCall> call) noexcept override;
  void enter() override;
  Coro<void> exit(std::exception_ptr body_failure) override;
  void unhandled_error(std::exception_ptr error) noexcept override;

 private:
  enum class Phase : std::uint8_t { created, open, closed };
  class BeginItem;
  class CancelItem;
  class MarkItem;
  class AcceptedBegun;

  /// Calls the function, or starts the task, of an accepted call.
  void begin(PortalCall& call) noexcept;

  const Binding binding_;
  const std::shared_ptr<Inbox> inbox_;
  std::mutex mutex_;
  Phase phase_ = Phase::created;
  /// The loop thread's; null unless the portal's block is running.
  std::unique_ptr<Group> group_;
};

}  // namespace concert::runtime
