// SPDX-License-Identifier: Apache-2.0
// Tests of spec/clauses/portal.md: the life of a portal, from its creation to its exit.
#include <map>
#include <mutex>
#include <optional>

#include "concert/suite/suite.hpp"
#include "portal_scenes.hpp"

namespace concert::conformance {

namespace {

using namespace std::chrono_literals;

/// How the body of a portal ends.
enum class Ending { returns, throws, cancelled };
constexpr std::array all_endings{Ending::returns, Ending::throws, Ending::cancelled};

/// Ends a body. The scope is around the portal.
Coro<> end_body(AsyncBackend& backend, Ending ending, CancelScope& scope) {
  if (ending == Ending::throws) throw Mishap();
  if (ending == Ending::cancelled) {
    scope.cancel();
    co_await backend.sleep_forever();
  }
}

/// Runs `portal` inside a scope, with a body that calls `inside` and then ends so. What leaves the scope is recorded.
Coro<std::exception_ptr> run_and_end(AsyncBackend& backend, ThreadsPortal& portal, Ending ending,
                                     std::function<Coro<>()> inside) {
  auto scope = backend.open_cancel_scope();
  const auto body = [&]() -> Coro<> {
    co_await inside();
    co_await end_body(backend, ending, scope);
  };
  auto failure = co_await outcome_of(scope.run([&] { return portal.run(body); }));
  // A checkpoint: here it shows if nothing but the watchdog of the run could end this.
  co_await backend.sleep(no_time);
  co_return failure;
}

std::string word_of_ending(const std::exception_ptr& failure) { return failure ? describe(failure) : "value"; }
std::string expected_word(Ending ending) {
  return ending == Ending::throws ? describe(std::make_exception_ptr(Mishap())) : "value";
}

// ---- Portal001, Portal002: creation ---------------------------------------------------------------------------------

void each_portal_is_one_of_its_own(Trial& t) {
  Callers callers;
  Log words;
  Refusals before;
  Refusals after;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    auto first = backend.create_threads_portal();
    auto second = backend.create_threads_portal();
    const auto call = [&](ThreadsPortal portal) {
      callers.start([&, portal] { words(callers.answer(portal.run_sync_soon([] { return 1; }))); });
    };
    co_await first.run([&]() -> Coro<> {
      callers.start([&, second] { before.call_each(second); });
      co_await callers.ended(backend);
      co_await second.run([&]() -> Coro<> {
        call(second);
        co_await callers.ended(backend);
        call(first);
        co_await callers.ended(backend);
      });
      callers.start([&, second] { after.call_each(second); });
      call(first);
      co_await callers.ended(backend);
    });
  });
  t.witness("portals in one loop", 2);
  t.expect_true("threads-came-back", callers.join());
  t.expect_no_failure("thread-failed", callers.failure());
  t.expect_no_failure("failed", failure);
  t.expect_equal("answers", Log{"value 1", "value 1", "value 1"}, words);
  before.expect(t, "other-is-not-entered", "enter");
  after.expect(t, "other-is-exited", "exit");
}

/// One backend object that runs on two threads: the second run goes on inside a thread of the first.
void each_portal_leads_into_its_own_run(Trial& t) {
  Callers callers;
  std::thread::id loops[2];
  std::thread::id called_in[2];
  std::exception_ptr inner_failure;
  const auto failure = run_portal(t, callers, [&](AsyncBackend& backend, const ThreadsPortal& outer) {
    loops[0] = std::this_thread::get_id();
    callers.start([&, outer] {
      Callers inner_callers;
      inner_failure = t.call([&] {
        backend.bootstrap(t.runner_options(), [&]() -> Coro<> {
          loops[1] = std::this_thread::get_id();
          auto inner = backend.create_threads_portal();
          co_await inner.run([&]() -> Coro<> {
            inner_callers.start([&, inner] {
              inner_callers.answer(outer.run_sync_soon([&] { called_in[0] = std::this_thread::get_id(); }));
              inner_callers.answer(inner.run_sync_soon([&] { called_in[1] = std::this_thread::get_id(); }));
            });
            co_await inner_callers.ended(backend);
          });
        });
      });
    });
  });
  t.witness("runs with a portal each", 2);
  t.expect_no_failure("two-runs-failed", failure);
  t.expect_no_failure("inner-run-failed", inner_failure);
  t.expect_true("outer-run", called_in[0] == loops[0]);
  t.expect_true("inner-run", called_in[1] == loops[1]);
}

