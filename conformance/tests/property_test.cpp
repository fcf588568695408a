// SPDX-License-Identifier: Apache-2.0
#include "concert/harness/property.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gen/Container.h>
#include <rapidcheck/gen/Create.h>
#include <rapidcheck/gen/Numeric.h>
#include <rapidcheck/gen/Predicate.h>
#include <rapidcheck/gen/Transform.h>

#include <chrono>
#include <cstdint>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "concert/harness/virtual_clock.hpp"

namespace concert::conformance {
namespace {

using namespace std::chrono_literals;
using Status = PropertyReport::Status;
using Ints = std::vector<int>;

PropertyOptions named(std::string name, std::int64_t cases = 200) {
  PropertyOptions options;
  options.name = std::move(name);
  options.min_cases = options.max_cases = cases;
  return options;
}

rc::Gen<int> small_numbers() { return rc::gen::inRange(0, 1000); }

/// Fails from 100 on: the smallest counterexample is 100.
Judgement below_hundred(const int& value, std::uint64_t) {
  if (value < 100) return Judgement::pass();
  return Judgement::fail("below", "less than 100", std::to_string(value), {"saw " + std::to_string(value)});
}

TEST(Property, RunsEveryCaseAndPasses) {
  std::int64_t runs = 0;
  const auto report = check_property<int>(named("all", 123), small_numbers(), [&](const int&, std::uint64_t) {
    ++runs;
    return Judgement::pass();
  });
  EXPECT_TRUE(report.passed()) << to_string(report);
  EXPECT_EQ(report.cases, 123);
  EXPECT_EQ(runs, 123);
  EXPECT_EQ(report.failing_index, -1);
  EXPECT_FALSE(report.flaky());
  EXPECT_NEAR(report.failure_bound(), 3.0 / 123, 0.001);
}

std::vector<std::pair<int, std::uint64_t>> inputs_of(const PropertyOptions& options) {
  std::vector<std::pair<int, std::uint64_t>> inputs;
  check_property<int>(options, small_numbers(), [&](const int& value, std::uint64_t seed) {
    inputs.emplace_back(value, seed);
    return Judgement::pass();
  });
  return inputs;
}

TEST(Property, CasesAreAFunctionOfSeedNameAndIndex) {
  const auto inputs = inputs_of(named("p", 50));
  EXPECT_EQ(inputs, inputs_of(named("p", 50)));
  EXPECT_NE(inputs, inputs_of(named("q", 50)));
  PropertyOptions other = named("p", 50);
  other.seed = 2;
  EXPECT_NE(inputs, inputs_of(other));
  auto longer = inputs_of(named("p", 80));
  longer.resize(50);
  EXPECT_EQ(inputs, longer);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    EXPECT_EQ(inputs[i].second, case_seed(1, "p", static_cast<std::int64_t>(i)));
  }
}

// A change here makes every stored token mean another input: raise generator_version with it.
TEST(Property, SeedsAreTheSameOnEveryMachine) {
  EXPECT_EQ(generator_version, 1);
  EXPECT_EQ(case_seed(1, "p", 0), 6933645171049798896u);
  EXPECT_EQ(case_seed(42, "sum", 7), 2012899001753233943u);
}

TEST(Property, SizesAreSpreadOverTheWholeRange) {
  std::set<int> sizes;
  const rc::Gen<int> size_itself = [&](const rc::Random&, int size) { return rc::shrinkable::just(size); };
  check_property<int>(named("sizes", 3000), size_itself, [&](const int& size, std::uint64_t) {
    sizes.insert(size);
    return Judgement::pass();
  });
  EXPECT_EQ(sizes.size(), 101u);
  EXPECT_EQ(*sizes.begin(), 0);
  EXPECT_EQ(*sizes.rbegin(), 100);
}

TEST(Property, FindsTheSmallestCounterexample) {
  const auto report = check_property<int>(named("below"), small_numbers(), below_hundred);
  EXPECT_EQ(report.status, Status::failed);
  EXPECT_EQ(report.smallest_input, "100");
  EXPECT_EQ(report.smallest, below_hundred(100, 0));
  EXPECT_NE(report.first_input, "100");
  EXPECT_EQ(report.first.observed, report.first_input);
  EXPECT_EQ(report.cases, report.failing_index + 1);
  EXPECT_EQ(report.reproduced, 3);
  EXPECT_FALSE(report.flaky());
  EXPECT_TRUE(report.shrunk_to_the_end);
  EXPECT_FALSE(report.shrink_path.empty());
  EXPECT_GE(report.shrink_runs, static_cast<std::int64_t>(report.shrink_path.size()));
  const std::string text = to_string(report);
  for (const char* part : {"property below: failed", "expected: less than 100", "observed: 100", "input:    100",
                           "trace:    saw 100", "replay:   v1:1:"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " is missing in\n" << text;
  }
}

TEST(Property, ShrinksContainers) {
  const auto lists = rc::gen::container<Ints>(rc::gen::inRange(0, 50));
  const auto report = check_property<Ints>(named("sorted"), lists, [](const Ints& list, std::uint64_t) {
    for (std::size_t i = 1; i < list.size(); ++i) {
      if (list[i - 1] > list[i]) return Judgement::fail("sorted", "sorted", "not sorted");
    }
    return Judgement::pass();
  });
  EXPECT_EQ(report.smallest_input, "[1, 0]");
}

/// Two faults: odd numbers from 301 on fail the check "large", all numbers from 50 on the check "any".
Judgement two_faults(const int& value, std::uint64_t) {
  if (value >= 301 && value % 2 == 1) return Judgement::fail("large", "even", std::to_string(value));
  if (value >= 50 && value % 2 == 0) return Judgement::fail("any", "less than 50", std::to_string(value));
  return Judgement::pass();
}

rc::Gen<int> numbers_by_small_steps() {
  return with_candidates<int>(small_numbers(), [](const int& value) {
    return value < 2 ? std::vector<int>{} : std::vector<int>{value / 2, value - 1, value - 2};
  });
}

TEST(Property, ShrinkingKeepsToTheSameCheck) {
  bool large = false, any = false;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    PropertyOptions options = named("two");
    options.seed = seed;
    const auto report = check_property<int>(options, numbers_by_small_steps(), two_faults);
    ASSERT_EQ(report.status, Status::failed);
    EXPECT_EQ(report.smallest.key, report.first.key);
    if (report.first.key == "large") {
      EXPECT_EQ(report.smallest_input, "301");
      EXPECT_EQ(report.other_keys, std::set<std::string>{"any"});
      large = true;
    } else {
      EXPECT_EQ(report.smallest_input, "50");
      any = true;
    }
  }
  EXPECT_TRUE(large);
  EXPECT_TRUE(any);
}

TEST(Property, ReplayRunsOneCaseAndFindsTheSameCounterexample) {
  PropertyOptions options = named("two");
  options.seed = 0xabcdef0123456789u;
  const auto found = check_property<int>(options, small_numbers(), two_faults);
  ASSERT_EQ(found.status, Status::failed);
  EXPECT_EQ(found.replay, "v1:abcdef0123456789:" + std::to_string(found.failing_index));
  PropertyOptions replay = named("two");
  replay.replay = found.replay;
  std::int64_t first_inputs = 0;
  const auto again = check_property<int>(replay, small_numbers(), [&](const int& value, std::uint64_t seed) {
    if (rc::toString(value) == found.first_input) ++first_inputs;
    return two_faults(value, seed);
  });
  EXPECT_EQ(again.cases, 1);
  EXPECT_GE(first_inputs, 4);
  EXPECT_EQ(again.failing_index, found.failing_index);
  EXPECT_EQ(again.case_seed, found.case_seed);
  EXPECT_EQ(again.size, found.size);
  EXPECT_EQ(again.first, found.first);
  EXPECT_EQ(again.first_input, found.first_input);
  EXPECT_EQ(again.smallest, found.smallest);
  EXPECT_EQ(again.smallest_input, found.smallest_input);
  EXPECT_EQ(again.shrink_path, found.shrink_path);
  EXPECT_EQ(again.shrink_runs, found.shrink_runs);
  EXPECT_EQ(again.replay, found.replay);
}

TEST(Property, ReplayOfARepairedCasePasses) {
  PropertyOptions options = named("below");
  options.replay = "v1:1:0";
  options.required_labels = {{"never", 1}};
  const auto report =
      check_property<int>(options, small_numbers(), [](const int&, std::uint64_t) { return Judgement::pass(); });
  EXPECT_TRUE(report.passed()) << to_string(report);
  EXPECT_EQ(report.cases, 1);
}

TEST(Property, TokensAreStrict) {
  EXPECT_EQ(parse_replay_token("v1:ff:12"), (ReplayToken{255, 12}));
  EXPECT_EQ(to_string(ReplayToken{255, 12}), "v1:ff:12");
  for (const char* wrong : {"", "v1", "v1:ff", "1:ff:12", "v1:ff:", "v1::1", "v1:xy:1", "v1:ff:-1", "v1:ff:1x",
                            "v1:ff:1:2", "v:ff:1", "v1:10000000000000000:1"}) {
    EXPECT_THROW(parse_replay_token(wrong), std::invalid_argument) << wrong;
  }
  try {
    parse_replay_token("v2:ff:12");
    FAIL() << "another generator version was accepted";
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string(error.what()).find("generator version 2"), std::string::npos) << error.what();
  }
}

