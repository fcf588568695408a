// SPDX-License-Identifier: Apache-2.0
#include "concert/harness/property_driver.hpp"

#include <cxxabi.h>
#include <unistd.h>

#include <charconv>
#include <cmath>
#include <exception>
#include <sstream>
#include <typeinfo>
#include <utility>

#include "concert/errors.hpp"
#include "concert/harness/mix.hpp"
#include "concert/harness/real_clock.hpp"

namespace concert::conformance {

namespace {

/// The exception in flight. Inside a handler only.
std::string describe_thrown() { return describe(std::current_exception()); }

Judgement judge_safely(const Specimen& specimen, std::uint64_t seed) {
  try {
    return specimen.judge(seed);
  } catch (...) {
    const std::type_info* type = abi::__cxa_current_exception_type();
    return Judgement::fail("exception:" + (type == nullptr ? "unknown" : readable_type_name(*type)),
                           "the property ends normally", describe_thrown());
  }
}

std::string show_safely(const Specimen& specimen) {
  try {
    return specimen.show();
  } catch (...) {
    return "(printing the input threw " + describe_thrown() + ")";
  }
}

void check_options(const PropertyOptions& options) {
  if (options.name.empty()) throw std::invalid_argument("a property needs a name: its seeds depend on it");
  if (options.min_cases < 0 || options.max_cases < options.min_cases) {
    throw std::invalid_argument("property " + options.name +
                                ": the bounds of cases must be 0 <= min_cases <= max_cases");
  }
  if (options.max_size < 0 || options.max_size > 100) {
    throw std::invalid_argument("property " + options.name + ": max_size must be from 0 to 100");
  }
  if (options.reruns < 0 || options.max_discards_per_case < 0 || options.max_shrink_runs < 0) {
    throw std::invalid_argument("property " + options.name + ": reruns, discards and shrink runs cannot be negative");
  }
}

class Driver {
 public:
  Driver(const PropertyOptions& options, const MakeSpecimen& make) : options_(options), make_(make) {
    report_.property = options.name;
    report_.seed = options.seed;
  }

  PropertyReport run() {
    const auto start = real_now();
    if (options_.replay.empty()) {
      run_cases(start);
    } else {
      run_replay();
    }
    if (!ended_) conclude();
    report_.seconds = std::chrono::duration<double>(real_now() - start).count();
    return std::move(report_);
  }

 private:
  void run_cases(std::chrono::steady_clock::time_point start) {
    for (std::int64_t index = 0; !ended_ && report_.cases < options_.max_cases; ++index) {
      if (report_.cases >= options_.min_cases && real_now() - start >= options_.time_budget) break;
      run_case(index);
      if (!ended_ && report_.discards > options_.max_discards_per_case * report_.cases + 10) {
        end(PropertyReport::Status::gave_up, std::to_string(report_.discards) + " inputs were discarded for " +
                                                 std::to_string(report_.cases) + " cases: " + report_.last_discard);
      }
    }
  }

  void run_replay() {
    const ReplayToken token = parse_replay_token(options_.replay);
    report_.seed = token.seed;
    run_case(token.index);
  }

  void run_case(std::int64_t index) {
    const std::uint64_t seed = case_seed(report_.seed, options_.name, index);
    const int size = case_size(seed, options_.max_size);
    token_ = to_string(ReplayToken{report_.seed, index});
    journal("case", "size=" + std::to_string(size));
    std::unique_ptr<Specimen> specimen;
    try {
      specimen = make_(seed, size);
      specimen->materialize();
    } catch (const NoInput& none) {
      discard(none.what());
      return;
    } catch (...) {
      report_.replay = token_;
      end(PropertyReport::Status::generator_failed,
          "the generator threw at case " + std::to_string(index) + ": " + describe_thrown());
      return;
    }
    Judgement judgement = judge_safely(*specimen, seed);
    if (judgement.outcome == Judgement::Outcome::discard) {
      discard(judgement.observed);
      return;
    }
    count(judgement);
    if (judgement.outcome == Judgement::Outcome::pass) return;
    report_.failing_index = index;
    report_.case_seed = seed;
    report_.size = size;
    report_.replay = token_;
    investigate(std::move(specimen), std::move(judgement));
  }

  void discard(std::string why) {
    ++report_.discards;
    report_.last_discard = std::move(why);
  }

  void count(const Judgement& judgement) {
    ++report_.cases;
    for (const std::string& label : judgement.labels) ++report_.labels[label];
    for (const auto& [what, times] : judgement.witnesses) report_.witnesses[what] += times;
  }