void a_portal_is_new_and_leads_into_the_loop_here(Trial& t) {
  each_portal_is_one_of_its_own(t);
  each_portal_leads_into_its_own_run(t);
}

void a_portal_needs_a_loop(Trial& t) {
  const auto create = [&] { return thrown_by([&] { t.backend().create_threads_portal(); }); };
  const auto other = t.make_backend();
  std::exception_ptr inside;
  std::exception_ptr in_thread;
  std::exception_ptr in_worker;
  std::exception_ptr of_another;
  const auto before = create();
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    co_await backend.sleep(no_time);
    inside = create();
    of_another = thrown_by([&] { other->create_threads_portal(); });
    std::thread([&] { in_thread = create(); }).join();
    const KernelWork under_way;
    in_worker = co_await backend.run_in_thread(create);
  });
  const auto after = create();
  t.witness("portals created where no loop of the backend runs", 5);
  t.expect_no_failure("failed", failure);
  t.expect_no_failure("inside", inside);
  expect_misuse(t, "before", before, "runs");
  expect_misuse(t, "other-thread", in_thread, "runs");
  expect_misuse(t, "worker", in_worker, "runs");
  expect_misuse(t, "other-backend", of_another, "runs");
  expect_misuse(t, "after", after, "runs");
}

// ---- Portal003, Portal004, Portal006, Portal012: when it is open ----------------------------------------------------

void it_is_open_as_long_as_its_body_runs(Trial& t) {
  Callers callers;
  Log first;
  Log last;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    auto portal = backend.create_threads_portal();
    const auto call = [](Callers& from, const ThreadsPortal& to, Log& words, const Flag& submitted) {
      const auto coroutine = []() -> Coro<int> { co_return 1; };
      const auto later = to.run_coroutine_soon(coroutine);
      const auto soon = to.run_sync_soon([] { return 2; });
      *submitted = true;
      words(from.answer(later));
      words(from.answer(soon));
    };
    co_await portal.run([&]() -> Coro<> {
      callers.start([&, portal] {
        call(callers, portal, first, make_flag());
        if (first.has("no answer")) return;
        first(word_of([&] { return portal.run_coroutine([]() -> Coro<int> { co_return 3; }); }));
        first(word_of([&] { return portal.run_sync([] { return 4; }); }));
      });
      co_await callers.ended(backend);
      const Flag submitted = make_flag();
      callers.start([&, portal, submitted] { call(callers, portal, last, submitted); });
      if (!returns_futures_at_once(t)) co_await callers.ended(backend);
      // The last statement of the body: the calls are accepted before it has ended.
      callers.hold(is_set(submitted));
    });
    co_await callers.ended(backend);
  });
  t.witness("calls at the beginning and the end of the body", 6);
  t.expect_true("threads-came-back", callers.join());
  t.expect_no_failure("thread-failed", callers.failure());
  t.expect_no_failure("failed", failure);
  t.expect_equal("first-statement", Log{"value 1", "value 2", "value 3", "value 4"}, first);
  t.expect_equal("last-statement", Log{"value 1", "value 2"}, last);
}

/// A body that was cancelled may still need its threads, to clean up.
void it_is_open_while_its_body_cleans_up(Trial& t) {
  Callers callers;
  std::string word;
  bool caught = false;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    auto portal = backend.create_threads_portal();
    auto scope = backend.open_cancel_scope();
    const auto body = [&]() -> Coro<> {
      scope.cancel();
      const auto interruption = co_await outcome_of(backend.sleep_forever());
      callers.start(
          [&, portal] { word = word_of_call(callers, [&] { return portal.run_sync_soon([] { return 1; }); }); });
      co_await backend.ignore_cancellation(callers.ended(backend));
      if (interruption) std::rethrow_exception(interruption);
    };
    co_await scope.run([&] { return portal.run(body); });
    caught = scope.cancelled_caught();
  });
  t.witness("bodies that cleaned up");
  t.expect_true("threads-came-back", callers.join());
  t.expect_no_failure("clean-up-failed", failure);
  t.expect_equal("clean-up", std::string("value 1"), word);
  t.expect_true("body-was-cancelled", caught);
}

