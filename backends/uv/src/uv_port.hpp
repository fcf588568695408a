// SPDX-License-Identifier: Apache-2.0
// A uv_loop_t as the runtime's loop.
#pragma once

#include <uv.h>

#include "concert/runtime/loop_port.hpp"

namespace concert::uv_detail {

class UvPort final : public runtime::LoopPort {
 public:
  /// On `loop`, or on a new one if it is null. Errors: std::system_error.
  explicit UvPort(uv_loop_t* loop);
  ~UvPort() override;

  Ticks now() noexcept override;
  void run(runtime::LoopClient& client, int interrupts) override;
  void stop() noexcept override;
  void request_turn() noexcept override;
  void request_turn_from_other_thread() noexcept override;
  void arm_timer(Ticks when) noexcept override;
  void disarm_timer() noexcept override;

 private:
  void open(int interrupts);
  void close_handles() noexcept;
  template <class Handle>
  void close(Handle& handle) noexcept;
  static UvPort& of(const void* handle_data) noexcept { return *static_cast<UvPort*>(const_cast<void*>(handle_data)); }

  uv_loop_t own_{};
  uv_loop_t* loop_;
  runtime::LoopClient* client_ = nullptr;
  // Active while a turn is requested: the loop then polls for I/O without blocking and calls back before the next poll.
  uv_idle_t turn_{};
  uv_timer_t timer_{};
  uv_async_t wake_{};
  uv_poll_t interrupts_{};
  int open_handles_ = 0;
  bool stopped_ = false;
};

}  // namespace concert::uv_detail
