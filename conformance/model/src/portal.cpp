// SPDX-License-Identifier: Apache-2.0
#include "portal.hpp"

#include <chrono>
#include <iostream>
#include <utility>

#include "task.hpp"

namespace concert::model {

namespace {

/// Waits, whatever is requested meanwhile, until `condition` holds.
class ShieldedUntil {
 public:
  ShieldedUntil(Run& run, std::function<bool()> condition) : run_(run), condition_(std::move(condition)) {}
  bool await_ready() const { return condition_(); }
  void await_suspend(std::coroutine_handle<> waiter) {
    point_.waiter = waiter;
    Wait wait;
    wait.point = &point_;
    wait.is_over = condition_;
    wait.can_be_cancelled = false;
    run_.block(std::move(wait));
  }
  void await_resume() const noexcept {}

 private:
  Run& run_;
  std::function<bool()> condition_;
  WaitPoint point_;
};

}  // namespace

void ModelPortal::submit(std::shared_ptr<PortalCall> call) {
  if (is_on_loop_thread()) {
    throw UsageError(
        "ThreadsPortal: called on the thread of its own loop, which would wait for itself; call or await the function "
        "itself here");
  }
  std::unique_lock lock(mutex_);
  if (phase_ == Phase::created) {
    throw UsageError("ThreadsPortal: the portal is not entered yet; call it while ThreadsPortal::run runs its body");
  }
  if (phase_ == Phase::closed) {
    throw UsageError("ThreadsPortal: the portal was shut down: its exit has begun, and it accepts no calls any more");
  }
  if (broken("cancelled_portal_refuses_calls") && sees_cancellation(&node_)) throw UsageError("it is cancelled");
  const std::size_t number = ++submitted_;
  // Under the lock: no call comes into the mailbox once the exit has begun.
  mailbox_->post([self = shared_from_this(), accepted = std::move(call)] { self->begin(*accepted); });
  // A run that was given up begins nothing, hence the limit.
  if (submission_blocks_) begun_.wait_for(lock, std::chrono::seconds(5), [&] { return begun_count_ >= number; });
}

void ModelPortal::spawn(PortalCall& call, const TaskRef<>& body) {
  call.task = body;
  try {
    group_->spawn(body);
  } catch (const UsageError&) {
    // Only a fault of groups refuses it.
    call.task = TaskRef<>();
    call.cancel();
    return;
  }
  auto& task = static_cast<ModelTask&>(*body->core);
  task.is_deaf_to_groups = node_.cancelled && broken("exit_spares_what_has_not_begun");
  // In the order of the calls, which the order of ready tasks need not keep.
  if (!task.has_begun() && !broken("coroutines_begin_when_scheduled")) Run::here()->step_now(task);
}

void ModelPortal::begin(PortalCall& call) {
  if (TaskRef<> body = call.begin()) spawn(call, body);
  const std::lock_guard lock(mutex_);
  ++begun_count_;
  begun_.notify_all();
}

void ModelPortal::cancel(std::shared_ptr<PortalCall> call) noexcept {
  // Behind the call itself, so its first step has run. Without effect once the run is over.
  mailbox_->post([cancelled = std::move(call)] {
    if (cancelled->task) cancelled->task->core->cancel();
  });
}

void ModelPortal::enter() {
  Run& run = Run::require("ThreadsPortal::run");
  const std::lock_guard lock(mutex_);
  if (phase_ == Phase::open) {
    throw UsageError("ThreadsPortal::run: this portal was entered twice; it is open, create another one");
  }
  if (phase_ == Phase::closed) {
    throw UsageError("ThreadsPortal::run: this portal was entered again after its exit; create a new one");
  }
  if (!home_.is_here()) {
    throw UsageError("ThreadsPortal::run: called outside the loop that this portal was created in");
  }
  phase_ = Phase::open;
  ++run.open_portals;
  node_.parent = run.current->node;
  run.current->node = &node_;
  group_.emplace(home_.backend(), home_.options(), ModelGroup::Use::group);
  group_->enter();
}

Coro<void> ModelPortal::exit(std::exception_ptr body_failure) {
  Run& run = *Run::here();
  {
    const std::lock_guard lock(mutex_);
    phase_ = Phase::closed;
  }
  node_.cancelled = body_failure != nullptr;
  ShieldedUntil all_begun(run, [this] {
    const std::lock_guard lock(mutex_);
    return begun_count_ == submitted_;
  });
  co_await std::move(all_begun);
  // No failure of a coroutine comes into the group: its call has taken it.
  std::exception_ptr failure = co_await GroupExit(*group_, body_failure);
  group_.reset();
  run.current->node = node_.parent;
  --run.open_portals;
  if (failure) std::rethrow_exception(std::move(failure));
}

void ModelPortal::unhandled_error(std::exception_ptr error) noexcept {
  constexpr std::string_view where = "a coroutine of a threads portal whose future was cancelled";
  if (const auto& handler = Run::here()->on_unhandled_error) {
    handler(std::move(error), where);
  } else {
    std::cerr << "unhandled error in " << where << ": " << describe(error) << '\n';
  }
}

}  // namespace concert::model
