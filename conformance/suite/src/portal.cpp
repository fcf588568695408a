// SPDX-License-Identifier: Apache-2.0
// Tests of spec/clauses/portal.md: calls and their futures. The life of the portal itself is in portal_exit.cpp.
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "concert/suite/suite.hpp"
#include "portal_scenes.hpp"

namespace concert::conformance {

namespace {

using namespace std::chrono_literals;

using Ids = std::set<std::thread::id>;

/// A call for each value that is drawn: the number of turns that a coroutine waits, or what a function returns.
struct Drawn {
  int threads = 1;
  Numbers calls;
  friend std::ostream& operator<<(std::ostream& out, const Drawn& drawn) {
    return out << drawn.threads << " threads, calls " << show(drawn.calls);
  }
};
rc::Gen<Drawn> calls_of_threads(int most_calls) {
  return rc::gen::map(rc::gen::pair(number(1, 3), numbers(0, most_calls, 0, 3)), [](const auto& pair) {
    return Drawn{pair.first, pair.second};
  });
}

/// What was seen of the work, on the loop thread.
struct Work {
  Ids threads;
  std::vector<std::uint64_t> tasks;
  Log arguments;
  int runs = 0;
};

std::vector<std::string> sorted(std::vector<std::string> words) {
  std::sort(words.begin(), words.end());
  return words;
}

/// What a call is expected to give: a number for each thread and call.
int value_of(int thread, std::size_t call) { return thread * 100 + static_cast<int>(call); }

// ---- Portal005, Portal008, Portal010: coroutines --------------------------------------------------------------------

void check_coroutines(Trial& one, const Drawn& drawn, const std::shared_ptr<Patience>& patience) {
  Callers callers(patience);
  Ids loop;
  Work work;
  SharedLog answers;
  std::vector<std::string> expected_answers;
  std::vector<std::string> expected_arguments;
  for (int thread = 0; thread < drawn.threads; ++thread) {
    for (std::size_t i = 0; i < drawn.calls.size(); ++i) {
      expected_arguments.push_back(std::to_string(value_of(thread, i)) + " a");
      expected_answers.insert(expected_answers.end(), 2, "value " + std::to_string(value_of(thread, i)));
    }
  }
  const auto failure = run_portal(one, callers, [&](AsyncBackend& backend, const ThreadsPortal& portal) {
    loop.insert(std::this_thread::get_id());
    const auto coroutine = [&](int waits, int value, std::string text) -> Coro<int> {
      ++work.runs;
      work.arguments(std::to_string(value) + " " + text);
      work.tasks.push_back(backend.get_current_task().id);
      work.threads.insert(std::this_thread::get_id());
      for (int i = 0; i < waits; ++i) {
        co_await backend.sleep(no_time);
        work.threads.insert(std::this_thread::get_id());
      }
      co_return value;
    };
    for (int thread = 0; thread < drawn.threads; ++thread) {
      callers.start([&, thread, coroutine, portal] {
        std::vector<ThreadFuture<int>> futures;
        for (std::size_t i = 0; i < drawn.calls.size(); ++i) {
          futures.push_back(portal.run_coroutine_soon(coroutine, drawn.calls[i], value_of(thread, i), "a"));
        }
        for (const auto& future : futures) {
          answers(callers.answer(future));
          answers(callers.answer(future));
        }
      });
    }
  });
  one.witness("coroutines submitted", expected_arguments.size());
  one.expect_no_failure("failed", failure);
  one.expect_equal("answers", sorted(expected_answers), sorted(answers.entries()));
  one.expect_equal("arguments", sorted(expected_arguments), sorted(work.arguments.words()));
  one.expect_equal("tasks", expected_arguments.size(), std::set(work.tasks.begin(), work.tasks.end()).size());
  if (!expected_arguments.empty()) one.expect_true("thread", work.threads == loop);
}

void values_of_every_type(Trial& t) {
  Callers callers;
  int target = 0;
  bool same_object = false;
  bool same_reference = false;
  Log words;
  const auto failure = run_portal(t, callers, [&](AsyncBackend&, const ThreadsPortal& portal) {
    callers.start([&, portal] {
      const auto movable =
          portal.run_coroutine_soon([]() -> Coro<std::unique_ptr<int>> { co_return std::make_unique<int>(5); });
      const auto reference = portal.run_coroutine_soon([&]() -> Coro<int&> { co_return target; });
      const auto nothing = portal.run_coroutine_soon([]() -> Coro<> { co_return; });
      const auto awaitable = portal.run_coroutine_soon([](AsyncBackend& backend) { return backend.sleep(no_time); },
                                                       std::ref(t.backend()));
      words(callers.answer(movable));
      words(callers.answer(nothing));
      words(callers.answer(awaitable));
      words(callers.answer(reference));
      if (words != Log{"value", "done", "done", "value 0"}) return;
      same_object = *movable.get() == 5 && &movable.get() == &movable.get();
      same_reference = &reference.get() == &target;
    });
  });
  t.witness("types", 4);
  t.expect_no_failure("types-failed", failure);
  t.expect_equal("types", Log{"value", "done", "done", "value 0"}, words);
  t.expect_true("types-movable", same_object);
  t.expect_true("types-reference", same_reference);
}

void a_coroutine_runs_as_a_task_in_the_loop(Trial& t) {
  values_of_every_type(t);
  const auto patience = std::make_shared<Patience>();
  for_all<Drawn>(t, "coroutines", calls_of_threads(4),
                 [patience](Trial& one, const Drawn& drawn) { check_coroutines(one, drawn, patience); });
}

void run_coroutine_blocks_until_it_has_the_value(Trial& t) {
  Callers callers;
  SharedLog tickets;
  int target = 0;
  Log words;
  const auto failure = run_portal(t, callers, [&](AsyncBackend& backend, const ThreadsPortal& portal) {
    callers.start([&, portal] {
      for (const int waits : {0, 1, 5}) {
        const auto work = [&, waits]() -> Coro<int> {
          co_await take_turns(backend, waits);
          tickets("last step");
          co_return waits;
        };
        int value = 0;
        callers.blocked([&] { value = portal.run_coroutine(work); });
        tickets("returned");
        words(std::to_string(value));
      }
      const std::unique_ptr<int> movable = portal.run_coroutine(
          [](int value) -> Coro<std::unique_ptr<int>> { co_return std::make_unique<int>(value); }, 6);
      words(std::to_string(*movable));
      int& reference = portal.run_coroutine([&]() -> Coro<int&> { co_return target; });
      words(&reference == &target ? "reference" : "another object");
      const auto nothing = [&]() -> Coro<> {
        co_await take_turns(backend, 2);
        tickets("last step");
      };
      callers.blocked([&] { portal.run_coroutine(nothing); });
      tickets("returned");
    });
  });
  t.witness("threads blocked in run_coroutine", 6);
  t.expect_no_failure("failed", failure);
  t.expect_equal("order",
                 std::vector<std::string>{"last step", "returned", "last step", "returned", "last step", "returned",
                                          "last step", "returned"},
                 tickets.entries());
  t.expect_equal("values", Log{"0", "1", "5", "6", "reference"}, words);
}

void what_a_coroutine_throws_reaches_the_caller(Trial& t) {
  for (const auto& thrown : failures_of_every_sort()) {
    for (const int waits : {0, 5}) {
      Callers callers;
      std::array<std::exception_ptr, 3> caught;
      const auto failure = run_portal(t, callers, [&](AsyncBackend& backend, const ThreadsPortal& portal) {
        callers.start([&, portal] {
          const auto fail = [&, waits]() -> Coro<int> {
            co_await take_turns(backend, waits);
            std::rethrow_exception(thrown);
          };
          const auto future = portal.run_coroutine_soon(fail);
          if (callers.answer(future) == "no answer") return;
          caught[0] = thrown_by([&] { future.get(); });
          caught[1] = thrown_by([&] { future.get(); });
          callers.blocked([&] { caught[2] = thrown_by([&] { portal.run_coroutine(fail); }); });
        });
      });
      t.witness("coroutines that threw", 2);
      t.expect_no_failure("failed", failure);
      t.expect(caught[0] == thrown, "get", "the object thrown", describe(caught[0]));
      t.expect(caught[1] == thrown, "get-again", "the object thrown", describe(caught[1]));
      t.expect(caught[2] == thrown, "run-coroutine", "the object thrown", describe(caught[2]));
    }
  }
}

// ---- Portal011, Portal013: plain functions --------------------------------------------------------------------------

void check_functions(Trial& one, const Drawn& drawn, const std::shared_ptr<Patience>& patience) {
  Callers callers(patience);
  Ids loop;
  Work work;
  bool in_step = false;
  int inside_steps = 0;
  SharedLog answers;
  std::vector<std::string> expected_answers;
  std::vector<std::string> expected_arguments;
  for (int thread = 0; thread < drawn.threads; ++thread) {
    for (std::size_t i = 0; i < drawn.calls.size(); ++i) {
      expected_arguments.push_back(std::to_string(value_of(thread, i)) + " a");
      expected_answers.insert(expected_answers.end(), 2, "value " + std::to_string(value_of(thread, i)));
    }
  }
  const auto failure = run_portal(one, callers, [&](AsyncBackend&, const ThreadsPortal& portal) {
    loop.insert(std::this_thread::get_id());
    in_step = true;
    const auto function = [&](int value, const std::string& text) {
      work.arguments(std::to_string(value) + " " + text);
      work.threads.insert(std::this_thread::get_id());
      if (in_step) ++inside_steps;
      return value;
    };
    for (int thread = 0; thread < drawn.threads; ++thread) {
      callers.start([&, thread, function, portal] {
        std::vector<ThreadFuture<int>> futures;
        for (std::size_t i = 0; i < drawn.calls.size(); ++i) {
          futures.push_back(portal.run_sync_soon(function, value_of(thread, i), "a"));
        }
        for (const auto& future : futures) {
          answers(callers.answer(future));
          answers(callers.answer(future));
        }
      });
    }
    in_step = false;
  });
  one.witness("functions submitted", expected_arguments.size());
  one.expect_no_failure("failed", failure);
  one.expect_equal("answers", sorted(expected_answers), sorted(answers.entries()));
  one.expect_equal("arguments", sorted(expected_arguments), sorted(work.arguments.words()));
  if (!expected_arguments.empty()) one.expect_true("thread", work.threads == loop);
  one.expect_equal("inside-steps", 0, inside_steps);
}

/// The loop has nothing else to do: it must be woken.
void a_function_wakes_an_idle_loop(Trial& t) {
  Callers callers;
  std::string word;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    auto portal = backend.create_threads_portal();
    co_await portal.run([&]() -> Coro<> {
      auto scope = backend.open_cancel_scope();
      callers.start([&, portal] {
        const auto future = portal.run_sync_soon([&] { scope.cancel(); });
        // Not callers.answer: virtual time must not pass.
        if (callers.hold([&] { return future.done(); })) word = word_of([&] { future.get(); });
      });
      co_await scope.run([&] { return backend.sleep_forever(); });
      co_await callers.ended(backend);
    });
  });
  t.witness("idle loops called");
  t.expect_true("threads-came-back", callers.join());
  t.expect_no_failure("idle-failed", failure);
  t.expect_equal("idle", std::string("done"), word);
}

