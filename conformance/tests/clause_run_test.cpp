// SPDX-License-Identifier: Apache-2.0
// How a clause test comes to its verdict, and how a failure is replayed.
#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>

#include "concert/harness/certifier.hpp"
#include "concert/harness/for_all.hpp"
#include "concert/mutants/mutants.hpp"

namespace concert::conformance {
namespace {

using namespace std::chrono_literals;
using results::TestRecord;
using results::Verdict;

TestRecord run(void (*body)(Trial&), const RunSettings& settings = {}, std::vector<std::string> features = {}) {
  static const BackendAdapter model = model_adapter();
  return run_clause_test(model, {clause::Run001, "Example", body, Tier::logical, std::move(features)}, settings);
}

void sound(Trial& t) {
  t.witness("trigger");
  t.expect_true("holds", true);
}

TEST(ClauseRun, PassesWithAWitnessAndACheckUnderEachSchedule) {
  RunSettings settings;
  settings.schedules = 4;
  const TestRecord record = run(sound, settings);
  EXPECT_EQ(record.verdict, Verdict::passed);
  EXPECT_EQ(record.test, "Run001Example");
  EXPECT_EQ(record.cases, 4);
  EXPECT_EQ(record.witnesses.at("trigger"), 4);
}

TEST(ClauseRun, WithoutAWitnessItIsInconclusive) {
  const TestRecord record = run([](Trial& t) { t.expect_true("holds", true); });
  EXPECT_EQ(record.verdict, Verdict::inconclusive);
  EXPECT_EQ(record.reason, "nothing shows that the trigger of the clause occurred");
}

TEST(ClauseRun, AWitnessThatNeverCameIsInconclusive) {
  const TestRecord record = run([](Trial& t) {
    t.witness("never came", 0);
    t.expect_true("holds", true);
  });
  EXPECT_EQ(record.verdict, Verdict::inconclusive);
  EXPECT_EQ(record.reason, "a trigger of the clause did not occur: never came");
}

TEST(ClauseRun, WithoutACheckItIsInconclusive) {
  const TestRecord record = run([](Trial& t) { t.witness("trigger"); });
  EXPECT_EQ(record.verdict, Verdict::inconclusive);
  EXPECT_EQ(record.reason, "no check was made");
}

TEST(ClauseRun, TheFirstFailedCheckIsTheFinding) {
  const TestRecord record = run([](Trial& t) {
    t.trace("before");
    t.expect_equal("first", 1, 2);
    t.expect_equal("second", 3, 4);
  });
  ASSERT_EQ(record.verdict, Verdict::failed);
  EXPECT_EQ(record.failure->key, "first");
  EXPECT_EQ(record.failure->expected, "1");
  EXPECT_EQ(record.failure->observed, "2");
  EXPECT_EQ(record.failure->schedule, "own order, plain clock");
  EXPECT_EQ(record.failure->trace, std::vector<std::string>{"before"});
}

TEST(ClauseRun, ATestThatThrowsFails) {
  const TestRecord record = run([](Trial&) { throw std::runtime_error("oh"); });
  ASSERT_EQ(record.verdict, Verdict::failed);
  EXPECT_EQ(record.failure->key, "test-threw");
  EXPECT_EQ(record.failure->observed, "std::runtime_error: oh");
}

TEST(ClauseRun, AnUndeclaredFeatureIsUnsupported) {
  const TestRecord record = run(sound, {}, {"ipv6"});
  EXPECT_EQ(record.verdict, Verdict::unsupported);
  EXPECT_NE(record.reason.find("'ipv6'"), std::string::npos);
}

TEST(ClauseRun, AProgramThatHangsIsCutOffByTheWatchdog) {
  const TestRecord record = run([](Trial& t) {
    t.witness("hangs");
    t.run([](AsyncBackend& backend) -> Coro<> { co_await backend.sleep_forever(); });
  });
  ASSERT_EQ(record.verdict, Verdict::failed);
  EXPECT_EQ(record.failure->key, "stuck");
}

// Fails for numbers of 10 and more; the smallest counterexample is 10.
void small_numbers_only(Trial& t) {
  for_all<int>(t, "number", rc::gen::inRange(0, 1000), [](Trial& trial, const int& number) {
    trial.witness("numbers");
    trial.expect(number < 10, "small", "a number below 10", std::to_string(number));
  });
}

TEST(ClauseRun, APropertyIsShrunkAndReplaysToTheSameInput) {
  const TestRecord first = run(small_numbers_only);
  ASSERT_EQ(first.verdict, Verdict::failed);
  EXPECT_EQ(first.failure->input, "number = 10");
  EXPECT_GE(first.failure->case_index, 0);

  RunSettings settings;
  settings.replay = first.failure->replay;
  const TestRecord again = run(small_numbers_only, settings);
  ASSERT_EQ(again.verdict, Verdict::failed);
  EXPECT_EQ(again.failure->input, first.failure->input);
  EXPECT_EQ(again.failure->case_index, first.failure->case_index);
  EXPECT_EQ(again.failure->replay, first.failure->replay);
}

TEST(ClauseRun, ARubbishReplayTokenIsAnError) {
  for (const char* token : {"x", "1234567", "/v1:0:0"}) {
    RunSettings settings;
    settings.replay = token;
    EXPECT_THROW(run(sound, settings), std::invalid_argument) << token;
  }
}

TEST(Trial, TimesAreNeverEarlyAndOnAPlainClockNotLate) {
  const BackendAdapter model = model_adapter();
  const auto holds = [&](const Schedule& schedule, Seconds late) {
    Trial trial(model, schedule);
    trial.expect_time("time", TimePoint(10s), TimePoint(10s) + late);
    return !trial.finding();
  };
  const Schedule plain;
  Schedule perturbed;
  perturbed.perturbed_clock = true;
  EXPECT_TRUE(holds(plain, 0s));
  EXPECT_FALSE(holds(plain, -1ms));
  EXPECT_FALSE(holds(plain, 3ms));
  EXPECT_FALSE(holds(perturbed, -1ms));
  EXPECT_TRUE(holds(perturbed, 100ms));
  EXPECT_FALSE(holds(perturbed, 1s));
}

TEST(Manifest, OfTheModelIsValidInEachVariant) {
  for (const Variant& variant : model_variants()) {
    const BackendAdapter adapter = variant.make();
    EXPECT_NO_THROW(check_manifest(adapter.name, adapter.manifest)) << variant.name;
  }
}

TEST(Manifest, ListsWhatIsMissingUnknownAndNotAllowed) {
  BackendAdapter adapter = model_adapter();
  adapter.manifest.traits.erase("start_order");
  adapter.manifest.traits["clock_epoch"] = "never";
  adapter.manifest.traits["start_ordre"] = "fifo";
  try {
    check_manifest("model", adapter.manifest);
    FAIL() << "a wrong manifest was accepted";
  } catch (const std::invalid_argument& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find("'start_order' (Group010) is missing"), std::string::npos) << message;
    EXPECT_NE(message.find("'clock_epoch' (Clock004) is 'never'"), std::string::npos) << message;
    EXPECT_NE(message.find("'start_ordre' is in no clause page"), std::string::npos) << message;
  }
}

TEST(Schedule, IsAFunctionOfSeedAndNumber) {
  EXPECT_EQ(Schedule::nth(7, 0), Schedule{});
  EXPECT_EQ(Schedule::nth(7, 3), Schedule::nth(7, 3));
  EXPECT_NE(Schedule::nth(7, 3), Schedule::nth(8, 3));
  EXPECT_FALSE(Schedule::nth(7, 1).perturbed_clock);
  EXPECT_TRUE(Schedule::nth(7, 2).perturbed_clock);
  EXPECT_NE(Schedule::nth(7, 1).order_seed, 0U);
}

}  // namespace
}  // namespace concert::conformance
