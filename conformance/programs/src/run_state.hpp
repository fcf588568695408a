// SPDX-License-Identifier: Apache-2.0
// What the records of a run say so far: who stands where, what may be cancelled and what must be.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "concert/programs/monitor.hpp"
#include "sync_state.hpp"

namespace concert::programs {

/// Half a tick in nanoseconds.
inline constexpr std::int64_t half_tick = 5'000'000;
/// What doubles and the readings of a clock may differ by.
inline constexpr std::int64_t rounding = 1'000;
inline constexpr std::int64_t no_time = std::int64_t{1} << 62;

/// How far the times of the records can be trusted, in nanoseconds.
struct Grain {
  /// Between an action and its record so much time may pass.
  std::int64_t reading = 0;
  /// So late may a timer be acted on: event loops round up to whole milliseconds.
  std::int64_t lateness = 0;
  /// From one record to the next a busy loop takes no longer.
  std::int64_t busy = 0;
};
Grain grain_of(Clock clock);

/// A block that a task is in, or the root of a task.
struct Frame {
  enum class Kind : unsigned char { root, scope, group, shield, gather, portal };
  Kind kind = Kind::root;
  int object = 0;
  /// Null at the outermost.
  const Frame* outer = nullptr;
};

/// Why something must be cancelled.
struct Cause {
  enum class Kind : unsigned char {
    request,          ///< somebody called cancel
    failure,          ///< a task of the group or gather failed
    set_in_the_past,  ///< the deadline was in the past when it was set
    rescheduled,      ///< the deadline that came with a reschedule has passed
    deadline,         ///< the deadline from the beginning has passed
    handed_on,        ///< a join_or_cancel of the task was cancelled
  };
  Kind kind = Kind::request;
  const Frame* frame = nullptr;
};

struct TaskState {
  /// What a task does as long as it writes no record.
  enum class Activity : unsigned char {
    none,         ///< not begun, or ended
    running,      ///< it can run: its next record comes before time moves
    waiting,      ///< in the wait of `begun`
    leaving,      ///< a group, whose tasks have to end
    cleaning_up,  ///< sleeps in a guard
  };

  bool spawned = false;
  bool began = false;
  bool ended = false;
  /// By start, whose caller may be cancelled before it begins.
  bool is_started = false;
  bool has_handle = false;
  bool cancel_requested = false;
  /// Of a call of a portal: its future was cancelled, which the task hears of later.
  bool future_cancelled = false;
  /// A join_or_cancel of it was cancelled, and has had time to hand that on.
  bool handed_on = false;
  /// How it ended, and whether a cancellation must have, or may have, been visible then.
  Record end;
  bool ended_under_cancellation = false;
  bool may_have_ended_under_cancellation = false;
  /// A request from outside its group or gather was certainly visible when it ended.
  bool interrupted_from_outside = false;
  Activity activity = Activity::none;
  /// Another task wrote a record while this one was running.
  bool was_overrun = false;
  /// The record since which it does so.
  Record since;
  /// Where the task stands, outermost first: its root, then the blocks that it is in.
  std::vector<const Frame*> frames;
  /// The record of the wait that it is in.
  std::optional<Record> begun;
  /// What the wait began under.
  std::vector<Cause> begun_under;
  /// Tasks that had been spawned then, by start_soon, and had not begun.
  std::vector<int> ready_at_begin;
  /// True if what it waits for was there when it began to wait.
  bool was_ready_at_begin = false;
  /// What has, or may have, interrupted it before.
  std::set<const Frame*> told;
};

struct ScopeState {
  bool requested = false;
  bool set_in_the_past = false;
  /// When it may expire, at the earliest, and when it must, at the latest.
  std::int64_t deadline = no_time;
  std::int64_t latest_deadline = no_time;
  bool rescheduled = false;
  /// It was past its deadline at some record, noticed or not; and: long enough to have been noticed.
  bool may_have_expired = false;
  bool expired = false;
  bool entered = false;
  bool left = false;
  /// A group or gather was opened inside.
  bool holds_tasks = false;
  /// It said once that it was cancelled.
  bool said_called = false;
  const Frame* frame = nullptr;
  std::optional<Record> body_end;

  bool must_be_called() const { return requested || set_in_the_past || expired; }
  bool may_be_called(std::int64_t now) const {
    return must_be_called() || may_have_expired || deadline <= now + rounding;
  }
};

struct GroupState {
  /// Null while it is not open.
  const Frame* frame = nullptr;
  std::vector<int> children;
  bool failed = false;
  bool may_have_failed = false;
  std::optional<Record> body_end;
};

struct GatherState {
  bool failed = false;
  bool may_have_failed = false;
};

struct PortalState {
  const Frame* frame = nullptr;
  /// Its calls are cancelled then.
  bool failed = false;
};

/// The state of a run. A record is judged on the state before it, then applied.
class RunState {
 public:
  RunState(const Program& program, Grain grain);

