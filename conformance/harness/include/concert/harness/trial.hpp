// SPDX-License-Identifier: Apache-2.0
// One test of one clause while it runs: it gives the test a backend, takes down what it sees, and judges after the run.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "concert/backend.hpp"
#include "concert/harness/backend_adapter.hpp"
#include "concert/harness/log.hpp"
#include "concert/harness/property_driver.hpp"
#include "concert/harness/schedule.hpp"

namespace concert::conformance {

/// A check that did not hold. `key` is its short, stable name inside the test: mutants declare it.
struct Finding {
  std::string key;
  std::string expected;
  std::string observed;
};

/// What a clause test works with. A test runs programs on the backend (`run`), which only record, and judges afterwards
/// (`expect...`). It must state that the trigger of its clause occurred (`witness`): no witness, no pass.
/// Nothing here throws because a check failed; the first failed check is the verdict of the run.
/// Threads: the test's thread, outside the loop, except where said.
class Trial {
 public:
  Trial(const BackendAdapter& adapter, const Schedule& schedule);
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;
  ~Trial();

  /// The backend of this trial, one object for its life.
  AsyncBackend& backend() noexcept { return *backend_; }
  /// Another, fresh object of the backend under test.
  std::unique_ptr<AsyncBackend> make_backend() const { return adapter_.make(); }
  const Manifest& manifest() const noexcept { return adapter_.manifest; }
  const Schedule& schedule() const noexcept { return schedule_; }
  /// The runner options that make a run follow the schedule; `run` uses them.
  RunnerOptions runner_options() const;
  /// Further options for the runs of this trial.
  RunnerOptions extra_options;
  /// Told "deadlock", "livelock" or "too much time" inside the loop, when the virtual clock sees no way on
  /// (VirtualClock::Options::on_stuck). Empty: that ends the process.
  std::function<void(std::string_view fault)> on_stuck;

  // ---- Running -----------------------------------------------------------------------------------------------------

  /// Runs `body(backend)` (a Coro) as the main task, on the virtual clock, inside a watchdog scope that breaks a hang
  /// after a virtual hour (key "stuck"). Returns what left the body: null, or its exception.
  std::exception_ptr run(const std::function<Coro<>(AsyncBackend&)>& body);
  /// Calls anything (such as bootstrap itself) on the virtual clock, without a watchdog. Returns what it threw.
  std::exception_ptr call(const std::function<void()>& function);

  /// Uses up time on the backend's clock in the running task, without a checkpoint. Inside tasks.
  void spend(Seconds duration);
  /// How often the loop has turned in this run: idle waiting costs a few turns, spinning many. Inside tasks.
  std::size_t turns() const;

  // ---- Judging -----------------------------------------------------------------------------------------------------

  /// Says that the trigger of the clause occurred `count` times. Inside tasks too.
  void witness(std::string_view what, std::size_t count = 1);

  /// The check named `key`. Returns `holds`.
  bool expect(bool holds, std::string_view key, std::string_view expected, std::string_view observed);
  /// expected == observed, printed with show().
  template <class Expected, class Observed>
  bool expect_equal(std::string_view key, const Expected& expected, const Observed& observed) {
    return expect(observed == expected, key, show(expected), show(observed));
  }
  bool expect_true(std::string_view key, bool observed) {
    return expect(observed, key, "true", observed ? "true" : "false");
  }
  bool expect_false(std::string_view key, bool observed) {
    return expect(!observed, key, "false", observed ? "true" : "false");
  }
  /// An instant on the backend's clock: never before `expected`; on a plain clock not later than the loop's grain (1
  /// ms), on a perturbed one within half a second.
  bool expect_time(std::string_view key, TimePoint expected, TimePoint observed);
  bool expect_elapsed(std::string_view key, Seconds expected, Seconds observed);
  /// `failure` is null.
  bool expect_no_failure(std::string_view key, const std::exception_ptr& failure);
  /// `failure` holds an exception of the type E (or derived from it).
  template <class E>
  bool expect_failure(std::string_view key, const std::exception_ptr& failure) {
    return expect(holds<E>(failure), key, type_name(typeid(E)), describe(failure));
  }
  /// `failure` is an ExceptionGroup whose leaves, described and sorted, are these.
  bool expect_group(std::string_view key, std::vector<std::string> expected_leaves, const std::exception_ptr& failure);

  /// Takes over what a further trial of the same test found: its witnesses, its checks, and its finding if there is
  /// none yet.
  void merge(const Trial& other);

  /// A line of the trace, with the virtual time. Inside tasks too.
  void trace(std::string line);

  // ---- Results -----------------------------------------------------------------------------------------------------

  const std::optional<Finding>& finding() const noexcept { return finding_; }
  const std::map<std::string, std::int64_t>& witnesses() const noexcept { return witnesses_; }
  const std::vector<std::string>& trace_lines() const noexcept { return trace_; }
  std::int64_t checks() const noexcept { return checks_; }
  const BackendAdapter& adapter() const noexcept { return adapter_; }

  // ---- For for_all -------------------------------------------------------------------------------------------------

  /// The schedule of a case: one in four is plain and in the backend's own order.
  static Schedule case_schedule(std::uint64_t case_seed);
  PropertyOptions property_options(std::string_view name) const;
  /// Turns what one case found into a judgement, and counts its checks.
  Judgement judge_case(const Trial& one);
  /// Takes over what a property came to; its counterexample becomes the finding.
  void take_property(const PropertyReport& report);
  std::int64_t cases() const noexcept { return cases_; }

  /// Set by for_all (property_trial.hpp) when a property failed: the shrunk input and how to replay it.
  struct Counterexample {
    std::string input;
    std::int64_t case_index = -1;
    std::int64_t shrinks = 0;
    std::string replay;
  };
  std::optional<Counterexample> counterexample;
  /// How the certifier wants properties to be run.
  struct PropertySettings {
    std::uint64_t seed = 1;
    std::int64_t cases = 60;
    std::string replay;
  };
  PropertySettings properties;

 private:
  static std::string type_name(const std::type_info& type);

  const BackendAdapter& adapter_;
  Schedule schedule_;
  std::unique_ptr<AsyncBackend> backend_;
  std::optional<Finding> finding_;
  std::map<std::string, std::int64_t> witnesses_;
  std::vector<std::string> trace_;
  std::int64_t checks_ = 0;
  std::int64_t cases_ = 0;
};

}  // namespace concert::conformance
