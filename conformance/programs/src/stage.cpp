// SPDX-License-Identifier: Apache-2.0
#include "stage.hpp"

#include <cmath>
#include <utility>

#include "concert/programs/interpreter.hpp"

namespace concert::programs {

namespace {

template <class Objects, class Holds>
std::int64_t bits(const Objects& objects, const Holds& holds) {
  std::int64_t all = 0;
  for (std::size_t i = 0; i < objects.size(); ++i) all |= holds(objects[i]) ? std::int64_t{1} << i : 0;
  return all;
}

}  // namespace

Seconds duration(HalfTicks half_ticks) { return half_tick_length * half_ticks; }

ProgramScope::ProgramScope(AsyncBackend& backend, bool is_timeout) {
  if (is_timeout) {
    timeout_.reset(new TimeoutScope(backend.timeout_at(never)));
  } else {
    plain_.reset(new CancelScope(backend.move_on_at(never)));
  }
}

void ProgramScope::set_deadline(TimePoint deadline) {
  deadline_ = deadline;
  if (deadline == never) {
    scope().clear_deadline();
  } else {
    scope().reschedule(deadline);
  }
}

Stage::Stage(AsyncBackend& running, const Program& given, Observer& observer)
    : backend(running),
      program(given),
      start(running.current_time()),
      locks{running.create_lock(), running.create_lock(), running.create_fair_lock(), running.create_fair_lock()},
      conditions{running.create_condition_var(locks[0]), running.create_condition_var(locks[1])},
      events{running.create_event(), running.create_event(), running.create_event()},
      groups(index(given.groups)),
      tasks(index(given.tasks)),
      ids(index(given.tasks)),
      observer_(observer),
      futures_(index(given.tasks)) {
  make_objects(program.statements);
}

void Stage::make_objects(const std::vector<Statement>& statements) {
  for (const Statement& statement : statements) {
    if (statement.op == Op::scope) scopes.push_back(std::make_unique<ProgramScope>(backend, statement.b == 1));
    if (statement.op == Op::portal) portals.push_back(backend.create_threads_portal());
    make_objects(statement.body);
  }
}

// ---- Records -------------------------------------------------------------------------------------------------------

std::chrono::nanoseconds Stage::read_clock() {
  const Seconds elapsed = backend.current_time() - start;
  last_time_ = std::llround(elapsed.count() * 1e9);
  return last_time();
}

void Stage::record(What what, int task, int statement, Ending ending) {
  if (is_loop_thread()) read_clock();
  const std::lock_guard lock(records_mutex_);
  observer_.record({what, task, statement, ending.result, ending.value, std::move(ending.leaves), last_time_});
}

// ---- Statements ----------------------------------------------------------------------------------------------------

Flow Stage::carry_out(const Place& place, const Statement& statement) {
  const std::size_t object = index(statement.a);
  switch (statement.op) {
    case Op::cancel_scope:
    case Op::reschedule: act(place.task, statement, change_scope(statement)); break;
    case Op::cancel_task: act(place.task, statement, cancel_task(statement)); break;
    case Op::notify:
      if (statement.b == 0) {
        conditions[object].notify_all();
      } else {
        conditions[object].notify(statement.b);
      }
      act(place.task, statement);
      break;
    case Op::event_set:
      events[object].set();
      act(place.task, statement);
      break;
    case Op::raise: act(place.task, statement, {Result::error, statement.a}); throw ProgramError(statement.a);
    case Op::give: return {true, statement.a};
    case Op::ask: {
      const std::int64_t value = answer(place.task, static_cast<Question>(statement.a));
      record(What::answer, place.task, statement.number, {Result::value, value});
      break;
    }
    case Op::future_get: act(place.task, statement, get_answer(statement)); break;
    case Op::future_cancel: cancel_future(place.task, statement); break;
    default: break;
  }
  return {};
}

TimePoint Stage::time_of(HalfTicks deadline) {
  if (deadline == no_deadline) return never;
  return backend.current_time() + (deadline == past_deadline ? Seconds(-1) : duration(deadline));
}

Ending Stage::change_scope(const Statement& statement) {
  if (scopes.empty()) return {Result::skipped};
  ProgramScope& scope = *scopes[index(statement.a)];
  if (statement.op == Op::cancel_scope) {
    scope.scope().cancel();
  } else {
    scope.set_deadline(time_of(statement.b));
  }
  return {};
}

Ending Stage::cancel_task(const Statement& statement) {
  const std::optional<Task<std::int64_t>>& task = tasks[index(statement.a)];
  if (!task) return {Result::skipped};
  return {Result::value, task->cancel() ? 1 : 0};
}

/// In the loop, where nobody waits for it.
Ending Stage::get_answer(const Statement& statement) {
  const auto asked = future(statement.a);
  if (!asked || !asked->done()) return {Result::skipped};
  try {
    return {Result::value, asked->get()};
  } catch (...) {
    return describe_ending(std::current_exception());
  }
}

std::int64_t Stage::answer(int task, Question question) {
  switch (question) {
    case Question::time: return 0;
    case Question::task: return backend.get_current_task().id == ids[index(task)] ? 1 : 0;
    case Question::scopes: return bits(scopes, [](auto& scope) { return scope->scope().cancel_called(); });
    case Question::locks: return bits(locks, [](auto& lock) { return lock.locked(); });
    case Question::events: return bits(events, [](auto& event) { return event.is_set(); });
    case Question::tasks: return bits(tasks, [](auto& handle) { return handle && handle->done(); });
    case Question::deadlines: return bits(scopes, [](auto& scope) { return scope->has_kept_its_deadline(); });
    case Question::cancelled: return bits(tasks, [](auto& handle) { return handle && handle->cancelled(); });
  }
  return 0;
}

// ---- Futures -------------------------------------------------------------------------------------------------------

void Stage::keep(int call, ThreadFuture<std::int64_t> future) {
  const std::lock_guard lock(futures_mutex_);
  futures_[index(call)].emplace(std::move(future));
}

std::optional<ThreadFuture<std::int64_t>> Stage::future(int call) {
  const std::lock_guard lock(futures_mutex_);
  return futures_[index(call)];
}

void Stage::cancel_future(int task, const Statement& statement) {
  const auto asked = future(statement.a);
  if (!asked) return act(task, statement, {Result::skipped});
  record(What::begin, task, statement.number);
  const bool cancelled = asked->cancel();
  record(What::end, task, statement.number, {Result::value, cancelled ? 1 : 0});
}

}  // namespace concert::programs
