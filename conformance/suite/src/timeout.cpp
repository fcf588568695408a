// SPDX-License-Identifier: Apache-2.0
// Tests of spec/clauses/scope.md, the family Timeout.
#include <array>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "concert/harness/for_all.hpp"
#include "concert/harness/waits.hpp"
#include "concert/suite/suite.hpp"
#include "task_scenes.hpp"

namespace concert::conformance {

namespace {

using namespace std::chrono_literals;

constexpr Seconds infinite{std::numeric_limits<double>::infinity()};
constexpr Seconds not_a_number{std::numeric_limits<double>::quiet_NaN()};

/// The four ways to set a limit.
enum class Form { move_on_after, move_on_at, timeout, timeout_at };
constexpr std::array all_forms{Form::move_on_after, Form::move_on_at, Form::timeout, Form::timeout_at};
constexpr std::array relative_forms{Form::move_on_after, Form::timeout};
constexpr std::array raising_forms{Form::timeout, Form::timeout_at};

std::string name_of(Form form) {
  switch (form) {
    case Form::move_on_after: return "move_on_after";
    case Form::move_on_at: return "move_on_at";
    case Form::timeout: return "timeout";
    default: return "timeout_at";
  }
}

/// How a limited block came to its end.
struct Ending {
  std::exception_ptr failure;
  bool caught = false;
  /// The deadline as the scope tells it, before the block and after it.
  TimePoint deadline{};
  TimePoint deadline_after{};
  TimePoint entered_at{};
  TimePoint left_at{};
};

template <class Limit, class Body>
Coro<Ending> run_and_note(AsyncBackend& backend, Limit& limit, CancelScope& scope, Seconds pause, Body& body) {
  Ending ending;
  ending.deadline = scope.when();
  if (pause > Seconds(0)) co_await backend.sleep(pause);
  ending.entered_at = backend.current_time();
  ending.failure = co_await outcome_of(limit.run(body));
  ending.left_at = backend.current_time();
  ending.deadline_after = scope.when();
  ending.caught = scope.cancelled_caught();
  co_return ending;
}

/// Runs `body` under a limit of this form that ends `delay` from now, after a `pause` between making it and entering
/// it.
template <class Body>
Coro<Ending> run_limited(AsyncBackend& backend, Form form, Seconds delay, Body& body, Seconds pause = Seconds(0)) {
  const TimePoint deadline = backend.current_time() + delay;
  if (form == Form::timeout || form == Form::timeout_at) {
    auto limit = form == Form::timeout ? backend.timeout(delay) : backend.timeout_at(deadline);
    co_return co_await run_and_note(backend, limit, limit.scope(), pause, body);
  }
  auto limit = form == Form::move_on_after ? backend.move_on_after(delay) : backend.move_on_at(deadline);
  co_return co_await run_and_note(backend, limit, limit, pause, body);
}

// ---- Where the deadline lies ----------------------------------------------------------------------------------------

void move_on_after_counts_from_now(Trial& t) {
  for_all<int>(t, "delay", rc::gen::inRange(1, 100), [](Trial& trial, const int& input) {
    const Seconds delay = 10ms * input;
    TimePoint before{};
    TimePoint after{};
    bool disturbed = true;
    Ending ending;
    const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
      before = backend.current_time();
      auto limit = backend.move_on_after(delay);
      auto other = backend.move_on_after(delay);
      after = backend.current_time();
      other.cancel();
      disturbed = limit.cancel_called();
      auto body = [&]() -> Coro<> { co_await backend.sleep(10s); };
      ending = co_await run_and_note(backend, limit, limit, Seconds(0), body);
      trial.witness("blocks ended by their limit", ending.caught ? 1 : 0);
    });
    trial.expect_false("new", disturbed);
    // The call reads the clock itself, so that on a perturbed one its now lies between the two readings.
    trial.expect(before + delay <= ending.deadline && ending.deadline <= after + delay, "when",
                 "between " + show(before + delay) + " and " + show(after + delay), show(ending.deadline));
    trial.expect_time("end", ending.deadline, ending.left_at);
    trial.expect_no_failure("program", failure);
  });
}

