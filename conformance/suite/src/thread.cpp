// SPDX-License-Identifier: Apache-2.0
// Tests of spec/clauses/thread.md. Functions of calls that are cancelled share what they use with their test: on a
// broken backend they may outlive the call.
#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <tuple>

#include "concert/harness/for_all.hpp"
#include "concert/harness/gate.hpp"
#include "concert/harness/generators.hpp"
#include "concert/harness/requests.hpp"
#include "concert/harness/unwinding.hpp"
#include "concert/suite/suite.hpp"

namespace concert::conformance {

namespace {

using namespace std::chrono_literals;

std::size_t declared_workers(const Trial& t) { return std::stoul(t.manifest().trait("worker_threads")); }

/// How a call is made: as the default, or with AbandonOnCancel written out.
enum class Mode { plain, stays, abandons };
constexpr std::array all_modes{Mode::plain, Mode::stays, Mode::abandons};

/// Not a coroutine, so that `function` is not kept alive by anybody but the job.
template <class F, class... Args>
auto call_in_thread(AsyncBackend& backend, Mode mode, const F& function, Args&&... arguments) {
  return mode == Mode::plain ? backend.run_in_thread(function, std::forward<Args>(arguments)...)
                             : backend.run_in_thread(AbandonOnCancel(mode == Mode::abandons), function,
                                                     std::forward<Args>(arguments)...);
}

/// Blocks functions in their workers until the test lets them go. Virtual time goes on meanwhile, whatever they do:
/// tests use yield_until for what threads bring about.
struct Blocker {
  Blocker() { const KernelWork given_away = std::move(of_no_clock); }

  KernelWork of_no_clock;
  Gate gate{of_no_clock};
  std::atomic<int> calls{0};
  std::atomic<int> ended{0};

  bool is_reached() const { return gate.arrivals() > 0; }
  void block() {
    ++calls;
    if (!gate.timed_out()) gate.wait();
    ++ended;
  }
};
using SharedBlocker = std::shared_ptr<Blocker>;

/// Opens its gate at the end of the test, however that comes, and waits for those who stand there.
class LetGo {
 public:
  explicit LetGo(SharedBlocker blocker) : blocker_(std::move(blocker)) {}
  LetGo(const LetGo&) = delete;
  LetGo& operator=(const LetGo&) = delete;
  ~LetGo() {
    blocker_->gate.open();
    block_until([this] { return blocker_->ended == blocker_->calls; });
  }

 private:
  SharedBlocker blocker_;
};

/// What became of the function of a call, with its arguments.
struct Fate {
  std::atomic<int> calls{0};
  /// Objects that live.
  std::atomic<int> alive{0};
  std::atomic<std::thread::id> ran_in{};
  /// Where the last object died.
  std::atomic<std::thread::id> died_in{};
};
using SharedFate = std::shared_ptr<Fate>;

/// An object of a call.
class Life {
 public:
  explicit Life(SharedFate fate) : fate_(std::move(fate)) { ++fate_->alive; }
  Life(const Life& other) : Life(other.fate_) {}
  Life& operator=(const Life&) = delete;
  ~Life() {
    fate_->died_in = std::this_thread::get_id();
    --fate_->alive;
  }
  Fate& fate() const { return *fate_; }

 private:
  SharedFate fate_;
};

/// Calls a function that notes its fate, then calls `body`.
template <class Body>
auto call_with_fate(AsyncBackend& backend, Mode mode, const SharedFate& fate, const Body& body) {
  const auto function = [life = Life(fate), body](const Life&) {
    ++life.fate().calls;
    life.fate().ran_in = std::this_thread::get_id();
    return body();
  };
  return call_in_thread(backend, mode, function, Life(fate));
}

/// A value or a failure.
struct Outcome {
  std::optional<int> value;
  std::exception_ptr failure;
};
Coro<Outcome> outcome_with_value(Coro<int> call) {
  Outcome outcome;
  try {
    outcome.value = co_await std::move(call);
  } catch (...) {
    outcome.failure = std::current_exception();
  }
  co_return outcome;
}

/// Waits in real time until nothing is left of these calls; false if that took too long.
bool are_all_gone(const std::vector<SharedFate>& fates) {
  return block_until(
      [&] { return std::all_of(fates.begin(), fates.end(), [](const auto& fate) { return fate->alive == 0; }); });
}

// ---- The function and its outcome ----------------------------------------------------------------------------------

void every_function_is_called_once_in_another_thread(Trial& t) {
  // Bursts of calls with pauses between them.
  for_all<Numbers>(t, "bursts", numbers(1, 3, 1, 5), [](Trial& trial, const Numbers& bursts) {
    struct Call {
      std::thread::id thread;
      std::vector<int> arguments;
    };
    std::mutex mutex;
    std::vector<Call> calls;
    int made = 0;
    const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
      const auto call = [&](int number) -> Coro<> {
        const KernelWork under_way;
        const auto function = [&](int first, std::unique_ptr<int> second, const std::string& third) {
          const std::lock_guard lock(mutex);
          calls.push_back({std::this_thread::get_id(), {first, *second, std::stoi(third)}});
        };
        auto second = std::make_unique<int>(number + 1);
        auto waiting = backend.run_in_thread(function, number, std::move(second), std::to_string(number + 2));
        co_await std::move(waiting);
      };
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        for (const int size : bursts) {
          for (int i = 0; i < size; ++i) tasks.start_soon(call, made++);
          co_await backend.sleep(10ms);
        }
      });
    });
    trial.witness("calls", static_cast<std::size_t>(made));
    trial.expect_no_failure("no-failure", failure);
    std::set<std::vector<int>> expected;
    for (int i = 0; i < made; ++i) expected.insert({i, i + 1, i + 2});
    trial.expect_equal("once", static_cast<std::size_t>(made), calls.size());
    for (const Call& call : calls) {
      trial.expect_false("thread", call.thread == std::this_thread::get_id());
      trial.expect_equal("arguments", std::size_t{1}, expected.erase(call.arguments));
    }
  });
}

