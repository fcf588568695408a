// SPDX-License-Identifier: Apache-2.0
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>

#include "concert/asio.hpp"
#include "scenarios.hpp"

namespace {

namespace asio = boost::asio;

/// Posts itself until the count is used up.
struct PostAgain {
  asio::io_context& io;
  long& left;
  void operator()() const {
    if (--left > 0) {
      asio::post(io, *this);
    } else {
      io.stop();
    }
  }
};

void raw_yield(long count) {
  asio::io_context io(1);
  // A pending accept, so that the loop polls as it does in a program with sockets.
  asio::ip::tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), 0});
  acceptor.async_accept([](boost::system::error_code, const asio::ip::tcp::socket&) {});
  asio::post(io, PostAgain{io, count});
  io.run();
}

void raw_timers(const std::vector<long>& delays, const std::function<void()>& armed) {
  asio::io_context io(1);
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::unique_ptr<asio::steady_timer>> timers;
  timers.reserve(delays.size());
  long fired = 0;
  for (const long delay : delays) {
    timers.push_back(std::make_unique<asio::steady_timer>(io, start + std::chrono::milliseconds(delay)));
    timers.back()->async_wait([&fired](boost::system::error_code) { ++fired; });
  }
  armed();
  io.run();
}

}  // namespace

int main(int argc, char** argv) {
  return concert::bench::bench_main(argc, argv, {"concert-asio", concert::asio_backend, raw_yield, raw_timers});
}