TEST(Property, FlakyFailureIsAFailureThatSaysSo) {
  int runs = 0;
  const auto report = check_property<int>(named("flaky"), small_numbers(), [&](const int& value, std::uint64_t) {
    return ++runs == 5 ? Judgement::fail("once", "always well", "ill at " + std::to_string(value)) : Judgement::pass();
  });
  EXPECT_EQ(report.status, Status::failed);
  EXPECT_TRUE(report.flaky());
  EXPECT_EQ(report.failing_index, 4);
  EXPECT_EQ(report.reruns, 3);
  EXPECT_EQ(report.reproduced, 0);
  EXPECT_EQ(report.shrink_runs, 0);
  EXPECT_EQ(report.smallest.observed, "ill at " + report.first_input);
  EXPECT_EQ(report.smallest_input, report.first_input);
  EXPECT_NE(to_string(report).find("0 of 3 further runs"), std::string::npos) << to_string(report);
}

TEST(Property, HalfFlakyFailureIsShrunkWithSeveralChances) {
  int runs = 0;
  const auto report = check_property<int>(named("half"), small_numbers(), [&](const int& value, std::uint64_t seed) {
    return ++runs % 2 == 0 ? Judgement::pass() : below_hundred(value, seed);
  });
  EXPECT_EQ(report.status, Status::failed);
  EXPECT_TRUE(report.flaky());
  EXPECT_GT(report.reproduced, 0);
  EXPECT_EQ(report.smallest_input, "100");
}

