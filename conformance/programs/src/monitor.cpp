// SPDX-License-Identifier: Apache-2.0
#include "concert/programs/monitor.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include "concert/programs/interpreter.hpp"

namespace concert::programs {

const std::vector<Rule>& all_rules() {
  static const std::vector<Rule> rules = {
      {"CAN-1", "a wait ends with Cancelled only if something around it may be cancelled", {"Cancel012", "Shield003"}},
      {"CAN-2", "a checkpoint that begins under a cancellation ends with Cancelled", {"Cancel007", "Cancel009"}},
      {"SCP-1", "a scope lets its body's end pass, but for a cancellation that it absorbs", {"Scope010", "Scope034"}},
      {"SCP-2", "what a scope has caught, it was called for", {"Scope009"}},
      {"SHD-1", "what its body ends with leaves a shield unchanged", {"Shield001"}},
      {"SLP-1", "a sleep is never too short", {"Clock001", "Clock006"}},
      {"LCK-1", "a lock has one holder", {"Lock003", "Cond012"}},
      {"LCK-2", "a fair lock is granted in the order of asking", {"Fair001", "Fair002", "Fair005"}},
      {"LCK-3", "a lock that nobody holds or waits for is free", {"Lock010", "Lock011"}},
      {"EVT-1", "a wait for an event ends once it is set", {"Event002"}},
      {"EVT-2", "an event that is set says so, and no other does", {"Event006", "Event009"}},
      {"CND-1", "no more tasks wake than were notified", {"Cond006", "Cond007"}},
      {"GRP-1", "a group is left when all its tasks have ended", {"Group002"}},
      {"GRP-2", "a group without failures ends as its body did", {"Group020"}},
      {"GRP-3", "a group reports each failure of its tasks once", {"Group016", "Group019"}},
      {"TSK-1", "a wait for a task ends when it has ended", {"Task012"}},
      {"TSK-2", "cancel tells whether the task was still there", {"Task004", "Task005"}},
      {"TSK-3", "a task is itself in every step", {"Info001"}},
      {"TSK-4", "every task that was spawned begins and ends", {"Group029"}},
      {"MIS-1",
       "a misuse is refused",
       {"Lock008", "Lock009", "Cond010", "Cond011", "Scope021", "Group006", "Group007"}},
      {"RES-1", "nothing ends with an exception of another kind", {}},
  };
  return rules;
}

namespace {

/// Half ticks in nanoseconds.
constexpr std::int64_t half_tick = 5'000'000;
/// What doubles and the readings of a clock may differ by.
constexpr std::int64_t rounding = 1'000;

constexpr std::int64_t no_time = std::int64_t{1} << 62;

bool is_failure(Result result) {
  return result == Result::error || result == Result::timeout || result == Result::group || result == Result::other;
}

}  // namespace

/// A block that a task is in, or the root of a task.
struct Frame {
  enum class Kind : unsigned char { root, scope, group, shield, gather, portal };
  Kind kind = Kind::root;
  int object = 0;
  /// Null at the root of the main task.
  Frame* outer = nullptr;
};

class Monitor::State {
 public:
  explicit State(const Program& program)
      : tasks(static_cast<std::size_t>(program.tasks)),
        scopes(static_cast<std::size_t>(program.scopes)),
        groups(static_cast<std::size_t>(program.groups)) {
    makers.resize(tasks.size());
    index_statements(program.statements);
    spawn(0, nullptr);
  }

