// SPDX-License-Identifier: Apache-2.0
#include "concert/model/model_backend.hpp"

#include <algorithm>
#include <mutex>
#include <optional>
#include <random>
#include <utility>

#include "condition.hpp"
#include "event.hpp"
#include "group.hpp"
#include "lock.hpp"
#include "portal.hpp"
#include "run.hpp"
#include "scope.hpp"
#include "task.hpp"
#include "thread.hpp"

namespace concert::model {

namespace {

/// A point that is no round number, so that nobody takes the epoch for granted.
constexpr TimePoint first_start{Seconds{1000.0}};

class ModelBackend final : public AsyncBackend {
 public:
  explicit ModelBackend(ModelOptions options) : options_(std::move(options)) {}

  std::string_view name() const noexcept override { return "model"; }

  TimePoint current_time() override {
    const auto original = [this] { return Run::of(*this, "current_time").now; };
    return options_.faults.current_time ? options_.faults.current_time(original) : original();
  }
  Sleep sleep(Seconds delay) override {
    return options_.faults.sleep ? options_.faults.sleep(*this, delay) : AsyncBackend::sleep(delay);
  }
  Sleep sleep_until(TimePoint wake_time) override {
    return options_.faults.sleep_until ? options_.faults.sleep_until(*this, wake_time)
                                       : AsyncBackend::sleep_until(wake_time);
  }
  TimeoutScope timeout_at(TimePoint deadline) override {
    return options_.faults.timeout_at ? options_.faults.timeout_at(*this, deadline)
                                      : AsyncBackend::timeout_at(deadline);
  }
  TaskInfo get_current_task() override {
    if (broken("current_task_is_made_up") && Run::here() == nullptr) return {1, "nobody"};
    Run& run = Run::require("get_current_task");
    TaskInfo info = run.current->info();
    if (broken("current_task_has_another_id")) info.id += 1000;
    if (broken("shield_makes_a_task") && is_shielded(run.current->node)) info.id += 1'000'000;
    if (broken("current_task_has_another_default_name") && info.name.starts_with("task-"))
      info.name.insert(0, "model ");
    if (broken("current_task_lags")) {
      if (run.asked_last.id == 0) run.asked_last = info;
      std::swap(info, run.asked_last);
    }
    return info;
  }
  const std::type_info& cancelled_type() const noexcept override {
    return broken("cancelled_type_names_another") ? typeid(UsageError) : AsyncBackend::cancelled_type();
  }
  std::exception_ptr timeout_failure(CancelScope& scope, const std::exception_ptr& absorbed) override {
    if (scope.cancel_called() && broken("unmet_timeout_is_raised")) {
      return std::make_exception_ptr(TimeoutError(scope.deadline()));
    }
    return AsyncBackend::timeout_failure(scope, absorbed);
  }

  std::unique_ptr<CancelScopeCore> make_cancel_scope(TimePoint deadline) override {
    if (broken("scope_needs_a_loop")) Run::require("open_cancel_scope");
    return std::make_unique<ModelScope>(*this, options_, deadline);
  }
  std::unique_ptr<ShieldCore> make_shield() override { return std::make_unique<ModelShield>(); }
  std::unique_ptr<TaskGroupCore> make_task_group() override {
    Run::require("create_task_group");
    return std::make_unique<ModelGroup>(*this, options_, ModelGroup::Use::group);
  }

