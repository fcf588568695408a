// SPDX-License-Identifier: Apache-2.0
// Structured-concurrency programs as data: what a generator draws, a shrinker cuts, an interpreter runs on any backend.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace concert::programs {

/// What one statement does. Numbers in brackets are its arguments `a` and `b`; `{}` stands for its body.
enum class Op : std::uint8_t {
  yield,           ///< coro_yield
  shielded_yield,  ///< cancel_shielded_coro_yield
  sleep,           ///< [duration]
  sleep_until,     ///< [time since the program began]
  sleep_forever,
  scope,           ///< [deadline, kind: 0 move_on_at, 1 timeout_at] {}
  cancel_scope,    ///< [scope]
  reschedule,      ///< [scope, deadline]
  shield,          ///< {} inside ignore_cancellation
  group,           ///< {} the body of a task group
  spawn,           ///< [mode: 0 start_soon, 1 start] {} a task in the innermost group of its task
  spawn_into,      ///< [group] {} a task, by start_soon, in a group that may be another task's
  cancel_task,     ///< [task]
  wait,            ///< [task] Task::wait
  join,            ///< [task]
  join_or_cancel,  ///< [task]
  gather,          ///< {} a branch each
  branch,          ///< {} one awaitable of a gather; nowhere else
  with_lock,       ///< [lock] {}
  condition_wait,  ///< [condition] inside with_lock of its lock; nowhere else
  notify,          ///< [condition, count: 0 all] inside with_lock of its lock; nowhere else
  event_set,       ///< [event]
  event_wait,      ///< [event]
  raise,           ///< [error] throws; ends its task unless a `guard` catches it
  give,            ///< [value] ends the task or branch with this value
  guard,           ///< [mode] {} a handler around its body, see Guard
  ask,             ///< [question] see Question
  misuse,          ///< [kind] see Misuse
  // Other threads. What runs in one is a sequence of yields and sleeps (of virtual time), raise, give, calls and what
  // asks their futures.
  run_in_thread,   ///< [abandon: 0 no, 1 on cancel] {} a function in a worker thread; the task waits for it
  portal,          ///< {} a threads portal is open as long as the body runs
  call_function,   ///< [portal] {} run_sync_soon: a function of what cannot wait; in a thread only
  call_coroutine,  ///< [portal] {} run_coroutine_soon: a task; in a thread only
  future_get,      ///< [call] waits for the answer; in the loop: if there is one
  future_cancel,   ///< [call]
};

/// What a `guard` does with what its body throws.
enum class Guard : int {
  catch_errors,  ///< ends errors, lets Cancelled pass
  catch_all,     ///< ends everything, Cancelled too
  clean_up,      ///< one more tick of shielded sleep, then the exception goes on
  replace,       ///< a Cancelled becomes an error
};

/// What an `ask` records of the state around it.
enum class Question : int { time, task, scopes, locks, events, tasks, deadlines, cancelled };
inline constexpr int question_count = static_cast<int>(Question::cancelled) + 1;

/// What a `misuse` does; each must be answered by the documented error and change nothing.
enum class Misuse : int {
  release_free_lock,
  release_foreign_lock,
  wait_without_lock,
  notify_without_lock,
  enter_scope_twice,
  negative_sleep,
  nan_deadline,
  spawn_before_enter,
  spawn_after_exit,
  nested_bootstrap,
  call_own_portal,
  enter_open_portal,
  enter_closed_portal,
};

// Times are counted in half ticks, so that deadlines can lie between the ticks of sleeps. A tick is ten milliseconds:
// event loops round to whole ones.
using HalfTicks = int;
inline constexpr HalfTicks one_tick = 2;
/// Values of a deadline beside times from now on.
inline constexpr HalfTicks no_deadline = -1;
inline constexpr HalfTicks past_deadline = -2;
/// No time in a program is longer: what is shielded must end soon after the watchdog.
inline constexpr HalfTicks longest_time = 400 * one_tick;

/// The objects of every program: few, because collisions are the point.
inline constexpr int plain_locks = 2;
inline constexpr int fair_locks = 2;
/// Locks 0 and 1 are plain ones, 2 and 3 fair ones.
inline constexpr int lock_count = plain_locks + fair_locks;
/// Condition n is over the plain lock n.
inline constexpr int condition_count = plain_locks;
inline constexpr int event_count = 3;

/// One node of the tree.
struct Statement {
  Op op = Op::yield;
  int a = 0;
  int b = 0;
  std::vector<Statement> body{};
  /// Its number in the order in which the program is read, from 0 on; what the trace and the reports call it.
  int number = 0;
  /// Of a spawn, a branch, a run_in_thread and a call: the number of what runs its body, from 1 on (0 is the main
  /// task); all are counted together, and called tasks. Of a scope, a group, a portal: its number. Else 0.
  int object = 0;

  friend bool operator==(const Statement&, const Statement&) = default;
};

/// A program that ends on every conforming backend, whatever its schedule: `settle` makes sure of it.
struct Program {
  std::vector<Statement> statements;
  int tasks = 1;
  int scopes = 0;
  int groups = 0;
  int portals = 0;

  friend bool operator==(const Program&, const Program&) = default;
};

/// What the name, the arguments and the place of each kind of statement are: the one table behind text, JSON, validity.
struct OpInfo {
  Op op;
  std::string_view name;
  /// Names of `a` and `b`; empty: not used.
  std::string_view a;
  std::string_view b;
  bool has_body;
};
const OpInfo& info(Op op) noexcept;
const std::vector<OpInfo>& all_ops();
/// True for a call that a thread gives to a portal.
constexpr bool is_call(Op op) noexcept { return op == Op::call_function || op == Op::call_coroutine; }
/// True if the body of the statement is run by something of its own: a task, a thread, a call.
constexpr bool makes_task(Op op) noexcept {
  return op == Op::spawn || op == Op::spawn_into || op == Op::branch || op == Op::run_in_thread || is_call(op);
}
/// True if the statement makes something that others can name.
constexpr bool makes_object(Op op) noexcept {
  return makes_task(op) || op == Op::scope || op == Op::group || op == Op::portal;
}

/// Numbers everything anew, takes each reference modulo what there is, and replaces what may not stand where it stands
/// by a yield (the rules are listed in validity.hpp): any tree becomes a program.
Program settle(std::vector<Statement> statements);

/// Statements in the program.
std::size_t size(const Program& program);

/// True if other threads than the loop's take part.
bool has_threads(const Program& program);

/// The program as text, a line each, two spaces deeper per body: what reports show.
std::string to_text(const Program& program);

}  // namespace concert::programs