  struct Task {
    bool spawned = false;
    bool began = false;
    bool ended = false;
    bool cancel_requested = false;
    /// Of a call: its future was cancelled, which the task hears later.
    bool future_cancelled = false;
    Record end;
    /// Where the task stands, outermost first: its root, then the blocks that it is in.
    std::vector<Frame*> frames;
    /// The record of the wait that it is in.
    std::optional<Record> begun;
    bool began_under_cancellation = false;
  };
  struct Scope {
    bool requested = false;
    std::int64_t deadline = no_time;
    /// It was past its deadline at some record, noticed or not.
    bool may_have_expired = false;
    bool entered = false;
    bool left = false;
    std::optional<Record> body_end;
  };
  struct Group {
    Frame* frame = nullptr;
    std::vector<int> children;
    bool failed = false;
    bool may_have_failed = false;
    std::optional<Record> body_end;
  };
  struct LockState {
    std::optional<int> holder;
    /// Tasks that wait, in the order of asking; bypassed ones must end with Cancelled.
    std::vector<int> line;
    std::set<int> bypassed;
  };
  struct ConditionState {
    int waiters = 0;
    std::int64_t tokens = 0;
  };

  Task& task(int number) { return tasks[static_cast<std::size_t>(number)]; }
  Scope& scope(int number) { return scopes[static_cast<std::size_t>(number)]; }
  Group& group(int number) { return groups[static_cast<std::size_t>(number)]; }
  const Statement& statement(int number) const { return *statements[static_cast<std::size_t>(number)]; }
  Frame& innermost(int number) { return *task(number).frames.back(); }

  Frame& new_frame(Frame::Kind kind, int object, Frame* outer) {
    // Kept to the end: on a broken backend tasks live on inside blocks that were left.
    return *all_frames.emplace_back(std::make_unique<Frame>(Frame{kind, object, outer}));
  }
  void open(int number, Frame::Kind kind, int object) {
    auto& frames = task(number).frames;
    frames.push_back(&new_frame(kind, object, frames.back()));
    if (kind == Frame::Kind::group) group(object).frame = frames.back();
  }
  void close(int number) {
    auto& frames = task(number).frames;
    if (frames.size() > 1) frames.pop_back();
  }
  /// Spawned by `maker` into the group of `frame`, or into a gather.
  void spawn(int number, Frame* frame) {
    task(number).spawned = true;
    task(number).frames = {&new_frame(Frame::Kind::root, number, frame)};
    if (frame != nullptr && frame->kind == Frame::Kind::group) group(frame->object).children.push_back(number);
  }
  /// A start that was cancelled: its task may never have its first step (Group028).
  void forget_if_not_begun(int number) {
    if (task(number).began) return;
    task(number).spawned = false;
    const Frame* frame = task(number).frames.front()->outer;
    if (frame != nullptr && frame->kind == Frame::Kind::group) std::erase(group(frame->object).children, number);
  }
  /// The innermost group that the task has around itself, or null.
  Frame* own_group(int number) {
    const auto& frames = task(number).frames;
    for (auto frame = frames.rbegin(); frame != frames.rend(); ++frame) {
      if ((*frame)->kind == Frame::Kind::group) return *frame;
    }
    return nullptr;
  }

