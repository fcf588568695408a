// SPDX-License-Identifier: Apache-2.0
#include "uv_port.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <system_error>

namespace concert::uv_detail {

namespace {

void check(int status, const char* operation) {
  // libuv's codes are negated errno values on every system that has them.
  if (status < 0) throw std::system_error(-status, std::system_category(), operation);
}

}  // namespace

UvPort::UvPort(uv_loop_t* loop) : loop_(loop) {
  if (loop_ != nullptr) return;
  check(uv_loop_init(&own_), "uv_loop_init");
  loop_ = &own_;
}

UvPort::~UvPort() {
  if (loop_ == &own_) uv_loop_close(loop_);
}

// Not uv_now: that one is as old as the loop's iteration, so that a relative time set after a computation is too short.
Ticks UvPort::now() noexcept { return Ticks(static_cast<Ticks::rep>(uv_hrtime())); }

void UvPort::run(runtime::LoopClient& client, int interrupts) {
  client_ = &client;
  try {
    open(interrupts);
  } catch (...) {
    close_handles();
    while (open_handles_ > 0) uv_run(loop_, UV_RUN_NOWAIT);
    throw;
  }
  request_turn();
  // Somebody else may stop the loop; our tasks cannot be left half done.
  while (!stopped_) uv_run(loop_, UV_RUN_DEFAULT);
  // A handle may be let go of only when the loop has said so; the iteration that stopped has done that as a rule.
  while (open_handles_ > 0) uv_run(loop_, UV_RUN_NOWAIT);
}

void UvPort::open(int interrupts) {
  const auto own = [this](auto& handle, int status, const char* operation) {
    check(status, operation);
    handle.data = this;
    ++open_handles_;
  };
  own(turn_, uv_idle_init(loop_, &turn_), "uv_idle_init");
  own(timer_, uv_timer_init(loop_, &timer_), "uv_timer_init");
  own(wake_, uv_async_init(loop_, &wake_, [](uv_async_t* handle) { of(handle->data).request_turn(); }),
      "uv_async_init");
  if (interrupts == no_descriptor) return;
  own(interrupts_, uv_poll_init(loop_, &interrupts_, interrupts), "uv_poll_init");
  check(uv_poll_start(&interrupts_, UV_READABLE,
                      [](uv_poll_t* handle, int, int) {
                        uv_poll_stop(handle);
                        of(handle->data).client_->interrupted();
                      }),
        "uv_poll_start");
}

template <class Handle>
void UvPort::close(Handle& handle) noexcept {
  // A handle that was never opened has no owner.
  if (handle.data == nullptr) return;
  uv_close(reinterpret_cast<uv_handle_t*>(&handle), [](uv_handle_t* closed) { --of(closed->data).open_handles_; });
}

void UvPort::close_handles() noexcept {
  close(turn_);
  close(timer_);
  close(wake_);
  close(interrupts_);
}

void UvPort::stop() noexcept {
  stopped_ = true;
  // The loop finishes its iteration, and with it these handles.
  close_handles();
  uv_stop(loop_);
}

void UvPort::request_turn() noexcept {
  uv_idle_start(&turn_, [](uv_idle_t* handle) {
    uv_idle_stop(handle);
    UvPort& port = of(handle->data);
    port.client_->turn();
    // The loop reckons how long it may block from its own idea of the time, which is as old as its iteration: after
    // tasks that computed, it would wake late by that much.
    if (uv_is_active(reinterpret_cast<uv_handle_t*>(handle)) == 0) uv_update_time(port.loop_);
  });
}

void UvPort::request_turn_from_other_thread() noexcept { uv_async_send(&wake_); }

void UvPort::arm_timer(Ticks when) noexcept {
  // The loop's clock is this one in whole milliseconds, cut off, and uv_timer_start adds to it what it was told: the
  // difference to a millisecond that is rounded up cannot fire early, however old uv_now is.
  const auto due = static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::milliseconds>(when).count());
  const std::uint64_t cached = uv_now(loop_);
  uv_timer_start(
      &timer_, [](uv_timer_t* handle) { of(handle->data).client_->timer_fired(); }, due > cached ? due - cached : 0, 0);
}

void UvPort::disarm_timer() noexcept { uv_timer_stop(&timer_); }

}  // namespace concert::uv_detail
