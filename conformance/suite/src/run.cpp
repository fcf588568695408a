// SPDX-License-Identifier: Apache-2.0
// Tests of spec/clauses/run.md: starting a backend. The family Util is in util.cpp.
#include <atomic>
#include <filesystem>
#include <functional>
#include <latch>
#include <set>
#include <stdexcept>
#include <thread>

#include "concert/harness/for_all.hpp"
#include "concert/suite/suite.hpp"

namespace concert::conformance {

namespace {

using namespace std::chrono_literals;

/// Hours where they cost nothing.
Seconds long_wait(const Trial& t) { return t.manifest().virtual_time ? Seconds(3h) : Seconds(20ms); }

/// A main task that lets the Cancelled of another task out: its own was never requested.
Coro<> join_a_cancelled_task(AsyncBackend& backend) {
  auto group = backend.create_task_group();
  co_await group.run([&](TaskGroup& tasks) -> Coro<> {
    auto task = co_await tasks.start([&]() -> Coro<> { co_await backend.sleep_forever(); });
    task.cancel();
    co_await task.join();
  });
}

/// The answer of a small run; 0 if it was refused.
int run_answer(const Trial& t, AsyncBackend& backend, int answer) {
  return backend.bootstrap(t.runner_options(), [&]() -> Coro<int> {
    co_await backend.sleep(10ms);
    co_return answer;
  });
}

// ---- Run001, Run002, Run008, Run010: what goes in and what comes out ------------------------------------------------

void bootstrap_drives_the_function_to_its_end(Trial& t) {
  const auto inputs = rc::gen::pair(rc::gen::arbitrary<int>(), rc::gen::inRange(0, 5));
  for_all<std::pair<int, int>>(t, "value and waits", inputs, [](Trial& one, const std::pair<int, int>& drawn) {
    AsyncBackend& backend = one.backend();
    Log log;
    const auto wait_often = [&]() -> Coro<> {
      for (int i = 0; i < drawn.second; ++i) co_await backend.sleep(10ms);
      co_await backend.sleep(long_wait(one));
      log("last step");
    };
    const auto nothing = one.call([&] {
      backend.bootstrap(one.runner_options(), wait_often);
      log("returned");
    });
    one.witness("waits inside bootstrap", static_cast<std::size_t>(drawn.second) + 1);
    one.expect_no_failure("void-failed", nothing);
    // A value that is not there must not be read.
    if (!one.expect_equal("order", Log{"last step", "returned"}, log)) return;

    std::unique_ptr<int> movable;
    int target = drawn.first;
    int* reference = nullptr;
    const auto failure = one.call([&] {
      movable = backend.bootstrap(one.runner_options(), [&]() -> Coro<std::unique_ptr<int>> {
        co_await wait_often();
        co_return std::make_unique<int>(drawn.first);
      });
      reference = &backend.bootstrap(one.runner_options(), [&]() -> Coro<int&> {
        co_await wait_often();
        co_return target;
      });
    });
    one.expect_no_failure("failed", failure);
    one.expect_equal("movable", drawn.first, movable ? *movable : ~drawn.first);
    one.expect_true("reference", reference == &target);
  });
}

void a_failure_leaves_bootstrap_as_the_same_object(Trial& t) {
  struct NoStandardException {};
  const auto check = [&](std::string_view key, const std::exception_ptr& thrown) {
    for (const bool waits : {false, true}) {
      const auto caught = t.call([&] {
        t.backend().bootstrap(t.runner_options(), [&]() -> Coro<> {
          if (waits) co_await t.backend().sleep(10ms);
          t.witness("exceptions that left the main task");
          std::rethrow_exception(thrown);
        });
      });
      t.expect(caught == thrown, key, "the object that was thrown, " + describe(thrown), describe(caught));
    }
  };
  check("error", std::make_exception_ptr(std::runtime_error("main failed")));
  check("group",
        std::make_exception_ptr(ExceptionGroup("two", {std::make_exception_ptr(1), std::make_exception_ptr(2)})));
  check("foreign", std::make_exception_ptr(NoStandardException()));
  check("number", std::make_exception_ptr(7));
}

void arguments_arrive_in_order(Trial& t) {
  using Drawn = std::tuple<int, int, std::string>;
  const auto inputs = rc::gen::tuple(rc::gen::arbitrary<int>(), rc::gen::arbitrary<int>(),
                                     rc::gen::container<std::string>(rc::gen::inRange('a', 'z')));
  for_all<Drawn>(t, "arguments", inputs, [](Trial& one, const Drawn& drawn) {
    const auto& [first, second, text] = drawn;
    Log arrived;
    const auto take = [&](int a, int b, const std::string& c, std::unique_ptr<int> d) -> Coro<> {
      co_await one.backend().sleep(10ms);
      arrived(std::to_string(a));
      arrived(std::to_string(b));
      arrived(c);
      arrived(d ? std::to_string(*d) : "a pointer that was moved away");
    };
    const auto failure = one.call([&] {
      one.backend().bootstrap(one.runner_options(), take, first, second, text, std::make_unique<int>(first));
    });
    one.witness("arguments passed", 4);
    one.expect_no_failure("failed", failure);
    one.expect_equal("arguments", Log{std::to_string(first), std::to_string(second), text, std::to_string(first)},
                     arrived);
  });
}

void cancelled_leaves_bootstrap_as_cancelled(Trial& t) {
  const auto failure =
      t.call([&] { t.backend().bootstrap(t.runner_options(), [&] { return join_a_cancelled_task(t.backend()); }); });
  t.witness("runs whose main task let a Cancelled pass");
  t.expect_failure<Cancelled>("type", failure);
}

// ---- Run003, Run004, Run009, Run011, Run012: where a run may begin --------------------------------------------------

void any_thread_without_a_loop_will_do(Trial& t) {
  int on_main = 0;
  int on_fresh = 0;
  int on_main_again = 0;
  const auto first = t.call([&] { on_main = run_answer(t, t.backend(), 1); });
  std::exception_ptr second;
  std::thread([&] { second = t.call([&] { on_fresh = run_answer(t, t.backend(), 2); }); }).join();
  const auto third = t.call([&] { on_main_again = run_answer(t, t.backend(), 3); });
  t.witness("threads that ran a loop", 2);
  t.expect_no_failure("main-thread", first);
  t.expect_no_failure("fresh-thread", second);
  t.expect_no_failure("main-thread-again", third);
  t.expect_equal("answers", std::vector<int>{1, 2, 3}, std::vector<int>{on_main, on_fresh, on_main_again});
}

void a_nested_bootstrap_is_refused(Trial& t) {
  Log log;
  std::exception_ptr same;
  std::exception_ptr other;
  const auto second = t.make_backend();
  const auto inner = [&]() -> Coro<> {
    log("inner ran");
    co_return;
  };
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    try {
      backend.bootstrap(inner);
    } catch (...) {
      same = std::current_exception();
    }
    try {
      second->bootstrap(inner);
    } catch (...) {
      other = std::current_exception();
    }
    t.witness("bootstrap called inside a loop", 2);
    co_await backend.sleep(10ms);
    log("outer went on");
  });
  t.expect_failure<UsageError>("same-backend", same);
  t.expect_failure<UsageError>("other-backend", other);
  t.expect_equal("undisturbed", Log{"outer went on"}, log);
  t.expect_no_failure("no-failure", failure);
}