void the_delay_counts_from_the_call(Trial& t) {
  const auto steps = rc::gen::inRange(0, 8);
  for_all<std::pair<int, int>>(t, "pause and delay", rc::gen::pair(steps, steps), [](Trial& trial, const auto& input) {
    for (const Form form : relative_forms) {
      TimePoint called{};
      Ending ending;
      const Seconds pause = 100ms * input.first;
      const Seconds delay = 100ms * input.second + 50ms;
      const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
        auto body = [&]() -> Coro<> { co_await backend.sleep(10s); };
        called = backend.current_time();
        ending = co_await run_limited(backend, form, delay, body, pause);
        trial.witness("blocks ended by their limit", ending.caught ? 1 : 0);
      });
      trial.expect_time(name_of(form), std::max(called + delay, ending.entered_at), ending.left_at);
      trial.expect_no_failure("program", failure);
    }
  });
}

void a_limit_without_end(Trial& t) {
  for (const Form form : all_forms) {
    for (const Seconds delay : {infinite, Seconds(1e10), Seconds(1e18), Seconds(1e300)}) {
      Ending ending;
      bool inner_expired = false;
      Seconds lived{0};
      const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
        auto body = [&]() -> Coro<> {
          auto inner = backend.move_on_after(500s);
          co_await inner.run([&] { return backend.sleep_forever(); });
          inner_expired = inner.cancelled_caught();
          co_await backend.sleep(500s);
          lived = 1000s;
        };
        ending = co_await run_limited(backend, form, delay, body);
      });
      t.witness("other limits that expired meanwhile", inner_expired ? 1 : 0);
      const bool is_infinite = std::isinf(delay.count());
      if (is_infinite) t.expect_equal("when", never, ending.deadline);
      t.expect_no_failure(is_infinite ? "no-limit" : "huge", ending.failure);
      t.expect_equal(is_infinite ? "no-limit" : "huge", Seconds(1000), lived);
      t.expect_no_failure("program", failure);
    }
  }
}

void move_on_after_can_be_rescheduled(Trial& t) {
  // The delay at first in steps of 100 ms (0: infinite), the new one, and whether it is set before the entry.
  using Input = std::tuple<int, int, bool>;
  const auto inputs = rc::gen::tuple(rc::gen::inRange(0, 8), rc::gen::inRange(0, 16), rc::gen::arbitrary<bool>());
  for_all<Input>(t, "delays", inputs, [](Trial& trial, const Input& input) {
    const auto [first, second, before_entry] = input;
    TimePoint target{};
    TimePoint left_at{};
    bool caught = false;
    const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
      auto limit = backend.move_on_after(first == 0 ? infinite : Seconds(100ms * first + 50ms));
      target = backend.current_time() + 100ms * second + 50ms;
      if (before_entry) limit.reschedule(target);
      auto body = [&]() -> Coro<> {
        if (!before_entry) limit.reschedule(target);
        co_await backend.sleep(10s);
      };
      co_await limit.run(body);
      left_at = backend.current_time();
      caught = limit.cancelled_caught();
      trial.witness("limits rescheduled");
    });
    trial.expect_true("caught", caught);
    trial.expect_time("time", target, left_at);
    trial.expect_no_failure("program", failure);
  });
}

void move_on_at_is_absolute(Trial& t) {
  for_all<int>(t, "offset", rc::gen::inRange(-10, 10), [](Trial& trial, const int& offset) {
    TimePoint target{};
    bool caught = false;
    TimePoint when{};
    TimePoint entered_at{};
    TimePoint left_at{};
    const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
      entered_at = backend.current_time();
      target = entered_at + 100ms * offset;
      auto limit = backend.move_on_at(target);
      when = limit.when();
      co_await limit.run([&] { return backend.sleep(10s); });
      left_at = backend.current_time();
      caught = limit.cancelled_caught();
      trial.witness("blocks with an absolute limit");
    });
    trial.expect_equal("when", target, when);
    trial.expect_true("caught", caught);
    trial.expect_time("time", std::max(target, entered_at), left_at);
    trial.expect_no_failure("program", failure);
  });

  bool caught = true;
  TimePoint when{};
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    auto limit = backend.move_on_at(never);
    when = limit.when();
    co_await limit.run([&] { return backend.sleep(1000s); });
    caught = limit.cancelled_caught();
  });
  t.expect_equal("never", never, when);
  t.expect_false("never-caught", caught);
  t.expect_no_failure("program", failure);
}

