// SPDX-License-Identifier: Apache-2.0
#include "asio_port.hpp"

#include <fcntl.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <chrono>
#include <exception>
#include <system_error>

namespace concert::asio_detail {

namespace {
// Tells the io_context that one thread runs it; other threads may still post.
constexpr int one_thread = 1;
}  // namespace

AsioPort::AsioPort(boost::asio::io_context* io_context)
    : own_(io_context == nullptr ? std::make_unique<boost::asio::io_context>(one_thread) : nullptr),
      io_(io_context == nullptr ? *own_ : *io_context),
      link_(std::make_shared<Link>()) {}

AsioPort::~AsioPort() { link_->client = nullptr; }

// steady_clock is CLOCK_MONOTONIC, and what Asio's timers go by.
Ticks AsioPort::now() noexcept { return std::chrono::steady_clock::now().time_since_epoch(); }

void AsioPort::run(runtime::LoopClient& client, int interrupts) {
  timer_.emplace(io_);
  if (interrupts != no_descriptor) watch(interrupts);
  link_->client = &client;
  request_turn();
  run_handlers(client);
  link_->client = nullptr;
  timer_.reset();
  interrupts_.reset();
}

void AsioPort::run_handlers(runtime::LoopClient& client) {
  const auto work = boost::asio::make_work_guard(io_);
  // Somebody else may have stopped the io_context, before or while it runs; our tasks cannot be left half done.
  while (!stopped_) {
    io_.restart();
    try {
      io_.run();
    } catch (...) {
      // The turns of the runtime do not throw: this is a handler of the other work on this io_context.
      client.unhandled_error(std::current_exception(), "a handler of the io_context");
    }
  }
  io_.restart();
}

void AsioPort::stop() noexcept {
  stopped_ = true;
  io_.stop();
}

void AsioPort::request_turn() noexcept {
  link_->turn_is_queued = true;
  boost::asio::post(io_.get_executor(), [link = link_] {
    link->turn_is_queued = false;
    if (link->client != nullptr) link->client->turn();
  });
}

// A turn that is queued anyway serves the other thread too. If there were two, each would ask for its successor, and a
// busy loop would have one more for each wake-up.
void AsioPort::request_turn_from_other_thread() noexcept {
  boost::asio::post(io_.get_executor(), [link = link_] {
    if (link->client != nullptr && !link->turn_is_queued) link->client->turn();
  });
}

// Exact to the nanosecond, so never early; where Asio has no timerfd it counts in milliseconds and rounds up at the
// end.
void AsioPort::arm_timer(Ticks when) noexcept {
  timer_->expires_at(std::chrono::steady_clock::time_point(when));
  timer_->async_wait([link = link_, round = ++link_->timer_round](boost::system::error_code) {
    if (link->client != nullptr && link->timer_round == round) link->client->timer_fired();
  });
}

void AsioPort::disarm_timer() noexcept {
  ++link_->timer_round;
  timer_->cancel();
}

void AsioPort::watch(int interrupts) {
  // A copy, because Asio closes what it watches.
  const int copy = fcntl(interrupts, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) throw std::system_error(errno, std::system_category(), "fcntl(F_DUPFD_CLOEXEC)");
  interrupts_.emplace(io_, copy);
  interrupts_->async_wait(boost::asio::posix::stream_descriptor::wait_read,
                          [link = link_](boost::system::error_code error) {
                            if (!error && link->client != nullptr) link->client->interrupted();
                          });
}

}  // namespace concert::asio_detail
