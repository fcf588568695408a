// SPDX-License-Identifier: Apache-2.0
#include "run.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <chrono>
#include <cmath>
#include <thread>
#include <utility>

#include "fold.hpp"
#include "scope.hpp"
#include "task.hpp"
#include "thread.hpp"

namespace concert::model {

namespace {
constinit thread_local Run* run_here = nullptr;
constinit thread_local std::size_t steps_here = 0;
constinit std::atomic<std::uint64_t> next_run_number = 1;
}  // namespace

TimePoint instant_of(TimePoint time) noexcept {
  // Far away a double is coarser than that.
  constexpr Seconds far{1e6};
  const Seconds since = time.time_since_epoch();
  if (!(since < far && since > -far)) return time;
  return TimePoint(Seconds(std::round(since.count() * 1e9) / 1e9));
}

Run::Run(AsyncBackend& backend_, const ModelOptions& options_, Pick pick_, TimePoint start)
    : backend(backend_),
      options(options_),
      number(next_run_number++),
      pick(std::move(pick_)),
      now(start),
      workers(std::make_unique<WorkerThreads>(*this, options_.traits.worker_threads)),
      outer_(std::exchange(run_here, this)) {
  steps_here = 0;
}

Run::~Run() {
  mailbox->close();
  run_here = outer_;
}

Run* Run::here() noexcept { return run_here; }

namespace {
void require_here(std::string_view operation) {
  if (run_here != nullptr) return;
  throw UsageError(std::string(operation) + ": no loop runs on this thread; call it inside bootstrap");
}
}  // namespace

Run& Run::of(const AsyncBackend& backend, std::string_view operation) {
  require_here(operation);
  if (&run_here->backend != &backend) {
    throw UsageError(std::string(operation) + ": another backend runs on this thread");
  }
  return *run_here;
}

Run& Run::require(std::string_view operation) {
  require_here(operation);
  if (run_here->current == nullptr) throw UsageError(std::string(operation) + ": called outside a task");
  return *run_here;
}

void Run::add_task(ModelTask& task) { ready_.push_back(&task); }

void Run::forget(ModelTask& task) {
  std::erase(ready_, &task);
  std::erase(blocked_, &task);
}

void Run::step_now(ModelTask& task) {
  std::erase(ready_, &task);
  ModelTask* const caller = current;
  task.resume();
  current = caller;
}

void Run::block(Wait wait) {
  notice_deadlines();
  if (current->is_cancelled_at_next_wait) current->root.cancelled = true;
  const bool was_told = current->deliveries > 0 && current->node != &current->root && current->node->cancelled;
  if (was_told && broken("failed_group_interrupts_its_body_once")) wait.can_be_cancelled = false;
  current->wait = std::move(wait);
  current->wait.cancelled_from_the_start = current->wait.can_be_cancelled && reaches(*current);
  blocked_.push_back(current);
}

void Run::node_left(const Node& node) {
  if (!broken("task_lives_under_the_scope_of_its_starter")) return;
  for (const auto* tasks : {&ready_, &blocked_}) {
    for (ModelTask* task : *tasks) {
      if (task->root.parent == &node) task->root.parent = node.parent;
    }
  }
}

void Run::notice_deadlines() {
  for (ModelScope* scope : open_scopes) scope->notice(now);
}

bool Run::reaches(const ModelTask& task) const {
  if (options.mutant.empty()) return sees_cancellation(task.node);
  if (broken("cancels_nothing")) return false;
  if (task.leaked_request) return true;
  if (broken("shield_covers_scopes_inside") && is_shielded(task.node)) return false;
  if (task.wait.is_yield && broken("yield_sees_innermost_scope_only")) return task.node->cancelled;
  bool shielded = false;
  bool above_root = false;
  int shielded_requests = 0;
  for (const Node* node = task.node; node != nullptr; node = node->parent) {
    if (node->cancelled && !node->spent && !(above_root && task.is_deaf_to_groups)) {
      if (!shielded || task.wait.ignores_shields) return true;
      if (broken("shield_lets_task_cancel_through") && node == &task.root) return true;
      if (broken("shield_withstands_one_request") && ++shielded_requests == 2) return true;
    }
    if (node->is_shield) shielded = true;
    if (node == &task.root) above_root = true;
    // What asyncio does: a scope interrupts the task that entered it and leaves the children of its groups alone.
    if (above_root && broken("cancel_reaches_the_host_only")) break;
  }
  return false;
}

void Run::give_outcome(ModelTask& task, bool cancelled) {
  task.wait.point->outcome = cancelled ? WaitPoint::Outcome::cancelled : WaitPoint::Outcome::value;
  if (!cancelled) return;
  task.leaked_request = false;
  if (broken("scope_request_is_delivered_once")) {
    for (Node* node = task.node; node != &task.root; node = node->parent) node->spent = node->cancelled;
  }
  if (broken("task_request_is_delivered_once")) task.root.spent = task.root.cancelled;
  if (broken("child_is_interrupted_once")) task.is_deaf_to_groups = sees_cancellation(task.root.parent);
}

void Run::run_others_inside() {
  ModelTask* const caller = current;
  settle();
  if (!ready_.empty()) step();
  current = caller;
}

/// Moves every task whose wait has an outcome to the ready ones. An outcome may bring about others.
void Run::settle() {
  has_new_request_ = false;
  notice_deadlines();
  while (settle_once()) {
  }
}

void Run::may_settle() {
  if (!std::exchange(has_new_request_, false)) return;
  const auto lets_go = [this](const ModelTask* task) {
    const Wait& wait = task->wait;
    return wait.on_outcome && !wait.is_yield && !wait.outcome_stands && wait.can_be_cancelled && reaches(*task);
  };
  if (std::none_of(blocked_.begin(), blocked_.end(), lets_go) || pick({2}) == 0) return;
  // Not the deadlines: the running task may still move them.
  while (settle_once()) {
  }
}

/// Returns true if a wait has got an outcome.
bool Run::settle_once() {
  bool settled = false;
  const auto still_blocked = [this, &settled](ModelTask* task) {
    Wait& wait = task->wait;
    if (wait.outcome_stands) {
      if (!wait.may_go_on()) return true;
      ready_.push_back(task);
      return false;
    }
    const bool over = wait.is_over() ||
                      (broken("cancelled_sleep_keeps_its_timer") && task == stale_sleeper_ && now >= stale_wake_time_);
    bool cancelled = wait.cancelled_from_the_start || (wait.can_be_cancelled && reaches(*task));
    if (broken("cancelled_sleep_ends_at_its_wake_time") && wait.wake_time != never && !over) cancelled = false;
    if (broken("third_cancelled_is_withheld") && task->deliveries >= 2) cancelled = false;
    if (!over && !cancelled) return true;
    if (broken("timers_wait_for_idle") && wait.wake_time != never && !ready_.empty()) return true;
    bool reports_cancellation = cancelled;
    if (over && cancelled && !wait.cancelled_from_the_start) {
      reports_cancellation = wait.cancellation_wins || (!wait.value_wins && pick({2}) == 1);
      if (broken("value_eats_the_request") && !wait.is_yield) {
        reports_cancellation = false;
        forget_requests(task->node);
      }
    }
    if (task == stale_sleeper_) stale_sleeper_ = nullptr;
    if (reports_cancellation && wait.wake_time != never) {
      stale_sleeper_ = task;
      stale_wake_time_ = wait.wake_time;
    }
    settled = true;
    give_outcome(*task, reports_cancellation);
    if (wait.on_outcome && !wait.is_yield) wait.on_outcome(reports_cancellation);
    wait.outcome_stands = wait.may_go_on && !wait.may_go_on();
    wait.wake_time = wait.outcome_stands ? never : wait.wake_time;
    if (wait.outcome_stands) return true;
    const bool jumps_the_queue = broken("yields_play_ping_pong") && wait.is_yield && ready_.size() > 1;
    ready_.insert(jumps_the_queue ? ready_.begin() + 1 : ready_.end(), task);
    return false;
  };
  // In the order in which they began to wait.
  blocked_.erase(std::stable_partition(blocked_.begin(), blocked_.end(), still_blocked), blocked_.end());
  return settled;
}

namespace {
bool begins_in_order(const ModelTask& task) { return task.begins_in_order && !task.has_begun(); }

/// The one that became ready earlier goes on earlier.
bool keep_their_order(const ModelTask& one, const ModelTask& other) {
  if (begins_in_order(one)) return begins_in_order(other);
  const auto woken_with = [](const ModelTask& task) {
    const bool has_value = task.has_begun() && task.wait.point->outcome == WaitPoint::Outcome::value;
    return has_value ? task.wait.goes_on_in_order_with.get() : nullptr;
  };
  return woken_with(one) != nullptr && woken_with(one) == woken_with(other);
}
}  // namespace

/// Who may run next: any ready task, but one that yields must be the first of them, and an order that is promised is
/// kept.
std::vector<std::size_t> Run::candidates() const {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < ready_.size(); ++i) {
    const ModelTask& task = *ready_[i];
    if (i > 0 && task.wait.is_yield) continue;
    const auto goes_earlier = [&](std::size_t earlier) { return keep_their_order(*ready_[earlier], task); };
    if (std::none_of(found.begin(), found.end(), goes_earlier)) found.push_back(i);
  }
  return found;
}