void a_function_is_called_in_the_loop_thread(Trial& t) {
  a_function_wakes_an_idle_loop(t);
  const auto patience = std::make_shared<Patience>();
  for_all<Drawn>(t, "functions", calls_of_threads(4),
                 [patience](Trial& one, const Drawn& drawn) { check_functions(one, drawn, patience); });
}

void run_sync_blocks_until_the_function_has_ended(Trial& t) {
  Callers callers;
  SharedLog tickets;
  int target = 0;
  Log words;
  std::vector<std::exception_ptr> caught;
  const auto failures = failures_of_every_sort();
  const auto failure = run_portal(t, callers, [&](AsyncBackend&, const ThreadsPortal& portal) {
    callers.start([&, portal] {
      for (const int value : {1, 2, 3}) {
        const int returned = portal.run_sync([&, value] {
          tickets("called");
          return value;
        });
        tickets("returned");
        words(std::to_string(returned));
      }
      const std::unique_ptr<int> movable = portal.run_sync([](int value) { return std::make_unique<int>(value); }, 6);
      words(std::to_string(*movable));
      int& reference = portal.run_sync([&]() -> int& { return target; });
      words(&reference == &target ? "reference" : "another object");
      portal.run_sync([&] { tickets("called"); });
      tickets("returned");
      for (const auto& thrown : failures) {
        caught.push_back(thrown_by([&] { portal.run_sync([&] { std::rethrow_exception(thrown); }); }));
      }
    });
  });
  t.witness("threads blocked in run_sync", 6 + failures.size());
  t.expect_no_failure("failed", failure);
  t.expect_equal(
      "order",
      std::vector<std::string>{"called", "returned", "called", "returned", "called", "returned", "called", "returned"},
      tickets.entries());
  t.expect_equal("values", Log{"1", "2", "3", "6", "reference"}, words);
  t.expect_true("failures", caught == failures);
}

