// SPDX-License-Identifier: Apache-2.0
// Tests of spec/clauses/clock.md: sleeping (Sleep) and reading the time (Clock).
#include <algorithm>
#include <functional>
#include <limits>
#include <stdexcept>
#include <thread>

#include "concert/harness/for_all.hpp"
#include "concert/harness/real_clock.hpp"
#include "concert/suite/suite.hpp"

namespace concert::conformance {

namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// Minutes where they cost nothing.
Seconds long_wait(const Trial& t) { return t.manifest().virtual_time ? Seconds(100s) : Seconds(50ms); }

/// Begins a wait inside a coroutine, so that it does not matter whether the call or the await throws.
using Wait = std::function<Sleep()>;
Coro<> wait_for(const Wait& begin) { co_await begin(); }

/// What a wait did that ought to end without blocking.
struct Checkpoint {
  std::exception_ptr failure;
  Seconds elapsed{};
  bool others_ran = false;
  std::exception_ptr under_cancellation;
};

/// Runs the wait that `make` gives for the current time: alone, again until another ready task has run, and in a
/// cancelled scope.
Checkpoint observe_checkpoint(Trial& t, const std::function<Wait(TimePoint now)>& make) {
  Checkpoint seen;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    const TimePoint start = backend.current_time();
    const Wait alone = make(start);
    seen.failure = co_await outcome_of(wait_for(alone));
    seen.elapsed = backend.current_time() - start;

    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      tasks.start_soon([&]() -> Coro<> {
        seen.others_ran = true;
        co_return;
      });
      const Wait turn = make(start);
      for (int i = 0; i < 100 && !seen.others_ran; ++i) co_await wait_for(turn);
      // The other task must not get its turn from the end of the group.
      if (!seen.others_ran) throw std::runtime_error("no other task ran");
    });
  });
  const auto cancelled_failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    auto scope = backend.open_cancel_scope();
    co_await scope.run([&]() -> Coro<> {
      scope.cancel();
      const Wait wait = make(backend.current_time());
      seen.under_cancellation = co_await outcome_of(wait_for(wait));
    });
  });
  t.expect_no_failure("others-starve", failure);
  t.expect_no_failure("failed", cancelled_failure);
  return seen;
}

void expect_checkpoint(Trial& t, const Checkpoint& seen) {
  t.expect_no_failure("threw", seen.failure);
  t.expect_elapsed("blocked", 0s, seen.elapsed);
  t.expect_failure<Cancelled>("not-cancelled", seen.under_cancellation);
}

/// The wait must be refused, and the sleeps of other tasks not be disturbed.
void expect_refused(Trial& t, const std::function<Wait(AsyncBackend&)>& make) {
  std::exception_ptr failure;
  Seconds elapsed{};
  std::vector<Seconds> others(3);
  const auto run_failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    auto group = backend.create_task_group();
    const TimePoint start = backend.current_time();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      for (int i = 0; i < 3; ++i) {
        tasks.start_soon([&, i]() -> Coro<> {
          co_await backend.sleep_until(start + (i + 1) * 20ms);
          others[static_cast<std::size_t>(i)] = backend.current_time() - start;
        });
      }
      co_await backend.sleep_until(start + 10ms);
      const TimePoint before = backend.current_time();
      // A wait that is not refused may be one without an end.
      auto limit = backend.move_on_after(1s);
      co_await limit.run([&]() -> Coro<> {
        const Wait wait = make(backend);
        failure = co_await outcome_of(wait_for(wait));
      });
      elapsed = backend.current_time() - before;
      co_await backend.sleep_until(start + 100ms);
    });
  });
  t.witness("refusals asked for");
  t.expect_failure<std::invalid_argument>("accepted", failure);
  t.expect_elapsed("time-passed", 0s, elapsed);
  for (int i = 0; i < 3; ++i) {
    t.expect_elapsed("other-sleepers", (i + 1) * 20ms, others[static_cast<std::size_t>(i)]);
  }
  t.expect_no_failure("failed", run_failure);
}

// ---- Sleep001 to Sleep006: sleep, sleep_forever ---------------------------------------------------------------------

