// SPDX-License-Identifier: Apache-2.0
#include "run_state.hpp"

#include <algorithm>

#include "concert/programs/interpreter.hpp"

namespace concert::programs {

Grain grain_of(Clock clock) {
  switch (clock) {
    case Clock::exact: return {0, 1'500'000, rounding};
    // A reading takes 0.3 ms at most; between two records, and between the readings that belong together, lie a few.
    case Clock::perturbed: return {2'000'000, 3'500'000, 4'000'000};
    case Clock::real: break;
  }
  return {20'000'000, no_time / 4, no_time / 4};
}

bool is_checkpoint(Op op) {
  return op == Op::yield || op == Op::sleep || op == Op::sleep_until || op == Op::sleep_forever ||
         op == Op::run_in_thread;
}

bool is_for_task(Op op) { return op == Op::wait || op == Op::join || op == Op::join_or_cancel; }

bool is_interruptible(const Statement& wait) {
  const Op op = wait.op;
  // Its function has to end first, unless it may be abandoned.
  if (op == Op::run_in_thread) return wait.a == 1;
  return is_checkpoint(op) || op == Op::event_wait || op == Op::with_lock || op == Op::condition_wait ||
         op == Op::wait || op == Op::join;
}

bool is_failure(Result result) {
  return result == Result::error || result == Result::timeout || result == Result::group || result == Result::other;
}

bool is_certain_failure(const Record& end) {
  if (end.result == Result::group) {
    return std::ranges::any_of(end.leaves, [](int leaf) { return leaf != cancelled_leaf; });
  }
  return is_failure(end.result);
}

// ---- Where tasks stand ---------------------------------------------------------------------------------------------

RunState::RunState(const Program& program, Grain grain)
    : program_(program),
      grain_(grain),
      tasks_(static_cast<std::size_t>(program.tasks)),
      scopes_(static_cast<std::size_t>(program.scopes) + 1),
      groups_(static_cast<std::size_t>(program.groups)),
      portals_(static_cast<std::size_t>(program.portals)),
      makers_(static_cast<std::size_t>(program.tasks)) {
  index(program.statements);
  ScopeState& around_all = scopes_.back();
  around_all.entered = true;
  around_all.deadline = watchdog * half_tick;
  around_all.latest_deadline = watchdog * half_tick + grain.reading;
  spawn(0, &new_frame(Frame::Kind::scope, program.scopes, nullptr));
}

void RunState::index(const std::vector<Statement>& statements) {
  for (const Statement& each : statements) {
    statements_.push_back(&each);
    if (makes_task(each.op)) makers_[static_cast<std::size_t>(each.object)] = &each;
    index(each.body);
  }
}

const Frame& RunState::new_frame(Frame::Kind kind, int object, const Frame* outer) {
  // Kept to the end: on a broken backend tasks live on inside blocks that were left.
  return *frames_.emplace_back(std::make_unique<Frame>(Frame{kind, object, outer}));
}

void RunState::open(int number, Frame::Kind kind, int object) {
  auto& frames = task_at(number).frames;
  const bool makes_tasks = kind == Frame::Kind::group || kind == Frame::Kind::gather;
  for (const Frame* frame : frames) {
    if (makes_tasks && frame->kind == Frame::Kind::scope) scope_at(frame->object).holds_tasks = true;
  }
  frames.push_back(&new_frame(kind, object, frames.back()));
  if (kind == Frame::Kind::group) group_at(object).frame = frames.back();
  if (kind == Frame::Kind::scope) scope_at(object).frame = frames.back();
}

void RunState::close(int number) {
  auto& frames = task_at(number).frames;
  if (frames.size() > 1) frames.pop_back();
}

/// Into the group of `frame`, or into a gather.
void RunState::spawn(int number, const Frame* frame) {
  task_at(number).spawned = true;
  task_at(number).frames = {&new_frame(Frame::Kind::root, number, frame)};
  if (frame != nullptr && frame->kind == Frame::Kind::group) group_at(frame->object).children.push_back(number);
}

/// After a start that was cancelled: its task may never have its first step (Group028).
void RunState::forget_if_not_begun(int number) {
  if (task(number).began) return;
  task_at(number).spawned = false;
  const Frame* frame = task(number).frames.front()->outer;
  if (frame != nullptr && frame->kind == Frame::Kind::group) std::erase(group_at(frame->object).children, number);
}

/// The innermost group that the task has around itself, or null.
const Frame* RunState::own_group(int number) const {
  const auto& frames = task(number).frames;
  const auto found = std::find_if(frames.rbegin(), frames.rend(),
                                  [](const Frame* frame) { return frame->kind == Frame::Kind::group; });
  return found == frames.rend() ? nullptr : *found;
}

GatherState RunState::gather(int statement) const {
  const auto found = gathers_.find(statement);
  return found == gathers_.end() ? GatherState() : found->second;
}

const std::optional<Record>& RunState::shield_end(int statement) const {
  static const std::optional<Record> none;
  const auto found = shield_ends_.find(statement);
  return found == shield_ends_.end() ? none : found->second;
}

// ---- What may and what must be cancelled ---------------------------------------------------------------------------

bool RunState::may_be_called(const Frame& frame, std::int64_t now) const {
  switch (frame.kind) {
    case Frame::Kind::root:
      return task(frame.object).cancel_requested || task(frame.object).future_cancelled ||
             may_be_cancelled_by_a_waiter(frame.object, now);
    case Frame::Kind::scope: return scope(frame.object).may_be_called(now);
    case Frame::Kind::group: return group(frame.object).may_have_failed;
    case Frame::Kind::gather: return gather(frame.object).may_have_failed;
    case Frame::Kind::portal: return portals_[static_cast<std::size_t>(frame.object)].failed;
    case Frame::Kind::shield: break;
  }
  return false;
}

bool RunState::may_be_cancelled(const Frame& start, std::int64_t now) const {
  const Frame* frame = &start;
  while (frame != nullptr && frame->kind != Frame::Kind::shield && !may_be_called(*frame, now)) frame = frame->outer;
  return frame != nullptr && frame->kind != Frame::Kind::shield;
}

/// True if a task that waits for this one, in join_or_cancel or for its start, may have been cancelled there: it hands
/// the request on before it says so. Such waits go to later tasks only, so that this ends.
bool RunState::may_be_cancelled_by_a_waiter(int number, std::int64_t now) const {
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    const std::optional<Record>& begun = tasks_[i].begun;
    if (!begun) continue;
    const Statement& wait = statement(begun->statement);
    const bool is_for_it =
        (wait.op == Op::join_or_cancel && wait.a == number) || (wait.op == Op::spawn && wait.object == number);
    if (is_for_it && may_be_cancelled(static_cast<int>(i), now)) return true;
  }
  return false;
}

