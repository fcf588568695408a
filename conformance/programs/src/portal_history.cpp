// SPDX-License-Identifier: Apache-2.0
#include "concert/programs/portal_history.hpp"

#include <limits>
#include <map>
#include <optional>

namespace concert::programs {

namespace {

constexpr std::int64_t forever = std::numeric_limits<std::int64_t>::max();

/// A portal and one of its calls, as the documents speak of them.
struct CallState {
  enum class Portal : std::uint8_t { created, open, closed } portal = Portal::created;
  enum class Future : std::uint8_t { none, open, answered, cancelled } future = Future::none;
  bool began = false;
  bool ended = false;

  friend auto operator<=>(const CallState&, const CallState&) = default;
};

/// The state after the event, or nothing if the state does not allow it.
std::vector<CallState> after(CallState state, PortalEvent event, bool is_function) {
  using Portal = CallState::Portal;
  using Future = CallState::Future;
  const auto only_if = [&](bool allowed) { return allowed ? std::vector<CallState>{state} : std::vector<CallState>(); };
  const CallState before = state;
  switch (event) {
    case PortalEvent::open: state.portal = Portal::open; return only_if(before.portal == Portal::created);
    case PortalEvent::close: state.portal = Portal::closed; return only_if(before.portal == Portal::open);
    case PortalEvent::accept:
      state.future = Future::open;
      return only_if(before.portal == Portal::open && before.future == Future::none);
    case PortalEvent::refuse: return only_if(before.portal != Portal::open);
    case PortalEvent::begin:
      state.began = true;
      // A coroutine has its first step even if its future was cancelled.
      return only_if(!before.began &&
                     (before.future == Future::open || (before.future == Future::cancelled && !is_function)));
    case PortalEvent::end:
    case PortalEvent::end_cancelled:
      state.ended = true;
      if (before.future == Future::open) {
        state.future = event == PortalEvent::end ? Future::answered : Future::cancelled;
      }
      return only_if(before.began && !before.ended);
    case PortalEvent::cancel:
      state.future = Future::cancelled;
      return only_if(before.future == Future::cancelled ||
                     (before.future == Future::open && !(is_function && before.began)));
    case PortalEvent::cancel_in_vain:
      return only_if(before.future == Future::answered ||
                     (before.future == Future::open && is_function && before.began));
    case PortalEvent::get: return only_if(before.future == Future::answered);
    case PortalEvent::get_withdrawn: return only_if(before.future == Future::cancelled);
  }
  return {};
}

/// Reads a trace.
class Reader {
 public:
  explicit Reader(const Program& program) { collect(program.statements); }

  void read(const Record& record) {
    ++now_;
    const bool in_loop = is_in_loop(record);
    if (in_loop) close_open_ends();
    if (record.statement < 0) {
      of_work(record);
    } else {
      of_statement(record, *statements_[static_cast<std::size_t>(record.statement)]);
    }
    if (in_loop) last_in_loop_ = now_;
  }

  std::vector<CallHistory> histories() const {
    std::vector<CallHistory> all;
    for (const auto& [task, call] : calls_) {
      if (!call.is_known) continue;
      CallHistory history = call.history;
      if (const auto portal = portals_.find(call.portal); portal != portals_.end()) {
        history.events.insert(history.events.end(), portal->second.begin(), portal->second.end());
      }
      all.push_back(std::move(history));
    }
    return all;
  }

 private:
  using Event = Interval<PortalEvent>;
  struct Call {
    int portal = 0;
    CallHistory history;
    /// It was accepted or refused.
    bool is_known = false;
  };

  void collect(const std::vector<Statement>& list) {
    for (const Statement& statement : list) {
      statements_.push_back(&statement);
      if (statement.op == Op::run_in_thread) threads_.insert(statement.object);
      if (is_call(statement.op)) {
        Call& call = calls_[statement.object];
        call.portal = statement.a;
        call.history.statement = statement.number;
        call.history.is_function = statement.op == Op::call_function;
      }
      collect(statement.body);
    }
  }
  bool is_in_loop(const Record& record) const { return !threads_.contains(record.task); }

  /// What the loop did right after its last record had been done when it wrote the next one.
  void close_open_ends() {
    const auto close = [this](std::vector<Event>& events) {
      for (Event& event : events) {
        if (event.returned == forever) event.returned = now_;
      }
    };
    for (auto& [task, call] : calls_) close(call.history.events);
    for (auto& [number, events] : portals_) close(events);
  }

  void of_work(const Record& record) {
    const auto call = calls_.find(record.task);
    if (call == calls_.end()) return;
    std::vector<Event>& events = call->second.history.events;
    if (record.what == What::task_began) {
      events.push_back({last_in_loop_, now_, PortalEvent::begin});
    } else {
      const bool cancelled = record.result == Result::cancelled;
      events.push_back({now_, forever, cancelled ? PortalEvent::end_cancelled : PortalEvent::end});
    }
  }

  void of_statement(const Record& record, const Statement& statement) {
    if (statement.op == Op::portal) return of_portal(record, statement);
    const bool is_about_call =
        is_call(statement.op) || statement.op == Op::future_get || statement.op == Op::future_cancel;
    if (!is_about_call || record.result == Result::skipped || record.result == Result::lost) return;
    if (record.what == What::begin) {
      began_[record.task] = now_;
      return;
    }
    // What the loop does at once has one record.
    const std::int64_t called = record.what == What::act ? last_in_loop_ : began_[record.task];
    const auto call = calls_.find(is_call(statement.op) ? statement.object : statement.a);
    if (call == calls_.end()) return;
    if (is_call(statement.op)) call->second.is_known = true;
    if (const auto event = event_of(record, statement.op)) {
      call->second.history.events.push_back({called, now_, *event});
    }
  }

  static std::optional<PortalEvent> event_of(const Record& record, Op op) {
    if (is_call(op)) return record.result == Result::refused ? PortalEvent::refuse : PortalEvent::accept;
    if (op == Op::future_cancel) return record.value != 0 ? PortalEvent::cancel : PortalEvent::cancel_in_vain;
    return record.result == Result::withdrawn ? PortalEvent::get_withdrawn : PortalEvent::get;
  }

  void of_portal(const Record& record, const Statement& statement) {
    std::vector<Event>& events = portals_[statement.object];
    if (record.what == What::entered) events.push_back({last_in_loop_, now_, PortalEvent::open});
    if (record.what == What::body_ended) events.push_back({now_, forever, PortalEvent::close});
  }

  std::vector<const Statement*> statements_;
  std::set<int> threads_;
  std::map<int, Call> calls_;
  std::map<int, std::vector<Event>> portals_;
  /// Where each thread began what it is at.
  std::map<int, std::int64_t> began_;
  std::int64_t now_ = 0;
  std::int64_t last_in_loop_ = 0;
};

}  // namespace

std::vector<CallHistory> portal_histories(const Program& program, const std::vector<Record>& trace) {
  Reader reader(program);
  for (const Record& record : trace) reader.read(record);
  return reader.histories();
}

bool is_linearizable(const CallHistory& history) {
  // Longer ones are for other rules.
  if (history.events.size() > longest_history) return true;
  return is_linearizable(history.events, CallState(), [&](const CallState& state, PortalEvent event) {
    return after(state, event, history.is_function);
  });
}

}  // namespace concert::programs
