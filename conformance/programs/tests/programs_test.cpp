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
  std::map<int, std::set<int>> event_setters;
  std::set<int> notified;
  std::map<const Statement*, std::set<int>> raisers;
  walk(program, [&](const Statement& statement, const Path& around) {
    const int task = task_of(around);
    switch (statement.op) {
      case Op::with_lock: lock_users[statement.a].insert(task); break;
      case Op::event_wait: event_waiters[statement.a].insert(task); break;
      case Op::condition_wait: condition_waiters[statement.a].insert(task); break;
      case Op::notify: notified.insert(statement.a); break;
      case Op::event_set: event_setters[statement.a].insert(task); break;
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
  for (const auto& [event, tasks] : event_waiters) {
    const std::set<int>& setters = event_setters[event];
    if (!std::includes(tasks.begin(), tasks.end(), setters.begin(), setters.end())) found.insert("event set elsewhere");
  }
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
      {"lock with two users", 24},
      {"event waited for in two tasks", 11},
      {"notify with two waiters", 10},
      {"cancel next to a wake-up", 39},
      {"group with two raises", 8},
      {"shield in a scope", 5},
      {"reschedule", 10},
      {"misuse", 8},
      {"gather", 8},
      {"event set elsewhere", 20},
      {"late child", 6},
      {"join_or_cancel", 9},
  };
  for (const auto& [label, share] : required) {
    EXPECT_GE(counts[label] * 100, share * static_cast<int>(seeds)) << label;
  }
  EXPECT_EQ(ops.size(), all_ops().size()) << "each kind of statement";
  for (const Profile profile : {Profile::lock, Profile::condition, Profile::event, Profile::scopes, Profile::tasks}) {
    EXPECT_NEAR(profiles[profile], static_cast<double>(seeds) / 7, 300) << to_string(profile);
  }
  EXPECT_GE(distinct.size(), 1990U);
  EXPECT_GE(statements, 20 * seeds);
  EXPECT_LE(statements, 40 * seeds);
  EXPECT_LE(largest, 200U);
  EXPECT_LE(yields * 10, statements) << "what settle replaces becomes a yield";
}

TEST(Generator, GivesTheSameProgramForTheSameSeedEverywhere) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    const Program program = generate(seed);
    ASSERT_EQ(generate(seed), program) << "seed " << seed;
    for (const char c : to_text(program)) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  }
  // Whoever changes it raises program_generator_version.
  EXPECT_EQ(program_generator_version, 3);
  EXPECT_EQ(hash, 17452132997674334403ULL);
}

TEST(Generator, KeepsToItsOptions) {
  std::size_t small = 0;
  std::size_t large = 0;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    GeneratorOptions options{Profile::scopes, TimeMode::phase, 0, false};
    EXPECT_EQ(drawn(seed, options), (Drawn{Profile::scopes, TimeMode::phase}));
    small += size(generate(seed, options));
    options.size = 100;
    const Program program = generate(seed, options);
    large += size(program);
    walk(program, [&](const Statement& statement, const Path&) {
      EXPECT_NE(statement.op, Op::misuse);
      EXPECT_NE(statement.op, Op::with_lock) << "the profile has no locks";
      const bool is_sleep = statement.op == Op::sleep || statement.op == Op::sleep_until;
      EXPECT_TRUE(!is_sleep || statement.a % one_tick == 0) << statement.a;
      const int deadline = statement.op == Op::scope ? statement.a : statement.b;
      const bool has_deadline = statement.op == Op::scope || statement.op == Op::reschedule;
      EXPECT_TRUE(!has_deadline || deadline < 0 || deadline % one_tick == 1) << deadline;
    });
  }
  EXPECT_GT(large, 3 * small);
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    walk(generate(seed, {.time_mode = TimeMode::tie}), [](const Statement& statement, const Path&) {
      EXPECT_TRUE(statement.op != Op::scope || statement.a < 0 || statement.a % one_tick == 0) << statement.a;
    });
  }
  EXPECT_THROW(generate(1, {.size = 101}), std::invalid_argument);
  EXPECT_THROW(drawn(1, {.size = -1}), std::invalid_argument);
}