// ---- Portal015, Portal016: the wrong and the right thread -----------------------------------------------------------

/// Calls each function and gives what the futures and calls gave.
std::vector<std::string> call_each(Callers& callers, const ThreadsPortal& portal, SharedLog& threads) {
  const auto note = [&threads] {
    threads(show(static_cast<long double>(std::hash<std::thread::id>()(std::this_thread::get_id()))));
    return 1;
  };
  const auto note_later = [note]() -> Coro<int> { co_return note(); };
  std::vector<std::string> words;
  words.push_back(callers.answer(portal.run_coroutine_soon(note_later)));
  words.push_back(callers.answer(portal.run_sync_soon(note)));
  if (words != std::vector<std::string>(2, "value 1")) return words;
  words.push_back(word_of([&] { return portal.run_coroutine(note_later); }));
  words.push_back(word_of([&] { return portal.run_sync(note); }));
  return words;
}

void another_loop_may_call(Trial& t) {
  const auto other = t.make_backend();
  for (AsyncBackend* const caller : {other.get(), &t.backend()}) {
    Callers callers;
    SharedLog threads;
    std::vector<std::string> words;
    std::string loop;
    std::exception_ptr other_failure;
    const auto failure = run_portal(t, callers, [&](AsyncBackend&, const ThreadsPortal& portal) {
      loop = show(static_cast<long double>(std::hash<std::thread::id>()(std::this_thread::get_id())));
      callers.start([&, caller, portal] {
        other_failure = t.call([&] {
          caller->bootstrap(t.runner_options(), [&]() -> Coro<> {
            co_await caller->sleep(10ms);
            words = call_each(callers, portal, threads);
          });
        });
      });
    });
    t.witness("calls from another loop", words.size());
    t.expect_no_failure("failed", failure);
    t.expect_no_failure("other-loop-failed", other_failure);
    t.expect_equal("answers", std::vector<std::string>(4, "value 1"), words);
    t.expect_equal("thread", std::vector<std::string>(4, loop), threads.entries());
  }
}

