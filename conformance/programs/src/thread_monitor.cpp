// SPDX-License-Identifier: Apache-2.0
#include "concert/programs/thread_monitor.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "concert/programs/portal_history.hpp"

namespace concert::programs {

const std::vector<Rule>& thread_rules() {
  static const std::vector<Rule> rules = {
      {"THR-1",
       "a function runs once, in another thread, and not after its call has ended without it",
       {"Thread001", "Thread010", "Thread011", "Thread012"}},
      {"THR-2", "the loop goes on while a function is in its thread", {"Thread002"}},
      {"THR-3", "run_in_thread gives what the function returned or threw", {"Thread003", "Thread004"}},
      {"THR-4",
       "no cancellation ends a call whose function has started, unless it may be abandoned: then at once",
       {"Thread006", "Thread008"}},
      {"POR-1",
       "a call that was accepted runs once in the loop, and its future gives what came of it",
       {"Portal005", "Portal010", "Portal011", "Portal013", "Portal017", "Portal036", "Portal038"}},
      {"POR-2",
       "a portal accepts calls as long as its body runs, and refuses all others",
       {"Portal003", "Portal004", "Portal006", "Portal012"}},
      {"POR-3",
       "a portal is left when all its calls have ended, with what its body ended with, and cancels if that failed",
       {"Portal026", "Portal027", "Portal028", "Portal029"}},
      {"POR-4",
       "a future that was cancelled gives nothing, and its work does not begin or is cancelled",
       {"Portal018", "Portal019", "Portal021"}},
      {"POR-5", "the calls of one thread begin in their order", {"Portal032"}},
      {"POR-6", "what happens to a call and its future fits into one order", {"Portal038"}},
  };
  return rules;
}

namespace {

/// One tick in nanoseconds: more than the readings of a clock add up to in one instant.
constexpr std::int64_t tick = 10'000'000;

bool is_same_end(const Record& one, const Record& other) {
  return one.result == other.result && one.value == other.value && one.leaves == other.leaves;
}

}  // namespace

/// A run_in_thread.
struct ThreadMonitor::Job {
  const Statement* statement = nullptr;
  std::optional<Record> waiting;
  std::optional<Record> wait_end;
  std::optional<Record> began;
  std::optional<Record> end;
  bool had_no_turn = false;
  /// The task that waits and the scopes around, from which no shield separates the statement; no task if one does.
  std::optional<int> task;
  std::set<int> scopes;
  /// One of these was cancelled.
  std::optional<Record> request;
};

/// A call of a portal.
struct ThreadMonitor::Call {
  const Statement* statement = nullptr;
  /// Who made it.
  int thread = 0;
  bool is_function = false;
  bool submitted_while_open = false;
  bool submitted_while_shut = false;
  bool is_under_way = false;
  bool is_accepted = false;
  bool is_refused = false;
  std::optional<Record> began;
  std::optional<Record> end;
  /// A future_cancel has begun; one has returned true, and when; one has returned false.
  bool may_be_cancelled = false;
  std::optional<Record> cancelled;
  bool was_cancelled_in_vain = false;
  std::optional<Record> answer;

  /// A function that was cancelled in time never runs.
  bool need_not_begin() const { return is_function && may_be_cancelled; }
};

struct ThreadMonitor::Portal {
  bool is_open = false;
  bool was_left = false;
  std::optional<Record> body_end;
};

class ThreadMonitor::State {
 public:
  explicit State(const Program& program) : portals(static_cast<std::size_t>(program.portals)) {
    collect(program.statements, {});
  }

  Portal& portal_of(const Call& call) { return portals[static_cast<std::size_t>(call.statement->a)]; }

  std::vector<const Statement*> statements;
  /// By the number of what runs.
  std::map<int, Job> jobs;
  std::map<int, Call> calls;
  std::vector<Portal> portals;
  /// Sleeps that nothing shields from a cancellation of the call that they belong to.
  std::vector<bool> can_be_cancelled;
  /// The calls of each thread, in their order.
  std::map<int, std::vector<int>> calls_of;
  std::int64_t time = 0;