void one_backend_runs_many_times(Trial& t) {
  for_all<std::vector<bool>>(
      t, "runs in a row, some failing", rc::gen::nonEmpty<std::vector<bool>>(), [](Trial& one, const auto& failing) {
        int expected = 0;
        int sum = 0;
        for (const bool fails : failing) {
          const int answer = ++expected;
          const auto failure = one.call([&] { sum += run_answer(one, one.backend(), answer); });
          one.expect_no_failure("in-a-row", failure);
          if (!fails) continue;
          one.call([&] { one.backend().bootstrap(one.runner_options(), []() -> Coro<> { throw 7; }); });
        }
        one.witness("runs of one backend object", failing.size());
        one.expect_equal("sum", expected * (expected + 1) / 2, sum);
      });
}

void one_backend_runs_on_several_threads_at_once(Trial& t) {
  constexpr int threads = 4;
  std::latch all_inside(threads);
  std::vector<int> answers(threads);
  std::vector<std::exception_ptr> failures(threads);
  std::vector<std::thread> running;
  for (int i = 0; i < threads; ++i) {
    running.emplace_back([&, i] {
      bool inside = false;
      const auto index = static_cast<std::size_t>(i);
      failures[index] = t.call([&] {
        answers[index] = t.backend().bootstrap(t.runner_options(), [&]() -> Coro<int> {
          inside = true;
          all_inside.arrive_and_wait();
          co_await t.backend().sleep(10ms);
          co_return i;
        });
      });
      if (!inside) all_inside.count_down();
    });
  }
  for (std::thread& thread : running) thread.join();
  t.witness("concurrent runs", threads);
  for (const auto& failure : failures) t.expect_no_failure("at-once", failure);
  t.expect_equal("answers", std::vector<int>{0, 1, 2, 3}, answers);
}