// ---- Settling ------------------------------------------------------------------------------------------------------

/// Numbers it as it is: what settle would change stays.
Program unsettled(const Statements& statements) {
  Program program = settle({});
  program.statements = statements;
  int number = 0;
  const std::function<void(Statements&)> count = [&](Statements& list) {
    for (Statement& statement : list) {
      statement.number = number++;
      if (makes_task(statement.op)) statement.object = program.tasks++;
      count(statement.body);
    }
  };
  count(program.statements);
  return program;
}

void expect_replaced(const Statements& statements, const std::string& violation) {
  const Program program = unsettled(statements);
  EXPECT_EQ(violations(program), std::vector<std::string>{violation}) << to_text(program);
  const Program settled = settle(statements);
  EXPECT_EQ(violations(settled), std::vector<std::string>{}) << to_text(settled);
  EXPECT_NE(settled, program);
}

TEST(Settle, ReplacesWhatBreaksARule) {
  expect_replaced({Statement{Op::spawn}}, "#0 spawn: the task has no group here");
  expect_replaced({Statement{Op::branch}}, "#0 branch: a branch stands in a gather, and nothing else does");
  expect_replaced({Statement{Op::shield, 0, 0, {Statement{Op::event_wait}}}},
                  "#1 event_wait: V3: nobody could end this wait inside the shield");
  expect_replaced({Statement{Op::group, 0, 0, {Statement{Op::spawn_into, 0, 0, {Statement{Op::sleep_forever}}}}}},
                  "#2 sleep_forever: V3: nobody could end this wait inside the shield");
  expect_replaced({Statement{Op::with_lock, 1, 0, {Statement{Op::with_lock, 1}}}},
                  "#1 with_lock: V4: the task holds this lock already");
  expect_replaced({Statement{Op::with_lock, 1, 0, {Statement{Op::condition_wait, 0}}}},
                  "#1 condition_wait: V4: the task does not hold the condition's lock");
  expect_replaced({Statement{Op::notify, 0, 1}}, "#0 notify: V4: the task does not hold the condition's lock");
  const Statement waiter{Op::spawn, 1, 0, {Statement{Op::sleep, 4}}};
  expect_replaced(
      {Statement{Op::group, 0, 0, {waiter, Statement{Op::with_lock, 2, 0, {Statement{Op::join_or_cancel, 1}}}}}},
      "#4 join_or_cancel: V5: under a held lock");
  expect_replaced(
      {Statement{Op::group, 0, 0, {waiter, Statement{Op::spawn, 0, 0, {Statement{Op::join_or_cancel, 1}}}}}},
      "#4 join_or_cancel: V5: the task does not come later");
  const Statement inner{Op::group, 0, 0, {Statement{Op::spawn, 0, 0, {Statement{Op::wait, 1}}}}};
  expect_replaced({Statement{Op::group, 0, 0, {Statement{Op::spawn, 0, 0, {inner}}}}},
                  "#4 wait: V7: the task itself, or one around it");
  expect_replaced({Statement{Op::group, 0, 0, {Statement{Op::spawn, 0, 0, {Statement{Op::join, 1}}}}}},
                  "#2 join: V7: the task itself, or one around it");
}

TEST(Settle, KnowsThatTwoConditionsInsideEachOthersLocksWaitForEachOther) {
  // Each child has to take its condition's lock again, which the parent of the other one holds until its child ends.
  const auto waiter = [](int lock) {
    return Statement{Op::spawn, 0, 0, {Statement{Op::with_lock, lock, 0, {Statement{Op::condition_wait, lock}}}}};
  };
  expect_replaced({Statement{Op::with_lock, 0, 0, {Statement{Op::group, 0, 0, {waiter(1)}}}}},
                  "#4 condition_wait: V6: a task around this one holds a lock");
  EXPECT_EQ(violations(unsettled({Statement{Op::group, 0, 0, {waiter(0), waiter(1)}}})), std::vector<std::string>{});
}