 private:
  /// What a cancellation can come from here: nothing that a shield is inside of.
  struct Around {
    int task = 0;
    int thread = -1;
    bool shielded = false;
    std::set<int> scopes;
  };

  void collect(const std::vector<Statement>& list, const Around& around) {
    for (const Statement& statement : list) {
      statements.push_back(&statement);
      can_be_cancelled.push_back(!around.shielded);
      if (statement.op == Op::run_in_thread) {
        Job& job = jobs[statement.object];
        job.statement = &statement;
        if (!around.shielded) job.task = around.task;
        job.scopes = around.scopes;
      }
      if (is_call(statement.op)) {
        Call& call = calls[statement.object];
        call.statement = &statement;
        call.thread = around.thread;
        call.is_function = statement.op == Op::call_function;
        calls_of[around.thread].push_back(statement.object);
      }
      Around inner = around;
      if (makes_task(statement.op)) inner = {statement.object, around.thread, false, {}};
      if (statement.op == Op::run_in_thread) inner.thread = statement.object;
      if (statement.op == Op::scope) inner.scopes.insert(statement.object);
      if (statement.op == Op::shield) {
        inner.shielded = true;
        inner.scopes.clear();
      }
      collect(statement.body, inner);
    }
  }
};

ThreadMonitor::ThreadMonitor(const Program& program, bool gated)
    : program_(program), gated_(gated), state_(std::make_unique<State>(program)) {
  for (const Rule& rule : thread_rules()) evaluations_[rule.id] = 0;
}
ThreadMonitor::~ThreadMonitor() = default;

void ThreadMonitor::check(std::string_view rule, bool holds, const Record& record, std::string_view message) {
  ++evaluations_[rule];
  if (!holds) violations_.push_back({rule, std::string(message) + ": " + to_text(record, program_)});
}

void ThreadMonitor::record(const Record& record) {
  if (state_->jobs.empty()) return;
  trace_.push_back(record);
  if (record.time >= state_->time + tick) time_passed(record);
  state_->time = record.time;
  const auto job = state_->jobs.find(record.task);
  const auto call = state_->calls.find(record.task);
  if (record.statement < 0) {
    const bool begins = record.what == What::task_began;
    if (job != state_->jobs.end()) begins ? job_began(job->second, record) : job_ended(job->second, record);
    if (call != state_->calls.end()) begins ? call_began(call->second, record) : call_ended(call->second, record);
    return;
  }
  if (record.result == Result::lost && record.what == What::act && job != state_->jobs.end()) {
    job->second.had_no_turn = true;
    return;
  }
  const Statement& statement = *state_->statements[static_cast<std::size_t>(record.statement)];
  const auto named = state_->calls.find(is_call(statement.op) ? statement.object : statement.a);
  const bool is_named = named != state_->calls.end() && record.result != Result::skipped;
  switch (statement.op) {
    case Op::run_in_thread: {
      Job& own = state_->jobs[statement.object];
      if (record.what == What::begin) own.waiting = record;
      if (record.what == What::end) wait_ended(own, record);
      return;
    }
    case Op::cancel_scope:
    case Op::cancel_task: return requested(record, statement);
    case Op::portal: return of_portal(record, statement);
    case Op::call_function:
    case Op::call_coroutine:
      if (is_named) submitted(named->second, record);
      return;
    case Op::future_cancel:
      if (is_named) cancelled(named->second, record);
      return;
    case Op::future_get:
      if (is_named && record.what != What::begin) answered(named->second, record);
      return;
    case Op::sleep:
      if (record.what == What::end && call != state_->calls.end()) slept(call->second, record);
      return;
    default: return;
  }
}

// ---- Worker threads ------------------------------------------------------------------------------------------------

void ThreadMonitor::job_began(Job& job, const Record& record) {
  check("THR-1", record.value == 1, record, "a function runs in the thread of the loop");
  check("THR-1", !job.began, record, "a function runs twice");
  check("THR-1", job.waiting && (!job.wait_end || job.statement->a == 1), record, "a function runs for nobody");
  job.began = record;
}

void ThreadMonitor::job_ended(Job& job, const Record& record) {
  check("THR-2", !job.had_no_turn, record, "the loop stood still while a function was in its thread");
  job.end = record;
}

void ThreadMonitor::wait_ended(Job& job, const Record& record) {
  job.wait_end = record;
  if (record.result == Result::cancelled) {
    if (job.statement->a == 0) {
      check("THR-4", !job.began, record, "a call was cancelled although its function had started");
    }
    return;
  }
  check("THR-1", job.began && job.end, record, "a call ended before its function had run");
  if (job.end) check("THR-3", is_same_end(*job.end, record), record, "a call gives something else than its function");
}

void ThreadMonitor::requested(const Record& record, const Statement& statement) {
  if (record.result == Result::skipped || (statement.op == Op::cancel_task && record.value == 0)) return;
  for (auto& [task, job] : state_->jobs) {
    const bool reaches = statement.op == Op::cancel_task ? job.task == statement.a : job.scopes.contains(statement.a);
    if (reaches && job.waiting && !job.wait_end && !job.request) job.request = record;
  }
}

void ThreadMonitor::time_passed(const Record& record) {
  if (!gated_) return;
  for (const auto& [task, job] : state_->jobs) {
    if (!job.request || job.statement->a == 0) continue;
    check("THR-4", job.wait_end.has_value(), record, "time goes by, and a call that may be abandoned has not ended");
  }
  // A function that waits for a worker although no other one runs has been forgotten.
  const bool any_runs =
      std::ranges::any_of(state_->jobs, [](const auto& each) { return each.second.began && !each.second.end; });
  if (any_runs) return;
  for (const auto& [task, job] : state_->jobs) {
    if (!job.waiting || job.wait_end || job.began || job.waiting->time + tick > record.time) continue;
    // What ends now may have been what came first.
    if (record.statement == job.statement->number) continue;
    check("THR-1", false, record, "time goes by, no worker is busy, and a function has not begun");
  }
}

// ---- Calls of portals ----------------------------------------------------------------------------------------------

void ThreadMonitor::submitted(Call& call, const Record& record) {
  const Portal& portal = state_->portal_of(call);
  if (record.what == What::begin) {
    call.is_under_way = true;
    call.submitted_while_open = portal.is_open;
    call.submitted_while_shut = gated_ ? !portal.is_open : portal.was_left;
    return;
  }
  call.is_under_way = false;
  call.is_accepted = record.result == Result::value;
  call.is_refused = record.result == Result::refused;
  check("POR-2", call.is_accepted || call.is_refused, record, "a call ended with something that it cannot end with");
  if (call.submitted_while_open && portal.is_open) {
    check("POR-2", call.is_accepted, record, "an open portal refused a call");
  }
  if (call.submitted_while_shut) check("POR-2", call.is_refused, record, "a portal that is not open accepted a call");
  if (call.is_refused) check("POR-2", !call.began, record, "a refused call has begun");
}

void ThreadMonitor::call_began(Call& call, const Record& record) {
  check("POR-1", record.value == 0, record, "a call runs in another thread than the loop's");
  check("POR-1", !call.began, record, "a call runs twice");
  check("POR-2", !call.is_refused && (call.is_under_way || call.is_accepted), record, "a refused call runs");
  check("POR-3", !state_->portal_of(call).was_left, record, "a call begins after the end of its portal");
  if (call.is_function) check("POR-4", !call.cancelled, record, "a function runs whose future was cancelled before");
  for (const int earlier : state_->calls_of[call.thread]) {
    const Call& other = state_->calls[earlier];
    if (&other == &call) break;
    if (!other.is_accepted || other.statement->a != call.statement->a || other.need_not_begin()) continue;
    check("POR-5", other.began.has_value(), record, "a call begins before an earlier one of its thread");
  }
  call.began = record;
}

void ThreadMonitor::call_ended(Call& call, const Record& record) {
  check("POR-3", !state_->portal_of(call).was_left, record, "a call ends after its portal was left");
  call.end = record;
}

void ThreadMonitor::slept(Call& call, const Record& record) {
  if (record.result != Result::value || !state_->can_be_cancelled[static_cast<std::size_t>(record.statement)]) return;
  // Time has passed since then, so that the loop has heard of it.
  const auto reached_by = [&](const std::optional<Record>& request) {
    return request && record.time >= request->time + tick;
  };
  if (call.cancelled) {
    check("POR-4", !reached_by(call.cancelled), record, "a coroutine sleeps on whose future was cancelled");
  }
  const std::optional<Record>& body = state_->portal_of(call).body_end;
  if (body && body->result != Result::value) {
    check("POR-3", !reached_by(body), record, "a coroutine sleeps on although its portal's body has failed");
  }
}

void ThreadMonitor::cancelled(Call& call, const Record& record) {
  if (record.what == What::begin) {
    call.may_be_cancelled = true;
    return;
  }
  if (record.value == 0) {
    call.was_cancelled_in_vain = true;
    check("POR-4", !call.cancelled, record, "a future that was cancelled cannot be cancelled");
    return;
  }
  const bool is_answered = call.answer && call.answer->result != Result::withdrawn;
  check("POR-4", !is_answered, record, "a future was cancelled after it had been answered");
  if (call.is_function && gated_) {
    check("POR-4", !call.began || (call.end && call.end->result == Result::cancelled), record,
          "the future of a function was cancelled that has begun");
  }
  if (!call.cancelled) call.cancelled = record;
}

void ThreadMonitor::answered(Call& call, const Record& record) {
  check("POR-1", record.result != Result::lost, record, "a thread waits for an answer that never comes");
  if (record.result == Result::lost) return;
  if (call.answer) {
    check("POR-1", is_same_end(*call.answer, record), record, "a future gives another answer than before");
  }
  call.answer = record;
  const bool work_was_cancelled = call.end && call.end->result == Result::cancelled;
  if (record.result == Result::withdrawn) {
    check("POR-1", call.may_be_cancelled || work_was_cancelled, record, "a future was cancelled by nobody");
    return;
  }
  check("POR-4", !call.cancelled, record, "a future that was cancelled gives an answer");
  check("POR-1", call.end && is_same_end(*call.end, record), record,
        "a future gives something else than what the work ended with");
}

// ---- Portals -------------------------------------------------------------------------------------------------------

void ThreadMonitor::of_portal(const Record& record, const Statement& statement) {
  Portal& portal = state_->portals[static_cast<std::size_t>(statement.object)];
  if (record.what == What::entered) portal.is_open = true;
  if (record.what == What::body_ended) {
    portal.is_open = false;
    portal.body_end = record;
  }
  if (record.what == What::left) portal_left(portal, record);
}

void ThreadMonitor::portal_left(Portal& portal, const Record& record) {
  portal.was_left = true;
  portal.is_open = false;
  for (const auto& [task, call] : state_->calls) {
    if (&state_->portal_of(call) != &portal || !call.is_accepted) continue;
    check("POR-3", call.need_not_begin() || call.began, record, "a portal was left before a call had begun");
    if (call.began) check("POR-3", call.end.has_value(), record, "a portal was left before a call had ended");
  }
  if (!portal.body_end) return;
  // A request that is pending at the exit is thrown there.
  const bool is_interrupted = portal.body_end->result == Result::value && record.result == Result::cancelled;
  check("POR-3", is_interrupted || is_same_end(*portal.body_end, record), record,
        "a portal changed what its body ended with");
}

void ThreadMonitor::finish() {
  if (state_->jobs.empty()) return;
  Record end;
  end.what = What::task_ended;
  for (const auto& [task, job] : state_->jobs) {
    end.task = task;
    if (job.began) check("THR-1", job.end.has_value(), end, "a function began, and did not come to its end");
  }
  for (const auto& [task, call] : state_->calls) {
    end.task = task;
    if (!call.is_accepted) continue;
    check("POR-1", call.need_not_begin() || call.began, end, "a call was accepted, and did not begin");
    if (call.began) check("POR-1", call.end.has_value(), end, "a call began, and did not end");
    if (call.was_cancelled_in_vain) {
      check("POR-4", call.began || call.cancelled, end, "a future could not be cancelled, and nothing has begun");
    }
  }
  for (const CallHistory& history : portal_histories(program_, trace_)) {
    end.statement = history.statement;
    check("POR-6", is_linearizable(history), end, "no order of what happened to a call is allowed");
  }
}

}  // namespace concert::programs
