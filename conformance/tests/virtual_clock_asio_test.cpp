// SPDX-License-Identifier: Apache-2.0
// Virtual time drives an unmodified Boost.Asio.
#include <gtest/gtest.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "concert/harness/virtual_clock.hpp"

namespace concert::conformance {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
namespace asio = boost::asio;

TEST(VirtualClockAsio, FiftyTimersOverFiftySecondsAreExactAndTakeNoTime) {
  const auto real_start = VirtualClock::real_now();
  const VirtualClock clock;
  asio::io_context loop;
  const auto start = steady_clock::now();
  std::vector<std::unique_ptr<asio::steady_timer>> timers;
  int fired = 0;
  for (int i = 50; i >= 1; --i) {
    timers.push_back(std::make_unique<asio::steady_timer>(loop, start + i * 1s));
    timers.back()->async_wait([&fired, i, start](const boost::system::error_code& error) {
      EXPECT_FALSE(error);
      EXPECT_EQ(++fired, i);
      EXPECT_EQ(steady_clock::now() - start, i * 1s);
    });
  }
  loop.run();
  EXPECT_EQ(fired, 50);
  EXPECT_LT(VirtualClock::real_now() - real_start, 1s);
}

TEST(VirtualClockAsio, PerturbedTimersAreNeverEarly) {
  VirtualClock::Options options;
  options.perturbed = true;
  for (options.seed = 1; options.seed <= 20; ++options.seed) {
    const VirtualClock clock(options);
    asio::io_context loop;
    asio::steady_timer timer(loop);
    const auto deadline = steady_clock::now() + 20ms;
    timer.expires_at(deadline);
    timer.async_wait([&](const boost::system::error_code&) { EXPECT_GE(VirtualClock::now(), deadline); });
    loop.run();
    EXPECT_LT(VirtualClock::now(), deadline + 20ms);
  }
}

TEST(VirtualClockAsio, DataInsideTheProcessComesBeforeTheTimeout) {
  const VirtualClock clock;
  asio::io_context loop;
  asio::local::stream_protocol::socket left(loop), right(loop);
  asio::local::connect_pair(left, right);
  asio::steady_timer timeout(loop, 1ms);
  std::string received(4, '\0');
  timeout.async_wait([&](const boost::system::error_code& error) { EXPECT_EQ(error, asio::error::operation_aborted); });
  asio::async_read(right, asio::buffer(received),
                   [&](const boost::system::error_code&, std::size_t) { timeout.cancel(); });
  asio::write(left, asio::buffer("ping", 4));
  loop.run();
  EXPECT_EQ(received, "ping");
  EXPECT_EQ(VirtualClock::elapsed(), 0s);
}

TEST(VirtualClockAsio, CompletionOfAWorkerComesBeforeALaterTimeout) {
  const VirtualClock clock;
  for (int round = 0; round < 50; ++round) {
    asio::io_context loop;
    asio::steady_timer timeout(loop, 5s);
    bool completed = false;
    timeout.async_wait([&](const boost::system::error_code&) {});
    std::optional<KernelWork> work(std::in_place);
    std::thread worker([&] {
      asio::post(loop, [&] {
        completed = true;
        work.reset();
        timeout.cancel();
      });
    });
    loop.run();
    worker.join();
    EXPECT_TRUE(completed);
  }
  EXPECT_EQ(VirtualClock::elapsed(), 0s);
}

TEST(VirtualClockAsio, DeadlockHandlerMayThrowThroughTheLoop) {
  VirtualClock::Options options;
  options.deadlock_grace = 0ms;
  options.on_stuck = [](VirtualClock::Stuck, const std::string& message) { throw std::runtime_error(message); };
  const VirtualClock clock(options);
  asio::io_context loop;
  // Without an I/O object Asio waits on a condition variable, which no virtual clock sees.
  const asio::steady_timer timer(loop);
  const auto keep = asio::make_work_guard(loop);
  EXPECT_THROW(loop.run(), std::runtime_error);
}

TEST(VirtualClockAsio, DeadlockHandlerMayStopTheLoop) {
  asio::io_context loop;
  const asio::steady_timer timer(loop);
  VirtualClock::Options options;
  options.deadlock_grace = 0ms;
  options.on_stuck = [&](VirtualClock::Stuck, const std::string&) { loop.stop(); };
  const VirtualClock clock(options);
  const auto keep = asio::make_work_guard(loop);
  loop.run();
  EXPECT_TRUE(loop.stopped());
}

}  // namespace
}  // namespace concert::conformance
