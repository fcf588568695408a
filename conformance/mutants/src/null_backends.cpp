// SPDX-License-Identifier: Apache-2.0
// Backends that hardly are one: what would a suite that is content with them be worth?
#include <mutex>
#include <stdexcept>
#include <typeinfo>

#include "concert/mutants/mutants.hpp"

namespace concert::conformance {

namespace {

/// How much a null backend does.
enum class Zeal {
  none,    ///< nothing: no task runs, no wait waits
  throws,  ///< every operation throws
  runs,    ///< runs tasks at once, to their ends; no wait waits, nothing is ever cancelled
};

void act(Zeal zeal) {
  if (zeal == Zeal::throws) throw std::runtime_error("this backend always throws");
}

bool do_not_wait(Zeal zeal, WaitPoint& point) {
  act(zeal);
  point.outcome = WaitPoint::Outcome::value;
  return false;
}

/// What the objects of a null backend have in common.
template <class Core>
class NullObject : public Core {
 public:
  NullObject(AsyncBackend& backend, Zeal zeal) : zeal_(zeal), backend_(backend) {}
  virtual ~NullObject() = default;
  AsyncBackend& backend() const noexcept override { return backend_; }

 protected:
  const Zeal zeal_;

 private:
  AsyncBackend& backend_;
};

class NullScope final : public NullObject<CancelScopeCore> {
 public:
  using NullObject::NullObject;
  void enter() override { act(zeal_); }
  std::exception_ptr exit(std::exception_ptr failure) override { return failure; }
  void cancel() override { act(zeal_); }
  bool cancel_called() const override { return false; }
  bool cancelled_caught() const override { return false; }
  TimePoint deadline() const override { return TimePoint(); }
  void reschedule(TimePoint) override { act(zeal_); }
};

class NullShield final : public ShieldCore {
 public:
  explicit NullShield(Zeal zeal) : zeal_(zeal) {}
  void enter() override { act(zeal_); }
  void exit() noexcept override {}

 private:
  Zeal zeal_;
};

class NullTask final : public NullObject<TaskCore>, public TaskBody::Listener {
 public:
  NullTask(AsyncBackend& backend, Zeal zeal, TaskBody& body) : NullObject(backend, zeal), body_(body) {
    body.core = this;
    body.listener = this;
  }
  TaskInfo info() const override { return {}; }
  bool done() const override { return false; }
  bool cancel() override {
    act(zeal_);
    return false;
  }
  bool cancelled() const override { return false; }
  std::exception_ptr failure() const override { return body_.failure(); }
  bool suspend_until_done(WaitPoint& point) override { return do_not_wait(zeal_, point); }
  void dispose() noexcept override { delete this; }
  void body_ended(TaskBody&) noexcept override {}
  /// Runs the task to its first wait, which for want of waits is its end.
  void run() {
    if (zeal_ != Zeal::runs) return;
    if (const auto frame = body_.start()) resume(frame);
  }

 private:
  TaskBody& body_;
};

class NullGroup final : public NullObject<TaskGroupCore> {
 public:
  using NullObject::NullObject;
  void enter() override { act(zeal_); }
  void spawn(TaskRef<> body) override {
    act(zeal_);
    (new NullTask(backend(), zeal_, *body))->run();
  }
  Coro<void> start(TaskRef<> body) override {
    spawn(std::move(body));
    co_return;
  }
  bool suspend_exit(WaitPoint& point, const std::exception_ptr& failure) override {
    failure_ = failure;
    point.outcome = WaitPoint::Outcome::value;
    return false;
  }
  std::exception_ptr outcome() override { return failure_; }

 private:
  std::exception_ptr failure_;
};

class NullLock final : public NullObject<LockCore> {
 public:
  using NullObject::NullObject;
  bool suspend_until_acquired(WaitPoint& point) override { return do_not_wait(zeal_, point); }
  void release() override { act(zeal_); }
  bool locked() const override { return false; }
};

class NullEvent final : public NullObject<EventCore> {
 public:
  using NullObject::NullObject;
  bool suspend_until_set(WaitPoint& point) override { return do_not_wait(zeal_, point); }
  void set() override { act(zeal_); }
  bool is_set() const override { return false; }
};

class NullCondition final : public ConditionCore {
 public:
  NullCondition(std::shared_ptr<LockCore> lock, Zeal zeal) : lock_(std::move(lock)), zeal_(zeal) {}
  const std::shared_ptr<LockCore>& lock() const noexcept override { return lock_; }
  bool suspend_until_notified(WaitPoint& point) override { return do_not_wait(zeal_, point); }
  void notify(std::size_t) override { act(zeal_); }