std::vector<Cause> RunState::causes(const Frame* start) const {
  std::vector<Cause> found;
  for (const Frame* frame = start; frame != nullptr && frame->kind != Frame::Kind::shield; frame = frame->outer) {
    if (frame->kind == Frame::Kind::root) {
      const TaskState& asked = task(frame->object);
      if (asked.cancel_requested) found.push_back({Cause::Kind::request, frame});
      if (asked.handed_on) found.push_back({Cause::Kind::handed_on, frame});
    } else if (frame->kind == Frame::Kind::scope) {
      const ScopeState& asked = scope(frame->object);
      const Cause::Kind expiry = asked.rescheduled ? Cause::Kind::rescheduled : Cause::Kind::deadline;
      if (asked.requested) {
        found.push_back({Cause::Kind::request, frame});
      } else if (asked.set_in_the_past) {
        found.push_back({Cause::Kind::set_in_the_past, frame});
      } else if (asked.expired) {
        found.push_back({expiry, frame});
      }
    } else if (frame->kind != Frame::Kind::portal) {
      const bool failed =
          frame->kind == Frame::Kind::group ? group(frame->object).failed : gather(frame->object).failed;
      if (failed) found.push_back({Cause::Kind::failure, frame});
    }
  }
  std::ranges::stable_sort(found, {}, &Cause::kind);
  return found;
}

void RunState::pass_time(std::int64_t now) {
  for (ScopeState& each : scopes_) {
    if (!each.entered || each.left) continue;
    if (each.deadline <= now + rounding) each.may_have_expired = true;
    // The loop looks at its deadlines when time has moved; that takes as long as running does.
    if (each.latest_deadline + grain_.lateness <= now && grain_.busy <= rounding) each.expired = true;
  }
}

