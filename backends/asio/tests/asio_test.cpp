// SPDX-License-Identifier: Apache-2.0
#include "concert/asio.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <thread>
#include <utility>

#include "asio_port.hpp"
#include "waiting_client.hpp"

namespace concert {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

RunnerOptions on(boost::asio::io_context& io) { return RunnerOptions().set("io_context", &io); }

TEST(Asio, RunsTasksAndTimers) {
  const auto backend = asio_backend();
  EXPECT_EQ(backend->name(), "asio");
  const auto main = [&]() -> Coro<bool> {
    const auto start = Clock::now();
    auto scope = backend->move_on_after(20ms);
    auto group = backend->create_task_group();
    co_await scope.run([&]() -> Coro<> {
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        tasks.start_soon([&]() { return backend->sleep(10s); });
        co_await backend->sleep(5ms);
      });
    });
    co_return scope.cancelled_caught() && Clock::now() - start >= 20ms;
  };
  EXPECT_TRUE(backend->bootstrap(main));
  EXPECT_TRUE(backend->bootstrap(main));
}

TEST(Asio, RunsInSeveralThreadsAtOnce) {
  const auto backend = asio_backend();
  int results[2] = {0, 0};
  const auto main = [&](int value) -> Coro<int> {
    co_await backend->sleep(5ms);
    co_return value;
  };
  std::thread first([&] { results[0] = backend->bootstrap(main, 1); });
  std::thread second([&] { results[1] = backend->bootstrap(main, 2); });
  first.join();
  second.join();
  EXPECT_EQ(results[0], 1);
  EXPECT_EQ(results[1], 2);
}

TEST(Asio, RefusesUnknownOptions) {
  const auto backend = asio_backend();
  const auto main = []() -> Coro<> { co_return; };
  EXPECT_THROW(backend->bootstrap(RunnerOptions().set("loop", 1), main), std::invalid_argument);
  EXPECT_THROW(backend->bootstrap(RunnerOptions().set("io_context", 1), main), std::invalid_argument);
}

TEST(Asio, IsAGuestOnAnIoContext) {
  boost::asio::io_context io;
  const auto backend = asio_backend();
  int ticks = 0;
  bool late_fired = false;
  boost::asio::steady_timer soon(io, 5ms);
  boost::asio::steady_timer late(io, 60ms);
  CancelScope* waiting = nullptr;
  soon.async_wait([&](boost::system::error_code) {
    ++ticks;
    waiting->cancel();
  });
  late.async_wait([&](boost::system::error_code error) { late_fired = !error; });
  const auto main = [&]() -> Coro<bool> {
    auto scope = backend->open_cancel_scope();
    waiting = &scope;
    co_await scope.run([&]() { return backend->sleep_forever(); });
    co_return scope.cancelled_caught();
  };
  EXPECT_TRUE(backend->bootstrap(on(io), main));
  EXPECT_EQ(ticks, 1);
  EXPECT_FALSE(late_fired) << "other work stays pending when the main task ends";
  EXPECT_FALSE(io.stopped());

  EXPECT_EQ(backend->bootstrap(on(io), []() -> Coro<int> { co_return 2; }), 2);
  EXPECT_FALSE(late_fired);
  io.run();
  EXPECT_TRUE(late_fired);
}

TEST(Asio, SurvivesForeignStopsAndHandlersThatThrow) {
  boost::asio::io_context io;
  const auto backend = asio_backend();
  std::string told;
  const std::function<void(std::exception_ptr, std::string_view)> handler =
      [&](std::exception_ptr error, std::string_view) { told = describe(error); };
  io.stop();
  boost::asio::post(io, [&] { io.stop(); });
  boost::asio::post(io, [] { throw std::runtime_error("foreign"); });
  const auto main = [&]() -> Coro<int> {
    co_await backend->sleep(2ms);
    co_return 3;
  };
  EXPECT_EQ(backend->bootstrap(on(io).set("on_unhandled_error", handler), main), 3);
  EXPECT_EQ(told, "std::runtime_error: foreign");
}

TEST(Asio, DoesNotBurnTheProcessorWhileItWaits) {
  const auto backend = asio_backend();
  const std::clock_t before = std::clock();
  backend->bootstrap([&]() { return backend->sleep(100ms); });
  EXPECT_LT(std::clock() - before, CLOCKS_PER_SEC / 20);
}

TEST(Asio, FirstSignalCancelsTheMainTaskSecondEndsTheProcess) {
  const auto backend = asio_backend();
  const auto main = [&]() -> Coro<std::string> {
    std::string told;
    try {
      std::raise(SIGINT);
      co_await backend->sleep(10s);
    } catch (const Cancelled&) {
      told = "cancelled";
    }
    co_return told;
  };
  EXPECT_EQ(backend->bootstrap(RunnerOptions().set("cancel_on_signals", true), main), "cancelled");

  const pid_t child = fork();
  if (child == 0) {
    const auto stubborn = [&]() -> Coro<> {
      std::raise(SIGTERM);
      std::raise(SIGINT);
      co_return;
    };
    asio_backend()->bootstrap(RunnerOptions().set("cancel_on_signals", true), stubborn);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGINT);
}

TEST(AsioPort, IsWokenByATurnRequestedFromAnotherThread) {
  asio_detail::AsioPort port(nullptr);
  WaitingClient client(port);
  port.run(client, runtime::LoopPort::no_descriptor);
  EXPECT_EQ(client.turns, 2);
}

/// Always busy, as a runtime with ready tasks is: each turn asks for the next one.
class BusyClient final : public runtime::LoopClient {
 public:
  explicit BusyClient(runtime::LoopPort& port) : port_(port) {}
  void turn() noexcept override {
    is_requested_ = false;
    if (++turns <= 10) port_.request_turn_from_other_thread();
    if (!std::exchange(is_requested_, true)) port_.request_turn();
  }
  void timer_fired() noexcept override {}
  void interrupted() noexcept override {}
  void unhandled_error(std::exception_ptr, std::string_view) noexcept override {}
  int turns = 0;

 private:
  runtime::LoopPort& port_;
  bool is_requested_ = true;
};

TEST(AsioPort, WakeUpsOfABusyLoopDoNotAddUp) {
  boost::asio::io_context io;
  asio_detail::AsioPort port(&io);
  BusyClient client(port);
  constexpr int passes = 100;
  int pass = 0;
  const std::function<void()> other_work = [&] {
    if (++pass == passes) {
      port.stop();
    } else {
      boost::asio::post(io, other_work);
    }
  };
  boost::asio::post(io, other_work);
  port.run(client, runtime::LoopPort::no_descriptor);
  EXPECT_EQ(pass, passes);
  EXPECT_LT(client.turns, 2 * passes);
}

}  // namespace
}  // namespace concert
