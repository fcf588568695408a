// SPDX-License-Identifier: Apache-2.0
#include "concert/model/traits.hpp"

#include <array>
#include <charconv>
#include <stdexcept>
#include <string_view>

namespace concert::model {

namespace {

struct Freedom {
  std::string_view name;
  bool Traits::*member;
  std::string_view if_true;
  std::string_view if_false;
};

constexpr auto freedoms = std::to_array<Freedom>({
    {"yield_may_be_skipped", &Traits::yield_may_be_skipped, "yes", "no"},
    {"clock_epoch", &Traits::clock_epoch_is_run, "run", "process"},
    {"start_order", &Traits::start_order_is_fifo, "fifo", "unspecified"},
    {"cancelled_start_runs_first_step", &Traits::cancelled_start_runs_first_step, "yes", "no"},
    {"gather_start_order", &Traits::gather_starts_in_order, "argument", "unspecified"},
    {"failed_join_reports", &Traits::failed_join_reports_failure, "failure", "cancellation"},
    {"caught_without_own_exception", &Traits::caught_without_own_exception, "yes", "no"},
    {"self_join_is_diagnosed", &Traits::self_join_is_diagnosed, "yes", "no"},
    {"lock_reacquire", &Traits::lock_reacquire_is_refused, "refused", "waits"},
    {"free_lock_acquire", &Traits::free_lock_is_a_checkpoint, "checkpoint", "immediate"},
    {"lock_release", &Traits::lock_is_freed_on_release, "freed", "handed_over"},
    {"abandoned_lock", &Traits::abandoned_lock_is_an_error, "error", "waits"},
    {"set_event_wait", &Traits::set_event_is_a_checkpoint, "checkpoint", "immediate"},
    {"event_wake_order", &Traits::event_wakes_in_order, "fifo", "unspecified"},
    {"condition_accepts_fair_lock", &Traits::condition_accepts_fair_lock, "yes", "no"},
    {"portal_submission", &Traits::portal_submission_blocks, "blocks", "immediate"},
});
constexpr std::string_view worker_threads = "worker_threads";

[[noreturn]] void refuse(std::string_view name, std::string_view expected, std::string_view word) {
  throw std::invalid_argument("trait " + std::string(name) + ": expected " + std::string(expected) + ", got '" +
                              std::string(word) + "'");
}

bool truth_of(const Freedom& freedom, std::string_view word) {
  if (word != freedom.if_true && word != freedom.if_false) {
    refuse(freedom.name, std::string(freedom.if_true) + " or " + std::string(freedom.if_false), word);
  }
  return word == freedom.if_true;
}

std::size_t number_of(std::string_view name, std::string_view word) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc() || end != word.data() + word.size() || number == 0) refuse(name, "a number from 1 on", word);
  return number;
}

}  // namespace

DeclaredTraits declared(const Traits& traits) {
  DeclaredTraits words;
  for (const Freedom& freedom : freedoms) {
    words.emplace(freedom.name, traits.*freedom.member ? freedom.if_true : freedom.if_false);
  }
  // A condition of the model needs a lock of the model's own.
  if (traits.fair_lock_is_default) words["condition_accepts_fair_lock"] = "no";
  words.emplace(worker_threads, std::to_string(traits.worker_threads));
  return words;
}

Traits traits_from(const DeclaredTraits& declared) {
  Traits traits;
  for (const Freedom& freedom : freedoms) {
    const auto found = declared.find(freedom.name);
    if (found != declared.end()) traits.*freedom.member = truth_of(freedom, found->second);
  }
  const auto found = declared.find(worker_threads);
  if (found != declared.end()) traits.worker_threads = number_of(worker_threads, found->second);
  return traits;
}

}  // namespace concert::model
