// SPDX-License-Identifier: Apache-2.0
#include "concert/programs/cpp_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

namespace concert::programs {

namespace {

using Statements = std::vector<Statement>;

bool is_task(Op op) { return op == Op::spawn || op == Op::spawn_into || op == Op::branch; }

/// True if the statement ends its task with a value somewhere inside.
bool gives(const Statement& statement) {
  if (statement.op == Op::give) return true;
  return std::ranges::any_of(statement.body, [](const Statement& inner) { return !is_task(inner.op) && gives(inner); });
}

/// The same in the body of a coroutine of its own, which the task's value has to be carried out of.
bool gives_from_within(const Statements& statements) {
  return std::ranges::any_of(statements, [](const Statement& statement) {
    switch (statement.op) {
      case Op::scope:
      case Op::shield:
      case Op::group: return gives(statement);
      case Op::with_lock:
      case Op::guard: return gives_from_within(statement.body);
      default: return false;
    }
  });
}

/// What a program refers to, and so has to stand above the tasks.
struct Uses {
  std::set<int> locks, conditions, events;
  /// Scopes and groups that are named outside their blocks too.
  std::set<int> scopes, groups;
  /// Tasks whose handle is asked for.
  std::set<int> handles;
  /// Scopes that raise a timeout, tasks that have a handle.
  std::set<int> timeouts, started;
  /// Tasks that ask whether they are themselves.
  std::set<int> askers;
  bool start_time = false;

  explicit Uses(const Program& program) { note(0, program.statements, program); }

 private:
  void note(int task, const Statements& statements, const Program& program) {
    for (const Statement& statement : statements) {
      note(task, statement, program);
      note(is_task(statement.op) ? statement.object : task, statement.body, program);
    }
  }
  void note(int task, const Statement& statement, const Program& program) {
    switch (statement.op) {
      case Op::sleep_until: start_time = true; break;
      case Op::with_lock: locks.insert(statement.a); break;
      case Op::condition_wait:
      case Op::notify: note_condition(statement.a); break;
      case Op::event_set:
      case Op::event_wait: events.insert(statement.a); break;
      case Op::cancel_scope:
      case Op::reschedule: scopes.insert(statement.a); break;
      case Op::scope:
        if (statement.b == 1) timeouts.insert(statement.object);
        break;
      case Op::spawn:
        if (statement.a == 1) started.insert(statement.object);
        break;
      case Op::spawn_into: groups.insert(statement.a); break;
      case Op::cancel_task:
      case Op::wait:
      case Op::join:
      case Op::join_or_cancel: handles.insert(statement.a); break;
      case Op::ask: note_question(task, static_cast<Question>(statement.a), program); break;
      case Op::misuse: note_misuse(static_cast<Misuse>(statement.a)); break;
      default: break;
    }
  }
  void note_condition(int condition) {
    conditions.insert(condition);
    locks.insert(condition);
  }
  void note_question(int task, Question question, const Program& program) {
    const auto all = [](std::set<int>& numbers, int count) {
      for (int number = 0; number < count; ++number) numbers.insert(number);
    };
    switch (question) {
      case Question::time: break;
      case Question::task: askers.insert(task); break;
      case Question::deadlines:
      case Question::scopes: all(scopes, program.scopes); break;
      case Question::locks: all(locks, lock_count); break;
      case Question::events: all(events, event_count); break;
      case Question::cancelled:
      case Question::tasks: all(handles, program.tasks); break;
    }
  }
  void note_misuse(Misuse kind) {
    if (kind == Misuse::wait_without_lock || kind == Misuse::notify_without_lock) note_condition(0);
  }
};

/// Where a statement is written.
struct Place {
  int task = 0;
  /// The innermost group of this task, by its number.
  int group = 0;
  std::set<int> own_locks;
  /// Directly in the coroutine of the task, so that `co_return value` ends it.
  bool at_task = true;
};

std::string duration(HalfTicks half_ticks) { return fmt::format("{} * half_tick", half_ticks); }

std::string moment(HalfTicks deadline) {
  return "backend.current_time() " + (deadline == past_deadline ? "- 1s" : "+ " + duration(deadline));
}

std::string new_scope(bool is_timeout, HalfTicks deadline) {
  if (deadline == no_deadline) return is_timeout ? "timeout_at(never)" : "open_cancel_scope()";
  if (deadline == past_deadline) return (is_timeout ? "timeout_at(" : "move_on_at(") + moment(deadline) + ")";
  return (is_timeout ? "timeout(" : "move_on_after(") + duration(deadline) + ")";
}

/// Writes the function of one program.
class Writer {
 public:
  explicit Writer(const Program& program) : program_(program), uses_(program) {}