  /// Takes note of what happens in other threads, and of tasks that they make. False: the record is of no task.
  bool admit(const Record& record);
  void apply(const Record& record);
  /// It is now so late: deadlines pass.
  void pass_time(std::int64_t now);
  /// The loop was idle before now: deadlines were noticed, requests handed on.
  void pass_idleness(std::int64_t now);

  const Program& program() const { return program_; }
  const Grain& grain() const { return grain_; }
  const Statement& statement(int number) const { return *statements_[static_cast<std::size_t>(number)]; }
  const TaskState& task(int number) const { return tasks_[static_cast<std::size_t>(number)]; }
  const ScopeState& scope(int number) const { return scopes_[static_cast<std::size_t>(number)]; }
  const GroupState& group(int number) const { return groups_[static_cast<std::size_t>(number)]; }
  /// Of a gather, by the number of its statement.
  GatherState gather(int statement) const;
  const SyncState& sync() const { return sync_; }
  const Frame& innermost(int number) const { return *task(number).frames.back(); }
  const std::optional<Record>& shield_end(int statement) const;

  /// True if a wait in `frame` may have been cancelled by now.
  bool may_be_cancelled(const Frame& frame, std::int64_t now) const;
  bool may_be_cancelled(int task, std::int64_t now) const { return may_be_cancelled(innermost(task), now); }
  /// Why a wait in `frame` must be cancelled, the plainest cause first; empty if it need not be.
  std::vector<Cause> causes(const Frame* frame) const;

  /// When the sleep that the task is in must be over, at the latest; nothing if it is in none.
  std::optional<std::int64_t> latest_wake_time(const TaskState& task) const;
  /// True if what the task waits for is there: a set event, a free lock, a task that has ended.
  bool is_ready(const Statement& wait) const;

 private:
  TaskState& task_at(int number) { return tasks_[static_cast<std::size_t>(number)]; }
  ScopeState& scope_at(int number) { return scopes_[static_cast<std::size_t>(number)]; }
  GroupState& group_at(int number) { return groups_[static_cast<std::size_t>(number)]; }

  /// True if the wait is over at once, before any other task runs: of a task that has ended, of a free fair lock.
  bool need_not_suspend(const Statement& wait) const;
  std::vector<int> about_to_begin() const;

  void index(const std::vector<Statement>& statements);
  const Frame& new_frame(Frame::Kind kind, int object, const Frame* outer);
  void open(int task, Frame::Kind kind, int object);
  void close(int task);
  void spawn(int task, const Frame* frame);
  void forget_if_not_begun(int task);
  const Frame* own_group(int task) const;
  /// True if the node itself may have been cancelled by now.
  bool may_be_called(const Frame& frame, std::int64_t now) const;
  bool may_be_cancelled_by_a_waiter(int task, std::int64_t now) const;

  void task_ended(const Record& record);
  void wait_began(const Record& record, const Statement& statement);
  void wait_ended(const Record& record, const Statement& statement);
  void acted(const Record& record, const Statement& statement);
  void entered(const Record& record, const Statement& statement);
  void body_ended(const Record& record, const Statement& statement);
  void left(const Record& record, const Statement& statement);
  void answered(const Record& record, const Statement& statement);
  void set_deadline(int scope, HalfTicks deadline, std::int64_t now);

  const Program& program_;
  Grain grain_;
  std::vector<TaskState> tasks_;
  /// The last one is the watchdog around the program.
  std::vector<ScopeState> scopes_;
  std::vector<GroupState> groups_;
  std::vector<PortalState> portals_;
  /// What made each task; null for the main task.
  std::vector<const Statement*> makers_;
  /// By statement, as the ends of the bodies of shields.
  std::map<int, GatherState> gathers_;
  std::map<int, std::optional<Record>> shield_ends_;
  SyncState sync_;
  std::vector<const Statement*> statements_;
  std::vector<std::unique_ptr<Frame>> frames_;
};

bool is_checkpoint(Op op);
/// Waits that a cancellation ends.
bool is_interruptible(const Statement& wait);
bool is_for_task(Op op);
/// What certainly counts as a failure of a group, and what may.
bool is_certain_failure(const Record& end);
bool is_failure(Result result);

}  // namespace concert::programs
