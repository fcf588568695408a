// SPDX-License-Identifier: Apache-2.0
// Tests of spec/clauses/portal.md: what a thread may ask of its calls: to be cancelled, to keep their order, to be
// answered.
#include <map>
#include <optional>

#include "concert/harness/waits.hpp"
#include "concert/suite/suite.hpp"
#include "portal_scenes.hpp"

namespace concert::conformance {

namespace {

using namespace std::chrono_literals;

// ---- Portal018, Portal019, Portal021, Portal022: cancelling ---------------------------------------------------------

void cancelling_a_future_cancels_its_task(Trial& t) {
  std::vector<std::pair<std::string, bool>> interrupted;
  std::vector<bool> told;
  Callers callers;
  const auto failure = run_portal(t, callers, [&](AsyncBackend& backend, const ThreadsPortal& portal) {
    callers.start([&, portal] {
      for (const WaitKind& kind : wait_kinds()) {
        const Flag begun = make_flag();
        const Flag ended = make_flag();
        const auto wait = [&, begun, ended, kind]() -> Coro<> {
          *begun = true;
          const auto outcome = co_await outcome_of(kind.block(backend));
          interrupted.emplace_back(kind.name, is_cancelled(outcome));
          *ended = true;
        };
        const auto future = portal.run_coroutine_soon(wait);
        callers.hold(is_set(begun));
        // Time to come to the wait.
        const auto pass = [&]() -> Coro<> { co_await take_turns(backend, 5); };
        callers.answer(portal.run_coroutine_soon(pass));
        told.push_back(future.cancel());
        bool has_ended = false;
        callers.blocked([&] { has_ended = callers.hold(is_set(ended)); });
        if (!has_ended) return;
      }
      // A coroutine that is running: it learns of the request at its next checkpoint.
      const Flag begun = make_flag();
      const Flag asked = make_flag();
      const Flag ended = make_flag();
      const auto work = [&, begun, asked, ended]() -> Coro<> {
        // Not in the first step: submitting may wait for that.
        co_await backend.sleep(no_time);
        *begun = true;
        callers.hold(is_set(asked));
        const auto outcome = co_await outcome_of(backend.sleep_forever());
        interrupted.emplace_back("running", is_cancelled(outcome));
        *ended = true;
      };
      const auto future = portal.run_coroutine_soon(work);
      callers.blocked([&] { callers.hold(is_set(begun)); });
      told.push_back(future.cancel());
      *asked = true;
      callers.blocked([&] { callers.hold(is_set(ended)); });
    });
  });
  t.witness("coroutines cancelled by another thread", interrupted.size());
  t.expect_no_failure("failed", failure);
  t.expect_true("told", told == std::vector<bool>(wait_kinds().size() + 1, true));
  t.expect_equal("number", wait_kinds().size() + 1, interrupted.size());
  for (const auto& [name, is_interrupted] : interrupted) {
    t.expect(is_interrupted, "interrupted", "Cancelled in the wait '" + name + "'", "no Cancelled");
  }
}

void a_future_is_cancelled_at_once(Trial& t) {
  Callers callers;
  const Flag begun = make_flag();
  const Flag handed_over = make_flag();
  const Flag released = make_flag();
  const Flag ended = make_flag();
  std::optional<ThreadFuture<int>> future;
  Log at_once;
  Log later;
  bool needs_the_loop = true;
  std::string other_reader;
  const auto failure = run_portal(t, callers, [&](AsyncBackend& backend, const ThreadsPortal& portal) {
    const auto look = [&](Log& log) {
      log(future->done() ? "done" : "not done");
      log(future->cancelled() ? "cancelled" : "not cancelled");
      log(word_of([&] { return future->wait_for(no_time); }));
      // Might block for ever, so only if it must not.
      if (future->done()) log(word_of([&] { return future->get(); }));
      log(future->cancel() ? "true" : "false");
    };
    // Holds the loop, so that nothing of what is seen at once is its doing, and swallows the request.
    const auto go_on = [&, begun, released, ended]() -> Coro<int> {
      co_await backend.sleep(no_time);
      *begun = true;
      needs_the_loop = !callers.hold(is_set(released));
      co_await outcome_of(backend.sleep_forever());
      co_await outcome_of(backend.ignore_cancellation(backend.sleep(no_time)));
      *ended = true;
      co_return 5;
    };
    callers.start([&, handed_over] {
      if (callers.hold(is_set(handed_over))) other_reader = callers.answer(*future);
    });
    callers.start([&, look, go_on, portal, begun, handed_over, released, ended] {
      future = portal.run_coroutine_soon(go_on);
      *handed_over = true;
      callers.blocked([&] { callers.hold(is_set(begun)); });
      at_once(future->cancel() ? "true" : "false");
      look(at_once);
      *released = true;
      callers.blocked([&] { callers.hold(is_set(ended)); });
      // Behind the end of the coroutine.
      callers.answer(portal.run_sync_soon([] {}));
      look(later);
    });
  });
  t.witness("cancelled futures of coroutines that went on", *ended ? 1 : 0);
  t.expect_no_failure("failed", failure);
  t.expect_equal("at-once", Log{"true", "done", "cancelled", "value 1", "FutureCancelled", "true"}, at_once);
  t.expect_false("needs-the-loop", needs_the_loop);
  t.expect_equal("other-reader", std::string("FutureCancelled"), other_reader);
  t.expect_equal("after-the-end", Log{"done", "cancelled", "value 1", "FutureCancelled", "true"}, later);
}

/// Has a caller submit calls while the loop stands still, one for each of `drawn`, and cancel the futures of those that
/// are not 0. Where submitting waits for the loop there is no such moment, and nothing is cancelled.
template <class Submit>
std::exception_ptr run_cancelled_calls(Trial& t, Callers& callers, const Numbers& drawn, std::vector<bool>& told,
                                       const Submit& submit, const std::function<void()>& look) {
  const Flag asked = make_flag();
  return run_portal(t, callers, [&, asked](AsyncBackend&, const ThreadsPortal& portal) {
    callers.start([&, asked, portal] {
      if (!returns_futures_at_once(t)) *asked = true;
      auto futures = std::vector<decltype(submit(portal, 0))>();
      for (std::size_t i = 0; i < drawn.size(); ++i) futures.push_back(submit(portal, static_cast<int>(i)));
      for (std::size_t i = 0; i < drawn.size(); ++i) {
        if (drawn[i] != 0) told.push_back(futures[i].cancel());
      }
      *asked = true;
      for (const auto& future : futures) callers.answer(future);
      callers.answer(portal.run_sync_soon([] {}));
      look();
    });
    callers.hold(is_set(asked));
  });
}

void a_cancelled_function_is_never_called(Trial& t) {
  const auto patience = std::make_shared<Patience>();
  for_all<Numbers>(t, "cancelled ones", numbers(1, 5, 0, 1), [patience](Trial& one, const Numbers& drawn) {
    Callers callers(patience);
    std::vector<bool> called(drawn.size(), false);
    std::vector<bool> told;
    std::shared_ptr<int> held = std::make_shared<int>(0);
    long still_held = 0;
    const auto submit = [&](const ThreadsPortal& portal, int index) {
      return portal.run_sync_soon([&, held, index] { called[static_cast<std::size_t>(index)] = true; });
    };
    const auto failure =
        run_cancelled_calls(one, callers, drawn, told, submit, [&] { still_held = held.use_count() - 1; });
    // Exactly those are not called whose futures were cancelled in time.
    std::vector<bool> expected;
    auto answer = told.begin();
    for (const int cancels : drawn) expected.push_back(cancels == 0 || answer == told.end() || !*answer++);
    one.witness("calls made while the loop stood still", drawn.size());
    one.expect_no_failure("failed", failure);
    one.expect_true("called", called == expected);
    if (returns_futures_at_once(one)) one.expect_true("told", told == std::vector<bool>(told.size(), true));
    one.expect_equal("destroyed", 0L, still_held);
  });
}

/// A function that is being called, and one that has been.
void a_called_function_gives_its_answer(Trial& t) {
  Callers callers;
  const Flag begun = make_flag();
  const Flag asked = make_flag();
  Log words;
  const auto failure = run_portal(t, callers, [&](AsyncBackend&, const ThreadsPortal& portal) {
    callers.start([&, begun, asked, portal] {
      if (!returns_futures_at_once(t)) *asked = true;
      const auto future = portal.run_sync_soon([&, begun, asked] {
        *begun = true;
        callers.hold(is_set(asked));
        return 6;
      });
      callers.hold(is_set(begun));
      words(future.cancel() ? "true" : "false");
      *asked = true;
      words(callers.answer(future));
      words(future.cancel() ? "true" : "false");
      words(callers.answer(future));
    });
  });
  t.witness("functions that were being called", *begun ? 1 : 0);
  t.expect_no_failure("called-failed", failure);
  t.expect_equal("too-late", Log{"false", "value 6", "false", "value 6"}, words);
}

void a_function_is_cancelled_until_it_is_called(Trial& t) {
  a_cancelled_function_is_never_called(t);
  a_called_function_gives_its_answer(t);
}

void a_cancelled_coroutine_runs_to_its_first_checkpoint(Trial& t) {
  const auto patience = std::make_shared<Patience>();
  for_all<Numbers>(t, "cancelled ones", numbers(1, 5, 0, 1), [patience](Trial& one, const Numbers& drawn) {
    Callers callers(patience);
    std::vector<bool> began(drawn.size(), false);
    std::map<int, std::string> outcomes;
    std::vector<bool> told;
    const auto submit = [&](const ThreadsPortal& portal, int index) {
      const auto coroutine = [&, index]() -> Coro<> {
        const auto at = static_cast<std::size_t>(index);
        began[at] = true;
        AsyncBackend& backend = one.backend();
        // The others are not cancelled, and must not wait for ever.
        const Seconds delay = drawn[at] != 0 ? Seconds(never.time_since_epoch()) : no_time;
        const auto outcome = co_await outcome_of(backend.sleep(delay));
        outcomes[index] = outcome_word(outcome);
      };
      return portal.run_coroutine_soon(coroutine);
    };
    const auto failure = run_cancelled_calls(one, callers, drawn, told, submit, [] {});
    std::map<int, std::string> expected;
    for (std::size_t i = 0; i < drawn.size(); ++i)
      expected[static_cast<int>(i)] = drawn[i] != 0 ? "cancelled" : "value";
    one.witness("coroutines submitted while the loop stood still", drawn.size());
    one.expect_no_failure("failed", failure);
    one.expect_true("began", began == std::vector<bool>(drawn.size(), true));
    one.expect_true("told", told == std::vector<bool>(told.size(), true));
    one.expect_true("first-checkpoint", outcomes == expected);
  });
}

// ---- Portal032, Portal033, Portal035: how calls are made ------------------------------------------------------------

void calls_of_a_thread_begin_in_order(Trial& t) {
  using Calls = std::vector<Numbers>;
  const auto inputs = rc::gen::map(rc::gen::tuple(numbers(0, 5, 0, 1), numbers(0, 5, 0, 1), numbers(0, 5, 0, 1)),
                                   [](const auto& drawn) {
                                     return Calls{std::get<0>(drawn), std::get<1>(drawn), std::get<2>(drawn)};
                                   });
  const auto patience = std::make_shared<Patience>();
  for_all<Calls>(t, "kinds of calls of each thread", inputs, [patience](Trial& one, const Calls& drawn) {
    Callers callers(patience);
    std::vector<Numbers> began(drawn.size());
    std::vector<Numbers> expected(drawn.size());
    std::atomic<std::size_t> ready = 0;
    std::size_t calls = 0;
    const auto failure = run_portal(one, callers, [&](AsyncBackend& backend, const ThreadsPortal& portal) {
      for (std::size_t thread = 0; thread < drawn.size(); ++thread) {
        calls += drawn[thread].size();
        callers.start([&, thread, portal] {
          ++ready;
          std::vector<ThreadFuture<void>> futures;
          for (std::size_t i = 0; i < drawn[thread].size(); ++i) {
            const int index = static_cast<int>(i);
            expected[thread].push_back(index);
            const auto begin = [&, thread, index] { began[thread].push_back(index); };
            const auto coroutine = [&, begin]() -> Coro<> {
              begin();
              co_await backend.sleep(no_time);
            };
            futures.push_back(drawn[thread][i] == 1 ? portal.run_coroutine_soon(coroutine)
                                                    : portal.run_sync_soon(begin));
          }
          for (const auto& future : futures) callers.answer(future);
        });
      }
      // So that many calls come in at once.
      callers.hold([&] { return ready == drawn.size(); });
    });
    one.witness("calls", calls);
    one.expect_no_failure("failed", failure);
    for (std::size_t thread = 0; thread < drawn.size(); ++thread) {
      one.expect_equal("order", expected[thread], began[thread]);
    }
  });
}

void submitting_blocks_or_not_as_declared(Trial& t) {
  Callers callers;
  SharedLog tickets;
  const Flag about_to = make_flag();
  const Flag returned = make_flag();
  bool in_time = false;
  const auto failure = run_portal(t, callers, [&](AsyncBackend&, const ThreadsPortal& portal) {
    callers.start([&, portal] {
      *about_to = true;
      portal.run_coroutine_soon([]() -> Coro<> { co_return; });
      tickets("returned");
      portal.run_sync_soon([] {});
      *returned = true;
    });
    // The loop stands still until both calls have returned, or as long as a thread needs for them many times over.
    callers.hold(is_set(about_to));
    if (returns_futures_at_once(t)) {
      in_time = callers.hold(is_set(returned));
    } else {
      const auto pause_over = real_now() + 5ms;
      callers.hold([&] { return returned->load() || real_now() > pause_over; });
    }
    tickets("the loop goes on");
  });
  t.witness("calls made while the loop stood still", *returned ? 2 : 0);
  t.expect_no_failure("failed", failure);
  if (returns_futures_at_once(t)) {
    t.expect_true("returned-at-once", in_time);
  } else {
    t.expect_equal("returned-later", std::vector<std::string>{"the loop goes on", "returned"}, tickets.entries());
  }
}

void a_submitted_task_has_its_name(Trial& t) {
  const auto patience = std::make_shared<Patience>();
  for_all<std::string>(t, "names", rc::gen::arbitrary<std::string>(), [patience](Trial& one, const std::string& name) {
    Callers callers(patience);
    Log names;
    const auto failure = run_portal(one, callers, [&](AsyncBackend& backend, const ThreadsPortal& portal) {
      callers.start([&, portal] {
        const auto note = [&]() -> Coro<> {
          names(backend.get_current_task().name);
          co_return;
        };
        callers.answer(portal.run_coroutine_soon(TaskName(name), note));
        callers.answer(portal.run_coroutine_soon(note));
      });
    });
    one.witness("submitted coroutines", 2);
    one.expect_no_failure("failed", failure);
    if (!one.expect_equal("tasks", std::size_t{2}, names.words().size())) return;
    // An empty name is none: the backend may make one.
    if (!name.empty()) one.expect_equal("name", name, names.words()[0]);
    one.expect_false("default-name", names.words()[1].empty());
  });
}

// ---- Portal037: waiting on the loop thread --------------------------------------------------------------------------

void the_loop_thread_must_not_wait_for_a_future(Trial& t) {
  Callers callers;
  const Flag handed_over = make_flag();
  const Flag checked = make_flag();
  bool released = false;
  std::optional<ThreadFuture<int>> future;
  std::vector<std::exception_ptr> waits;
  Log before;
  Log after;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    auto portal = backend.create_threads_portal();
    co_await portal.run([&]() -> Coro<> {
      const auto work = [&]() -> Coro<int> {
        co_await callers.until(backend, [&] { return released; });
        co_return 8;
      };
      callers.start([&, portal, handed_over] {
        future = portal.run_coroutine_soon(work);
        *handed_over = true;
      });
      co_await callers.ended(backend);
      if (!*handed_over) co_return;
      co_await take_turns(backend, 3);
      // For a loop thread that does wait: so that it does not wait for ever.
      callers.start([&] {
        if (!callers.hold(is_set(checked))) future->cancel();
      });
      waits.push_back(thrown_by([&] { future->get(); }));
      waits.push_back(thrown_by([&] { future->wait(); }));
      waits.push_back(thrown_by([&] { future->wait_for(Seconds(0.01)); }));
      *checked = true;
      before(future->wait_for(no_time) ? "answered" : "no answer");
      before(future->done() ? "done" : "not done");
      released = true;
      co_await callers.until(backend, [&] { return future->done(); });
      after(word_of([&] { return future->get(); }));
      after(word_of([&] { future->wait(); }));
      after(word_of([&] { return future->wait_for(1s); }));
      after(future->cancel() ? "cancelled" : "not cancelled");
    });
  });
  t.witness("futures in the hands of the loop", *handed_over ? 1 : 0);
  t.expect_true("threads-came-back", callers.join());
  t.expect_no_failure("failed", failure);
  t.expect_equal("refused", std::size_t{3}, waits.size());
  for (const auto& wait : waits) expect_misuse(t, "refused", wait, "loop");
  t.expect_equal("without-an-answer", Log{"no answer", "not done"}, before);
  t.expect_equal("with-an-answer", Log{"value 8", "done", "value 1", "not cancelled"}, after);
}

