// SPDX-License-Identifier: Apache-2.0
// Backends that break the clauses of spec/clauses/cancel.md, the families Yield and Cancel.
#include "concert/mutants/mutants.hpp"

namespace concert::conformance {

std::vector<Mutant> cancel_mutants() {
  model::Traits skips;
  skips.yield_may_be_skipped = true;
  return {
      model_mutant("yield_sees_innermost_scope_only", "coro_yield checks the innermost scope and none around it.", {}),
      model_mutant("yield_waits_for_a_timer", "coro_yield comes back two milliseconds later.", {}),
      model_mutant("yields_play_ping_pong", "A task that yields goes behind the next ready one only.", {}),
      model_mutant("timers_wait_for_idle", "A sleeping task does not wake while another one is ready.", {}),
      model_mutant("cancelled_yield_throws_at_once",
                   "coro_yield in a cancelled scope throws without a turn for others.", {}),
      model_mutant("yield_checks_at_the_call", "coro_yield looks for a request before the others had their turn.", {}),
      model_mutant("shielded_yield_keeps_running", "cancel_shielded_coro_yield does not let others run.", {}),
      model_mutant("shielded_yield_throws", "cancel_shielded_coro_yield throws Cancelled.", {}),
      model_mutant("shielded_yield_eats_the_request", "A request that comes during a shielded yield is forgotten.", {}),
      lying_model("skips_yields_but_denies_it", "Skips yields, though declared otherwise.", skips,
                  "yield_may_be_skipped", "no", {}),
      lying_model("claims_to_skip_yields", "Declares that yields may be skipped; none ever is.", {},
                  "yield_may_be_skipped", "yes", {}),
      model_mutant("cancelled_type_names_another", "cancelled_type() names a type that is never thrown.", {}),
      model_mutant("gather_wraps_the_cancellation", "A cancelled gather throws an error instead of Cancelled.", {}),
      model_mutant("scope_cancel_runs_at_once", "CancelScope::cancel() runs the cancelled task inside the call.", {}),
      model_mutant("task_cancel_runs_at_once", "Task::cancel() runs the cancelled task inside the call.", {}),
      model_mutant("unmet_request_is_caught", "cancelled_caught() is true though the exception was swallowed.", {}),
      model_mutant("task_asked_to_end_is_cancelled", "A task that swallowed its request counts as cancelled.", {}),
      model_mutant("task_cancel_throws_in_the_task", "Task::cancel() of the running task throws at once.", {}),
      model_mutant("join_ignores_cancellation", "A wait for a task cannot be interrupted.", {}),
      model_mutant("scope_request_is_delivered_once", "A cancelled scope interrupts the task that entered it once.",
                   {}),
      model_mutant("child_is_interrupted_once", "A cancelled scope interrupts each task of a group inside it once.",
                   {}),
      model_mutant("task_request_is_delivered_once", "Task::cancel() interrupts the task once.", {}),
      model_mutant("request_outlives_its_scope", "The first checkpoint behind a scope that absorbed throws again.", {}),
      model_mutant("group_exit_eats_the_request", "A request that comes during the exit of a group is forgotten.", {}),
      model_mutant("value_eats_the_request", "A wait that gives its value forgets a request of the same instant.", {}),
      model_mutant("foreign_thread_cancels_scopes", "CancelScope::cancel() works from any thread.", {}),
      model_mutant("foreign_thread_cancels_tasks", "Task::cancel() works from any thread.", {}),
      model_mutant("refused_cancel_cancels_anyway", "CancelScope::cancel() in another thread throws, and cancels.", {}),
      model_mutant("scope_absorbs_task_cancel", "A cancelled scope absorbs the cancellation of its task.", {}),
  };
}

}  // namespace concert::conformance