void work_of_a_portal_must_not_call_it(Trial& t) {
  Callers callers;
  Refusals at_first;
  Refusals later;
  Refusals in_function;
  Log words;
  const auto failure = run_portal(t, callers, [&](AsyncBackend& backend, const ThreadsPortal& portal) {
    callers.start([&, portal] {
      words(callers.answer(portal.run_coroutine_soon([&, portal]() -> Coro<> {
        at_first.call_each(portal);
        co_await backend.sleep(no_time);
        later.call_each(portal);
      })));
      words(callers.answer(portal.run_sync_soon([&] { in_function.call_each(portal); })));
    });
  });
  t.witness("calls from work of the portal", at_first.count() + later.count() + in_function.count());
  t.expect_no_failure("failed", failure);
  at_first.expect(t, "first-step", "loop");
  later.expect(t, "later-step", "loop");
  in_function.expect(t, "function", "loop");
  t.expect_equal("outer-calls", Log{"done", "done"}, words);
}

// ---- Portal017, Portal020, Portal023, Portal024, Run014: failures and who is told -----------------------------------

void failures_are_told_to_the_future_only(Trial& t) {
  // For each call: 0, 1 return; 2, 3 throw; odd ones are coroutines; from 4 on the same with futures thrown away.
  const auto patience = std::make_shared<Patience>();
  for_all<Numbers>(t, "calls", numbers(1, 6, 0, 7), [patience](Trial& one, const Numbers& drawn) {
    Callers callers(patience);
    Log reported;
    std::vector<std::string> answers;
    std::vector<std::string> expected;
    int runs = 0;
    bool body_ended = false;
    one.extra_options.set(
        "on_unhandled_error",
        UnhandledErrorHandler([&](std::exception_ptr failure, std::string_view) { reported(describe(failure)); }));
    const auto failure = run_portal(one, callers, [&](AsyncBackend& backend, const ThreadsPortal& portal) {
      callers.start([&, portal] {
        std::vector<ThreadFuture<int>> futures;
        for (const int call : drawn) {
          const bool fails = call % 4 >= 2;
          const auto function = [&, fails] {
            ++runs;
            if (fails) throw Mishap();
            return 3;
          };
          const auto coroutine = [&, fails]() -> Coro<int> {
            co_await backend.sleep(no_time);
            ++runs;
            if (fails) throw 7;
            co_return 3;
          };
          auto future = call % 2 == 1 ? portal.run_coroutine_soon(coroutine) : portal.run_sync_soon(function);
          if (call >= 4) continue;
          futures.push_back(std::move(future));
          expected.push_back(
              !fails ? "value 3"
                     : describe(call % 2 == 1 ? std::make_exception_ptr(7) : std::make_exception_ptr(Mishap())));
        }
        for (const auto& future : futures) answers.push_back(callers.answer(future));
        // Behind all others: the portal still works.
        const auto last = portal.run_coroutine_soon([&]() -> Coro<> { co_await take_turns(backend, 3); });
        body_ended = callers.answer(last) == "done";
      });
    });
    one.witness("calls", drawn.size());
    one.expect_no_failure("failed", failure);
    one.expect_equal("answers", expected, answers);
    one.expect_equal("runs", static_cast<int>(drawn.size()), runs);
    one.expect_true("portal-goes-on", body_ended);
    one.expect_equal("reported", Log(), reported);
  });
}