void RunState::pass_idleness(std::int64_t now) {
  for (ScopeState& each : scopes_) {
    if (each.entered && !each.left && each.latest_deadline + grain_.lateness + grain_.busy < now) each.expired = true;
  }
  // A join_or_cancel is of a later task, so that one pass follows a chain of them.
  for (TaskState& waiter : tasks_) {
    if (!waiter.begun || waiter.ended) continue;
    const Statement& wait = statement(waiter.begun->statement);
    if (wait.op != Op::join_or_cancel || task(wait.a).ended || causes(waiter.frames.back()).empty()) continue;
    task_at(wait.a).handed_on = true;
  }
}

std::optional<std::int64_t> RunState::latest_wake_time(const TaskState& task) const {
  if (task.activity == TaskState::Activity::cleaning_up) return task.since.time + grain_.reading + one_tick * half_tick;
  if (!task.begun) return std::nullopt;
  const Statement& wait = statement(task.begun->statement);
  if (wait.op == Op::sleep) return task.begun->time + grain_.reading + wait.a * half_tick;
  if (wait.op == Op::sleep_until) return std::max(task.begun->time + grain_.reading, wait.a * half_tick);
  return std::nullopt;
}

bool RunState::is_ready(const Statement& wait) const {
  switch (wait.op) {
    case Op::with_lock: return !sync_.lock(wait.a).holder;
    case Op::event_wait: return sync_.event(wait.a);
    case Op::wait:
    case Op::join:
    case Op::join_or_cancel: return task(wait.a).ended;
    case Op::spawn: return task(wait.object).began;
    case Op::gather:
      return std::ranges::all_of(wait.body, [&](const Statement& branch) { return task(branch.object).ended; });
    default: return false;
  }
}

bool RunState::need_not_suspend(const Statement& wait) const {
  if (wait.op == Op::with_lock && (wait.a < plain_locks || !sync_.lock(wait.a).line.empty())) return false;
  return is_ready(wait) && (is_for_task(wait.op) || wait.op == Op::with_lock);
}

std::vector<int> RunState::about_to_begin() const {
  std::vector<int> found;
  for (int i = 0; i < program_.tasks; ++i) {
    const TaskState& each = task(i);
    if (each.spawned && !each.began && !each.is_started) found.push_back(i);
  }
  return found;
}

// ---- Records -------------------------------------------------------------------------------------------------------

bool RunState::admit(const Record& record) {
  if (record.statement >= 0 && statement(record.statement).op == Op::future_cancel) {
    task_at(statement(record.statement).a).future_cancelled = true;
    return false;
  }
  const Statement* maker = makers_[static_cast<std::size_t>(record.task)];
  if (maker == nullptr) return true;
  const bool is_deed = record.what == What::act || record.what == What::answer;
  if (maker->op == Op::run_in_thread) return false;
  if (maker->op == Op::call_function) return is_deed;
  if (maker->op == Op::call_coroutine && record.what == What::task_began && !task(record.task).spawned) {
    spawn(record.task, portals_[static_cast<std::size_t>(maker->a)].frame);
  }
  return true;
}

void RunState::apply(const Record& record) {
  for (TaskState& each : tasks_) {
    if (each.activity == TaskState::Activity::running) each.was_overrun = true;
  }
  TaskState& task = task_at(record.task);
  task.was_overrun = false;
  task.activity = TaskState::Activity::running;
  task.since = record;
  if (record.what == What::task_began) {
    task.began = true;
    // So that what follows has a place to stand, also on a broken backend.
    if (!task.spawned) spawn(record.task, nullptr);
    return;
  }
  if (record.what == What::task_ended) return task_ended(record);
  const Statement& about = statement(record.statement);
  switch (record.what) {
    case What::begin: return wait_began(record, about);
    case What::end: return wait_ended(record, about);
    case What::act: return acted(record, about);
    case What::entered: return entered(record, about);
    case What::body_ended: return body_ended(record, about);
    case What::left: return left(record, about);
    case What::answer: return answered(record, about);
    default: return;
  }
}

