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
      with_delay("sleep_is_cut_to_whole_milliseconds", "delays are rounded down to the tick of the loop",
                 {{"Sleep001", "elapsed"}, {"Sleep010", "sleep"}, {"Clock006", "elapsed"}},
                 [](Seconds delay) {
                   return delay > 0s && delay < 1000s ? Seconds(std::trunc(delay.count() * 1000) / 1000) : delay;
                 }),
      with_delay("long_sleeps_are_late", "a sleep of more than 10 ms lasts five more",
                 {{"Clock001", "elapsed"},
                  {"Event008", "undisturbed"},
                  {"Gather001", "time"},
                  {"Gather009", "clean-up"},
                  {"Group002", "time"},
                  {"Group018", "time"},
                  {"Group033", "time"},
                  {"Shield007", "first-checkpoint"},
                  {"Sleep001", "elapsed"},
                  {"Sleep010", "sleep"},
                  {"Task026", "undisturbed"},
                  {"Timeout009", "clear"},
                  {"Timeout011", "end"},
                  {"Timeout023", "end"}},
                 [](Seconds delay) { return delay > 10ms ? delay + Seconds(5ms) : delay; }),
      model_mutant("short_sleeps_block_the_loop", "a sleep of less than a millisecond is spent in a busy loop",
                   {{"Sleep001", "not-suspended"}}),
      model_mutant("sleep_zero_returns_at_once", "sleep(0) neither suspends nor checks for cancellation",
                   {{"Cancel005", "scope-checkpoint"},
                    {"Cancel007", "each-throws"},
                    {"Cancel008", "each-throws"},
                    {"Cancel009", "each-throws"},
                    {"Cancel012", "lost"},
                    {"Cond015", "request-pending"},
                    {"Scope005", "delivered"},
                    {"Scope009", "stored-one-passes"},
                    {"Scope017", "first-checkpoint"},
                    {"Scope032", "redelivered"},
                    {"Scope035", "absorbed"},
                    {"Scope036", "not-absorbed"},
                    {"Scope037", "a-group"},
                    {"Scope039", "prepared-before-the-run"},
                    {"Shield007", "first-checkpoint"},
                    {"Shield010", "behind"},
                    {"Shield016", "behind"},
                    {"Shield017", "behind"},
                    {"Sleep002", "others-starve"}}),
      model_mutant("sleep_zero_ignores_cancellation", "a sleep whose time has come does not check for cancellation",
                   {{"Cancel005", "scope-checkpoint"},
                    {"Cancel007", "each-throws"},
                    {"Cancel008", "each-throws"},
                    {"Cancel009", "each-throws"},
                    {"Cancel012", "lost"},
                    {"Cond015", "request-pending"},
                    {"Scope005", "delivered"},
                    {"Scope009", "stored-one-passes"},
                    {"Scope017", "first-checkpoint"},
                    {"Scope032", "redelivered"},
                    {"Scope035", "absorbed"},
                    {"Scope036", "not-absorbed"},
                    {"Scope037", "a-group"},
                    {"Scope039", "prepared-before-the-run"},
                    {"Shield007", "first-checkpoint"},
                    {"Shield010", "behind"},
                    {"Shield016", "behind"},
                    {"Shield017", "behind"},
                    {"Sleep002", "not-cancelled"},
                    {"Sleep008", "not-cancelled"}}),
      with_delay("sleep_zero_waits_a_tick", "sleep(0) waits for the next tick of the loop",
                 {{"Scope001", "distinct"}, {"Sleep002", "blocked"}, {"Sleep010", "sleep"}},
                 [](Seconds delay) { return delay == 0s ? Seconds(2ms) : delay; }),
      with_delay("negative_sleep_returns_at_once", "a negative delay counts as zero", {{"Sleep003", "accepted"}},
                 [](Seconds delay) { return delay < 0s ? Seconds(0) : delay; }),
      with_delay("minus_infinity_is_forever", "any infinite delay sleeps for ever", {{"Sleep003", "accepted"}},
                 [=](Seconds delay) { return is_infinite(delay) ? Seconds(INFINITY) : delay; }),
      with_delay("minus_zero_is_negative", "sleep(-0.0) is refused", {{"Sleep003", "minus-zero"}},
                 [](Seconds delay) { return std::signbit(delay.count()) ? Seconds(-1) : delay; }),
      with_delay("nan_sleep_returns_at_once", "a delay that is NaN counts as zero", {{"Sleep004", "accepted"}},
                 [](Seconds delay) { return is_nan(delay) ? Seconds(0) : delay; }),
      with_delay("nan_sleep_never_ends", "a delay that is NaN sleeps for ever", {{"Sleep004", "accepted"}},
                 [](Seconds delay) { return is_nan(delay) ? Seconds(INFINITY) : delay; }),
      model_mutant("forever_is_a_minute", "sleep_forever wakes with the longest poll of the loop",
                   {{"Sleep005", "log"}, {"Sleep006", "infinite"}, {"Timeout024", "caught"}}),
      with_delay("infinite_sleep_wakes_at_once", "an infinite delay overflows the tick of the loop",
                 {{"Sleep006", "infinite"}},
                 [=](Seconds delay) { return is_infinite(delay) && delay > 0s ? Seconds(0) : delay; }),
      with_delay("huge_sleep_wakes_at_once", "a finite delay of centuries overflows the tick of the loop",
                 {{"Sleep006", "huge"}},
                 [=](Seconds delay) { return delay > Seconds(9.3e9) && !is_infinite(delay) ? Seconds(0) : delay; }),
      with_wake_time("past_wake_time_counts_as_distance", "a wake time in the past is waited for as one in the future",
                     {{"Sleep007", "time"}, {"Sleep008", "blocked"}, {"Sleep010", "sleep-until"}},
                     [](TimePoint now, TimePoint at) { return at < now ? now + (now - at) : at; }),
      model_mutant("past_wake_time_returns_at_once", "sleep_until a past time neither suspends nor checks",
                   {{"Cancel005", "scope-checkpoint"},
                    {"Cancel007", "each-throws"},
                    {"Cancel008", "each-throws"},
                    {"Cancel009", "each-throws"},
                    {"Shield007", "first-checkpoint"},
                    {"Sleep008", "others-starve"}}),
      with_wake_time("nan_wake_time_is_now", "a wake time that is NaN counts as the present",
                     {{"Sleep009", "accepted"}},
                     [](TimePoint now, TimePoint at) { return is_nan(at.time_since_epoch()) ? now : at; }),
      with_wake_time("nan_wake_time_is_never", "sleep_until NaN sleeps for ever", {{"Sleep009", "accepted"}},
                     [](TimePoint, TimePoint at) { return is_nan(at.time_since_epoch()) ? never : at; }),
      with_wake_time("present_wake_time_waits_a_tick", "sleep_until the present waits for the next tick",
                     {{"Sleep010", "sleep-until"}},
                     [](TimePoint now, TimePoint at) { return at == now ? now + Seconds(10ms) : at; }),
      model_mutant("timers_count_from_a_cached_time", "wake times are computed from a time read before the turn",
                   {{"Clock006", "elapsed"}, {"Sleep007", "time"}, {"Timeout007", "trace"}}),
      model_mutant("cancelled_sleep_ends_at_its_wake_time", "a sleep is told of its cancellation when it is over",
                   {{"Cancel002", "passed"},
                    {"Cancel003", "scope"},
                    {"Cancel006", "cancelled"},
                    {"Cancel008", "first"},
                    {"Cancel014", "next-checkpoint"},
                    {"Cancel016", "absorbed"},
                    {"Cond005", "cancelled"},
                    {"Fair003", "cancelled"},
                    {"Gather008", "interrupted"},
                    {"Gather009", "time"},
                    {"Gather011", "outcomes"},
                    {"Gather014", "values"},
                    {"Group017", "interrupted"},
                    {"Group018", "time"},
                    {"Group019", "leaves"},
                    {"Group020", "interrupted"},
                    {"Group021", "leaves"},
                    {"Group022", "interrupted"},
                    {"Group023", "bare"},
                    {"Group024", "left-with"},
                    {"Group025", "cancelled"},
                    {"Group026", "own-group"},
                    {"Group027", "group-not-cancelled"},
                    {"Group028", "first-step"},
                    {"Group029", "outcome"},
                    {"Group037", "every-checkpoint"},
                    {"Lock004", "cancelled"},
                    {"Scope019", "no-time-passes"},
                    {"Scope025", "still-cancelled"},
                    {"Scope044", "results"},
                    {"Shield010", "crashed"},
                    {"Shield012", "deadline-caught"},
                    {"Shield013", "body-interrupted"},
                    {"Sleep006", "huge"},
                    {"Sleep011", "instant"},
                    {"Task003", "at-once"},
                    {"Task008", "cancelled"},
                    {"Task010", "failing-sibling"},
                    {"Task011", "at-the-end"},
                    {"Task016", "before-the-end"},
                    {"Task018", "all-cancelled"},
                    {"Task019", "scope"},
                    {"Task021", "cancelled"},
                    {"Timeout001", "end"},
                    {"Timeout002", "move_on_after"},
                    {"Timeout003", "interrupted"},
                    {"Timeout005", "time"},
                    {"Timeout006", "time"},
                    {"Timeout007", "trace"},
                    {"Timeout008", "trace"},
                    {"Timeout009", "reschedule"},
                    {"Timeout013", "sibling"},
                    {"Timeout014", "before-the-deadline"},
                    {"Timeout016", "timeout-error"},
                    {"Timeout017", "inner"},
                    {"Timeout019", "at-once"},
                    {"Timeout020", "at-once"},
                    {"Timeout021", "time"}}),
      model_mutant("cancelled_sleep_keeps_its_timer", "the timer of a cancelled sleep ends a later wait of its task",
                   {{"Cancel007", "each-throws"},
                    {"Cancel008", "each-throws"},
                    {"Cancel009", "each-throws"},
                    {"Group002", "time"},
                    {"Group016", "group"},
                    {"Scope044", "results"},
                    {"Shield007", "first-checkpoint"},
                    {"Sleep011", "later-wait"},
                    {"Timeout007", "trace"},
                    {"Timeout008", "trace"}}),
      model_mutant("run_waits_for_stale_timers", "a run ends when the timers of cancelled sleeps have fired",
                   {{"Sleep006", "stuck"}, {"Sleep011", "run-held-up"}}),
      model_mutant("equal_timers_are_one", "of two sleeps that end at one time, the first is forgotten",
                   {{"Run005", "failed"},        {"Run006", "failed"},    {"Run013", "frames-after-return"},
                    {"Sleep010", "stuck"},       {"Sleep012", "stuck"},   {"Clock003", "stuck"},
                    {"Cancel014", "stuck"},      {"Shield004", "stuck"},  {"Shield009", "stuck"},
                    {"Shield017", "stuck"},      {"Group002", "time"},    {"Group003", "stuck"},
                    {"Group005", "stuck"},       {"Group006", "stuck"},   {"Group010", "stuck"},
                    {"Group011", "stuck"},       {"Group012", "stuck"},   {"Group015", "stuck"},
                    {"Group016", "group"},       {"Group018", "time"},    {"Group019", "leaves"},
                    {"Group020", "same-object"}, {"Group021", "leaves"},  {"Group023", "bare"},
                    {"Group024", "left-with"},   {"Group025", "stuck"},   {"Group030", "leaves"},
                    {"Group032", "value"},       {"Group033", "time"},    {"Group034", "value"},
                    {"Gather001", "stuck"},      {"Gather002", "stuck"},  {"Gather003", "no-failure"},
                    {"Gather005", "stuck"},      {"Gather007", "leaves"}, {"Gather008", "leaves"},
                    {"Gather009", "clean-up"},   {"Gather010", "ended"},  {"Gather012", "stuck"},
                    {"Gather014", "values"},     {"Task018", "stuck"},    {"Info001", "stuck"},
                    {"Info002", "stuck"},        {"Info003", "stuck"},    {"Info008", "stuck"},
                    {"Scope010", "stuck"},       {"Lock003", "stuck"},    {"Lock011", "stuck"},
                    {"Lock015", "stuck"},        {"Fair001", "stuck"},    {"Fair003", "stuck"},
                    {"Fair005", "stuck"},        {"Fair008", "stuck"},    {"Event002", "stuck"},
                    {"Event003", "stuck"},       {"Event005", "stuck"},   {"Event006", "stuck"},
                    {"Event008", "stuck"},       {"Cond005", "stuck"},    {"Cond009", "stuck"}}),
      model_mutant("only_six_timers_are_looked_at", "the next timer is looked for among six",
                   {{"Gather008", "interrupted"},
                    {"Group017", "interrupted"},
                    {"Group018", "time"},
                    {"Group022", "interrupted"},
                    {"Group025", "cancelled"},
                    {"Sleep012", "order"}}),
  };
}

