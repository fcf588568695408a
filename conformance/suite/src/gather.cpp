// SPDX-License-Identifier: Apache-2.0
// Tests of spec/clauses/group.md, the family Gather.
#include <algorithm>
#include <memory>
#include <numeric>
#include <string>

#include "concert/harness/for_all.hpp"
#include "concert/harness/generators.hpp"
#include "concert/harness/start_order.hpp"
#include "concert/harness/unwinding.hpp"
#include "concert/suite/suite.hpp"

namespace concert::conformance {

namespace {

using namespace std::chrono_literals;

Coro<int> value_after(AsyncBackend& backend, Seconds delay, int value) {
  co_await backend.sleep(delay);
  co_return value;
}

/// One Coro for each position, made by `make`.
template <class Make>
auto coros(std::size_t count, const Make& make) {
  std::vector<decltype(make(count))> all;
  for (std::size_t i = 0; i < count; ++i) all.push_back(make(i));
  return all;
}

// ---- Values --------------------------------------------------------------------------------------------------------

void all_run_concurrently(Trial& t) {
  for_all<Numbers>(t, "lengths", numbers(1, 8, 1, 20), [](Trial& one, const Numbers& lengths) {
    TimePoint began{};
    TimePoint ended{};
    std::size_t in_time = 0;
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      began = backend.current_time();
      co_await backend.gather(
          coros(lengths.size(), [&](std::size_t i) { return value_after(backend, steps(lengths[i]), 0); }));
      ended = backend.current_time();
      // Each waits for the next one to have set its flag; a hundred looks are enough if all run.
      std::vector<bool> flags(lengths.size() + 1);
      flags.back() = true;
      const auto wait_for_next = [&](std::size_t i) -> Coro<> {
        for (int looks = 0; looks < 100 && !flags[i + 1]; ++looks) co_await backend.sleep(10ms);
        if (flags[i + 1]) ++in_time;
        flags[i] = true;
      };
      co_await backend.gather(coros(lengths.size(), wait_for_next));
    });
    one.witness("awaitables beside the first", lengths.size() - 1);
    one.expect_elapsed("time", steps(*std::max_element(lengths.begin(), lengths.end())), ended - began);
    one.expect_equal("waits-for-the-next", lengths.size(), in_time);
    one.expect_no_failure("no-failure", failure);
  });
}

void values_stand_in_the_order_of_the_arguments(Trial& t) {
  for_all<Numbers>(t, "delays", numbers(3, 8, 0, 9), [](Trial& one, const Numbers& delays) {
    Numbers expected;
    for (std::size_t i = 0; i < delays.size(); ++i) expected.push_back(static_cast<int>(100 * i) + delays[i]);
    Numbers of_vector;
    Numbers of_arguments;
    std::string of_tuple;
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      const auto number_of = [&](std::size_t i) { return value_after(backend, steps(delays[i]), expected[i]); };
      const auto text_of = [&](std::size_t i) -> Coro<std::string> {
        co_await backend.sleep(steps(delays[i]));
        co_return show(expected[i]);
      };
      of_vector = co_await backend.gather(coros(delays.size(), number_of));
      of_arguments = co_await backend.gather(number_of(0), number_of(1), number_of(2));
      const auto [number, text, nothing] = co_await backend.gather(number_of(0), text_of(1), backend.sleep(20ms));
      static_assert(std::is_same_v<decltype(nothing), const std::monostate>);
      of_tuple = show(number) + ", " + text;
    });
    one.witness("values that came out of order", std::is_sorted(delays.begin(), delays.end()) ? 0 : 1);
    one.expect_no_failure("no-failure", failure);
    one.expect_equal("vector", expected, of_vector);
    one.expect_equal("arguments", Numbers(expected.begin(), expected.begin() + 3), of_arguments);
    one.expect_equal("tuple", show(expected[0]) + ", " + show(expected[1]), of_tuple);
  });
}

