// SPDX-License-Identifier: Apache-2.0
#include "concert/programs/interpreter.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "concert/harness/log.hpp"
#include "concert/programs/ending.hpp"
#include "conductor.hpp"
#include "stage.hpp"
#include "thread_statements.hpp"

namespace concert::programs {

namespace {

class Interpreter {
 public:
  Interpreter(AsyncBackend& backend, const Program& program, Observer& observer, const Threads& threads)
      : stage_(backend, program, observer),
        conductor_(stage_, threads.seed, threads.gated),
        threads_(stage_, conductor_, [this](const Statement& call) { return run_call(call); }) {}

  Coro<> conduct() { return conductor_.conduct(); }

  Coro<> run_main() {
    try {
      co_await run_task(0, stage_.program.statements);
    } catch (...) {
      // In the records.
    }
    conductor_.end_of_program();
  }

 private:
  using Statements = std::vector<Statement>;

  void record(What what, int task, int statement, Ending ending = {}) {
    stage_.record(what, task, statement, std::move(ending));
  }
  void act(const Place& place, const Statement& statement, Ending ending = {}) {
    stage_.act(place.task, statement, std::move(ending));
  }
  void skip(const Place& place, const Statement& statement) { act(place, statement, {Result::skipped}); }

  // ---- Statements --------------------------------------------------------------------------------------------------

  Coro<std::int64_t> run_task(int number, const Statements& statements) {
    record(What::task_began, number, -1);
    stage_.ids[index(number)] = backend().get_current_task().id;
    Flow flow;
    std::exception_ptr failure;
    try {
      flow = co_await sequence(Place{number, nullptr}, statements);
    } catch (...) {
      failure = std::current_exception();
    }
    Ending ending = describe_ending(failure);
    if (!failure) ending.value = flow.value;
    record(What::task_ended, number, -1, std::move(ending));
    if (failure) std::rethrow_exception(std::move(failure));
    co_return flow.value;
  }

  Coro<Flow> sequence(Place place, const Statements& statements) {
    for (const Statement& statement : statements) {
      const Flow flow = co_await execute(place, statement);
      if (flow.gave) co_return flow;
    }
    co_return Flow();
  }

  Coro<std::int64_t> run_call(const Statement& call) {
    const auto news = [this](auto*) { conductor_.notice(); };
    const std::unique_ptr<Conductor, decltype(news)> at_the_end(&conductor_, news);
    conductor_.notice();
    co_return co_await run_task(call.object, call.body);
  }

  Coro<Flow> execute(Place place, const Statement& statement) {
    conductor_.interleave();
    switch (statement.op) {
      case Op::yield: return wait_for(place, statement, [this] { return backend().coro_yield(); });
      case Op::shielded_yield:
        return wait_for(place, statement, [this] { return backend().cancel_shielded_coro_yield(); });
      case Op::sleep:
        return wait_for(place, statement, [this, &statement] { return backend().sleep(duration(statement.a)); });
      case Op::sleep_until:
        return wait_for(place, statement,
                        [this, &statement] { return backend().sleep_until(stage_.start + duration(statement.a)); });
      case Op::sleep_forever: return wait_for(place, statement, [this] { return backend().sleep_forever(); });
      case Op::scope: return scope(place, statement);
      case Op::shield: return shield(place, statement);
      case Op::group: return group(place, statement);
      case Op::spawn: return spawn(place, statement);
      case Op::spawn_into: return spawn_into(place, statement);
      case Op::wait:
      case Op::join:
      case Op::join_or_cancel: return wait_for_task(place, statement);
      case Op::gather: return gather(place, statement);
      case Op::with_lock: return with_lock(place, statement);
      case Op::condition_wait: return wait_for_condition(place, statement);
      case Op::event_wait:
        return wait_for(place, statement, [this, &statement] { return stage_.events[index(statement.a)].wait(); });
      case Op::guard: return guard(place, statement);
      case Op::misuse: return misuse(place, statement);
      case Op::run_in_thread: return run_in_thread(place, statement);
      case Op::portal: return portal(place, statement);
      default: return carry_out(place, statement);
    }
  }
  Coro<Flow> carry_out(Place place, const Statement& statement) { co_return stage_.carry_out(place, statement); }

