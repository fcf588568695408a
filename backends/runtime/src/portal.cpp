// SPDX-License-Identifier: Apache-2.0
#include "portal.hpp"

#include <utility>

#include "loop.hpp"

namespace concert::runtime {

class Portal::BeginItem final : public Inbox::Item {
 public:
  BeginItem(std::shared_ptr<Portal> portal, std::shared_ptr<PortalCall> call) noexcept
      : portal_(std::move(portal)), call_(std::move(call)) {}
  void handle(Loop&) noexcept override { portal_->begin(*call_); }

 private:
  std::shared_ptr<Portal> portal_;
  std::shared_ptr<PortalCall> call_;
};

class Portal::CancelItem final : public Inbox::Item {
 public:
  explicit CancelItem(std::shared_ptr<PortalCall> call) noexcept : call_(std::move(call)) {}
  void handle(Loop&) noexcept override {
    if (call_->task) call_->task->core->cancel();
  }

 private:
  std::shared_ptr<PortalCall> call_;
};

/// Handled when all that was posted before it is.
class Portal::MarkItem final : public Inbox::Item {
 public:
  explicit MarkItem(TaskRecord& waiting) noexcept : waiting_(waiting) {}
  void handle(Loop& loop) noexcept override { loop.complete(waiting_, WaitPoint::Outcome::value); }

 private:
  TaskRecord& waiting_;
};

/// Awaits, in a closed portal, that all accepted calls have begun. Nothing interrupts that.
class Portal::AcceptedBegun {
 public:
  explicit AcceptedBegun(Portal& portal) noexcept : portal_(portal) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    Loop& loop = portal_.binding_.loop_with_task("ThreadsPortal::run");
    auto mark = std::make_unique<MarkItem>(*loop.current());
    point_.waiter = waiter;
    loop.park(point_, nullptr);
    portal_.inbox_->post(std::move(mark));
  }
  void await_resume() const { point_.finish(); }

 private:
  Portal& portal_;
  WaitPoint point_;
};

Portal::Portal(RuntimeBackend& backend)
    : binding_(backend, "create_threads_portal"), inbox_(binding_.loop("create_threads_portal").inbox()) {}

void Portal::submit(std::shared_ptr<PortalCall> call) {
  if (is_on_loop_thread()) {
    throw UsageError(
        "ThreadsPortal: expected to be called from another thread, but this is the thread of the portal's own loop; "
        "call the function here, or await it");
  }
  std::unique_ptr<Inbox::Item> item = std::make_unique<BeginItem>(shared_from_this(), std::move(call));
  // Posted under the mutex, so that all that was accepted is in the inbox when the portal is closed.
  const std::lock_guard lock(mutex_);
  if (phase_ == Phase::created) {
    throw UsageError("ThreadsPortal: the portal is not entered yet; use it while ThreadsPortal::run is running");
  }
  if (phase_ == Phase::closed || !inbox_->post(std::move(item))) {
    throw UsageError(
        "ThreadsPortal: the portal is exited and takes no calls any more; use it while ThreadsPortal::run "
        "is running, and create another portal for another block");
  }
}

void Portal::begin(PortalCall& call) noexcept {
  const TaskRef<> body = call.begin();
  if (!body) return;
  TaskRecord& task = group_->add(*body, "ThreadsPortal");
  // The step may be the last one, which takes this back.
  call.task = body;
  Loop::here()->start_now(task);
}

void Portal::cancel(std::shared_ptr<PortalCall> call) noexcept {
  // Behind the call itself, which has its first step in any case (Portal022).
  inbox_->post(std::make_unique<CancelItem>(std::move(call)));
}

void Portal::enter() {
  const std::lock_guard lock(mutex_);
  if (phase_ != Phase::created) {
    throw UsageError(
        "ThreadsPortal::run: expected a new portal, but this one was entered before; create one for each block");
  }
  Loop& loop = binding_.loop_with_task("ThreadsPortal::run");
  group_ = std::make_unique<Group>(loop.backend());
  group_->enter();
  phase_ = Phase::open;
}

Coro<void> Portal::exit(std::exception_ptr body_failure) {
  {
    const std::lock_guard lock(mutex_);
    phase_ = Phase::closed;
  }
  co_await AcceptedBegun(*this);
  co_await GroupExit(*group_, body_failure);
  group_.reset();
  // Not what the group makes of it: the tasks tell their failures to their futures, and the body's leaves as it came.
  if (body_failure) std::rethrow_exception(std::move(body_failure));
}

void Portal::unhandled_error(std::exception_ptr error) noexcept {
  Loop::here()->unhandled_error(std::move(error), "a coroutine of a threads portal whose future was cancelled");
}

}  // namespace concert::runtime