void nan_is_refused_at_the_call(Trial& t) {
  std::map<Form, std::vector<std::exception_ptr>> refusals;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    for (const double nan : {not_a_number.count(), -not_a_number.count()}) {
      for (const Form form : all_forms) {
        try {
          if (form == Form::move_on_after) backend.move_on_after(Seconds(nan));
          if (form == Form::move_on_at) backend.move_on_at(TimePoint(Seconds(nan)));
          if (form == Form::timeout) backend.timeout(Seconds(nan));
          if (form == Form::timeout_at) backend.timeout_at(TimePoint(Seconds(nan)));
          refusals[form].push_back(nullptr);
        } catch (...) {
          refusals[form].push_back(std::current_exception());
        }
        t.witness("calls with NaN");
      }
    }
    co_return;
  });
  for (const auto& [form, outcomes] : refusals) {
    for (const auto& outcome : outcomes) t.expect_failure<std::invalid_argument>(name_of(form), outcome);
  }
  t.expect_no_failure("program", failure);
}

void a_negative_delay_has_expired(Trial& t) {
  const auto check = [](Trial& trial, Seconds delay) {
    for (const Form form : relative_forms) {
      TimePoint before{};
      Ending ending;
      bool began = false;
      const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
        auto body = [&]() -> Coro<> {
          began = true;
          co_await backend.sleep(10s);
        };
        before = backend.current_time();
        ending = co_await run_limited(backend, form, delay, body);
        trial.witness("negative delays");
      });
      trial.expect_no_failure("refused", failure);
      trial.expect_true("began", began);
      trial.expect(before + delay <= ending.deadline && ending.deadline <= ending.entered_at + delay, "when",
                   show(before + delay), show(ending.deadline));
      trial.expect_true("interrupted", ending.caught);
      trial.expect_time("at-once", ending.entered_at, ending.left_at);
    }
  };
  check(t, -infinite);
  for_all<int>(t, "delay", rc::gen::inRange(1, 1000000),
               [&](Trial& trial, const int& delay) { check(trial, Seconds(-1ms * delay)); });
}

void a_delay_of_zero_lets_complete_work_succeed(Trial& t) {
  for (const Form form : all_forms) {
    int ready = 0;
    int inline_value = 0;
    int from_task = 0;
    std::exception_ptr checkpoint;
    Ending ending;
    const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
      std::optional<Handle> done;
      auto give = []() -> Coro<int> { co_return returned_value; };
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> { done = co_await tasks.start(give); });
      auto body = [&]() -> Coro<> {
        ready = co_await Coro<int>::ready(returned_value);
        inline_value = co_await give();
        from_task = co_await done->join();
        t.witness("complete work awaited after the limit");
        checkpoint = co_await outcome_of(backend.sleep(10s));
        if (checkpoint) std::rethrow_exception(checkpoint);
      };
      ending = co_await run_limited(backend, form, Seconds(0), body);
    });
    t.expect_equal("complete-work", std::vector<int>(3, returned_value),
                   std::vector<int>{ready, inline_value, from_task});
    t.expect_failure<Cancelled>("checkpoint", checkpoint);
    t.expect_time("at-once", ending.entered_at, ending.left_at);
    t.expect_no_failure("program", failure);
  }
}

// ---- What happens at the deadline -----------------------------------------------------------------------------------

void move_on_after_moves_on(Trial& t) {
  for (const WaitKind& kind : wait_kinds()) {
    std::exception_ptr inside;
    TimePoint interrupted_at{};
    Ending ending;
    const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
      auto body = [&]() -> Coro<> {
        inside = co_await outcome_of(kind.block(backend));
        interrupted_at = backend.current_time();
        if (inside) std::rethrow_exception(inside);
      };
      ending = co_await run_limited(backend, Form::move_on_after, 100ms, body);
      t.witness("limits that expire in a wait", inside ? 1 : 0);
    });
    t.expect_no_failure("no-error", ending.failure);
    t.expect_failure<Cancelled>("interrupted", inside);
    t.expect_time("deadline", ending.deadline, interrupted_at);
    t.expect_time("went-on", ending.deadline, ending.left_at);
    t.expect_no_failure("program", failure);
  }
}