void sleep_lasts_as_long_as_it_says(Trial& t) {
  // Short ones often: below the tick of a loop is where rounding shows.
  const auto lengths = rc::gen::oneOf(rc::gen::inRange(1, 2000), rc::gen::inRange(1, 50'000));
  for_all<int>(t, "microseconds", lengths, [](Trial& one, const int& microseconds) {
    const Seconds delay = std::chrono::microseconds(microseconds);
    Seconds elapsed{};
    Log order;
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        tasks.start_soon([&]() -> Coro<> {
          order("other task");
          co_return;
        });
        const TimePoint start = backend.current_time();
        co_await backend.sleep(delay);
        elapsed = backend.current_time() - start;
        order("slept");
      });
    });
    one.witness("sleeps");
    one.expect_no_failure("failed", failure);
    one.expect_elapsed("elapsed", delay, elapsed);
    // While time stands still, a task that is ready comes before one whose time has not come.
    if (!one.schedule().perturbed_clock) one.expect_equal("not-suspended", Log{"other task", "slept"}, order);
  });
}

void sleep_zero_is_a_checkpoint(Trial& t) {
  const Checkpoint seen =
      observe_checkpoint(t, [&](TimePoint) -> Wait { return [&t] { return t.backend().sleep(0s); }; });
  t.witness("sleeps of no length", 3);
  expect_checkpoint(t, seen);
}

void a_negative_sleep_is_refused(Trial& t) {
  const auto check = [](Trial& one, double seconds) {
    expect_refused(one, [=](AsyncBackend& backend) -> Wait {
      return [&backend, seconds] { return backend.sleep(Seconds(seconds)); };
    });
  };
  for_all<int>(t, "negative milliseconds", rc::gen::inRange(1, 1'000'000),
               [&](Trial& one, const int& ms) { check(one, -ms / 1000.0); });
  for (const double seconds : {-std::numeric_limits<double>::denorm_min(), -1e300, -infinity}) check(t, seconds);

  std::exception_ptr minus_zero;
  t.run([&](AsyncBackend& backend) -> Coro<> {
    const Wait wait = [&] { return backend.sleep(Seconds(-0.0)); };
    minus_zero = co_await outcome_of(wait_for(wait));
  });
  t.expect_no_failure("minus-zero", minus_zero);
}

void a_sleep_of_nan_is_refused(Trial& t) {
  for (const double nan : {not_a_number, -not_a_number}) {
    expect_refused(
        t, [=](AsyncBackend& backend) -> Wait { return [&backend, nan] { return backend.sleep(Seconds(nan)); }; });
  }
}

/// Waits beside tasks with deadlines, and is cancelled when all of these have passed: gives its log.
Log log_of_endless(Trial& t, const Wait& wait) {
  Log log;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    auto group = backend.create_task_group();
    auto scope = backend.open_cancel_scope();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      tasks.start_soon([&]() -> Coro<> {
        co_await scope.run([&]() -> Coro<> {
          const auto outcome = co_await outcome_of(wait_for(wait));
          log("woke: " + outcome_word(outcome));
        });
      });
      for (const Seconds delay : {Seconds(10ms), Seconds(30ms), long_wait(t)}) {
        co_await backend.sleep(delay);
        log("deadline");
      }
      t.witness("deadlines that passed meanwhile", log.count("deadline"));
      scope.cancel();
    });
  });
  t.expect_no_failure("failed", failure);
  return log;
}

const Log log_of_a_cancelled_sleep{"deadline", "deadline", "deadline", "woke: cancelled"};

void sleep_forever_ends_by_cancellation_only(Trial& t) {
  t.expect_equal("log", log_of_a_cancelled_sleep, log_of_endless(t, [&] { return t.backend().sleep_forever(); }));
}

void infinite_and_huge_sleeps_do_not_wake(Trial& t) {
  t.expect_equal("infinite", log_of_a_cancelled_sleep,
                 log_of_endless(t, [&] { return t.backend().sleep(Seconds(infinity)); }));
  // Beyond 2^31 milliseconds, 2^63 nanoseconds, 2^63 seconds, and as far as a double goes.
  for (const double huge : {3e6, 1e10, 1e19, 1e300, std::numeric_limits<double>::max()}) {
    t.expect_equal("huge", log_of_a_cancelled_sleep,
                   log_of_endless(t, [&] { return t.backend().sleep(Seconds(huge)); }));
  }
}