void gather_of_nothing_does_not_suspend(Trial& t) {
  Log log;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    auto scope = backend.open_cancel_scope();
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      tasks.start_soon([&]() -> Coro<> {
        log("other task");
        co_return;
      });
      co_await scope.run([&]() -> Coro<> {
        scope.cancel();
        t.witness("calls in a cancelled scope", 2);
        co_await backend.gather();
        std::vector<Coro<int>> none;
        const Numbers values = co_await backend.gather(std::move(none));
        log("values: " + show(values.size()));
      });
    });
  });
  t.expect_equal("order", Log{"values: 0", "other task"}, log);
  t.expect_no_failure("no-failure", failure);
}

/// An awaitable of the test's own.
class Doubled {
 public:
  Doubled(AsyncBackend& backend, int half) : coro_(value_after(backend, 10ms, 2 * half)) {}
  auto operator co_await() && noexcept { return std::move(coro_).operator co_await(); }

 private:
  Coro<int> coro_;
};

void every_kind_of_awaitable_is_accepted(Trial& t) {
  std::vector<Numbers> alone;
  int task_ended = 0;
  int of_coro = 0;
  int of_shared = 0;
  int of_own = 0;
  TimePoint began{};
  TimePoint slept{};
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    alone.push_back(co_await backend.gather(value_after(backend, 10ms, 1)));
    alone.push_back(co_await backend.gather(std::make_shared<Coro<int>>(value_after(backend, 10ms, 2))));
    alone.push_back(co_await backend.gather(Doubled(backend, 2)));
    began = backend.current_time();
    co_await backend.gather(backend.sleep(10ms));
    slept = backend.current_time();
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      const auto task = co_await tasks.start([&]() -> Coro<> {
        co_await backend.sleep(10ms);
        ++task_ended;
      });
      co_await backend.gather(task.wait());
      t.witness("single waits", alone.size() + static_cast<std::size_t>(task_ended) + 1);
      const auto shared = std::make_shared<Coro<int>>(value_after(backend, 10ms, 20));
      const auto [a, b, c, d, e] = co_await backend.gather(value_after(backend, 10ms, 10), shared, Doubled(backend, 15),
                                                           backend.sleep(10ms), task.wait());
      of_coro = a;
      of_shared = b;
      of_own = c;
    });
  });
  t.expect_no_failure("no-failure", failure);
  t.expect_equal("alone", std::vector<Numbers>{{1}, {2}, {4}}, alone);
  t.expect_elapsed("sleep", 10ms, slept - began);
  t.expect_equal("task", 1, task_ended);
  t.expect_equal("mixed", Numbers{10, 20, 30}, Numbers{of_coro, of_shared, of_own});
}

void a_shared_awaitable_is_awaited_once(Trial& t) {
  // Which of three awaitables stands at each position.
  for_all<Numbers>(t, "positions", numbers(1, 8, 0, 2), [](Trial& one, const Numbers& positions) {
    Numbers starts(3);
    Numbers values;
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      const auto counted = [&](std::size_t i) -> Coro<int> {
        const int start = ++starts[i];
        co_await backend.sleep(steps(1 + static_cast<int>(i)));
        co_return 10 * static_cast<int>(i) + start;
      };
      std::vector<std::shared_ptr<Coro<int>>> three;
      for (std::size_t i = 0; i < 3; ++i) three.push_back(std::make_shared<Coro<int>>(counted(i)));
      values = co_await backend.gather(
          coros(positions.size(), [&](std::size_t i) { return three[static_cast<std::size_t>(positions[i])]; }));
    });
    Numbers expected_starts;
    Numbers expected_values;
    for (const int i : {0, 1, 2}) {
      expected_starts.push_back(std::count(positions.begin(), positions.end(), i) > 0 ? 1 : 0);
    }
    for (const int i : positions) expected_values.push_back(10 * i + 1);
    const int used = std::accumulate(expected_starts.begin(), expected_starts.end(), 0);
    one.witness("duplicates", positions.size() - static_cast<std::size_t>(used));
    one.expect_no_failure("no-failure", failure);
    one.expect_equal("starts", expected_starts, starts);
    one.expect_equal("values", expected_values, values);
  });
}