  /// True if a wait in `frame` may have been cancelled by now.
  bool may_be_cancelled(const Frame& start, std::int64_t now) {
    // The scope around the whole program.
    if (now + rounding >= watchdog * half_tick && !has_shield(start)) return true;
    for (const Frame* frame = &start; frame != nullptr; frame = frame->outer) {
      switch (frame->kind) {
        case Frame::Kind::root:
          if (task(frame->object).future_cancelled) return true;
          if (task(frame->object).cancel_requested || may_be_cancelled_by_a_waiter(frame->object, now)) return true;
          break;
        case Frame::Kind::scope: {
          const Scope& found = scope(frame->object);
          if (found.requested || found.may_have_expired || found.deadline <= now + rounding) return true;
          break;
        }
        case Frame::Kind::group:
          if (group(frame->object).may_have_failed) return true;
          break;
        case Frame::Kind::gather:
          if (failed_gathers.contains(frame->object)) return true;
          break;
        case Frame::Kind::portal:
          if (failed_portals.contains(frame->object)) return true;
          break;
        case Frame::Kind::shield: return false;
      }
    }
    return false;
  }
  /// True if a task that waits for this one, in join_or_cancel or for its start, may have been cancelled there: it
  /// hands the request on before it says so. Such waits go to later tasks only, so that this ends.
  bool may_be_cancelled_by_a_waiter(int number, std::int64_t now) {
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      const std::optional<Record>& begun = tasks[i].begun;
      if (!begun) continue;
      const Statement& wait = statement(begun->statement);
      const bool is_for_it =
          (wait.op == Op::join_or_cancel && wait.a == number) || (wait.op == Op::spawn && wait.object == number);
      if (is_for_it && may_be_cancelled(innermost(static_cast<int>(i)), now)) return true;
    }
    return false;
  }
  /// True if a wait in `frame` must be cancelled: something was cancelled by hand, or has failed.
  bool must_be_cancelled(const Frame& start) {
    for (const Frame* frame = &start; frame != nullptr; frame = frame->outer) {
      if (frame->kind == Frame::Kind::shield) return false;
      if (frame->kind == Frame::Kind::root && task(frame->object).cancel_requested) return true;
      if (frame->kind == Frame::Kind::scope && scope(frame->object).requested) return true;
      if (frame->kind == Frame::Kind::group && group(frame->object).failed) return true;
    }
    return false;
  }
  static bool has_shield(const Frame& start) {
    for (const Frame* frame = &start; frame != nullptr; frame = frame->outer) {
      if (frame->kind == Frame::Kind::shield) return true;
    }
    return false;
  }
  /// True if what runs is no task: a function in a thread, or one that was given to a portal.
  bool is_of_function(const Record& record) const {
    const Statement* maker = makers[static_cast<std::size_t>(record.task)];
    return maker != nullptr && (maker->op == Op::run_in_thread || maker->op == Op::call_function);
  }
  void pass_time(std::int64_t now) {
    for (Scope& each : scopes) {
      if (each.entered && !each.left && each.deadline <= now + rounding) each.may_have_expired = true;
    }
  }

  std::vector<Task> tasks;
  std::vector<Scope> scopes;
  std::vector<Group> groups;
  std::array<LockState, lock_count> locks;
  std::array<ConditionState, condition_count> conditions;
  std::array<bool, event_count> events{};
  /// Statements of gathers with a branch that failed.
  std::set<int> failed_gathers;
  /// Portals that are open or were, and those whose body failed, which cancels their calls.
  std::map<int, Frame*> portals;
  std::set<int> failed_portals;
  /// What made each task, null for the main task.
  std::vector<const Statement*> makers;
  /// How the bodies of shields ended.
  std::map<int, Record> shield_ends;
  std::vector<const Statement*> statements;
  std::vector<std::unique_ptr<Frame>> all_frames;

 private:
  void index_statements(const std::vector<Statement>& list) {
    for (const Statement& each : list) {
      statements.push_back(&each);
      if (makes_task(each.op)) makers[static_cast<std::size_t>(each.object)] = &each;
      index_statements(each.body);
    }
  }
};

// ---- The rules -----------------------------------------------------------------------------------------------------

namespace {

/// Between an action and its record the clock may have been read.
constexpr std::int64_t reading_slack = 2'000'000;

bool is_checkpoint(Op op) {
  return op == Op::yield || op == Op::sleep || op == Op::sleep_until || op == Op::sleep_forever ||
         op == Op::run_in_thread;
}

bool is_for_task(Op op) { return op == Op::wait || op == Op::join || op == Op::join_or_cancel; }

/// What certainly counts as a failure of a group, and what may.
bool is_certain_failure(const Record& end) {
  if (end.result == Result::group) {
    return std::ranges::any_of(end.leaves, [](int leaf) { return leaf != cancelled_leaf; });
  }
  return is_failure(end.result);
}

/// The leaves that a group owes for how a task or body ended; Cancelleds are left out, since the group drops some.
void add_leaves(const Record& end, std::vector<int>& leaves) {
  if (end.result == Result::error) leaves.push_back(static_cast<int>(end.value));
  if (end.result == Result::timeout) leaves.push_back(timeout_leaf);
  if (end.result == Result::refused || end.result == Result::other) leaves.push_back(other_leaf);
  std::ranges::copy_if(end.leaves, std::back_inserter(leaves), [](int leaf) { return leaf != cancelled_leaf; });
}

}  // namespace

