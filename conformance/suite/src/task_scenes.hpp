// SPDX-License-Identifier: Apache-2.0
// What the tests of tasks and limits are played out in: tasks that end in a chosen way, watched and cancelled callers.
#pragma once

#include <array>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "concert/harness/log.hpp"

namespace concert::conformance {

using Handle = Task<int>;

/// How a task comes to its end.
enum class End { returns, throws, cancelled };
inline constexpr std::array all_ends{End::returns, End::throws, End::cancelled};
inline constexpr int returned_value = 7;

/// A failure outside std::exception.
struct Mishap {};

/// Notes when its block was left, for whatever reason.
class AtEnd {
 public:
  AtEnd(AsyncBackend& backend, std::optional<TimePoint>& when) noexcept : backend_(backend), when_(when) {}
  AtEnd(const AtEnd&) = delete;
  AtEnd& operator=(const AtEnd&) = delete;
  ~AtEnd() { when_ = backend_.current_time(); }

 private:
  AsyncBackend& backend_;
  std::optional<TimePoint>& when_;
};

/// Works for 100 ms, then returns or throws. To be cancelled it needs `ask` within that time, and cleans up for 100 ms
/// then.
inline Coro<int> end_as(AsyncBackend& backend, End end) {
  const Seconds work(end == End::cancelled ? 10 : 0.1);
  const auto interruption = co_await outcome_of(backend.sleep(work));
  if (interruption) {
    co_await backend.ignore_cancellation(backend.sleep(Seconds(0.1)));
    std::rethrow_exception(interruption);
  }
  if (end == End::throws) throw Mishap();
  co_return returned_value;
}

/// Asks a task that shall end cancelled.
inline void ask(const Handle& task, End end) {
  if (end == End::cancelled) task.cancel();
}

/// Ignores the first request, and goes on to `value` or, without one, to a failure.
inline Coro<int> swallow_then_end(AsyncBackend& backend, std::optional<int> value) {
  co_await outcome_of(backend.sleep(Seconds(10)));
  if (!value) throw std::runtime_error("the clean-up failed");
  co_return *value;
}

/// What a join gave.
struct Joined {
  int value = 0;
  std::exception_ptr failure;
  friend bool operator==(const Joined&, const Joined&) = default;
  friend std::string show(const Joined& joined) {
    return joined.failure ? outcome_word(joined.failure) : "value " + std::to_string(joined.value);
  }
};
inline Coro<Joined> joined(Coro<int> join) {
  Joined result;
  try {
    result.value = co_await std::move(join);
  } catch (...) {
    result.failure = std::current_exception();
  }
  co_return result;
}

/// Runs `function` as a task in a group of its own, and `watch(task)` beside that group, where a failure of the task
/// does not reach. Returns what the group threw.
template <class F, class Watch>
Coro<std::exception_ptr> run_watched(AsyncBackend& backend, F& function, Watch& watch) {
  std::exception_ptr failure;
  auto around = backend.create_task_group();
  co_await around.run([&](TaskGroup& watchers) -> Coro<> {
    auto group = backend.create_task_group();
    failure = co_await outcome_of(group.run([&](TaskGroup& tasks) -> Coro<> {
      auto task = co_await tasks.start(function);
      watchers.start_soon(watch, std::move(task));
    }));
  });
  co_return failure;
}

/// Whose cancellation reaches a caller.
enum class Source { scope, handle, group };
inline constexpr std::array all_sources{Source::scope, Source::handle, Source::group};

/// Runs `caller` as a task, and cancels it from each of `sources` in turn, 100 ms apart; the group must be the last.
/// Gives the time of the first request.
template <class F>
Coro<TimePoint> run_cancelled(AsyncBackend& backend, std::vector<Source> sources, F& caller) {
  std::optional<TimePoint> asked;
  auto scope = backend.open_cancel_scope();
  auto group = backend.create_task_group();
  co_await outcome_of(group.run([&](TaskGroup& tasks) -> Coro<> {
    auto inside = [&]() -> Coro<> { co_await scope.run(caller); };
    auto task = co_await tasks.start(inside);
    for (const Source source : sources) {
      co_await backend.sleep(Seconds(0.1));
      if (!asked) asked = backend.current_time();
      if (source == Source::scope) scope.cancel();
      if (source == Source::handle) task.cancel();
      if (source == Source::group) throw Mishap();
    }
  }));
  co_return *asked;
}

template <class F>
Coro<TimePoint> run_cancelled(AsyncBackend& backend, Source source, F& caller) {
  const std::vector<Source> sources{source};
  co_return co_await run_cancelled(backend, sources, caller);
}

}  // namespace concert::conformance