  bool suspend_yield(WaitPoint& point) override { return yield(Run::require("coro_yield"), point, true); }
  bool suspend_shielded_yield(WaitPoint& point) override {
    if (broken("shielded_yield_keeps_running")) {
      point.outcome = WaitPoint::Outcome::value;
      return false;
    }
    return yield(Run::require("cancel_shielded_coro_yield"), point, broken("shielded_yield_throws"));
  }
  bool suspend_until(WaitPoint& point, TimePoint wake_time) override {
    Run& run = Run::require("sleep");
    if (broken("timers_count_from_a_cached_time")) wake_time -= run.now - run.turn_started;
    if (broken("forever_is_a_minute") && wake_time == never) wake_time = run.now + std::chrono::minutes(1);
    const bool blocks_the_loop = broken("short_sleeps_block_the_loop") && wake_time > run.now &&
                                 wake_time < run.now + std::chrono::milliseconds(1);
    if (blocks_the_loop) run.now = wake_time;
    if (blocks_the_loop || (broken("sleep_zero_returns_at_once") && wake_time == run.now) ||
        (broken("past_wake_time_returns_at_once") && wake_time < run.now)) {
      point.outcome = WaitPoint::Outcome::value;
      return false;
    }
    Wait wait;
    wait.point = &point;
    wait.wake_time = wake_time;
    wait.is_over = [&run, wake_time] { return has_come(wake_time, run.now); };
    if (broken("equal_timers_are_one")) {
      const TimePoint instant = instant_of(wake_time);
      run.sleepers[instant] = &point;
      wait.is_over = [&run, &point, instant, task = run.current] {
        if (run.sleepers[instant] != &point) task->wait.wake_time = never;
        return has_come(instant, run.now) && run.sleepers[instant] == &point;
      };
    }
    wait.can_be_cancelled = !(broken("sleep_zero_ignores_cancellation") && wake_time <= run.now);
    run.block(std::move(wait));
    return true;
  }

  std::shared_ptr<LockCore> make_lock() override {
    const auto original = [this] { return std::make_shared<ModelLock>(*this, ModelLock::Kind::plain); };
    return options_.faults.make_lock ? options_.faults.make_lock(original) : original();
  }
  std::shared_ptr<LockCore> make_fair_lock() override {
    if (options_.traits.fair_lock_is_default) return AsyncBackend::make_fair_lock();
    const bool is_plain = broken("fair_lock_is_plain");
    return std::make_shared<ModelLock>(*this, is_plain ? ModelLock::Kind::plain : ModelLock::Kind::fair);
  }
  std::shared_ptr<EventCore> make_event() override {
    const auto original = [this] { return std::make_shared<ModelEvent>(*this); };
    return options_.faults.make_event ? options_.faults.make_event(original) : original();
  }
  std::shared_ptr<ConditionCore> make_condition(std::shared_ptr<LockCore> lock) override {
    const auto original = [this](std::shared_ptr<LockCore> given) {
      return std::make_shared<ModelCondition>(*this, std::move(given));
    };
    return options_.faults.make_condition ? options_.faults.make_condition(std::move(lock), original)
                                          : original(std::move(lock));
  }

  bool suspend_in_thread(WaitPoint& point, const std::shared_ptr<ThreadJob>& job, AbandonOnCancel abandon) override {
    WorkerThreads& workers = *Run::require("run_in_thread").workers;
    const auto suspend = [&](const std::shared_ptr<ThreadJob>& own_job, AbandonOnCancel own_abandon) {
      workers.suspend(point, own_job, own_abandon);
      return true;
    };
    if (options_.faults.suspend_in_thread) return options_.faults.suspend_in_thread(point, job, abandon, suspend);
    return suspend(job, abandon);
  }

  std::shared_ptr<PortalCore> make_portal() override {
    const auto original = [this] { return std::make_shared<ModelPortal>(*this); };
    return options_.faults.portal ? options_.faults.portal(*this, original) : original();
  }

  void run_main(TaskRef<> main, const RunnerOptions& given) override {
    if (options_.faults.run_main) {
      options_.faults.run_main(*main, given, [&](const RunnerOptions& options) { run_task(main, options); });
    } else {
      run_task(main, given);
    }
  }