void nothing_before_the_deadline(Trial& t) {
  for_all<int>(t, "delay", rc::gen::inRange(20, 3000), [](Trial& trial, const int& delay) {
    for (const Form form : all_forms) {
      std::exception_ptr in_time;
      TimePoint deadline{};
      TimePoint interrupted_at{};
      const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
        auto body = [&](CancelScope& scope) -> Coro<> {
          deadline = scope.when();
          in_time = co_await outcome_of(backend.sleep_until(deadline - 10ms));
          trial.witness("waits that end before the deadline");
          co_await outcome_of(backend.sleep(10s));
          interrupted_at = backend.current_time();
        };
        co_await run_limited(backend, form, 1ms * delay, body);
      });
      // A perturbed clock may use up the ten milliseconds; then the limit is right to interrupt.
      if (!trial.schedule().perturbed_clock) trial.expect_no_failure("in-time", in_time);
      trial.expect(interrupted_at >= deadline, "early", "not before " + show(deadline), show(interrupted_at));
      trial.expect_no_failure("program", failure);
    }
  });
}

void an_idle_loop_notices_the_deadline(Trial& t) {
  for_all<int>(t, "seconds", rc::gen::inRange(1, 3000), [](Trial& trial, const int& delay) {
    Ending ending;
    const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
      auto body = [&] { return backend.sleep_forever(); };
      ending = co_await run_limited(backend, Form::move_on_after, Seconds(delay), body);
      trial.witness("limits in an idle loop");
    });
    trial.expect_true("caught", ending.caught);
    trial.expect_time("time", ending.deadline, ending.left_at);
    trial.expect_no_failure("program", failure);
  });

  // In real time too, where only the loop's own poll can notice it.
  if (t.schedule() != Schedule()) return;
  const auto backend = t.make_backend();
  bool caught = false;
  backend->bootstrap(t.runner_options(), [&]() -> Coro<> {
    auto limit = backend->move_on_after(10ms);
    co_await outcome_of(limit.run([&] { return backend->sleep_forever(); }));
    caught = limit.cancelled_caught();
  });
  t.expect_true("real-time", caught);
}

// ---- timeout is move_on_after with an error -------------------------------------------------------------------------

/// One step of a limited body.
struct Step {
  enum Kind { sleeps, shields, swallows, computes, reschedules, cancels, throws };
  int kind = sleeps;
  /// In steps of 100 ms.
  int amount = 0;
  friend std::ostream& operator<<(std::ostream& out, const Step& step) {
    static constexpr std::array names{"sleep", "shield", "swallow", "compute", "reschedule", "cancel", "throw"};
    return out << names[static_cast<std::size_t>(step.kind)] << ' ' << step.amount;
  }
};

rc::Gen<std::vector<Step>> bodies() {
  const auto kinds = rc::gen::weightedElement<int>({{5, Step::sleeps},
                                                    {3, Step::shields},
                                                    {3, Step::swallows},
                                                    {3, Step::computes},
                                                    {2, Step::reschedules},
                                                    {1, Step::cancels},
                                                    {1, Step::throws}});
  const auto step = rc::gen::map(rc::gen::pair(kinds, rc::gen::inRange(0, 4)), [](const std::pair<int, int>& drawn) {
    return Step{drawn.first, drawn.second};
  });
  return rc::gen::mapcat(rc::gen::inRange(1, 6), [step](int length) {
    return rc::gen::container<std::vector<Step>>(static_cast<std::size_t>(length), step);
  });
}

/// Runs the steps under a limit and writes down what each of them saw. All that happens lies on a grid of 100 ms, and
/// deadlines between its points, so that no two events come in one instant.
Coro<Ending> run_steps(Trial& t, AsyncBackend& backend, Form form, Seconds delay, const std::vector<Step>& steps,
                       Log& log) {
  const TimePoint start = backend.current_time();
  const auto note = [&](const std::string& what) {
    const double passed = (backend.current_time() - start).count();
    log(what + " at " + std::to_string(std::lround(passed / 0.05) * 50) + " ms");
  };
  auto body = [&](CancelScope& scope) -> Coro<> {
    for (const Step& step : steps) {
      const Seconds duration = 100ms * step.amount;
      std::exception_ptr outcome;
      switch (step.kind) {
        case Step::sleeps:
        case Step::swallows: outcome = co_await outcome_of(backend.sleep(duration)); break;
        case Step::shields: outcome = co_await outcome_of(backend.ignore_cancellation(backend.sleep(duration))); break;
        case Step::computes: t.spend(duration); break;
        case Step::reschedules: scope.reschedule(start + duration + 50ms); break;
        case Step::cancels: scope.cancel(); break;
        default: throw std::runtime_error("the body failed");
      }
      note(outcome_word(outcome));
      if (outcome && step.kind != Step::swallows) std::rethrow_exception(outcome);
    }
  };
  Ending ending = co_await run_limited(backend, form, delay, body);
  note("left");
  co_return ending;
}

