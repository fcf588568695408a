// SPDX-License-Identifier: Apache-2.0
// Backends that break the clauses of spec/clauses/portal.md: the model with faulty portals.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "concert/harness/gate.hpp"
#include "concert/harness/log.hpp"
#include "concert/mutants/mutants.hpp"

namespace concert::conformance {

namespace {

using Original = std::function<std::shared_ptr<PortalCore>()>;

/// A call in place of another one, or of none.
class Detour final : public PortalCall {
 public:
  using Begin = std::function<TaskRef<>()>;
  Detour(std::shared_ptr<PortalCore> portal, Begin begin) : PortalCall(std::move(portal)), begin_(std::move(begin)) {}
  TaskRef<> begin() noexcept override { return begin_(); }
  /// What the work of a call threw that has been answered.
  static std::exception_ptr failure_of(const PortalCall& call) { return call.*(&Detour::failure_); }

 private:
  Begin begin_;
};

/// Calls something on another thread, where a portal accepts calls, and waits for that.
void on_another_thread(const std::function<void()>& function) { std::thread(function).join(); }

/// A portal of the model with one fault.
class FaultyPortal final : public PortalCore, public std::enable_shared_from_this<FaultyPortal> {
 public:
  FaultyPortal(std::string fault, Original original)
      : fault_(std::move(fault)), original_(std::move(original)), inner_(original_()) {}

  AsyncBackend& backend() const noexcept override { return inner_->backend(); }
  bool is_on_loop_thread() const noexcept override {
    return inner_->is_on_loop_thread() && !has("own_thread_is_not_noticed");
  }

  void submit(std::shared_ptr<PortalCall> call) override {
    if (has("other_loops_are_refused") && AsyncBackend::running() != nullptr) throw UsageError("a loop runs here");
    if (has_torn_down()) throw UsageError("the portal was torn down");
    if (inner_->is_on_loop_thread() && has("own_thread_is_not_noticed")) {
      return on_another_thread([&] { inner_->submit(call); });
    }
    const auto detour = std::make_shared<Detour>(shared_from_this(), [this, call] { return begin(*call); });
    try {
      inner_->submit(has_own_begin() ? detour : call);
    } catch (const UsageError&) {
      if (!is_leaving_ || !has("calls_after_the_exit_are_accepted")) throw;
    }
    const std::lock_guard lock(mutex_);
    if (keeps_calls()) calls_.push_back(std::move(call));
  }

  void cancel(std::shared_ptr<PortalCall> call) noexcept override {
    {
      const std::lock_guard lock(mutex_);
      std::erase(calls_, call);
    }
    if (has("only_the_future_is_cancelled")) return;
    inner_->cancel(call);
    if (!has("cancelling_waits_for_the_loop") || inner_->is_on_loop_thread()) return;
    const auto seen = std::make_shared<std::atomic<bool>>();
    const auto mark = [seen] {
      *seen = true;
      return TaskRef<>();
    };
    try {
      inner_->submit(std::make_shared<Detour>(shared_from_this(), mark));
    } catch (const UsageError&) {
      return;
    }
    block_until([&] { return seen->load(); });
  }

  void enter() override {
    if (is_open_ && has("portal_can_be_entered_twice")) {
      ++inner_entries_;
      return;
    }
    if (is_leaving_ && !is_open_ && has("portal_can_be_entered_again")) {
      inner_ = original_();
      is_leaving_ = false;
    }
    inner_->enter();
    is_open_ = true;
  }

  Coro<void> exit(std::exception_ptr failure) override {
    if (inner_entries_ > 0) {
      --inner_entries_;
      if (failure) std::rethrow_exception(failure);
      co_return;
    }
    is_leaving_ = true;
    std::exception_ptr told = failure;
    if (has("exit_cancels_nothing")) told = nullptr;
    if (has("exit_cancels_always") && !told) told = std::make_exception_ptr(0);
    // A local, since co_await in a handler is no C++.
    std::exception_ptr left;
    try {
      co_await inner_->exit(told);
    } catch (...) {
      left = std::current_exception();
    }
    is_open_ = false;
    if (!failure) co_return;
    if (has("groups_of_the_body_are_wrapped") && holds<ExceptionGroup>(failure))
      throw ExceptionGroup("the body failed", {failure});
    std::rethrow_exception(failure);
  }