  /// Awaits what `operation` returns. It is called behind the record: a sleep counts from the call.
  template <class Operation>
  Coro<Flow> wait_for(Place place, const Statement& statement, Operation operation) {
    record(What::begin, place.task, statement.number);
    std::exception_ptr failure = co_await conformance::outcome_of(operation());
    record(What::end, place.task, statement.number, describe_ending(failure));
    if (failure) std::rethrow_exception(std::move(failure));
    co_return Flow();
  }

  /// The body of a block, between its entry and its end.
  Coro<Flow> body(Place place, const Statement& statement) {
    record(What::entered, place.task, statement.number);
    Flow flow;
    std::exception_ptr failure;
    try {
      flow = co_await sequence(place, statement.body);
    } catch (...) {
      failure = std::current_exception();
    }
    conductor_.interleave();
    record(What::body_ended, place.task, statement.number, describe_ending(failure));
    if (failure) std::rethrow_exception(std::move(failure));
    co_return flow;
  }
  /// What is left of a block once `block` is over; `close` is called then, and says what the record is to hold.
  template <class Close>
  Coro<Flow> leave(Place place, const Statement& statement, Coro<Flow> block, const Close& close) {
    Flow flow;
    std::exception_ptr failure;
    try {
      flow = co_await std::move(block);
    } catch (...) {
      failure = std::current_exception();
    }
    Ending ending = describe_ending(failure);
    const std::int64_t flags = close();
    if (ending.result != Result::error) ending.value = flags;
    record(What::left, place.task, statement.number, std::move(ending));
    if (failure) std::rethrow_exception(std::move(failure));
    co_return flow;
  }

  Coro<Flow> scope(Place place, const Statement& statement) {
    ProgramScope& object = *stage_.scopes[index(statement.object)];
    if (statement.a != no_deadline) object.set_deadline(stage_.time_of(statement.a));
    const auto inside = [&] { return body(place, statement); };
    const auto flags = [&] { return flags_of(object.scope()); };
    co_return co_await leave(place, statement, object.run(inside), flags);
  }
  static std::int64_t flags_of(const CancelScope& scope) {
    return (scope.cancel_called() ? cancel_called_flag : 0) | (scope.cancelled_caught() ? cancelled_caught_flag : 0);
  }
  Coro<Flow> shield(Place place, const Statement& statement) {
    const auto no_flags = [] { return std::int64_t{0}; };
    co_return co_await leave(place, statement, backend().ignore_cancellation(body(place, statement)), no_flags);
  }

  Coro<Flow> group(Place place, const Statement& statement) {
    auto group = backend().create_task_group();
    stage_.groups[index(statement.object)] = &group;
    const auto inside = [&](TaskGroup& tasks) { return body(Place{place.task, &tasks}, statement); };
    const auto closed = [&] {
      stage_.groups[index(statement.object)] = nullptr;
      return std::int64_t{0};
    };
    co_return co_await leave(place, statement, group.run(inside), closed);
  }

  Coro<Flow> spawn(Place place, const Statement& statement) {
    const auto child = [this, &statement] { return run_task(statement.object, statement.body); };
    if (statement.a == 0) {
      place.group->start_soon(child);
      act(place, statement);
      co_return Flow();
    }
    record(What::begin, place.task, statement.number);
    std::exception_ptr failure;
    try {
      stage_.tasks[index(statement.object)].emplace(co_await place.group->start(child));
    } catch (...) {
      failure = std::current_exception();
    }
    record(What::end, place.task, statement.number, describe_ending(failure));
    if (failure) std::rethrow_exception(std::move(failure));
    co_return Flow();
  }
  Coro<Flow> spawn_into(Place place, const Statement& statement) {
    TaskGroup* target = stage_.groups.empty() ? nullptr : stage_.groups[index(statement.a)];
    if (target == nullptr) {
      skip(place, statement);
      co_return Flow();
    }
    std::exception_ptr refusal;
    try {
      target->start_soon([this, &statement] { return run_task(statement.object, statement.body); });
    } catch (...) {
      refusal = std::current_exception();
    }
    act(place, statement, describe_ending(refusal));
    co_return Flow();
  }