TEST(Settle, TakesArgumentsIntoTheirRange) {
  const Program program =
      settle({Statement{Op::sleep, -7}, Statement{Op::sleep, 1'000'000}, Statement{Op::cancel_task, 5},
              Statement{Op::scope, -9, 3}, Statement{Op::event_set, -1},
              Statement{Op::gather, 4, 4, {Statement{Op::branch}, Statement{Op::yield}}}});
  EXPECT_EQ(to_text(program),
            "#0 sleep duration 0\n#1 sleep duration 400\n#2 cancel_task task 1\n#3 scope 0 deadline past kind 1\n"
            "#4 event_set event 2\n#5 gather\n  #6 branch 1\n  #7 branch 2\n    #8 yield\n");
}

TEST(Text, ShowsAProgramWithALinePerStatement) {
  const Program program = settle(
      {Statement{
           Op::scope,
           7,
           1,
           {Statement{Op::group,
                      0,
                      0,
                      {Statement{Op::spawn, 1, 0, {Statement{Op::with_lock, 1, 0, {Statement{Op::condition_wait, 1}}}}},
                       Statement{Op::with_lock, 1, 0, {Statement{Op::notify, 1, 2}}},
                       Statement{Op::reschedule, 0, no_deadline}}}}},
       Statement{Op::scope, past_deadline}, Statement{Op::raise, 3}});
  EXPECT_EQ(to_text(program),
            "#0 scope 0 deadline 3.5 kind 1\n"
            "  #1 group 0\n"
            "    #2 spawn 1 mode 1\n"
            "      #3 with_lock lock 1\n"
            "        #4 condition_wait condition 1\n"
            "    #5 with_lock lock 1\n"
            "      #6 notify condition 1 count 2\n"
            "    #7 reschedule scope 0 deadline never\n"
            "#8 scope 1 deadline past kind 0\n"
            "#9 raise error 3\n");
}

TEST(Text, ShowsARecordInALine) {
  const Program program = settle({Statement{Op::scope, 7, 0, {Statement{Op::with_lock, 3}}}});
  EXPECT_EQ(to_text(Record{What::begin, 0, 1, Result::value, 0, {}, 0}, program), "0 ms  task 0  #1 with_lock  begin");
  EXPECT_EQ(to_text(Record{What::end, 2, 1, Result::cancelled, 0, {}, 12'500'000}, program),
            "12.5 ms  task 2  #1 with_lock  end: cancelled");
  EXPECT_EQ(
      to_text(Record{What::left, 0, 0, Result::value, cancel_called_flag | cancelled_caught_flag, {}, 1}, program),
      "0.000001 ms  task 0  #0 scope  left: value, cancel called, cancelled caught");
  EXPECT_EQ(to_text(Record{What::task_ended, 4, -1, Result::group, 0, {2, 3, timeout_leaf, cancelled_leaf}, -1'000'000},
                    program),
            "-1 ms  task 4  task_ended: group of 2 3 timeout cancelled");
  EXPECT_EQ(to_text(Record{What::act, 1, 9, Result::error, 5, {}, 20'000'000}, program),
            "20 ms  task 1  #9 (no such statement)  act: error 5");
}

// ---- Shrinking -----------------------------------------------------------------------------------------------------

