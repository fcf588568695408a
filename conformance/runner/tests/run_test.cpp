// SPDX-License-Identifier: Apache-2.0
#include "concert/runner/run.hpp"

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "fake.hpp"

namespace concert::runner {
namespace {

using results::Verdict;

ListedTest listed(const std::string& name) { return {name, name.substr(0, 8), "logical", {}}; }

TestEnd run_fake(const std::string& name, TestOptions options = {}) {
  return run_test(fake_certifier, listed(name), options);
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

struct Ending {
  std::string test;
  Verdict verdict;
  std::string reason;  // a part of it
};

class EndOfATest : public testing::TestWithParam<Ending> {};

// Every way a process can end, and the verdict that it means.
TEST_P(EndOfATest, HasItsVerdictAndReason) {
  TestOptions options;
  if (contains(GetParam().test, "Hangs")) options.time_scale = 0.01;
  const TestEnd end = run_fake(GetParam().test, options);
  EXPECT_EQ(end.record.verdict, GetParam().verdict) << end.record.reason;
  EXPECT_TRUE(contains(end.record.reason, GetParam().reason)) << end.record.reason;
  EXPECT_EQ(end.record.test, GetParam().test);
  EXPECT_EQ(end.record.clause, "Yield001");
  EXPECT_EQ(end.is_harness_error, contains(GetParam().reason, "harness error"));
  const bool is_broken = end.record.verdict == Verdict::crashed || end.record.verdict == Verdict::hung;
  ASSERT_EQ(end.record.failure.has_value(), is_broken || end.record.verdict == Verdict::failed);
  if (is_broken) {
    EXPECT_EQ(end.record.failure->key, to_string(end.record.verdict));
  }
  // Whatever it is, the result file can hold it.
  EXPECT_EQ(results::parse_test_record(to_json_line(end.record), "x"), end.record);
}

INSTANTIATE_TEST_SUITE_P(
    All, EndOfATest,
    testing::Values(
        Ending{"Yield001Passes", Verdict::passed, ""},
        Ending{"Yield001Fails", Verdict::failed, "the second one came first"},
        Ending{"Yield001IsInconclusive", Verdict::inconclusive, "the second one came first"},
        Ending{"Yield001Crashes", Verdict::crashed, "ended by SIGSEGV; it printed: first line / last words"},
        Ending{"Yield001CrashesAfterItsRecord", Verdict::crashed, "ended by SIGKILL"},
        Ending{"Yield001Hangs", Verdict::hung, "no end within 0.1 s; it printed: waiting for ever"},
        Ending{"Yield001WritesNoFile", Verdict::crashed, "exited 0 without a record"},
        Ending{"Yield001WritesNothing", Verdict::crashed, "exited 0 without a record"},
        Ending{"Yield001WritesNoClosing", Verdict::crashed, "exited 0 without its closing record"},
        Ending{"Yield001WritesWrongClosing", Verdict::crashed,
               "exited 0 with '{\"record\":\"end\",\"tests\":2}' instead of its closing record"},
        Ending{"Yield001WritesMore", Verdict::crashed, "exited 0 with more after its closing record: 'more'"},
        Ending{"Yield001WritesRubbish", Verdict::crashed, "exited 0 with a record that cannot be read: "},
        Ending{"Yield001WritesAnotherTest", Verdict::crashed,
               "exited 0 with the record of another test, 'Yield004Passes'"},
        Ending{"Yield001WritesAnotherClause", Verdict::crashed,
               "exited 0 with a record of the clause Yield004 instead of Yield001"},
        Ending{"Yield001SkipsItself", Verdict::crashed,
               "exited 0 with the verdict 'unsupported', which no running test may give itself"},
        Ending{"Yield001FailsWithExitZero", Verdict::crashed, "exited 0 but its record says 'failed'"},
        Ending{"Yield001PassesWithExitOne", Verdict::crashed, "exited 1 but its record says 'passed'"},
        Ending{"Yield001ExitsSeven", Verdict::crashed, "exited 7 where the protocol knows 0, 1, 2, 3 and 4"},
        Ending{"Yield001ExitsTwo", Verdict::inconclusive,
               "harness error: the certifier did not accept its arguments (exit 2)"},
        Ending{"Yield001ExitsThree", Verdict::inconclusive,
               "harness error: the harness failed (exit 3); it printed: cannot open the loopback"},
        Ending{"Yield001PrintsMegabytes", Verdict::passed, ""},
        Ending{"Yield001PrintsMegabytesAndCrashes", Verdict::crashed, "ended by SIGABRT"}),
    [](const auto& ending) { return ending.param.test.substr(8); });

TEST(RunTest, KeepsTheEndOfALongOutput) {
  const TestEnd end = run_fake("Yield001PrintsMegabytesAndCrashes");
  EXPECT_LE(end.err.text.size(), 64U * 1024);
  EXPECT_GT(end.err.dropped_bytes, 4'000'000U);
  EXPECT_TRUE(end.err.text.ends_with("last words\n"));
  EXPECT_EQ(end.record.failure->trace.back(), "last words");
}

TEST(RunTest, PassesEveryOptionOn) {
  TestOptions options;
  options.seed = 18446744073709551615U;
  options.schedules = 5;
  options.cases = 12;
  options.replay = "v1:2a:17";
  options.mutant = "honest";
  options.variant = "strict=yes";
  options.time_scale = 2.5;
  const std::string out = run_fake("Yield002Passes", options).out.text;
  EXPECT_TRUE(contains(out, "--run Yield002Passes --record ")) << out;
  EXPECT_TRUE(contains(
      out,
      " --seed 18446744073709551615 --schedules 5 --cases 12 --replay v1:2a:17 --mutant honest --variant strict=yes\n"))
      << out;
  EXPECT_TRUE(contains(out, "scale: 2.5\n")) << out;
}

TEST(RunTest, LeavesOutWhatIsNotAskedFor) {
  const std::string out = run_fake("Yield001Passes").out.text;
  for (const char* flag : {"--cases", "--replay", "--mutant", "--variant"}) EXPECT_FALSE(contains(out, flag)) << out;
  EXPECT_TRUE(contains(out, "scale: none\n")) << out;
}

// The state of a process as the kernel shows it; "gone" if there is none. A killed orphan may stay as a zombie.
std::string state_of(const std::string& pid) {
  std::ifstream in("/proc/" + pid + "/stat");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const std::size_t name_end = text.rfind(')');
  return name_end == std::string::npos ? "gone" : text.substr(name_end + 2, 1);
}

TEST(RunTest, KillsWhatATestLeavesBehind) {
  const auto start = std::chrono::steady_clock::now();
  const TestEnd end = run_fake("Yield001LeavesAChild");
  EXPECT_EQ(end.record.verdict, Verdict::passed);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5)) << "it waited for the streams";
  const std::size_t at = end.out.text.find("child ");
  ASSERT_NE(at, std::string::npos);
  const std::string pid = end.out.text.substr(at + 6, end.out.text.find('\n', at) - at - 6);
  std::string state = state_of(pid);
  const auto deadline = start + std::chrono::seconds(20);
  while (state != "gone" && state != "Z" && std::chrono::steady_clock::now() < deadline) state = state_of(pid);
  EXPECT_TRUE(state == "gone" || state == "Z") << state;
}

TEST(RunTest, DoesNotWaitForAChildThatLeftTheGroup) {
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(run_fake("Yield001LeavesAnEscapedChild").record.verdict, Verdict::passed);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2)) << "the child holds the streams for 3 s";
}

