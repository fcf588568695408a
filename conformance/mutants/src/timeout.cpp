// SPDX-License-Identifier: Apache-2.0
// Backends that break the clauses of spec/clauses/scope.md, the family Timeout: the model with faulty limits.
#include <cmath>
#include <map>
#include <memory>
#include <stdexcept>
#include <utility>

#include "concert/harness/log.hpp"
#include "concert/mutants/mutants.hpp"
#include "decorated_backend.hpp"

namespace concert::conformance {

namespace {

/// What was asked for when a limit was made.
struct LimitRequest {
  /// timeout or timeout_at.
  bool raises = false;
  /// Counted from the call: move_on_after or timeout.
  bool relative = false;
  Seconds delay{0};
  TimePoint deadline{};
};

/// The model, with one fault in the scopes that move_on_* and timeout* return; plain scopes are sound.
class FaultyLimits final : public DecoratedBackend {
 public:
  explicit FaultyLimits(std::string fault) : DecoratedBackend(sound_model()), fault_(std::move(fault)) {}

  bool has(std::string_view fault) const noexcept { return fault_ == fault; }
  std::exception_ptr timeout_error(TimePoint deadline) const { return std::make_exception_ptr(TimeoutError(deadline)); }
  [[noreturn]] void throw_cancelled() const { throw Cancelled(cancel_key()); }

  CancelScope move_on_after(Seconds delay) override { return CancelScope(limit_after(false, delay)); }
  CancelScope move_on_at(TimePoint deadline) override { return CancelScope(limit_at(false, deadline)); }
  TimeoutScope timeout(Seconds delay) override { return TimeoutScope(limit_after(true, delay)); }
  TimeoutScope timeout_at(TimePoint deadline) override { return TimeoutScope(limit_at(true, deadline)); }
  std::exception_ptr timeout_failure(CancelScope& scope, const std::exception_ptr& absorbed) override;

 private:
  std::unique_ptr<CancelScopeCore> limit_after(bool raises, Seconds delay);
  std::unique_ptr<CancelScopeCore> limit_at(bool raises, TimePoint deadline);

  std::string fault_;
  /// For a fault: the last scope of move_on_after.
  std::weak_ptr<CancelScopeCore> last_;
};

/// One limit with the fault of its backend.
class Limit final : public CancelScopeCore {
 public:
  Limit(FaultyLimits& backend, std::shared_ptr<CancelScopeCore> inner, const LimitRequest& request)
      : backend_(backend), inner_(std::move(inner)), request_(request) {
    if (!std::isfinite(request.delay.count())) return;
    if (has("long_limits_are_cut") && request.delay >= Seconds(1)) {
      hide_deadline(std::floor(request.delay.count()) - request.delay.count());
    }
    if (has("long_limits_are_noticed_late") && request.delay > Seconds(600)) {
      hide_deadline(std::ceil(request.delay.count() / 600) * 600 - request.delay.count());
    }
  }

  AsyncBackend& backend() const noexcept override { return backend_; }
  bool cancel_called() const override { return inner_->cancel_called(); }
  bool cancelled_caught() const override { return inner_->cancelled_caught(); }
  void cancel() override { inner_->cancel(); }
  TimePoint deadline() const override { return is_hidden_ ? request_.deadline : inner_->deadline(); }

  void reschedule(TimePoint deadline) override {
    if (has("timeouts_cannot_be_moved") && request_.raises) return;
    if (has("infinite_limits_stay_so") && inner_->deadline() == never) return;
    is_hidden_ = false;
    inner_->reschedule(deadline);
  }

  void enter() override {
    if (has("expired_limit_throws_at_the_entry") && deadline() <= backend_.current_time()) backend_.throw_cancelled();
    if (has("limits_count_from_the_entry") && request_.relative) {
      inner_->reschedule(backend_.current_time() + request_.delay);
    }
    inner_->enter();
  }

  std::exception_ptr exit(std::exception_ptr body_failure) override {
    const bool had_failure = body_failure != nullptr;
    const bool is_timeout_error = holds<TimeoutError>(body_failure);
    const std::exception_ptr rest = inner_->exit(std::move(body_failure));
    const bool expired = deadline() <= backend_.current_time();
    const bool passes_cancelled = is_cancelled(rest);
    const bool passes_group = holds<ExceptionGroup>(rest);
    bool raise = false;
    if (!request_.raises) {
      raise = has("move_on_after_raises") && request_.relative && had_failure && !rest;
    } else if (rest) {
      raise =
          (has("timeout_adopts_inner_timeouts") && is_timeout_error) ||
          (has("timeout_claims_every_cancellation") && passes_cancelled) ||
          (has("expired_timeout_claims_the_cancellation") && passes_cancelled && cancel_called()) ||
          (has("timeout_outranks_groups") && passes_group && expired) ||
          (has("late_failures_become_timeouts") && expired && !passes_cancelled && !passes_group && !is_timeout_error);
    }
    return raise ? backend_.timeout_error(deadline()) : rest;
  }