// ---- Portal038: every call is answered once -------------------------------------------------------------------------

/// What one call is to do.
struct CallPlan {
  bool is_coroutine = false;
  bool fails = false;
  /// The caller waits for the answer before its next call.
  bool blocks = false;
  bool is_cancelled = false;
};
/// What each thread does, and how the body ends, after so many turns.
struct RacePlan {
  std::vector<Numbers> calls;
  int ending = 0;
  int turns = 0;
  static CallPlan call(int drawn) { return {(drawn & 1) != 0, (drawn & 2) != 0, (drawn & 4) != 0, (drawn & 24) == 24}; }
  friend std::ostream& operator<<(std::ostream& out, const RacePlan& plan) {
    for (const Numbers& calls : plan.calls) out << "thread " << show(calls) << ", ";
    return out << "the body "
               << (plan.ending == 0   ? "returns"
                   : plan.ending == 1 ? "throws"
                                      : "is cancelled")
               << " after " << plan.turns << " turns";
  }
};
rc::Gen<RacePlan> race_plans() {
  const auto calls = numbers(0, 5, 0, 31);
  return rc::gen::map(rc::gen::tuple(calls, calls, calls, number(0, 2), number(0, 6)), [](const auto& drawn) {
    const auto& [first, second, third, ending, turns] = drawn;
    return RacePlan{{first, second, third}, ending, turns};
  });
}