  std::string write() {
    open("Coro<std::int64_t> program([[maybe_unused]] AsyncBackend& backend, [[maybe_unused]] Notes& notes) {{");
    objects();
    body_of_task(0, program_.statements);
    close("}}");
    return std::move(text_);
  }

 private:
  template <class... Args>
  void line(fmt::format_string<Args...> text, Args&&... arguments) {
    text_ += indent() + fmt::format(text, std::forward<Args>(arguments)...) + "\n";
  }
  std::string indent() const { return std::string(static_cast<std::size_t>(2 * depth_), ' '); }
  template <class... Args>
  void open(fmt::format_string<Args...> text, Args&&... arguments) {
    line(text, std::forward<Args>(arguments)...);
    ++depth_;
  }
  template <class... Args>
  void close(fmt::format_string<Args...> text, Args&&... arguments) {
    --depth_;
    line(text, std::forward<Args>(arguments)...);
  }
  /// The line that carries out the statement, so that its number stands behind it.
  template <class... Args>
  void act(const Statement& statement, fmt::format_string<Args...> text, Args&&... arguments) {
    line("{}  // #{}", fmt::format(text, std::forward<Args>(arguments)...), statement.number);
  }
  void skip(const Statement& statement, std::string_view why) {
    line("// #{} {}: {}", statement.number, info(statement.op).name, why);
  }

  // ---- What stands above the tasks ----------------------------------------------------------------------------------

  void objects() {
    if (uses_.start_time) line("const TimePoint start = backend.current_time();");
    for (const int lock : uses_.locks) {
      line("auto lock_{} = backend.{}();", lock, lock < plain_locks ? "create_lock" : "create_fair_lock");
    }
    for (const int number : uses_.conditions) {
      line("auto condition_{0} = backend.create_condition_var(lock_{0});", number);
    }
    for (const int event : uses_.events) line("auto event_{} = backend.create_event();", event);
    for (const int scope : uses_.scopes) {
      if (scope < program_.scopes) {
        line("auto scope_{} = backend.{};", scope, new_scope(uses_.timeouts.contains(scope), no_deadline));
      }
    }
    for (const int group : uses_.groups) {
      if (group < program_.groups) line("auto group_{} = backend.create_task_group();", group);
    }
    for (const int task : uses_.handles) {
      if (has_handle(task)) line("std::optional<Task<std::int64_t>> handle_{};", task);
    }
  }
  bool has_handle(int task) const { return uses_.started.contains(task); }

  // ---- Bodies ------------------------------------------------------------------------------------------------------

  void body_of_task(int task, const Statements& statements) {
    if (uses_.askers.contains(task)) line("const TaskInfo self_{} = backend.get_current_task();", task);
    if (gives_from_within(statements)) line("std::optional<std::int64_t> given_{};", task);
    Place place;
    place.task = task;
    sequence(place, statements);
    line("co_return 0;");
  }
  void task(const Statement& statement) {
    open("const auto task_{0} = notes.watch({0}, [&]() -> Coro<std::int64_t> {{", statement.object);
    body_of_task(statement.object, statement.body);
    close("}});");
  }
  /// The body of a block that runs in a coroutine of its own.
  void body(Place place, const Statement& statement) {
    place.at_task = false;
    open("const auto body_{} = [&]() -> Coro<> {{", statement.number);
    sequence(place, statement.body);
    line("co_return;");
    close("}};");
  }
  void sequence(const Place& place, const Statements& statements) {
    for (const Statement& statement : statements) write(place, statement);
  }
  /// Behind a block: a value that its body gave ends the task.
  void pass_on_value(const Place& place, const Statement& statement) {
    if (!gives(statement)) return;
    if (place.at_task) {
      line("if (given_{0}) co_return *given_{0};", place.task);
    } else {
      line("if (given_{}) co_return;", place.task);
    }
  }