// ---- Failures ------------------------------------------------------------------------------------------------------

/// Gathers awaitables that fail after these numbers of steps, those with a negative number not at all. All run to
/// their ends.
std::exception_ptr run_failing(Trial& t, const Numbers& instants, Failures& failures) {
  Failures own(instants.size());
  for (std::size_t i = 0; i < instants.size(); ++i) {
    if (instants[i] < 0) continue;
    own[i] = make_failure("awaitable " + show(i));
    failures.push_back(own[i]);
  }
  return t.run([&](AsyncBackend& backend) -> Coro<> {
    const auto fail = [&](std::size_t i) -> Coro<> {
      if (instants[i] == 0) std::rethrow_exception(own[i]);
      // Those that succeed end after all failures.
      co_await work_to_the_end(backend, steps(own[i] ? instants[i] : 10 - instants[i]), own[i]);
    };
    co_await backend.gather(coros(instants.size(), fail));
  });
}

void failures_come_out_as_a_group(Trial& t) {
  for_all<Numbers>(t, "instants", numbers(1, 6, -4, 1), [](Trial& one, const Numbers& instants) {
    Failures failures;
    const auto failure = run_failing(one, instants, failures);
    one.witness("failures", failures.size());
    one.witness("lone failures", failures.size() == 1 ? 1 : 0);
    if (failures.empty()) {
      one.expect_no_failure("no-failure", failure);
    } else {
      one.expect_failure<ExceptionGroup>("group", failure);
    }
  });
}

void the_group_holds_exactly_the_failures(Trial& t) {
  for_all<Numbers>(t, "instants", numbers(1, 8, 0, 4), [](Trial& one, const Numbers& instants) {
    Failures failures;
    const auto failure = run_failing(one, instants, failures);
    one.witness("failures", failures.size());
    one.witness("failures in the first step",
                static_cast<std::size_t>(std::count(instants.begin(), instants.end(), 0)));
    expect_leaves(one, "leaves", failures, failure);
  });
}

void the_first_failure_cancels_the_others(Trial& t) {
  // 1 fails while it unwinds, 0 does not.
  for_all<Numbers>(t, "who fails while unwinding", numbers(1, 6, 0, 1), [](Trial& one, const Numbers& kinds) {
    Failures failures{make_failure("first")};
    Failures own(kinds.size());
    Interruptions interrupted(kinds.size());
    TimePoint failed{};
    for (std::size_t i = 0; i < kinds.size(); ++i) {
      if (kinds[i] == 0) continue;
      own[i] = make_failure("awaitable " + show(i));
      failures.push_back(own[i]);
    }
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      const auto fail_first = [&]() -> Coro<> {
        co_await backend.sleep(10ms);
        failed = backend.current_time();
        std::rethrow_exception(failures.front());
      };
      auto all = coros(kinds.size(),
                       [&](std::size_t i) { return unwind_when_interrupted(backend, interrupted[i], 10ms, own[i]); });
      all.push_back(fail_first());
      co_await backend.gather(std::move(all));
    });
    one.witness("awaitables that run at the failure", kinds.size());
    one.witness("failures while unwinding", failures.size() - 1);
    expect_interrupted_at(one, failed, interrupted);
    expect_leaves(one, "leaves", failures, failure);
  });
}

// ---- Cancellation --------------------------------------------------------------------------------------------------

void cancelling_gather_cancels_all(Trial& t) {
  for_all<Numbers>(t, "lengths of clean-up", numbers(1, 6, 0, 10), [](Trial& one, const Numbers& lengths) {
    Interruptions interrupted(lengths.size());
    TimePoint deadline{};
    TimePoint left{};
    std::exception_ptr left_with;
    bool absorbed = false;
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      deadline = backend.current_time() + 10ms;
      auto scope = backend.move_on_at(deadline);
      co_await scope.run([&]() -> Coro<> {
        left_with = co_await outcome_of(backend.gather(coros(lengths.size(), [&](std::size_t i) {
          return unwind_when_interrupted(backend, interrupted[i], steps(lengths[i]));
        })));
        left = backend.current_time();
        if (left_with) std::rethrow_exception(left_with);
      });
      absorbed = scope.cancelled_caught();
    });
    one.witness("interrupted awaitables", how_many_interrupted(interrupted));
    expect_interrupted_at(one, deadline, interrupted);
    one.expect_time("clean-up", deadline + steps(*std::max_element(lengths.begin(), lengths.end())), left);
    expect_cancelled(one, "bare", left_with);
    one.expect_true("absorbed", absorbed);
    one.expect_no_failure("no-failure", failure);
  });
}