Monitor::Monitor(const Program& program) : program_(program), state_(std::make_unique<State>(program)) {
  for (const Rule& rule : all_rules()) evaluations_[rule.id] = 0;
}
Monitor::~Monitor() = default;

void Monitor::check(std::string_view rule, bool holds, const Record& record, std::string_view message) {
  ++evaluations_[rule];
  if (!holds) violations_.push_back({rule, std::string(message) + ": " + to_text(record, program_)});
}

void Monitor::record(const Record& record) {
  trace_.push_back(record);
  state_->pass_time(record.time);
  check("RES-1", record.result != Result::other, record, "an exception that the program did not throw");
  const bool is_cancel = record.statement >= 0 && state_->statement(record.statement).op == Op::future_cancel;
  if (is_cancel) state_->task(state_->statement(record.statement).a).future_cancelled = true;
  // What functions do to the objects of the loop counts; the rest is for the rules of threads.
  const bool is_deed = record.what == What::act || record.what == What::answer;
  if (is_cancel || (state_->is_of_function(record) && !is_deed)) return;
  switch (record.what) {
    case What::task_began: return task_began(record);
    case What::task_ended: return task_ended(record);
    case What::begin: return wait_began(record);
    case What::end: return wait_ended(record);
    case What::act: return acted(record);
    case What::entered: return entered(record);
    case What::body_ended: return body_ended(record);
    case What::left: return left(record);
    case What::answer: return answered(record);
  }
}

void Monitor::task_began(const Record& record) {
  State::Task& task = state_->task(record.task);
  if (const Statement* maker = state_->makers[static_cast<std::size_t>(record.task)];
      maker != nullptr && maker->op == Op::call_coroutine && !task.spawned) {
    state_->spawn(record.task, state_->portals[maker->a]);
  }
  check("TSK-4", task.spawned && !task.began, record, "a task began that was not spawned, or twice");
  task.began = true;
  // So that what follows has a place to stand.
  if (!task.spawned) state_->spawn(record.task, nullptr);
}

void Monitor::task_ended(const Record& record) {
  State::Task& task = state_->task(record.task);
  check("TSK-4", !task.ended, record, "a task ended twice");
  task.ended = true;
  task.end = record;
  const Frame* around = task.frames.front()->outer;
  if (around == nullptr) return;
  // A Cancelled that nothing visible asked for is a failure too.
  const bool may_fail =
      is_failure(record.result) ||
      (record.result == Result::cancelled && !state_->may_be_cancelled(*task.frames.front(), record.time)) ||
      record.result == Result::refused;
  if (around->kind == Frame::Kind::gather && may_fail) state_->failed_gathers.insert(around->object);
  if (around->kind == Frame::Kind::group) {
    State::Group& group = state_->group(around->object);
    group.may_have_failed = group.may_have_failed || may_fail;
    group.failed = group.failed || is_certain_failure(record);
  }
}

void Monitor::wait_began(const Record& record) {
  const Statement& statement = state_->statement(record.statement);
  State::Task& task = state_->task(record.task);
  task.begun = record;
  task.began_under_cancellation = state_->must_be_cancelled(state_->innermost(record.task));
  const auto object = static_cast<std::size_t>(statement.a);
  if (statement.op == Op::spawn) state_->spawn(statement.object, state_->own_group(record.task));
  if (statement.op == Op::with_lock) state_->locks[object].line.push_back(record.task);
  if (statement.op == Op::condition_wait) {
    ++state_->conditions[object].waiters;
    state_->locks[object].holder.reset();
  }
  if (statement.op == Op::gather) {
    state_->open(record.task, Frame::Kind::gather, statement.number);
    for (const Statement& branch : statement.body) state_->spawn(branch.object, &state_->innermost(record.task));
  }
}

