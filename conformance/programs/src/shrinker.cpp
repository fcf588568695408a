// SPDX-License-Identifier: Apache-2.0
#include "concert/programs/shrinker.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

namespace concert::programs {

namespace {

using Statements = std::vector<Statement>;
/// Takes a candidate; says whether to stop.
using Visit = std::function<bool(Program)>;

bool is_deadline(std::string_view argument) { return argument == "deadline"; }

std::uint64_t cost(std::string_view argument, int value) {
  if (is_deadline(argument)) {
    if (value == no_deadline) return 0;
    return value == past_deadline ? 1 : static_cast<std::uint64_t>(value) + 2;
  }
  if (argument == "count") {
    if (value == 1) return 0;
    return value == 0 ? 1 : static_cast<std::uint64_t>(value);
  }
  return static_cast<std::uint64_t>(value);
}

void add(const Statements& statements, Measure& sum) {
  for (const Statement& statement : statements) {
    const OpInfo& op = info(statement.op);
    ++sum.statements;
    if (statement.op != Op::yield) ++sum.actions;
    sum.arguments += cost(op.a, statement.a) + cost(op.b, statement.b);
    add(statement.body, sum);
  }
}

/// Plainer values, plainest first.
std::vector<int> plainer(std::string_view argument, int value) {
  std::vector<int> values;
  if (is_deadline(argument)) {
    values = {no_deadline, past_deadline};
  } else if (argument == "count") {
    values = {1};
  }
  for (const int candidate : {0, 1, one_tick, value / 2, value - 1}) values.push_back(candidate);
  std::vector<int> kept;
  for (const int candidate : values) {
    if (candidate < 0 && !is_deadline(argument)) continue;
    if (candidate < past_deadline || cost(argument, candidate) >= cost(argument, value)) continue;
    if (std::find(kept.begin(), kept.end(), candidate) == kept.end()) kept.push_back(candidate);
  }
  return kept;
}

/// What the tasks, scopes and groups that survived are called now.
struct Names {
  std::map<int, int> tasks{{0, 0}};
  std::map<int, int> scopes;
  std::map<int, int> groups;
  std::map<int, int> portals;

  explicit Names(const Statements& statements) { collect(statements); }

  void collect(const Statements& statements) {
    for (const Statement& statement : statements) {
      if (makes_task(statement.op)) give(tasks, statement.object);
      if (statement.op == Op::scope) give(scopes, statement.object);
      if (statement.op == Op::group) give(groups, statement.object);
      if (statement.op == Op::portal) give(portals, statement.object);
      collect(statement.body);
    }
  }
  static void give(std::map<int, int>& names, int old) { names.emplace(old, static_cast<int>(names.size())); }
  /// 0 for what is gone.
  static int now(const std::map<int, int>& names, int old) {
    const auto found = names.find(old);
    return found == names.end() ? 0 : found->second;
  }

  void rename(Statements& statements) const {
    for (Statement& statement : statements) {
      const std::string_view argument = info(statement.op).a;
      if (argument == "task" || argument == "call") statement.a = now(tasks, statement.a);
      if (argument == "scope") statement.a = now(scopes, statement.a);
      if (argument == "group") statement.a = now(groups, statement.a);
      if (argument == "portal") statement.a = now(portals, statement.a);
      rename(statement.body);
    }
  }
};

/// Tries changes of one program. A change is made in place on a copy, handed out and taken back.
class Shrinker {
 public:
  Shrinker(const Program& program, const Visit& visit)
      : measure_(measure(program)), tree_(program.statements), visit_(visit) {}

  void run() { drop(tree_) || unwrap(tree_) || flatten(tree_) || simplify(tree_); }

 private:
  /// Hands out the tree as it is now, if settling it did not make it larger.
  bool offer() {
    Statements candidate = tree_;
    Names(candidate).rename(candidate);
    Program program = settle(std::move(candidate));
    return measure(program) < measure_ && visit_(std::move(program));
  }

  bool drop(Statements& list) {
    for (std::size_t chunk = list.size(); chunk > 0; chunk /= 2) {
      for (std::size_t at = 0; at + chunk <= list.size(); at += chunk) {
        if (offer_without(list, at, chunk)) return true;
      }
      // What the whole chunks leave over.
      if (const std::size_t rest = list.size() % chunk; rest != 0 && offer_without(list, list.size() - rest, rest)) {
        return true;
      }
    }
    for (Statement& statement : list) {
      if (drop(statement.body)) return true;
    }
    return false;
  }

  bool offer_without(Statements& list, std::size_t at, std::size_t count) {
    Statements all = list;
    const auto first = list.begin() + static_cast<std::ptrdiff_t>(at);
    list.erase(first, first + static_cast<std::ptrdiff_t>(count));
    const bool stop = offer();
    list = std::move(all);
    return stop;
  }

  /// The body in place of the statement; the bodies of its branches in place of a gather.
  bool unwrap(Statements& list) {
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (!list[i].body.empty() && list[i].op != Op::branch) {
        Statements all = list;
        const Statement outer = std::move(list[i]);
        Statements inner;
        for (const Statement& statement : outer.body) {
          if (outer.op == Op::gather) {
            inner.insert(inner.end(), statement.body.begin(), statement.body.end());
          } else {
            inner.push_back(statement);
          }
        }
        const auto place = list.erase(list.begin() + static_cast<std::ptrdiff_t>(i));
        list.insert(place, inner.begin(), inner.end());
        const bool stop = offer();
        list = std::move(all);
        if (stop) return true;
      }
      if (unwrap(list[i].body)) return true;
    }
    return false;
  }

  /// A yield in place of the statement.
  bool flatten(Statements& list) {
    for (Statement& statement : list) {
      if (statement.op != Op::yield && statement.op != Op::branch) {
        Statement old = std::exchange(statement, Statement());
        const bool stop = offer();
        statement = std::move(old);
        if (stop) return true;
      }
      if (flatten(statement.body)) return true;
    }
    return false;
  }

  bool simplify(Statements& list) {
    for (Statement& statement : list) {
      const OpInfo& op = info(statement.op);
      if (simplify(op.a, statement.a) || simplify(op.b, statement.b) || simplify(statement.body)) return true;
    }
    return false;
  }

  bool simplify(std::string_view argument, int& value) {
    const int old = value;
    for (const int candidate : plainer(argument, old)) {
      if (argument.empty()) break;
      value = candidate;
      const bool stop = offer();
      value = old;
      if (stop) return true;
    }
    return false;
  }

  Measure measure_;
  Statements tree_;
  const Visit& visit_;
};

}  // namespace

Measure measure(const Program& program) {
  Measure sum;
  add(program.statements, sum);
  return sum;
}

std::vector<Program> smaller(const Program& program) {
  std::vector<Program> found;
  Shrinker(program, [&](Program candidate) {
    found.push_back(std::move(candidate));
    return false;
  }).run();
  return found;
}

Program shrink(Program program, const std::function<bool(const Program&)>& still_fails, std::size_t budget) {
  for (bool changed = true; changed && budget > 0;) {
    changed = false;
    Program next;
    const Visit visit = [&](Program candidate) {
      if (budget == 0) return true;
      --budget;
      changed = still_fails(candidate);
      if (changed) next = std::move(candidate);
      return changed;
    };
    Shrinker(program, visit).run();
    if (changed) program = std::move(next);
  }
  return program;
}

}  // namespace concert::programs