struct Reports {
  std::vector<std::exception_ptr> failures;
  Ids threads;
};

/// Coroutines that swallow the request, then end as given: null returns a value, else the failure is thrown.
struct Unheard {
  Reports reports;
  Ids loop;
  std::vector<bool> cancelled;
  int passed = 0;
  std::weak_ptr<int> value;
  std::exception_ptr run_failure;
};

void run_unheard_coroutines(Trial& t, Unheard& seen, const std::vector<std::exception_ptr>& ends) {
  Callers callers;
  t.extra_options.set("on_unhandled_error", UnhandledErrorHandler([&](std::exception_ptr failure, std::string_view) {
                        seen.reports.failures.push_back(std::move(failure));
                        seen.reports.threads.insert(std::this_thread::get_id());
                      }));
  seen.run_failure = run_portal(t, callers, [&](AsyncBackend& backend, const ThreadsPortal& portal) {
    seen.loop.insert(std::this_thread::get_id());
    callers.start([&, portal] {
      for (const std::exception_ptr& end : ends) {
        // Shared, in case that this thread gives up first.
        const auto waits = std::make_shared<std::atomic<bool>>();
        const auto ended = std::make_shared<std::atomic<bool>>();
        const auto swallow = [&, waits, ended]() -> Coro<std::shared_ptr<int>> {
          *waits = true;
          const auto interruption = co_await outcome_of(backend.sleep_forever());
          co_await outcome_of(backend.ignore_cancellation(backend.sleep(no_time)));
          *ended = true;
          if (end) std::rethrow_exception(end);
          auto value = std::make_shared<int>(1);
          seen.value = value;
          co_return value;
        };
        const auto future = portal.run_coroutine_soon(swallow);
        callers.hold([&] { return waits->load(); });
        seen.cancelled.push_back(future.cancel());
        callers.blocked([&] { callers.hold([&] { return ended->load(); }); });
      }
      const auto pass = portal.run_coroutine_soon([&]() -> Coro<> { co_await backend.sleep_forever(); });
      pass.cancel();
      seen.passed = pass.cancelled() ? 1 : 0;
    });
  });
}