  void unhandled_error(std::exception_ptr error) noexcept override {
    if (has("unheard_errors_are_dropped")) return;
    inner_->unhandled_error(error);
    if (has("unheard_errors_are_told_twice")) inner_->unhandled_error(error);
  }

 private:
  bool has(std::string_view fault) const noexcept { return fault_ == fault; }
  bool has_own_begin() const {
    constexpr std::string_view faults[] = {
        "cancelled_coroutines_do_not_begin",  "calls_are_lost_at_the_exit",
        "failures_of_functions_are_reported", "functions_run_in_a_thread_of_their_own",
        "suspended_coroutines_are_cancelled", "task_names_are_lost",
        "tenth_coroutine_is_dropped",         "third_function_is_dropped"};
    return std::find(std::begin(faults), std::end(faults), fault_) != std::end(faults);
  }
  /// In place of the call's own begin, on the loop thread.
  TaskRef<> begin(PortalCall& call) {
    if (has("calls_are_lost_at_the_exit") && is_leaving_) return {};
    if (has("cancelled_coroutines_do_not_begin") && call.cancelled()) return {};
    TaskRef<> body;
    if (has("functions_run_in_a_thread_of_their_own")) {
      on_another_thread([&] { body = call.begin(); });
    } else if (has("third_function_is_dropped") && ++begun_ % 3 == 0) {
      // To be answered it must be begun; a coroutine begins in any case.
      call.cancel();
      body = call.begin();
    } else {
      body = call.begin();
    }
    call.task = body;
    if (has("task_names_are_lost") && body) body->name.clear();
    if (has("failures_of_functions_are_reported") && !body && Detour::failure_of(call)) {
      inner_->unhandled_error(Detour::failure_of(call));
    }
    if (body && has("suspended_coroutines_are_cancelled")) inner_->cancel(call.shared_from_this());
    return body;
  }

  bool keeps_calls() const {
    return has("cancelled_work_tears_the_portal_down") || has("thrown_cancellations_tear_the_portal_down");
  }
  bool has_torn_down() {
    const std::lock_guard lock(mutex_);
    return std::any_of(calls_.begin(), calls_.end(), [this](const auto& call) {
      if (!call->done()) return false;
      return has("cancelled_work_tears_the_portal_down") ? call->cancelled()
                                                         : holds<FutureCancelled>(Detour::failure_of(*call));
    });
  }

  const std::string fault_;
  const Original original_;
  std::shared_ptr<PortalCore> inner_;
  std::atomic<bool> is_open_ = false;
  std::atomic<bool> is_leaving_ = false;
  int inner_entries_ = 0;
  int begun_ = 0;
  std::mutex mutex_;
  std::vector<std::shared_ptr<PortalCall>> calls_;
};

/// A portal into nowhere.
class NowherePortal final : public PortalCore {
 public:
  explicit NowherePortal(AsyncBackend& backend) : backend_(backend) {}
  AsyncBackend& backend() const noexcept override { return backend_; }
  bool is_on_loop_thread() const noexcept override { return false; }
  void submit(std::shared_ptr<PortalCall>) override { throw UsageError("nowhere"); }
  void cancel(std::shared_ptr<PortalCall>) noexcept override {}
  void enter() override { throw UsageError("nowhere"); }
  Coro<void> exit(std::exception_ptr) override { co_return; }
  void unhandled_error(std::exception_ptr) noexcept override {}