TEST(Property, AnotherCheckIsNoReproduction) {
  int runs = 0;
  const auto report = check_property<int>(named("changing"), small_numbers(), [&](const int&, std::uint64_t) {
    return Judgement::fail(++runs == 1 ? "first" : "later", "", "");
  });
  EXPECT_TRUE(report.flaky());
  EXPECT_EQ(report.reproduced, 0);
  EXPECT_EQ(report.smallest.key, "first");
}

TEST(Property, ExceptionOfThePropertyIsAFailedCheckOfItsType) {
  const auto report = check_property<int>(named("throws"), small_numbers(), [](const int& value, std::uint64_t) {
    if (value >= 700) throw std::out_of_range("too far");
    if (value >= 10) throw 42;
    return Judgement::pass();
  });
  EXPECT_EQ(report.status, Status::failed);
  if (report.first.key == "exception:std::out_of_range") {
    EXPECT_EQ(report.smallest_input, "700");
    EXPECT_NE(report.smallest.observed.find("too far"), std::string::npos) << report.smallest.observed;
  } else {
    EXPECT_EQ(report.first.key, "exception:int");
    EXPECT_EQ(report.smallest_input, "10");
  }
}

TEST(Property, ExceptionOfTheGeneratorIsReported) {
  const rc::Gen<int> generator = [](const rc::Random&, int size) -> rc::Shrinkable<int> {
    if (size > 50) throw std::domain_error("no such number");
    return rc::shrinkable::just(size);
  };
  const auto report =
      check_property<int>(named("generator"), generator, [](const int&, std::uint64_t) { return Judgement::pass(); });
  EXPECT_EQ(report.status, Status::generator_failed);
  EXPECT_NE(report.reason.find("no such number"), std::string::npos) << report.reason;
  EXPECT_NE(report.reason.find("at case " + std::to_string(report.cases)), std::string::npos) << report.reason;
  EXPECT_EQ(report.replay, "v1:1:" + std::to_string(report.cases));
}