void the_loop_runs_while_a_function_blocks(Trial& t) {
  for (const int steps_of_another : {1, 3, 10}) {
    const auto blocker = std::make_shared<Blocker>();
    int steps_made = 0;
    bool reached = false;
    const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
      bool has_ended = false;
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        tasks.start_soon([&]() -> Coro<> {
          reached = co_await yield_until(backend, [&] { return blocker->is_reached(); });
          for (; steps_made < steps_of_another; ++steps_made) co_await backend.sleep(10ms);
          blocker->gate.open();
          co_await yield_until(backend, [&] { return has_ended; });
        });
        co_await backend.run_in_thread([&] { blocker->block(); });
        has_ended = true;
      });
    });
    if (reached) t.witness("steps of another task", static_cast<std::size_t>(steps_made));
    t.expect_no_failure("no-failure", failure);
    if (!t.expect_false("loop-blocked", blocker->gate.timed_out()) || !reached) return;
  }
}

void each_call_returns_the_value_of_its_function(Trial& t) {
  for_all<Numbers>(t, "values", numbers(1, 6, -99, 99), [](Trial& trial, const Numbers& values) {
    Numbers copies(values.size());
    Numbers moved(values.size());
    std::vector<const int*> references(values.size());
    std::size_t returned = 0;
    const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
      const auto calls = [&](std::size_t i) -> Coro<> {
        const KernelWork under_way;
        const int& value = values[i];
        copies[i] = co_await backend.run_in_thread([&] { return value; });
        moved[i] = *co_await backend.run_in_thread([&] { return std::make_unique<int>(value); });
        references[i] = &co_await backend.run_in_thread([&]() -> const int& { return value; });
        co_await backend.run_in_thread([] {});
        ++returned;
      };
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        for (std::size_t i = 0; i < values.size(); ++i) tasks.start_soon(calls, i);
        co_return;
      });
    });
    trial.witness("tasks that called", returned);
    trial.expect_no_failure("no-failure", failure);
    trial.expect_equal("copy", values, copies);
    trial.expect_equal("moved", values, moved);
    for (std::size_t i = 0; i < values.size(); ++i) trial.expect_true("reference", references[i] == &values[i]);
  });
}

void each_call_throws_the_failure_of_its_function(Trial& t) {
  // Beyond the kinds: no failure.
  for_all<Numbers>(t, "kinds", numbers(1, 6, 0, failure_kinds), [](Trial& trial, const Numbers& kinds) {
    Failures thrown;
    for (const int kind : kinds) thrown.push_back(kind < failure_kinds ? make_failure_of_kind(kind) : nullptr);
    std::vector<Outcome> outcomes(kinds.size());
    const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
      const auto call = [&](std::size_t i) -> Coro<> {
        const KernelWork under_way;
        outcomes[i] = co_await outcome_with_value(backend.run_in_thread([&, i] {
          if (thrown[i]) std::rethrow_exception(thrown[i]);
          return static_cast<int>(i);
        }));
      };
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        for (std::size_t i = 0; i < kinds.size(); ++i) tasks.start_soon(call, i);
        co_return;
      });
    });
    trial.witness("calls", kinds.size());
    trial.expect_no_failure("no-failure", failure);
    for (std::size_t i = 0; i < kinds.size(); ++i) {
      if (thrown[i]) trial.witness("functions that threw");
      trial.expect(outcomes[i].failure == thrown[i], "same-object", describe(thrown[i]), describe(outcomes[i].failure));
      if (!thrown[i]) trial.expect_equal("undisturbed", static_cast<int>(i), outcomes[i].value.value_or(-1));
    }
  });
}

// ---- A request while the function runs -----------------------------------------------------------------------------

/// A call whose function stands at its gate when a request comes; the gate opens 50 ms after that.
struct InterruptedCall {
  bool was_at_the_gate = true;
  bool ended_before_the_gate_opened = false;
  Outcome outcome;
  /// The outcome of a checkpoint behind the call, if there was one.
  std::exception_ptr behind;
  Aftermath aftermath;
};