  // ---- Statements --------------------------------------------------------------------------------------------------

  void write(const Place& place, const Statement& statement) {
    const int a = statement.a;
    switch (statement.op) {
      case Op::yield: act(statement, "co_await backend.coro_yield();"); break;
      case Op::shielded_yield: act(statement, "co_await backend.cancel_shielded_coro_yield();"); break;
      case Op::sleep: act(statement, "co_await backend.sleep({});", duration(a)); break;
      case Op::sleep_until: act(statement, "co_await backend.sleep_until(start + {});", duration(a)); break;
      case Op::sleep_forever: act(statement, "co_await backend.sleep_forever();"); break;
      case Op::scope: scope(place, statement); break;
      case Op::cancel_scope:
      case Op::reschedule: change_scope(statement); break;
      case Op::shield: shield(place, statement); break;
      case Op::group: group(place, statement); break;
      case Op::spawn: spawn(place, statement); break;
      case Op::spawn_into: spawn_into(statement); break;
      case Op::cancel_task:
      case Op::wait:
      case Op::join:
      case Op::join_or_cancel: of_task(statement); break;
      case Op::gather: gather(statement); break;
      case Op::with_lock: with_lock(place, statement); break;
      case Op::condition_wait: act(statement, "co_await condition_{}.wait();", a); break;
      case Op::notify: notify(statement); break;
      case Op::event_set: act(statement, "event_{}.set();", a); break;
      case Op::event_wait: act(statement, "co_await event_{}.wait();", a); break;
      case Op::raise: act(statement, "throw ProgramError({});", a); break;
      case Op::give: give(place, statement); break;
      case Op::guard: guard(place, statement); break;
      case Op::ask: ask(place, statement); break;
      case Op::misuse: misuse(place, statement); break;
      // Threads take turns, which a plain program does not give them.
      case Op::run_in_thread:
      case Op::portal:
      case Op::call_function:
      case Op::call_coroutine:
      case Op::future_get:
      case Op::future_cancel: skip(statement, "threads take turns: run the program as JSON"); break;
      // Stands in a gather only, which writes it.
      case Op::branch: break;
    }
  }

  void scope(const Place& place, const Statement& statement) {
    const int scope = statement.object;
    if (!uses_.scopes.contains(scope)) {
      line("auto scope_{} = backend.{};", scope, new_scope(statement.b == 1, statement.a));
    } else if (statement.a != no_deadline) {
      line("{}.reschedule({});", changeable(scope), moment(statement.a));
    }
    body(place, statement);
    act(statement, "co_await scope_{}.run(body_{});", scope, statement.number);
    // A value that was given before the scope absorbed its cancellation is lost with the rest of the body.
    if (statement.b == 0 && gives_from_within(statement.body)) {
      line("if (scope_{}.cancelled_caught()) given_{}.reset();", scope, place.task);
    }
    pass_on_value(place, statement);
  }
  /// The scope as what can be cancelled and rescheduled.
  std::string changeable(int scope) const {
    return fmt::format("scope_{}{}", scope, uses_.timeouts.contains(scope) ? ".scope()" : "");
  }
  void change_scope(const Statement& statement) {
    if (program_.scopes == 0) return skip(statement, "there is no scope");
    const std::string scope = changeable(statement.a);
    if (statement.op == Op::cancel_scope) {
      act(statement, "{}.cancel();", scope);
    } else if (statement.b == no_deadline) {
      act(statement, "{}.clear_deadline();", scope);
    } else {
      act(statement, "{}.reschedule({});", scope, moment(statement.b));
    }
  }

  void shield(const Place& place, const Statement& statement) {
    body(place, statement);
    act(statement, "co_await backend.ignore_cancellation(body_{}());", statement.number);
    pass_on_value(place, statement);
  }