/// A body under the plain form and under the one that throws: all is equal but the TimeoutError.
void expect_timeout_is_plain_with_an_error(Trial& t, Form plain_form, Form raising_form) {
  using Input = std::pair<int, std::vector<Step>>;
  for_all<Input>(t, "body", rc::gen::pair(rc::gen::inRange(-1, 6), bodies()), [=](Trial& trial, const Input& input) {
    const Seconds delay = 100ms * input.first + 50ms;
    Log plain_log;
    Log raising_log;
    Ending plain;
    Ending raising;
    const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
      plain = co_await run_steps(trial, backend, plain_form, delay, input.second, plain_log);
      raising = co_await run_steps(trial, backend, raising_form, delay, input.second, raising_log);
    });
    trial.expect_equal("trace", plain_log, raising_log);
    if (plain.caught && !plain.failure) {
      trial.witness("limits that absorbed their cancellation");
      trial.expect_failure<TimeoutError>("timeout-error", raising.failure);
      std::optional<TimePoint> carried;
      try {
        if (raising.failure) std::rethrow_exception(raising.failure);
      } catch (const TimeoutError& error) {
        carried = error.deadline();
      } catch (...) {
        carried.reset();
      }
      trial.expect_equal("deadline", std::optional<TimePoint>(raising.deadline_after), carried);
    } else {
      trial.witness("limits that absorbed nothing");
      trial.expect_equal("no-timeout-error", describe(plain.failure), describe(raising.failure));
    }
    trial.expect_no_failure("program", failure);
  });
}

void timeout_is_move_on_after_with_an_error(Trial& t) {
  expect_timeout_is_plain_with_an_error(t, Form::move_on_after, Form::timeout);
}

void timeout_at_is_move_on_at_with_an_error(Trial& t) {
  expect_timeout_is_plain_with_an_error(t, Form::move_on_at, Form::timeout_at);
}

void the_body_receives_the_scope(Trial& t) {
  enum class Change { reschedule, extend, clear, cancel };
  for (const Form form : raising_forms) {
    for (const Change change : {Change::reschedule, Change::extend, Change::clear, Change::cancel}) {
      bool same = false;
      std::exception_ptr outcome;
      Seconds lasted{0};
      const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
        const TimePoint start = backend.current_time();
        auto limit = form == Form::timeout ? backend.timeout(100ms) : backend.timeout_at(start + 100ms);
        auto body = [&](CancelScope& scope) -> Coro<> {
          same = &scope == &limit.scope();
          if (change == Change::reschedule) scope.reschedule(start + 300ms);
          if (change == Change::extend) scope.extend(100ms);
          if (change == Change::clear) scope.clear_deadline();
          if (change == Change::cancel) scope.cancel();
          t.witness("limits changed by their body");
          co_await backend.sleep(1s);
        };
        outcome = co_await outcome_of(limit.run(body));
        lasted = backend.current_time() - start;
      });
      t.expect_true("same", same);
      if (change == Change::reschedule) t.expect_elapsed("reschedule", 300ms, lasted);
      if (change == Change::extend) t.expect_elapsed("extend", 200ms, lasted);
      if (change == Change::clear) t.expect_elapsed("clear", 1s, lasted);
      if (change == Change::cancel) t.expect_elapsed("cancel", 0s, lasted);
      if (change == Change::clear) {
        t.expect_no_failure("cleared", outcome);
      } else {
        t.expect_failure<TimeoutError>("timeout-error", outcome);
      }
      t.expect_no_failure("program", failure);
    }
  }
}

