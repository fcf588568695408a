// SPDX-License-Identifier: Apache-2.0
// Backends that break the clauses of spec/clauses/thread.md: the model with faulty worker threads.
#include <atomic>
#include <memory>
#include <thread>
#include <utility>

#include "concert/harness/gate.hpp"
#include "concert/mutants/mutants.hpp"

namespace concert::conformance {

namespace {

/// A call of run_in_thread as a faulty backend sees it.
struct Call {
  WaitPoint& point;
  const std::shared_ptr<ThreadJob>& job;
  AbandonOnCancel abandon;
  /// What the model does.
  const std::function<bool(const std::shared_ptr<ThreadJob>&, AbandonOnCancel)>& original;

  bool ends_at_once() const {
    point.outcome = WaitPoint::Outcome::value;
    return false;
  }
};

/// Gives a worker something else to do with a job.
class OtherJob final : public ThreadJob {
 public:
  OtherJob(std::shared_ptr<ThreadJob> job, std::function<void(ThreadJob&)> run)
      : job_(std::move(job)), run_(std::move(run)) {}
  void run() noexcept override { run_(*job_); }

 private:
  std::shared_ptr<ThreadJob> job_;
  std::function<void(ThreadJob&)> run_;
};

/// Runs its job all the same if it is dropped.
class StubbornJob final : public ThreadJob {
 public:
  explicit StubbornJob(std::shared_ptr<ThreadJob> job) : job_(std::move(job)) {}
  ~StubbornJob() override {
    if (job_) std::thread([job = std::move(job_)] { job->run(); }).join();
  }
  void run() noexcept override { std::exchange(job_, nullptr)->run(); }