  void group(const Place& place, const Statement& statement) {
    if (!uses_.groups.contains(statement.object)) {
      line("auto group_{} = backend.create_task_group();", statement.object);
    }
    Place inside = place;
    inside.group = statement.object;
    body(inside, statement);
    act(statement, "co_await group_{}.run(body_{});", statement.object, statement.number);
    pass_on_value(place, statement);
  }
  void spawn(const Place& place, const Statement& statement) {
    const int child = statement.object;
    task(statement);
    if (statement.a == 0) {
      act(statement, "group_{}.start_soon(task_{});", place.group, child);
    } else if (uses_.handles.contains(child)) {
      act(statement, "handle_{1}.emplace(co_await group_{0}.start(task_{1}));", place.group, child);
    } else {
      act(statement, "co_await group_{}.start(task_{});", place.group, child);
    }
  }
  void spawn_into(const Statement& statement) {
    if (program_.groups == 0) return skip(statement, "there is no group");
    task(statement);
    open("try {{");
    act(statement, "group_{}.start_soon(task_{});", statement.a, statement.object);
    close("}} catch (const UsageError&) {{");
    line("  // The group is not open at this moment.");
    line("}}");
  }

  void of_task(const Statement& statement) {
    const int task = statement.a;
    if (!has_handle(task)) return skip(statement, "only a task that was started with `start` has a handle");
    if (statement.op == Op::cancel_task) {
      act(statement, "if (handle_{0}) handle_{0}->cancel();", task);
    } else {
      act(statement, "if (handle_{0}) co_await handle_{0}->{1}();", task, info(statement.op).name);
    }
  }

  void gather(const Statement& statement) {
    line("std::vector<Coro<std::int64_t>> branches_{};", statement.number);
    for (const Statement& branch : statement.body) {
      task(branch);
      act(branch, "branches_{}.push_back(task_{}());", statement.number, branch.object);
    }
    act(statement, "co_await backend.gather(std::move(branches_{}));", statement.number);
  }

  void with_lock(Place place, const Statement& statement) {
    place.own_locks.insert(statement.a);
    open("{{");
    act(statement, "auto held_{} = co_await lock_{}.scoped();", statement.number, statement.a);
    sequence(place, statement.body);
    close("}}");
  }

  void notify(const Statement& statement) {
    if (statement.b == 0) return act(statement, "condition_{}.notify_all();", statement.a);
    act(statement, "condition_{}.notify({});", statement.a, statement.b);
  }

  void give(const Place& place, const Statement& statement) {
    if (place.at_task) return act(statement, "co_return {};", statement.a);
    act(statement, "given_{} = {};", place.task, statement.a);
    line("co_return;");
  }

  void guard(const Place& place, const Statement& statement) {
    const auto mode = static_cast<Guard>(statement.a);
    if (mode == Guard::clean_up) line("std::exception_ptr failure_{};", statement.number);
    open("try {{  // #{}", statement.number);
    sequence(place, statement.body);
    --depth_;
    if (mode == Guard::catch_errors) line("}} catch (const Cancelled&) {{\n{}  throw;", indent());
    line("}} catch ({}) {{", mode == Guard::replace ? "const Cancelled&" : "...");
    if (mode == Guard::replace) {
      line("  throw ProgramError(replacement_error);");
    } else if (mode == Guard::clean_up) {
      line("  failure_{} = std::current_exception();", statement.number);
    } else if (gives_from_within(statement.body)) {
      line("  given_{}.reset();", place.task);
    }
    line("}}");
    if (mode != Guard::clean_up) return;
    open("if (failure_{}) {{", statement.number);
    line("co_await backend.ignore_cancellation(backend.sleep({}));", duration(one_tick));
    line("std::rethrow_exception(failure_{});", statement.number);
    close("}}");
  }

  // ---- Questions and misuse ----------------------------------------------------------------------------------------