  /// The first failure: keep what it showed, see whether it comes again, look for a smaller input.
  void investigate(std::unique_ptr<Specimen> specimen, Judgement judgement) {
    report_.first = report_.smallest = std::move(judgement);
    report_.first_input = report_.smallest_input = show_safely(*specimen);
    report_.reruns = options_.reruns;
    for (int i = 0; i < options_.reruns; ++i) {
      journal("again", std::to_string(i));
      if (fails_the_same(judge_safely(*specimen, report_.case_seed))) ++report_.reproduced;
    }
    // Nothing can be learnt from candidates of an input that never fails again.
    if (options_.reruns == 0 || report_.reproduced > 0) shrink(std::move(specimen));
    end(PropertyReport::Status::failed,
        report_.smallest.key + ": expected " + report_.smallest.expected + ", observed " + report_.smallest.observed);
  }

  bool fails_the_same(const Judgement& judgement) const {
    return judgement.outcome == Judgement::Outcome::fail && judgement.key == report_.first.key;
  }

  /// Greedy: takes the first candidate that fails the same check, and goes on from there.
  void shrink(std::unique_ptr<Specimen> best) {
    const auto start = real_now();
    // A flaky failure gets as many chances on a candidate as it had on the first input.
    const int chances = report_.flaky() ? options_.reruns : 1;
    std::size_t candidate_index = 0;
    while (std::unique_ptr<Specimen> candidate = best->next_candidate()) {
      bool taken = false;
      if (materialize_candidate(*candidate)) {
        for (int chance = 0; chance < chances && !taken; ++chance) {
          if (report_.shrink_runs >= options_.max_shrink_runs || real_now() - start >= options_.max_shrink_time) {
            report_.shrunk_to_the_end = false;
            return finish_shrinking(*best);
          }
          ++report_.shrink_runs;
          taken = try_candidate(*candidate);
        }
      }
      if (taken) {
        report_.shrink_path.push_back(candidate_index);
        best = std::move(candidate);
        candidate_index = 0;
      } else {
        ++candidate_index;
      }
    }
    finish_shrinking(*best);
  }

  bool materialize_candidate(Specimen& candidate) {
    try {
      candidate.materialize();
      return true;
    } catch (const NoInput&) {
      return false;
    } catch (...) {
      if (report_.shrink_error.empty()) report_.shrink_error = describe_thrown();
      return false;
    }
  }

  bool try_candidate(const Specimen& candidate) {
    journal("shrink", std::to_string(report_.shrink_runs));
    Judgement judgement = judge_safely(candidate, report_.case_seed);
    if (judgement.outcome != Judgement::Outcome::fail) return false;
    if (!fails_the_same(judgement)) {
      report_.other_keys.insert(std::move(judgement.key));
      return false;
    }
    report_.smallest = std::move(judgement);
    return true;
  }

  void finish_shrinking(const Specimen& best) { report_.smallest_input = show_safely(best); }

  /// No failure: was it enough to be a pass?
  void conclude() {
    if (report_.cases == 0) {
      return end(PropertyReport::Status::not_exercised,
                 report_.discards == 0 ? "no case was run" : "every input was discarded: " + report_.last_discard);
    }
    // One case that is replayed cannot show every kind.
    if (options_.replay.empty()) {
      for (const auto& [label, least] : options_.required_labels) {
        const std::int64_t seen = report_.labels[label];
        if (seen < least) {
          return end(PropertyReport::Status::not_exercised,
                     std::to_string(seen) + " cases of the kind '" + label + "', needed " + std::to_string(least));
        }
      }
    }
    end(PropertyReport::Status::passed, "");
  }

  void end(PropertyReport::Status status, std::string reason) {
    ended_ = true;
    report_.status = status;
    report_.reason = std::move(reason);
  }

  void journal(std::string_view what, const std::string& detail) const {
    if (!options_.journal) return;
    // One write, and no buffer: a crash in the property must not lose it.
    const std::string line = "property " + std::string(what) + " " + options_.name + " " + token_ + " " + detail + "\n";
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
  }