 private:
  bool has(std::string_view fault) const noexcept { return backend_.has(fault); }
  /// The scope acts on another deadline than it shows.
  void hide_deadline(double offset) {
    is_hidden_ = true;
    inner_->reschedule(request_.deadline + Seconds(offset));
  }

  FaultyLimits& backend_;
  std::shared_ptr<CancelScopeCore> inner_;
  LimitRequest request_;
  bool is_hidden_ = false;
};

std::unique_ptr<CancelScopeCore> FaultyLimits::limit_after(bool raises, Seconds delay) {
  const TimePoint now = current_time();
  if (is_nan(delay)) {
    if (!(has("timeout_takes_nan") && raises)) throw std::invalid_argument("a delay must be a number, got NaN");
    delay = Seconds(never.time_since_epoch());
  }
  if (delay < Seconds(0)) {
    if (has("negative_delays_are_refused")) throw std::invalid_argument("a delay must not be negative");
    if (has("negative_delays_are_zero")) delay = Seconds(0);
  }
  if (has("zero_delay_is_no_limit") && delay == Seconds(0)) delay = Seconds(never.time_since_epoch());
  if (has("infinite_delay_is_none_at_all") && std::isinf(delay.count()) && delay > Seconds(0)) delay = Seconds(0);
  // 2^63 nanoseconds.
  if (has("huge_delays_overflow") && std::isfinite(delay.count()) && delay > Seconds(9.3e9)) delay = Seconds(0);
  const LimitRequest request{raises, true, delay, now + delay};
  std::shared_ptr<CancelScopeCore> inner;
  if (has("equal_limits_are_one") && !raises) {
    inner = last_.lock();
    if (inner && inner->deadline() != request.deadline) inner = nullptr;
  }
  if (!inner) inner = make_cancel_scope(request.deadline);
  last_ = inner;
  return std::make_unique<Limit>(*this, std::move(inner), request);
}

std::unique_ptr<CancelScopeCore> FaultyLimits::limit_at(bool raises, TimePoint deadline) {
  const TimePoint now = current_time();
  if (is_nan(deadline.time_since_epoch())) {
    if (!(has("move_on_at_takes_nan") && !raises)) throw std::invalid_argument("a deadline must be a number, got NaN");
    deadline = never;
  }
  if (has("past_deadlines_are_ignored") && !raises && deadline < now) deadline = never;
  const LimitRequest request{raises, false, deadline - now, deadline};
  return std::make_unique<Limit>(*this, inner().make_cancel_scope(deadline), request);
}

std::exception_ptr FaultyLimits::timeout_failure(CancelScope& scope, const std::exception_ptr& absorbed) {
  const bool expired = scope.when() <= current_time();
  if (has("timeout_judges_by_the_clock") && expired) return timeout_error(scope.when());
  if (!absorbed || !scope.cancelled_caught()) return nullptr;
  if (has("timeout_moves_on")) return nullptr;
  if (has("timeout_by_hand_is_silent") && !expired) return nullptr;
  if (has("timeout_error_has_no_cause")) return timeout_error(scope.when());
  const TimePoint told = has("timeout_error_has_no_deadline") ? never : scope.when();
  try {
    std::rethrow_exception(absorbed);
  } catch (...) {
    return timeout_error(told);
  }
}

Mutant faulty_limits(const std::string& name, std::string breaks, std::vector<Kill> kills) {
  Mutant mutant{name, std::move(breaks), std::move(kills), false, {}};
  mutant.make = [name] {
    BackendAdapter adapter = model_adapter();
    adapter.make = [name] { return std::make_unique<FaultyLimits>(name); };
    return adapter;
  };
  return mutant;
}

}  // namespace

std::vector<Mutant> timeout_mutants() {
  return {
      faulty_limits("equal_limits_are_one", "two limits with one deadline share their state",
                    {{"Gather014", "no-failure"},
                     {"Run011", "inside"},
                     {"Timeout001", "new"},
                     {"Util006", "here"},
                     {"Util011", "scope"}}),
      faulty_limits("limits_count_from_the_entry", "a relative limit counts from the entry of its block",
                    {{"Run011", "inside"},
                     {"Timeout002", "move_on_after"},
                     {"Timeout005", "caught"},
                     {"Util006", "here"},
                     {"Util011", "scope"}}),
      faulty_limits("move_on_after_raises", "move_on_after throws TimeoutError",
                    {{"Cond005", "no-failure"},  {"Fair003", "no-failure"},  {"Gather014", "no-failure"},
                     {"Group023", "no-failure"}, {"Group029", "failure"},    {"Lock004", "no-failure"},
                     {"Lock009", "tried"},       {"Run011", "inside"},       {"Scope008", "no-failure"},
                     {"Scope014", "no-failure"}, {"Scope027", "no-failure"}, {"Scope044", "no-failure"},
                     {"Shield012", "absorbed"},  {"Task021", "absorbed"},    {"Timeout003", "no-error"},
                     {"Timeout004", "no-limit"}, {"Timeout005", "caught"},   {"Timeout007", "no-timeout-error"},
                     {"Util006", "here"},        {"Util011", "scope"}}),
      faulty_limits("infinite_delay_is_none_at_all", "an infinite delay expires at once",
                    {{"Run011", "inside"},
                     {"Timeout004", "when"},
                     {"Timeout005", "time"},
                     {"Util006", "here"},
                     {"Util011", "scope"}}),
      faulty_limits("huge_delays_overflow", "a delay beyond the nanoseconds of 64 bits expires at once",
                    {{"Run011", "inside"}, {"Timeout004", "huge"}, {"Util006", "here"}, {"Util011", "scope"}}),
      faulty_limits("infinite_limits_stay_so", "a limit without a deadline cannot be given one",
                    {{"Run011", "inside"},
                     {"Scope014", "stuck"},
                     {"Timeout005", "caught"},
                     {"Util006", "here"},
                     {"Util011", "scope"}}),
      faulty_limits("past_deadlines_are_ignored", "move_on_at with a past deadline sets no limit",
                    {{"Run011", "inside"},
                     {"Scope019", "first-checkpoint"},
                     {"Scope020", "flags"},
                     {"Scope040", "when"},
                     {"Timeout006", "when"},
                     {"Timeout008", "trace"},
                     {"Util006", "here"},
                     {"Util011", "scope"}}),
      faulty_limits("timeout_error_has_no_deadline", "the TimeoutError does not carry the deadline",
                    {{"Run011", "inside"},
                     {"Timeout007", "deadline"},
                     {"Timeout008", "deadline"},
                     {"Util006", "here"},
                     {"Util011", "scope"}}),
      faulty_limits("timeout_moves_on", "timeout ends without an error",
                    {{"Run011", "inside"},
                     {"Shield012", "timeout"},
                     {"Timeout007", "timeout-error"},
                     {"Timeout008", "timeout-error"},
                     {"Timeout009", "timeout-error"},
                     {"Timeout013", "body"},
                     {"Timeout016", "timeout-error"},
                     {"Timeout017", "outermost"},
                     {"Timeout021", "timeout-error"},
                     {"Util006", "here"},
                     {"Util011", "scope"}}),
      faulty_limits("timeouts_cannot_be_moved", "reschedule of a timeout has no effect",
                    {{"Run011", "inside"}, {"Timeout009", "reschedule"}, {"Util006", "here"}, {"Util011", "scope"}}),
      faulty_limits("long_limits_are_cut", "limits of more than a second are cut to whole seconds",
                    {{"Run011", "inside"}, {"Timeout010", "early"}, {"Util006", "here"}, {"Util011", "scope"}}),
      faulty_limits("long_limits_are_noticed_late", "limits of more than ten minutes are rounded up to the next ten",
                    {{"Run011", "inside"}, {"Timeout024", "time"}, {"Util006", "here"}, {"Util011", "scope"}}),
      faulty_limits("timeout_judges_by_the_clock", "timeout throws whenever its deadline has passed at the end",
                    {{"Run011", "inside"},
                     {"Shield008", "timeout"},
                     {"Timeout007", "no-timeout-error"},
                     {"Timeout008", "no-timeout-error"},
                     {"Timeout011", "computed"},
                     {"Timeout016", "nested"},
                     {"Timeout023", "shielded"},
                     {"Util006", "here"},
                     {"Util011", "scope"}}),
      faulty_limits("timeout_adopts_inner_timeouts", "timeout replaces a TimeoutError of its body by its own",
                    {{"Run011", "inside"}, {"Timeout012", "in-time"}, {"Util006", "here"}, {"Util011", "scope"}}),
      faulty_limits("timeout_by_hand_is_silent", "timeout throws for its deadline only, not for cancel()",
                    {{"Run011", "inside"},
                     {"Timeout007", "timeout-error"},
                     {"Timeout008", "timeout-error"},
                     {"Timeout009", "timeout-error"},
                     {"Timeout013", "body"},
                     {"Timeout016", "nested-by-hand"},
                     {"Util006", "here"},
                     {"Util011", "scope"}}),
      faulty_limits("timeout_claims_every_cancellation", "timeout turns a Cancelled from elsewhere into its error",
                    {{"Run011", "inside"},
                     {"Timeout014", "together"},
                     {"Timeout017", "inner"},
                     {"Util006", "here"},
                     {"Util011", "scope"}}),
      faulty_limits("expired_timeout_claims_the_cancellation",
                    "an inner timeout throws although an outer scope absorbs",
                    {{"Run011", "inside"},
                     {"Timeout014", "together"},
                     {"Timeout017", "inner"},
                     {"Util006", "here"},
                     {"Util011", "scope"}}),
      faulty_limits("late_failures_become_timeouts", "a failure after the deadline is replaced by a TimeoutError",
                    {{"Run011", "inside"},
                     {"Timeout007", "no-timeout-error"},
                     {"Timeout008", "no-timeout-error"},
                     {"Timeout015", "late"},
                     {"Util006", "here"},
                     {"Util011", "scope"}}),
      faulty_limits("timeout_outranks_groups", "a group of failures after the deadline is replaced by a TimeoutError",
                    {{"Run011", "inside"}, {"Timeout022", "failures"}, {"Util006", "here"}, {"Util011", "scope"}}),
      faulty_limits("timeout_error_has_no_cause", "the TimeoutError has no nested exception",
                    {{"Run011", "inside"}, {"Timeout016", "nested"}, {"Util006", "here"}, {"Util011", "scope"}}),
      faulty_limits("timeout_takes_nan", "timeout takes NaN for no limit",
                    {{"Run011", "inside"}, {"Timeout018", "timeout"}, {"Util006", "here"}, {"Util011", "scope"}}),
      faulty_limits("move_on_at_takes_nan", "move_on_at takes NaN for no limit",
                    {{"Run011", "inside"}, {"Timeout018", "move_on_at"}, {"Util006", "here"}, {"Util011", "scope"}}),
      faulty_limits("negative_delays_are_refused", "a negative delay is std::invalid_argument",
                    {{"Run011", "inside"},
                     {"Timeout007", "program"},
                     {"Timeout019", "refused"},
                     {"Util006", "here"},
                     {"Util011", "scope"}}),
      faulty_limits("negative_delays_are_zero", "a negative delay counts as zero",
                    {{"Run011", "inside"}, {"Timeout019", "when"}, {"Util006", "here"}, {"Util011", "scope"}}),
      faulty_limits("zero_delay_is_no_limit", "a delay of zero sets no limit",
                    {{"Run011", "inside"}, {"Timeout020", "checkpoint"}, {"Util006", "here"}, {"Util011", "scope"}}),
      faulty_limits("expired_limit_throws_at_the_entry", "a limit that has expired throws at the entry",
                    {{"Run011", "inside"},
                     {"Scope019", "no-failure"},
                     {"Scope020", "no-failure"},
                     {"Scope040", "no-failure"},
                     {"Timeout006", "caught"},
                     {"Timeout019", "began"},
                     {"Timeout020", "complete-work"},
                     {"Util006", "here"},
                     {"Util011", "scope"}}),
      model_mutant("third_cancelled_is_withheld", "a task gets two Cancelleds and no more",
                   {{"Cancel005", "scope-checkpoint"},
                    {"Cancel007", "each-throws"},
                    {"Cancel008", "each-throws"},
                    {"Cancel009", "each-throws"},
                    {"Group037", "every-checkpoint"},
                    {"Scope005", "delivered"},
                    {"Scope032", "redelivered"},
                    {"Scope035", "absorbed"},
                    {"Scope036", "not-absorbed"},
                    {"Scope037", "a-group"},
                    {"Scope044", "results"},
                    {"Shield012", "cancel-caught"},
                    {"Timeout007", "trace"},
                    {"Timeout008", "trace"},
                    {"Timeout021", "timeout-error"}}),
  };
}

}  // namespace concert::conformance