void one_backend_runs_many_times_and_at_once(Trial& t) {
  one_backend_runs_many_times(t);
  one_backend_runs_on_several_threads_at_once(t);
}

void the_running_backend_is_known_during_the_run_only(Trial& t) {
  AsyncBackend& backend = t.backend();
  const auto known = [&] {
    AsyncBackend* const running = AsyncBackend::running();
    return std::string(running == nullptr ? "none" : running == &backend ? "this" : "another");
  };
  for (const bool fails : {false, true}) {
    Log seen;
    const std::string before = known();
    t.call([&] {
      backend.bootstrap(t.runner_options(), [&]() -> Coro<> {
        seen(known());
        auto group = backend.create_task_group();
        co_await group.run([&](TaskGroup& tasks) -> Coro<> {
          tasks.start_soon([&]() -> Coro<> {
            co_await backend.sleep(10ms);
            seen(known());
          });
          co_return;
        });
        if (fails) throw std::runtime_error("main failed");
      });
    });
    t.witness(fails ? "runs that threw" : "runs that returned");
    t.expect_equal("before", std::string("none"), before);
    t.expect_equal("inside", Log{"this", "this"}, seen);
    t.expect_equal(fails ? "after-failure" : "after", std::string("none"), known());
  }
}

void a_backend_is_constructed_where_no_loop_runs(Trial& t) {
  int answer = 0;
  std::exception_ptr failure;
  std::thread([&] {
    failure = t.call([&] {
      t.make_backend().reset();
      const auto backend = t.make_backend();
      answer = run_answer(t, *backend, 42);
    });
  }).join();
  t.witness("objects made on a thread without a loop", 2);
  t.expect_no_failure("constructor", failure);
  t.expect_equal("answer", 42, answer);
}

// ---- Run005 to Run007: options --------------------------------------------------------------------------------------

/// Three tasks that become ready together every ten milliseconds, for fifty; `names` is the order of the first time.
Coro<> run_tied_tasks(AsyncBackend& backend, Log& names, std::function<void()> halfway) {
  auto group = backend.create_task_group();
  const TimePoint start = backend.current_time();
  co_await group.run([&](TaskGroup& tasks) -> Coro<> {
    for (const char* name : {"a", "b", "c"}) {
      tasks.start_soon([&, name]() -> Coro<> {
        for (int tick = 1; tick <= 5; ++tick) {
          co_await backend.sleep_until(start + tick * 10ms);
          if (tick == 1) names(name);
        }
      });
    }
    co_await backend.sleep_until(start + 25ms);
    halfway();
  });
}