constexpr int returned_value = 7;

Coro<InterruptedCall> interrupt_call(AsyncBackend& backend, Source source, Mode mode, const SharedBlocker& blocker,
                                     std::exception_ptr failure, bool checkpoint_behind) {
  InterruptedCall seen;
  bool has_ended = false;
  const auto at_the_gate = [&]() -> Coro<> {
    const bool reached = co_await yield_until(backend, [&] { return blocker->is_reached(); });
    seen.was_at_the_gate = seen.was_at_the_gate && reached;
  };
  const auto work = [&]() -> Coro<> {
    const auto function = [blocker, failure] {
      blocker->block();
      if (failure) std::rethrow_exception(failure);
      return returned_value;
    };
    seen.outcome = co_await outcome_with_value(call_in_thread(backend, mode, function));
    has_ended = true;
    if (is_cancelled(seen.outcome.failure)) std::rethrow_exception(seen.outcome.failure);
    if (checkpoint_behind) seen.behind = co_await outcome_of(backend.sleep(0s));
    if (seen.behind) std::rethrow_exception(seen.behind);
  };
  auto group = backend.create_task_group();
  co_await group.run([&](TaskGroup& tasks) -> Coro<> {
    tasks.start_soon([&]() -> Coro<> {
      co_await at_the_gate();
      for (int turn = 0; turn < 5; ++turn) co_await backend.sleep(10ms);
      seen.ended_before_the_gate_opened = has_ended;
      blocker->gate.open();
      co_await yield_until(backend, [&] { return has_ended; });
    });
    seen.aftermath = co_await run_with_request_at(backend, source, at_the_gate, work);
  });
  co_return seen;
}

/// Runs that in a test; false if the trigger did not come about.
bool see_interrupted_call(Trial& t, InterruptedCall& seen, Source source, Mode mode, std::exception_ptr failure,
                          bool checkpoint_behind) {
  const auto blocker = std::make_shared<Blocker>();
  const LetGo let_go(blocker);
  const auto left = t.run([&](AsyncBackend& backend) -> Coro<> {
    seen = co_await interrupt_call(backend, source, mode, blocker, failure, checkpoint_behind);
  });
  seen.was_at_the_gate = seen.was_at_the_gate && blocker->calls > 0 && !blocker->gate.timed_out();
  if (seen.was_at_the_gate) t.witness("requests while the function ran");
  return t.expect_no_failure("no-failure", left) && seen.was_at_the_gate;
}

void a_request_does_not_end_the_call_by_default(Trial& t) {
  for (const Source source : all_sources) {
    for (const Mode mode : {Mode::plain, Mode::stays}) {
      for (const std::exception_ptr& failure : {std::exception_ptr(), make_failure("the function failed")}) {
        InterruptedCall seen;
        if (!see_interrupted_call(t, seen, source, mode, failure, false)) return;
        t.expect_false("ended-early", seen.ended_before_the_gate_opened);
        t.expect_equal("value", failure ? 0 : returned_value, seen.outcome.value.value_or(0));
        expect_same_object(t, "failure", failure, seen.outcome.failure);
      }
    }
  }
}

void a_request_is_thrown_behind_the_call(Trial& t) {
  for (const Source source : all_sources) {
    const bool is_scope = source != Source::task && source != Source::group;
    for (const bool checkpoint : {true, false}) {
      InterruptedCall seen;
      if (!see_interrupted_call(t, seen, source, Mode::plain, nullptr, checkpoint)) return;
      t.expect_equal("value-in-hand", returned_value, seen.outcome.value.value_or(0));
      t.expect_equal("behind", checkpoint ? "cancelled" : "value", outcome_word(seen.behind));
      if (is_scope) t.expect_equal("caught", checkpoint, seen.aftermath.caught);
    }
  }
}

void an_abandoning_call_ends_at_once(Trial& t) {
  for (const Source source : all_sources) {
    InterruptedCall seen;
    if (!see_interrupted_call(t, seen, source, Mode::abandons, nullptr, false)) return;
    t.expect_true("at-once", seen.ended_before_the_gate_opened);
    expect_cancelled(t, "cancelled", seen.outcome.failure);
    if (source != Source::task && source != Source::group) t.expect_true("caught", seen.aftermath.caught);
  }
}

// ---- Abandoned functions -------------------------------------------------------------------------------------------

/// Calls `function`, which blocks at `blocker`, and gives it up there. Returns false if the call did not end.
template <class F>
Coro<bool> abandon(AsyncBackend& backend, const SharedBlocker& blocker, const F& function) {
  bool has_ended = false;
  bool was_given_up = false;
  auto scope = backend.open_cancel_scope();
  auto group = backend.create_task_group();
  co_await group.run([&](TaskGroup& tasks) -> Coro<> {
    tasks.start_soon([&]() -> Coro<> {
      co_await scope.run([&]() -> Coro<> {
        co_await outcome_of(call_in_thread(backend, Mode::abandons, function));
        has_ended = true;
      });
    });
    co_await yield_until(backend, [&] { return blocker->is_reached(); });
    scope.cancel();
    co_await yield_until(backend, [&] { return has_ended; });
    was_given_up = has_ended && blocker->calls == 1 && blocker->ended == 0;
  });
  co_return was_given_up;
}