  Coro<Flow> wait_for_task(Place place, const Statement& statement) {
    const std::optional<Task<std::int64_t>> task = stage_.tasks[index(statement.a)];
    if (!task) {
      skip(place, statement);
    } else if (statement.op == Op::wait) {
      const auto wait = [&] { return task->wait(); };
      co_await wait_for(place, statement, wait);
    } else if (statement.op == Op::join) {
      co_await wait_for_value(place, statement, [&task] { return task->join(); });
    } else {
      co_await wait_for_value(place, statement, [&task] { return task->join_or_cancel(); });
    }
    co_return Flow();
  }

  /// As wait_for, and records the value that `operation` gives.
  template <class Operation>
  Coro<> wait_for_value(Place place, const Statement& statement, Operation operation) {
    record(What::begin, place.task, statement.number);
    std::int64_t value = 0;
    std::exception_ptr failure;
    try {
      value = co_await operation();
    } catch (...) {
      failure = std::current_exception();
    }
    Ending ending = describe_ending(failure);
    if (!failure) ending.value = value;
    record(What::end, place.task, statement.number, std::move(ending));
    if (failure) std::rethrow_exception(std::move(failure));
  }

  Coro<Flow> gather(Place place, const Statement& statement) {
    std::vector<Coro<std::int64_t>> branches;
    for (const Statement& branch : statement.body) branches.push_back(run_task(branch.object, branch.body));
    record(What::begin, place.task, statement.number);
    std::vector<std::int64_t> values;
    std::exception_ptr failure;
    try {
      values = co_await backend().gather(std::move(branches));
    } catch (...) {
      failure = std::current_exception();
    }
    Ending ending = describe_ending(failure);
    if (!failure) ending.leaves.assign(values.begin(), values.end());
    record(What::end, place.task, statement.number, std::move(ending));
    if (failure) std::rethrow_exception(std::move(failure));
    co_return Flow();
  }

  Coro<Flow> with_lock(Place place, const Statement& statement) {
    Lock& lock = stage_.locks[index(statement.a)];
    const auto acquire = [&] { return lock.acquire(); };
    co_await wait_for(place, statement, acquire);
    stage_.holders[index(statement.a)] = place.task;
    const auto release = [&] {
      stage_.holders[index(statement.a)].reset();
      lock.release();
      return std::int64_t{0};
    };
    co_return co_await leave(place, statement, body(place, statement), release);
  }
  Coro<Flow> wait_for_condition(Place place, const Statement& statement) {
    const std::size_t condition = index(statement.a);
    const auto wait = [&] { return stage_.conditions[condition].wait(); };
    std::exception_ptr failure = co_await conformance::outcome_of(wait_for(place, statement, wait));
    // Whatever came of it, the lock is held again.
    stage_.holders[condition] = place.task;
    if (failure) std::rethrow_exception(std::move(failure));
    co_return Flow();
  }
  Coro<Flow> run_in_thread(Place place, const Statement& statement) {
    // The function alone keeps its seat, so that it goes with a function that never begins.
    const auto function = [this, seat = conductor_.add_seat(), &statement] { return threads_.run(*seat, statement); };
    const AbandonOnCancel abandon(statement.a == 1);
    const auto run = [&] { return backend().run_in_thread(abandon, function); };
    co_await wait_for_value(place, statement, run);
    co_return Flow();
  }

  Coro<Flow> portal(Place place, const Statement& statement) {
    const auto inside = [&] { return body(place, statement); };
    const auto no_flags = [] { return std::int64_t{0}; };
    conductor_.interleave();
    co_return co_await leave(place, statement, stage_.portals[index(statement.object)].run(inside), no_flags);
  }

  Coro<Flow> guard(Place place, const Statement& statement) {
    Flow flow;
    std::exception_ptr failure;
    try {
      flow = co_await body(place, statement);
    } catch (...) {
      failure = std::current_exception();
    }
    const auto mode = static_cast<Guard>(statement.a);
    const bool cancelled = is_cancelled(failure);
    if (failure && mode == Guard::clean_up) {
      co_await conformance::outcome_of(backend().ignore_cancellation(backend().sleep(duration(one_tick))));
    } else if (cancelled && mode == Guard::replace) {
      failure = std::make_exception_ptr(ProgramError(replacement_error));
    } else if ((!cancelled && mode == Guard::catch_errors) || mode == Guard::catch_all) {
      failure = nullptr;
    }
    record(What::left, place.task, statement.number, describe_ending(failure));
    if (failure) std::rethrow_exception(std::move(failure));
    co_return flow;
  }