/// For a backend whose only known option is the order of ready tasks.
void the_order_option_has_an_effect(Trial& t) {
  std::set<std::vector<std::string>> orders;
  for (int n = 1; n < 40; n += 2) {
    Log order;
    t.call([&] {
      t.backend().bootstrap(t.adapter().runner_options(Schedule::nth(t.properties.seed, n)),
                            [&] { return run_tied_tasks(t.backend(), order, [] {}); });
    });
    orders.insert(order.words());
  }
  t.witness("seeded orders", 20);
  t.expect(orders.size() > 1, "no-effect", "several orders of tasks that are ready together", "one order for 20 seeds");
}

void options_are_in_force_for_their_run(Trial& t) {
  if (!t.adapter().observable_option) {
    if (t.adapter().runner_options) the_order_option_has_an_effect(t);
    return;
  }
  bool seen = false;
  bool early = false;
  const auto program = [&] {
    early = false;
    seen = false;
    Log names;
    return t.backend().bootstrap(t.adapter().observable_option(seen), [&] {
      return run_tied_tasks(t.backend(), names, [&] { early = std::exchange(seen, false); });
    });
  };
  const auto failure = t.call(program);
  const bool late = seen;
  seen = false;
  Log names;
  const auto other_failure = t.call([&] {
    t.backend().bootstrap([&] { return run_tied_tasks(t.backend(), names, [] {}); });
    t.backend().bootstrap(t.runner_options(), [&] { return run_tied_tasks(t.backend(), names, [] {}); });
  });
  t.witness("runs with an option that shows", 1);
  t.witness("runs without it", 2);
  t.expect_no_failure("failed", failure);
  t.expect_no_failure("other-run-failed", other_failure);
  t.expect_true("no-effect", early);
  t.expect_true("no-effect-later", late);
  t.expect_false("effect-on-another-run", seen);
}

void no_options_are_the_defaults(Trial& t) {
  bool seen = false;
  AsyncBackend& backend = t.backend();
  // What is logged has an order; what is not logged makes an option that was left over show.
  const auto program = [&](Log& log) -> Coro<int> {
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      for (const int delay : {35, 15, 80}) {
        tasks.start_soon([&, delay]() -> Coro<> {
          co_await backend.sleep(std::chrono::milliseconds(delay));
          log(std::to_string(delay));
        });
      }
      Log unheard;
      const std::function<void()> nothing = [] {};
      co_await run_tied_tasks(backend, unheard, nothing);
      log("body");
    });
    co_return static_cast<int>(log.words().size());
  };
  Log with;
  Log without;
  int result_with = 0;
  int result_without = 0;
  const auto failure = t.call([&] {
    if (t.adapter().observable_option) {
      Log other;
      backend.bootstrap(t.adapter().observable_option(seen), program, std::ref(other));
      seen = false;
    }
    result_with = backend.bootstrap(RunnerOptions(), program, std::ref(with));
    result_without = backend.bootstrap(program, std::ref(without));
  });
  t.witness("runs with empty options");
  t.expect_no_failure("failed", failure);
  t.expect_equal("trace", without, with);
  t.expect_equal("result", result_without, result_with);
  t.expect_false("not-the-defaults", seen);
}

void unknown_options_are_refused(Trial& t) {
  using Drawn = std::pair<std::string, bool>;
  const auto names = rc::gen::container<std::string>(rc::gen::inRange('a', 'z'));
  for_all<Drawn>(t, "name and company", rc::gen::pair(names, rc::gen::arbitrary<bool>()),
                 [](Trial& one, const Drawn& drawn) {
                   const auto& [name, among_known_ones] = drawn;
                   RunnerOptions options = among_known_ones ? one.runner_options() : RunnerOptions();
                   std::string unknown = "no_such_" + name;
                   // A declared name with one letter too many is the likeliest mistake.
                   if (!options.empty() && name.size() % 2 == 0) unknown = options.values().begin()->first + "s";
                   options.set(unknown, 1);
                   bool started = false;
                   const auto failure = one.call([&] {
                     one.backend().bootstrap(options, [&]() -> Coro<> {
                       started = true;
                       co_return;
                     });
                   });
                   one.witness("unknown options given");
                   one.expect_failure<std::invalid_argument>("accepted", failure);
                   one.expect_false("started", started);
                 });
}