void an_abandoned_function_goes_on_for_nobody(Trial& t) {
  for (const bool during_the_run : {true, false}) {
    for (const bool throws : {false, true}) {
      const auto blocker = std::make_shared<Blocker>();
      const auto fate = std::make_shared<Fate>();
      Log reported;
      bool was_given_up = false;
      std::optional<Seconds> slept;
      const auto failure = t.call([&] {
        auto options = t.runner_options();
        options.set("on_unhandled_error", UnhandledErrorHandler([&](const std::exception_ptr& error, std::string_view) {
                      reported(describe(error));
                    }));
        AsyncBackend& backend = t.backend();
        backend.bootstrap(options, [&]() -> Coro<> {
          const auto function = [blocker, fate, throws] {
            blocker->block();
            if (throws) throw std::runtime_error("nobody hears this");
            return Life(fate);
          };
          was_given_up = co_await abandon(backend, blocker, function);
          if (!during_the_run) co_return;
          blocker->gate.open();
          co_await yield_until(backend, [&] { return blocker->ended > 0 && fate->alive == 0; });
          // What a late end could disturb.
          const TimePoint start = backend.current_time();
          for (int i = 0; i < 5; ++i) co_await backend.sleep(10ms);
          slept = backend.current_time() - start;
        });
      });
      const bool was_let_go = was_given_up && !blocker->gate.timed_out();
      blocker->gate.open();
      if (!t.expect_no_failure("no-failure", failure) || !was_let_go) return;
      t.witness("abandoned functions let go");
      block_until([&] { return blocker->ended == 1 && fate->alive == 0; });
      if (slept) t.expect_elapsed("disturbed", 50ms, *slept);
      t.expect_equal("last-statement", 1, blocker->ended.load());
      t.expect_equal("reported", Log{}, reported);
      if (!t.expect_equal("left", 0, fate->alive.load())) return;
    }
  }
}

void an_abandoned_function_does_not_hold_up_the_run(Trial& t) {
  const auto blocker = std::make_shared<Blocker>();
  const LetGo let_go(blocker);
  bool was_given_up = false;
  const auto first = t.run([&](AsyncBackend& backend) -> Coro<> {
    const auto function = [blocker] { blocker->block(); };
    was_given_up = co_await abandon(backend, blocker, function);
  });
  const bool was_blocked_at_the_end = blocker->calls == 1 && blocker->ended == 0;
  int value = 0;
  const auto second = t.run([&](AsyncBackend& backend) -> Coro<> {
    const KernelWork under_way;
    value = co_await backend.run_in_thread([] { return returned_value; });
  });
  const bool was_blocked_at_the_second_end = blocker->ended == 0;
  if (was_given_up) t.witness("functions that were given up");
  t.expect_no_failure("first-run", first);
  t.expect_true("end-waits", was_blocked_at_the_end);
  t.expect_no_failure("second-run", second);
  t.expect_equal("second-value", returned_value, value);
  t.expect_true("second-end-waits", was_blocked_at_the_second_end);
}

// ---- Calls that are cancelled before their functions start ---------------------------------------------------------

/// A crowd of functions that occupies every worker.
class Crowd {
 public:
  explicit Crowd(const Trial& t) : size_(declared_workers(t)) {}

  /// Its calls, in the group.
  void enter(AsyncBackend& backend, TaskGroup& tasks) {
    entered_ = size_;
    for (std::size_t i = 0; i < size_; ++i) {
      tasks.start_soon([&]() -> Coro<> {
        const auto function = [blocker = blocker_] { blocker->block(); };
        co_await call_in_thread(backend, Mode::plain, function);
        ++left_;
      });
    }
  }
  Coro<bool> wait_until_all_are_busy(AsyncBackend& backend) {
    return yield_until(backend, [this] { return blocker_->gate.arrivals() == size_; });
  }
  Coro<bool> leave(AsyncBackend& backend) {
    blocker_->gate.open();
    return yield_until(backend, [this] { return left_ == entered_; });
  }

 private:
  const std::size_t size_;
  std::size_t entered_ = 0;
  std::size_t left_ = 0;
  const SharedBlocker blocker_ = std::make_shared<Blocker>();
  const LetGo let_go_{blocker_};
};

/// For tests that need a crowd again and again: false, and a finding, if it does not come together.
bool has_crowd(Trial& t) {
  Crowd crowd(t);
  bool was_busy = false;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      crowd.enter(backend, tasks);
      was_busy = co_await crowd.wait_until_all_are_busy(backend);
      co_await crowd.leave(backend);
    });
  });
  return t.expect_no_failure("crowd-failed", failure) && t.expect_true("crowd", was_busy);
}