/// What became of a call.
struct CallRecord {
  CallPlan plan;
  // Written on the loop thread.
  int runs = 0;
  bool has_failed = false;
  // Written by the caller.
  std::string at_submission;
  std::optional<ThreadFuture<int>> future;
  bool was_told_cancelled = false;
  std::string first_answer;
};

class Race {
 public:
  Race(Trial& t, const RacePlan& plan, const std::shared_ptr<Patience>& patience)
      : t_(t), plan_(plan), callers_(patience), records_(plan.calls.size()), began_(plan.calls.size()) {
    for (std::size_t i = 0; i < plan.calls.size(); ++i) {
      for (const int drawn : plan.calls[i]) records_[i].emplace_back().plan = RacePlan::call(drawn);
    }
  }

  void run() {
    t_.extra_options.set("on_unhandled_error",
                         UnhandledErrorHandler([this](const std::exception_ptr&, std::string_view) { ++reported_; }));
    failure_ = t_.run([&](AsyncBackend& backend) -> Coro<> {
      loop_ = std::this_thread::get_id();
      auto portal = backend.create_threads_portal();
      auto scope = backend.open_cancel_scope();
      left_with_ = co_await outcome_of(scope.run([&]() -> Coro<> {
        co_await portal.run([&]() -> Coro<> {
          for (std::size_t i = 0; i < records_.size(); ++i) callers_.start([this, i, portal] { call(portal, i); });
          // Every other time the loop comes to the first calls, or the body to its end, after they were made and
          // cancelled.
          if (!returns_futures_at_once(t_)) {
            co_await callers_.until(backend, [&] { return has_begun(); });
          } else if (plan_.turns % 2 == 0) {
            callers_.hold([&] { return underway_ == records_.size(); });
          }
          co_await take_turns(backend, plan_.turns);
          if (plan_.ending == 1) throw Mishap();
          if (plan_.ending == 2) scope.cancel();
          if (plan_.ending == 2) co_await backend.sleep_forever();
        });
      }));
      is_over_ = true;
      co_await callers_.ended(backend);
    });
    came_back_ = callers_.join();
  }

