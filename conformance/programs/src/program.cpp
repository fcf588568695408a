// SPDX-License-Identifier: Apache-2.0
#include "concert/programs/program.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace concert::programs {

const std::vector<OpInfo>& all_ops() {
  static const std::vector<OpInfo> ops = {
      {Op::yield, "yield", "", "", false},
      {Op::shielded_yield, "shielded_yield", "", "", false},
      {Op::sleep, "sleep", "duration", "", false},
      {Op::sleep_until, "sleep_until", "time", "", false},
      {Op::sleep_forever, "sleep_forever", "", "", false},
      {Op::scope, "scope", "deadline", "kind", true},
      {Op::cancel_scope, "cancel_scope", "scope", "", false},
      {Op::reschedule, "reschedule", "scope", "deadline", false},
      {Op::shield, "shield", "", "", true},
      {Op::group, "group", "", "", true},
      {Op::spawn, "spawn", "mode", "", true},
      {Op::spawn_into, "spawn_into", "group", "", true},
      {Op::cancel_task, "cancel_task", "task", "", false},
      {Op::wait, "wait", "task", "", false},
      {Op::join, "join", "task", "", false},
      {Op::join_or_cancel, "join_or_cancel", "task", "", false},
      {Op::gather, "gather", "", "", true},
      {Op::branch, "branch", "", "", true},
      {Op::with_lock, "with_lock", "lock", "", true},
      {Op::condition_wait, "condition_wait", "condition", "", false},
      {Op::notify, "notify", "condition", "count", false},
      {Op::event_set, "event_set", "event", "", false},
      {Op::event_wait, "event_wait", "event", "", false},
      {Op::raise, "raise", "error", "", false},
      {Op::give, "give", "value", "", false},
      {Op::guard, "guard", "mode", "", true},
      {Op::ask, "ask", "question", "", false},
      {Op::misuse, "misuse", "kind", "", false},
      {Op::run_in_thread, "run_in_thread", "abandon", "", true},
      {Op::portal, "portal", "", "", true},
      {Op::call_function, "call_function", "portal", "", true},
      {Op::call_coroutine, "call_coroutine", "portal", "", true},
      {Op::future_get, "future_get", "call", "", false},
      {Op::future_cancel, "future_cancel", "call", "", false},
  };
  return ops;
}

const OpInfo& info(Op op) noexcept { return all_ops()[static_cast<std::size_t>(op)]; }

namespace {

std::size_t size(const std::vector<Statement>& statements) {
  std::size_t count = statements.size();
  for (const Statement& statement : statements) count += size(statement.body);
  return count;
}

/// How a time is written: in ticks, with a half where there is one.
std::string ticks(int half_ticks) {
  if (half_ticks == no_deadline) return "never";
  if (half_ticks == past_deadline) return "past";
  return std::to_string(half_ticks / one_tick) + (half_ticks % one_tick == 0 ? "" : ".5");
}

bool is_time(std::string_view argument) {
  return argument == "duration" || argument == "time" || argument == "deadline";
}

std::string argument_text(std::string_view name, int value) {
  if (name.empty()) return "";
  return " " + std::string(name) + " " + (is_time(name) ? ticks(value) : std::to_string(value));
}

void write(const std::vector<Statement>& statements, int depth, std::string& text) {
  for (const Statement& statement : statements) {
    const OpInfo& op = info(statement.op);
    text += std::string(static_cast<std::size_t>(2 * depth), ' ') + "#" + std::to_string(statement.number) + " " +
            std::string(op.name);
    if (makes_object(op.op)) text += " " + std::to_string(statement.object);
    text += argument_text(op.a, statement.a) + argument_text(op.b, statement.b) + "\n";
    write(statement.body, depth + 1, text);
  }
}

}  // namespace

bool has_threads(const Program& program) {
  const auto any = [](const auto& self, const std::vector<Statement>& list) -> bool {
    return std::ranges::any_of(list, [&](const Statement& statement) {
      return statement.op == Op::run_in_thread || self(self, statement.body);
    });
  };
  return any(any, program.statements);
}

std::size_t size(const Program& program) { return size(program.statements); }

std::string to_text(const Program& program) {
  std::string text;
  write(program.statements, 0, text);
  return text;
}

}  // namespace concert::programs