void Monitor::wait_ended(const Record& record) {
  const Statement& statement = state_->statement(record.statement);
  if (statement.op == Op::gather) state_->close(record.task);
  if (statement.op == Op::spawn && record.result == Result::cancelled) state_->forget_if_not_begun(statement.object);
  judge_cancellation(record, statement);
  const bool has_value = record.result == Result::value;
  const std::int64_t begun = state_->task(record.task).begun ? state_->task(record.task).begun->time : 0;
  if (statement.op == Op::sleep && has_value) {
    check("SLP-1", record.time + rounding >= begun + statement.a * half_tick, record, "woke too early");
  } else if (statement.op == Op::sleep_until && has_value) {
    check("SLP-1", record.time + rounding >= statement.a * half_tick, record, "woke too early");
  } else if (statement.op == Op::with_lock) {
    lock_granted(record, statement);
  } else if (statement.op == Op::condition_wait) {
    condition_returned(record, statement);
  } else if (statement.op == Op::event_wait && has_value) {
    check("EVT-1", state_->events[static_cast<std::size_t>(statement.a)], record, "went on before the event was set");
  } else if (is_for_task(statement.op) && record.result != Result::cancelled) {
    check("TSK-1", state_->task(statement.a).ended, record, "went on before the task had ended");
  }
  state_->task(record.task).begun.reset();
}

void Monitor::judge_cancellation(const Record& record, const Statement& statement) {
  const bool cancelled = record.result == Result::cancelled;
  if (cancelled && statement.op != Op::gather) {
    // A join reports the Cancelled of its task.
    const bool is_the_tasks = (statement.op == Op::join || statement.op == Op::join_or_cancel) &&
                              state_->task(statement.a).ended &&
                              state_->task(statement.a).end.result == Result::cancelled;
    check("CAN-1", is_the_tasks || state_->may_be_cancelled(state_->innermost(record.task), record.time), record,
          "cancelled, and nothing around it is");
  }
  if (is_checkpoint(statement.op) && state_->task(record.task).began_under_cancellation) {
    check("CAN-2", cancelled, record, "a checkpoint under a cancellation let the task go on");
  }
}

void Monitor::lock_granted(const Record& record, const Statement& statement) {
  State::LockState& lock = state_->locks[static_cast<std::size_t>(statement.a)];
  const auto place = std::ranges::find(lock.line, record.task);
  if (record.result == Result::value) {
    check("LCK-1", !lock.holder, record, "the lock has a holder");
    lock.holder = record.task;
    if (statement.a >= plain_locks) {
      check("LCK-2", !lock.bypassed.contains(record.task), record, "a task that came later had the lock before");
      lock.bypassed.insert(lock.line.begin(), place);
    }
  }
  if (place != lock.line.end()) lock.line.erase(place);
  lock.bypassed.erase(record.task);
}

void Monitor::condition_returned(const Record& record, const Statement& statement) {
  State::LockState& lock = state_->locks[static_cast<std::size_t>(statement.a)];
  State::ConditionState& condition = state_->conditions[static_cast<std::size_t>(statement.a)];
  check("LCK-1", !lock.holder, record, "a wait for a condition returned, and another task holds the lock");
  lock.holder = record.task;
  if (record.result == Result::value) check("CND-1", condition.tokens-- > 0, record, "woke without a notification");
  if (--condition.waiters == 0) condition.tokens = 0;
}

void Monitor::acted(const Record& record) {
  const Statement& statement = state_->statement(record.statement);
  if (statement.op == Op::misuse) {
    check("MIS-1",
          record.result == Result::refused || record.result == Result::skipped || record.result == Result::cancelled,
          record, "a misuse was not refused");
  }
  if (record.result == Result::skipped) return;
  const auto object = static_cast<std::size_t>(statement.a);
  switch (statement.op) {
    case Op::spawn: return state_->spawn(statement.object, state_->own_group(record.task));
    case Op::spawn_into:
      if (record.result == Result::value) state_->spawn(statement.object, state_->group(statement.a).frame);
      return;
    case Op::cancel_scope:
      if (!state_->scope(statement.a).left) state_->scope(statement.a).requested = true;
      return;
    case Op::reschedule: return set_deadline(statement.a, statement.b, record.time);
    case Op::cancel_task: {
      State::Task& task = state_->task(statement.a);
      check("TSK-2", (record.value == 1) == !task.ended, record, "cancel says something else of the task");
      if (!task.ended) task.cancel_requested = true;
      return;
    }
    case Op::notify: {
      State::ConditionState& condition = state_->conditions[object];
      condition.tokens += statement.b == 0 ? condition.waiters : std::min(statement.b, condition.waiters);
      return;
    }
    case Op::event_set: state_->events[object] = true; return;
    default: return;
  }
}

