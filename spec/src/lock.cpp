// SPDX-License-Identifier: Apache-2.0
#include "concert/lock.hpp"

#include <algorithm>
#include <cstdint>
#include <list>
#include <string>

#include "concert/backend.hpp"

namespace concert {

LockGuard::~LockGuard() {
  try {
    lock_.release();
  } catch (const UsageError&) {
    // Released by hand inside the block.
  }
}

void Lock::leave(LockCore& core, const std::exception_ptr& failure) {
  if (failure) {
    // Like the guard: the failure of the body says more than the second release.
    const LockGuard released(core);
    std::rethrow_exception(failure);
  }
  core.release();
}

namespace {

/// A queue of events, one for each waiter: the first in line is woken when the lock is already its own.
class FairLock final : public LockCore {
 public:
  explicit FairLock(AsyncBackend& backend) : backend_(backend), member_of_run_(backend.make_event()) {}

  AsyncBackend& backend() const noexcept override { return backend_; }

  bool suspend_until_acquired(WaitPoint& point) override {
    require_own_loop();
    const TaskInfo task = backend_.get_current_task();
    if (!locked_) {
      locked_ = true;
      owner_ = task.id;
      point.outcome = WaitPoint::Outcome::value;
      return false;
    }
    if (owner_ == task.id) {
      throw UsageError("Lock::acquire: the task '" + task.name +
                       "' holds this lock already and would wait for itself; release it first");
    }
    waiters_.push_back({task.id, &point, backend_.make_event()});
    return waiters_.back().turn->suspend_until_set(point);
  }

  void acquire_cancelled(WaitPoint& point) noexcept override {
    const auto found = std::ranges::find(waiters_, &point, &Waiter::point);
    if (found != waiters_.end()) {
      waiters_.erase(found);
    } else {
      // Handed over and cancelled in one instant: the next in line gets it.
      hand_over();
    }
  }

  void release() override {
    if (!locked()) throw UsageError("Lock::release: the lock is not locked; acquire it first");
    if (owner_ != backend_.get_current_task().id) {
      throw UsageError("Lock::release: another task holds this lock; only the task that acquired it can release it");
    }
    hand_over();
  }

  bool locked() const override {
    require_own_loop();
    return locked_;
  }

 private:
  struct Waiter {
    std::uint64_t task;
    const WaitPoint* point;
    std::shared_ptr<EventCore> turn;
  };

  /// Errors: those of an event that is used elsewhere than in the run that made it.
  void require_own_loop() const { static_cast<void>(member_of_run_->is_set()); }

  void hand_over() {
    locked_ = !waiters_.empty();
    if (!locked_) return;
    owner_ = waiters_.front().task;
    const std::shared_ptr<EventCore> turn = std::move(waiters_.front().turn);
    waiters_.pop_front();
    turn->set();
  }

  AsyncBackend& backend_;
  std::shared_ptr<EventCore> member_of_run_;
  bool locked_ = false;
  std::uint64_t owner_ = 0;
  std::list<Waiter> waiters_;
};

}  // namespace

std::shared_ptr<LockCore> AsyncBackend::make_fair_lock() { return std::make_shared<FairLock>(*this); }

}  // namespace concert
