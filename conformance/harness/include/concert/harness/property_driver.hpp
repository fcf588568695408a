// SPDX-License-Identifier: Apache-2.0
// The loop around generated inputs: seeds, budgets, evidence, shrinking, replay. Knows no generator library
// (property.hpp does).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace concert::conformance {

/// Part of every replay token: raise it whenever equal seeds come to mean other inputs, so that old tokens fail loudly.
inline constexpr int generator_version = 1;

/// What one case came to.
struct Judgement {
  enum class Outcome { pass, fail, discard };

  static Judgement pass() { return {}; }
  /// `key` is the stable name of the check that failed: shrinking keeps to it. Errors: std::invalid_argument if it is
  /// empty.
  static Judgement fail(std::string key, std::string expected, std::string observed,
                        std::vector<std::string> trace = {});
  /// The input does not suit the property.
  static Judgement discard(std::string why);

  Outcome outcome = Outcome::pass;
  std::string key;
  std::string expected;
  std::string observed;
  std::vector<std::string> trace{};
  /// Kinds of cases that this one belongs to; the report counts cases.
  std::set<std::string> labels{};
  /// How often a trigger occurred; the report adds up.
  std::map<std::string, std::int64_t> witnesses{};

  friend bool operator==(const Judgement&, const Judgement&) = default;
};

struct PropertyOptions {
  /// Identifies the property: a part of every seed.
  std::string name;
  /// The master seed. Case `i` is a function of (seed, name, i) and of nothing else.
  std::uint64_t seed = 1;
  /// Run whatever time it takes; then go on until `max_cases` or the end of the budget.
  std::int64_t min_cases = 100;
  std::int64_t max_cases = 1000;
  std::chrono::milliseconds time_budget{1000};
  /// Sizes are drawn evenly from 0 to this, independently for each case.
  int max_size = 100;
  /// More discards than this for each case, and ten for a start, is giving up.
  std::int64_t max_discards_per_case = 10;
  /// How often a failing case is run again before it is shrunk, to tell whether it fails each time.
  int reruns = 3;
  std::int64_t max_shrink_runs = 2000;
  /// Where it ends the shrinking, the smallest input depends on the machine's speed; the report says so.
  std::chrono::milliseconds max_shrink_time{10'000};
  /// The least number of cases with each of these labels; with fewer the property was not exercised.
  std::map<std::string, std::int64_t> required_labels{};
  /// A line on stderr before each run of the property: after a crash the last line names the case.
  bool journal = false;
  /// A token of an earlier report: run that case only. It brings its own master seed.
  std::string replay{};
};

/// What a property came to. Only `passed` is green.
struct PropertyReport {
  enum class Status {
    passed,
    failed,
    gave_up,           ///< too many inputs were discarded
    not_exercised,     ///< no case at all, or too few with a required label
    generator_failed,  ///< the generator threw
  };
  Status status = Status::not_exercised;
  /// For every status but passed: why, in one line.
  std::string reason;

  std::string property;
  std::uint64_t seed = 0;
  std::int64_t cases = 0;
  std::int64_t discards = 0;
  std::string last_discard;
  std::map<std::string, std::int64_t> labels;
  std::map<std::string, std::int64_t> witnesses;
  double seconds = 0;

  // The rest is about a failure.

  std::int64_t failing_index = -1;
  std::uint64_t case_seed = 0;
  int size = 0;
  /// Gives the same case again: "v1:<master seed, hexadecimal>:<index>".
  std::string replay;
  /// The evidence of the first failure, which a flaky case may never show again.
  Judgement first;
  std::string first_input;
  /// The same for the smallest input that fails the same check.
  Judgement smallest;
  std::string smallest_input;
  /// Of `reruns` runs of the first input, how many failed the same check.
  int reruns = 0;
  int reproduced = 0;
  /// Which candidate was taken at each step.
  std::vector<std::size_t> shrink_path;
  std::int64_t shrink_runs = 0;
  /// False if a bound ended the shrinking.
  bool shrunk_to_the_end = true;
  /// What a shrinker threw; empty if nothing.
  std::string shrink_error;
  /// Other checks that smaller inputs failed: perhaps other faults.
  std::set<std::string> other_keys;

  bool passed() const noexcept { return status == Status::passed; }
  bool flaky() const noexcept { return failing_index >= 0 && reproduced < reruns; }
  /// With 95 % confidence a case of this generator fails with less than this probability (exact rule of three).
  double failure_bound() const noexcept;
};

std::string_view to_string(PropertyReport::Status status) noexcept;
/// For a person, several lines.
std::string to_string(const PropertyReport& report);

/// A parsed replay token.
struct ReplayToken {
  std::uint64_t seed = 0;
  std::int64_t index = 0;
  friend bool operator==(const ReplayToken&, const ReplayToken&) = default;
};
std::string to_string(const ReplayToken& token);
/// Errors: std::invalid_argument for another form or another generator version.
ReplayToken parse_replay_token(std::string_view text);

/// The seed and the size of a case.
std::uint64_t case_seed(std::uint64_t master_seed, std::string_view property, std::int64_t index) noexcept;
int case_size(std::uint64_t case_seed, int max_size) noexcept;

// ---- For generator libraries ---------------------------------------------------------------------------------------

/// One generated input with its smaller candidates, type-erased.
class Specimen {
 public:
  virtual ~Specimen() = default;
  /// Makes the value. Errors: NoInput if there is none for this seed; what the generator throws.
  virtual void materialize() = 0;
  /// Runs the property on the value, each time anew.
  virtual Judgement judge(std::uint64_t case_seed) const = 0;
  virtual std::string show() const = 0;
  /// The next candidate, not materialized; null after the last.
  virtual std::unique_ptr<Specimen> next_candidate() = 0;
};

/// The generator found no input that meets its own conditions. Counts as a discard.
class NoInput : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

using MakeSpecimen = std::function<std::unique_ptr<Specimen>(std::uint64_t case_seed, int size)>;

/// The driver: what check_property (property.hpp) calls.
/// Errors: std::invalid_argument for options that contradict each other, and for a wrong replay token. What a property
/// throws is a failed check with the key "exception:<type>". Threads: one; the clock of its budgets is the machine's,
/// also while a VirtualClock is on.
PropertyReport run_property(const PropertyOptions& options, const MakeSpecimen& make);

}  // namespace concert::conformance