TEST(RunTest, AMissingProgramIsAHarnessError) {
  EXPECT_EQ(message_of<HarnessError>([] { run_test("/no/such/certifier", listed("Yield001Passes"), {}); }),
            "cannot start /no/such/certifier: No such file or directory");
}

const results::ClauseRecord& clause_of(const RunOutcome& outcome, const std::string& id) {
  for (const results::ClauseRecord& record : outcome.results.clauses) {
    if (record.clause == id) return record;
  }
  throw std::out_of_range(id);
}

TEST(RunSuite, KeepsTheOrderOfTheListing) {
  const WithVariable tests("FAKE_TESTS", "Yield001Fails,Yield002Passes,Yield004Fails,Yield001Passes,Yield005Crashes");
  RunOptions options;
  options.jobs = 3;
  const RunOutcome outcome = run_suite(fake_certifier, options);
  std::vector<std::string> names;
  for (const results::TestRecord& record : outcome.results.tests) names.push_back(record.test);
  EXPECT_EQ(names, (std::vector<std::string>{"Yield001Fails", "Yield002Passes", "Yield004Fails", "Yield001Passes",
                                             "Yield005Crashes"}));
  EXPECT_EQ(clause_of(outcome, "Yield001").verdict, Verdict::failed) << "the worst of its two tests";
  EXPECT_EQ(clause_of(outcome, "Yield001").tests, 2);
  EXPECT_EQ(clause_of(outcome, "Yield002").verdict, Verdict::passed);
  EXPECT_EQ(clause_of(outcome, "Yield002").cases, 7);
  EXPECT_EQ(clause_of(outcome, "Yield004").verdict, Verdict::failed);
  EXPECT_EQ(clause_of(outcome, "Yield005").verdict, Verdict::crashed);
  EXPECT_EQ(clause_of(outcome, "Yield006").verdict, Verdict::untested);
  EXPECT_EQ(clause_of(outcome, "Shield018").verdict, Verdict::excluded);
  EXPECT_THROW(clause_of(outcome, "Shield011"), std::out_of_range) << "it is retired";
  EXPECT_EQ(outcome.results.footer.verdict, "not certified");
  EXPECT_FALSE(outcome.is_partial);
}