void it_is_open_from_the_call_of_its_body_to_the_end(Trial& t) {
  it_is_open_as_long_as_its_body_runs(t);
  it_is_open_while_its_body_cleans_up(t);
}

void calls_outside_its_life_are_refused(Trial& t) {
  Callers callers;
  Refusals before;
  Refusals while_leaving;
  Refusals after;
  Refusals after_the_run;
  std::optional<ThreadsPortal> kept;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    auto portal = backend.create_threads_portal();
    kept = portal;
    callers.start([&, portal] { before.call_each(portal); });
    co_await callers.ended(backend);
    co_await portal.run([&]() -> Coro<> {
      bool begun = false;
      // It ends after the body, so the exit waits for it.
      const auto linger = [&]() -> Coro<> {
        begun = true;
        co_await backend.sleep(10ms);
        callers.start([&, portal] { while_leaving.call_each(portal); });
        co_await callers.ended(backend);
      };
      callers.start([&, portal, linger] { portal.run_coroutine_soon(linger); });
      co_await callers.ended(backend);
      co_await callers.until(backend, [&] { return begun; });
    });
    callers.start([&, portal] { after.call_each(portal); });
    co_await callers.ended(backend);
  });
  if (kept) callers.start([&] { after_the_run.call_each(*kept); });
  const bool came_back = callers.join();
  t.witness("calls before the entry", before.count());
  t.witness("calls while the exit waits", while_leaving.count());
  t.witness("calls after the exit", after.count());
  t.witness("calls after the run", after_the_run.count() + (kept ? 1 : 0));
  t.expect_true("threads-came-back", came_back);
  t.expect_no_failure("failed", failure);
  before.expect(t, "before-entry", "enter");
  while_leaving.expect(t, "while-leaving", "exit");
  after.expect(t, "after-exit", "exit");
  after_the_run.expect(t, "after-run", "exit");
}

/// Work that was given to a portal by threads.
struct Counts {
  std::atomic<int> ran = 0;
  /// Of the calls that do not block: those that were accepted, and those that ran.
  std::atomic<int> soon_accepted = 0;
  std::atomic<int> soon_ran = 0;
};

/// Three threads call until they are refused, and some times more. `submit(portal, counts)` makes a call and gives its
/// future, `call(portal, counts)` blocks.
template <class Submit, class Call>
void call_until_refused(Trial& t, const Submit& submit, const Call& call) {
  Callers callers;
  Counts counts;
  std::atomic<int> accepted = 0;
  std::atomic<int> refused_for_good = 0;
  int ran_at_the_end = 0;
  bool is_one_pending = !returns_futures_at_once(t);
  SharedLog others;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    auto portal = backend.create_threads_portal();
    co_await portal.run([&]() -> Coro<> {
      for (const bool blocking : {false, true, false}) {
        callers.start([&, blocking, portal] {
          const auto submit_soon = [&] {
            auto future = submit(portal, counts);
            ++counts.soon_accepted;
            return future;
          };
          constexpr int most_calls = 20'000;
          int refusals = 0;
          for (int calls = 0; refusals < 4; ++calls) {
            if (calls == most_calls) return others("never refused");
            const std::string word =
                blocking ? word_of([&] { call(portal, counts); }) : word_of_call(callers, submit_soon);
            if (word == "UsageError") {
              ++refusals;
            } else if (refusals > 0 || word != "done") {
              return others(refusals > 0 ? "accepted after a refusal" : word);
            } else {
              ++accepted;
            }
          }
          ++refused_for_good;
        });
      }
      const auto has_failed = [&] { return !others.entries().empty(); };
      co_await callers.until(backend, [&] { return accepted >= 12 || has_failed(); });
      // The body ends with a call that is accepted and has not begun.
      if (!returns_futures_at_once(t)) co_return;
      is_one_pending = callers.hold([&] { return counts.soon_accepted > counts.soon_ran || has_failed(); });
    });
    ran_at_the_end = counts.ran;
    co_await callers.ended(backend);
  });
  const bool came_back = callers.join();
  t.witness("calls before the exit", static_cast<std::size_t>(accepted.load()));
  t.expect_no_failure("failed", failure);
  t.expect_true("accepted-while-the-loop-is-busy", is_one_pending);
  t.expect_equal("outcomes", std::vector<std::string>(), others.entries());
  t.expect_true("threads-came-back", came_back);
  t.expect_no_failure("thread-failed", callers.failure());
  t.expect_equal("refused", 3, refused_for_good.load());
  t.expect_equal("ran-before-the-end", accepted.load(), ran_at_the_end);
  t.expect_equal("ran", accepted.load(), counts.ran.load());
}