void all_have_ended_behind_gather(Trial& t) {
  // How the gather ends: 0 well, 1 by a failure, 2 by a cancellation.
  using Input = std::pair<Numbers, int>;
  const auto inputs = rc::gen::pair(numbers(1, 5, 0, 5), number(0, 2));
  for_all<Input>(t, "lengths of clean-up and ending", inputs, [](Trial& one, const Input& input) {
    Census alive;
    int running = 0;
    int running_behind = -1;
    int alive_behind = -1;
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      const auto work = [&](std::size_t i) -> Coro<> {
        const auto counted = alive.member();
        ++running;
        const auto outcome = co_await outcome_of(backend.sleep(30ms));
        co_await backend.ignore_cancellation(backend.sleep(steps(input.first[i])));
        --running;
        if (outcome) std::rethrow_exception(outcome);
      };
      auto all = coros(input.first.size(), work);
      if (input.second == 1) all.push_back(work_to_the_end(backend, 10ms, make_failure("one")));
      auto scope = backend.move_on_after(input.second == 2 ? Seconds(10ms) : long_time);
      co_await outcome_of(scope.run([&]() -> Coro<> {
        const auto outcome = co_await outcome_of(backend.gather(std::move(all)));
        running_behind = running;
        alive_behind = alive.alive();
        if (outcome) std::rethrow_exception(outcome);
      }));
    });
    one.witness(input.second == 0 ? "successes" : input.second == 1 ? "failures" : "cancellations");
    one.expect_equal("ended", 0, running_behind);
    one.expect_equal("destroyed", 0, alive_behind);
    one.expect_no_failure("no-failure", failure);
  });
}

void each_awaitable_is_begun(Trial& t) {
  // The number of awaitables, and the position of the one that fails at once.
  using Input = std::pair<int, int>;
  for_all<Input>(t, "others and position", rc::gen::pair(number(1, 6), number(0, 6)),
                 [](Trial& one, const Input& input) {
                   const auto count = static_cast<std::size_t>(input.first + 1);
                   const auto failing = static_cast<std::size_t>(input.second) % count;
                   std::vector<std::string> outcomes(count, "not begun");
                   Census alive;
                   const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
                     const auto work = [&](std::size_t i) -> Coro<> {
                       const auto counted = alive.member();
                       outcomes[i] = "failed";
                       if (i == failing) throw std::runtime_error("at once");
                       outcomes[i] = "begun";
                       const auto outcome = co_await outcome_of(backend.sleep(long_time));
                       outcomes[i] = outcome_word(outcome);
                       if (outcome) std::rethrow_exception(outcome);
                     };
                     co_await backend.gather(coros(count, work));
                   });
                   std::vector<std::string> expected(count, "cancelled");
                   expected[failing] = "failed";
                   one.witness("awaitables beside the failing one", count - 1);
                   one.expect_equal("outcomes", expected, outcomes);
                   one.expect_equal("destroyed", 0, alive.alive());
                   one.expect_failure<ExceptionGroup>("failure", failure);
                 });
}

void awaitables_begin_in_the_declared_order(Trial& t) {
  expect_start_order(t, t.manifest().trait("gather_start_order") == "argument",
                     [](AsyncBackend& backend, int count, Numbers& begun) -> Coro<> {
                       const auto note = [&](std::size_t i) -> Coro<> {
                         begun.push_back(static_cast<int>(i));
                         co_await backend.sleep(10ms);
                       };
                       co_await backend.gather(coros(static_cast<std::size_t>(count), note));
                     });
}