TEST(RunSuite, FillsTheHeader) {
  RunOptions options;
  options.seed = 42;
  options.schedules = 2;
  options.command = {"concert", "certify"};
  const results::Header header = run_suite(fake_certifier, options).results.header;
  EXPECT_EQ(header.backend, "fake");
  EXPECT_EQ(header.spec_version, spec_version);
  EXPECT_EQ(header.features, std::vector<std::string>{"threads"});
  EXPECT_EQ(header.traits.at("start_order"), "fifo");
  EXPECT_EQ(header.machine.at("compiler"), "gcc");
  EXPECT_EQ(header.seed, 42U);
  EXPECT_EQ(header.schedules, 2);
  EXPECT_EQ(header.command, options.command);
  EXPECT_EQ(header.started.size(), std::string("2026-01-01T00:00:00Z").size());
}

TEST(RunSuite, AnUndeclaredFeatureIsUnsupportedWithoutRunning) {
  const WithVariable tests("FAKE_TESTS", "Yield001Crashes+ipv6,Yield002Passes+threads");
  const RunOutcome outcome = run_suite(fake_certifier, {});
  EXPECT_EQ(outcome.results.tests[0].verdict, Verdict::unsupported);
  EXPECT_EQ(outcome.results.tests[0].reason, "the backend does not declare the feature 'ipv6'");
  EXPECT_EQ(outcome.results.tests[1].verdict, Verdict::passed);
  EXPECT_EQ(clause_of(outcome, "Yield001").verdict, Verdict::unsupported);
}

TEST(RunSuite, AFilterRunsAPartAndSaysSo) {
  const WithVariable tests("FAKE_TESTS", "Yield001Passes,Yield001Crashes,Yield002Passes,Sleep001Passes");
  RunOptions options;
  options.filter = "Yield001P*,Sleep001";
  const RunOutcome outcome = run_suite(fake_certifier, options);
  ASSERT_EQ(outcome.results.tests.size(), 2U);
  EXPECT_TRUE(outcome.is_partial);
  EXPECT_EQ(clause_of(outcome, "Yield001").verdict, Verdict::untested) << "one of its tests did not run";
  EXPECT_EQ(clause_of(outcome, "Yield002").reason, "its tests were not selected");
  EXPECT_EQ(clause_of(outcome, "Sleep001").verdict, Verdict::passed);
  EXPECT_EQ(outcome.results.footer.verdict, "not certified");
}