TEST(Shrinker, OffersOnlySmallerProgramsThatAreSettled) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const Program program = generate(seed);
    const Measure before = measure(program);
    const std::vector<Program> candidates = smaller(program);
    ASSERT_GE(candidates.size(), size(program)) << "seed " << seed;
    for (const Program& candidate : candidates) {
      ASSERT_LT(measure(candidate), before) << "seed " << seed << "\n" << to_text(candidate);
      ASSERT_EQ(settle(candidate.statements), candidate) << "seed " << seed << "\n" << to_text(candidate);
      ASSERT_EQ(violations(candidate), std::vector<std::string>{}) << "seed " << seed;
    }
  }
  // What is not settled grows when it is.
  const Program wild =
      unsettled({Statement{Op::gather, 0, 0, {Statement{Op::yield}, Statement{Op::yield}, Statement{Op::yield}}}});
  for (const Program& candidate : smaller(wild)) EXPECT_LT(measure(candidate), measure(wild)) << to_text(candidate);
  EXPECT_TRUE(smaller(settle({})).empty());
  EXPECT_EQ(smaller(settle({Statement{Op::yield}})), std::vector<Program>{settle({})});
}

TEST(Shrinker, MeasuresHowPlainArgumentsAre) {
  const auto of = [](Statement statement) { return measure(settle({std::move(statement)})).arguments; };
  EXPECT_EQ(of(Statement{Op::sleep, 5}), 5U);
  EXPECT_EQ(of(Statement{Op::scope, no_deadline, 1}), 1U);
  EXPECT_EQ(of(Statement{Op::scope, past_deadline}), 1U);
  EXPECT_EQ(of(Statement{Op::scope, 0}), 2U);
  const auto of_notify = [&](int count) {
    return of(Statement{Op::with_lock, 0, 0, {Statement{Op::notify, 0, count}}});
  };
  EXPECT_EQ(of_notify(1), 0U);
  EXPECT_EQ(of_notify(0), 1U);
  EXPECT_EQ(of_notify(3), 3U);
}

bool raises_in_a_group(const Program& program) {
  bool found = false;
  walk(program, [&](const Statement& statement, const Path& around) {
    if (statement.op == Op::raise && is_inside(around, Op::group)) found = true;
  });
  return found;
}

TEST(Shrinker, FindsTheCoreOfALargeProgram) {
  int shrunk = 0;
  for (std::uint64_t seed = 0; shrunk < 20; ++seed) {
    const Program program = generate(seed, {.profile = Profile::tasks});
    if (!raises_in_a_group(program)) continue;
    ++shrunk;
    EXPECT_EQ(to_text(shrink(program, raises_in_a_group)), "#0 group 0\n  #1 raise error 0\n") << "seed " << seed;
  }
}

/// A task that somebody else joins, and that sleeps: the reference must follow it.
bool joins_a_sleeper(const Program& program) {
  std::set<int> sleepers;
  std::set<int> joined;
  walk(program, [&](const Statement& statement, const Path& around) {
    if (statement.op == Op::sleep) sleepers.insert(task_of(around));
    if (statement.op == Op::join) joined.insert(statement.a);
  });
  return std::any_of(joined.begin(), joined.end(), [&](int task) { return task != 0 && sleepers.contains(task); });
}

TEST(Shrinker, KeepsReferencesToWhatSurvives) {
  Statements children;
  for (int i = 0; i < 5; ++i) children.push_back(Statement{Op::spawn, 1, 0, {Statement{Op::yield}}});
  children.push_back(Statement{Op::spawn, 1, 0, {Statement{Op::scope, 4, 1, {Statement{Op::sleep, 6}}}}});
  children.push_back(Statement{Op::join, 6});
  const Program program = settle({Statement{Op::group, 0, 0, children}});
  ASSERT_TRUE(joins_a_sleeper(program));
  EXPECT_EQ(to_text(shrink(program, joins_a_sleeper)),
            "#0 group 0\n  #1 spawn 1 mode 0\n    #2 sleep duration 0\n  #3 join task 1\n");
}

TEST(Shrinker, StopsWhenItsBudgetIsSpent) {
  const Program program = generate(3, {.size = 100});
  std::size_t calls = 0;
  shrink(
      program, [&](const Program&) { return ++calls, false; }, 17);
  EXPECT_EQ(calls, 17U);
  calls = 0;
  const Program end = shrink(program, [&](const Program&) { return ++calls, true; });
  EXPECT_EQ(end, settle({}));
  EXPECT_EQ(calls, 1U) << "the boldest candidate first";
}