/// The body and the child of a group inside it call their own portal. `call(refusals, portal)` makes the calls.
template <class Call>
void call_on_the_loop_thread(Trial& t, const Call& call) {
  Callers callers;
  Refusals in_body;
  Refusals in_child;
  std::string outside;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    auto portal = backend.create_threads_portal();
    co_await portal.run([&]() -> Coro<> {
      call(in_body, portal);
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        tasks.start_soon([&]() -> Coro<> {
          co_await backend.sleep(10ms);
          call(in_child, portal);
        });
        co_return;
      });
      callers.start([&, portal] { outside = callers.answer(portal.run_sync_soon([] { return 1; })); });
      co_await callers.ended(backend);
    });
  });
  t.witness("calls on the loop thread", in_body.count() + in_child.count());
  t.expect_true("threads-came-back", callers.join());
  t.expect_no_failure("own-loop-failed", failure);
  in_body.expect(t, "body", "loop");
  in_child.expect(t, "child", "loop");
  t.expect_equal("goes-on", std::string("value 1"), outside);
}

void coroutines_are_refused_on_the_loop_thread(Trial& t) {
  call_on_the_loop_thread(t, [](Refusals& refusals, const ThreadsPortal& portal) { refusals.call_coroutines(portal); });
}

void coroutines_are_refused_after_the_exit(Trial& t) {
  const auto submit = [](const ThreadsPortal& portal, Counts& counts) {
    return portal.run_coroutine_soon([&]() -> Coro<> {
      ++counts.ran;
      ++counts.soon_ran;
      co_return;
    });
  };
  const auto call = [](const ThreadsPortal& portal, Counts& counts) {
    portal.run_coroutine([&]() -> Coro<> {
      ++counts.ran;
      co_return;
    });
  };
  call_until_refused(t, submit, call);
}

void functions_are_refused_after_the_exit(Trial& t) {
  call_on_the_loop_thread(t, [](Refusals& refusals, const ThreadsPortal& portal) { refusals.call_functions(portal); });
  const auto submit = [](const ThreadsPortal& portal, Counts& counts) {
    return portal.run_sync_soon([&] {
      ++counts.ran;
      ++counts.soon_ran;
    });
  };
  const auto call = [](const ThreadsPortal& portal, Counts& counts) { portal.run_sync([&] { ++counts.ran; }); };
  call_until_refused(t, submit, call);
}

// ---- Portal009, Portal026 to Portal029, Portal036: the exit ---------------------------------------------------------

void a_coroutine_that_the_exit_cancels_has_no_answer(Trial& t) {
  Callers callers;
  int begun = 0;
  std::string in_call;
  std::map<std::string, std::string> answers;
  std::mutex mutex;
  bool cancelled = false;
  std::exception_ptr left_with;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    auto portal = backend.create_threads_portal();
    const auto wait = [&]() -> Coro<int> {
      ++begun;
      co_await backend.sleep_forever();
      co_return 1;
    };
    const auto swallow = [&]() -> Coro<int> {
      ++begun;
      co_await outcome_of(backend.sleep_forever());
      co_return 2;
    };
    const auto fail = [&]() -> Coro<int> {
      ++begun;
      co_await outcome_of(backend.sleep_forever());
      throw Mishap();
    };
    const auto inside = [&]() -> Coro<> {
      const auto ask = [&](std::string name, auto coroutine) {
        callers.start([&, name, coroutine, portal] {
          const auto future = portal.run_coroutine_soon(coroutine);
          std::string answer;
          callers.blocked([&] { answer = callers.answer(future); });
          const std::lock_guard lock(mutex);
          if (name == "wait") cancelled = future.cancelled();
          answers[name] = answer;
        });
      };
      ask("wait", wait);
      ask("swallow", swallow);
      ask("fail", fail);
      callers.start(
          [&, portal] { callers.blocked([&] { in_call = word_of([&] { return portal.run_coroutine(wait); }); }); });
      co_await callers.until(backend, [&] { return begun == 4; });
    };
    left_with = co_await run_and_end(backend, portal, Ending::throws, inside);
    co_await callers.ended(backend);
  });
  t.witness("coroutines that waited when the body threw", static_cast<std::size_t>(begun));
  t.expect_true("threads-came-back", callers.join());
  t.expect_no_failure("thread-failed", callers.failure());
  t.expect_no_failure("failed", failure);
  t.expect_equal("left-with", expected_word(Ending::throws), word_of_ending(left_with));
  t.expect_equal("answers", Log{"FutureCancelled", "FutureCancelled", "value 2", expected_word(Ending::throws)},
                 Log{answers["wait"], in_call, answers["swallow"], answers["fail"]});
  t.expect_true("cancelled", cancelled);
}

