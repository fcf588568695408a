// SPDX-License-Identifier: Apache-2.0
#include "scope.hpp"

#include <algorithm>
#include <stdexcept>

#include "task.hpp"

namespace concert::model {

namespace {

/// In faults: the grain of a coarse timer.
constexpr Seconds a_tick{0.01};

void refuse_nan(TimePoint deadline) {
  if (is_nan(deadline.time_since_epoch())) throw std::invalid_argument("a deadline must be a point in time, got NaN");
}
}  // namespace

ModelScope::ModelScope(AsyncBackend& backend, const ModelOptions& options, TimePoint deadline)
    : backend_(backend), options_(options), deadline_(deadline), opened_(Run::here() ? Run::here()->now : TimePoint()) {
  if (broken("nan_deadline_is_never") && is_nan(deadline_.time_since_epoch())) deadline_ = never;
  refuse_nan(deadline_);
  if (broken("open_rounds_the_deadline")) deadline_ += Seconds(1e-3);
  if (broken("past_deadlines_read_as_zero")) deadline_ = std::max(deadline_, TimePoint());
}

ModelScope::~ModelScope() {
  if (state_ == State::entered) run_->open_scopes.remove(this);
}

void ModelScope::enter() {
  Run& run = Run::require("CancelScope::run");
  const bool reusable = state_ == State::created || (state_ == State::exited && broken("scope_can_be_used_again"));
  if (!reusable) throw UsageError("CancelScope::run: this scope was used before; open a new one");
  if (broken("deadline_counts_from_entry")) deadline_ += run.now - opened_;
  if (broken("expired_scope_throws_at_entry") && deadline_ <= run.now) std::rethrow_exception(a_cancellation());
  state_ = State::entered;
  run_ = &run;
  owner_ = run.current;
  deliveries_before_ = run.current->deliveries;
  node_.parent = run.current->node;
  run.current->node = &node_;
  run.open_scopes.push_back(this);
  if (!broken("expiry_is_not_noticed_at_entry")) notice(run.now);
}

std::exception_ptr ModelScope::exit(std::exception_ptr body_failure) {
  state_ = State::exited;
  run_->open_scopes.remove(this);
  run_->current->node = node_.parent;
  run_->node_left(node_);
  // The outermost cancelled node that the task can see takes the exception (Scope030).
  bool absorbs = node_.cancelled && !outer_request_wins();
  if (broken("only_deadlines_are_absorbed") && cancelled_by_hand_) absorbs = false;
  if (broken("fresh_cancellation_is_foreign") && run_->current->deliveries > deliveries_before_ + 1) absorbs = false;
  if (broken("foreign_cancellation_is_absorbed")) absorbs = true;
  if (broken("inner_exit_spends_the_outer_request") && !body_failure) node_.parent->cancelled = false;
  if (broken("expiry_always_counts_as_caught") && deadline_ <= run_->now) caught_ = true;
  if (broken("unmet_request_is_caught") && absorbs && !body_failure) caught_ = true;
  if (broken("request_outlives_its_scope") && absorbs) run_->current->leaked_request = true;
  if (broken("cancelled_block_always_throws") && absorbs && !body_failure) return a_cancellation();
  if (!body_failure || !absorbs) return body_failure;
  if (broken("groups_are_not_absorbed") && !is_cancelled(body_failure)) return body_failure;
  const auto [own, rest] = split_failure(body_failure, is_cancelled);
  caught_ = own != nullptr || (options_.traits.caught_without_own_exception && node_.interrupted_a_task);
  if (broken("failures_are_absorbed_too") && own == nullptr) return nullptr;
  if (broken("mixed_groups_are_absorbed") && own != nullptr) return nullptr;
  if (broken("cancelleds_stay_in_the_group") && rest != nullptr) return body_failure;
  return rest;
}

bool ModelScope::outer_request_wins() const {
  if (broken("inner_scope_absorbs")) return false;
  if (broken("scope_absorbs_task_cancel")) {
    for (const Node* node = node_.parent; node != &run_->current->root; node = node->parent) {
      if (node->cancelled) return true;
    }
    return false;
  }
  if (broken("scope_in_shield_sees_outside")) {
    for (const Node* node = node_.parent; node != nullptr; node = node->parent) {
      if (node->cancelled) return true;
    }
  }
  return sees_cancellation(node_.parent);
}

void ModelScope::require_loop_thread(const char* operation) const {
  if (state_ == State::entered && Run::here() != run_) {
    throw UsageError(std::string(operation) + ": called outside the loop thread of the scope; use a threads portal");
  }
}

void ModelScope::cancel() {
  if (broken("refused_cancel_cancels_anyway")) node_.cancelled = true;
  if (!broken("foreign_thread_cancels_scopes")) require_loop_thread("CancelScope::cancel");
  if (broken("only_the_owner_cancels") && run_ != nullptr && run_->current != owner_) return;
  if (broken("cancel_before_entry_is_lost") && state_ == State::created) return;
  if (broken("ended_scope_still_cancels") && state_ == State::exited) run_->current->node->cancelled = true;
  if (broken("second_cancel_is_delivered_too") && node_.cancelled && state_ == State::entered)
    owner_->leaked_request = true;
  if (broken("cancel_hits_the_innermost_scope") && state_ == State::entered) {
    const auto is_the_owners = [this](const ModelScope* scope) { return scope->owner_ == owner_; };
    auto& open = run_->open_scopes;
    return (*std::find_if(open.rbegin(), open.rend(), is_the_owners))->request();
  }
  request();
}

void ModelScope::request() {
  node_.cancelled = !(broken("second_cancel_takes_back") && node_.cancelled);
  cancelled_by_hand_ = true;
  if (state_ == State::entered) run_->note_request();
  if (broken("scope_cancel_runs_at_once") && state_ == State::entered) run_->run_others_inside();
}

bool ModelScope::cancel_called() const {
  if (broken("cancel_called_means_caught")) return caught_;
  if (broken("cancel_called_forgets_deadlines")) return cancelled_by_hand_;
  if (broken("cancel_called_is_a_tick_ahead") && state_ == State::entered && deadline_ <= run_->now + a_tick)
    return true;
  if (broken("reading_notices_the_deadline") && state_ == State::entered)
    const_cast<ModelScope*>(this)->notice(run_->now);
  return node_.cancelled;
}

bool ModelScope::cancelled_caught() const {
  if (broken("never_caught")) return false;
  if (broken("caught_means_called") && state_ == State::exited) return node_.cancelled;
  return caught_;
}

TimePoint ModelScope::deadline() const {
  if (broken("deadline_counts_from_another_origin")) return deadline_ - std::chrono::seconds(1000);
  return broken("ended_scope_forgets_its_deadline") && state_ == State::exited ? never : deadline_;
}

void ModelScope::reschedule(TimePoint deadline) {
  if (broken("nan_deadline_is_never") && is_nan(deadline.time_since_epoch())) deadline = never;
  refuse_nan(deadline);
  require_loop_thread("CancelScope::reschedule");
  if (broken("reschedule_notices_the_old_deadline") && state_ == State::entered) notice(run_->now);
  if (broken("reschedule_undoes_the_cancellation")) node_.cancelled = false;
  if (broken("past_deadlines_read_as_zero")) deadline = std::max(deadline, TimePoint());
  if (broken("reschedule_only_extends")) deadline = std::max(deadline_, deadline);
  if (broken("past_reschedule_is_ignored") && state_ == State::entered && deadline < run_->now) return;
  deadline_ = broken("reschedule_only_shortens") ? std::min(deadline_, deadline) : deadline;
  if (state_ == State::entered && !broken("reschedule_waits_for_the_next_turn")) {
    notice(run_->now);
    run_->note_request();
  }
}

void ModelScope::extend(Seconds more) {
  if (broken("extend_counts_from_now") && Run::here() != nullptr) return reschedule(Run::here()->now + more);
  CancelScopeCore::extend(more);
}

void ModelScope::clear_deadline() {
  if (broken("clear_deadline_only_doubles_it")) return extend(Seconds(0.5));
  CancelScopeCore::clear_deadline();
}

TimePoint ModelScope::expiry() const {
  const bool is_early = broken("nested_deadline_is_early") && run_->open_scopes.front() != this;
  return is_early ? deadline_ - a_tick : deadline_;
}

void ModelScope::notice(TimePoint now) {
  if (has_come(expiry(), now)) node_.cancelled = true;
}

void ModelShield::enter() {
  run_ = &Run::require("ignore_cancellation");
  node_.is_shield = true;
  node_.parent = run_->current->node;
  if (run_->broken("shields_do_not_nest") && is_shielded(node_.parent)) throw UsageError("a shield inside a shield");
  if (run_->broken("shield_entry_is_a_checkpoint") && sees_cancellation(node_.parent))
    std::rethrow_exception(a_cancellation());
  if (run_->broken("shield_misses_earlier_requests")) node_.is_shield = !sees_cancellation(node_.parent);
  if (run_->broken("shield_entry_lets_others_run")) run_->run_others_inside();
  run_->current->node = &node_;
}

void ModelShield::exit() noexcept {
  run_->current->node = node_.parent;
  run_->node_left(node_);
  if (run_->broken("shield_discards_requests")) forget_requests(node_.parent);
  int requests = 0;
  for (Node* node = node_.parent; node != nullptr; node = node->parent) {
    if (node->cancelled) ++requests;
    if (run_->broken("inner_shield_opens_the_outer")) node->is_shield = false;
  }
  if (requests > 1 && run_->broken("shield_drops_several_requests")) forget_requests(node_.parent);
}

}  // namespace concert::model