/// Chooses who runs next; nobody starves.
std::size_t Run::choose_ready() {
  // A task that is ready is passed over so often at most: far more often than in any run that is explored, where this
  // would hide what is permitted.
  constexpr std::size_t most_passed_over = 32;
  const std::vector<std::size_t> found = candidates();
  std::size_t chosen = 0;
  if (found.size() > 1 && passed_over_ < most_passed_over) {
    std::vector<std::uint64_t> ids;
    for (const std::size_t each : found) ids.push_back(ready_[each]->id());
    chosen = found[pick({found.size(), ids})];
  }
  passed_over_ = chosen == 0 ? 0 : passed_over_ + 1;
  return chosen;
}

/// A request that comes after the value, but before the task goes on, may still win (Cancel014).
void Run::reconsider(ModelTask& task) {
  const Wait& wait = task.wait;
  const bool has_value = wait.point->outcome == WaitPoint::Outcome::value;
  if (!has_value || !wait.can_be_cancelled || wait.value_wins || wait.value_stands || !reaches(task)) return;
  if (pick({2}) == 0) return;
  give_outcome(task, true);
  if (wait.on_outcome) wait.on_outcome(true);
}

void Run::task_ended(const ModelTask& task) {
  // A sum, since their order does not matter.
  ends_ += fold(fold(task.lineage(), task.decisions), 1U + (task.cancelled() ? 2U : 0U));
}