// ---- JSON ----------------------------------------------------------------------------------------------------------

TEST(Json, BringsProgramsBack) {
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    const Program program = generate(seed);
    ASSERT_EQ(program_from_json(to_json(program)), program) << "seed " << seed;
  }
}

TEST(Json, WritesTheDocumentedForm) {
  const Program program =
      settle({Statement{Op::scope, past_deadline, 1, {Statement{Op::sleep, 3}}}, Statement{Op::reschedule, 0, 9}});
  EXPECT_EQ(to_json(program), R"({"format":"concert-program","version":1,"statements":[)"
                              R"({"number":0,"op":"scope","id":0,"deadline":"past","kind":1,"body":[)"
                              R"({"number":1,"op":"sleep","duration":3}]},)"
                              R"({"number":2,"op":"reschedule","scope":0,"deadline":9}]})");
  EXPECT_EQ(to_json(std::vector<Record>{{What::end, 2, 7, Result::group, 0, {1, timeout_leaf}, 5}}),
            R"({"format":"concert-trace","version":1,"records":[{"what":"end","task":2,"statement":7,"result":"group",)"
            R"("value":0,"leaves":[1,1000001],"time":5}]})");
}

std::string program_error(const std::string& statements) {
  try {
    program_from_json(R"({"format": "concert-program", "version": 1, "statements": )" + statements + "}");
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "none";
}

TEST(Json, SaysWhereAProgramIsWrong) {
  EXPECT_EQ(program_error(R"([{"op": "yield"}])"), "none") << "numbers may be left out";
  const std::string wrong_op =
      program_error(R"([{"op": "yield"}, {"op": "shield", "body": [{"op": "slep", "duration": 1}]}])");
  EXPECT_EQ(wrong_op.substr(0, 74), "statements[1].body[0]: expected 'op' to be one of yield, shielded_yield, s");
  EXPECT_TRUE(wrong_op.ends_with("future_get, future_cancel, came 'slep'")) << wrong_op;
  EXPECT_EQ(program_error(R"([{"op": "sleep"}])"), "statements[0]: expected a field 'duration', which is missing");
  EXPECT_EQ(program_error(R"([{"duration": 2}])"), "statements[0]: expected a field 'op', which is missing");
  EXPECT_EQ(program_error(R"([{"op": "yield", "duration": 2}])"), "statements[0]: unknown field 'duration'");
  EXPECT_EQ(program_error(R"([{"op": "yield", "body": []}])"), "statements[0]: unknown field 'body'");
  EXPECT_EQ(program_error(R"([{"op": "yield", "id": 0}])"), "statements[0]: unknown field 'id'");
  EXPECT_EQ(program_error(R"([{"op": "sleep", "duration": 1.5}])"),
            "statements[0]: expected 'duration' to be a whole number in range, came 1.5");
  EXPECT_EQ(program_error(R"([{"op": "sleep", "duration": 18446744073709551615}])"),
            "statements[0]: expected 'duration' to be a whole number in range, came 18446744073709551615");
  EXPECT_EQ(program_error(R"([{"op": "sleep", "duration": 4294967297}])"),
            "statements[0]: expected 'duration' to be a whole number in range, came 4294967297");
  EXPECT_EQ(program_error(R"([{"op": "scope", "deadline": "soon", "kind": 0, "body": []}])"),
            "statements[0]: expected 'deadline' to be half ticks from now, 'never' or 'past', came 'soon'");
  EXPECT_EQ(program_error(R"([{"op": "scope", "deadline": -1, "kind": 0, "body": []}])"),
            "statements[0]: expected 'deadline' to be half ticks from now, 'never' or 'past', came -1");
  EXPECT_EQ(program_error(R"([{"op": "shield", "body": {}}])"), "statements[0]: expected 'body' to be a list, came {}");
  EXPECT_EQ(program_error("[3]"), "statements[0]: expected an object, came 3");
  EXPECT_EQ(program_error("7"), "expected 'statements' to be a list, came 7");
  EXPECT_EQ(program_error(R"([{"op": "yield", "op": "yield"}])"), "expected each field once, came another 'op'");
  EXPECT_EQ(program_error("[").substr(0, 20), "expected JSON, came:");
  std::string deep = "[]";
  for (int i = 0; i < 200; ++i) deep = R"([{"op": "shield", "body": )" + deep + "}]";
  EXPECT_NE(program_error(deep).find("expected bodies at most 100 deep"), std::string::npos);
}

TEST(Json, RefusesWhatSettleWouldChange) {
  EXPECT_EQ(program_error(R"([{"op": "sleep", "duration": -2}])"),
            "statements[0]: expected 'duration' to be in its range, such as 0, came -2");
  EXPECT_EQ(program_error(R"([{"op": "event_set", "event": 3}])"),
            "statements[0]: expected 'event' to be in its range, such as 0, came 3");
  EXPECT_EQ(program_error(R"([{"op": "yield"}, {"op": "yield", "number": 2}])"),
            "statements[1]: expected 'number' to be 1, came 2");
  EXPECT_EQ(program_error(R"([{"op": "group", "id": 1, "body": []}])"), "statements[0]: expected 'id' to be 0, came 1");
  EXPECT_EQ(
      program_error(R"([{"op": "shield", "body": [{"op": "event_wait", "event": 0}]}])"),
      "statements[0].body[0]: expected a statement that may stand here, came 'event_wait' (PROGRAMS.md, V1 to V8)");
  EXPECT_EQ(program_error(R"([{"op": "gather", "body": [{"op": "yield"}]}])"),
            "statements[0].body[0]: expected a statement that may stand here, came 'yield' (PROGRAMS.md, V1 to V8)");
  EXPECT_THROW(program_from_json(R"({"format": "concert-program", "version": 2, "statements": []})"),
               std::invalid_argument);
  EXPECT_THROW(program_from_json(R"({"format": "concert-program", "version": 1, "statements": [], "x": 1})"),
               std::invalid_argument);
  EXPECT_THROW(program_from_json(to_json(std::vector<Record>())), std::invalid_argument);
}

TEST(Json, BringsTracesBackAndSaysWhereOneIsWrong) {
  std::vector<Record> trace;
  for (int what = 0; what <= static_cast<int>(What::answer); ++what) {
    for (int result = 0; result <= static_cast<int>(Result::skipped); ++result) {
      trace.push_back({static_cast<What>(what), what, what - 1, static_cast<Result>(result), -what * 5'000'000'000LL,
                       std::vector<int>(static_cast<std::size_t>(result), cancelled_leaf), result * 5'000'000'000LL});
    }
  }
  EXPECT_EQ(trace_from_json(to_json(trace)), trace);
  const auto error_of = [](const std::string& record) -> std::string {
    try {
      trace_from_json(R"({"format": "concert-trace", "version": 1, "records": [)" + record + "]}");
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "none";
  };
  EXPECT_EQ(error_of(R"({"what": "ended"})"),
            "records[0]: expected 'what' to be one of task_began, task_ended, begin, end, act, entered, body_ended, "
            "left, answer, came 'ended'");
  EXPECT_EQ(error_of(R"({"what": "end", "task": 1, "statement": 1, "result": "value", "value": 0, "leaves": [1, "x"],
                         "time": 0})"),
            "records[0].leaves[1]: expected a whole number in range, came 'x'");
  EXPECT_EQ(error_of(R"({"what": "end", "task": 1, "statement": 1, "result": "value", "value": 0, "leaves": []})"),
            "records[0]: expected a field 'time', which is missing");
}

}  // namespace
}  // namespace concert::programs