void Monitor::set_deadline(int number, HalfTicks deadline, std::int64_t now) {
  State::Scope& scope = state_->scope(number);
  if (deadline == no_deadline) {
    scope.deadline = no_time;
  } else {
    scope.deadline = deadline == past_deadline ? now : now + deadline * half_tick - reading_slack;
  }
  state_->pass_time(now);
}

void Monitor::entered(const Record& record) {
  const Statement& statement = state_->statement(record.statement);
  if (statement.op == Op::scope) {
    State::Scope& scope = state_->scope(statement.object);
    scope.entered = true;
    state_->open(record.task, Frame::Kind::scope, statement.object);
    if (statement.a != no_deadline) set_deadline(statement.object, statement.a, record.time);
    state_->pass_time(record.time);
  } else if (statement.op == Op::group) {
    state_->open(record.task, Frame::Kind::group, statement.object);
  } else if (statement.op == Op::shield) {
    state_->open(record.task, Frame::Kind::shield, statement.number);
  } else if (statement.op == Op::portal) {
    state_->open(record.task, Frame::Kind::portal, statement.object);
    state_->portals[statement.object] = &state_->innermost(record.task);
  }
}

void Monitor::body_ended(const Record& record) {
  const Statement& statement = state_->statement(record.statement);
  if (statement.op == Op::scope) state_->scope(statement.object).body_end = record;
  if (statement.op == Op::portal && record.result != Result::value) state_->failed_portals.insert(statement.object);
  if (statement.op == Op::shield) state_->shield_ends[statement.number] = record;
  if (statement.op == Op::group) {
    State::Group& group = state_->group(statement.object);
    group.body_end = record;
    group.failed = group.failed || is_certain_failure(record);
    group.may_have_failed = group.may_have_failed || record.result != Result::value;
  }
}

void Monitor::left(const Record& record) {
  const Statement& statement = state_->statement(record.statement);
  switch (statement.op) {
    case Op::scope: return scope_left(record, statement);
    case Op::group: return group_left(record, statement);
    case Op::portal: return state_->close(record.task);
    case Op::with_lock: state_->locks[static_cast<std::size_t>(statement.a)].holder.reset(); return;
    case Op::shield: {
      const auto body = state_->shield_ends.find(statement.number);
      const bool entered = body != state_->shield_ends.end();
      check("SHD-1", entered && body->second.result == record.result && body->second.leaves == record.leaves, record,
            "a shield changed what its body ended with");
      return state_->close(record.task);
    }
    default: return;
  }
}

void Monitor::scope_left(const Record& record, const Statement& statement) {
  State::Scope& scope = state_->scope(statement.object);
  state_->close(record.task);
  scope.left = true;
  const bool has_flags = record.result != Result::error;
  const bool called = (record.value & cancel_called_flag) != 0;
  const bool caught = (record.value & cancelled_caught_flag) != 0;
  const bool may_be_called = scope.requested || scope.may_have_expired;
  if (has_flags && caught) {
    check("SCP-2", called && may_be_called, record, "a scope caught something without being cancelled");
  }
  if (!scope.body_end) return;
  const Record& body = *scope.body_end;
  if (body.result == Result::cancelled) {
    const Result absorbed = statement.b == 1 ? Result::timeout : Result::value;
    check("SCP-1", caught ? record.result == absorbed : record.result == Result::cancelled, record,
          "a scope made something else of a cancellation");
  } else if (body.result != Result::group) {
    check("SCP-1", record.result == body.result && (has_flags || record.value == body.value), record,
          "a scope changed what its body ended with");
  }
}

