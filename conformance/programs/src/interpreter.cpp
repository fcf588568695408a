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

namespace concert::programs {

namespace {

Seconds duration(HalfTicks half_ticks) { return half_tick_length * half_ticks; }

/// How a sequence ended, if not with an exception.
struct Flow {
  bool gave = false;
  std::int64_t value = 0;
};

/// Where a statement runs.
struct Place {
  int task = 0;
  /// The innermost group of this task; null if there is none.
  TaskGroup* group = nullptr;
};

/// A scope that can be cancelled and rescheduled before it is entered: made with the run.
class ProgramScope {
 public:
  ProgramScope(AsyncBackend& backend, bool is_timeout) {
    if (is_timeout) {
      timeout_.reset(new TimeoutScope(backend.timeout_at(never)));
    } else {
      plain_.reset(new CancelScope(backend.move_on_at(never)));
    }
  }
  CancelScope& scope() noexcept { return timeout_ ? timeout_->scope() : *plain_; }
  void set_deadline(TimePoint deadline) {
    deadline_ = deadline;
    if (deadline == never) {
      scope().clear_deadline();
    } else {
      scope().reschedule(deadline);
    }
  }
  bool has_kept_its_deadline() noexcept { return scope().when() == deadline_; }

  template <class Body>
  Coro<Flow> run(Body& body) {
    if (timeout_) co_return co_await timeout_->run(body);
    const std::optional<Flow> flow = co_await plain_->run(body);
    co_return flow.value_or(Flow());
  }

 private:
  // One of them; made in place, because scopes do not move.
  std::unique_ptr<CancelScope> plain_;
  std::unique_ptr<TimeoutScope> timeout_;
  /// What was set last.
  TimePoint deadline_ = never;
};

class Interpreter {
 public:
  Interpreter(AsyncBackend& backend, const Program& program, Observer& observer)
      : backend_(backend),
        program_(program),
        observer_(observer),
        start_(backend.current_time()),
        locks_{backend.create_lock(), backend.create_lock(), backend.create_fair_lock(), backend.create_fair_lock()},
        conditions_{backend.create_condition_var(locks_[0]), backend.create_condition_var(locks_[1])},
        events_{backend.create_event(), backend.create_event(), backend.create_event()},
        groups_(static_cast<std::size_t>(program.groups)),
        tasks_(static_cast<std::size_t>(program.tasks)),
        ids_(static_cast<std::size_t>(program.tasks)) {
    scopes_.resize(static_cast<std::size_t>(program.scopes));
    make_scopes(program.statements);
  }

  Coro<> run_main() {
    try {
      co_await run_task(0, program_.statements);
    } catch (...) {
      // In the records.
    }
  }

 private:
  using Statements = std::vector<Statement>;

  void make_scopes(const Statements& statements) {
    for (const Statement& statement : statements) {
      if (statement.op == Op::scope) {
        scopes_[index(statement.object)] = std::make_unique<ProgramScope>(backend_, statement.b == 1);
      }
      make_scopes(statement.body);
    }
  }
  static std::size_t index(int number) { return static_cast<std::size_t>(number); }

  // ---- Records -----------------------------------------------------------------------------------------------------

  void record(What what, int task, int statement, Ending ending = {}) {
    const Seconds elapsed = backend_.current_time() - start_;
    observer_.record({what, task, statement, ending.result, ending.value, std::move(ending.leaves),
                      static_cast<std::int64_t>(std::llround(elapsed.count() * 1e9))});
  }
  void act(const Place& place, const Statement& statement, Ending ending = {}) {
    record(What::act, place.task, statement.number, std::move(ending));
  }
  void skip(const Place& place, const Statement& statement) { act(place, statement, {Result::skipped, 0, {}}); }

  // ---- Statements --------------------------------------------------------------------------------------------------