 private:
  AsyncBackend& backend_;
};

using MakePortal = std::function<std::shared_ptr<PortalCore>(AsyncBackend&, const Original&)>;

/// A model whose portals come from what `make` returns, anew for each backend object.
Mutant with_portals(std::string name, std::string breaks, std::vector<Kill> kills, std::function<MakePortal()> make) {
  return faulty_model(std::move(name), std::move(breaks), std::move(kills), [make = std::move(make)] {
    model::Faults faults;
    faults.portal = make();
    return faults;
  });
}
Mutant portal_mutant(const std::string& name, std::string breaks, std::vector<Kill> kills) {
  return with_portals(name, std::move(breaks), std::move(kills), [name] {
    return [name](AsyncBackend&, const Original& original) { return std::make_shared<FaultyPortal>(name, original); };
  });
}

std::vector<Mutant> creation_mutants() {
  return {
      with_portals("portal_needs_no_loop", "a portal is created on any thread, and refuses every call",
                   {{"Thread014", "accepted"}, {"Portal002", "before"}},
                   [] {
                     return [](AsyncBackend& backend, const Original& original) -> std::shared_ptr<PortalCore> {
                       try {
                         return original();
                       } catch (const UsageError&) {
                         return std::make_shared<NowherePortal>(backend);
                       }
                     };
                   }),
      with_portals("portals_are_shared", "each second portal is the one before", {{"Portal001", "failed"}},
                   [] {
                     return [last = std::weak_ptr<PortalCore>()](AsyncBackend&, const Original& original) mutable {
                       auto portal = last.lock();
                       if (portal != nullptr && portal->is_on_loop_thread()) return portal;
                       portal = original();
                       last = portal;
                       return portal;
                     };
                   }),
  };
}

std::vector<Mutant> call_mutants() {
  return {
      portal_mutant("calls_after_the_exit_are_accepted", "a call after the exit is accepted, and forgotten",
                    {{"Portal001", "other-is-exited"},
                     {"Portal004", "while-leaving"},
                     {"Portal006", "outcomes"},
                     {"Portal012", "outcomes"},
                     {"Portal031", "calls"},
                     {"Portal038", "lost"}}),
      portal_mutant(
          "own_thread_is_not_noticed", "a portal accepts calls on the thread of its own loop",
          {{"Portal007", "body"}, {"Portal012", "body"}, {"Portal016", "first-step"}, {"Portal037", "refused"}}),
      portal_mutant("other_loops_are_refused", "a portal refuses calls from a thread that runs another loop",
                    {{"Portal015", "other-loop-failed"}}),
      model_mutant("cancelled_portal_refuses_calls", "a portal under a cancelled scope refuses calls at once",
                   {{"Portal003", "clean-up"}}),
      portal_mutant("functions_run_in_a_thread_of_their_own", "a submitted function is called in a fresh thread",
                    {{"Thread005", "in-the-loop"},
                     {"Portal001", "outer-run"},
                     {"Portal011", "stuck"},
                     {"Portal015", "thread"},
                     {"Portal016", "function"},
                     {"Portal038", "on-another-thread"}}),
      portal_mutant("third_function_is_dropped", "each third call is cancelled instead of made",
                    {{"Thread005", "no-failure"},
                     {"Portal003", "first-statement"},
                     {"Portal005", "types"},
                     {"Portal006", "outcomes"},
                     {"Portal008", "thread-failed"},
                     {"Portal011", "answers"},
                     {"Portal012", "outcomes"},
                     {"Portal013", "thread-failed"},
                     {"Portal015", "answers"},
                     {"Portal017", "answers"},
                     {"Portal021", "called"},
                     {"Portal024", "portal-goes-on"},
                     {"Portal026", "called"},
                     {"Portal027", "ended"},
                     {"Portal032", "order"},
                     {"Portal036", "coroutines"},
                     {"Portal038", "cancelled-by-nobody"}}),
      portal_mutant("suspended_coroutines_are_cancelled", "a coroutine is cancelled at its first wait",
                    {{"Portal004", "while-leaving"},
                     {"Portal005", "answers"},
                     {"Portal008", "thread-failed"},
                     {"Portal010", "get"},
                     {"Portal018", "told"},
                     {"Portal020", "cancelled"},
                     {"Portal023", "answers"},
                     {"Portal027", "ended"},
                     {"Portal036", "coroutines"},
                     {"Portal037", "refused"},
                     {"Portal038", "cancelled-by-nobody"},
                     {"Run014", "objects"}}),
      model_mutant("coroutines_begin_when_scheduled", "a submitted coroutine begins like any other new task",
                   {{"Portal032", "order"}, {"Portal038", "order"}}),
      portal_mutant("task_names_are_lost", "the task of a submitted coroutine has another name than the one given",
                    {{"Portal035", "name"}}),
  };
}

std::vector<Mutant> future_mutants() {
  return {
      portal_mutant("only_the_future_is_cancelled", "cancelling a future leaves the coroutine alone",
                    {{"Portal018", "stuck"},
                     {"Portal019", "stuck"},
                     {"Portal020", "stuck"},
                     {"Portal022", "stuck"},
                     {"Run014", "stuck"}}),
      portal_mutant("cancelling_waits_for_the_loop", "cancel() of a future returns once the loop has seen it",
                    {{"Portal019", "needs-the-loop"}, {"Portal021", "told"}, {"Portal038", "lost"}}),
      portal_mutant("cancelled_coroutines_do_not_begin", "a coroutine that was cancelled in time never begins",
                    {{"Portal021", "destroyed"}, {"Portal022", "began"}, {"Portal038", "lost"}}),
      portal_mutant("unheard_errors_are_dropped", "a failure after the cancellation of a future is told to nobody",
                    {{"Portal020", "number"}, {"Portal038", "reported"}, {"Run014", "objects"}}),
      portal_mutant("unheard_errors_are_told_twice", "a failure that nobody awaits is reported twice",
                    {{"Portal020", "number"}, {"Portal038", "reported"}, {"Run014", "objects"}}),
      portal_mutant("failures_of_functions_are_reported", "a failure that a future tells is reported as well",
                    {{"Portal017", "reported"}, {"Portal038", "reported"}, {"Run014", "reports-of-what-was-told"}}),
      portal_mutant("cancelled_work_tears_the_portal_down", "after a coroutine let Cancelled out, calls are refused",
                    {{"Portal023", "thread-failed"}}),
      portal_mutant("thrown_cancellations_tear_the_portal_down",
                    "after work that threw a FutureCancelled of another future, calls are refused",
                    {{"Portal024", "thread-failed"}}),
  };
}

std::vector<Mutant> exit_mutants() {
  model::Traits blocks;
  blocks.portal_submission_blocks = true;
  return {
      portal_mutant("calls_are_lost_at_the_exit", "a call that has not begun when the body ends is forgotten",
                    {{"Portal003", "last-statement"},
                     {"Portal006", "outcomes"},
                     {"Portal012", "outcomes"},
                     {"Portal026", "called"},
                     {"Portal027", "ended"},
                     {"Portal028", "interrupted"},
                     {"Portal036", "threads-came-back"},
                     {"Portal038", "lost"}}),
      portal_mutant("exit_cancels_always", "the exit cancels coroutines after a body that returned, too",
                    {{"Portal004", "while-leaving"},
                     {"Portal027", "ended"},
                     {"Portal036", "coroutines"},
                     {"Portal038", "cancelled-by-nobody"}}),
      portal_mutant("exit_cancels_nothing", "the exit waits for coroutines without cancelling them",
                    {{"Portal009", "stuck"}, {"Portal028", "stuck"}, {"Portal036", "stuck"}}),
      model_mutant("exit_spares_what_has_not_begun", "a coroutine that begins during the exit is not cancelled",
                   {{"Portal028", "failed"}}),
      portal_mutant("groups_of_the_body_are_wrapped", "an ExceptionGroup of the body leaves inside another one",
                    {{"Portal029", "same-object"}}),
      portal_mutant("portal_can_be_entered_twice", "an open portal lets another block enter it",
                    {{"Portal030", "refused"}}),
      portal_mutant("portal_can_be_entered_again", "a portal opens again after its exit", {{"Portal031", "refused"}}),
      lying_model("lies_that_submission_is_immediate", "declares that submitting does not wait for the loop; it does",
                  blocks, "portal_submission", "immediate",
                  {{"Portal003", "thread-failed"},
                   {"Portal006", "accepted-while-the-loop-is-busy"},
                   {"Portal012", "accepted-while-the-loop-is-busy"},
                   {"Portal021", "told"},
                   {"Portal026", "submitted"},
                   {"Portal027", "submitted"},
                   {"Portal028", "submitted"},
                   {"Portal033", "returned-at-once"},
                   {"Portal036", "blocked"}}),
      lying_model("lies_that_submission_blocks", "declares that submitting waits for the loop; it does not", {},
                  "portal_submission", "blocks", {{"Portal033", "returned-later"}}),
  };
}

}  // namespace

std::vector<Mutant> portal_mutants() {
  std::vector<Mutant> all;
  for (const auto group : {creation_mutants, call_mutants, future_mutants, exit_mutants}) {
    for (Mutant& mutant : group()) all.push_back(std::move(mutant));
  }
  return all;
}

}  // namespace concert::conformance