/// A body that ends after its limit of 100 ms without having been interrupted: by computing, or under a shield.
void expect_a_late_value(Trial& t, bool computes) {
  for (const Form form : raising_forms) {
    int value = 0;
    bool caught = true;
    Seconds lasted{0};
    const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
      const TimePoint start = backend.current_time();
      auto limit = form == Form::timeout ? backend.timeout(100ms) : backend.timeout_at(start + 100ms);
      auto body = [&]() -> Coro<int> {
        if (computes) t.spend(300ms);
        if (!computes) co_await backend.ignore_cancellation(backend.sleep(300ms));
        t.witness("bodies that end after the limit", backend.current_time() > start + 100ms ? 1 : 0);
        co_return returned_value;
      };
      value = co_await limit.run(body);
      lasted = backend.current_time() - start;
      caught = limit.scope().cancelled_caught();
    });
    t.expect_no_failure(computes ? "computed" : "shielded", failure);
    t.expect_equal("value", returned_value, value);
    t.expect_elapsed("end", 300ms, lasted);
    t.expect_false("caught", caught);
  }
}

void no_timeout_error_without_an_interruption(Trial& t) {
  expect_a_late_value(t, true);
  expect_a_late_value(t, false);
}

void shielded_work_delivers_its_value_late(Trial& t) { expect_a_late_value(t, false); }

/// A body that throws `thrown` before its limit, or after it at the end of a shield: the same object comes out.
void expect_passes_unchanged(Trial& t, const std::exception_ptr& thrown) {
  for (const Form form : raising_forms) {
    for (const bool late : {false, true}) {
      Ending ending;
      const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
        auto body = [&]() -> Coro<> {
          if (late) co_await backend.ignore_cancellation(backend.sleep(200ms));
          t.witness(late ? "failures after the limit" : "failures before the limit");
          std::rethrow_exception(thrown);
        };
        ending = co_await run_limited(backend, form, 100ms, body);
      });
      t.expect(ending.failure == thrown, late ? "late" : "in-time", "the very object: " + describe(thrown),
               describe(ending.failure));
      t.expect_false("caught", ending.caught);
      t.expect_no_failure("program", failure);
    }
  }
}

void a_timeout_error_of_the_body_passes(Trial& t) {
  expect_passes_unchanged(t, std::make_exception_ptr(TimeoutError(TimePoint(Seconds(1)))));
}

void other_failures_pass(Trial& t) {
  expect_passes_unchanged(t, std::make_exception_ptr(std::runtime_error("a failure")));
  expect_passes_unchanged(t, std::make_exception_ptr(std::out_of_range("of a derived type")));
  expect_passes_unchanged(t, std::make_exception_ptr(Mishap()));
}

/// Who cancels the scope of a timeout by hand.
enum class Canceller { body, sibling, before_entry };

/// What a timeout throws that is cancelled so, long before its deadline.
std::exception_ptr cancelled_by_hand(Trial& t, Form form, Canceller canceller) {
  std::exception_ptr outcome;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    auto limit = form == Form::timeout ? backend.timeout(10s) : backend.timeout_at(backend.current_time() + 10s);
    auto body = [&](CancelScope& scope) -> Coro<> {
      if (canceller == Canceller::body) scope.cancel();
      const auto interruption = co_await outcome_of(backend.sleep(5s));
      if (!interruption) co_return;
      t.witness("bodies interrupted by hand");
      std::rethrow_exception(interruption);
    };
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      tasks.start_soon([&]() -> Coro<> {
        co_await backend.sleep(100ms);
        if (canceller == Canceller::sibling) limit.scope().cancel();
      });
      if (canceller == Canceller::before_entry) limit.scope().cancel();
      outcome = co_await outcome_of(limit.run(body));
    });
  });
  t.expect_no_failure("program", failure);
  return outcome;
}

void a_cancel_by_hand_is_a_timeout_error(Trial& t) {
  for (const Form form : raising_forms) {
    t.expect_failure<TimeoutError>("body", cancelled_by_hand(t, form, Canceller::body));
    t.expect_failure<TimeoutError>("sibling", cancelled_by_hand(t, form, Canceller::sibling));
    t.expect_failure<TimeoutError>("before-entry", cancelled_by_hand(t, form, Canceller::before_entry));
  }
}

void a_cancellation_from_elsewhere_passes(Trial& t) {
  // The request comes at 100 ms; the limit lies before it or behind it, and both are pending when the shield ends, or
  // it is far away.
  for (const Seconds delay : {Seconds(0.05), Seconds(0.15), Seconds(5)}) {
    for (const Form form : raising_forms) {
      for (const Source source : all_sources) {
        Ending ending;
        const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
          auto body = [&]() -> Coro<> {
            if (delay < 1s) co_await backend.ignore_cancellation(backend.sleep(300ms));
            const auto interruption = co_await outcome_of(backend.sleep(3s));
            if (!interruption) co_return;
            t.witness("bodies interrupted from elsewhere");
            std::rethrow_exception(interruption);
          };
          auto caller = [&]() -> Coro<> {
            ending = co_await run_limited(backend, form, delay, body);
            if (ending.failure) std::rethrow_exception(ending.failure);
          };
          co_await run_cancelled(backend, source, caller);
        });
        t.expect_failure<Cancelled>(delay < 1s ? "together" : "before-the-deadline", ending.failure);
        t.expect_no_failure("program", failure);
      }
    }
  }
}