TEST(RunSuite, EveryGlobMustSelectSomething) {
  RunOptions options;
  options.filter = "Yield*,Shield018";
  EXPECT_TRUE(contains(message_of<SelectionError>([&] { run_suite(fake_certifier, options); }),
                       "'Shield018' is excluded (compile-time: "));
  options.filter = "Yield00?,Nonsense*";
  EXPECT_TRUE(contains(message_of<SelectionError>([&] { run_suite(fake_certifier, options); }),
                       "'Nonsense*' names no clause and no test"));
  options.filter = ",";
  EXPECT_TRUE(contains(message_of<SelectionError>([&] { run_suite(fake_certifier, options); }), "came an empty one"));
}

TEST(RunSuite, ShardsCoverEachTestOnce) {
  const WithVariable tests("FAKE_TESTS", "Yield001Passes,Yield002Passes,Yield004Passes,Yield005Passes,Yield006Passes");
  std::multiset<std::string> names;
  for (int i = 1; i <= 3; ++i) {
    RunOptions options;
    options.shard = {i, 3};
    for (const results::TestRecord& record : run_suite(fake_certifier, options).results.tests)
      names.insert(record.test);
  }
  EXPECT_EQ(names, (std::multiset<std::string>{"Yield001Passes", "Yield002Passes", "Yield004Passes", "Yield005Passes",
                                               "Yield006Passes"}));
  RunOptions options;
  options.shard = {6, 6};
  EXPECT_EQ(message_of<SelectionError>([&] { run_suite(fake_certifier, options); }), "shard 6/6 of 5 tests is empty");
}

TEST(RunSuite, AHarnessErrorIsCountedApart) {
  const WithVariable tests("FAKE_TESTS", "Yield001Passes,Yield002ExitsThree");
  const RunOutcome outcome = run_suite(fake_certifier, {});
  ASSERT_EQ(outcome.harness_errors.size(), 1U);
  EXPECT_TRUE(outcome.harness_errors[0].starts_with("Yield002ExitsThree: harness error: "))
      << outcome.harness_errors[0];
}

TEST(RunSuite, AStopKillsTheRestAndKeepsWhatIsThere) {
  const WithVariable tests("FAKE_TESTS", "Yield001Passes,Yield002Hangs,Yield004Passes");
  const int stop = ::eventfd(0, 0);
  RunOptions options;
  options.jobs = 1;
  options.stop_fd = stop;
  options.on_progress = [&](const Progress& progress) {
    if (progress.done == 1) ::eventfd_write(stop, 1);
  };
  const RunOutcome outcome = run_suite(fake_certifier, options);
  ::close(stop);
  EXPECT_TRUE(outcome.was_stopped);
  EXPECT_EQ(outcome.results.tests[0].verdict, Verdict::passed);
  for (const std::size_t i : {1U, 2U}) {
    EXPECT_EQ(outcome.results.tests[i].verdict, Verdict::untested);
    EXPECT_EQ(outcome.results.tests[i].reason, "interrupted");
  }
}

TEST(RunSuite, AStopEndsATestThatHangs) {
  const WithVariable tests("FAKE_TESTS", "Yield001Hangs,Yield002Passes");
  const int stop = ::eventfd(0, 0);
  RunOptions options;
  options.jobs = 2;
  options.stop_fd = stop;
  options.on_progress = [&](const Progress&) { ::eventfd_write(stop, 1); };
  const RunOutcome outcome = run_suite(fake_certifier, options);
  ::close(stop);
  EXPECT_EQ(outcome.results.tests[0].reason, "interrupted") << "not ended by the watchdog";
}

