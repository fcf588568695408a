// SPDX-License-Identifier: Apache-2.0
// The freedoms that the clauses leave, as the model takes them and as a manifest declares them.
#pragma once

#include <cstddef>
#include <map>
#include <string>

namespace concert::model {

/// The freedoms that the clauses leave, one member each; the model can take every value.
struct Traits {
  bool yield_may_be_skipped = false;            ///< Yield003
  bool clock_epoch_is_run = false;              ///< Clock004: each run starts a time line of its own
  bool start_order_is_fifo = true;              ///< Group010; false: in any order
  bool cancelled_start_runs_first_step = true;  ///< Group028
  bool gather_starts_in_order = true;           ///< Gather012
  bool failed_join_reports_failure = true;      ///< Task028
  bool caught_without_own_exception = false;    ///< Scope038
  bool self_join_is_diagnosed = true;           ///< Shield019
  bool lock_reacquire_is_refused = true;        ///< Lock012; false: it waits
  bool free_lock_is_a_checkpoint = false;       ///< Lock013
  bool lock_is_freed_on_release = false;        ///< Lock014: locked() is false until the next owner runs
  bool abandoned_lock_is_an_error = false;      ///< Lock016; false: tasks wait on
  bool set_event_is_a_checkpoint = false;       ///< Cancel013
  bool event_wakes_in_order = true;             ///< Event010
  bool condition_accepts_fair_lock = true;      ///< Cond003
  bool fair_lock_is_default = false;            ///< Fair008: the documented default over events
  std::size_t worker_threads = 4;               ///< Thread012
  bool portal_submission_blocks = false;        ///< Portal033
};

/// The *Trait* lines of the clause pages: the name of each freedom and the word for the choice taken.
using DeclaredTraits = std::map<std::string, std::string, std::less<>>;

/// What a model with these traits has to declare.
DeclaredTraits declared(const Traits& traits);
/// The traits that make the model behave as declared; what is not declared is as by default.
/// Errors: std::invalid_argument for a word that the freedom does not have.
Traits traits_from(const DeclaredTraits& declared);

}  // namespace concert::model