/// The exception nested in a TimeoutError; null if there is none.
std::exception_ptr cause_of(const std::exception_ptr& failure) {
  try {
    if (failure) std::rethrow_exception(failure);
  } catch (const std::nested_exception& error) {
    return error.nested_ptr();
  } catch (...) {
    return nullptr;
  }
  return nullptr;
}

void the_timeout_error_carries_the_cancelled(Trial& t) {
  for (const Form form : raising_forms) {
    Ending ending;
    const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
      auto body = [&] { return backend.sleep(10s); };
      ending = co_await run_limited(backend, form, 100ms, body);
      t.witness("timeouts that expired");
    });
    t.expect_failure<TimeoutError>("timeout-error", ending.failure);
    t.expect_failure<Cancelled>("nested", cause_of(ending.failure));
    t.expect_failure<Cancelled>("nested-by-hand", cause_of(cancelled_by_hand(t, form, Canceller::body)));
    t.expect_no_failure("program", failure);
  }
}

/// Limits with one deadline inside a timeout, from outside: true for a timeout, false for a plain one.
void expect_one_timeout_error(Trial& t, const std::vector<bool>& inner_raises) {
  std::vector<std::exception_ptr> inner;
  std::exception_ptr outermost;
  bool ran_on = false;
  TimePoint deadline{};
  TimePoint left_at{};
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    deadline = backend.current_time() + 100ms;
    std::function<Coro<>(std::size_t)> nest = [&](std::size_t level) -> Coro<> {
      if (level == inner_raises.size()) {
        co_await backend.sleep(10s);
        co_return;
      }
      auto body = [&] { return nest(level + 1); };
      std::exception_ptr outcome;
      if (inner_raises[level]) {
        auto limit = backend.timeout_at(deadline);
        outcome = co_await outcome_of(limit.run(body));
      } else {
        auto limit = backend.move_on_at(deadline);
        outcome = co_await outcome_of(limit.run(body));
      }
      inner.push_back(outcome);
      if (outcome) std::rethrow_exception(outcome);
      ran_on = true;
    };
    auto limit = backend.timeout_at(deadline);
    auto body = [&] { return nest(0); };
    outermost = co_await outcome_of(limit.run(body));
    left_at = backend.current_time();
  });
  t.witness("nested limits", inner_raises.size());
  for (const auto& outcome : inner) t.expect_failure<Cancelled>("inner", outcome);
  t.expect_false("between", ran_on);
  t.expect_failure<TimeoutError>("outermost", outermost);
  t.expect_time("time", deadline, left_at);
  t.expect_no_failure("program", failure);
}

void equal_deadlines_give_one_timeout_error(Trial& t) {
  for_all<std::vector<bool>>(t, "inner limits", rc::gen::container<std::vector<bool>>(rc::gen::arbitrary<bool>()),
                             expect_one_timeout_error);
}

void a_swallowed_expiry_is_still_a_timeout(Trial& t) {
  for_all<int>(t, "swallowed", rc::gen::inRange(0, 8), [](Trial& trial, const int& swallowed) {
    for (const Form form : raising_forms) {
      Ending ending;
      const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
        auto body = [&]() -> Coro<> {
          for (int i = 0; i < swallowed; ++i) {
            const auto outcome = co_await outcome_of(backend.sleep(200ms));
            trial.witness("Cancelleds swallowed", outcome ? 1 : 0);
          }
          co_await backend.sleep(200ms);
        };
        ending = co_await run_limited(backend, form, 100ms, body);
      });
      trial.expect_failure<TimeoutError>("timeout-error", ending.failure);
      trial.expect_time("time", ending.deadline, ending.left_at);
      trial.expect_no_failure("program", failure);
    }
  });
}