void Monitor::group_left(const Record& record, const Statement& statement) {
  State::Group& group = state_->group(statement.object);
  state_->close(record.task);
  group.frame = nullptr;
  const auto end_of = [&](int child) -> const Record& { return state_->task(child).end; };
  const bool all_ended = std::ranges::all_of(group.children, [&](int child) { return state_->task(child).ended; });
  check("GRP-1", all_ended, record, "a group was left before its tasks had ended");
  if (!all_ended || !group.body_end) return;
  const Record& body = *group.body_end;
  const bool children_failed =
      std::ranges::any_of(group.children, [&](int child) { return is_certain_failure(end_of(child)); });
  // What was refused and what is only a Cancelled that nobody asked for may count as a failure: not judged.
  const bool is_clear = std::ranges::all_of(group.children, [&](int child) {
    return is_certain_failure(end_of(child)) || end_of(child).result == Result::value;
  });
  if (children_failed) {
    std::vector<int> owed;
    for (const int child : group.children) add_leaves(end_of(child), owed);
    add_leaves(body, owed);
    std::vector<int> reported;
    add_leaves(record, reported);
    std::ranges::sort(owed);
    std::ranges::sort(reported);
    check("GRP-3", record.result == Result::group && owed == reported, record, "failures were lost or made up");
  } else if (is_clear && (body.result == Result::error || body.result == Result::timeout)) {
    check("GRP-2", record.result == body.result, record, "a lone failure of the body changed");
  } else if (is_clear && body.result == Result::value) {
    check("GRP-2", record.result == Result::value || record.result == Result::cancelled, record,
          "a group failed, and nothing in it had");
  }
}

void Monitor::answered(const Record& record) {
  const auto bit = [&](std::size_t place) { return (record.value >> place & 1) != 0; };
  switch (static_cast<Question>(state_->statement(record.statement).a)) {
    case Question::time: return;
    case Question::task: return check("TSK-3", record.value == 1, record, "another task than at its beginning");
    case Question::scopes:
      for (std::size_t i = 0; i < state_->scopes.size(); ++i) {
        const State::Scope& scope = state_->scopes[i];
        // What a scope says that is over and is cancelled then is left open.
        if (scope.left) continue;
        const bool may_be_called =
            scope.requested || scope.may_have_expired || scope.deadline <= record.time + rounding;
        if (scope.requested) check("SCP-2", bit(i), record, "a scope forgot that it was cancelled");
        if (bit(i)) check("SCP-2", may_be_called, record, "a scope says that it was cancelled");
      }
      return;
    case Question::locks:
      for (std::size_t i = 0; i < state_->locks.size(); ++i) {
        const State::LockState& lock = state_->locks[i];
        const bool is_waited_for = !lock.line.empty() || (i < condition_count && state_->conditions[i].waiters > 0);
        if (lock.holder) check("LCK-3", bit(i), record, "a lock that is held says that it is free");
        if (!lock.holder && !is_waited_for)
          check("LCK-3", !bit(i), record, "a lock that nobody holds says it is locked");
      }
      return;
    case Question::events:
      for (std::size_t i = 0; i < state_->events.size(); ++i) {
        check("EVT-2", bit(i) == state_->events[i], record, "an event says something else");
      }
      return;
    case Question::tasks:
      for (std::size_t i = 0; i < state_->tasks.size(); ++i) {
        if (bit(i)) check("TSK-1", state_->tasks[i].ended, record, "a task says that it is done");
      }
      return;
  }
}

void Monitor::finish() {
  Record end;
  end.what = What::task_ended;
  for (std::size_t i = 0; i < state_->tasks.size(); ++i) {
    const State::Task& task = state_->tasks[i];
    end.task = static_cast<int>(i);
    if (task.spawned) check("TSK-4", task.began && task.ended, end, "a task was spawned and did not begin, or not end");
  }
}

}  // namespace concert::programs