/// Calls a function with a pending request. Returns what the call threw.
Coro<std::exception_ptr> call_under_request(AsyncBackend& backend, Mode mode, const SharedFate& fate) {
  std::exception_ptr outcome;
  auto scope = backend.open_cancel_scope();
  co_await scope.run([&]() -> Coro<> {
    scope.cancel();
    const auto nothing = [] {};
    outcome = co_await outcome_of(call_with_fate(backend, mode, fate, nothing));
  });
  co_return outcome;
}

void a_pending_request_comes_before_the_function(Trial& t) {
  if (!has_crowd(t)) return;
  for (const bool workers_are_free : {true, false}) {
    for (const Mode mode : all_modes) {
      const auto fate = std::make_shared<Fate>();
      Crowd crowd(t);
      std::exception_ptr outcome;
      int alive_behind = 0;
      bool later_has_run = false;
      const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
        auto group = backend.create_task_group();
        co_await group.run([&](TaskGroup& tasks) -> Coro<> {
          if (!workers_are_free) {
            crowd.enter(backend, tasks);
            co_await crowd.wait_until_all_are_busy(backend);
          }
          outcome = co_await call_under_request(backend, mode, fate);
          alive_behind = fate->alive;
          if (!workers_are_free) co_await crowd.leave(backend);
          const KernelWork under_way;
          co_await backend.run_in_thread([&] { later_has_run = true; });
        });
      });
      block_until([&] { return fate->alive == 0; });
      if (later_has_run) t.witness("calls with a pending request");
      t.expect_no_failure("no-failure", failure);
      expect_cancelled(t, "cancelled", outcome);
      t.expect_equal("called", 0, fate->calls.load());
      if (!t.expect_equal("destroyed", 0, alive_behind)) return;
    }
  }
}

/// A call behind the crowd: is it cancelled there, and is it in the mode that abandons.
using InLine = std::pair<int, int>;

void a_call_that_leaves_the_line_never_runs(Trial& t) {
  const auto inputs = rc::gen::mapcat(number(1, 5), [](int count) {
    return rc::gen::container<std::vector<InLine>>(static_cast<std::size_t>(count),
                                                   rc::gen::pair(number(0, 1), number(0, 1)));
  });
  for_all<std::vector<InLine>>(t, "cancelled, abandons", inputs, [](Trial& trial, const std::vector<InLine>& line) {
    Crowd crowd(trial);
    std::vector<SharedFate> fates;
    for (std::size_t i = 0; i < line.size(); ++i) fates.push_back(std::make_shared<Fate>());
    std::vector<std::string> early(line.size());
    std::vector<std::string> outcomes(line.size());
    std::size_t ended = 0;
    bool was_busy = false;
    const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
      std::vector<CancelScope*> scopes(line.size());
      const auto call = [&](std::size_t i) -> Coro<> {
        auto scope = backend.open_cancel_scope();
        scopes[i] = &scope;
        co_await scope.run([&]() -> Coro<> {
          const auto nothing = [] {};
          const Mode mode = line[i].second != 0 ? Mode::abandons : Mode::plain;
          outcomes[i] = outcome_word(co_await outcome_of(call_with_fate(backend, mode, fates[i], nothing)));
        });
        scopes[i] = nullptr;
        ++ended;
      };
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        crowd.enter(backend, tasks);
        was_busy = co_await crowd.wait_until_all_are_busy(backend);
        for (std::size_t i = 0; i < line.size(); ++i) tasks.start_soon(call, i);
        co_await backend.sleep(10ms);
        for (std::size_t i = 0; i < line.size(); ++i) {
          if (line[i].first != 0 && scopes[i] != nullptr) scopes[i]->cancel();
        }
        co_await backend.sleep(10ms);
        early = outcomes;
        co_await crowd.leave(backend);
        co_await yield_until(backend, [&] { return ended == line.size(); });
      });
    });
    trial.expect_no_failure("no-failure", failure);
    if (!was_busy) return;
    for (std::size_t i = 0; i < line.size(); ++i) {
      const bool cancelled = line[i].first != 0;
      if (cancelled) trial.witness("calls cancelled in line");
      trial.expect_equal("in-line", cancelled ? "cancelled" : "", early[i]);
      trial.expect_equal("outcome", cancelled ? "cancelled" : "value", outcomes[i]);
      trial.expect_equal("calls", cancelled ? 0 : 1, fates[i]->calls.load());
    }
  });
}

/// A call that races with its cancellation: after how many yields that comes, the mode, and whether the function fails.
using RacingCall = std::tuple<int, int, int>;

