// SPDX-License-Identifier: Apache-2.0
#include "concert/harness/trial.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "concert/harness/virtual_clock.hpp"

namespace concert::conformance {

namespace {

/// Long after everything that a clause test does.
constexpr Seconds watchdog_delay{3600};
/// Event loops count in whole milliseconds and round up; half of one more covers the rounding of doubles.
constexpr Seconds loop_grain{0.0015};
/// Two ways to add up the same instant may differ in the last bit of a double: far less than a tick.
constexpr Seconds rounding{1e-9};
/// What a perturbed clock may add: some hundred readings of at most 300 microseconds.
constexpr Seconds perturbation_slack{0.5};
/// Evidence, not a film: a trace longer than this is cut.
constexpr std::size_t most_trace_lines = 200;

std::string_view fault_name(VirtualClock::Stuck why) {
  switch (why) {
    case VirtualClock::Stuck::deadlock: return "deadlock";
    case VirtualClock::Stuck::livelock: return "livelock";
    case VirtualClock::Stuck::too_much_time: return "too much time";
  }
  return "stuck";
}

VirtualClock::Options clock_options(const Schedule& schedule) {
  VirtualClock::Options options;
  options.seed = schedule.clock_seed;
  options.perturbed = schedule.perturbed_clock;
  return options;
}

}  // namespace

Trial::Trial(const BackendAdapter& adapter, const Schedule& schedule)
    : adapter_(adapter), schedule_(schedule), backend_(adapter.make()) {}

Trial::~Trial() = default;

RunnerOptions Trial::runner_options() const {
  RunnerOptions options = adapter_.runner_options ? adapter_.runner_options(schedule_) : RunnerOptions();
  for (const auto& [name, value] : extra_options.values()) options.set(name, value);
  return options;
}

std::exception_ptr Trial::run(const std::function<Coro<>(AsyncBackend&)>& body) {
  bool stuck = false;
  const std::exception_ptr failure = call([&] {
    backend_->bootstrap(runner_options(), [&]() -> Coro<> {
      auto watchdog = backend_->move_on_after(watchdog_delay);
      co_await watchdog.run([&] { return body(*backend_); });
      stuck = watchdog.cancelled_caught();
    });
  });
  if (stuck) expect(false, "stuck", "the program comes to its end", "nothing but the watchdog could end it");
  return failure;
}

std::exception_ptr Trial::call(const std::function<void()>& function) {
  std::optional<VirtualClock> clock;
  if (adapter_.manifest.virtual_time) {
    VirtualClock::Options options = clock_options(schedule_);
    if (on_stuck) {
      options.on_stuck = [this](VirtualClock::Stuck why, const std::string&) { on_stuck(fault_name(why)); };
    }
    clock.emplace(std::move(options));
  }
  try {
    function();
  } catch (...) {
    return std::current_exception();
  }
  return nullptr;
}

void Trial::spend(Seconds duration) {
  if (adapter_.spend) {
    adapter_.spend(duration);
  } else {
    VirtualClock::advance(to_ticks(TimePoint(duration)));
  }
}

std::size_t Trial::turns() const {
  return adapter_.turns ? adapter_.turns() : static_cast<std::size_t>(VirtualClock::polls());
}

void Trial::witness(std::string_view what, std::size_t count) {
  witnesses_[std::string(what)] += static_cast<std::int64_t>(count);
}

bool Trial::expect(bool holds, std::string_view key, std::string_view expected, std::string_view observed) {
  ++checks_;
  if (!holds && !finding_) finding_ = Finding{std::string(key), std::string(expected), std::string(observed)};
  return holds;
}

bool Trial::expect_time(std::string_view key, TimePoint expected, TimePoint observed) {
  const Seconds slack = schedule_.perturbed_clock ? perturbation_slack : loop_grain;
  const bool holds = observed >= expected - rounding && observed <= expected + slack;
  return expect(holds, key, show(expected) + (schedule_.perturbed_clock ? " or a little later" : ""), show(observed));
}

bool Trial::expect_elapsed(std::string_view key, Seconds expected, Seconds observed) {
  const Seconds slack = schedule_.perturbed_clock ? perturbation_slack : loop_grain;
  const bool holds = observed >= expected - rounding && observed <= expected + slack;
  return expect(holds, key, show(expected) + (schedule_.perturbed_clock ? " or a little more" : ""), show(observed));
}

bool Trial::expect_no_failure(std::string_view key, const std::exception_ptr& failure) {
  return expect(failure == nullptr, key, "no exception", describe(failure));
}

bool Trial::expect_group(std::string_view key, std::vector<std::string> expected_leaves,
                         const std::exception_ptr& failure) {
  std::sort(expected_leaves.begin(), expected_leaves.end());
  const std::string expected = "ExceptionGroup of " + show(expected_leaves);
  if (!holds<ExceptionGroup>(failure)) return expect(false, key, expected, describe(failure));
  std::vector<std::string> leaves;
  try {
    std::rethrow_exception(failure);
  } catch (const ExceptionGroup& group) {
    for (const std::exception_ptr& leaf : group.flatten()) leaves.push_back(describe(leaf));
  }
  std::sort(leaves.begin(), leaves.end());
  return expect(leaves == expected_leaves, key, expected, "ExceptionGroup of " + show(leaves));
}

void Trial::trace(std::string line) {
  if (trace_.size() >= most_trace_lines) return;
  std::string prefix;
  if (AsyncBackend::running() != nullptr) {
    prefix = fmt::format("{:.6f} ", backend_->current_time().time_since_epoch().count());
  }
  trace_.push_back(prefix + line);
  if (trace_.size() == most_trace_lines) trace_.emplace_back("(the trace is cut here)");
}

void Trial::merge(const Trial& other) {
  for (const auto& [what, count] : other.witnesses_) witnesses_[what] += count;
  checks_ += other.checks_;
  if (finding_ || !other.finding_) return;
  finding_ = other.finding_;
  trace_ = other.trace_;
}

Schedule Trial::case_schedule(std::uint64_t case_seed) {
  return Schedule::nth(case_seed, static_cast<int>(case_seed % 4));
}

PropertyOptions Trial::property_options(std::string_view name) const {
  PropertyOptions options;
  options.name = std::string(name);
  options.seed = properties.seed;
  options.min_cases = properties.cases;
  options.max_cases = properties.cases;
  options.replay = properties.replay;
  return options;
}

Judgement Trial::judge_case(const Trial& one) {
  checks_ += one.checks_;
  Judgement judgement;
  if (one.finding_) {
    judgement = Judgement::fail(one.finding_->key, one.finding_->expected, one.finding_->observed, one.trace_);
  }
  judgement.witnesses = one.witnesses_;
  return judgement;
}

void Trial::take_property(const PropertyReport& report) {
  cases_ += report.cases;
  for (const auto& [what, count] : report.witnesses) witnesses_[what] += count;
  if (report.passed() || finding_) return;
  if (report.failing_index < 0) {
    expect(false, "property-" + std::string(to_string(report.status)),
           "the property '" + report.property + "' is exercised", report.reason);
    return;
  }
  std::string observed = report.smallest.observed;
  if (report.flaky())
    observed += " (flaky: " + std::to_string(report.reproduced) + " of " + std::to_string(report.reruns) + " reruns)";
  expect(false, report.smallest.key, report.smallest.expected, observed);
  trace_ = report.smallest.trace;
  counterexample = Counterexample{report.property + " = " + report.smallest_input, report.failing_index,
                                  static_cast<std::int64_t>(report.shrink_path.size()), report.replay};
}

std::string Trial::type_name(const std::type_info& type) { return readable_type_name(type); }

}  // namespace concert::conformance