/// What the calls that had been accepted before the body ended came to, by the end of ThreadsPortal::run.
struct Accepted {
  int accepted = 0;
  int begun_at_the_end = 0;
  int answered_at_the_end = 0;
  std::vector<std::string> answers;
  std::string left_with;
  std::exception_ptr failure;
  bool came_back = false;
  bool all_submitted = true;
};

/// Three threads submit while the loop stands still; then the body ends so.
template <class Submit>
Accepted end_with_calls_accepted(Trial& t, const std::shared_ptr<Patience>& patience, Ending ending,
                                 const Submit& submit, const std::function<int()>& begun) {
  Callers callers(patience);
  Accepted seen;
  std::mutex mutex;
  using Future = decltype(submit(std::declval<const ThreadsPortal&>(), 0));
  std::vector<Future> futures;
  std::atomic<int> submitted = 0;
  std::atomic<int> about_to = 0;
  seen.failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    auto portal = backend.create_threads_portal();
    const auto inside = [&]() -> Coro<> {
      for (int thread = 0; thread < 3; ++thread) {
        callers.start([&, thread, portal] {
          for (int i = 0; i < 3; ++i) {
            ++about_to;
            const auto refusal = thrown_by([&] {
              auto future = submit(portal, thread * 3 + i);
              const std::lock_guard lock(mutex);
              futures.push_back(std::move(future));
            });
            ++submitted;
            if (refusal) return;
          }
        });
      }
      if (returns_futures_at_once(t)) {
        seen.all_submitted = callers.hold([&] { return submitted == 9; });
      } else {
        // Each thread is inside its first call: it may be accepted or not.
        callers.hold([&] { return about_to >= 3; });
        const auto pause_over = real_now() + 3ms;
        callers.hold([&] { return real_now() > pause_over; });
      }
      co_return;
    };
    seen.left_with = word_of_ending(co_await run_and_end(backend, portal, ending, inside));
    seen.begun_at_the_end = begun();
    co_await callers.ended(backend);
    for (const auto& future : futures) seen.answered_at_the_end += future.done() ? 1 : 0;
  });
  seen.came_back = callers.join();
  seen.accepted = static_cast<int>(futures.size());
  for (const auto& future : futures) seen.answers.push_back(callers.answer(future));
  return seen;
}

void accepted_functions_are_called_before_the_end(Trial& t) {
  const auto patience = std::make_shared<Patience>();
  for (const Ending ending : all_endings) {
    int called = 0;
    const auto submit = [&](const ThreadsPortal& portal, int) {
      return portal.run_sync_soon([&] { return ++called; });
    };
    const Accepted seen = end_with_calls_accepted(t, patience, ending, submit, [&] { return called; });
    t.witness("functions accepted before the body ended", static_cast<std::size_t>(seen.accepted));
    t.expect_true("threads-came-back", seen.came_back);
    t.expect_no_failure("failed", seen.failure);
    t.expect_true("submitted", seen.all_submitted);
    t.expect_equal("left-with", expected_word(ending), seen.left_with);
    t.expect_equal("called", seen.accepted, seen.begun_at_the_end);
    t.expect_equal("answered", seen.accepted, seen.answered_at_the_end);
    t.expect_false("no-answer", std::count(seen.answers.begin(), seen.answers.end(), "no answer") > 0);
  }
}