void RunState::task_ended(const Record& record) {
  TaskState& task = task_at(record.task);
  const Frame& root = *task.frames.front();
  task.activity = TaskState::Activity::none;
  task.ended = true;
  task.end = record;
  task.ended_under_cancellation = !causes(&root).empty();
  task.may_have_ended_under_cancellation = may_be_cancelled(root, record.time);
  const Frame* around = root.outer;
  if (around == nullptr) return;
  task.interrupted_from_outside = record.result == Result::cancelled && !causes(around->outer).empty();
  const bool fails = is_certain_failure(record);
  // A Cancelled that nothing visible asked for is a failure too.
  const bool may_fail = is_failure(record.result) || record.result == Result::refused ||
                        (record.result == Result::cancelled && !task.may_have_ended_under_cancellation);
  if (around->kind == Frame::Kind::gather) {
    GatherState& gather = gathers_[around->object];
    gather.may_have_failed = gather.may_have_failed || may_fail;
    gather.failed = gather.failed || fails;
  }
  if (around->kind == Frame::Kind::group) {
    GroupState& group = group_at(around->object);
    group.may_have_failed = group.may_have_failed || may_fail;
    group.failed = group.failed || fails;
  }
}

void RunState::wait_began(const Record& record, const Statement& statement) {
  TaskState& task = task_at(record.task);
  task.activity = TaskState::Activity::waiting;
  task.begun = record;
  task.begun_under = causes(task.frames.back());
  task.was_ready_at_begin = is_ready(statement);
  if (need_not_suspend(statement)) task.activity = TaskState::Activity::running;
  if (statement.op == Op::yield) task.ready_at_begin = about_to_begin();
  if (statement.op == Op::spawn) {
    task_at(statement.object).is_started = true;
    spawn(statement.object, own_group(record.task));
  }
  if (statement.op == Op::with_lock) sync_.lock(statement.a).line.push_back(record.task);
  if (statement.op == Op::condition_wait) {
    sync_.condition(statement.a).wait(record.task);
    sync_.lock(statement.a).release();
  }
  if (statement.op == Op::gather) {
    open(record.task, Frame::Kind::gather, statement.number);
    for (const Statement& branch : statement.body) spawn(branch.object, &innermost(record.task));
  }
}

void RunState::wait_ended(const Record& record, const Statement& statement) {
  TaskState& task = task_at(record.task);
  const bool has_value = record.result == Result::value;
  if (record.result == Result::cancelled) {
    for (const Frame* frame = task.frames.back(); frame != nullptr && frame->kind != Frame::Kind::shield;
         frame = frame->outer) {
      if (may_be_called(*frame, record.time)) task.told.insert(frame);
    }
  }
  if (statement.op == Op::gather) close(record.task);
  if (statement.op == Op::spawn && has_value) task_at(statement.object).has_handle = true;
  if (statement.op == Op::spawn && record.result == Result::cancelled) forget_if_not_begun(statement.object);
  if (statement.op == Op::with_lock) {
    LockState& lock = sync_.lock(statement.a);
    const auto place = std::ranges::find(lock.line, record.task);
    if (has_value) {
      if (statement.a >= plain_locks) lock.bypassed.insert(lock.line.begin(), place);
      lock.grant(record.task);
    } else {
      lock.has_been_left = true;
    }
    if (place != lock.line.end()) lock.line.erase(place);
    lock.bypassed.erase(record.task);
  }
  if (statement.op == Op::condition_wait) {
    const auto may_be = [&](int waiter) { return may_be_cancelled(waiter, record.time); };
    sync_.condition(statement.a).end_wait(record.task, has_value, may_be);
    // Whatever came of it, the lock is held again.
    sync_.lock(statement.a).grant(record.task);
  }
  task.begun.reset();
  task.begun_under.clear();
}