void gather_in_a_cancelled_scope_begins_each(Trial& t) {
  for_all<int>(t, "number of awaitables", number(1, 6), [](Trial& one, const int& count) {
    Log log;
    std::exception_ptr left_with;
    bool absorbed = false;
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      auto scope = backend.open_cancel_scope();
      co_await scope.run([&]() -> Coro<> {
        scope.cancel();
        left_with =
            co_await outcome_of(backend.gather(coros(static_cast<std::size_t>(count), [&](std::size_t) -> Coro<> {
              log("begun");
              co_await backend.sleep(10ms);
              log("behind the checkpoint");
            })));
        if (left_with) std::rethrow_exception(left_with);
      });
      absorbed = scope.cancelled_caught();
    });
    one.witness("awaitables gathered in a cancelled scope", static_cast<std::size_t>(count));
    one.expect_equal("begun", static_cast<std::size_t>(count), log.count("begun"));
    one.expect_false("goes-on", log.has("behind the checkpoint"));
    expect_cancelled(one, "left-with", left_with);
    one.expect_true("absorbed", absorbed);
    one.expect_no_failure("no-failure", failure);
  });
}

void an_absorbed_cancellation_is_a_success(Trial& t) {
  // 1 has a time limit that expires, 0 has none.
  for_all<Numbers>(t, "who has a limit", numbers(1, 6, 0, 1), [](Trial& one, const Numbers& limited) {
    std::vector<std::optional<int>> expected;
    std::vector<std::optional<int>> values;
    const auto failure = one.run([&](AsyncBackend& backend) -> Coro<> {
      const auto ask = [&](std::size_t i) -> Coro<std::optional<int>> {
        auto limit = backend.move_on_after(limited[i] == 1 ? Seconds(10ms) : long_time);
        const int value = static_cast<int>(i);
        co_return co_await limit.run([&] { return value_after(backend, 30ms, value); });
      };
      values = co_await backend.gather(coros(limited.size(), ask));
    });
    for (std::size_t i = 0; i < limited.size(); ++i) {
      expected.push_back(limited[i] == 1 ? std::nullopt : std::optional<int>(static_cast<int>(i)));
    }
    one.witness("limits that expired", static_cast<std::size_t>(std::count(limited.begin(), limited.end(), 1)));
    one.expect_no_failure("no-failure", failure);
    one.expect_equal("values", expected, values);
  });
}

}  // namespace

ClauseTests gather_tests() {
  return {
      {clause::Gather001, "AllRunConcurrently", all_run_concurrently},
      {clause::Gather002, "ValuesStandInTheOrderOfTheArguments", values_stand_in_the_order_of_the_arguments},
      {clause::Gather003, "FailuresComeOutAsAGroup", failures_come_out_as_a_group},
      {clause::Gather004, "GatherOfNothingDoesNotSuspend", gather_of_nothing_does_not_suspend},
      {clause::Gather005, "EveryKindOfAwaitableIsAccepted", every_kind_of_awaitable_is_accepted},
      {clause::Gather006, "ASharedAwaitableIsAwaitedOnce", a_shared_awaitable_is_awaited_once},
      {clause::Gather007, "TheGroupHoldsExactlyTheFailures", the_group_holds_exactly_the_failures},
      {clause::Gather008, "TheFirstFailureCancelsTheOthers", the_first_failure_cancels_the_others},
      {clause::Gather009, "CancellingGatherCancelsAll", cancelling_gather_cancels_all},
      {clause::Gather010, "AllHaveEndedBehindGather", all_have_ended_behind_gather},
      {clause::Gather011, "EachAwaitableIsBegun", each_awaitable_is_begun},
      {clause::Gather012, "AwaitablesBeginInTheDeclaredOrder", awaitables_begin_in_the_declared_order},
      {clause::Gather013, "GatherInACancelledScopeBeginsEach", gather_in_a_cancelled_scope_begins_each},
      {clause::Gather014, "AnAbsorbedCancellationIsASuccess", an_absorbed_cancellation_is_a_success},
  };
}

}  // namespace concert::conformance