std::exception_ptr Run::what_failed(ModelTask& task, const Node& here, const std::exception_ptr& failure) {
  if (!failure || !sees_cancellation(&here)) return failure;
  if (is_cancelled(failure)) return nullptr;
  const auto [obedience, rest] = split_failure(failure, is_cancelled);
  if (!obedience) return failure;
  const std::size_t choice = pick({2});
  task.decisions = fold(task.decisions, choice + 1);
  return choice == 0 ? failure : rest;
}

std::uint64_t Run::fingerprint() const {
  std::uint64_t all = fold(ends_, std::bit_cast<std::uint64_t>(instant_of(now).time_since_epoch().count()));
  // Sums again: the order matters only to those that have to wait for others.
  std::uint64_t ahead = 0;
  for (const ModelTask* task : ready_) {
    const std::uint64_t one = task->fingerprint();
    const bool keeps_an_order = task->wait.is_yield || task->wait.goes_on_in_order_with || begins_in_order(*task);
    all += fold(one, keeps_an_order ? ahead : 0);
    ahead += one;
  }
  std::uint64_t line = 0;
  for (const ModelTask* task : blocked_) {
    const std::uint64_t one = fold(task->fingerprint(), 1);
    if (task->wait.on_outcome || task->wait.goes_on_in_order_with) {
      line = fold(line, one);
    } else {
      all += one;
    }
  }
  return fold(all, line);
}