  template <class Answer>
  static std::string list(int count, const Answer& answer) {
    std::string text;
    for (int number = 0; number < count; ++number) text += (number == 0 ? "" : ", ") + answer(number);
    return text;
  }
  /// The same question to each task that has a handle.
  std::string of_handles(std::string_view question) const {
    return list(program_.tasks, [&](int task) {
      return has_handle(task) ? fmt::format("handle_{0} && handle_{0}->{1}()", task, question) : std::string("false");
    });
  }
  std::string answers(const Place& place, Question question) const {
    switch (question) {
      case Question::time:
      case Question::deadlines: break;
      case Question::task: return fmt::format("backend.get_current_task() == self_{}", place.task);
      case Question::scopes:
        return list(program_.scopes, [&](int scope) { return changeable(scope) + ".cancel_called()"; });
      case Question::locks: return list(lock_count, [](int lock) { return fmt::format("lock_{}.locked()", lock); });
      case Question::events:
        return list(event_count, [](int event) { return fmt::format("event_{}.is_set()", event); });
      case Question::tasks: return of_handles("done");
      case Question::cancelled: return of_handles("cancelled");
    }
    return "";
  }
  void ask(const Place& place, const Statement& statement) {
    const auto question = static_cast<Question>(statement.a);
    if (question == Question::time) return act(statement, "backend.current_time();");
    if (question == Question::deadlines) return ask_for_deadlines(statement);
    act(statement, "notes.answer({}, {}, {{{}}});", place.task, statement.number, answers(place, question));
  }
  /// They are instants, which are no notes.
  void ask_for_deadlines(const Statement& statement) {
    for (int scope = 0; scope < program_.scopes; ++scope) act(statement, "{}.when();", changeable(scope));
  }

  void misuse(const Place& place, const Statement& statement) {
    const auto kind = static_cast<Misuse>(statement.a);
    const bool is_of_condition = kind == Misuse::wait_without_lock || kind == Misuse::notify_without_lock;
    if (is_of_condition && place.own_locks.contains(0)) return skip(statement, "the lock is held here");
    open("try {{  // #{}: to be refused", statement.number);
    if (kind == Misuse::release_foreign_lock) {
      release_foreign_lock(place, statement);
    } else {
      be_refused(statement, kind);
      line("notes.accepted({}, {});", place.task, statement.number);
    }
    close("}} catch (const std::logic_error&) {{");
    line("}}");
  }
  void release_foreign_lock(const Place& place, const Statement& statement) {
    for (const int lock : uses_.locks) {
      if (place.own_locks.contains(lock)) continue;
      open("if (lock_{}.locked()) {{", lock);
      line("lock_{}.release();", lock);
      line("notes.accepted({}, {});", place.task, statement.number);
      close("}}");
    }
  }
  void be_refused(const Statement& statement, Misuse kind) {
    const int number = statement.number;
    const bool needs_function = kind == Misuse::enter_scope_twice || kind == Misuse::spawn_before_enter ||
                                kind == Misuse::spawn_after_exit || kind == Misuse::nested_bootstrap ||
                                kind == Misuse::enter_open_portal || kind == Misuse::enter_closed_portal;
    if (needs_function) line("const auto nothing_{} = []() -> Coro<> {{ co_return; }};", number);
    switch (kind) {
      case Misuse::release_free_lock: line("backend.create_lock().release();"); break;
      case Misuse::release_foreign_lock: break;
      case Misuse::wait_without_lock: line("co_await condition_0.wait();"); break;
      case Misuse::notify_without_lock: line("condition_0.notify();"); break;
      case Misuse::enter_scope_twice:
        line("auto twice_{} = backend.open_cancel_scope();", number);
        for (int time = 0; time < 2; ++time) line("co_await twice_{0}.run(nothing_{0});", number);
        break;
      case Misuse::negative_sleep: line("co_await backend.sleep(-1s);"); break;
      case Misuse::nan_deadline:
        line("backend.move_on_at(TimePoint(Seconds(std::numeric_limits<double>::quiet_NaN())));");
        break;
      case Misuse::spawn_before_enter: line("backend.create_task_group().start_soon(nothing_{});", number); break;
      case Misuse::spawn_after_exit:
        line("auto left_{} = backend.create_task_group();", number);
        line("co_await left_{0}.run(nothing_{0});", number);
        line("left_{0}.start_soon(nothing_{0});", number);
        break;
      case Misuse::nested_bootstrap: line("backend.bootstrap(nothing_{});", number); break;
      case Misuse::call_own_portal:
      case Misuse::enter_open_portal:
      case Misuse::enter_closed_portal: misuse_portal(kind, number); break;
    }
  }