  Coro<void> run_all(std::vector<TaskRef<>> bodies) override {
    ModelGroup group(*this, options_, ModelGroup::Use::gather);
    group.enter();
    for (TaskRef<>& body : bodies) {
      group.spawn(body);
      if (broken("gather_runs_one_after_the_other")) co_await ignore_cancellation(TaskWait(*body->core));
    }
    const std::exception_ptr no_body_failure;
    std::exception_ptr failure = co_await GroupExit(group, no_body_failure);
    if (is_cancelled(failure) && broken("gather_wraps_the_cancellation")) throw UsageError("gather was cancelled");
    if (failure) std::rethrow_exception(std::move(failure));
  }

 private:
  void run_task(const TaskRef<>& main, const RunnerOptions& given) {
    RunnerOptionReader reader(given, "model");
    Pick pick = reader.get_or<Pick>(
        "pick", [](Choices) { return std::size_t{0}; }, "a concert::model::Pick");
    UnhandledErrorHandler on_unhandled_error = reader.get_or<UnhandledErrorHandler>(
        "on_unhandled_error", nullptr, "a std::function<void(std::exception_ptr, std::string_view)>");
    reader.refuse_unknown();
    std::optional<RunningHere> running;
    if (is_to_be_marked()) running.emplace(*this);
    Run run(*this, options_, std::move(pick), start_time());
    run.on_unhandled_error = std::move(on_unhandled_error);
    if (broken("main_task_outlives_its_run")) kept_ = main;
    try {
      run.run_until_done(*new ModelTask(run, *main, nullptr));
    } catch (const Deadlock&) {
      // The frames of its tasks refer to each other and to the run: nobody can take them apart any more.
      main->add_holder();
      throw;
    }
    end_time(run.now);
    if (broken("failed_run_stays_marked") && main->failure()) {
      running.reset();
      stale_mark_.emplace(*this);
    }
  }

  /// False in some mutants only.
  bool is_to_be_marked() const {
    if (broken("run_is_not_marked")) return false;
    if (AsyncBackend::running() == nullptr) return true;
    return !broken("nested_bootstrap_runs") &&
           !(broken("nested_bootstrap_of_another_runs") && AsyncBackend::running() != this);
  }

  /// Returns false if it need not suspend.
  bool yield(Run& run, WaitPoint& point, bool can_be_cancelled) {
    run.notice_deadlines();
    ModelTask& task = *run.current;
    const bool cancelled = can_be_cancelled && run.reaches(task);
    const bool may_skip = options_.traits.yield_may_be_skipped && !cancelled && !task.skipped_yield;
    task.skipped_yield = may_skip && run.pick({2}) == 1;
    if (task.skipped_yield || (cancelled && broken("cancelled_yield_throws_at_once"))) {
      point.outcome = cancelled ? WaitPoint::Outcome::cancelled : WaitPoint::Outcome::value;
      return false;
    }
    Wait wait;
    wait.point = &point;
    if (broken("yield_waits_for_a_timer")) wait.wake_time = run.now + Seconds(0.002);
    wait.is_over = [&run, wake_time = wait.wake_time] { return wake_time == never || wake_time <= run.now; };
    wait.can_be_cancelled = can_be_cancelled;
    wait.is_yield = true;
    run.block(std::move(wait));
    return true;
  }

  /// Runs may go on in several threads at once (Run009); the time line is all that they share.
  TimePoint start_time() {
    const std::lock_guard lock(mutex_);
    return options_.traits.clock_epoch_is_run ? first_start : time_line_;
  }
  void end_time(TimePoint now) {
    const std::lock_guard lock(mutex_);
    time_line_ = std::max(time_line_, now);
  }

  bool broken(std::string_view mutant) const noexcept { return !options_.mutant.empty() && options_.mutant == mutant; }

  ModelOptions options_;
  std::mutex mutex_;
  TimePoint time_line_ = first_start;
  // For mutants.
  TaskRef<> kept_;
  std::optional<RunningHere> stale_mark_;
};

}  // namespace

std::unique_ptr<AsyncBackend> model_backend(ModelOptions options) {
  return std::make_unique<ModelBackend>(std::move(options));
}

}  // namespace concert::model