void an_unheard_coroutine_is_reported_if_it_fails(Trial& t) {
  Unheard seen;
  std::vector<std::exception_ptr> ends = failures_of_every_sort();
  const auto failures = ends;
  ends.insert(ends.begin() + 1, nullptr);
  run_unheard_coroutines(t, seen, ends);
  t.witness("cancelled futures of coroutines that ended all the same",
            static_cast<std::size_t>(std::count(seen.cancelled.begin(), seen.cancelled.end(), true)));
  t.expect_no_failure("failed", seen.run_failure);
  t.expect_true("cancelled", seen.cancelled == std::vector<bool>(ends.size(), true) && seen.passed == 1);
  t.expect_equal("number", failures.size(), seen.reports.failures.size());
  t.expect_true("objects", seen.reports.failures == failures);
  t.expect_true("thread", seen.reports.threads == seen.loop);
  t.expect_true("value-is-dropped", seen.value.expired());
}

/// Once with failures that nobody can await, once without.
void the_option_is_told_what_nobody_can_await(Trial& t) {
  Unheard seen;
  const std::vector<std::exception_ptr> failures{std::make_exception_ptr(std::runtime_error("nobody hears"))};
  run_unheard_coroutines(t, seen, failures);
  t.witness("failures that nobody can await", failures.size());
  t.expect_no_failure("failed", seen.run_failure);
  t.expect_true("objects", seen.reports.failures == failures);
  t.expect_true("thread", seen.reports.threads == seen.loop);

  seen.reports = {};
  Callers callers;
  std::string word;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    auto portal = backend.create_threads_portal();
    co_await portal.run([&]() -> Coro<> {
      callers.start([&, portal] { word = callers.answer(portal.run_sync_soon([] { throw Mishap(); })); });
      co_await callers.ended(backend);
    });
    auto group = backend.create_task_group();
    co_await outcome_of(group.run([](TaskGroup& tasks) -> Coro<> {
      tasks.start_soon([]() -> Coro<> { throw Mishap(); });
      co_return;
    }));
    throw std::runtime_error("main failed");
  });
  t.expect_true("threads-came-back", callers.join());
  t.expect_equal("told", describe(std::make_exception_ptr(Mishap())), word);
  t.expect_failure<std::runtime_error>("main", failure);
  t.expect_equal("reports-of-what-was-told", std::size_t{0}, seen.reports.failures.size());
}