  const PropertyOptions& options_;
  const MakeSpecimen& make_;
  PropertyReport report_;
  std::string token_;
  bool ended_ = false;
};

}  // namespace

Judgement Judgement::fail(std::string key, std::string expected, std::string observed, std::vector<std::string> trace) {
  if (key.empty()) throw std::invalid_argument("a failed check needs a key: shrinking keeps to it");
  Judgement judgement;
  judgement.outcome = Outcome::fail;
  judgement.key = std::move(key);
  judgement.expected = std::move(expected);
  judgement.observed = std::move(observed);
  judgement.trace = std::move(trace);
  return judgement;
}

Judgement Judgement::discard(std::string why) {
  Judgement judgement;
  judgement.outcome = Outcome::discard;
  judgement.observed = std::move(why);
  return judgement;
}

double PropertyReport::failure_bound() const noexcept {
  return cases == 0 ? 1.0 : -std::expm1(std::log(0.05) / static_cast<double>(cases));
}

std::string_view to_string(PropertyReport::Status status) noexcept {
  switch (status) {
    case PropertyReport::Status::passed: return "passed";
    case PropertyReport::Status::failed: return "failed";
    case PropertyReport::Status::gave_up: return "gave up";
    case PropertyReport::Status::not_exercised: return "not exercised";
    case PropertyReport::Status::generator_failed: return "generator failed";
  }
  return "?";
}

std::string to_string(const PropertyReport& report) {
  std::ostringstream out;
  out << "property " << report.property << ": " << to_string(report.status);
  if (report.flaky()) out << ", flaky";
  out << "\n  cases:    " << report.cases << ", and " << report.discards << " discarded, master seed " << report.seed;
  if (report.passed()) out << "; a case fails with a probability below " << report.failure_bound() << " (95 %)";
  for (const auto& [label, count] : report.labels) out << "\n  label:    " << label << ": " << count << " cases";
  for (const auto& [what, count] : report.witnesses) out << "\n  witness:  " << what << ": " << count;
  if (!report.passed()) out << "\n  reason:   " << report.reason;
  if (report.failing_index >= 0) {
    out << "\n  check:    " << report.smallest.key << "\n  expected: " << report.smallest.expected
        << "\n  observed: " << report.smallest.observed << "\n  input:    " << report.smallest_input
        << "\n  shrunk:   " << report.shrink_path.size() << " steps, " << report.shrink_runs << " runs"
        << (report.shrunk_to_the_end ? "" : ", ended by a bound") << "; case " << report.failing_index << " was "
        << report.first_input;
    for (const std::string& line : report.smallest.trace) out << "\n  trace:    " << line;
    if (report.flaky()) {
      out << "\n  flaky:    " << report.reproduced << " of " << report.reruns
          << " further runs of the first input failed alike; at first it expected " << report.first.expected
          << ", observed " << report.first.observed;
    }
    for (const std::string& key : report.other_keys) out << "\n  also:     smaller inputs failed the check " << key;
    if (!report.shrink_error.empty()) out << "\n  shrinker: threw " << report.shrink_error;
  }
  if (!report.replay.empty()) out << "\n  replay:   " << report.replay;
  out << "\n";
  return out.str();
}

std::string to_string(const ReplayToken& token) {
  char digits[16];
  const auto [end, error] = std::to_chars(std::begin(digits), std::end(digits), token.seed, 16);
  return "v" + std::to_string(generator_version) + ":" + std::string(std::begin(digits), end) + ":" +
         std::to_string(token.index);
}

namespace {
template <class Number>
bool parse_whole(std::string_view text, Number& number, int base) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return error == std::errc() && end == text.data() + text.size() && number >= 0;
}
}  // namespace

ReplayToken parse_replay_token(std::string_view text) {
  const std::size_t first = text.find(':');
  const std::size_t second = first == std::string_view::npos ? first : text.find(':', first + 1);
  ReplayToken token;
  int version = 0;
  if (second == std::string_view::npos || text[0] != 'v' || !parse_whole(text.substr(1, first - 1), version, 10) ||
      !parse_whole(text.substr(first + 1, second - first - 1), token.seed, 16) ||
      !parse_whole(text.substr(second + 1), token.index, 10)) {
    throw std::invalid_argument("a replay token has the form v1:<seed, hexadecimal>:<index>; got '" +
                                std::string(text) + "'");
  }
  if (version != generator_version) {
    throw std::invalid_argument("the replay token '" + std::string(text) + "' is of generator version " +
                                std::to_string(version) + ", this is " + std::to_string(generator_version) +
                                ": equal seeds mean other inputs, use the printed input instead");
  }
  return token;
}

std::uint64_t case_seed(std::uint64_t master_seed, std::string_view property, std::int64_t index) noexcept {
  return mix(mix(master_seed, hash_text(property)), static_cast<std::uint64_t>(index));
}

int case_size(std::uint64_t case_seed, int max_size) noexcept {
  return static_cast<int>(mix(case_seed, 7) % (static_cast<std::uint64_t>(max_size) + 1));
}

PropertyReport run_property(const PropertyOptions& options, const MakeSpecimen& make) {
  check_options(options);
  return Driver(options, make).run();
}

}  // namespace concert::conformance