// ---- Sleep007 to Sleep010: sleep_until ------------------------------------------------------------------------------

void sleep_until_wakes_at_its_time(Trial& t) {
  const auto inputs = rc::gen::pair(rc::gen::inRange(1, 100), rc::gen::inRange(0, 50));
  for_all<std::pair<int, int>>(t, "distance and computing", inputs, [](Trial& one, const std::pair<int, int>& drawn) {
    const milliseconds distance(drawn.first);
    const milliseconds computing(drawn.second);
    Seconds elapsed{};
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      co_await backend.sleep(10ms);
      const TimePoint start = backend.current_time();
      one.spend(computing);
      co_await backend.sleep_until(start + distance);
      elapsed = backend.current_time() - start;
    });
    one.witness("times to sleep until");
    one.expect_no_failure("failed", failure);
    one.expect_elapsed("time", std::max(distance, computing), elapsed);
  });
}

void sleep_until_a_past_time_is_a_checkpoint(Trial& t) {
  const auto check = [](Trial& one, Seconds before_now) {
    const Checkpoint seen = observe_checkpoint(one, [&](TimePoint now) -> Wait {
      return [&one, wake_time = now - before_now] { return one.backend().sleep_until(wake_time); };
    });
    one.witness("wake times in the past", 3);
    expect_checkpoint(one, seen);
  };
  for_all<int>(t, "milliseconds ago", rc::gen::inRange(1, 100'000),
               [&](Trial& one, const int& ms) { check(one, milliseconds(ms)); });
  for (const double seconds : {1e10, 1e300, infinity}) check(t, Seconds(seconds));
}

void sleep_until_nan_is_refused(Trial& t) {
  for (const double nan : {not_a_number, -not_a_number}) {
    expect_refused(t, [=](AsyncBackend& backend) -> Wait {
      return [&backend, nan] { return backend.sleep_until(TimePoint(Seconds(nan))); };
    });
  }
}

void both_spellings_of_a_sleep_agree(Trial& t) {
  // One case in four or so is the present.
  const auto distances = rc::gen::map(rc::gen::inRange(-50, 100), [](int ms) { return ms % 4 == 0 ? 0 : ms; });
  for_all<int>(t, "distance", distances, [](Trial& one, const int& ms) {
    const Seconds distance = milliseconds(ms);
    Seconds absolute{};
    Seconds relative{};
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        tasks.start_soon([&]() -> Coro<> {
          const TimePoint now = backend.current_time();
          co_await backend.sleep_until(now + distance);
          absolute = backend.current_time() - now;
        });
        tasks.start_soon([&]() -> Coro<> {
          const TimePoint now = backend.current_time();
          co_await backend.sleep(std::max((now + distance) - now, Seconds(0)));
          relative = backend.current_time() - now;
        });
        co_return;
      });
    });
    one.witness(ms < 0 ? "past times" : ms == 0 ? "present times" : "future times");
    one.expect_no_failure("failed", failure);
    one.expect_elapsed("sleep", std::max(distance, Seconds(0)), relative);
    one.expect_elapsed("sleep-until", std::max(distance, Seconds(0)), absolute);
  });
}

// ---- Sleep011, Sleep012: how a sleep ends ---------------------------------------------------------------------------

void a_cancelled_sleep_ends_at_once(Trial& t) {
  for (int moment = 0; moment < 100; moment += 20) {
    std::exception_ptr outcome;
    Seconds ended{};
    Seconds later_wait{};
    const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
      auto group = backend.create_task_group();
      auto scope = backend.open_cancel_scope();
      const TimePoint start = backend.current_time();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        tasks.start_soon([&]() -> Coro<> {
          co_await scope.run([&]() -> Coro<> {
            outcome = co_await outcome_of(backend.sleep_until(start + 100ms));
            ended = backend.current_time() - start;
          });
          // Over the old wake time.
          co_await backend.sleep_until(start + 150ms);
          later_wait = backend.current_time() - start;
        });
        if (moment > 0) co_await backend.sleep_until(start + milliseconds(moment));
        t.witness("sleeps to be cancelled");
        scope.cancel();
      });
    });
    t.expect_no_failure("failed", failure);
    t.expect_elapsed("instant", milliseconds(moment), ended);
    t.expect_failure<Cancelled>("outcome", outcome);
    t.expect_elapsed("later-wait", 150ms, later_wait);
  }
}

