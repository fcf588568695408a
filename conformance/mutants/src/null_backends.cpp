// SPDX-License-Identifier: Apache-2.0
// Backends that hardly are one: what would a suite that is content with them be worth?
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

class NullScope final : public CancelScopeCore {
 public:
  NullScope(AsyncBackend& backend, Zeal zeal) : backend_(backend), zeal_(zeal) {}
  AsyncBackend& backend() const noexcept override { return backend_; }
  void enter() override { act(zeal_); }
  std::exception_ptr exit(std::exception_ptr failure) override { return failure; }
  void cancel() override { act(zeal_); }
  bool cancel_called() const override { return false; }
  bool cancelled_caught() const override { return false; }
  TimePoint deadline() const override { return TimePoint(); }
  void reschedule(TimePoint) override { act(zeal_); }

 private:
  AsyncBackend& backend_;
  Zeal zeal_;
};

class NullShield final : public ShieldCore {
 public:
  explicit NullShield(Zeal zeal) : zeal_(zeal) {}
  void enter() override { act(zeal_); }
  void exit() noexcept override {}

 private:
  Zeal zeal_;
};

class NullTask final : public TaskCore, public TaskBody::Listener {
 public:
  NullTask(AsyncBackend& backend, Zeal zeal, TaskBody& body) : backend_(backend), zeal_(zeal), body_(body) {
    body.core = this;
    body.listener = this;
  }
  AsyncBackend& backend() const noexcept override { return backend_; }
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
  AsyncBackend& backend_;
  Zeal zeal_;
  TaskBody& body_;
};

class NullGroup final : public TaskGroupCore {
 public:
  NullGroup(AsyncBackend& backend, Zeal zeal) : backend_(backend), zeal_(zeal) {}
  AsyncBackend& backend() const noexcept override { return backend_; }
  void enter() override { act(zeal_); }
  void spawn(TaskRef<> body) override {
    act(zeal_);
    (new NullTask(backend_, zeal_, *body))->run();
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
  AsyncBackend& backend_;
  Zeal zeal_;
  std::exception_ptr failure_;
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
                     {{"Run001", "order"}},
                     false,
                     [] { return null_adapter(Zeal::runs); }};
  return {
      std::move(runs_inline),
      model_mutant("cancels_nothing", "no wait is ever interrupted by a cancellation", {{"Scope003", "stuck"}}),
      null_backend("does_nothing", "No task ever runs, no wait waits.", Zeal::none),
      null_backend("always_throws", "Every operation throws.", Zeal::throws),
  };
}

}  // namespace concert::conformance