void accepted_coroutines_end_before_the_end(Trial& t) {
  int ended = 0;
  AsyncBackend& backend = t.backend();
  const auto submit = [&](const ThreadsPortal& portal, int number) {
    return portal.run_coroutine_soon([&, number]() -> Coro<int> {
      if (number % 3 == 0) co_await backend.sleep(20ms);
      if (number % 3 == 1) co_await backend.ignore_cancellation(backend.sleep(10ms));
      if (number % 3 == 2) co_await take_turns(backend, number);
      ++ended;
      co_return 5;
    });
  };
  const Accepted seen =
      end_with_calls_accepted(t, std::make_shared<Patience>(), Ending::returns, submit, [&] { return ended; });
  t.witness("coroutines accepted before the body ended", static_cast<std::size_t>(seen.accepted));
  t.expect_true("threads-came-back", seen.came_back);
  t.expect_no_failure("failed", seen.failure);
  t.expect_true("submitted", seen.all_submitted);
  t.expect_equal("ended", seen.accepted, seen.begun_at_the_end);
  t.expect_equal("answers", std::vector<std::string>(static_cast<std::size_t>(seen.accepted), "value 5"), seen.answers);
}

/// Coroutines that wait when the body ends so, and, if submitting does not wait for the loop, one that has not begun.
void check_cancelled_coroutines(Trial& t, const std::shared_ptr<Patience>& patience, Ending ending) {
  Callers callers(patience);
  int waiting = 0;
  bool submitted = false;
  SharedLog outcomes;
  std::vector<std::string> answers;
  std::string left_with;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    auto portal = backend.create_threads_portal();
    const auto wait = [&]() -> Coro<> {
      ++waiting;
      const auto outcome = co_await outcome_of(backend.sleep_forever());
      outcomes(outcome_word(outcome));
      if (outcome) std::rethrow_exception(outcome);
    };
    const auto inside = [&]() -> Coro<> {
      callers.start([&, portal] {
        const auto first = portal.run_coroutine_soon(wait);
        const auto second = portal.run_coroutine_soon(wait);
        callers.blocked([&] { answers = {callers.answer(first), callers.answer(second)}; });
      });
      co_await callers.until(backend, [&] { return waiting == 2; });
      const Flag third = make_flag();
      callers.start([&, portal, third] {
        if (!returns_futures_at_once(t)) *third = true;
        const auto refusal = thrown_by([&] { portal.run_coroutine_soon(wait); });
        *third = true;
        // It came too late to be accepted, which is as good.
        if (refusal && word_of_failure(refusal) != "UsageError") std::rethrow_exception(refusal);
        if (refusal) outcomes("cancelled");
      });
      submitted = callers.hold(is_set(third));
    };
    left_with = word_of_ending(co_await run_and_end(backend, portal, ending, inside));
    co_await callers.ended(backend);
  });
  t.witness("coroutines that waited", static_cast<std::size_t>(waiting));
  t.expect_true("threads-came-back", callers.join());
  t.expect_no_failure("thread-failed", callers.failure());
  t.expect_no_failure("failed", failure);
  t.expect_equal("left-with", expected_word(ending), left_with);
  t.expect_true("submitted", submitted);
  t.expect_equal("interrupted", std::vector<std::string>(3, "cancelled"), outcomes.entries());
  t.expect_equal("futures", std::vector<std::string>(2, "FutureCancelled"), answers);
}

void a_body_that_fails_cancels_the_coroutines(Trial& t) {
  const auto patience = std::make_shared<Patience>();
  check_cancelled_coroutines(t, patience, Ending::throws);
  check_cancelled_coroutines(t, patience, Ending::cancelled);
}

void what_the_body_throws_leaves_bare(Trial& t) {
  std::vector<std::exception_ptr> thrown = failures_of_every_sort();
  thrown.push_back(std::make_exception_ptr(FutureCancelled("of another future")));
  const auto patience = std::make_shared<Patience>();
  for (const auto& failure : thrown) {
    Callers callers(patience);
    bool waits = false;
    std::exception_ptr left_with;
    const auto run_failure = t.run([&](AsyncBackend& backend) -> Coro<> {
      auto portal = backend.create_threads_portal();
      const auto fail_too = [&]() -> Coro<> {
        waits = true;
        co_await outcome_of(backend.sleep_forever());
        throw std::runtime_error("the clean-up failed");
      };
      const auto body = [&]() -> Coro<> {
        callers.start([&, portal] { portal.run_coroutine_soon(fail_too); });
        co_await callers.until(backend, [&] { return waits; });
        std::rethrow_exception(failure);
      };
      left_with = co_await outcome_of(portal.run(body));
      co_await callers.ended(backend);
    });
    t.witness("bodies that threw");
    t.expect_true("threads-came-back", callers.join());
    t.expect_no_failure("thread-failed", callers.failure());
    t.expect_no_failure("failed", run_failure);
    t.expect(left_with == failure, "same-object", describe(failure), describe(left_with));
  }
  bool caught = false;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    auto portal = backend.create_threads_portal();
    auto scope = backend.move_on_after(10ms);
    co_await scope.run([&] { return portal.run([&] { return backend.sleep_forever(); }); });
    caught = scope.cancelled_caught();
  });
  t.witness("bodies that were cancelled");
  t.expect_no_failure("cancelled-failed", failure);
  t.expect_true("scope-catches", caught);
}