  Coro<std::int64_t> run_task(int number, const Statements& statements) {
    record(What::task_began, number, -1);
    ids_[index(number)] = backend_.get_current_task().id;
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

  Coro<Flow> execute(Place place, const Statement& statement) {
    switch (statement.op) {
      case Op::yield: return wait_for(place, statement, [this] { return backend_.coro_yield(); });
      case Op::shielded_yield:
        return wait_for(place, statement, [this] { return backend_.cancel_shielded_coro_yield(); });
      case Op::sleep:
        return wait_for(place, statement, [this, &statement] { return backend_.sleep(duration(statement.a)); });
      case Op::sleep_until:
        return wait_for(place, statement,
                        [this, &statement] { return backend_.sleep_until(start_ + duration(statement.a)); });
      case Op::sleep_forever: return wait_for(place, statement, [this] { return backend_.sleep_forever(); });
      case Op::scope: return scope(place, statement);
      case Op::cancel_scope:
      case Op::reschedule: return change_scope(place, statement);
      case Op::shield: return shield(place, statement);
      case Op::group: return group(place, statement);
      case Op::spawn: return spawn(place, statement);
      case Op::spawn_into: return spawn_into(place, statement);
      case Op::cancel_task:
      case Op::wait:
      case Op::join:
      case Op::join_or_cancel: return of_task(place, statement);
      case Op::gather: return gather(place, statement);
      case Op::with_lock: return with_lock(place, statement);
      case Op::condition_wait: return wait_for_condition(place, statement);
      case Op::notify: return notify(place, statement);
      case Op::event_set: return set_event(place, statement);
      case Op::event_wait:
        return wait_for(place, statement, [this, &statement] { return events_[index(statement.a)].wait(); });
      case Op::raise: return raise(place, statement);
      case Op::give: return give(statement);
      case Op::guard: return guard(place, statement);
      case Op::ask: return ask(place, statement);
      case Op::misuse: return misuse(place, statement);
      // Stands in a gather only, which runs it.
      case Op::branch: break;
    }
    return give(Statement());
  }

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
    ProgramScope& object = *scopes_[index(statement.object)];
    if (statement.a != no_deadline) object.set_deadline(time_of(statement.a));
    const auto inside = [&] { return body(place, statement); };
    const auto flags = [&] { return flags_of(object.scope()); };
    co_return co_await leave(place, statement, object.run(inside), flags);
  }
  static std::int64_t flags_of(const CancelScope& scope) {
    return (scope.cancel_called() ? cancel_called_flag : 0) | (scope.cancelled_caught() ? cancelled_caught_flag : 0);
  }
  TimePoint time_of(HalfTicks deadline) {
    if (deadline == no_deadline) return never;
    return backend_.current_time() + (deadline == past_deadline ? Seconds(-1) : duration(deadline));
  }
  Coro<Flow> change_scope(Place place, const Statement& statement) {
    if (scopes_.empty()) {
      skip(place, statement);
      co_return Flow();
    }
    ProgramScope& scope = *scopes_[index(statement.a)];
    if (statement.op == Op::cancel_scope) {
      scope.scope().cancel();
    } else {
      scope.set_deadline(time_of(statement.b));
    }
    act(place, statement);
    co_return Flow();
  }

  Coro<Flow> shield(Place place, const Statement& statement) {
    const auto no_flags = [] { return std::int64_t{0}; };
    co_return co_await leave(place, statement, backend_.ignore_cancellation(body(place, statement)), no_flags);
  }

  Coro<Flow> group(Place place, const Statement& statement) {
    auto group = backend_.create_task_group();
    groups_[index(statement.object)] = &group;
    const auto inside = [&](TaskGroup& tasks) { return body(Place{place.task, &tasks}, statement); };
    const auto closed = [&] {
      groups_[index(statement.object)] = nullptr;
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
      tasks_[index(statement.object)].emplace(co_await place.group->start(child));
    } catch (...) {
      failure = std::current_exception();
    }
    record(What::end, place.task, statement.number, describe_ending(failure));
    if (failure) std::rethrow_exception(std::move(failure));
    co_return Flow();
  }
  Coro<Flow> spawn_into(Place place, const Statement& statement) {
    TaskGroup* target = groups_.empty() ? nullptr : groups_[index(statement.a)];
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

  Coro<Flow> of_task(Place place, const Statement& statement) {
    const std::optional<Task<std::int64_t>> task = tasks_[index(statement.a)];
    if (!task) {
      skip(place, statement);
    } else if (statement.op == Op::cancel_task) {
      act(place, statement, {Result::value, task->cancel() ? 1 : 0, {}});
    } else if (statement.op == Op::wait) {
      const auto wait = [&] { return task->wait(); };
      co_await wait_for(place, statement, wait);
    } else if (statement.op == Op::join) {
      co_await join(place, statement, [&task] { return task->join(); });
    } else {
      co_await join(place, statement, [&task] { return task->join_or_cancel(); });
    }
    co_return Flow();
  }

  /// As wait_for, and records the value that `operation` gives.
  template <class Operation>
  Coro<> join(Place place, const Statement& statement, Operation operation) {
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
      values = co_await backend_.gather(std::move(branches));
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
    Lock& lock = locks_[index(statement.a)];
    const auto acquire = [&] { return lock.acquire(); };
    co_await wait_for(place, statement, acquire);
    holders_[index(statement.a)] = place.task;
    const auto release = [&] {
      holders_[index(statement.a)].reset();
      lock.release();
      return std::int64_t{0};
    };
    co_return co_await leave(place, statement, body(place, statement), release);
  }
  Coro<Flow> wait_for_condition(Place place, const Statement& statement) {
    const std::size_t condition = index(statement.a);
    const auto wait = [&] { return conditions_[condition].wait(); };
    std::exception_ptr failure = co_await conformance::outcome_of(wait_for(place, statement, wait));
    // Whatever came of it, the lock is held again.
    holders_[condition] = place.task;
    if (failure) std::rethrow_exception(std::move(failure));
    co_return Flow();
  }
  Coro<Flow> notify(Place place, const Statement& statement) {
    Condition& condition = conditions_[index(statement.a)];
    if (statement.b == 0) {
      condition.notify_all();
    } else {
      condition.notify(statement.b);
    }
    act(place, statement);
    co_return Flow();
  }
  Coro<Flow> set_event(Place place, const Statement& statement) {
    events_[index(statement.a)].set();
    act(place, statement);
    co_return Flow();
  }

  Coro<Flow> raise(Place place, const Statement& statement) {
    act(place, statement, {Result::error, statement.a, {}});
    throw ProgramError(statement.a);
    co_return Flow();
  }
  Coro<Flow> give(const Statement& statement) { co_return Flow{statement.op == Op::give, statement.a}; }

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
      co_await conformance::outcome_of(backend_.ignore_cancellation(backend_.sleep(duration(one_tick))));
    } else if (cancelled && mode == Guard::replace) {
      failure = std::make_exception_ptr(ProgramError(replacement_error));
    } else if ((!cancelled && mode == Guard::catch_errors) || mode == Guard::catch_all) {
      failure = nullptr;
    }
    record(What::left, place.task, statement.number, describe_ending(failure));
    if (failure) std::rethrow_exception(std::move(failure));
    co_return flow;
  }