  void judge() {
    t_.expect_true("threads-came-back", came_back_);
    t_.expect_no_failure("thread-failed", callers_.failure());
    t_.expect_no_failure("failed", failure_);
    t_.expect_equal("left-with", std::string(plan_.ending == 1 ? describe(std::make_exception_ptr(Mishap())) : "value"),
                    left_with_ ? describe(left_with_) : "value");
    t_.expect_equal("on-another-thread", 0, strangers_);
    t_.expect_equal("after-the-exit", 0, late_);
    int unheard = 0;
    for (const auto& records : records_) {
      for (const CallRecord& record : records)
        unheard += record.has_failed && record.first_answer == "FutureCancelled" ? 1 : 0;
    }
    t_.expect_equal("reported", unheard, reported_);
    for (std::size_t i = 0; i < records_.size(); ++i) {
      t_.expect_true("order", std::is_sorted(began_[i].begin(), began_[i].end()));
      for (const CallRecord& record : records_[i]) judge(record);
    }
  }

 private:
  // On another thread.
  void call(const ThreadsPortal& portal, std::size_t thread) {
    if (records_[thread].empty()) ++underway_;
    for (std::size_t i = 0; i < records_[thread].size(); ++i) {
      CallRecord& record = records_[thread][i];
      record.at_submission = word_of([&] { record.future.emplace(submit(portal, thread, i)); });
      if (record.future && record.plan.is_cancelled) record.was_told_cancelled = record.future->cancel();
      if (i == 0) ++underway_;
      if (!record.future) continue;
      if (record.plan.blocks) record.first_answer = callers_.answer(*record.future);
    }
    for (CallRecord& record : records_[thread]) {
      if (record.future && record.first_answer.empty()) record.first_answer = callers_.answer(*record.future);
    }
  }
  ThreadFuture<int> submit(const ThreadsPortal& portal, std::size_t thread, std::size_t index) {
    const CallPlan plan = records_[thread][index].plan;
    if (!plan.is_coroutine) {
      return portal.run_sync_soon([this, thread, index, plan] {
        note(thread, index);
        if (plan.fails) throw Mishap();
        return 9;
      });
    }
    return portal.run_coroutine_soon([this, thread, index, plan]() -> Coro<int> {
      note(thread, index);
      // Who fails does so whatever is requested.
      const auto interruption = co_await outcome_of(take_turns(t_.backend(), 3));
      if (is_over_) ++late_;
      records_[thread][index].has_failed = plan.fails;
      if (plan.fails) throw Mishap();
      if (interruption) std::rethrow_exception(interruption);
      co_return 9;
    });
  }
  // On the loop thread.
  /// A call has begun, if there is one.
  bool has_begun() const {
    const auto is_empty = [](const auto& calls) { return calls.empty(); };
    return !std::all_of(began_.begin(), began_.end(), is_empty) ||
           std::all_of(records_.begin(), records_.end(), is_empty);
  }
  void note(std::size_t thread, std::size_t index) {
    ++records_[thread][index].runs;
    began_[thread].push_back(static_cast<int>(index));
    if (is_over_) ++late_;
    if (std::this_thread::get_id() != loop_) ++strangers_;
  }