std::vector<Mutant> reading_mutants() {
  model::Traits new_epochs;
  new_epochs.clock_epoch_is_run = true;
  return {
      with_clock("clock_wraps_after_64_seconds", "the reading starts again when a counter is full",
                 {{"Clock001", "elapsed"}, {"Clock003", "went-back"}, {"Shield016", "behind"}, {"Timeout024", "time"}},
                 [] {
                   return [](const Original& original) {
                     return TimePoint(1000s + Seconds(std::fmod(original().time_since_epoch().count() - 1000, 64)));
                   };
                 }),
      with_clock("fortieth_reading_steps_back", "each fortieth reading is five milliseconds old",
                 {{"Cancel006", "instant"},
                  {"Clock003", "went-back"},
                  {"Cond013", "instant"},
                  {"Task029", "time"},
                  {"Timeout003", "deadline"}},
                 [] {
                   return [count = std::make_shared<std::atomic<int>>(0)](const Original& original) {
                     const TimePoint now = original();
                     return ++*count % 40 == 0 ? now - Seconds(5ms) : now;
                   };
                 }),
      with_clock("clock_answers_without_a_loop", "outside a run the reading is zero", {{"Clock005", "before"}},
                 [] {
                   return [](const Original& original) {
                     return AsyncBackend::running() == nullptr ? TimePoint() : original();
                   };
                 }),
      with_clock("clock_answers_for_another_backend", "the clock of a backend that runs here is read by all others",
                 {{"Clock005", "other-backend"}},
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
      with_clock("clock_answers_with_the_last_reading", "where no loop runs, the last reading is given again",
                 {{"Clock005", "other-thread"}},
                 [] {
                   return [last = std::make_shared<std::atomic<double>>(-1)](const Original& original) {
                     if (AsyncBackend::running() == nullptr && *last >= 0) return TimePoint(Seconds(*last));
                     const TimePoint now = original();
                     *last = now.time_since_epoch().count();
                     return now;
                   };
                 }),
      faulty_model("timeout_at_has_its_own_clock", "timeout_at counts on a clock that is a quarter second behind",
                   {{"Clock002", "timeout-at"},
                    {"Timeout008", "trace"},
                    {"Timeout009", "extend"},
                    {"Timeout017", "inner"},
                    {"Timeout020", "at-once"},
                    {"Timeout021", "timeout-error"}},
                   [] {
                     model::Faults faults;
                     faults.timeout_at = [](AsyncBackend& backend, TimePoint deadline) {
                       return backend.AsyncBackend::timeout_at(deadline + 250ms);
                     };
                     return faults;
                   }),
      model_mutant("deadline_counts_from_another_origin", "deadline() gives a time that counts from the start",
                   {{"Clock002", "when"},
                    {"Scope001", "when"},
                    {"Scope002", "end"},
                    {"Scope011", "when"},
                    {"Scope013", "end"},
                    {"Scope016", "old-deadline"},
                    {"Scope025", "when"},
                    {"Scope040", "when"},
                    {"Timeout001", "when"},
                    {"Timeout003", "deadline"},
                    {"Timeout006", "when"},
                    {"Timeout009", "extend"},
                    {"Timeout019", "when"},
                    {"Timeout021", "time"},
                    {"Timeout024", "time"}}),
      lying_model("epoch_declared_common", "each run has its own epoch, one for the process is declared", new_epochs,
                  "clock_epoch", "process", {{"Clock004", "not-common"}}),
      lying_model("epoch_declared_new", "all runs have one epoch, a new one for each is declared", {}, "clock_epoch",
                  "run", {{"Clock004", "declared-but-never-seen"}}),
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