  // ---- Misuse ------------------------------------------------------------------------------------------------------

  Coro<Flow> misuse(Place place, const Statement& statement) {
    Result result = Result::skipped;
    std::exception_ptr failure =
        co_await conformance::outcome_of(misuse_of(place, static_cast<Misuse>(statement.a), result));
    Ending ending = describe_ending(failure);
    if (!failure) ending.result = result;
    act(place, statement, std::move(ending));
    // A Cancelled that met the misuse goes on.
    if (is_cancelled(failure)) std::rethrow_exception(std::move(failure));
    co_return Flow();
  }
  /// Throws what the misuse is answered with; `result` is what it came to otherwise.
  Coro<> misuse_of(Place place, Misuse kind, Result& result) {
    const auto nothing = []() -> Coro<> { co_return; };
    const bool holds_first_lock = stage_.holders[0] == place.task;
    switch (kind) {
      case Misuse::release_free_lock: backend().create_lock().release(); break;
      case Misuse::release_foreign_lock: {
        const auto foreign = std::ranges::find_if(
            stage_.holders, [&](const std::optional<int>& holder) { return holder && *holder != place.task; });
        if (foreign == stage_.holders.end()) co_return;
        stage_.locks[static_cast<std::size_t>(foreign - stage_.holders.begin())].release();
        break;
      }
      case Misuse::wait_without_lock:
        if (holds_first_lock) co_return;
        co_await stage_.conditions[0].wait();
        break;
      case Misuse::notify_without_lock:
        if (holds_first_lock) co_return;
        stage_.conditions[0].notify();
        break;
      case Misuse::enter_scope_twice: {
        auto scope = backend().open_cancel_scope();
        co_await scope.run(nothing);
        co_await scope.run(nothing);
        break;
      }
      case Misuse::negative_sleep: co_await backend().sleep(Seconds(-1)); break;
      case Misuse::nan_deadline:
        backend().move_on_at(TimePoint(Seconds(std::numeric_limits<double>::quiet_NaN())));
        break;
      case Misuse::spawn_before_enter: backend().create_task_group().start_soon(nothing); break;
      case Misuse::spawn_after_exit: {
        auto group = backend().create_task_group();
        co_await group.run(nothing);
        group.start_soon(nothing);
        break;
      }
      case Misuse::nested_bootstrap: backend().bootstrap(nothing); break;
      case Misuse::call_own_portal: {
        auto portal = backend().create_threads_portal();
        const auto call = [&]() -> Coro<> {
          portal.run_sync_soon([] {});
          co_return;
        };
        co_await portal.run(call);
        break;
      }
      case Misuse::enter_open_portal: {
        auto portal = backend().create_threads_portal();
        const auto again = [&] { return portal.run(nothing); };
        co_await portal.run(again);
        break;
      }
      case Misuse::enter_closed_portal: {
        auto portal = backend().create_threads_portal();
        co_await portal.run(nothing);
        co_await portal.run(nothing);
        break;
      }
    }
    result = Result::value;
  }

  AsyncBackend& backend() const noexcept { return stage_.backend; }

  Stage stage_;
  Conductor conductor_;
  ThreadStatements threads_;
};

}  // namespace

Coro<> interpret(AsyncBackend& backend, const Program& program, Observer& observer, const Threads& threads) {
  // Threads that a broken backend has forgotten may live on with it.
  const auto interpreter = std::make_shared<Interpreter>(backend, program, observer, threads);
  const auto run = [&]() -> Coro<> {
    auto scope = backend.move_on_after(duration(watchdog));
    const auto main = [&] { return interpreter->run_main(); };
    co_await scope.run(main);
  };
  if (!has_threads(program)) {
    co_await run();
    co_return;
  }
  auto both = backend.create_task_group();
  const auto beside = [&](TaskGroup& tasks) -> Coro<> {
    const auto conduct = [&] { return interpreter->conduct(); };
    tasks.start_soon(conduct);
    co_await run();
  };
  co_await both.run(beside);
}

}  // namespace concert::programs