  void judge(const CallRecord& record) {
    if (!record.future) {
      t_.expect_equal("refusal", std::string("UsageError"), record.at_submission);
      t_.expect_equal("refused-work-ran", 0, record.runs);
      return;
    }
    t_.witness("accepted calls");
    const std::string& answer = record.first_answer;
    t_.expect(answer != "no answer", "lost", "a value, a failure or FutureCancelled", answer);
    if (answer == "no answer") return;
    const std::string again = callers_.answer(*record.future);
    t_.expect_equal("answer-changes", answer, again);
    t_.expect_equal("cancelled", answer == "FutureCancelled", record.future->cancelled());
    if (record.was_told_cancelled) t_.expect_equal("told-cancelled", std::string("FutureCancelled"), answer);
    if (answer == "FutureCancelled") {
      const bool may_be = record.was_told_cancelled || (record.plan.is_coroutine && plan_.ending != 0);
      t_.expect_true("cancelled-by-nobody", may_be);
      t_.expect_equal(record.plan.is_coroutine ? "lost" : "cancelled-runs", record.plan.is_coroutine ? 1 : 0,
                      record.runs);
    } else {
      const std::string own = record.plan.fails ? describe(std::make_exception_ptr(Mishap())) : "value 9";
      t_.expect_equal("answer", own, answer);
      t_.expect_equal("runs", 1, record.runs);
    }
  }