  // ---- Questions and misuse ----------------------------------------------------------------------------------------

  template <class Objects, class Holds>
  static std::int64_t bits(const Objects& objects, const Holds& holds) {
    std::int64_t all = 0;
    for (std::size_t i = 0; i < objects.size(); ++i) all |= holds(objects[i]) ? std::int64_t{1} << i : 0;
    return all;
  }
  std::int64_t answer(const Place& place, Question question) {
    switch (question) {
      case Question::time: return 0;
      case Question::task: return backend_.get_current_task().id == ids_[index(place.task)] ? 1 : 0;
      case Question::scopes: return bits(scopes_, [](auto& scope) { return scope->scope().cancel_called(); });
      case Question::locks: return bits(locks_, [](auto& lock) { return lock.locked(); });
      case Question::events: return bits(events_, [](auto& event) { return event.is_set(); });
      case Question::tasks: return bits(tasks_, [](auto& task) { return task && task->done(); });
      case Question::deadlines: return bits(scopes_, [](auto& scope) { return scope->has_kept_its_deadline(); });
      case Question::cancelled: return bits(tasks_, [](auto& task) { return task && task->cancelled(); });
    }
    return 0;
  }
  Coro<Flow> ask(Place place, const Statement& statement) {
    const std::int64_t value = answer(place, static_cast<Question>(statement.a));
    record(What::answer, place.task, statement.number, {Result::value, value, {}});
    co_return Flow();
  }

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
    const bool holds_first_lock = holders_[0] == place.task;
    switch (kind) {
      case Misuse::release_free_lock: backend_.create_lock().release(); break;
      case Misuse::release_foreign_lock: {
        const auto foreign = std::ranges::find_if(
            holders_, [&](const std::optional<int>& holder) { return holder && *holder != place.task; });
        if (foreign == holders_.end()) co_return;
        locks_[static_cast<std::size_t>(foreign - holders_.begin())].release();
        break;
      }
      case Misuse::wait_without_lock:
        if (holds_first_lock) co_return;
        co_await conditions_[0].wait();
        break;
      case Misuse::notify_without_lock:
        if (holds_first_lock) co_return;
        conditions_[0].notify();
        break;
      case Misuse::enter_scope_twice: {
        auto scope = backend_.open_cancel_scope();
        co_await scope.run(nothing);
        co_await scope.run(nothing);
        break;
      }
      case Misuse::negative_sleep: co_await backend_.sleep(Seconds(-1)); break;
      case Misuse::nan_deadline:
        backend_.move_on_at(TimePoint(Seconds(std::numeric_limits<double>::quiet_NaN())));
        break;
      case Misuse::spawn_before_enter: backend_.create_task_group().start_soon(nothing); break;
      case Misuse::spawn_after_exit: {
        auto group = backend_.create_task_group();
        co_await group.run(nothing);
        group.start_soon(nothing);
        break;
      }
      case Misuse::nested_bootstrap: backend_.bootstrap(nothing); break;
    }
    result = Result::value;
  }

  AsyncBackend& backend_;
  const Program& program_;
  Observer& observer_;
  const TimePoint start_;
  std::array<Lock, lock_count> locks_;
  std::array<Condition, condition_count> conditions_;
  std::array<Event, event_count> events_;
  std::array<std::optional<int>, lock_count> holders_;
  std::vector<std::unique_ptr<ProgramScope>> scopes_;
  /// Groups whose block runs; null before and after.
  std::vector<TaskGroup*> groups_;
  /// Handles of the tasks that were started with `start`.
  std::vector<std::optional<Task<std::int64_t>>> tasks_;
  /// What get_current_task said at the beginning of each task.
  std::vector<std::uint64_t> ids_;
};

}  // namespace

Coro<> interpret(AsyncBackend& backend, const Program& program, Observer& observer) {
  Interpreter interpreter(backend, program, observer);
  auto scope = backend.move_on_after(duration(watchdog));
  co_await scope.run([&] { return interpreter.run_main(); });
}

}  // namespace concert::programs