// ---- Run013: what is left -------------------------------------------------------------------------------------------

std::ptrdiff_t open_descriptors() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator());
}

enum class Ending { returns, throws, cancelled };

/// A run with tasks in a group; each task and each frame holds a member of the census. Returns how many tasks came to
/// their ends.
std::size_t run_with_tasks(Trial& t, Census& census, Ending ending) {
  AsyncBackend& backend = t.backend();
  std::size_t ended = 0;
  t.call([&] {
    backend.bootstrap(t.runner_options(), [&, member = census.member()]() -> Coro<> {
      const auto in_main = census.member();
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        for (int i = 0; i < 3; ++i) {
          tasks.start_soon([&, in_function = census.member()]() -> Coro<> {
            const auto in_frame = census.member();
            co_await backend.sleep(10ms);
            ++ended;
          });
        }
        co_await backend.sleep(20ms);
        if (ending == Ending::cancelled) co_await join_a_cancelled_task(backend);
        if (ending == Ending::throws) throw std::runtime_error("main failed");
      });
    });
  });
  return ended;
}

void nothing_is_left_of_a_run(Trial& t) {
  constexpr std::pair<Ending, const char*> endings[] = {
      {Ending::returns, "return"}, {Ending::throws, "throw"}, {Ending::cancelled, "cancelled"}};
  for (const auto& [ending, name] : endings) {
    Census census;
    // What a library opens once for the process is no leak.
    run_with_tasks(t, census, ending);
    const auto before = open_descriptors();
    for (int i = 0; i < 3; ++i)
      t.witness(std::string("tasks of runs that ended: ") + name, run_with_tasks(t, census, ending));
    const auto after = open_descriptors();
    t.expect_equal(std::string("frames-after-") + name, 0, census.alive());
    t.expect_equal(std::string("descriptors-after-") + name, before, after);
  }
}

}  // namespace

ClauseTests run_tests() {
  return {
      {clause::Run001, "BootstrapDrivesTheFunctionToItsEnd", bootstrap_drives_the_function_to_its_end},
      {clause::Run002, "AFailureLeavesBootstrapAsTheSameObject", a_failure_leaves_bootstrap_as_the_same_object},
      {clause::Run003, "AnyThreadWithoutALoopWillDo", any_thread_without_a_loop_will_do},
      {clause::Run004, "ANestedBootstrapIsRefused", a_nested_bootstrap_is_refused},
      {clause::Run005, "OptionsAreInForceForTheirRun", options_are_in_force_for_their_run},
      {clause::Run006, "NoOptionsAreTheDefaults", no_options_are_the_defaults},
      {clause::Run007, "UnknownOptionsAreRefused", unknown_options_are_refused},
      {clause::Run008, "ArgumentsArriveInOrder", arguments_arrive_in_order},
      {clause::Run009, "OneBackendRunsManyTimesAndAtOnce", one_backend_runs_many_times_and_at_once},
      {clause::Run010, "CancelledLeavesBootstrapAsCancelled", cancelled_leaves_bootstrap_as_cancelled},
      {clause::Run011, "TheRunningBackendIsKnownDuringTheRunOnly", the_running_backend_is_known_during_the_run_only},
      {clause::Run012, "ABackendIsConstructedWhereNoLoopRuns", a_backend_is_constructed_where_no_loop_runs},
      {clause::Run013, "NothingIsLeftOfARun", nothing_is_left_of_a_run},
  };
}

}  // namespace concert::conformance
