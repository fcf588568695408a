// SPDX-License-Identifier: Apache-2.0
#include "lock.hpp"

#include <algorithm>
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
  line_.push_back(claim);
  if (!owner_) hand_over();
  return claim;
}

void ModelLock::withdraw(const std::shared_ptr<Claim>& claim) {
  if (claim->is_granted) {
    hand_over();
  } else {
    std::erase(line_, claim);
  }
}

void ModelLock::hand_over() {
  owner_ = {};
  if (line_.empty()) return;
  const bool may_choose = is_plain() && line_.size() > 1;
  const auto next = line_.begin() + static_cast<std::ptrdiff_t>(may_choose ? Run::here()->pick(line_.size()) : 0);
  const std::shared_ptr<Claim> claim = *next;
  line_.erase(next);
  claim->is_granted = true;
  owner_ = claim->task;
  handed_over_in_ = Run::here()->steps;
}

bool ModelLock::suspend_until_acquired(WaitPoint& point) {
  Run& run = home_.require_task("Lock::acquire");
  ModelTask& task = *run.current;
  if (is_abandoned()) throw_abandoned();
  if (is_held_by(task) && home_.options().traits.lock_reacquire_is_refused) {
    throw UsageError("Lock::acquire: the task '" + task.info().name +
                     "' holds this lock already and would wait for itself; release it first");
  }
  // As coro_yield does, but the lock is taken before the others run, unless the task is cancelled anyway.
  const bool is_checkpoint = !owner_ && is_plain() && home_.options().traits.free_lock_is_a_checkpoint;
  const std::shared_ptr<Claim> claim = is_checkpoint && run.reaches(task) ? nullptr : claim_for(task);
  if (claim && claim->is_granted && !is_checkpoint) {
    point.outcome = WaitPoint::Outcome::value;
    return false;
  }
  Wait until_granted;
  until_granted.point = &point;
  until_granted.is_yield = is_checkpoint;
  until_granted.is_over = [this, &point, &task, claim] {
    if (!claim || claim->is_granted) return true;
    if (is_abandoned()) {
      point.state<AcquireState>().lock_is_abandoned = true;
      task.wait.cancelled_from_the_start = true;
    }
    return false;
  };
  until_granted.on_outcome = [this, claim](bool cancelled) {
    if (cancelled && claim) withdraw(claim);
  };
  run.block(std::move(until_granted));
  return true;
}

void ModelLock::acquire_cancelled(WaitPoint& point) {
  if (point.state<AcquireState>().lock_is_abandoned) throw_abandoned();
}

void ModelLock::release() {
  const Run& run = home_.require_task("Lock::release");
  if (!owner_) throw UsageError("Lock::release: the lock is not locked; acquire it first");
  if (!is_held_by(*run.current)) {
    throw UsageError("Lock::release: another task holds this lock; only the task that acquired it can release it");
  }
  hand_over();
}

bool ModelLock::locked() const {
  const Run& run = home_.require("Lock::locked");
  const bool seems_free = is_plain() && home_.options().traits.lock_is_freed_on_release &&
                          run.steps == handed_over_in_ && run.current != nullptr && !is_held_by(*run.current);
  return owner_ && !seems_free;
}

}  // namespace concert::model