TEST(Property, ExceptionOfAShrinkerIsReportedAndTheFailureStays) {
  const rc::Gen<int> generator = with_candidates<int>(rc::gen::just(400), [](const int& value) -> std::vector<int> {
    if (value <= 398) throw std::logic_error("the shrinker is broken at " + std::to_string(value));
    return {value - 1};
  });
  const auto report = check_property<int>(named("shrinker"), generator, below_hundred);
  EXPECT_EQ(report.status, Status::failed);
  EXPECT_EQ(report.smallest_input, "398");
  EXPECT_NE(report.shrink_error.find("the shrinker is broken at 398"), std::string::npos) << report.shrink_error;
  EXPECT_NE(to_string(report).find("shrinker: threw"), std::string::npos);
}

TEST(Property, ExceptionOfACandidateIsReportedAndOthersAreTried) {
  const rc::Gen<int> generator = rc::gen::map(small_numbers(), [](int value) {
    if (value == 0) throw std::logic_error("zero is not mapped");
    return value;
  });
  PropertyOptions options = named("candidate");
  for (options.seed = 1;; ++options.seed) {
    const auto report = check_property<int>(options, generator, below_hundred);
    if (report.status == Status::generator_failed) continue;
    EXPECT_EQ(report.smallest_input, "100");
    EXPECT_NE(report.shrink_error.find("zero is not mapped"), std::string::npos) << report.shrink_error;
    break;
  }
}

TEST(Property, OwnCandidatesAreShrunkInTurn) {
  const rc::Gen<int> generator = with_candidates<int>(rc::gen::inRange(150, 1000), [](const int& value) {
    return value > 0 ? std::vector<int>{value / 2, value - 1} : std::vector<int>{};
  });
  const auto report = check_property<int>(named("own"), generator, below_hundred);
  EXPECT_EQ(report.smallest_input, "100");
  EXPECT_EQ(report.failing_index, 0);
}

TEST(Property, PathNamesTheCandidateTakenAtEachStep) {
  const rc::Gen<int> generator = with_candidates<int>(rc::gen::just(103), [](const int& value) {
    return std::vector<int>{value / 2, value - 1};
  });
  const auto report = check_property<int>(named("path"), generator, below_hundred);
  EXPECT_EQ(report.smallest_input, "100");
  EXPECT_EQ(report.shrink_path, (std::vector<std::size_t>{1, 1, 1}));
  EXPECT_EQ(report.shrink_runs, 8);
}

TEST(Property, DiscardsAreCountedAndNotCases) {
  const auto report = check_property<int>(named("even", 50), small_numbers(), [](const int& value, std::uint64_t) {
    return value % 2 == 0 ? Judgement::pass() : Judgement::discard("odd");
  });
  EXPECT_TRUE(report.passed()) << to_string(report);
  EXPECT_EQ(report.cases, 50);
  EXPECT_GT(report.discards, 10);
  EXPECT_EQ(report.last_discard, "odd");
}

TEST(Property, TooManyDiscardsAreNoPass) {
  std::int64_t runs = 0;
  const auto report = check_property<int>(named("rare"), small_numbers(), [&](const int&, std::uint64_t) {
    return ++runs == 1 ? Judgement::pass() : Judgement::discard("rare");
  });
  EXPECT_EQ(report.status, Status::gave_up);
  EXPECT_EQ(report.cases, 1);
  EXPECT_EQ(report.discards, 21);
  EXPECT_NE(report.reason.find("rare"), std::string::npos) << report.reason;
}

TEST(Property, GeneratorWithoutInputsIsNoPass) {
  const auto none = rc::gen::suchThat(small_numbers(), [](int) { return false; });
  const auto report =
      check_property<int>(named("none"), none, [](const int&, std::uint64_t) { return Judgement::pass(); });
  EXPECT_EQ(report.status, Status::gave_up);
  EXPECT_EQ(report.cases, 0);
  EXPECT_EQ(report.discards, 11);
}

TEST(Property, NoCaseIsNoPass) {
  const auto report = check_property<int>(named("empty", 0), small_numbers(),
                                          [](const int&, std::uint64_t) { return Judgement::pass(); });
  EXPECT_EQ(report.status, Status::not_exercised);
  PropertyOptions discarded = named("discarded");
  discarded.replay = "v1:1:0";
  const auto replay = check_property<int>(discarded, small_numbers(),
                                          [](const int&, std::uint64_t) { return Judgement::discard("never"); });
  EXPECT_EQ(replay.status, Status::not_exercised);
}