 private:
  std::shared_ptr<LockCore> lock_;
  Zeal zeal_;
};

/// Answers nothing by itself; where functions run at all, they run at once, in the thread that asks. Coroutines do not:
/// their frames belong to one thread.
class NullPortal final : public NullObject<PortalCore> {
 public:
  using NullObject::NullObject;
  bool is_on_loop_thread() const noexcept override { return false; }
  void submit(std::shared_ptr<PortalCall> call) override {
    act(zeal_);
    // Without an answer its caller would wait for ever, and the suite with it.
    if (zeal_ != Zeal::runs) throw std::runtime_error("this backend does nothing");
    const std::lock_guard lock(mutex_);
    if (call->begin()) throw std::runtime_error("this backend has no coroutines for other threads");
  }
  void cancel(std::shared_ptr<PortalCall>) noexcept override {}
  void enter() override { act(zeal_); }
  Coro<void> exit(std::exception_ptr failure) override {
    if (failure) std::rethrow_exception(std::move(failure));
    co_return;
  }
  void unhandled_error(std::exception_ptr) noexcept override {}

 private:
  std::mutex mutex_;
};

class NullBackend final : public AsyncBackend {
 public:
  explicit NullBackend(Zeal zeal) : zeal_(zeal) {}
  std::string_view name() const noexcept override { return "null"; }
  TimePoint current_time() override {
    act(zeal_);
    return TimePoint();
  }
  TaskInfo get_current_task() override {
    act(zeal_);
    return {};
  }
  const std::type_info& cancelled_type() const noexcept override { return typeid(void); }
  void run_main(TaskRef<> main, const RunnerOptions&) override {
    act(zeal_);
    (new NullTask(*this, zeal_, *main))->run();
  }
  std::unique_ptr<CancelScopeCore> make_cancel_scope(TimePoint) override {
    act(zeal_);
    return std::make_unique<NullScope>(*this, zeal_);
  }
  std::unique_ptr<ShieldCore> make_shield() override { return std::make_unique<NullShield>(zeal_); }
  std::unique_ptr<TaskGroupCore> make_task_group() override { return std::make_unique<NullGroup>(*this, zeal_); }
  bool suspend_yield(WaitPoint& point) override { return do_not_wait(zeal_, point); }
  bool suspend_shielded_yield(WaitPoint& point) override { return do_not_wait(zeal_, point); }
  bool suspend_until(WaitPoint& point, TimePoint) override { return do_not_wait(zeal_, point); }
  std::shared_ptr<LockCore> make_lock() override {
    act(zeal_);
    return std::make_shared<NullLock>(*this, zeal_);
  }
  std::shared_ptr<LockCore> make_fair_lock() override { return make_lock(); }
  std::shared_ptr<EventCore> make_event() override {
    act(zeal_);
    return std::make_shared<NullEvent>(*this, zeal_);
  }
  std::shared_ptr<ConditionCore> make_condition(std::shared_ptr<LockCore> lock) override {
    return std::make_shared<NullCondition>(std::move(lock), zeal_);
  }
  bool suspend_in_thread(WaitPoint& point, const std::shared_ptr<ThreadJob>& job, AbandonOnCancel) override {
    if (zeal_ == Zeal::runs) job->run();
    return do_not_wait(zeal_, point);
  }
  std::shared_ptr<PortalCore> make_portal() override {
    act(zeal_);
    return std::make_shared<NullPortal>(*this, zeal_);
  }