TEST(RunSuite, KeepsTheOutputOfWhatDidNotPass) {
  const WithVariable tests("FAKE_TESTS", "Yield001Passes,Yield002Crashes");
  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) / ("evidence-" + std::to_string(::getpid()));
  RunOptions options;
  options.evidence = folder;
  run_suite(fake_certifier, options);
  std::ifstream in(folder / "Yield002Crashes.txt");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  EXPECT_TRUE(contains(text, "--- stderr\nfirst line\nlast words\n")) << text;
  EXPECT_FALSE(std::filesystem::exists(folder / "Yield001Passes.txt"));
  std::filesystem::remove_all(folder);
}

TEST(RunSuite, TheOutcomeIsAWholeResultFile) {
  const WithVariable tests("FAKE_TESTS",
                           "Yield001Passes,Yield002Crashes,Yield004Fails,Yield005Passes+ipv6,Yield006IsInconclusive");
  const RunOutcome outcome = run_suite(fake_certifier, {});
  std::stringstream file;
  results::write_results(file, outcome.results);
  EXPECT_EQ(results::read_results(file, "x"), outcome.results);
}

TEST(ParseShard, RefusesWhatIsNoShard) {
  EXPECT_EQ(parse_shard("2/5").index, 2);
  EXPECT_EQ(parse_shard("2/5").count, 5);
  for (const char* text : {"", "2", "0/5", "6/5", "a/5", "2/", "2/5x", "-1/5"})
    EXPECT_THROW(parse_shard(text), SelectionError) << text;
}

results::TestRecord record(const std::string& test, Verdict verdict) {
  results::TestRecord result;
  result.test = test;
  result.clause = test.substr(0, 4);
  result.verdict = verdict;
  result.reason = verdict == Verdict::passed ? "" : "so";
  return result;
}

// From bad to good: no pass hides a skip, no skip hides a failure.
TEST(RollUp, TheWorstTestDecides) {
  const Clause clauses[] = {{"A001", "a", Level::must, "S.", "", "", "", "", "", 1}};
  const std::vector<Verdict> order = {Verdict::crashed,      Verdict::hung,        Verdict::failed,
                                      Verdict::inconclusive, Verdict::unsupported, Verdict::passed};
  for (std::size_t bad = 0; bad < order.size(); ++bad) {
    for (std::size_t good = bad; good < order.size(); ++good) {
      const auto one = roll_up(clauses, {record("A001x", order[bad]), record("A001y", order[good])});
      const auto two = roll_up(clauses, {record("A001y", order[good]), record("A001x", order[bad])});
      EXPECT_EQ(one[0].verdict, order[bad]);
      EXPECT_EQ(two[0].verdict, order[bad]);
    }
  }
}

TEST(RollUp, AClauseWithoutATestIsExcludedOrUntested) {
  const Clause clauses[] = {{"A001", "a", Level::must, "S.", "", "", "", "", "compile-time: so", 1},
                            {"A002", "a", Level::should, "S.", "", "", "", "", "", 2},
                            {"A003", "a", Level::retired, "S.", "", "", "", "", "", 3},
                            {"A004", "a", Level::must, "S.", "", "", "", "", "compile-time: so", 4}};
  const auto records = roll_up(clauses, {record("A004x", Verdict::failed)});
  ASSERT_EQ(records.size(), 3U);
  EXPECT_EQ(records[0].verdict, Verdict::excluded);
  EXPECT_EQ(records[0].reason, "compile-time: so");
  EXPECT_EQ(records[1].verdict, Verdict::untested);
  EXPECT_EQ(records[1].level, "SHOULD");
  EXPECT_EQ(records[2].verdict, Verdict::failed) << "a test that exists counts more than the page's excuse";
  EXPECT_EQ(records[2].reason, "A004x: so");
}

TEST(RunParallel, DoesEachOnceAndHandsOnTheFirstError) {
  std::vector<int> seen(100);
  run_parallel(seen.size(), 4, [&](std::size_t i) { ++seen[i]; });
  EXPECT_EQ(seen, std::vector<int>(100, 1));
  EXPECT_THROW(run_parallel(10, 3, [](std::size_t) { throw HarnessError("x"); }), HarnessError);
}

}  // namespace
}  // namespace concert::runner