void a_cancelled_sleep_does_not_hold_up_the_run(Trial& t) {
  // Seen only where the next run goes on with the clock of this one.
  if (t.manifest().trait("clock_epoch") != "process") return;
  const Seconds old_delay = long_wait(t);
  TimePoint start;
  TimePoint next_run;
  t.call([&] {
    t.backend().bootstrap(t.runner_options(), [&]() -> Coro<> {
      start = t.backend().current_time();
      auto limit = t.backend().move_on_after(10ms);
      co_await limit.run([&]() -> Coro<> { co_await t.backend().sleep(old_delay); });
    });
    next_run =
        t.backend().bootstrap(t.runner_options(), [&]() -> Coro<TimePoint> { co_return t.backend().current_time(); });
  });
  t.expect(next_run < start + old_delay, "run-held-up", "a time before " + show(start + old_delay), show(next_run));
}

void a_cancelled_sleep_leaves_nothing_behind(Trial& t) {
  a_cancelled_sleep_ends_at_once(t);
  a_cancelled_sleep_does_not_hold_up_the_run(t);
}

void earlier_wake_times_come_first(Trial& t) {
  const auto inputs = rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 30));
  for_all<std::vector<int>>(t, "wake times", inputs, [](Trial& one, const std::vector<int>& drawn) {
    // Ten more, so that no timer queue is a trivial one.
    std::vector<int> wake_times{7, 21, 3, 29, 14, 0, 25, 11, 18, 5};
    wake_times.insert(wake_times.begin(), drawn.begin(),
                      drawn.begin() + std::min<std::ptrdiff_t>(10, std::ssize(drawn)));
    std::vector<int> woke;
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      auto group = backend.create_task_group();
      const TimePoint base = backend.current_time() + 50ms;
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        for (const int ticks : wake_times) {
          tasks.start_soon([&, ticks]() -> Coro<> {
            co_await backend.sleep_until(base + ticks * 10ms);
            woke.push_back(ticks);
          });
        }
        co_return;
      });
    });
    one.witness("sleepers", wake_times.size());
    one.expect_no_failure("failed", failure);
    std::sort(wake_times.begin(), wake_times.end());
    one.expect_equal("order", wake_times, woke);
  });
}

// ---- Clock ----------------------------------------------------------------------------------------------------------

void time_is_counted_in_seconds(Trial& t) {
  const int longest_ms = t.manifest().virtual_time ? 200'000 : 50;
  for_all<int>(t, "milliseconds", rc::gen::inRange(1, longest_ms), [](Trial& one, const int& ms) {
    Seconds elapsed{};
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      const TimePoint before = backend.current_time();
      co_await backend.sleep(milliseconds(ms));
      elapsed = backend.current_time() - before;
    });
    one.witness("readings around a sleep");
    one.expect_no_failure("failed", failure);
    one.expect_elapsed("elapsed", milliseconds(ms), elapsed);
  });
}

void absolute_times_are_on_one_clock(Trial& t) {
  for_all<int>(t, "distance", rc::gen::inRange(1, 100), [](Trial& one, const int& ms) {
    using Await = std::function<Coro<>(AsyncBackend&, TimePoint)>;
    const auto fires_at = [&](std::string_view key, const Await& await) {
      TimePoint deadline;
      TimePoint fired;
      const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
        co_await backend.sleep(10ms);
        deadline = backend.current_time() + milliseconds(ms);
        co_await await(backend, deadline);
        fired = backend.current_time();
      });
      one.witness("absolute times that came");
      one.expect_no_failure("failed", failure);
      one.expect_time(key, deadline, fired);
    };
    const auto gives_it_back = [&](const CancelScope& scope, TimePoint deadline) {
      one.expect_equal("when", deadline, scope.when());
      one.expect_equal("deadline", deadline, scope.deadline());
    };
    fires_at("sleep-until", [](AsyncBackend& backend, TimePoint at) -> Coro<> { co_await backend.sleep_until(at); });
    fires_at("move-on-at", [&](AsyncBackend& backend, TimePoint at) -> Coro<> {
      auto scope = backend.move_on_at(at);
      gives_it_back(scope, at);
      co_await scope.run([&]() -> Coro<> { co_await backend.sleep_forever(); });
      gives_it_back(scope, at);
    });
    fires_at("timeout-at", [&](AsyncBackend& backend, TimePoint at) -> Coro<> {
      auto limit = backend.timeout_at(at);
      const auto endless = [&]() -> Coro<> { co_await backend.sleep_forever(); };
      co_await outcome_of(limit.run(endless));
    });
    fires_at("reschedule", [&](AsyncBackend& backend, TimePoint at) -> Coro<> {
      auto scope = backend.open_cancel_scope();
      co_await scope.run([&]() -> Coro<> {
        scope.reschedule(at);
        gives_it_back(scope, at);
        co_await backend.sleep_forever();
      });
    });
  });
}

