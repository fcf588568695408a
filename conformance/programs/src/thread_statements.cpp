// SPDX-License-Identifier: Apache-2.0
#include "thread_statements.hpp"

#include <utility>

#include "concert/programs/interpreter.hpp"

namespace concert::programs {

namespace {

/// Runs the statements with `step` until one gives a value, between the records of the beginning and the end.
template <class Step>
std::int64_t run_recorded(Stage& stage, const Statement& what, const Step& step) {
  const bool elsewhere = !stage.is_loop_thread();
  stage.record(What::task_began, what.object, -1, {Result::value, elsewhere ? 1 : 0});
  Flow flow;
  std::exception_ptr failure;
  try {
    for (auto next = what.body.begin(); next != what.body.end() && !flow.gave; ++next) flow = step(*next);
  } catch (...) {
    failure = std::current_exception();
  }
  Ending ending = describe_ending(failure);
  if (!failure) ending.value = flow.value;
  stage.record(What::task_ended, what.object, -1, std::move(ending));
  if (failure) std::rethrow_exception(std::move(failure));
  return flow.value;
}

}  // namespace

std::int64_t ThreadStatements::run(Seat& seat, const Statement& function) {
  if (!seat.take_turn()) stage_.act(function.object, function, {Result::lost});
  struct End {
    Seat& seat;
    ~End() { seat.end(); }
  } const end{seat};
  return run_recorded(stage_, function,
                      [&](const Statement& statement) { return step(seat, function.object, statement); });
}

void ThreadStatements::wait_for_turn(Seat& seat, int task, const Statement& statement,
                                     std::chrono::nanoseconds wake_time) {
  if (!seat.take_turn(wake_time)) stage_.act(task, statement, {Result::lost});
}

Flow ThreadStatements::step(Seat& seat, int task, const Statement& statement) {
  switch (statement.op) {
    case Op::sleep:
      wait_for_turn(seat, task, statement,
                    stage_.last_time() + std::chrono::duration_cast<std::chrono::nanoseconds>(duration(statement.a)));
      stage_.act(task, statement);
      return {};
    case Op::call_function:
    case Op::call_coroutine: call(seat, task, statement); return {};
    case Op::future_get: get(seat, task, statement); return {};
    case Op::yield:
      wait_for_turn(seat, task, statement);
      stage_.act(task, statement);
      return {};
    default: wait_for_turn(seat, task, statement); return stage_.carry_out({task, nullptr}, statement);
  }
}

void ThreadStatements::call(Seat& seat, int task, const Statement& statement) {
  wait_for_turn(seat, task, statement);
  if (stage_.portals.empty()) return stage_.act(task, statement, {Result::skipped});
  const ThreadsPortal& portal = stage_.portals[index(statement.a)];
  stage_.record(What::begin, task, statement.number);
  Ending ending;
  try {
    if (statement.op == Op::call_coroutine) {
      const auto work = [this, &statement] { return run_task_(statement); };
      stage_.keep(statement.object, portal.run_coroutine_soon(work));
    } else {
      const auto work = [this, &statement] { return run_function(statement); };
      stage_.keep(statement.object, portal.run_sync_soon(work));
    }
  } catch (...) {
    ending = describe_ending(std::current_exception());
  }
  // A backend may block the thread until it has accepted the call: others went on meanwhile.
  wait_for_turn(seat, task, statement);
  stage_.record(What::end, task, statement.number, std::move(ending));
}

void ThreadStatements::get(Seat& seat, int task, const Statement& statement) {
  wait_for_turn(seat, task, statement);
  auto future = stage_.future(statement.a);
  if (!future) return stage_.act(task, statement, {Result::skipped});
  stage_.record(What::begin, task, statement.number);
  Ending ending;
  const auto wait = [&] {
    try {
      ending.value = future->get();
    } catch (...) {
      ending = describe_ending(std::current_exception());
    }
  };
  const bool answered = seat.wait_for_answer(wait, [canceller = *future]() mutable { canceller.cancel(); });
  wait_for_turn(seat, task, statement);
  stage_.record(What::end, task, statement.number, answered ? std::move(ending) : Ending{Result::lost});
}

std::int64_t ThreadStatements::run_function(const Statement& call) {
  const auto step = [&](const Statement& statement) {
    // On another thread, where only a broken backend runs it, it would race with the loop.
    return stage_.is_loop_thread() ? stage_.carry_out({call.object, nullptr}, statement) : Flow();
  };
  struct News {
    Conductor& conductor;
    ~News() { conductor.notice(); }
  };
  std::optional<News> news;
  if (stage_.is_loop_thread()) news.emplace(conductor_);
  return run_recorded(stage_, call, step);
}

}  // namespace concert::programs