void RunState::acted(const Record& record, const Statement& statement) {
  if (record.result == Result::skipped) return;
  switch (statement.op) {
    case Op::spawn: return spawn(statement.object, own_group(record.task));
    case Op::spawn_into:
      if (record.result == Result::value) spawn(statement.object, group(statement.a).frame);
      return;
    case Op::cancel_scope:
      if (!scope(statement.a).left) scope_at(statement.a).requested = true;
      return;
    case Op::reschedule:
      if (scope(statement.a).left) return;
      set_deadline(statement.a, statement.b, record.time);
      scope_at(statement.a).rescheduled = true;
      return;
    case Op::cancel_task:
      if (!task(statement.a).ended) task_at(statement.a).cancel_requested = true;
      return;
    case Op::notify: {
      ConditionState& condition = sync_.condition(statement.a);
      const auto cancelled = std::ranges::count_if(
          condition.waiters, [&](const auto& waiter) { return may_be_cancelled(waiter.task, record.time); });
      return condition.notify(statement.b, cancelled);
    }
    case Op::event_set: sync_.events[static_cast<std::size_t>(statement.a)] = true; return;
    default: return;
  }
}

void RunState::set_deadline(int number, HalfTicks deadline, std::int64_t now) {
  ScopeState& scope = scope_at(number);
  if (deadline == no_deadline) {
    scope.deadline = scope.latest_deadline = no_time;
  } else if (deadline == past_deadline) {
    scope.deadline = scope.latest_deadline = now - 200 * half_tick;
  } else {
    scope.deadline = now + deadline * half_tick - grain_.reading;
    scope.latest_deadline = now + deadline * half_tick;
  }
  if (scope.entered && deadline == past_deadline) scope.set_in_the_past = true;
  pass_time(now);
}

void RunState::entered(const Record& record, const Statement& statement) {
  if (statement.op == Op::scope) {
    ScopeState& scope = scope_at(statement.object);
    scope.entered = true;
    open(record.task, Frame::Kind::scope, statement.object);
    if (statement.a != no_deadline) {
      scope.rescheduled = false;
      set_deadline(statement.object, statement.a, record.time);
    }
    pass_time(record.time);
    // A deadline that has passed at the entry is noticed there.
    if (scope.latest_deadline + grain_.lateness <= record.time) scope.set_in_the_past = true;
  } else if (statement.op == Op::group) {
    open(record.task, Frame::Kind::group, statement.object);
  } else if (statement.op == Op::shield) {
    open(record.task, Frame::Kind::shield, statement.number);
  } else if (statement.op == Op::portal) {
    open(record.task, Frame::Kind::portal, statement.object);
    portals_[static_cast<std::size_t>(statement.object)].frame = &innermost(record.task);
  }
}

void RunState::body_ended(const Record& record, const Statement& statement) {
  TaskState& task = task_at(record.task);
  if (statement.op == Op::scope) scope_at(statement.object).body_end = record;
  if (statement.op == Op::shield) shield_ends_[statement.number] = record;
  if (statement.op == Op::guard && statement.a == static_cast<int>(Guard::clean_up) && record.result != Result::value) {
    task.activity = TaskState::Activity::cleaning_up;
  }
  if (statement.op == Op::portal) {
    task.activity = TaskState::Activity::leaving;
    portals_[static_cast<std::size_t>(statement.object)].failed = record.result != Result::value;
  }
  if (statement.op == Op::group) {
    task.activity = TaskState::Activity::leaving;
    GroupState& group = group_at(statement.object);
    group.body_end = record;
    group.failed = group.failed || is_certain_failure(record);
    group.may_have_failed = group.may_have_failed || record.result != Result::value;
  }
}

void RunState::left(const Record& record, const Statement& statement) {
  switch (statement.op) {
    case Op::scope: {
      ScopeState& scope = scope_at(statement.object);
      scope.left = true;
      if (record.result != Result::error && (record.value & cancel_called_flag) != 0) scope.said_called = true;
      return close(record.task);
    }
    case Op::group: group_at(statement.object).frame = nullptr; return close(record.task);
    case Op::portal:
    case Op::shield: return close(record.task);
    case Op::with_lock: return sync_.lock(statement.a).release();
    default: return;
  }
}

void RunState::answered(const Record& record, const Statement& statement) {
  if (statement.a != static_cast<int>(Question::scopes)) return;
  for (int i = 0; i < program_.scopes; ++i) {
    if ((record.value >> i & 1) != 0) scope_at(i).said_called = true;
  }
}

}  // namespace concert::programs