TEST(Property, CountsLabelsAndWitnesses) {
  PropertyOptions options = named("labels", 100);
  options.required_labels = {{"small", 10}};
  const auto judge = [](const int& value, std::uint64_t) {
    Judgement judgement = Judgement::pass();
    judgement.labels.insert(value < 500 ? "small" : "large");
    judgement.witnesses["seen"] = 2;
    return judgement;
  };
  const auto report = check_property<int>(options, small_numbers(), judge);
  EXPECT_TRUE(report.passed()) << to_string(report);
  EXPECT_EQ(report.labels.at("small") + report.labels.at("large"), 100);
  EXPECT_EQ(report.witnesses.at("seen"), 200);
  options.required_labels = {{"small", 1}, {"huge", 1}};
  const auto missing = check_property<int>(options, small_numbers(), judge);
  EXPECT_EQ(missing.status, Status::not_exercised);
  EXPECT_NE(missing.reason.find("0 cases of the kind 'huge', needed 1"), std::string::npos) << missing.reason;
}

TEST(Property, TimeBudgetEndsTheRunAfterTheLeastNumberOfCases) {
  PropertyOptions options = named("budget");
  options.min_cases = 30;
  options.max_cases = 1'000'000'000;
  options.time_budget = 0ms;
  const auto pass = [](const int&, std::uint64_t) { return Judgement::pass(); };
  EXPECT_EQ(check_property<int>(options, small_numbers(), pass).cases, 30);
  options.time_budget = 20ms;
  const auto report = check_property<int>(options, small_numbers(), pass);
  EXPECT_GT(report.cases, 30);
  EXPECT_GE(report.seconds, 0.02);
}

TEST(Property, BudgetIsRealAlsoUnderAVirtualClock) {
  const VirtualClock clock;
  PropertyOptions options = named("virtual");
  options.min_cases = 1;
  options.max_cases = 50;
  const auto report = check_property<int>(options, small_numbers(), [](const int&, std::uint64_t) {
    VirtualClock::advance(1h);
    return Judgement::pass();
  });
  EXPECT_EQ(report.cases, 50);
  EXPECT_LT(report.seconds, 60);
}

TEST(Property, ShrinkingIsBounded) {
  PropertyOptions options = named("bounded");
  options.max_shrink_runs = 2;
  const rc::Gen<int> generator =
      with_candidates<int>(rc::gen::just(1000), [](const int& value) { return std::vector<int>{value - 1}; });
  const auto by_runs = check_property<int>(options, generator, below_hundred);
  EXPECT_EQ(by_runs.status, Status::failed);
  EXPECT_EQ(by_runs.shrink_runs, 2);
  EXPECT_EQ(by_runs.smallest_input, "998");
  EXPECT_FALSE(by_runs.shrunk_to_the_end);
  options.max_shrink_runs = 2000;
  options.max_shrink_time = 0ms;
  const auto by_time = check_property<int>(options, generator, below_hundred);
  EXPECT_EQ(by_time.shrink_runs, 0);
  EXPECT_FALSE(by_time.shrunk_to_the_end);
}

TEST(Property, JournalNamesEachRunBeforeItStarts) {
  PropertyOptions options = named("journal", 3);
  ::testing::internal::CaptureStderr();
  check_property<int>(options, small_numbers(), [](const int&, std::uint64_t) { return Judgement::pass(); });
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  options.journal = true;
  ::testing::internal::CaptureStderr();
  check_property<int>(options, rc::gen::just(101), below_hundred);
  const std::string text = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(text.find("property case journal v1:1:0 size="), 0u) << text;
  EXPECT_NE(text.find("property again journal v1:1:0 2\n"), std::string::npos) << text;
}

TEST(Property, ContradictoryOptionsAreRefused) {
  const auto pass = [](const int&, std::uint64_t) { return Judgement::pass(); };
  PropertyOptions options = named("");
  EXPECT_THROW(check_property<int>(options, small_numbers(), pass), std::invalid_argument);
  options = named("bounds");
  options.max_cases = 10;
  EXPECT_THROW(check_property<int>(options, small_numbers(), pass), std::invalid_argument);
  options = named("size");
  options.max_size = 101;
  EXPECT_THROW(check_property<int>(options, small_numbers(), pass), std::invalid_argument);
  options = named("token");
  options.replay = "nonsense";
  EXPECT_THROW(check_property<int>(options, small_numbers(), pass), std::invalid_argument);
  EXPECT_THROW(Judgement::fail("", "", ""), std::invalid_argument);
}

}  // namespace
}  // namespace concert::conformance