void nobody_is_blocked_after_the_end(Trial& t) {
  const auto patience = std::make_shared<Patience>();
  for (const Ending ending : all_endings) {
    Callers callers(patience);
    std::atomic<int> blocked = 0;
    SharedLog words;
    SharedLog functions;
    bool all_blocked = false;
    int begun = 0;
    const Flag body_ends = make_flag();
    const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
      auto portal = backend.create_threads_portal();
      const auto wait = [&]() -> Coro<> {
        ++begun;
        // Without a request they would have no end.
        if (ending != Ending::returns) co_await backend.sleep_forever();
        co_await callers.until(backend, is_set(body_ends));
        co_await take_turns(backend, 2);
      };
      const auto inside = [&]() -> Coro<> {
        callers.start([&, portal] {
          ++blocked;
          callers.blocked([&] { words(word_of([&] { portal.run_coroutine(wait); })); });
        });
        callers.start([&, portal] {
          const auto future = portal.run_coroutine_soon(wait);
          ++blocked;
          callers.blocked([&] { words(word_of([&] { future.get(); })); });
        });
        callers.start([&, portal] {
          const auto future = portal.run_coroutine_soon(wait);
          ++blocked;
          callers.blocked([&] { future.wait(); });
          words(future.cancelled() ? "FutureCancelled" : "done");
        });
        co_await callers.until(backend, [&] { return begun == 3 && blocked == 3; });
        // Accepted in the last moment, if the loop need not go on for that.
        for (int i = 0; i < 2 && returns_futures_at_once(t); ++i) {
          callers.start([&, portal] {
            const auto future = portal.run_sync_soon([] {});
            ++blocked;
            callers.blocked([&] { functions(word_of([&] { future.get(); })); });
          });
        }
        all_blocked = callers.hold([&] { return blocked == (returns_futures_at_once(t) ? 5 : 3); });
        *body_ends = true;
      };
      co_await run_and_end(backend, portal, ending, inside);
    });
    t.witness("threads blocked at the end", static_cast<std::size_t>(blocked.load()));
    t.expect_true("threads-came-back", callers.join());
    t.expect_no_failure("thread-failed", callers.failure());
    t.expect_no_failure("failed", failure);
    t.expect_true("blocked", all_blocked);
    const std::string expected = ending == Ending::returns ? "done" : "FutureCancelled";
    t.expect_equal("coroutines", std::vector<std::string>(3, expected), words.entries());
    t.expect_equal("functions", std::vector<std::string>(returns_futures_at_once(t) ? 2 : 0, "done"),
                   functions.entries());
  }
}

// ---- Portal030, Portal031: entered once -----------------------------------------------------------------------------