void time_never_goes_back(Trial& t) {
  const auto delays = rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 60));
  for_all<std::vector<int>>(t, "delays of three tasks", delays, [](Trial& one, const std::vector<int>& drawn) {
    std::vector<TimePoint> readings;
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      auto group = backend.create_task_group();
      const auto read = [&] { readings.push_back(backend.current_time()); };
      read();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        for (std::size_t task = 0; task < 3; ++task) {
          tasks.start_soon([&, task]() -> Coro<> {
            for (std::size_t i = task; i < drawn.size(); i += 3) {
              read();
              if (drawn[i] % 3 == 0) one.spend(milliseconds(drawn[i]));
              read();
              co_await backend.sleep(milliseconds(drawn[i]));
              read();
            }
          });
        }
        co_return;
      });
      for (int i = 0; i < 3; ++i) {
        co_await backend.sleep(long_wait(one));
        read();
      }
    });
    one.witness("readings", readings.size());
    one.expect_no_failure("failed", failure);
    const auto back = std::adjacent_find(readings.begin(), readings.end(), std::greater<>());
    one.expect(back == readings.end(), "went-back", "readings that do not decrease",
               back == readings.end() ? "" : show(std::vector<TimePoint>{back[0], back[1]}));
  });
}

void the_epoch_is_as_declared(Trial& t) {
  const bool common = t.manifest().trait("clock_epoch") == "process";
  int began_earlier = 0;
  std::optional<TimePoint> last;
  const auto failure = t.call([&] {
    for (int i = 0; i < 5; ++i) {
      t.backend().bootstrap(t.runner_options(), [&]() -> Coro<> {
        const TimePoint first = t.backend().current_time();
        if (last && first < *last) ++began_earlier;
        co_await t.backend().sleep(long_wait(t));
        last = t.backend().current_time();
      });
    }
  });
  t.witness("long runs in a row", 5);
  t.expect_no_failure("failed", failure);
  if (common) {
    t.expect_equal("not-common", 0, began_earlier);
  } else {
    t.expect(began_earlier > 0, "declared-but-never-seen", "a run that begins before the end of the one before it",
             "one time line for five runs");
  }
}

void there_is_no_time_where_the_backend_does_not_run(Trial& t) {
  AsyncBackend& backend = t.backend();
  const auto other = t.make_backend();
  const auto reading_of = [](AsyncBackend& asked) -> std::exception_ptr {
    try {
      asked.current_time();
    } catch (...) {
      return std::current_exception();
    }
    return nullptr;
  };
  const auto before = reading_of(backend);
  std::exception_ptr in_thread;
  std::exception_ptr of_other;
  std::exception_ptr inside;
  t.run([&](AsyncBackend&) -> Coro<> {
    co_await backend.sleep(10ms);
    inside = reading_of(backend);
    of_other = reading_of(*other);
    std::thread([&] { in_thread = reading_of(backend); }).join();
  });
  const auto after = reading_of(backend);
  t.witness("readings where the backend does not run", 4);
  t.expect_failure<UsageError>("before", before);
  t.expect_no_failure("inside", inside);
  t.expect_failure<UsageError>("other-backend", of_other);
  t.expect_failure<UsageError>("other-thread", in_thread);
  t.expect_failure<UsageError>("after", after);
}