void a_cancelled_that_leaves_the_work_cancels_its_future(Trial& t) {
  Callers callers;
  std::exception_ptr stored;
  std::vector<bool> cancelled;
  Log words;
  const auto failure = run_portal(t, callers, [&](AsyncBackend& backend, const ThreadsPortal& portal) {
    const auto join_a_cancelled_task = [&]() -> Coro<int> {
      auto group = backend.create_task_group();
      std::optional<Task<void>> cancelled_task;
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        cancelled_task = co_await tasks.start([&]() -> Coro<> { co_await backend.sleep_forever(); });
        cancelled_task->cancel();
      });
      stored = co_await outcome_of(cancelled_task->join());
      co_await cancelled_task->join();
      co_return 1;
    };
    callers.start([&, join_a_cancelled_task, portal] {
      const auto coroutine = portal.run_coroutine_soon(join_a_cancelled_task);
      words(callers.answer(coroutine));
      const auto function = portal.run_sync_soon([&] {
        if (stored) std::rethrow_exception(stored);
      });
      words(callers.answer(function));
      cancelled = {coroutine.cancelled(), function.cancelled()};
      if (words.has("no answer")) return;
      words(word_of([&] { return portal.run_coroutine(join_a_cancelled_task); }));
      words(callers.answer(portal.run_sync_soon([] { return 4; })));
    });
  });
  t.witness("work that a Cancelled left", 3);
  t.expect_no_failure("failed", failure);
  t.expect_equal("answers", Log{"FutureCancelled", "FutureCancelled", "FutureCancelled", "value 4"}, words);
  t.expect_true("cancelled", cancelled == std::vector<bool>{true, true});
}

void a_thrown_future_cancelled_is_a_failure(Trial& t) {
  Callers callers;
  const auto thrown = std::make_exception_ptr(FutureCancelled("of another future"));
  std::vector<std::exception_ptr> caught;
  std::vector<bool> cancelled;
  std::string after;
  const auto failure = run_portal(t, callers, [&](AsyncBackend&, const ThreadsPortal& portal) {
    callers.start([&, portal] {
      const auto function = [&] { std::rethrow_exception(thrown); };
      const auto coroutine = [&]() -> Coro<> {
        std::rethrow_exception(thrown);
        co_return;
      };
      for (const auto& future : {portal.run_coroutine_soon(coroutine), portal.run_sync_soon(function)}) {
        if (callers.answer(future) == "no answer") return;
        caught.push_back(thrown_by([&] { future.get(); }));
        cancelled.push_back(future.cancelled());
      }
      after = callers.answer(portal.run_sync_soon([] { return 4; }));
    });
  });
  t.witness("FutureCancelled thrown by work", 2);
  t.expect_no_failure("failed", failure);
  t.expect_true("objects", caught == std::vector<std::exception_ptr>{thrown, thrown});
  t.expect_true("not-cancelled", cancelled == std::vector<bool>{false, false});
  t.expect_equal("portal-goes-on", std::string("value 4"), after);
}

}  // namespace

ClauseTests portal_tests() {
  return {
      {clause::Run014, "TheOptionIsToldWhatNobodyCanAwait", the_option_is_told_what_nobody_can_await},
      {clause::Portal005, "ACoroutineRunsAsATaskInTheLoop", a_coroutine_runs_as_a_task_in_the_loop},
      {clause::Portal008, "RunCoroutineBlocksUntilItHasTheValue", run_coroutine_blocks_until_it_has_the_value},
      {clause::Portal010, "WhatACoroutineThrowsReachesTheCaller", what_a_coroutine_throws_reaches_the_caller},
      {clause::Portal011, "AFunctionIsCalledInTheLoopThread", a_function_is_called_in_the_loop_thread},
      {clause::Portal013, "RunSyncBlocksUntilTheFunctionHasEnded", run_sync_blocks_until_the_function_has_ended},
      {clause::Portal015, "AnotherLoopMayCall", another_loop_may_call},
      {clause::Portal016, "WorkOfAPortalMustNotCallIt", work_of_a_portal_must_not_call_it},
      {clause::Portal017, "FailuresAreToldToTheFutureOnly", failures_are_told_to_the_future_only},
      {clause::Portal020, "AnUnheardCoroutineIsReportedIfItFails", an_unheard_coroutine_is_reported_if_it_fails},
      {clause::Portal023, "ACancelledThatLeavesTheWorkCancelsItsFuture",
       a_cancelled_that_leaves_the_work_cancels_its_future},
      {clause::Portal024, "AThrownFutureCancelledIsAFailure", a_thrown_future_cancelled_is_a_failure},
  };
}

}  // namespace concert::conformance
