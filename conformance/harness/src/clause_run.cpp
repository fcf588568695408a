// SPDX-License-Identifier: Apache-2.0
// Runs one clause test under its schedules and writes the record.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "concert/harness/certifier.hpp"
#include "concert/harness/mix.hpp"
#include "concert/harness/real_clock.hpp"

namespace concert::conformance {

namespace {

using results::TestRecord;
using results::Verdict;

/// "2/v1:..." -> schedule 2 and the token of a property.
struct ScheduledReplay {
  int schedule = 0;
  std::string property;
};

ScheduledReplay parse_replay(const std::string& token) {
  ScheduledReplay parsed;
  const std::size_t slash = token.find('/');
  const std::string number = token.substr(0, slash);
  if (number.empty() || number.size() > 6 || number.find_first_not_of("0123456789") != std::string::npos) {
    throw std::invalid_argument("a replay token starts with the number of a schedule, as in 0 or 2/v1:...; got '" +
                                token + "'");
  }
  parsed.schedule = std::stoi(number);
  if (slash != std::string::npos) parsed.property = token.substr(slash + 1);
  return parsed;
}

/// Runs the body once; what the body itself throws is a finding.
void run_body(Trial& trial, const ClauseTest& test) {
  try {
    test.body(trial);
  } catch (...) {
    trial.expect(false, "test-threw", "the test's own code ends normally", describe(std::current_exception()));
  }
}

void take_finding(TestRecord& record, const Trial& trial, int schedule_index) {
  const Finding& finding = *trial.finding();
  results::Failure failure;
  failure.key = finding.key;
  failure.expected = finding.expected;
  failure.observed = finding.observed;
  failure.schedule = to_string(trial.schedule());
  failure.trace = trial.trace_lines();
  failure.replay = std::to_string(schedule_index);
  if (trial.counterexample) {
    failure.input = trial.counterexample->input;
    failure.case_index = trial.counterexample->case_index;
    failure.shrinks = trial.counterexample->shrinks;
    failure.replay += "/" + trial.counterexample->replay;
  }
  failure.message = fmt::format("{}: expected {}, observed {}", failure.key, failure.expected, failure.observed);
  record.verdict = Verdict::failed;
  record.reason = failure.message;
  record.failure = std::move(failure);
}

/// No check and no witness, no pass.
void judge_evidence(TestRecord& record, std::int64_t checks) {
  const bool witnessed = !record.witnesses.empty() && std::all_of(record.witnesses.begin(), record.witnesses.end(),
                                                                  [](const auto& w) { return w.second > 0; });
  if (checks > 0 && witnessed) {
    record.verdict = Verdict::passed;
    return;
  }
  record.verdict = Verdict::inconclusive;
  if (checks == 0) {
    record.reason = "no check was made";
  } else if (record.witnesses.empty()) {
    record.reason = "nothing shows that the trigger of the clause occurred";
  } else {
    record.reason = "a trigger of the clause did not occur:";
    for (const auto& [what, count] : record.witnesses) {
      if (count == 0) record.reason += " " + what;
    }
  }
}

}  // namespace

TestRecord run_clause_test(const BackendAdapter& backend, const ClauseTest& test, const RunSettings& settings) {
  TestRecord record;
  record.test = test.name();
  record.clause = std::string(test.clause.id);
  record.tier = test.tier == Tier::logical ? "logical" : "physical";
  for (const std::string& feature : test.requires_features) {
    if (!backend.manifest.features.contains(feature)) {
      record.verdict = Verdict::unsupported;
      record.reason = "the backend does not declare the feature '" + feature + "'";
      return record;
    }
  }

  const bool replays = !settings.replay.empty();
  const ScheduledReplay token = replays ? parse_replay(settings.replay) : ScheduledReplay{};
  const int first = replays ? token.schedule : 0;
  const int end = replays ? token.schedule + 1 : settings.schedules;
  const auto started = real_now();
  std::int64_t checks = 0;
  for (int index = first; index < end; ++index) {
    Trial trial(backend, Schedule::nth(settings.seed, index));
    trial.properties.seed = mix(mix(settings.seed, hash_text(record.test)), static_cast<std::uint64_t>(index));
    trial.properties.cases = std::max<std::int64_t>(1, settings.cases / std::max(1, settings.schedules));
    trial.properties.replay = token.property;
    run_body(trial, test);
    // A test without a property is one case.
    record.cases += std::max<std::int64_t>(1, trial.cases());
    checks += trial.checks();
    for (const auto& [what, count] : trial.witnesses()) record.witnesses[what] += count;
    if (trial.finding()) {
      take_finding(record, trial, index);
      break;
    }
  }
  if (!record.failure) judge_evidence(record, checks);
  record.seconds = std::chrono::duration<double>(real_now() - started).count();
  return record;
}

std::string failure_text(const ClauseTest& test, const TestRecord& record) {
  std::string text =
      fmt::format("{} ({}): {}\n", test.clause.id, results::to_string(record.verdict), test.clause.sentence);
  if (!record.failure) return text + "  " + record.reason + "\n";
  const results::Failure& failure = *record.failure;
  text += fmt::format("  check:    {}\n  expected: {}\n  observed: {}\n  schedule: {}\n", failure.key, failure.expected,
                      failure.observed, failure.schedule);
  if (!failure.input.empty()) {
    text += fmt::format("  input:    {} (case {}, shrunk in {} steps)\n", failure.input, failure.case_index,
                        failure.shrinks);
  }
  for (const std::string& line : failure.trace) text += "  trace:    " + line + "\n";
  return text + fmt::format("  replay:   --run {} --replay {}\n", record.test, failure.replay);
}

}  // namespace concert::conformance