 private:
  std::shared_ptr<ThreadJob> job_;
};

/// Makes the job forget what its function threw.
void lose_failure(ThreadJob& job) {
  const auto forget = [](auto* typed) {
    try {
      if (typed != nullptr) typed->take();
    } catch (...) {
    }
  };
  forget(dynamic_cast<concert::detail::TypedThreadJob<int>*>(&job));
  forget(dynamic_cast<concert::detail::TypedThreadJob<std::int64_t>*>(&job));
}

/// `make` is called for each backend object and gives its run_in_thread.
Mutant faulty_threads(std::string name, std::string breaks, std::vector<Kill> kills,
                      std::function<std::function<bool(const Call&)>()> make) {
  return faulty_model(std::move(name), std::move(breaks), std::move(kills), [make = std::move(make)] {
    model::Faults faults;
    faults.suspend_in_thread = [run_in_thread = make()](WaitPoint& point, const std::shared_ptr<ThreadJob>& job,
                                                        AbandonOnCancel abandon, const auto& original) {
      return run_in_thread(Call{point, job, abandon, original});
    };
    return faults;
  });
}
/// The same for a fault without a state.
Mutant faulty_threads(std::string name, std::string breaks, std::vector<Kill> kills, bool (*fault)(const Call&)) {
  return faulty_threads(std::move(name), std::move(breaks), std::move(kills),
                        [fault] { return std::function<bool(const Call&)>(fault); });
}

/// What marks a thread as one that runs a loop.
struct Marks : AsyncBackend {
  using AsyncBackend::RunningHere;
};

Mutant loop_waits_for_the_worker() {
  // A function that waits for the loop waits for ever then: after one of them, the fault is over.
  const auto is_over = std::make_shared<std::atomic<bool>>(false);
  return faulty_threads("loop_waits_for_the_worker", "The loop thread waits until the worker has ended.",
                        {{"Thread002", "loop-blocked"},
                         {"Thread010", "crowd"},
                         {"Thread011", "crowd"},
                         {"Thread012", "at-one-time"},
                         {"Thread018", "end-waits"},
                         {"Thread019", "crowd"}},
                        [is_over] {
                          return [is_over](const Call& call) {
                            if (*is_over) return call.original(call.job, call.abandon);
                            const auto has_run = std::make_shared<std::atomic<bool>>(false);
                            std::thread([has_run, job = call.job]() mutable {
                              job->run();
                              job.reset();
                              *has_run = true;
                              has_run->notify_all();
                            }).detach();
                            if (block_until([&] { return has_run->load(); })) return call.ends_at_once();
                            *is_over = true;
                            const auto wait_on = [has_run](ThreadJob&) { has_run->wait(false); };
                            return call.original(std::make_shared<OtherJob>(call.job, wait_on), call.abandon);
                          };
                        });
}

Mutant run_waits_for_abandoned_functions() {
  return faulty_model("run_waits_for_abandoned_functions", "bootstrap returns when every function has ended.",
                      {{"Thread018", "end-waits"}}, [] {
                        const auto running = std::make_shared<std::atomic<int>>(0);
                        model::Faults faults;
                        faults.suspend_in_thread = [running](WaitPoint&, const auto& job, AbandonOnCancel abandon,
                                                             const auto& original) {
                          const auto counted = [running](ThreadJob& own) {
                            ++*running;
                            own.run();
                            --*running;
                          };
                          return original(std::make_shared<OtherJob>(job, counted), abandon);
                        };
                        faults.run_main = [running](TaskBody&, const RunnerOptions& given, const auto& original) {
                          original(given);
                          block_until([&] { return *running == 0; });
                        };
                        return faults;
                      });
}

Mutant abandoned_function_keeps_its_place() {
  const std::string name = "abandoned_function_keeps_its_place";
  Mutant mutant = model_mutant(name, "Where an abandoned function ran, no other one ever runs.",
                               {{"Thread012", "one-for-one"}, {"Thread019", "stuck"}});
  mutant.make = [name] {
    model::ModelOptions options;
    options.traits.worker_threads = 1;
    options.mutant = name;
    return model_adapter(options);
  };
  return mutant;
}

Mutant time_is_told_in_workers() {
  return faulty_model("time_is_told_in_workers", "current_time() answers where no loop runs.",
                      {{"Clock005", "before"}, {"Thread014", "accepted"}}, [] {
                        model::Faults faults;
                        faults.current_time = [](const auto& original) {
                          return AsyncBackend::running() == nullptr ? TimePoint() : original();
                        };
                        return faults;
                      });
}

}  // namespace

std::vector<Mutant> thread_mutants() {
  model::Traits three;
  three.worker_threads = 3;
  return {
      faulty_threads("functions_run_in_the_loop_thread", "run_in_thread calls the function itself.",
                     {{"Thread001", "thread"},
                      {"Thread002", "loop-blocked"},
                      {"Thread005", "no-failure"},
                      {"Thread010", "crowd"},
                      {"Thread011", "crowd"},
                      {"Thread012", "at-one-time"},
                      {"Thread014", "accepted"},
                      {"Thread018", "end-waits"},
                      {"Thread019", "crowd"},
                      {"Portal002", "worker"}},
                     [](const Call& call) {
                       call.job->run();
                       return call.ends_at_once();
                     }),
      loop_waits_for_the_worker(),
      faulty_threads("third_function_is_lost", "Every third function is never called.",
                     {{"Thread001", "no-failure"},
                      {"Thread002", "no-failure"},
                      {"Thread003", "no-failure"},
                      {"Thread004", "same-object"},
                      {"Thread005", "no-failure"},
                      {"Thread010", "crowd-failed"},
                      {"Thread011", "crowd-failed"},
                      {"Thread012", "one-for-one"},
                      {"Thread019", "crowd-failed"}},
                     [] {
                       return [count = std::make_shared<int>(0)](const Call& call) {
                         if (++*count % 3 != 0) return call.original(call.job, call.abandon);
                         return call.original(std::make_shared<OtherJob>(call.job, [](ThreadJob&) {}), call.abandon);
                       };
                     }),
      faulty_threads("failures_stay_in_the_worker", "What a function throws is lost.",
                     {{"Thread004", "same-object"}, {"Thread006", "failure"}, {"Thread011", "failure"}},
                     [](const Call& call) {
                       const auto lossy = [](ThreadJob& job) {
                         job.run();
                         lose_failure(job);
                       };
                       return call.original(std::make_shared<OtherJob>(call.job, lossy), call.abandon);
                     }),
      faulty_threads("every_call_abandons", "Without AbandonOnCancel a request ends the call too.",
                     {{"Thread006", "ended-early"}, {"Thread007", "value-in-hand"}},
                     [](const Call& call) { return call.original(call.job, AbandonOnCancel(true)); }),
      faulty_threads("no_call_abandons", "AbandonOnCancel has no effect.",
                     {{"Thread008", "at-once"}, {"Thread012", "beside-an-abandoned-one"}, {"Thread018", "end-waits"}},
                     [](const Call& call) { return call.original(call.job, AbandonOnCancel(false)); }),
      model_mutant("thread_call_eats_the_request", "A request during the function is forgotten at its end.",
                   {{"Thread007", "behind"}}),
      model_mutant("late_request_takes_the_value", "A request during the function is thrown in place of its value.",
                   {{"Thread006", "value"}, {"Thread007", "value-in-hand"}, {"Thread011", "cancelled-but-called"}}),
      model_mutant("abandoned_end_is_reported", "The end of an abandoned function is an unhandled error.",
                   {{"Thread009", "reported"}}),
      faulty_threads("jobs_are_kept", "Functions that did not run, and values, live as long as the backend.",
                     {{"Thread009", "left"}, {"Thread010", "destroyed"}, {"Thread019", "left"}},
                     [] {
                       const auto kept = std::make_shared<std::vector<std::shared_ptr<ThreadJob>>>();
                       return [kept](const Call& call) {
                         kept->push_back(call.job);
                         return call.original(call.job, call.abandon);
                       };
                     }),
      model_mutant("refused_function_runs_all_the_same", "A call under a pending request runs its function.",
                   {{"Thread010", "called"}, {"Thread011", "cancelled-but-called"}}),
      model_mutant("thread_call_ignores_earlier_requests", "A call under a pending request returns the value.",
                   {{"Thread010", "cancelled"}}),
      faulty_threads(
          "dropped_functions_run", "A function that was dropped before its start runs all the same.",
          {{"Thread010", "called"}, {"Thread011", "calls"}},
          [](const Call& call) { return call.original(std::make_shared<StubbornJob>(call.job), call.abandon); }),
      model_mutant("line_cannot_be_left", "A call that waits for a worker cannot be cancelled.",
                   {{"Thread011", "in-line"}}),
      abandoned_function_keeps_its_place(),
      model_mutant("abandoned_function_gives_up_its_place", "An abandoned function does not count as running.",
                   {{"Thread012", "beyond"}}),
      lying_model(
          "claims_more_workers", "Declares one worker more than there are.", three, "worker_threads", "4",
          {{"Thread010", "crowd"}, {"Thread011", "crowd"}, {"Thread012", "at-one-time"}, {"Thread019", "crowd"}}),
      lying_model("denies_a_worker", "Declares one worker less than there are.", three, "worker_threads", "2",
                  {{"Thread011", "in-line"}, {"Thread012", "beyond"}}),
      faulty_threads("workers_pass_for_the_loop", "AsyncBackend::running() gives the backend in a worker.",
                     {{"Thread014", "accepted"}},
                     [](const Call& call) {
                       const auto marked = [](ThreadJob& job) {
                         const auto backend = model::model_backend();
                         const Marks::RunningHere here(*backend);
                         job.run();
                       };
                       return call.original(std::make_shared<OtherJob>(call.job, marked), call.abandon);
                     }),
      time_is_told_in_workers(),
      run_waits_for_abandoned_functions(),
  };
}

}  // namespace concert::conformance
