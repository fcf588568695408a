// SPDX-License-Identifier: Apache-2.0
#include "lock.hpp"

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

namespace concert::model {

namespace {

/// What a wait for a lock keeps in its place.
struct AcquireState {
  bool lock_is_abandoned;
};

[[noreturn]] void throw_abandoned() {
  throw UsageError("Lock::acquire: the task that held this lock has ended without releasing it");
}

}  // namespace

ModelLock::ModelLock(AsyncBackend& backend, Kind kind)
    : home_(backend, kind == Kind::plain ? "create_lock" : "create_fair_lock"), kind_(kind) {}

bool ModelLock::is_abandoned() const {
  return home_.options().traits.abandoned_lock_is_an_error && owner_ &&
         static_cast<const ModelTask*>(owner_->core)->done();
}

std::shared_ptr<ModelLock::Claim> ModelLock::claim_for(const ModelTask& task) {
  auto claim = std::make_shared<Claim>(Claim{task.body()});
  const bool goes_first = !is_plain() && broken("fair_lock_is_a_stack");
  line_.insert(goes_first ? line_.begin() : line_.end(), claim);
  if (broken("newcomers_barge") && last_granted_ && handed_over_in_ == Run::here()->steps) {
    last_granted_->is_granted = false;
    line_.insert(line_.begin(), last_granted_);
    grant(claim);
  }
  if (!owner_) hand_over();
  last_granted_ = nullptr;
  return claim;
}

std::size_t ModelLock::place_of(const std::shared_ptr<Claim>& claim) const {
  if (!claim || claim->is_granted) return 0;
  return static_cast<std::size_t>(std::find(line_.begin(), line_.end(), claim) - line_.begin()) + 1;
}

void ModelLock::withdraw(const std::shared_ptr<Claim>& claim) {
  if (claim->is_granted) {
    if (broken("cancelled_waiter_keeps_the_lock")) return;
    hand_over();
    if (!is_plain() && broken("fair_race_has_two_winners") && !line_.empty()) hand_over();
  } else if (!broken("cancelled_waiter_stays_in_line")) {
    std::erase(line_, claim);
    if (!is_plain() && broken("cancellation_turns_the_line")) std::reverse(line_.begin(), line_.end());
  }
}

void ModelLock::hand_over() {
  owner_ = {};
  if (line_.empty()) return;
  const bool may_choose = is_plain() && line_.size() > 1;
  const auto next = line_.begin() + static_cast<std::ptrdiff_t>(may_choose ? Run::here()->pick({line_.size()}) : 0);
  grant(*next);
}

void ModelLock::grant(std::shared_ptr<Claim> claim) {
  std::erase(line_, claim);
  claim->is_granted = true;
  claim->granted_at = Run::here()->now;
  owner_ = claim->task;
  handed_over_in_ = Run::here()->steps;
  if (broken("newcomers_barge")) last_granted_ = claim;
}

bool ModelLock::suspend_until_acquired(WaitPoint& point) {
  Run& run = home_.require_task("Lock::acquire");
  run.may_settle();
  ModelTask& task = *run.current;
  if (is_abandoned()) throw_abandoned();
  if (is_held_by(task) && home_.options().traits.lock_reacquire_is_refused) {
    throw UsageError("Lock::acquire: the task '" + task.info().name +
                     "' holds this lock already and would wait for itself; release it first");
  }
  // As coro_yield does, but the lock is taken before the others run, unless the task is cancelled anyway.
  const bool is_checkpoint = !owner_ && (is_plain() ? home_.options().traits.free_lock_is_a_checkpoint
                                                    : broken("free_fair_lock_is_a_checkpoint"));
  if (!owner_ && run.reaches(task) && broken("cancelled_acquire_takes_the_lock")) {
    claim_for(task);
    point.outcome = WaitPoint::Outcome::cancelled;
    return false;
  }
  const std::shared_ptr<Claim> claim = is_checkpoint && run.reaches(task) ? nullptr : claim_for(task);
  if (claim && claim->is_granted && !is_checkpoint) {
    point.outcome = WaitPoint::Outcome::value;
    return false;
  }
  Wait until_granted;
  until_granted.point = &point;
  until_granted.is_yield = is_checkpoint;
  until_granted.is_over = [this, &point, &task, claim] {
    if (!claim || claim->is_granted) return !claim || is_over_for(task, claim);
    if (is_abandoned()) {
      point.state<AcquireState>().lock_is_abandoned = true;
      task.wait.cancelled_from_the_start = true;
    }
    return false;
  };
  until_granted.on_outcome = [this, claim](bool cancelled) {
    if (cancelled && claim) withdraw(claim);
  };
  until_granted.place_in_line = [this, claim] { return place_of(claim); };
  until_granted.can_be_cancelled = !broken("acquire_ignores_cancellation");
  run.block(std::move(until_granted));
  return true;
}

bool ModelLock::is_over_for(ModelTask& task, const std::shared_ptr<Claim>& claim) {
  if (!broken("lock_waiters_hear_late")) return true;
  task.wait.wake_time = claim->granted_at + Seconds(0.01);
  return task.wait.wake_time <= Run::here()->now;
}

void ModelLock::acquire_cancelled(WaitPoint& point) {
  if (point.state<AcquireState>().lock_is_abandoned) throw_abandoned();
}

void ModelLock::release() {
  if (broken("lock_is_released_from_anywhere") && !home_.is_here()) return;
  if (broken("release_in_unwinding_is_lost") && std::uncaught_exceptions() > 0) return;
  Run& run = home_.require_task("Lock::release");
  run.may_settle();
  if (!owner_ && broken("release_of_a_free_lock_is_ignored")) return;
  if (!owner_) throw UsageError("Lock::release: the lock is not locked; acquire it first");
  const bool anybody_may = broken("anybody_releases") || (!is_plain() && broken("anybody_releases_a_fair_lock"));
  const bool is_owner =
      is_held_by(*run.current) && !(broken("shield_hides_the_owner") && is_shielded(run.current->node));
  if (!is_owner && !anybody_may) {
    throw UsageError("Lock::release: another task holds this lock; only the task that acquired it can release it");
  }
  if (!is_plain() && line_.empty() && broken("fair_release_needs_a_waiter"))
    throw UsageError("Lock::release: an empty line");
  if (broken("release_forgets_the_waiters")) {
    owner_ = {};
  } else {
    hand_over();
    if (!owner_) last_granted_ = nullptr;
  }
  if (broken("release_wakes_two") && !line_.empty()) hand_over();
  if (broken("release_runs_the_waiter")) run.run_others_inside();
}

bool ModelLock::locked() const {
  Run& run = home_.require("Lock::locked");
  run.may_settle();
  if (broken("locked_tells_whether_it_is_mine") && run.current != nullptr) return is_held_by(*run.current);
  const bool seems_free =
      (is_plain() ? home_.options().traits.lock_is_freed_on_release : broken("fair_lock_seems_free_after_release")) &&
      run.steps == handed_over_in_ && run.current != nullptr && !is_held_by(*run.current);
  return owner_ && !seems_free;
}

}  // namespace concert::model
