// SPDX-License-Identifier: Apache-2.0
// Backends that break the clauses of spec/clauses/clock.md.
#include <atomic>
#include <cmath>
#include <memory>
#include <stdexcept>

#include "concert/mutants/mutants.hpp"

namespace concert::conformance {

namespace {

using namespace std::chrono_literals;
using Original = std::function<TimePoint()>;

/// A model that sleeps for another time than it was told.
Mutant with_delay(std::string name, std::string breaks, std::vector<Kill> kills,
                  const std::function<Seconds(Seconds)>& changed) {
  return faulty_model(std::move(name), std::move(breaks), std::move(kills), [changed] {
    model::Faults faults;
    faults.sleep = [changed](AsyncBackend& backend, Seconds delay) {
      return backend.AsyncBackend::sleep(changed(delay));
    };
    return faults;
  });
}

/// A model that sleeps until another time than it was told.
Mutant with_wake_time(std::string name, std::string breaks, std::vector<Kill> kills,
                      const std::function<TimePoint(TimePoint now, TimePoint wake_time)>& changed) {
  return faulty_model(std::move(name), std::move(breaks), std::move(kills), [changed] {
    model::Faults faults;
    faults.sleep_until = [changed](AsyncBackend& backend, TimePoint wake_time) {
      return backend.AsyncBackend::sleep_until(changed(backend.current_time(), wake_time));
    };
    return faults;
  });
}

/// A model whose clock is `make_reading()`, made anew for each backend object.
template <class MakeReading>
Mutant with_clock(std::string name, std::string breaks, std::vector<Kill> kills, MakeReading make_reading) {
  return faulty_model(std::move(name), std::move(breaks), std::move(kills), [make_reading] {
    model::Faults faults;
    faults.current_time = make_reading();
    return faults;
  });
}

std::vector<Mutant> sleep_mutants() {
  const auto is_infinite = [](Seconds delay) { return std::isinf(delay.count()); };
  return {
      with_delay(
          "sleep_is_cut_to_whole_milliseconds", "delays are rounded down to the tick of the loop", {},
          [](Seconds delay) { return delay.count() < 1e9 ? Seconds(std::trunc(delay.count() * 1000) / 1000) : delay; }),
      with_delay("long_sleeps_are_late", "a sleep of more than 40 ms lasts five more", {},
                 [](Seconds delay) { return delay > 40ms ? delay + 5ms : delay; }),
      model_mutant("short_sleeps_block_the_loop", "a sleep of less than a millisecond is spent in a busy loop", {}),
      model_mutant("sleep_zero_returns_at_once", "sleep(0) neither suspends nor checks for cancellation", {}),
      model_mutant("sleep_zero_ignores_cancellation", "a sleep whose time has come does not check for cancellation",
                   {}),
      with_delay("sleep_zero_waits_a_tick", "sleep(0) waits for the next tick of the loop", {},
                 [](Seconds delay) { return delay == 0s ? Seconds(2ms) : delay; }),
      with_delay("negative_sleep_returns_at_once", "a negative delay counts as zero", {},
                 [](Seconds delay) { return delay < 0s ? Seconds(0) : delay; }),
      with_delay("minus_infinity_is_forever", "any infinite delay sleeps for ever", {},
                 [=](Seconds delay) { return is_infinite(delay) ? Seconds(INFINITY) : delay; }),
      with_delay("minus_zero_is_negative", "sleep(-0.0) is refused", {},
                 [](Seconds delay) { return std::signbit(delay.count()) ? Seconds(-1) : delay; }),
      with_delay("nan_sleep_returns_at_once", "a delay that is NaN counts as zero", {},
                 [](Seconds delay) { return is_nan(delay) ? Seconds(0) : delay; }),
      with_delay("nan_sleep_never_ends", "a delay that is NaN sleeps for ever", {},
                 [](Seconds delay) { return is_nan(delay) ? Seconds(INFINITY) : delay; }),
      model_mutant("forever_is_a_minute", "sleep_forever wakes with the longest poll of the loop", {}),
      with_delay("infinite_sleep_wakes_at_once", "an infinite delay overflows the tick of the loop", {},
                 [=](Seconds delay) { return is_infinite(delay) && delay > 0s ? Seconds(0) : delay; }),
      with_delay("huge_sleep_wakes_at_once", "a finite delay of centuries overflows the tick of the loop", {},
                 [=](Seconds delay) { return delay > Seconds(9.3e9) && !is_infinite(delay) ? Seconds(0) : delay; }),
      with_wake_time("past_wake_time_counts_as_distance", "a wake time in the past is waited for as one in the future",
                     {}, [](TimePoint now, TimePoint at) { return at < now ? now + (now - at) : at; }),
      model_mutant("past_wake_time_returns_at_once", "sleep_until a past time neither suspends nor checks", {}),
      with_wake_time("nan_wake_time_is_now", "a wake time that is NaN counts as the present", {},
                     [](TimePoint now, TimePoint at) { return is_nan(at.time_since_epoch()) ? now : at; }),
      with_wake_time("nan_wake_time_is_never", "sleep_until NaN sleeps for ever", {},
                     [](TimePoint, TimePoint at) { return is_nan(at.time_since_epoch()) ? never : at; }),
      with_wake_time("present_wake_time_waits_a_tick", "sleep_until the present waits for the next tick", {},
                     [](TimePoint now, TimePoint at) { return at == now ? now + 10ms : at; }),
      model_mutant("timers_count_from_a_cached_time", "wake times are computed from a time read before the turn", {}),
      model_mutant("cancelled_sleep_ends_at_its_wake_time", "a sleep is told of its cancellation when it is over", {}),
      model_mutant("cancelled_sleep_keeps_its_timer", "the timer of a cancelled sleep ends a later wait of its task",
                   {}),
      model_mutant("run_waits_for_stale_timers", "a run ends when the timers of cancelled sleeps have fired", {}),
      model_mutant("only_six_timers_are_looked_at", "the next timer is looked for among six", {}),
  };
}

std::vector<Mutant> reading_mutants() {
  model::Traits new_epochs;
  new_epochs.clock_epoch_is_run = true;
  return {
      with_clock("clock_wraps_after_64_seconds", "the reading starts again when a counter is full", {},
                 [] {
                   return [](const Original& original) {
                     return TimePoint(1000s + Seconds(std::fmod(original().time_since_epoch().count() - 1000, 64)));
                   };
                 }),
      with_clock("seventh_reading_steps_back", "each seventh reading is five milliseconds old", {},
                 [] {
                   return [count = std::make_shared<std::atomic<int>>(0)](const Original& original) {
                     const TimePoint now = original();
                     return ++*count % 7 == 0 ? now - 5ms : now;
                   };
                 }),
      with_clock("clock_answers_without_a_loop", "outside a run the reading is zero", {},
                 [] {
                   return [](const Original& original) {
                     return AsyncBackend::running() == nullptr ? TimePoint() : original();
                   };
                 }),
      with_clock("clock_answers_for_another_backend", "the clock of a backend that runs here is read by all others", {},
                 [] {
                   return [](const Original& original) {
                     AsyncBackend* const running = AsyncBackend::running();
                     try {
                       return original();
                     } catch (const UsageError&) {
                       if (running == nullptr) throw;
                       return running->current_time();
                     }
                   };
                 }),
      with_clock("clock_answers_with_the_last_reading", "where no loop runs, the last reading is given again", {},
                 [] {
                   return [last = std::make_shared<std::atomic<double>>(-1)](const Original& original) {
                     if (AsyncBackend::running() == nullptr && *last >= 0) return TimePoint(Seconds(*last));
                     const TimePoint now = original();
                     *last = now.time_since_epoch().count();
                     return now;
                   };
                 }),
      faulty_model("timeout_at_has_its_own_clock", "timeout_at counts on a clock that is a quarter second behind", {},
                   [] {
                     model::Faults faults;
                     faults.timeout_at = [](AsyncBackend& backend, TimePoint deadline) {
                       return backend.AsyncBackend::timeout_at(deadline + 250ms);
                     };
                     return faults;
                   }),
      model_mutant("deadline_counts_from_another_origin", "deadline() gives a time that counts from the start", {}),
      lying_model("epoch_declared_common", "each run has its own epoch, one for the process is declared", new_epochs,
                  "clock_epoch", "process", {}),
      lying_model("epoch_declared_new", "all runs have one epoch, a new one for each is declared", {}, "clock_epoch",
                  "run", {}),
  };
}

}  // namespace

std::vector<Mutant> clock_mutants() {
  std::vector<Mutant> all;
  for (const auto group : {sleep_mutants, reading_mutants}) {
    for (Mutant& mutant : group()) all.push_back(std::move(mutant));
  }
  return all;
}

}  // namespace concert::conformance