void failures_in_a_group_leave_without_a_timeout_error(Trial& t) {
  // How many failures and how many Cancelleds, and whether they are nested.
  using Input = std::tuple<int, int, bool>;
  const auto inputs = rc::gen::tuple(rc::gen::inRange(1, 4), rc::gen::inRange(1, 4), rc::gen::arbitrary<bool>());
  for_all<Input>(t, "group", inputs, [](Trial& trial, const Input& input) {
    const auto [failures, interruptions, nested] = input;
    for (const Form form : raising_forms) {
      Ending ending;
      const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
        auto body = [&]() -> Coro<> {
          std::vector<std::exception_ptr> all;
          for (int i = 0; i < interruptions; ++i) {
            const auto interruption = co_await outcome_of(backend.sleep(10s));
            if (interruption) all.push_back(interruption);
          }
          trial.witness("Cancelleds in a group with failures", all.size());
          for (int i = 0; i < failures; ++i) all.push_back(std::make_exception_ptr(std::runtime_error("a failure")));
          if (nested) all = {std::make_exception_ptr(ExceptionGroup("inner", all)), all.back()};
          throw ExceptionGroup("outer", all);
        };
        ending = co_await run_limited(backend, form, 100ms, body);
      });
      const std::vector<std::string> leaves(static_cast<std::size_t>(failures + (nested ? 1 : 0)),
                                            "std::runtime_error: a failure");
      trial.expect_group("failures", leaves, ending.failure);
      trial.expect_no_failure("program", failure);
    }
  });
}

}  // namespace

ClauseTests timeout_tests() {
  return {
      {clause::Timeout001, "MoveOnAfterCountsFromNow", move_on_after_counts_from_now},
      {clause::Timeout002, "TheDelayCountsFromTheCall", the_delay_counts_from_the_call},
      {clause::Timeout003, "MoveOnAfterMovesOn", move_on_after_moves_on},
      {clause::Timeout004, "ALimitWithoutEnd", a_limit_without_end},
      {clause::Timeout005, "MoveOnAfterCanBeRescheduled", move_on_after_can_be_rescheduled},
      {clause::Timeout006, "MoveOnAtIsAbsolute", move_on_at_is_absolute},
      {clause::Timeout007, "TimeoutIsMoveOnAfterWithAnError", timeout_is_move_on_after_with_an_error},
      {clause::Timeout008, "TimeoutAtIsMoveOnAtWithAnError", timeout_at_is_move_on_at_with_an_error},
      {clause::Timeout009, "TheBodyReceivesTheScope", the_body_receives_the_scope},
      {clause::Timeout010, "NothingBeforeTheDeadline", nothing_before_the_deadline},
      {clause::Timeout011, "NoTimeoutErrorWithoutAnInterruption", no_timeout_error_without_an_interruption},
      {clause::Timeout012, "ATimeoutErrorOfTheBodyPasses", a_timeout_error_of_the_body_passes},
      {clause::Timeout013, "ACancelByHandIsATimeoutError", a_cancel_by_hand_is_a_timeout_error},
      {clause::Timeout014, "ACancellationFromElsewherePasses", a_cancellation_from_elsewhere_passes},
      {clause::Timeout015, "OtherFailuresPass", other_failures_pass},
      {clause::Timeout016, "TheTimeoutErrorCarriesTheCancelled", the_timeout_error_carries_the_cancelled},
      {clause::Timeout017, "EqualDeadlinesGiveOneTimeoutError", equal_deadlines_give_one_timeout_error},
      {clause::Timeout018, "NanIsRefusedAtTheCall", nan_is_refused_at_the_call},
      {clause::Timeout019, "ANegativeDelayHasExpired", a_negative_delay_has_expired},
      {clause::Timeout020, "ADelayOfZeroLetsCompleteWorkSucceed", a_delay_of_zero_lets_complete_work_succeed},
      {clause::Timeout021, "ASwallowedExpiryIsStillATimeout", a_swallowed_expiry_is_still_a_timeout},
      {clause::Timeout022, "FailuresInAGroupLeaveWithoutATimeoutError",
       failures_in_a_group_leave_without_a_timeout_error},
      {clause::Timeout023, "ShieldedWorkDeliversItsValueLate", shielded_work_delivers_its_value_late},
      {clause::Timeout024, "AnIdleLoopNoticesTheDeadline", an_idle_loop_notices_the_deadline},
  };
}

}  // namespace concert::conformance
