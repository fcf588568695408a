// SPDX-License-Identifier: Apache-2.0
#include "loop.hpp"

#include <atomic>
#include <cstdio>
#include <string>
#include <utility>

#include "group.hpp"
#include "interrupts.hpp"
#include "scope.hpp"
#include "worker_pool.hpp"

namespace concert::runtime {

constinit thread_local Loop* Loop::here_ = nullptr;

namespace {
std::uint64_t next_run_number() noexcept {
  static constinit std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}
}  // namespace

Loop::Loop(RuntimeBackend& backend, LoopPort& port, LoopSettings settings)
    : backend_(backend),
      run_number_(next_run_number()),
      port_(port),
      settings_(std::move(settings)),
      ready_(settings_.order_seed),
      recent_(port.now()),
      inbox_(std::make_shared<Inbox>(port)) {
  here_ = this;
}

Loop::~Loop() {
  if (workers_) workers_->close();
  inbox_->close();
  here_ = nullptr;
}

void Loop::run(TaskBody& main) {
  if (settings_.cancel_on_signals) interrupts_ = std::make_unique<Interrupts>();
  main.add_holder();
  main_ = new (main.core_space()) TaskRecord(*this, main, nullptr, nullptr);
  // The port begins with a turn.
  turn_requested_ = true;
  start(*main_);
  try {
    port_.run(*this, interrupts_ ? interrupts_->descriptor() : LoopPort::no_descriptor);
  } catch (...) {
    // The loop could not begin: the task will not run, and only its body's owner holds it.
    main.drop_holder();
    throw;
  }
}

// ---- Turns ----

void Loop::turn() noexcept {
  turn_requested_ = false;
  if (main_ended_) return;
  in_turn_ = true;
  // Before the deadlines: a value that has come is not lost to one that comes at the same time.
  if (inbox_->may_have_items()) inbox_->drain(*this);
  if (!deadlines_.empty()) notice_deadlines(now());
  for (int budget = resumptions_per_turn; budget > 0; --budget) {
    TaskRecord* task = ready_.pop();
    if (task == nullptr) break;
    run_step(*task);
  }
  in_turn_ = false;
  if (main_ended_) {
    // Nobody wakes a port that has stopped.
    inbox_->close();
    port_.stop();
  } else if (!ready_.empty()) {
    request_turn();
  } else {
    arm_timer();
  }
}

void Loop::request_turn() noexcept {
  if (std::exchange(turn_requested_, true)) return;
  port_.request_turn();
}

void Loop::timer_fired() noexcept {
  armed_ = not_armed;
  // Not a turn at once: I/O that became ready in the same pass goes first, and gives its value.
  request_turn();
}

/// An armed timer is not moved to a later time: it fires early then, once, which is cheaper than to move it for each
/// deadline that is met. It is disarmed when nothing is left to wait for.
void Loop::arm_timer() noexcept {
  deadlines_.settle();
  if (deadlines_.empty()) {
    if (std::exchange(armed_, not_armed) != not_armed) port_.disarm_timer();
  } else if (deadlines_.earliest() < armed_) {
    armed_ = deadlines_.earliest();
    port_.arm_timer(armed_);
  }
}

void Loop::run_step(TaskRecord& task) noexcept {
  current_ = &task;
  if (WaitPoint* point = std::exchange(task.waits_at, nullptr)) [[likely]] {
    task.yields = false;
    // The end of a checkpoint that only had to let others go first.
    if (point->outcome == WaitPoint::Outcome::pending) {
      point->outcome = is_cancelled_by_now(*task.innermost) ? WaitPoint::Outcome::cancelled : WaitPoint::Outcome::value;
    }
    resume(point->waiter);
  } else {
    begin(task);
  }
  if (ended_ != nullptr) [[unlikely]] {
    std::exchange(ended_, nullptr)->conclude();
  }
  current_ = nullptr;
}

void Loop::begin(TaskRecord& task) noexcept {
  // Woken now, whoever started the task goes on right after its first step; also if that step fails (Group035).
  if (task.starter != nullptr) {
    WaitPoint& starter = *std::exchange(task.starter, nullptr);
    complete(*starter.state<StartWait>().waiting, WaitPoint::Outcome::value);
  }
  if (const std::coroutine_handle<> frame = task.body.start()) {
    resume(frame);
  } else {
    ended_ = &task;
  }
}

bool Loop::is_cancelled_by_now(const Node& node) noexcept {
  if ((node.states & (Node::cancelled | Node::timed)) != 0) [[unlikely]] {
    if (!node.sees_cancellation()) notice_deadlines(now());
  }
  return node.sees_cancellation();
}

WorkerPool& Loop::workers() {
  if (!workers_) workers_ = std::make_shared<WorkerPool>(settings_.worker_threads, inbox_);
  return *workers_;
}

std::uint64_t Loop::next_task_id() {
  // Runs on other threads take blocks of their own, so that ids differ in the whole process.
  static constinit std::atomic<std::uint64_t> next_block{0};
  constexpr std::uint64_t block_size = 1024;
  if (next_id_ == end_of_ids_) {
    next_id_ = next_block.fetch_add(block_size, std::memory_order_relaxed);
    end_of_ids_ = next_id_ + block_size;
  }
  return ++next_id_;
}

// ---- Deadlines ----

void Loop::add_limit(Timer& timer, Ticks when) {
  deadlines_.add_limit(timer, when);
  // Foreign code on the loop thread may move a deadline; the end of a turn looks at the timer.
  if (!in_turn_) request_turn();
}

/// Sleepers that are due get their value before scopes that are due are cancelled: a wait that is ready is not lost.
void Loop::notice_deadlines(Ticks now) noexcept {
  if (!deadlines_.may_have_come(now)) return;
  deadlines_.settle();
  Node* expired = nullptr;
  Node** last_expired = &expired;
  while (deadlines_.has_settled() && deadlines_.earliest() <= now) {
    Timer& timer = deadlines_.pop();
    if (timer.use == Timer::Use::sleep) {
      complete(*static_cast<SleepWait&>(timer).waiting, WaitPoint::Outcome::value);
    } else {
      Node& node = static_cast<Scope&>(timer);
      node.next_visit = nullptr;
      *last_expired = &node;
      last_expired = &node.next_visit;
    }
  }
  while (expired != nullptr) {
    Node& node = *expired;
    expired = node.next_visit;
    cancel(node);
  }
}

namespace {
bool abandon_sleep(Loop& loop, WaitPoint& point) noexcept {
  SleepWait& wait = point.state<SleepWait>();
  if (wait.is_armed()) loop.remove_deadline(wait);
  return true;
}
}  // namespace

void Loop::sleep_until(WaitPoint& point, TimePoint wake_time) {
  const Ticks when = to_ticks(wake_time);
  if (current_->innermost->sees_cancellation() || when <= recent_ || when <= now()) {
    yield(point, true);
    return;
  }
  SleepWait& wait = point.state<SleepWait>();
  wait = SleepWait();
  wait.waiting = current_;
  if (when != Ticks::max()) deadlines_.add(wait, when);
  park(point, abandon_sleep);
}

// ---- Cancellation ----

void Loop::cancel(Node& node) noexcept {
  node.states |= Node::requested;
  if (!node.sees_cancellation()) spread(node, Node::cancelled);
}

void Loop::mark_timed(Node& node) noexcept {
  if ((node.states & Node::timed) == 0) spread(node, Node::timed);
}

/// Gives a state to a node and to all that see it. Groups whose tasks remain to be visited stand in a list through the
/// nodes, so that the depth of the tree costs no stack and no memory.
void Loop::spread(Node& start, std::uint8_t state) noexcept {
  Node* groups = nullptr;
  spread_along_task(start, state, groups);
  while (groups != nullptr) {
    const Group& group = static_cast<Group&>(*groups);
    groups = groups->next_visit;
    for (TaskRecord* child = group.first_child(); child != nullptr; child = child->next_sibling) {
      if ((child->root.states & state) == 0) spread_along_task(child->root, state, groups);
    }
  }
}

void Loop::spread_along_task(Node& start, std::uint8_t state, Node*& groups) noexcept {
  for (Node* node = &start;; node = node->inner) {
    node->states |= state;
    if (node->kind == Node::Kind::group) {
      node->next_visit = groups;
      groups = node;
    }
    if (node->inner == nullptr) {
      if (state == Node::cancelled) interrupt_wait(*node->task);
      return;
    }
    // What is inside a shield does not see this, and what has the state already has passed it on.
    if (node->inner->kind == Node::Kind::shield || (node->inner->states & state) != 0) return;
  }
}

void Loop::interrupt_wait(TaskRecord& task) noexcept {
  if (task.abandon != nullptr && task.abandon(*this, *task.waits_at)) complete(task, WaitPoint::Outcome::cancelled);
}

void Loop::interrupted() noexcept {
  if (!main_ended_) main_->cancel();
}

// ---- Errors ----

void Loop::unhandled_error(std::exception_ptr error, std::string_view where) noexcept {
  if (settings_.on_unhandled_error) {
    settings_.on_unhandled_error(std::move(error), where);
  } else {
    std::fprintf(stderr, "concert: unhandled error in %.*s: %s\n", static_cast<int>(where.size()), where.data(),
                 describe(error).c_str());
  }
}

void Loop::refuse_thread(std::string_view operation) {
  throw UsageError(std::string(operation) +
                   ": expected to be called on the thread of a loop that this backend runs, but it runs none on this "
                   "thread; call it from a task, inside bootstrap");
}

void Loop::refuse_outside_task(std::string_view operation) {
  throw UsageError(std::string(operation) +
                   ": expected to be called by a task, but a callback of the event loop called; start a task for it");
}

}  // namespace concert::runtime