void Run::step() {
  ++steps;
  steps_here = steps;
  turn_started = now;
  const std::size_t chosen = choose_ready();
  ModelTask* task = ready_[chosen];
  ready_.erase(ready_.begin() + static_cast<std::ptrdiff_t>(chosen));
  if (task->has_begun() && task->wait.is_yield && !broken("yield_checks_at_the_call")) {
    notice_deadlines();
    const bool cancelled = task->wait.can_be_cancelled && reaches(*task);
    give_outcome(*task, cancelled);
    if (task->wait.on_outcome) task->wait.on_outcome(cancelled);
    if (broken("shielded_yield_eats_the_request") && !task->wait.can_be_cancelled) forget_requests(task->node);
  } else if (task->has_begun() && !task->wait.is_yield) {
    reconsider(*task);
  }
  task->resume();
}

/// The next time at which something happens: the last one of its instant, so that nothing happens early.
TimePoint Run::next_event() const {
  TimePoint next = never;
  const auto consider = [&next](TimePoint time) {
    if (has_come(time, next)) next = has_come(next, time) ? std::max(next, time) : time;
  };
  std::size_t looked_at = 0;
  for (const ModelTask* task : blocked_) {
    if (task->wait.wake_time != never && ++looked_at > 6 && broken("only_six_timers_are_looked_at")) break;
    consider(task->wait.wake_time);
  }
  for (const ModelScope* scope : open_scopes) consider(scope->next_expiry());
  if (broken("cancelled_sleep_keeps_its_timer") && stale_wake_time_ > now) consider(stale_wake_time_);
  return next;
}

/// Jumps to the next event. Returns false if there is none.
bool Run::advance_clock() {
  TimePoint next = next_event();
  const bool spins =
      broken("cancelled_scope_polls") &&
      std::any_of(open_scopes.begin(), open_scopes.end(), [](const auto* scope) { return scope->cancel_called(); });
  if (spins && next != never) next = std::min(next, now + Seconds(1e-3));
  if (spins) steps_here = ++steps;
  if (next == never) return false;
  now = std::max(now, next);
  return true;
}

void Run::open_mail() {
  for (const Mailbox::Action& action : mailbox->take()) action();
}

bool Run::threads_are_under_way() const {
  return options.threads_are_under_way ? options.threads_are_under_way() : awaited_jobs > 0;
}

/// Nothing can be done here: waits for other threads, in real time, as long as they are under way, and for a moment if
/// there is nothing else to wait for. Returns false if nothing came. A thread posts first and is under way until then.
bool Run::wait_for_mail() {
  // Slices, since nobody tells when a thread is no longer under way; they take about a second in all.
  constexpr std::chrono::microseconds slice{20};
  constexpr int patience = 10'000;
  constexpr int moment = 1'000;
  const bool may_come = awaited_jobs > 0 || open_portals > 0;
  for (int slices = 0; slices < patience; ++slices) {
    const bool under_way = threads_are_under_way();
    if (!mailbox->empty()) return true;
    if (!under_way && (!may_come || next_event() != never || slices >= moment)) return false;
    std::this_thread::sleep_for(slice);
  }
  return false;
}

void Run::run_until_done(ModelTask& main) {
  add_task(main);
  while (true) {
    open_mail();
    settle();
    if (!ready_.empty()) {
      step();
    } else if (main.done()) {
      if (broken("run_waits_for_stale_timers")) now = std::max(now, stale_wake_time_);
      return;
    } else if (broken("run_ends_at_a_long_wait") && next_event() > now + std::chrono::hours(2)) {
      return;
    } else if (!wait_for_mail() && !advance_clock()) {
      throw Deadlock("every task of the model waits for something that cannot happen");
    }
  }
}

void spend(Seconds duration) { Run::require("model::spend").now += duration; }

std::uint64_t state_fingerprint() {
  if (run_here == nullptr) throw UsageError("model::state_fingerprint: no run is here; call it inside a Pick");
  return run_here->fingerprint();
}

std::size_t scheduler_steps() noexcept { return steps_here; }

}  // namespace concert::model