/// Computes, reads the time, sleeps and reads again: the difference.
Coro<Seconds> measured_sleep(AsyncBackend& backend, const std::function<void()>& compute, Seconds delay) {
  co_await backend.sleep(1ms);
  compute();
  const TimePoint before = backend.current_time();
  co_await backend.sleep(delay);
  co_return backend.current_time() - before;
}

/// Keeps the processor busy in real time.
void compute_for(std::chrono::nanoseconds duration) {
  const auto end = real_now() + duration;
  while (real_now() < end) {
  }
}

/// The rounding of two doubles may take a nanosecond away.
void expect_not_short(Trial& t, std::string_view key, Seconds delay, Seconds elapsed) {
  t.expect(elapsed >= delay - Seconds(1e-9), key, "at least " + show(delay), show(elapsed));
}

void sleep_is_never_short_by_its_own_clock(Trial& t) {
  const auto inputs = rc::gen::pair(rc::gen::inRange(0, 100), rc::gen::inRange(1, 30'000));
  for_all<std::pair<int, int>>(
      t, "computing and microseconds asleep", inputs, [](Trial& one, const std::pair<int, int>& drawn) {
        const Seconds delay = std::chrono::microseconds(drawn.second);
        const std::function<void()> compute = [&] { one.spend(milliseconds(drawn.first)); };
        Seconds elapsed{};
        const auto failure = one.run(
            [&](AsyncBackend& backend) -> Coro<> { elapsed = co_await measured_sleep(backend, compute, delay); });
        one.witness("sleeps after computing");
        one.expect_no_failure("failed", failure);
        expect_not_short(one, "elapsed", delay, elapsed);
      });
  if (t.schedule().order_seed != 0) return;
  // Once on the clock of the machine.
  for (const auto delay : {300us, 1500us, 4000us}) {
    const std::function<void()> compute = [] { compute_for(2ms); };
    const Seconds elapsed = t.backend().bootstrap([&] { return measured_sleep(t.backend(), compute, delay); });
    t.witness("sleeps in real time");
    expect_not_short(t, "elapsed-really", delay, elapsed);
  }
}

}  // namespace

ClauseTests clock_tests() {
  return {
      {clause::Sleep001, "SleepLastsAsLongAsItSays", sleep_lasts_as_long_as_it_says},
      {clause::Sleep002, "SleepZeroIsACheckpoint", sleep_zero_is_a_checkpoint},
      {clause::Sleep003, "ANegativeSleepIsRefused", a_negative_sleep_is_refused},
      {clause::Sleep004, "ASleepOfNanIsRefused", a_sleep_of_nan_is_refused},
      {clause::Sleep005, "SleepForeverEndsByCancellationOnly", sleep_forever_ends_by_cancellation_only},
      {clause::Sleep006, "InfiniteAndHugeSleepsDoNotWake", infinite_and_huge_sleeps_do_not_wake},
      {clause::Sleep007, "SleepUntilWakesAtItsTime", sleep_until_wakes_at_its_time},
      {clause::Sleep008, "SleepUntilAPastTimeIsACheckpoint", sleep_until_a_past_time_is_a_checkpoint},
      {clause::Sleep009, "SleepUntilNanIsRefused", sleep_until_nan_is_refused},
      {clause::Sleep010, "BothSpellingsOfASleepAgree", both_spellings_of_a_sleep_agree},
      {clause::Sleep011, "ACancelledSleepLeavesNothingBehind", a_cancelled_sleep_leaves_nothing_behind},
      {clause::Sleep012, "EarlierWakeTimesComeFirst", earlier_wake_times_come_first},
      {clause::Clock001, "TimeIsCountedInSeconds", time_is_counted_in_seconds},
      {clause::Clock002, "AbsoluteTimesAreOnOneClock", absolute_times_are_on_one_clock},
      {clause::Clock003, "TimeNeverGoesBack", time_never_goes_back},
      {clause::Clock004, "TheEpochIsAsDeclared", the_epoch_is_as_declared},
      {clause::Clock005, "ThereIsNoTimeWhereTheBackendDoesNotRun", there_is_no_time_where_the_backend_does_not_run},
      {clause::Clock006, "SleepIsNeverShortByItsOwnClock", sleep_is_never_short_by_its_own_clock},
  };
}

}  // namespace concert::conformance