 private:
  Zeal zeal_;
};

std::shared_ptr<AsyncBackend> find_nothing(Zeal zeal) {
  act(zeal);
  return nullptr;
}

BackendAdapter null_adapter(Zeal zeal) {
  BackendAdapter adapter = model_adapter();
  adapter.make = [zeal] { return std::make_unique<NullBackend>(zeal); };
  adapter.spend = [](Seconds) {};
  adapter.turns = [] { return std::size_t{0}; };
  // Finds no backend either, whatever it is asked for.
  adapter.finder.make = [zeal](std::string_view) {
    act(zeal);
    return std::unique_ptr<AsyncBackend>();
  };
  adapter.finder.ensure_object = [zeal](AsyncBackend&) { return find_nothing(zeal); };
  adapter.finder.ensure_shared = [zeal](const std::shared_ptr<AsyncBackend>&) { return find_nothing(zeal); };
  adapter.finder.ensure_named = [zeal](std::string_view) { return find_nothing(zeal); };
  adapter.finder.ensure_running = [zeal] { return find_nothing(zeal); };
  return adapter;
}

Mutant null_backend(std::string name, std::string breaks, Zeal zeal) {
  return {std::move(name), std::move(breaks), {}, true, [zeal] { return null_adapter(zeal); }};
}

}  // namespace

std::vector<Mutant> null_backends() {
  // These two do so much that some clauses hold on them; what they fail is pinned.
  Mutant runs_inline{"runs_inline",
                     "tasks run at once to their ends, no wait waits, nothing is cancelled",
                     {{"Cancel001", "declared"},
                      {"Cancel002", "passed"},
                      {"Cancel003", "scope"},
                      {"Cancel004", "called"},
                      {"Cancel005", "crashed"},
                      {"Cancel006", "cancelled"},
                      {"Cancel007", "each-throws"},
                      {"Cancel008", "first"},
                      {"Cancel009", "each-throws"},
                      {"Cancel010", "outcomes"},
                      {"Cancel012", "lost"},
                      {"Cancel013", "others-ran"},
                      {"Cancel014", "next-checkpoint"},
                      {"Cancel015", "scope-refused"},
                      {"Cancel016", "absorbed"},
                      {"Clock001", "elapsed"},
                      {"Clock002", "sleep-until"},
                      {"Clock005", "before"},
                      {"Clock006", "elapsed"},
                      {"Cond001", "over-the-lock"},
                      {"Cond002", "works"},
                      {"Cond003", "works"},
                      {"Cond004", "another-backend"},
                      {"Cond005", "owner"},
                      {"Cond006", "as-many"},
                      {"Cond007", "first-in-line"},
                      {"Cond008", "not-kept"},
                      {"Cond010", "nobody-holds"},
                      {"Cond011", "refused"},
                      {"Cond012", "owner"},
                      {"Cond013", "cancelled"},
                      {"Cond014", "before"},
                      {"Cond015", "conserved"},
                      {"Cond017", "refused"},
                      {"Event001", "independent"},
                      {"Event002", "set-behind"},
                      {"Event004", "set"},
                      {"Event006", "after"},
                      {"Event007", "refused"},
                      {"Event008", "undisturbed"},
                      {"Event011", "flag"},
                      {"Fair001", "owner"},
                      {"Fair002", "handed-over"},
                      {"Fair003", "independent"},
                      {"Fair004", "no-switch"},
                      {"Fair005", "request-pending"},
                      {"Fair006", "request-pending"},
                      {"Fair007", "new"},
                      {"Fair008", "handed-over"},
                      {"Gather001", "time"},
                      {"Gather003", "group"},
                      {"Gather004", "order"},
                      {"Gather005", "sleep"},
                      {"Gather007", "leaves"},
                      {"Gather008", "interrupted"},
                      {"Gather009", "interrupted"},
                      {"Gather011", "outcomes"},
                      {"Gather013", "goes-on"},
                      {"Gather014", "values"},
                      {"Group001", "inner-failure"},
                      {"Group002", "time"},
                      {"Group005", "called-at-once"},
                      {"Group006", "start-soon"},
                      {"Group007", "start-soon"},
                      {"Group009", "order"},
                      {"Group015", "name"},
                      {"Group016", "group"},
                      {"Group017", "interrupted"},
                      {"Group018", "time"},
                      {"Group019", "leaves"},
                      {"Group020", "interrupted"},
                      {"Group021", "leaves"},
                      {"Group022", "leaves"},
                      {"Group023", "bare"},
                      {"Group024", "left-with"},
                      {"Group025", "cancelled"},
                      {"Group026", "own-group"},
                      {"Group027", "cancelled"},
                      {"Group028", "first-step"},
                      {"Group029", "outcome"},
                      {"Group030", "leaves"},
                      {"Group031", "while-active"},
                      {"Group033", "time"},
                      {"Group034", "behind-the-shield"},
                      {"Group035", "done"},
                      {"Group036", "innermost"},
                      {"Group037", "every-checkpoint"},
                      {"Info001", "own-answer"},
                      {"Info002", "all-alive"},
                      {"Info003", "inside"},
                      {"Info008", "gather"},
                      {"Info009", "before"},
                      {"Lock001", "independent"},
                      {"Lock002", "refused"},
                      {"Lock003", "owner"},
                      {"Lock004", "held-inside"},
                      {"Lock005", "locked"},
                      {"Lock008", "new"},
                      {"Lock009", "refused"},
                      {"Lock010", "held"},
                      {"Lock011", "request-pending"},
                      {"Lock012", "refused"},
                      {"Lock013", "others-ran"},
                      {"Lock014", "as-declared"},
                      {"Lock016", "as-declared"},
                      {"Portal001", "other-is-not-entered"},
                      {"Portal002", "before"},
                      {"Portal003", "thread-failed"},
                      {"Portal004", "before-entry"},
                      {"Portal005", "thread-failed"},
                      {"Portal006", "outcomes"},
                      {"Portal007", "body"},
                      {"Portal008", "thread-failed"},
                      {"Portal009", "thread-failed"},
                      {"Portal010", "thread-failed"},
                      {"Portal011", "thread"},
                      {"Portal012", "body"},
                      {"Portal015", "other-loop-failed"},
                      {"Portal016", "thread-failed"},
                      {"Portal017", "thread-failed"},
                      {"Portal018", "thread-failed"},
                      {"Portal019", "thread-failed"},
                      {"Portal020", "thread-failed"},
                      {"Portal021", "told"},
                      {"Portal022", "thread-failed"},
                      {"Portal023", "thread-failed"},
                      {"Portal024", "thread-failed"},
                      {"Portal027", "submitted"},
                      {"Portal028", "thread-failed"},
                      {"Portal029", "thread-failed"},
                      {"Portal030", "refused"},
                      {"Portal031", "refused"},
                      {"Portal032", "thread-failed"},
                      {"Portal033", "thread-failed"},
                      {"Portal035", "thread-failed"},
                      {"Portal036", "thread-failed"},
                      {"Portal037", "refused"},
                      {"Portal038", "on-another-thread"},
                      {"Run004", "same-backend"},
                      {"Run005", "no-effect"},
                      {"Run007", "accepted"},
                      {"Run010", "type"},
                      {"Run011", "inside"},
                      {"Run014", "thread-failed"},
                      {"Scope001", "when"},
                      {"Scope002", "caught"},
                      {"Scope003", "all-interrupted"},
                      {"Scope005", "delivered"},
                      {"Scope006", "states"},
                      {"Scope007", "hung"},
                      {"Scope008", "caught"},
                      {"Scope009", "states"},
                      {"Scope010", "goes-on-after-run"},
                      {"Scope011", "when"},
                      {"Scope012", "end"},
                      {"Scope013", "nan-sum"},
                      {"Scope014", "when"},
                      {"Scope016", "refused"},
                      {"Scope017", "first-checkpoint"},
                      {"Scope018", "end"},
                      {"Scope019", "first-checkpoint"},
                      {"Scope020", "flags"},
                      {"Scope021", "inside"},
                      {"Scope025", "still-cancelled"},
                      {"Scope026", "called-at-once"},
                      {"Scope027", "new-deadline"},
                      {"Scope028", "no-effect"},
                      {"Scope029", "interrupted"},
                      {"Scope030", "outermost-absorbs"},
                      {"Scope031", "passes-on"},
                      {"Scope032", "redelivered"},
                      {"Scope033", "caught"},
                      {"Scope035", "absorbed"},
                      {"Scope036", "not-absorbed"},
                      {"Scope037", "a-group"},
                      {"Scope038", "failures-pass"},
                      {"Scope039", "run-needs-a-task"},
                      {"Scope040", "when"},
                      {"Scope044", "results"},
                      {"Shield003", "end"},
                      {"Shield004", "crashed"},
                      {"Shield007", "first-checkpoint"},
                      {"Shield008", "called"},
                      {"Shield010", "leaves"},
                      {"Shield012", "deadline-caught"},
                      {"Shield013", "body-interrupted"},
                      {"Shield014", "behind"},
                      {"Shield015", "not-suspended"},
                      {"Shield016", "behind"},
                      {"Shield017", "behind"},
                      {"Shield019", "crashed"},
                      {"Shield020", "outcomes"},
                      {"Sleep001", "elapsed"},
                      {"Sleep002", "not-cancelled"},
                      {"Sleep003", "other-sleepers"},
                      {"Sleep004", "other-sleepers"},
                      {"Sleep005", "log"},
                      {"Sleep006", "infinite"},
                      {"Sleep007", "time"},
                      {"Sleep008", "not-cancelled"},
                      {"Sleep009", "other-sleepers"},
                      {"Sleep010", "sleep"},
                      {"Sleep011", "outcome"},
                      {"Sleep012", "order"},
                      {"Task002", "not-done-after-the-end"},
                      {"Task003", "crashed"},
                      {"Task004", "crashed"},
                      {"Task006", "failure"},
                      {"Task007", "answers"},
                      {"Task008", "cancelled"},
                      {"Task009", "done"},
                      {"Task010", "failing-sibling"},
                      {"Task011", "at-the-end"},
                      {"Task013", "observer"},
                      {"Task016", "before-the-end"},
                      {"Task017", "observer"},
                      {"Task018", "all-cancelled"},
                      {"Task019", "scope"},
                      {"Task021", "cancelled"},
                      {"Task023", "after-a-value"},
                      {"Task024", "no-switch"},
                      {"Task026", "answer"},
                      {"Task028", "group"},
                      {"Timeout001", "when"},
                      {"Timeout002", "move_on_after"},
                      {"Timeout003", "interrupted"},
                      {"Timeout004", "when"},
                      {"Timeout005", "caught"},
                      {"Timeout006", "when"},
                      {"Timeout009", "reschedule"},
                      {"Timeout011", "end"},
                      {"Timeout013", "body"},
                      {"Timeout014", "together"},
                      {"Timeout016", "timeout-error"},
                      {"Timeout017", "inner"},
                      {"Timeout019", "when"},
                      {"Timeout020", "checkpoint"},
                      {"Timeout021", "timeout-error"},
                      {"Timeout023", "end"},
                      {"Timeout024", "caught"},
                      {"Util001", "crashed"},
                      {"Util002", "type"},
                      {"Util003", "type"},
                      {"Util004", "outside"},
                      {"Util005", "distinct"},
                      {"Util006", "here"},
                      {"Util008", "before"},
                      {"Util010", "object-outside"},
                      {"Yield001", "by-hand"},
                      {"Yield003", "skipped"},
                      {"Yield004", "others-ran"},
                      {"Yield006", "lost"},
                      {"Yield007", "progress"},
                      {"Yield008", "same-yield"},
                      {"Thread001", "thread"},
                      {"Thread010", "crowd"},
                      {"Thread011", "crowd"},
                      {"Thread012", "at-one-time"},
                      {"Thread014", "accepted"},
                      {"Thread018", "end-waits"},
                      {"Thread019", "crowd"}},
                     false,
                     [] { return null_adapter(Zeal::runs); }};
  return {
      std::move(runs_inline),
      model_mutant("cancels_nothing", "no wait is ever interrupted by a cancellation",
                   {{"Cancel001", "no-failure"},
                    {"Cancel002", "passed"},
                    {"Cancel003", "scope"},
                    {"Cancel005", "scope-checkpoint"},
                    {"Cancel006", "cancelled"},
                    {"Cancel007", "each-throws"},
                    {"Cancel008", "first"},
                    {"Cancel009", "each-throws"},
                    {"Cancel010", "outcomes"},
                    {"Cancel012", "lost"},
                    {"Cancel014", "next-checkpoint"},
                    {"Cancel016", "absorbed"},
                    {"Clock002", "failed"},
                    {"Cond005", "cancelled"},
                    {"Cond013", "cancelled"},
                    {"Cond015", "request-pending"},
                    {"Event011", "cancelled"},
                    {"Fair003", "cancelled"},
                    {"Fair005", "request-pending"},
                    {"Fair006", "request-pending"},
                    {"Fair008", "request-pending"},
                    {"Gather008", "interrupted"},
                    {"Gather009", "interrupted"},
                    {"Gather011", "outcomes"},
                    {"Gather013", "goes-on"},
                    {"Gather014", "values"},
                    {"Group013", "no-failure"},
                    {"Group017", "interrupted"},
                    {"Group018", "time"},
                    {"Group019", "leaves"},
                    {"Group020", "interrupted"},
                    {"Group021", "leaves"},
                    {"Group022", "interrupted"},
                    {"Group023", "bare"},
                    {"Group024", "left-with"},
                    {"Group025", "cancelled"},
                    {"Group026", "own-group"},
                    {"Group027", "cancelled"},
                    {"Group028", "first-step"},
                    {"Group029", "outcome"},
                    {"Group034", "behind-the-shield"},
                    {"Group037", "every-checkpoint"},
                    {"Lock004", "cancelled"},
                    {"Lock008", "after-cancelled-wait"},
                    {"Lock009", "refused"},
                    {"Lock011", "request-pending"},
                    {"Lock016", "all"},
                    {"Run010", "type"},
                    {"Run013", "frames-after-cancelled"},
                    {"Scope002", "no-failure"},
                    {"Scope003", "no-failure"},
                    {"Scope005", "delivered"},
                    {"Scope008", "no-failure"},
                    {"Scope009", "stored-one-passes"},
                    {"Scope010", "goes-on-after-run"},
                    {"Scope012", "no-failure"},
                    {"Scope013", "no-failure"},
                    {"Scope014", "no-failure"},
                    {"Scope016", "no-failure"},
                    {"Scope017", "first-checkpoint"},
                    {"Scope018", "no-failure"},
                    {"Scope019", "first-checkpoint"},
                    {"Scope025", "still-cancelled"},
                    {"Scope026", "no-failure"},
                    {"Scope027", "no-failure"},
                    {"Scope029", "no-failure"},
                    {"Scope030", "no-failure"},
                    {"Scope031", "no-failure"},
                    {"Scope032", "redelivered"},
                    {"Scope033", "absorbed"},
                    {"Scope035", "absorbed"},
                    {"Scope036", "not-absorbed"},
                    {"Scope037", "a-group"},
                    {"Scope038", "no-failure"},
                    {"Scope039", "prepared-before-the-run"},
                    {"Scope044", "results"},
                    {"Shield007", "first-checkpoint"},
                    {"Shield010", "crashed"},
                    {"Shield012", "deadline-caught"},
                    {"Shield013", "body-interrupted"},
                    {"Shield014", "behind"},
                    {"Shield016", "behind"},
                    {"Shield017", "behind"},
                    {"Shield020", "outcomes"},
                    {"Sleep002", "not-cancelled"},
                    {"Sleep005", "failed"},
                    {"Sleep006", "failed"},
                    {"Sleep008", "not-cancelled"},
                    {"Sleep011", "instant"},
                    {"Task003", "interrupted"},
                    {"Task008", "cancelled"},
                    {"Task010", "failing-sibling"},
                    {"Task011", "at-the-end"},
                    {"Task013", "observer"},
                    {"Task016", "before-the-end"},
                    {"Task017", "observer"},
                    {"Task018", "all-cancelled"},
                    {"Task019", "scope"},
                    {"Task021", "cancelled"},
                    {"Task023", "after-a-value"},
                    {"Task026", "order"},
                    {"Timeout001", "end"},
                    {"Timeout002", "move_on_after"},
                    {"Timeout003", "interrupted"},
                    {"Timeout004", "when"},
                    {"Timeout005", "caught"},
                    {"Timeout006", "caught"},
                    {"Timeout009", "reschedule"},
                    {"Timeout013", "body"},
                    {"Timeout014", "together"},
                    {"Timeout016", "timeout-error"},
                    {"Timeout017", "inner"},
                    {"Timeout019", "interrupted"},
                    {"Timeout020", "checkpoint"},
                    {"Timeout021", "timeout-error"},
                    {"Timeout024", "caught"},
                    {"Yield001", "by-hand"},
                    {"Yield006", "lost"},
                    {"Yield008", "same-yield"},
                    {"Run014", "failed"}}),
      null_backend("does_nothing", "No task ever runs, no wait waits.", Zeal::none),
      null_backend("always_throws", "Every operation throws.", Zeal::throws),
  };
}

}  // namespace concert::conformance