void a_call_that_races_with_a_request_is_whole(Trial& t) {
  const auto inputs = rc::gen::mapcat(number(1, 6), [](int count) {
    return rc::gen::container<std::vector<RacingCall>>(static_cast<std::size_t>(count),
                                                       rc::gen::tuple(number(0, 6), number(0, 1), number(0, 1)));
  });
  for_all<std::vector<RacingCall>>(t, "yields, abandons, fails", inputs, [](Trial& trial, const auto& drawn) {
    std::vector<SharedFate> fates;
    for (std::size_t i = 0; i < drawn.size(); ++i) fates.push_back(std::make_shared<Fate>());
    std::vector<Outcome> outcomes(drawn.size());
    std::size_t ended = 0;
    const std::exception_ptr own_failure = make_failure("the function failed");
    const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
      const auto race = [&](std::size_t i) -> Coro<> {
        const auto [yields, abandons, fails] = drawn[i];
        auto scope = backend.open_cancel_scope();
        auto group = backend.create_task_group();
        co_await group.run([&](TaskGroup& tasks) -> Coro<> {
          tasks.start_soon([&]() -> Coro<> {
            co_await scope.run([&]() -> Coro<> {
              const auto body = [i, thrown = fails != 0 ? own_failure : nullptr] {
                if (thrown) std::rethrow_exception(thrown);
                return static_cast<int>(i);
              };
              const Mode mode = abandons != 0 ? Mode::abandons : Mode::plain;
              outcomes[i] = co_await outcome_with_value(call_with_fate(backend, mode, fates[i], body));
            });
          });
          for (int k = 0; k < yields; ++k) co_await backend.cancel_shielded_coro_yield();
          scope.cancel();
        });
        ++ended;
      };
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        for (std::size_t i = 0; i < drawn.size(); ++i) tasks.start_soon(race, i);
        co_await yield_until(backend, [&] { return ended == drawn.size(); });
      });
    });
    trial.expect_no_failure("no-failure", failure);
    trial.witness("requests that raced with a start", drawn.size());
    for (std::size_t i = 0; i < drawn.size(); ++i) {
      const auto [yields, abandons, fails] = drawn[i];
      const int calls = fates[i]->calls;
      if (is_cancelled(outcomes[i].failure)) {
        trial.expect(calls == 0 || (abandons != 0 && calls == 1), "cancelled-but-called", "no call", show(calls));
      } else {
        trial.expect_equal("called-once", 1, calls);
        trial.expect_equal("value", fails != 0 ? -1 : static_cast<int>(i), outcomes[i].value.value_or(-1));
        expect_same_object(trial, "failure", fails != 0 ? own_failure : nullptr, outcomes[i].failure);
      }
    }
  });
}

void a_function_that_did_not_start_never_runs(Trial& t) {
  if (!has_crowd(t)) return;
  a_call_that_leaves_the_line_never_runs(t);
  a_call_that_races_with_a_request_is_whole(t);
}

// ---- How many at one time ------------------------------------------------------------------------------------------

/// Functions that start one after another: each has a gate by the order in which they started.
struct Places {
  explicit Places(std::size_t calls) : gates(calls), callers(calls) {}

  std::vector<Blocker> gates;
  std::vector<std::atomic<std::size_t>> callers;
  std::atomic<std::size_t> started{0};
  std::atomic<std::size_t> ended{0};
  std::atomic<std::size_t> most{0};
  std::atomic<bool> has_timed_out{false};

  void take(std::size_t caller) {
    std::size_t mine = 0;
    {
      const std::lock_guard lock(mutex_);
      mine = started;
      callers[mine] = caller;
      ++started;
      most = std::max<std::size_t>(most, started - ended);
    }
    if (!has_timed_out) gates[mine].block();
    if (gates[mine].gate.timed_out()) has_timed_out = true;
    const std::lock_guard lock(mutex_);
    ++ended;
  }

 private:
  std::mutex mutex_;
};