  void misuse_portal(Misuse kind, int number) {
    line("auto portal_{} = backend.create_threads_portal();", number);
    if (kind == Misuse::enter_closed_portal) {
      for (int time = 0; time < 2; ++time) line("co_await portal_{0}.run(nothing_{0});", number);
      return;
    }
    open("const auto inside_{} = [&]() -> Coro<> {{", number);
    if (kind == Misuse::call_own_portal) {
      line("portal_{}.run_sync_soon([] {{}});", number);
      line("co_return;");
    } else {
      line("co_await portal_{0}.run(nothing_{0});", number);
    }
    close("}};");
    line("co_await portal_{0}.run(inside_{0});", number);
  }

  const Program& program_;
  const Uses uses_;
  std::string text_;
  int depth_ = 0;
};

// ---- The file ------------------------------------------------------------------------------------------------------

constexpr std::string_view preamble = R"(
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <exception>
#include <iostream>
#include <limits>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "backend_under_test.hpp"
#include "concert/backend.hpp"
#include "concert/programs/interpreter.hpp"
#include "concert/programs/notes.hpp"

namespace {

using namespace concert;
using namespace concert::programs;
using namespace std::chrono_literals;

[[maybe_unused]] constexpr Seconds half_tick = half_tick_length;
)";

std::string literal(const conformance::Schedule& schedule) {
  return fmt::format("{{{}U, {}, {}U}}", schedule.order_seed, schedule.perturbed_clock, schedule.clock_seed);
}

std::string literal(const TaskNotes& tasks) {
  std::string text;
  for (const auto& [task, words] : tasks) {
    std::string list;
    for (const std::string& word : words) list += (list.empty() ? "" : ", ") + fmt::format("\"{}\"", word);
    text += (text.empty() ? "" : ", ") + fmt::format("{{{}, {{{}}}}}", task, list);
  }
  return "{" + text + "}";
}

std::string run_text(const CppRun& run) {
  const std::string schedule = literal(run.schedule);
  std::string text = fmt::format("    {{\n      // {}\n", to_string(run.schedule));
  text += fmt::format("      const TaskNotes tasks = noted_run(backend, {}, program);\n", schedule);
  if (run.allowed.empty()) {
    text += "      std::cout << backend.name << \":\\n\" << to_text(tasks);\n";
  } else {
    text += "      const std::vector<TaskNotes> allowed = {\n";
    for (const TaskNotes& tasks : run.allowed) text += "          " + literal(tasks) + ",\n";
    text += "      };\n      EXPECT_TRUE(is_one_of(tasks, allowed)) << backend.name << \":\\n\" << to_text(tasks);\n";
  }
  return text + "    }\n";
}

std::string test_text(const CppTest& test) {
  std::string text = fmt::format("\nnamespace {} {{\n\n", test.name);
  for (const std::string& line : test.comment) text += "// " + line + "\n";
  text += Writer(test.program).write();
  text += fmt::format("\nTEST(Program, {}) {{\n", test.name);
  text += "  for (const auto& backend : concert::conformance::adapters_for<BackendsUnderTest>()) {\n";
  for (const CppRun& run : test.runs) text += run_text(run);
  text += "  }\n}\n";
  return text + fmt::format("\n}}  // namespace {}\n", test.name);
}

}  // namespace

std::vector<TaskNotes> allowed_notes(const Program& program, const Exploration& exploration) {
  std::vector<TaskNotes> allowed;
  if (!exploration.complete) return allowed;
  for (const History& outcome : exploration.outcomes) {
    std::vector<Record> records;
    for (const std::vector<Record>& task : outcome.tasks) records.insert(records.end(), task.begin(), task.end());
    TaskNotes notes = notes_of(program, records);
    if (!is_one_of(notes, allowed)) allowed.push_back(std::move(notes));
  }
  return allowed;
}

std::string to_cpp(const std::vector<CppTest>& tests) {
  std::string text(preamble.substr(1));
  for (const CppTest& test : tests) text += test_text(test);
  return text + "\n}  // namespace\n";
}

}  // namespace concert::programs
