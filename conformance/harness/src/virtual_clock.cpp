// SPDX-License-Identifier: Apache-2.0
#include "concert/harness/virtual_clock.hpp"

#include <dlfcn.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <optional>
#include <stdexcept>
#include <utility>

namespace concert::conformance {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

/// What the interposed functions need. One for each VirtualClock.
struct VirtualClock::State {
  Options options;
  nanoseconds start{0};
  nanoseconds now{0};
  /// Real time waited since the clock last moved, while KernelWork was under way.
  nanoseconds waited{0};
  std::uint64_t random = 0;
  std::int64_t jumps = 0;
  std::int64_t reads = 0;
  std::int64_t polls = 0;
  std::int64_t polls_since_jump = 0;
  int deadlocks_in_a_row = 0;
  std::shared_ptr<std::atomic<int>> work = std::make_shared<std::atomic<int>>(0);

  std::uint64_t next_random() noexcept {  // splitmix64
    std::uint64_t z = random += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }
  nanoseconds read() noexcept {
    ++reads;
    if (options.perturbed) {
      const auto choices = static_cast<std::uint64_t>(options.max_read_cost.count()) + 1;
      now += nanoseconds(static_cast<std::int64_t>(next_random() % choices));
    }
    return now;
  }
  void jump(nanoseconds timeout) noexcept {
    now += timeout;
    waited = nanoseconds(0);
    ++jumps;
    polls_since_jump = 0;
  }
};

namespace {

using State = VirtualClock::State;

// Thread-local by design: a clock belongs to the loop's thread. Initial-exec, so that a read from anywhere, also early
// in a thread's life, cannot allocate; the definitions are always linked into the executable.
[[gnu::tls_model("initial-exec")]] constinit thread_local State* active = nullptr;

/// No clock, no deadline: wait for ever.
constexpr nanoseconds no_timeout = nanoseconds::max();
/// How soon the end of the last KernelWork is noticed.
constexpr milliseconds slice{1};

bool is_virtual(clockid_t clock) noexcept {
  switch (clock) {
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME: return true;
    default: return false;
  }
}

timespec to_timespec(nanoseconds time) noexcept {
  timespec result{};
  result.tv_sec = static_cast<time_t>(time.count() / 1'000'000'000);
  result.tv_nsec = static_cast<long>(time.count() % 1'000'000'000);
  return result;
}

using EpollPwait = int(int, epoll_event*, int, int, const sigset_t*);
using EpollPwait2 = int(int, epoll_event*, int, const timespec*, const sigset_t*);

template <class Function>
Function* next_definition(const char* name) noexcept {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

/// The poll behind ours. A sanitizer's, if there is one: it tells TSan what the descriptor orders, and delivers signals
/// that TSan had put off, which a bare system call would never do.
int real_epoll_pwait(int epoll, epoll_event* events, int room, int timeout_ms, const sigset_t* signals) {
  static EpollPwait* const function = next_definition<EpollPwait>("epoll_pwait");
  if (function == nullptr) {
    return static_cast<int>(::syscall(SYS_epoll_pwait, epoll, events, room, timeout_ms, signals, _NSIG / 8));
  }
  return function(epoll, events, room, timeout_ms, signals);
}

int real_epoll_pwait2(int epoll, epoll_event* events, int room, const timespec* timeout, const sigset_t* signals) {
  static EpollPwait2* const function = next_definition<EpollPwait2>("epoll_pwait2");
  if (function == nullptr) {
    errno = ENOSYS;
    return -1;
  }
  return function(epoll, events, room, timeout, signals);
}

struct Poll {
  int epoll;
  epoll_event* events;
  int room;
  const sigset_t* signals;

  int look(milliseconds at_most) const {
    return real_epoll_pwait(epoll, events, room, static_cast<int>(at_most.count()), signals);
  }
};

void report_stuck(State& state, VirtualClock::Stuck why, const std::string& message) {
  if (state.options.on_stuck) {
    // A copy: the handler may end the clock that holds it, by unwinding.
    const VirtualClock::StuckHandler handler = state.options.on_stuck;
    handler(why, message);
    return;
  }
  std::fprintf(stderr, "virtual clock: %s\n", message.c_str());
  std::fflush(stderr);
  std::abort();
}

std::string so_far(const State& state) {
  const double seconds = std::chrono::duration<double>(state.now - state.start).count();
  return " (after " + std::to_string(seconds) + " s of virtual time, " + std::to_string(state.jumps) + " jumps, " +
         std::to_string(state.polls) + " polls)";
}

int report_deadlock(State& state) {
  if (++state.deadlocks_in_a_row > 2) {
    std::fprintf(stderr, "virtual clock: the handler of a deadlock returned twice and changed nothing%s\n",
                 so_far(state).c_str());
    std::fflush(stderr);
    std::abort();
  }
  report_stuck(
      state, VirtualClock::Stuck::deadlock,
      "deadlock: the loop waits without a deadline, nothing is ready, and no other thread and no kernel operation "
      "is known to be under way" +
          so_far(state));
  errno = EINTR;
  return -1;
}

/// One slice of a poll while KernelWork is under way. The result of the poll, or nothing: ask again.
std::optional<int> wait_a_slice(State& state, const Poll& poll, nanoseconds timeout) {
  const auto before = real_now();
  const int ready = poll.look(slice);
  state.waited += real_now() - before;
  if (ready != 0) return ready;
  if (timeout != no_timeout && state.waited >= timeout) {
    state.jump(timeout);
    return 0;
  }
  return std::nullopt;
}

int virtual_poll(State& state, const Poll& poll, nanoseconds timeout) {
  ++state.polls;
  if (++state.polls_since_jump > state.options.max_polls_without_jump) {
    state.polls_since_jump = 0;
    report_stuck(state, VirtualClock::Stuck::livelock,
                 "livelock: " + std::to_string(state.options.max_polls_without_jump) +
                     " polls in a row, and time stands still" + so_far(state));
  }
  if (timeout <= nanoseconds(0)) return poll.look(milliseconds(0));
  bool grace_over = false;
  for (;;) {
    // Before the look: a worker posts first and ends its KernelWork then, so that what it posted is visible below.
    const bool idle = state.work->load() == 0;
    if (const int ready = poll.look(milliseconds(0)); ready != 0) {
      state.deadlocks_in_a_row = 0;
      return ready;
    }
    if (!idle) {
      if (const std::optional<int> result = wait_a_slice(state, poll, timeout)) {
        state.deadlocks_in_a_row = 0;
        return *result;
      }
    } else if (timeout != no_timeout) {
      state.deadlocks_in_a_row = 0;
      if (timeout >
          state.options.max_virtual_time - std::min(state.options.max_virtual_time, state.now - state.start)) {
        report_stuck(state, VirtualClock::Stuck::too_much_time,
                     "the case goes past its limit of virtual time" + so_far(state));
      }
      state.jump(timeout);
      return 0;
    } else if (!std::exchange(grace_over, true)) {
      if (const int ready = poll.look(state.options.deadlock_grace); ready != 0) {
        state.deadlocks_in_a_row = 0;
        return ready;
      }
    } else {
      return report_deadlock(state);
    }
  }
}

State& here() {
  if (active == nullptr) throw std::logic_error("this thread is on real time: make a VirtualClock first");
  return *active;
}

nanoseconds start_time(State& state) {
  // Far enough from zero for loops that subtract, near enough for nanoseconds in a double.
  const auto whole = milliseconds(1'000'000 + static_cast<std::int64_t>(state.next_random() % 1'000'000));
  const auto phase = nanoseconds(static_cast<std::int64_t>(state.next_random() % 1'000'000));
  return state.options.perturbed ? whole + phase : nanoseconds(whole);
}

}  // namespace

VirtualClock::VirtualClock(Options options) : state_(std::make_unique<State>()) {
  if (active != nullptr) throw std::logic_error("virtual time is on in this thread: end the other VirtualClock first");
  if (options.max_read_cost.count() < 0) throw std::invalid_argument("a read of the clock cannot cost a negative time");
  state_->options = std::move(options);
  state_->random = state_->options.seed;
  state_->start = state_->now = start_time(*state_);
  active = state_.get();
}
VirtualClock::~VirtualClock() { active = nullptr; }

bool VirtualClock::is_on() noexcept { return active != nullptr; }
VirtualClock::time_point VirtualClock::now() { return time_point(here().now); }
nanoseconds VirtualClock::elapsed() { return here().now - here().start; }
void VirtualClock::advance(nanoseconds duration) {
  if (duration.count() < 0) throw std::invalid_argument("time does not go back: advance by zero or more");
  here().now += duration;
}
std::int64_t VirtualClock::jumps() { return here().jumps; }
std::int64_t VirtualClock::reads() { return here().reads; }
std::int64_t VirtualClock::polls() { return here().polls; }

KernelWork::KernelWork() {
  if (active == nullptr) return;
  count_ = active->work;
  ++*count_;
}
KernelWork::KernelWork(const KernelWork& other) noexcept : count_(other.count_) {
  if (count_ != nullptr) ++*count_;
}
bool KernelWork::is_under_way() noexcept { return active != nullptr && active->work->load() > 0; }
void KernelWork::pause() noexcept {
  if (count_ != nullptr) --*count_;
}
void KernelWork::go_on() noexcept {
  if (count_ != nullptr) ++*count_;
}
KernelWork& KernelWork::operator=(KernelWork&& other) noexcept {
  if (this != &other) {
    end();
    count_ = std::move(other.count_);
  }
  return *this;
}
KernelWork::~KernelWork() { end(); }
void KernelWork::end() noexcept {
  if (count_ != nullptr) --*count_;
  count_.reset();
}

}  // namespace concert::conformance

// In the same file as the class, so that an executable that uses the class has these too.

using concert::conformance::active;

extern "C" {

/// Asked for by the linker options of concert::virtual_time, so that every executable that links it is interposed.
extern const int concert_virtual_time_linked;
const int concert_virtual_time_linked = 1;

int clock_gettime(clockid_t clock, timespec* result) noexcept {
  if (active == nullptr || !concert::conformance::is_virtual(clock)) {
    return static_cast<int>(::syscall(SYS_clock_gettime, clock, result));
  }
  *result = concert::conformance::to_timespec(active->read());
  return 0;
}

int timerfd_create(int, int) noexcept {
  errno = ENOSYS;
  return -1;
}

int epoll_pwait(int epoll, epoll_event* events, int room, int timeout_ms, const sigset_t* signals) {
  if (active == nullptr) return concert::conformance::real_epoll_pwait(epoll, events, room, timeout_ms, signals);
  const auto timeout = timeout_ms < 0 ? concert::conformance::no_timeout
                                      : std::chrono::nanoseconds(std::chrono::milliseconds(timeout_ms));
  return concert::conformance::virtual_poll(*active, {epoll, events, room, signals}, timeout);
}

int epoll_wait(int epoll, epoll_event* events, int room, int timeout_ms) {
  return epoll_pwait(epoll, events, room, timeout_ms, nullptr);
}

int epoll_pwait2(int epoll, epoll_event* events, int room, const timespec* timeout, const sigset_t* signals) {
  if (active == nullptr) return concert::conformance::real_epoll_pwait2(epoll, events, room, timeout, signals);
  auto limit = concert::conformance::no_timeout;
  // A billion seconds is for ever too, and the sum stays a number.
  if (timeout != nullptr && timeout->tv_sec < 1'000'000'000) {
    limit = std::chrono::seconds(timeout->tv_sec) + std::chrono::nanoseconds(timeout->tv_nsec);
  }
  return concert::conformance::virtual_poll(*active, {epoll, events, room, signals}, limit);
}

}  // extern "C"