void as_many_functions_run_as_are_declared(Trial& t) {
  const std::size_t workers = declared_workers(t);
  constexpr std::size_t further = 3;
  const std::size_t calls = workers + further;
  const auto places = std::make_shared<Places>(calls);
  std::size_t at_first = 0;
  std::size_t beside_an_abandoned_one = 0;
  std::vector<std::size_t> after_each_end;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    const auto started_more_than = [&](std::size_t count, std::chrono::milliseconds patience) {
      return yield_until(
          backend, [&places, count] { return places->started > count; }, patience);
    };
    std::vector<CancelScope*> scopes(calls);
    std::size_t left = 0;
    const auto call = [&](std::size_t i) -> Coro<> {
      const auto function = [places, i] { places->take(i); };
      auto scope = backend.open_cancel_scope();
      scopes[i] = &scope;
      co_await scope.run([&]() -> Coro<> { co_await outcome_of(call_in_thread(backend, Mode::abandons, function)); });
      scopes[i] = nullptr;
      ++left;
    };
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      for (std::size_t i = 0; i < calls; ++i) tasks.start_soon(call, i);
      // That nobody else comes is seen for a moment only, so that a slow machine hides a fault and never shows one.
      constexpr auto moment = 5ms;
      co_await started_more_than(workers - 1, Gate::patience);
      co_await started_more_than(workers, moment);
      at_first = places->started;
      if (CancelScope* const first = scopes[places->callers.front()]) first->cancel();
      co_await yield_until(backend, [&] { return left == 1; });
      co_await started_more_than(workers, moment);
      beside_an_abandoned_one = places->started;
      for (std::size_t i = 0; i < further && at_first == workers; ++i) {
        places->gates[i].gate.open();
        co_await started_more_than(workers + i, Gate::patience);
        after_each_end.push_back(places->started);
      }
      for (Blocker& blocker : places->gates) blocker.gate.open();
      co_await yield_until(backend, [&] { return left == calls; });
    });
  });
  for (Blocker& blocker : places->gates) blocker.gate.open();
  block_until([&] { return places->ended == places->started; });
  t.witness("calls beyond the number declared", further);
  t.expect_no_failure("no-failure", failure);
  t.expect(places->most <= workers, "beyond", show(workers) + " at most", show(places->most.load()));
  t.expect_equal("at-one-time", workers, at_first);
  t.expect_equal("beside-an-abandoned-one", workers, beside_an_abandoned_one);
  t.expect_equal("one-for-one", std::vector<std::size_t>{workers + 1, workers + 2, workers + 3}, after_each_end);
  t.expect_equal("all", calls, places->started.load());
}

// ---- The worker ----------------------------------------------------------------------------------------------------

void no_loop_runs_in_a_worker(Trial& t) {
  // What a worker saw, one entry for each function of the backend that did not refuse.
  std::array<Log, 2> seen;
  std::size_t refusals = 0;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    for (Log& accepted : seen) {
      const KernelWork under_way;
      co_await backend.run_in_thread([&] {
        if (AsyncBackend::running() != nullptr) accepted("running");
        const auto try_to = [&](const char* name, const auto& use) {
          try {
            use();
            accepted(name);
          } catch (const UsageError&) {
            ++refusals;
          } catch (...) {
            accepted(std::string(name) + ": " + describe(std::current_exception()));
          }
        };
        try_to("current_time", [&] { backend.current_time(); });
        try_to("get_current_task", [&] { backend.get_current_task(); });
        try_to("create_lock", [&] { backend.create_lock(); });
        try_to("create_fair_lock", [&] { backend.create_fair_lock(); });
        try_to("create_event", [&] { backend.create_event(); });
        try_to("create_condition_var", [&] { backend.create_condition_var(); });
        try_to("create_threads_portal", [&] { backend.create_threads_portal(); });
        try_to("create_task_group", [&] { backend.create_task_group(); });
      });
    }
  });
  t.witness("uses of the backend that were refused", refusals);
  t.expect_no_failure("no-failure", failure);
  for (const Log& accepted : seen) t.expect_equal("accepted", Log{}, accepted);
}

void a_worker_reaches_its_loop_through_a_portal(Trial& t) {
  // For each function in a worker: how many calls it makes, of either kind in turn.
  for_all<Numbers>(t, "calls", numbers(1, 3, 1, 4), [](Trial& trial, const Numbers& calls) {
    std::vector<int> answers(calls.size());
    std::size_t in_the_loop = 0;
    const auto loop_thread = std::this_thread::get_id();
    const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
      ThreadsPortal portal = backend.create_threads_portal();
      const auto answer = [&](int number) {
        if (std::this_thread::get_id() == loop_thread) ++in_the_loop;
        return number;
      };
      const auto answer_as_task = [&](int number) -> Coro<int> { co_return answer(number); };
      const auto work = [&](std::size_t i) -> Coro<> {
        const KernelWork under_way;
        co_await backend.run_in_thread([&] {
          for (int number = 1; number <= calls[i]; ++number) {
            answers[i] +=
                number % 2 == 0 ? portal.run_sync(answer, number) : portal.run_coroutine(answer_as_task, number);
          }
        });
      };
      co_await portal.run([&]() -> Coro<> {
        auto group = backend.create_task_group();
        co_await group.run([&](TaskGroup& tasks) -> Coro<> {
          for (std::size_t i = 0; i < calls.size(); ++i) tasks.start_soon(work, i);
          co_return;
        });
      });
    });
    std::vector<int> sums;
    std::size_t all = 0;
    for (const int count : calls) {
      sums.push_back(count * (count + 1) / 2);
      all += static_cast<std::size_t>(count);
    }
    trial.witness("calls back into the loop", in_the_loop);
    trial.expect_no_failure("no-failure", failure);
    trial.expect_equal("answers", sums, answers);
    trial.expect_equal("in-the-loop", all, in_the_loop);
  });
}

// ---- The end of the function ---------------------------------------------------------------------------------------

/// How a call comes to its end.
enum class Ending { returns, throws, abandoned, cancelled_in_line, cancelled_at_the_call };
constexpr std::array all_endings{Ending::returns, Ending::throws, Ending::abandoned, Ending::cancelled_in_line,
                                 Ending::cancelled_at_the_call};

