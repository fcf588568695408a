// SPDX-License-Identifier: Apache-2.0
#include "concert/harness/virtual_clock.hpp"

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace concert::conformance {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;

/// An epoll with one eventfd in it.
class Descriptors {
 public:
  Descriptors() {
    epoll_event wanted{};
    wanted.events = EPOLLIN;
    EXPECT_EQ(::epoll_ctl(epoll_, EPOLL_CTL_ADD, event_, &wanted), 0);
  }
  ~Descriptors() {
    ::close(event_);
    ::close(epoll_);
  }
  int wait(int timeout_ms) {
    epoll_event event{};
    return ::epoll_wait(epoll_, &event, 1, timeout_ms);
  }
  int pwait(int timeout_ms) {
    epoll_event event{};
    return ::epoll_pwait(epoll_, &event, 1, timeout_ms, nullptr);
  }
  int pwait2(nanoseconds timeout) {
    epoll_event event{};
    const timespec limit{static_cast<time_t>(timeout.count() / 1'000'000'000),
                         static_cast<long>(timeout.count() % 1'000'000'000)};
    return ::epoll_pwait2(epoll_, &event, 1, &limit, nullptr);
  }
  void post() {
    const std::uint64_t one = 1;
    EXPECT_EQ(::write(event_, &one, sizeof one), static_cast<ssize_t>(sizeof one));
  }
  void take() {
    std::uint64_t count = 0;
    EXPECT_EQ(::read(event_, &count, sizeof count), static_cast<ssize_t>(sizeof count));
  }

 private:
  int epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  int event_ = ::eventfd(0, EFD_CLOEXEC);
};

struct StuckFor : std::runtime_error {
  StuckFor(VirtualClock::Stuck why_, const std::string& message) : std::runtime_error(message), why(why_) {}
  VirtualClock::Stuck why;
};

VirtualClock::Options throwing(VirtualClock::Options options = {}) {
  options.deadlock_grace = 0ms;
  options.on_stuck = [](VirtualClock::Stuck why, const std::string& message) { throw StuckFor(why, message); };
  return options;
}

nanoseconds kernel_time(clockid_t clock) {
  timespec time{};
  EXPECT_EQ(::clock_gettime(clock, &time), 0);
  return std::chrono::seconds(time.tv_sec) + nanoseconds(time.tv_nsec);
}

TEST(VirtualClock, JumpsExactlyToTheTimeoutOfAPoll) {
  Descriptors descriptors;
  const auto real_start = VirtualClock::real_now();
  const VirtualClock clock;
  const auto start = steady_clock::now();
  EXPECT_EQ(descriptors.wait(3'600'000), 0);
  EXPECT_EQ(steady_clock::now() - start, 1h);
  EXPECT_EQ(descriptors.pwait(1), 0);
  EXPECT_EQ(steady_clock::now() - start, 1h + 1ms);
  EXPECT_EQ(descriptors.pwait2(5s + 7ns), 0);
  EXPECT_EQ(steady_clock::now() - start, 1h + 1ms + 5s + 7ns);
  EXPECT_EQ(VirtualClock::jumps(), 3);
  EXPECT_EQ(VirtualClock::polls(), 3);
  EXPECT_EQ(VirtualClock::reads(), 4);
  EXPECT_EQ(VirtualClock::elapsed(), steady_clock::now() - start);
  EXPECT_LT(VirtualClock::real_now() - real_start, 1min);
}

TEST(VirtualClock, DoesNotMoveWhenSomethingIsReadyOrNothingIsAwaited) {
  Descriptors descriptors;
  const VirtualClock clock;
  const auto start = VirtualClock::now();
  EXPECT_EQ(descriptors.wait(0), 0);
  descriptors.post();
  EXPECT_EQ(descriptors.wait(1000), 1);
  EXPECT_EQ(descriptors.wait(-1), 1);
  EXPECT_EQ(VirtualClock::now(), start);
  EXPECT_EQ(VirtualClock::jumps(), 0);
  descriptors.take();
  EXPECT_EQ(descriptors.wait(1000), 0);
  EXPECT_EQ(VirtualClock::now(), start + 1s);
}

TEST(VirtualClock, CoversEveryMonotonicClockAndNoOther) {
  const auto wall = kernel_time(CLOCK_REALTIME);
  const VirtualClock clock;
  const nanoseconds now = VirtualClock::now().time_since_epoch();
  for (const clockid_t id : {CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME}) {
    EXPECT_EQ(kernel_time(id), now) << id;
  }
  EXPECT_GE(kernel_time(CLOCK_REALTIME), wall);
  EXPECT_LT(kernel_time(CLOCK_REALTIME), wall + 1min);
}

TEST(VirtualClock, PlainClockStartsOnAWholeSeededMillisecond) {
  const auto start_of = [](std::uint64_t seed, bool perturbed) {
    VirtualClock::Options options;
    options.seed = seed;
    options.perturbed = perturbed;
    const VirtualClock clock(options);
    return VirtualClock::now().time_since_epoch();
  };
  EXPECT_EQ(start_of(1, false) % 1ms, 0ns);
  EXPECT_EQ(start_of(1, false), start_of(1, false));
  EXPECT_NE(start_of(1, false), start_of(2, false));
  EXPECT_NE(start_of(1, true) % 1ms, 0ns);
  EXPECT_NE(start_of(1, true) % 1ms, start_of(2, true) % 1ms);
}

std::vector<nanoseconds> perturbed_reads(std::uint64_t seed) {
  VirtualClock::Options options;
  options.seed = seed;
  options.perturbed = true;
  options.max_read_cost = 50us;
  const VirtualClock clock(options);
  Descriptors descriptors;
  std::vector<nanoseconds> reads;
  for (int i = 0; i < 100; ++i) {
    reads.push_back(steady_clock::now().time_since_epoch());
    if (i % 10 == 0) descriptors.wait(2);
  }
  return reads;
}

TEST(VirtualClock, PerturbationIsAFunctionOfTheSeedAndBounded) {
  const auto reads = perturbed_reads(7);
  EXPECT_EQ(reads, perturbed_reads(7));
  EXPECT_NE(reads, perturbed_reads(8));
  bool costly = false;
  for (std::size_t i = 1; i < reads.size(); ++i) {
    const nanoseconds cost = reads[i] - reads[i - 1] - ((i - 1) % 10 == 0 ? 2ms : 0ms);
    EXPECT_GE(cost, 0ns);
    EXPECT_LE(cost, 50us);
    costly = costly || cost > 25us;
  }
  EXPECT_TRUE(costly);
}

TEST(VirtualClock, OtherThreadsStayOnRealTime) {
  const VirtualClock clock;
  VirtualClock::advance(24h * 30);
  std::thread([&] {
    EXPECT_FALSE(VirtualClock::is_on());
    EXPECT_THROW(VirtualClock::now(), std::logic_error);
    const auto before = VirtualClock::real_now();
    const auto seen = steady_clock::now();
    const auto after = VirtualClock::real_now();
    EXPECT_GE(seen, before);
    EXPECT_LE(seen, after);
    Descriptors descriptors;
    EXPECT_EQ(descriptors.wait(3), 0);
    EXPECT_GE(VirtualClock::real_now() - after, 3ms);
  }).join();
  EXPECT_EQ(VirtualClock::reads(), 0);
  EXPECT_EQ(VirtualClock::polls(), 0);
}

TEST(VirtualClock, RealTimeReturnsWithTheEndOfTheGuard) {
  { const VirtualClock clock; }
  EXPECT_FALSE(VirtualClock::is_on());
  const auto before = VirtualClock::real_now();
  const auto seen = steady_clock::now();
  EXPECT_GE(seen, before);
  EXPECT_LE(seen, VirtualClock::real_now());
}

TEST(VirtualClock, TwoThreadsHaveTwoClocks) {
  const auto first_hour = [](nanoseconds* elapsed) {
    Descriptors descriptors;
    const VirtualClock clock;
    for (int i = 0; i < 3600; ++i) descriptors.wait(1000);
    *elapsed = VirtualClock::elapsed();
  };
  nanoseconds one{}, two{};
  std::thread other(first_hour, &one);
  first_hour(&two);
  other.join();
  EXPECT_EQ(one, 1h);
  EXPECT_EQ(two, 1h);
}

TEST(VirtualClock, WorkUnderWayStopsJumps) {
  Descriptors descriptors;
  const VirtualClock clock(throwing());
  const auto start = VirtualClock::now();
  // Many rounds: a jump past a completion that was posted would be a race, and rare.
  for (int round = 0; round < 50; ++round) {
    KernelWork work;
    std::thread worker([&, work = std::move(work)]() mutable {
      descriptors.post();
      KernelWork ended = std::move(work);
    });
    EXPECT_EQ(descriptors.wait(round % 2 == 0 ? 3'600'000 : -1), 1);
    worker.join();
    descriptors.take();
  }
  EXPECT_EQ(VirtualClock::jumps(), 0);
  EXPECT_EQ(VirtualClock::now(), start);
  EXPECT_EQ(descriptors.wait(1000), 0);
  EXPECT_EQ(VirtualClock::now(), start + 1s);
}

TEST(VirtualClock, EndOfWorkWithoutACompletionLetsTheClockGoOn) {
  Descriptors descriptors;
  const VirtualClock clock(throwing());
  std::mutex mutex;
  std::condition_variable changed;
  bool waiting = false;
  KernelWork work;
  std::thread worker([&, work = std::move(work)]() mutable {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return waiting; });
    KernelWork ended = std::move(work);
  });
  {
    const std::lock_guard lock(mutex);
    waiting = true;
  }
  changed.notify_one();
  EXPECT_EQ(descriptors.wait(3'600'000), 0);
  worker.join();
  EXPECT_EQ(VirtualClock::elapsed(), 1h);
}

TEST(VirtualClock, TimeoutElapsesInRealTimeWhileWorkIsUnderWay) {
  Descriptors descriptors;
  const VirtualClock clock;
  const KernelWork work;
  const auto real_start = VirtualClock::real_now();
  EXPECT_EQ(descriptors.wait(10), 0);
  EXPECT_GE(VirtualClock::real_now() - real_start, 10ms);
  EXPECT_LT(VirtualClock::real_now() - real_start, 5s);
  EXPECT_EQ(VirtualClock::elapsed(), 10ms);
}

TEST(VirtualClock, WorkOutsideOfAVirtualClockIsNothing) {
  const KernelWork before;
  Descriptors descriptors;
  const VirtualClock clock;
  EXPECT_EQ(descriptors.wait(3'600'000), 0);
  EXPECT_EQ(VirtualClock::elapsed(), 1h);
}

TEST(VirtualClock, TellsADeadlock) {
  Descriptors descriptors;
  const VirtualClock clock(throwing());
  descriptors.wait(1500);
  try {
    descriptors.wait(-1);
    FAIL() << "the poll returned";
  } catch (const StuckFor& stuck) {
    EXPECT_EQ(stuck.why, VirtualClock::Stuck::deadlock);
    EXPECT_NE(std::string(stuck.what()).find("deadlock"), std::string::npos) << stuck.what();
    EXPECT_NE(std::string(stuck.what()).find("1.500000 s of virtual time"), std::string::npos) << stuck.what();
  }
}

TEST(VirtualClock, HandlerOfADeadlockMayMakeSomethingReady) {
  Descriptors descriptors;
  VirtualClock::Options options;
  options.deadlock_grace = 0ms;
  int calls = 0;
  options.on_stuck = [&](VirtualClock::Stuck, const std::string&) {
    ++calls;
    descriptors.post();
  };
  const VirtualClock clock(options);
  for (int round = 1; round <= 5; ++round) {
    EXPECT_EQ(descriptors.wait(-1), -1);
    EXPECT_EQ(errno, EINTR);
    EXPECT_EQ(descriptors.wait(-1), 1);
    EXPECT_EQ(calls, round);
    descriptors.take();
  }
}

TEST(VirtualClock, GraceLetsWhatIsInFlightArrive) {
  Descriptors descriptors;
  VirtualClock::Options options = throwing();
  options.deadlock_grace = 10s;
  const VirtualClock clock(options);
  std::thread other([&] { descriptors.post(); });
  EXPECT_EQ(descriptors.wait(-1), 1);
  other.join();
}

TEST(VirtualClock, TellsALivelock) {
  Descriptors descriptors;
  VirtualClock::Options options = throwing();
  options.max_polls_without_jump = 100;
  const VirtualClock clock(options);
  for (int i = 0; i < 100; ++i) descriptors.wait(0);
  descriptors.post();
  try {
    descriptors.wait(-1);
    FAIL() << "the poll returned";
  } catch (const StuckFor& stuck) {
    EXPECT_EQ(stuck.why, VirtualClock::Stuck::livelock);
  }
  descriptors.take();
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(descriptors.wait(i % 50 == 0 ? 1 : 0), 0);
}

TEST(VirtualClock, TellsTooMuchVirtualTime) {
  Descriptors descriptors;
  VirtualClock::Options options = throwing();
  options.max_virtual_time = 10s;
  const VirtualClock clock(options);
  EXPECT_EQ(descriptors.wait(10'000), 0);
  try {
    descriptors.wait(1);
    FAIL() << "the poll returned";
  } catch (const StuckFor& stuck) {
    EXPECT_EQ(stuck.why, VirtualClock::Stuck::too_much_time);
  }
}

TEST(VirtualClockDeathTest, DeadlockAbortsByDefault) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        Descriptors descriptors;
        const VirtualClock clock;
        descriptors.wait(-1);
      },
      "virtual clock: deadlock: the loop waits without a deadline");
}

TEST(VirtualClockDeathTest, HandlerThatChangesNothingAborts) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        Descriptors descriptors;
        VirtualClock::Options options;
        options.deadlock_grace = 0ms;
        options.on_stuck = [](VirtualClock::Stuck, const std::string&) {};
        const VirtualClock clock(options);
        for (int i = 0; i < 3; ++i) descriptors.wait(-1);
      },
      "returned twice and changed nothing");
}

TEST(VirtualClock, AdvancesByHand) {
  const VirtualClock clock;
  const auto start = steady_clock::now();
  VirtualClock::advance(1500us);
  EXPECT_EQ(steady_clock::now() - start, 1500us);
  EXPECT_EQ(VirtualClock::jumps(), 0);
  EXPECT_THROW(VirtualClock::advance(-1ns), std::invalid_argument);
}

TEST(VirtualClock, IsOnePerThread) {
  const VirtualClock clock;
  EXPECT_THROW(VirtualClock second, std::logic_error);
  EXPECT_TRUE(VirtualClock::is_on());
}

TEST(VirtualClock, TimerDescriptorsAreRefused) {
  EXPECT_EQ(::timerfd_create(CLOCK_MONOTONIC, 0), -1);
  EXPECT_EQ(errno, ENOSYS);
}

}  // namespace
}  // namespace concert::conformance