  Trial& t_;
  const RacePlan& plan_;
  Callers callers_;
  std::vector<std::vector<CallRecord>> records_;
  std::vector<Numbers> began_;
  /// Threads that have made their first call.
  std::atomic<std::size_t> underway_ = 0;
  std::thread::id loop_;
  std::exception_ptr failure_;
  std::exception_ptr left_with_;
  bool came_back_ = false;
  bool is_over_ = false;
  int late_ = 0;
  int strangers_ = 0;
  int reported_ = 0;
};

void every_accepted_call_is_answered_once(Trial& t) {
  const auto patience = std::make_shared<Patience>();
  for_all<RacePlan>(t, "threads, cancellations and an exit", race_plans(),
                    [patience](Trial& one, const RacePlan& plan) {
                      Race race(one, plan, patience);
                      race.run();
                      race.judge();
                    });
}

}  // namespace

ClauseTests portal_future_tests() {
  return {
      {clause::Portal018, "CancellingAFutureCancelsItsTask", cancelling_a_future_cancels_its_task},
      {clause::Portal019, "AFutureIsCancelledAtOnce", a_future_is_cancelled_at_once},
      {clause::Portal021, "AFunctionIsCancelledUntilItIsCalled", a_function_is_cancelled_until_it_is_called},
      {clause::Portal022, "ACancelledCoroutineRunsToItsFirstCheckpoint",
       a_cancelled_coroutine_runs_to_its_first_checkpoint},
      {clause::Portal032, "CallsOfAThreadBeginInOrder", calls_of_a_thread_begin_in_order},
      {clause::Portal033, "SubmittingBlocksOrNotAsDeclared", submitting_blocks_or_not_as_declared},
      {clause::Portal035, "ASubmittedTaskHasItsName", a_submitted_task_has_its_name},
      {clause::Portal037, "TheLoopThreadMustNotWaitForAFuture", the_loop_thread_must_not_wait_for_a_future},
      {clause::Portal038, "EveryAcceptedCallIsAnsweredOnce", every_accepted_call_is_answered_once},
  };
}

}  // namespace concert::conformance