void a_portal_is_not_entered_twice(Trial& t) {
  Callers callers;
  int second_bodies = 0;
  std::vector<std::exception_ptr> refusals;
  std::vector<std::string> answers;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    auto portal = backend.create_threads_portal();
    auto copy = portal;
    const auto second_body = [&]() -> Coro<> {
      ++second_bodies;
      co_return;
    };
    const auto enter_again = [&]() -> Coro<> {
      refusals.push_back(co_await outcome_of(portal.run(second_body)));
      refusals.push_back(co_await outcome_of(copy.run(second_body)));
    };
    const auto call = [&] {
      callers.start([&, portal] { answers.push_back(callers.answer(portal.run_sync_soon([] { return 1; }))); });
    };
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      co_await portal.run([&]() -> Coro<> {
        co_await enter_again();
        const auto other_task = co_await tasks.start(enter_again);
        co_await other_task.join();
        call();
        co_await callers.ended(backend);
        bool waits = false;
        const auto linger = [&]() -> Coro<> {
          waits = true;
          co_await backend.sleep(20ms);
        };
        callers.start([&, portal, linger] { portal.run_coroutine_soon(linger); });
        co_await callers.ended(backend);
        co_await callers.until(backend, [&] { return waits; });
        // While the exit waits.
        tasks.start_soon([&]() -> Coro<> {
          co_await backend.sleep(10ms);
          co_await enter_again();
        });
      });
    });
  });
  t.witness("second entries", refusals.size());
  t.expect_true("threads-came-back", callers.join());
  t.expect_no_failure("failed", failure);
  t.expect_equal("number", std::size_t{6}, refusals.size());
  for (const auto& refusal : refusals) expect_misuse(t, "refused", refusal, "enter");
  t.expect_equal("second-body", 0, second_bodies);
  t.expect_equal("goes-on", std::vector<std::string>{"value 1"}, answers);
}

void a_portal_is_not_entered_again(Trial& t) {
  int second_bodies = 0;
  const auto second_body = [&]() -> Coro<> {
    ++second_bodies;
    co_return;
  };
  for (const Ending ending : all_endings) {
    Callers callers;
    std::exception_ptr in_the_run;
    std::exception_ptr in_a_later_run;
    Refusals calls;
    std::optional<ThreadsPortal> kept;
    const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
      kept = backend.create_threads_portal();
      co_await run_and_end(backend, *kept, ending, []() -> Coro<> { co_return; });
      in_the_run = co_await outcome_of(kept->run(second_body));
      callers.start([&] { calls.call_each(*kept); });
      co_await callers.ended(backend);
    });
    const auto later_failure = t.run([&](AsyncBackend&) -> Coro<> {
      if (kept) in_a_later_run = co_await outcome_of(kept->run(second_body));
    });
    t.witness("entries after the exit", kept ? 2 : 0);
    t.expect_true("threads-came-back", callers.join());
    t.expect_no_failure("failed", failure);
    t.expect_no_failure("later-run-failed", later_failure);
    expect_misuse(t, "refused", in_the_run, "enter");
    expect_misuse(t, "refused-later", in_a_later_run, "portal");
    calls.expect(t, "calls", "exit");
  }
  t.expect_equal("second-body", 0, second_bodies);
}

}  // namespace

ClauseTests portal_exit_tests() {
  return {
      {clause::Portal001, "APortalIsNewAndLeadsIntoTheLoopHere", a_portal_is_new_and_leads_into_the_loop_here},
      {clause::Portal002, "APortalNeedsALoop", a_portal_needs_a_loop},
      {clause::Portal003, "ItIsOpenAsLongAsItsBodyRuns", it_is_open_from_the_call_of_its_body_to_the_end},
      {clause::Portal004, "CallsOutsideItsLifeAreRefused", calls_outside_its_life_are_refused},
      {clause::Portal006, "CoroutinesAreRefusedAfterTheExit", coroutines_are_refused_after_the_exit},
      {clause::Portal007, "CoroutinesAreRefusedOnTheLoopThread", coroutines_are_refused_on_the_loop_thread},
      {clause::Portal009, "ACoroutineThatTheExitCancelsHasNoAnswer", a_coroutine_that_the_exit_cancels_has_no_answer},
      {clause::Portal012, "FunctionsAreRefusedAfterTheExit", functions_are_refused_after_the_exit},
      {clause::Portal026, "AcceptedFunctionsAreCalledBeforeTheEnd", accepted_functions_are_called_before_the_end},
      {clause::Portal027, "AcceptedCoroutinesEndBeforeTheEnd", accepted_coroutines_end_before_the_end},
      {clause::Portal028, "ABodyThatFailsCancelsTheCoroutines", a_body_that_fails_cancels_the_coroutines},
      {clause::Portal029, "WhatTheBodyThrowsLeavesBare", what_the_body_throws_leaves_bare},
      {clause::Portal030, "APortalIsNotEnteredTwice", a_portal_is_not_entered_twice},
      {clause::Portal031, "APortalIsNotEnteredAgain", a_portal_is_not_entered_again},
      {clause::Portal036, "NobodyIsBlockedAfterTheEnd", nobody_is_blocked_after_the_end},
  };
}

}  // namespace concert::conformance