/// Makes a call that ends so; the crowd occupies the workers if the call is to stay in line.
Coro<> end_a_call(AsyncBackend& backend, Ending ending, const SharedFate& fate, Crowd& crowd) {
  const auto blocker = std::make_shared<Blocker>();
  const auto body = [blocker, ending] {
    if (ending == Ending::throws) throw std::runtime_error("the function failed");
    if (ending == Ending::abandoned) blocker->block();
  };
  const Mode mode = ending == Ending::abandoned ? Mode::abandons : Mode::plain;
  bool has_ended = false;
  auto scope = backend.open_cancel_scope();
  auto group = backend.create_task_group();
  co_await group.run([&](TaskGroup& tasks) -> Coro<> {
    if (ending == Ending::cancelled_in_line) {
      crowd.enter(backend, tasks);
      co_await crowd.wait_until_all_are_busy(backend);
    }
    if (ending == Ending::cancelled_at_the_call) scope.cancel();
    tasks.start_soon([&]() -> Coro<> {
      co_await scope.run([&]() -> Coro<> { co_await outcome_of(call_with_fate(backend, mode, fate, body)); });
      has_ended = true;
    });
    if (ending == Ending::abandoned) co_await yield_until(backend, [&] { return blocker->is_reached(); });
    if (ending == Ending::cancelled_in_line) co_await backend.sleep(10ms);
    if (ending == Ending::abandoned || ending == Ending::cancelled_in_line) scope.cancel();
    co_await backend.cancel_shielded_coro_yield();
    blocker->gate.open();
    co_await crowd.leave(backend);
    co_await yield_until(backend, [&] { return has_ended; });
  });
}

void destroy_functions(Trial& t, const std::vector<Ending>& kinds) {
  std::vector<SharedFate> fates;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    for (const Ending ending : kinds) {
      fates.push_back(std::make_shared<Fate>());
      Crowd crowd(t);
      co_await end_a_call(backend, ending, fates.back(), crowd);
    }
  });
  are_all_gone(fates);
  t.expect_no_failure("no-failure", failure);
  for (const SharedFate& fate : fates) {
    if (fate->calls > 0) t.witness("functions that started");
    t.expect_equal("left", 0, fate->alive.load());
    if (fate->calls > 0) t.expect_true("thread", fate->died_in.load() == fate->ran_in.load());
  }
}

void every_function_is_destroyed_once(Trial& t) {
  if (!has_crowd(t)) return;
  for (const Ending ending : all_endings) {
    destroy_functions(t, {ending});
    if (t.finding()) return;
  }
  const auto inputs = numbers(2, 3, 0, static_cast<int>(all_endings.size()) - 1);
  for_all<Numbers>(t, "endings", inputs, [](Trial& trial, const Numbers& drawn) {
    std::vector<Ending> kinds;
    for (const int kind : drawn) kinds.push_back(all_endings[static_cast<std::size_t>(kind)]);
    destroy_functions(trial, kinds);
  });
}

}  // namespace

ClauseTests thread_tests() {
  return {
      {clause::Thread001, "EveryFunctionIsCalledOnceInAnotherThread", every_function_is_called_once_in_another_thread},
      {clause::Thread002, "TheLoopRunsWhileAFunctionBlocks", the_loop_runs_while_a_function_blocks},
      {clause::Thread003, "EachCallReturnsTheValueOfItsFunction", each_call_returns_the_value_of_its_function},
      {clause::Thread004, "EachCallThrowsTheFailureOfItsFunction", each_call_throws_the_failure_of_its_function},
      {clause::Thread005, "AWorkerReachesItsLoopThroughAPortal", a_worker_reaches_its_loop_through_a_portal},
      {clause::Thread006, "ARequestDoesNotEndTheCallByDefault", a_request_does_not_end_the_call_by_default},
      {clause::Thread007, "ARequestIsThrownBehindTheCall", a_request_is_thrown_behind_the_call},
      {clause::Thread008, "AnAbandoningCallEndsAtOnce", an_abandoning_call_ends_at_once},
      {clause::Thread009, "AnAbandonedFunctionGoesOnForNobody", an_abandoned_function_goes_on_for_nobody},
      {clause::Thread010, "APendingRequestComesBeforeTheFunction", a_pending_request_comes_before_the_function},
      {clause::Thread011, "AFunctionThatDidNotStartNeverRuns", a_function_that_did_not_start_never_runs},
      {clause::Thread012, "AsManyFunctionsRunAsAreDeclared", as_many_functions_run_as_are_declared},
      {clause::Thread014, "NoLoopRunsInAWorker", no_loop_runs_in_a_worker},
      {clause::Thread018, "AnAbandonedFunctionDoesNotHoldUpTheRun", an_abandoned_function_does_not_hold_up_the_run},
      {clause::Thread019, "EveryFunctionIsDestroyedOnce", every_function_is_destroyed_once},
  };
}

}  // namespace concert::conformance
