// SPDX-License-Identifier: Apache-2.0
// An io_context as the runtime's loop.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>

#include "concert/runtime/loop_port.hpp"

namespace concert::asio_detail {

class AsioPort final : public runtime::LoopPort {
 public:
  /// On `io_context`, or on a new one if it is null.
  explicit AsioPort(boost::asio::io_context* io_context);
  ~AsioPort() override;

  Ticks now() noexcept override;
  void run(runtime::LoopClient& client, int interrupts) override;
  void stop() noexcept override;
  void request_turn() noexcept override;
  void request_turn_from_other_thread() noexcept override;
  void arm_timer(Ticks when) noexcept override;
  void disarm_timer() noexcept override;

 private:
  /// What handlers hold: some of them are still queued on a foreign io_context when the port is gone.
  struct Link {
    runtime::LoopClient* client = nullptr;
    /// A turn that the loop thread asked for is queued.
    bool turn_is_queued = false;
    /// Counts how often the timer was moved, so that a wait for an older time is told apart.
    unsigned long timer_round = 0;
  };

  void watch(int interrupts);
  void run_handlers(runtime::LoopClient& client);

  std::unique_ptr<boost::asio::io_context> own_;
  boost::asio::io_context& io_;
  std::shared_ptr<Link> link_;
  std::optional<boost::asio::steady_timer> timer_;
  std::optional<boost::asio::posix::stream_descriptor> interrupts_;
  bool stopped_ = false;
};

}  // namespace concert::asio_detail
