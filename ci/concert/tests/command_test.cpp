// SPDX-License-Identifier: Apache-2.0
// The command as its users meet it: exit codes, messages, files. The certifier is a fake (conformance/runner/tests).
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "concert/clause.hpp"
#include "concert/runner/process.hpp"
#include "concert/runner/results.hpp"

namespace concert::command {
namespace {

namespace fs = std::filesystem;
using Variables = std::map<std::string, std::string>;

struct Answer {
  int code = -1;
  std::string out;
  std::string err;
};

Answer ask(std::vector<std::string> arguments, const Variables& variables = {}) {
  runner::ProcessOptions options;
  options.command = {CONCERT_COMMAND};
  options.command.insert(options.command.end(), arguments.begin(), arguments.end());
  options.environment = variables;
  options.timeout = std::chrono::seconds(60);
  runner::ProcessResult result = runner::run_process(options);
  const bool exited = result.end == runner::ProcessResult::End::exited;
  return {exited ? result.code : -1, result.out.text, result.err.text};
}

const std::string fake = CONCERT_FAKE_CERTIFIER;

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class Command : public testing::Test {
 protected:
  Command() {
    const std::string name = testing::UnitTest::GetInstance()->current_test_info()->name();
    folder_ = fs::path(testing::TempDir()) / ("concert-" + name + "-" + std::to_string(::getpid()));
    fs::create_directories(folder_);
  }
  ~Command() override { fs::remove_all(folder_); }

  Answer certify(const std::string& tests, std::vector<std::string> more = {}, Variables variables = {}) {
    if (!tests.empty()) variables["FAKE_TESTS"] = tests;
    std::vector<std::string> arguments = {"certify", "--certifier", fake, "--output", folder_.string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return ask(arguments, variables);
  }

  results::ResultFile result() const { return results::read_result_file(folder_ / "fake.jsonl"); }

  fs::path folder_;
};

TEST_F(Command, EveryHelpHasExamplesAndExitCodes) {
  const Answer help = ask({"--help"});
  EXPECT_EQ(help.code, 0);
  for (const char* name : {"backends", "clauses", "certify", "equivalence", "report", "gate", "replay", "selftest"}) {
    EXPECT_TRUE(contains(help.out, name)) << name;
    const Answer own = ask({name, "--help"});
    EXPECT_EQ(own.code, 0) << name;
    EXPECT_TRUE(contains(own.out, "Examples:\n  concert " + std::string(name))) << own.out;
    EXPECT_TRUE(contains(own.out, "Exit codes: 0 ")) << own.out;
  }
}

struct Mistake {
  std::string name;
  std::vector<std::string> arguments;
  std::string message;  // a part of it
};

class UsageMistakeOf : public testing::TestWithParam<Mistake> {};

TEST_P(UsageMistakeOf, IsExitTwoAndSaysWhatIsKnown) {
  const Answer answer = ask(GetParam().arguments);
  EXPECT_EQ(answer.code, 2);
  EXPECT_TRUE(contains(answer.err, GetParam().message)) << answer.err;
  EXPECT_EQ(answer.out, "");
}

INSTANTIATE_TEST_SUITE_P(
    All, UsageMistakeOf,
    testing::Values(
        Mistake{
            "NoCommand", {}, "known commands: backends, clauses, certify, equivalence, report, gate, replay, selftest"},
        Mistake{"Command", {"certfy"}, "unknown command 'certfy'; known commands: backends,"},
        Mistake{
            "Option", {"certify", "--sed", "3"}, "not expected: --sed; known options of certify: --help, --certifier,"},
        Mistake{"Seed", {"certify", "--certifier", fake, "--seed", "x"}, "--seed"},
        Mistake{"Schedules", {"certify", "--certifier", fake, "--schedules", "0"}, "--schedules: Value 0 not in range"},
        Mistake{"NoBackend", {"certify"}, "expected a backend or --certifier PATH, came none; known: "},
        Mistake{"Backend", {"certify", "nobody"}, "unknown backend 'nobody'; known: "},
        Mistake{"BackendOfCertifier",
                {"certify", "nobody", "--certifier", fake},
                "unknown backend 'nobody'; the given certifiers hold: fake"},
        Mistake{
            "BackendTwice", {"certify", "--certifier", fake, "--certifier", fake}, "the backend 'fake' is given twice"},
        Mistake{"CertifierFile",
                {"certify", "--certifier", "/no/such"},
                "expected a certifier (an executable file), came '/no/such'"},
        Mistake{"FilterOfNothing",
                {"certify", "--certifier", fake, "--filter", "Yield001,Zoo*"},
                "'Zoo*' names no clause and no test"},
        Mistake{"FilterOfExcluded",
                {"certify", "--certifier", fake, "--filter", "Shield018"},
                "'Shield018' is excluded (compile-time: "},
        Mistake{"FilterOfUntested", {"certify", "--certifier", fake, "--filter", "Sleep001"}, "'Sleep001' has no test"},
        Mistake{"Shard", {"certify", "--certifier", fake, "--shard", "3/2"}, "expected a shard like 2/5, came '3/2'"},
        Mistake{"EmptyShard", {"certify", "--certifier", fake, "--shard", "3/3"}, "shard 3/3 of 2 tests is empty"},
        Mistake{"Clause", {"clauses", "Yield999"}, "unknown clause 'Yield999'; known: Yield001 to Yield008"},
        Mistake{"ClauseGlob", {"clauses", "Zoo*"}, "unknown clause 'Zoo*'; known: Run, "},
        Mistake{"Area", {"clauses", "--area", "zoo"}, "unknown area 'zoo'; known: run, clock, cancel"},
        Mistake{"Level", {"clauses", "--level", "shall"}, "unknown level 'SHALL'; known: MUST, SHOULD, MAY, RETIRED"},
        Mistake{"NoClause", {"clauses", "Yield001", "--level", "may"}, "no clause is in that area"},
        Mistake{
            "ReportOfNothing", {"report", "/no/such.jsonl", "--html", "-"}, "no such result file: '/no/such.jsonl'"},
        Mistake{"ReportWithoutView",
                {"report", "x.jsonl"},
                "expected at least one of --html, --markdown, --junit and --output"},
        Mistake{"GateWithoutPolicy", {"gate", "x.jsonl"}, "--policy is required"},
        Mistake{"ReplayFile", {"replay", "/no/such.jsonl"}, "no such result file: '/no/such.jsonl'"},
        Mistake{"ReplayBackend", {"replay", "nobody", "--test", "Yield001"}, "unknown backend 'nobody'"},
        Mistake{"ReplayTokenAlone", {"replay", "fake", "0"}, "a token alone does not name its test"},
        Mistake{"ReplayTest",
                {"replay", "fake", "--certifier", fake, "--test", "Yield009"},
                "'Yield009' names no clause and no test"},
        Mistake{"Mutant",
                {"selftest", "--certifier", fake, "--mutant", "nobody"},
                "'nobody' names no mutant; known: honest"}),
    [](const auto& mistake) { return mistake.param.name; });

TEST_F(Command, CertifyOfAPartEndsWithTheVerdictOfThePart) {
  // The fake has two of all clauses: only a part of it can pass.
  const Answer answer = certify("Yield001Passes,Yield002Crashes", {"--filter", "Yield001"});
  EXPECT_EQ(answer.code, 0) << answer.err;
  EXPECT_EQ(answer.out, "fake: a part of the suite, which cannot certify: 1 tests: 1 passed (see index.html)\n");
  EXPECT_EQ(result().tests.size(), 1U);
}

TEST_F(Command, CertifyOfUntestedClausesIsNotConformant) {
  const Answer answer = certify("Yield001Passes,Yield002Passes");
  EXPECT_EQ(answer.code, 1);
  EXPECT_TRUE(answer.out.starts_with("fake: not certified, 2 MUST passed, 0 failed, ")) << answer.out;
  EXPECT_TRUE(answer.out.ends_with(" (see index.html)\n")) << answer.out;
  EXPECT_TRUE(fs::exists(folder_ / "index.html"));
  EXPECT_TRUE(fs::exists(folder_ / "junit.xml"));
}

struct End {
  std::string behaviour;
  int code;
  results::Verdict verdict;
};

class CertifyOfATestThat : public Command, public testing::WithParamInterface<End> {};

TEST_P(CertifyOfATestThat, HasItsExitCode) {
  // The second test shows that the first one cost nobody else his verdict; the filter leaves nothing out but makes a
  // part.
  const std::string test = "Yield001" + GetParam().behaviour;
  std::vector<std::string> more = {"--filter", "Yield00[12]*"};
  if (GetParam().behaviour == "Hangs") more.insert(more.end(), {"--time-scale", "0.05"});
  const Answer answer = certify(test + ",Yield002Passes,Yield004Passes", more);
  EXPECT_EQ(answer.code, GetParam().code) << answer.out << answer.err;
  const results::ResultFile file = result();
  ASSERT_EQ(file.tests.size(), 2U);
  EXPECT_EQ(file.tests[0].verdict, GetParam().verdict);
  EXPECT_EQ(file.tests[1].verdict, results::Verdict::passed);
  EXPECT_EQ(contains(answer.out, std::string(to_string(GetParam().verdict)) + " " + test + " on fake\n"),
            GetParam().verdict != results::Verdict::passed)
      << answer.out;
}

using results::Verdict;
INSTANTIATE_TEST_SUITE_P(
    All, CertifyOfATestThat,
    testing::Values(End{"Passes", 0, Verdict::passed}, End{"Fails", 1, Verdict::failed},
                    End{"Crashes", 1, Verdict::crashed}, End{"Hangs", 1, Verdict::hung},
                    End{"WritesNoClosing", 1, Verdict::crashed}, End{"WritesRubbish", 1, Verdict::crashed},
                    End{"FailsWithExitZero", 1, Verdict::crashed}, End{"PrintsMegabytes", 0, Verdict::passed},
                    End{"LeavesAChild", 0, Verdict::passed}, End{"IsInconclusive", 4, Verdict::inconclusive},
                    End{"ExitsThree", 3, Verdict::inconclusive}, End{"ExitsTwo", 3, Verdict::inconclusive}),
    [](const auto& end) { return end.param.behaviour; });

TEST_F(Command, CertifyWithNothingThatRanIsInconclusive) {
  EXPECT_EQ(certify("Yield001Passes+ipv6,Yield002Passes", {"--filter", "Yield001"}).code, 4);
}

class CertifyOfAListThat : public Command, public testing::WithParamInterface<std::string> {};

TEST_P(CertifyOfAListThat, IsAHarnessErrorBeforeAnythingRuns) {
  const Answer answer = certify("", {}, {{"FAKE_LIST", GetParam()}});
  EXPECT_EQ(answer.code, 3) << answer.err;
  EXPECT_TRUE(contains(answer.err, "concert: harness error: " + fake + " --list: ")) << answer.err;
  EXPECT_FALSE(fs::exists(folder_ / "fake.jsonl"));
}

INSTANTIATE_TEST_SUITE_P(All, CertifyOfAListThat, testing::Values("crash", "rubbish", "silent", "exit3", "spec"),
                         [](const auto& fault) { return fault.param; });

TEST_F(Command, CertifyOfAListWithoutTestsIsAHarnessError) {
  const Answer answer = certify("", {}, {{"FAKE_TESTS", ","}});
  EXPECT_EQ(answer.code, 3);
  EXPECT_TRUE(contains(answer.err, "it lists no test")) << answer.err;
}

TEST_F(Command, CertifyOfAnUnknownClauseIsAHarnessError) {
  const Answer answer = certify("Yield999Passes");
  EXPECT_EQ(answer.code, 3);
  EXPECT_TRUE(contains(answer.err, "came the unknown 'Yield999'")) << answer.err;
}

TEST_F(Command, AFailureSaysEverything) {
  const Answer answer = certify("Yield001Fails", {"--seed", "9"});
  for (const char* part : {"failed Yield001Fails on fake\n",
                           "  clause:   Yield001 (MUST) `coro_yield()` in a cancelled scope throws `Cancelled`.\n",
                           "  check:    order\n", "  expected: one, two\n", "  observed: two, one\n",
                           "  input:    [2]\n", "  trace:    0 ms: one waits\n            0 ms: two runs\n",
                           "  again:    concert replay fake v1:2a:17 --test Yield001Fails --seed 9 --certifier "})
    EXPECT_TRUE(contains(answer.out, part)) << part << "\n" << answer.out;
}

TEST_F(Command, TheReplayLineWorks) {
  const std::string out = certify("Yield001Fails").out;
  const std::size_t begin = out.find("concert replay ") + 8;
  const std::string line = out.substr(begin, out.find('\n', begin) - begin);
  std::vector<std::string> words;
  std::istringstream in(line);
  for (std::string word; in >> word;) words.push_back(word);
  const Answer answer = ask(words, {{"FAKE_TESTS", "Yield001Fails"}});
  EXPECT_EQ(answer.code, 1);
  EXPECT_TRUE(contains(answer.out, "--replay v1:2a:17") || contains(answer.out, "Yield001Fails fails\n")) << answer.out;
}

TEST_F(Command, ReplayOfAFileTakesTokenAndSeedFromIt) {
  certify("Yield001Fails,Yield002FailsUnlessReplayed", {"--seed", "9"});
  const Variables tests = {{"FAKE_TESTS", "Yield001Fails,Yield002FailsUnlessReplayed"}};
  const std::string file = (folder_ / "fake.jsonl").string();
  Answer answer = ask({"replay", file, "--certifier", fake, "--test", "Yield001"}, tests);
  EXPECT_EQ(answer.code, 1);
  EXPECT_TRUE(contains(answer.out, "Yield001Fails fails again, at the same check\n")) << answer.out;
  EXPECT_TRUE(contains(answer.out, "concert replay fake v1:2a:17 --test Yield001Fails --seed 9")) << answer.out;
  answer = ask({"replay", file, "--certifier", fake, "--test", "Yield002"}, tests);
  EXPECT_EQ(answer.code, 0);
  EXPECT_EQ(answer.out, "Yield002FailsUnlessReplayed on fake passes: 7 cases, though it failed before\n");
  answer = ask({"replay", file, "--certifier", fake}, tests);
  EXPECT_EQ(answer.code, 2);
  EXPECT_TRUE(contains(answer.err, "choose with --test: Yield001Fails, Yield002FailsUnlessReplayed")) << answer.err;
}

TEST_F(Command, ReplayOfATruncatedFileIsAHarnessError) {
  std::ofstream(folder_ / "cut.jsonl") << "{\"record\":";
  const Answer answer = ask({"replay", (folder_ / "cut.jsonl").string(), "--certifier", fake});
  EXPECT_EQ(answer.code, 3);
  EXPECT_TRUE(contains(answer.err, "cut.jsonl:1: expected ")) << answer.err;
}

TEST_F(Command, ReportWritesEachView) {
  certify("Yield001Fails");
  const std::string file = (folder_ / "fake.jsonl").string();
  const Answer answer = ask({"report", file, "--markdown", "-", "--html", (folder_ / "x.html").string(), "--junit",
                             (folder_ / "x.xml").string()});
  EXPECT_EQ(answer.code, 0) << answer.err;
  EXPECT_TRUE(contains(answer.out, "Yield001")) << answer.out;
  EXPECT_TRUE(contains(read(folder_ / "x.html"), "<html"));
  EXPECT_TRUE(contains(read(folder_ / "x.xml"), "<testsuite"));
}

TEST_F(Command, GateEndsWithItsDecision) {
  certify("Yield001Passes");
  const std::string file = (folder_ / "fake.jsonl").string();
  const std::string policy = (folder_ / "policy.toml").string();
  std::ofstream(policy) << "[require]\nverdict = \"certified\"\n";
  const Answer closed = ask({"gate", file, "--policy", policy});
  EXPECT_EQ(closed.code, 1) << closed.err;
  EXPECT_TRUE(contains(closed.out, "fake: not certified, ")) << closed.out;
  EXPECT_TRUE(contains(closed.out, "\n- ")) << closed.out;
  EXPECT_TRUE(closed.out.ends_with("\ngate: failed\n")) << closed.out;
  std::ofstream(policy) << "[require]\nverdit = \"certified\"\n";
  const Answer wrong = ask({"gate", file, "--policy", policy});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_TRUE(contains(wrong.err, "policy.toml:2: ")) << wrong.err;
  std::ofstream(folder_ / "fake.jsonl", std::ios::app) << "{}\n";
  std::ofstream(policy) << "[require]\nverdict = \"certified\"\n";
  const Answer broken = ask({"gate", file, "--policy", policy});
  EXPECT_EQ(broken.code, 3) << broken.err;
}

// The whole suite of clauses as tests that pass: what a conformant backend looks like.
TEST_F(Command, AConformantBackendIsCertifiedAndPassesTheGate) {
  std::string tests;
  for (const Clause& clause : all_clauses()) {
    if (clause.level != Level::retired && clause.exclusion.empty()) tests += std::string(clause.id) + "Passes,";
  }
  const Answer answer = certify(tests);
  EXPECT_EQ(answer.code, 0) << answer.out << answer.err;
  EXPECT_TRUE(answer.out.starts_with("fake: certified, ")) << answer.out;
  const std::string policy = (folder_ / "policy.toml").string();
  std::ofstream(policy) << "[require]\nverdict = \"certified\"\nmax_unsupported = 0\n";
  const Answer open = ask({"gate", (folder_ / "fake.jsonl").string(), "--policy", policy});
  EXPECT_EQ(open.code, 0) << open.out << open.err;
  EXPECT_TRUE(open.out.ends_with("\ngate: passed\n")) << open.out;
}

TEST_F(Command, BackendsShowsWhatACertifierDeclares) {
  const Answer answer = ask({"backends", "--certifier", fake});
  EXPECT_EQ(answer.code, 0);
  for (const char* part : {"fake\n", "features   threads\n", "traits     start_order = fifo\n", "2 tests"})
    EXPECT_TRUE(contains(answer.out, part)) << answer.out;
  const Answer broken = ask({"backends", "--certifier", fake}, {{"FAKE_LIST", "exit3"}});
  EXPECT_EQ(broken.code, 3);
  EXPECT_TRUE(contains(broken.out, "no such library")) << broken.out;
}

TEST_F(Command, ClausesShowsOneInFullAndManyInLines) {
  const Answer one = ask({"clauses", "Yield001"});
  EXPECT_EQ(one.code, 0);
  EXPECT_TRUE(one.out.starts_with("Yield001  MUST  spec/clauses/cancel.md:")) << one.out;
  EXPECT_TRUE(contains(one.out, "  seen by:  ")) << one.out;
  const Answer many = ask({"clauses", "Yield*", "--level", "may"});
  EXPECT_EQ(many.out,
            "Yield003     MAY     The scheduler may ignore a `coro_yield()` and continue the current task.\n");
  const Answer json = ask({"clauses", "Yield003", "--json"});
  EXPECT_TRUE(contains(json.out, "\"trait\": \"yield_may_be_skipped = yes | no\"")) << json.out;
}

TEST_F(Command, SelftestEndsWithItsCounts) {
  const Answer killed = ask({"selftest", "--certifier", fake}, {{"FAKE_MUTANTS", "both"}});
  EXPECT_EQ(killed.code, 0) << killed.out;
  EXPECT_TRUE(killed.out.ends_with("\nselftest: 1 mutants, 1 killed, 0 survived, 0 clauses without a mutant\n"))
      << killed.out;
  const Answer open = ask({"selftest", "--certifier", fake}, {{"FAKE_MUTANTS", "honest"}});
  EXPECT_EQ(open.code, 1);
  EXPECT_TRUE(contains(open.out, "  - Yield002\n")) << open.out;
  const Answer matrix = ask({"selftest", "--certifier", fake, "--matrix"}, {{"FAKE_MUTANTS", "both,greedy"}});
  EXPECT_EQ(matrix.code, 1);
  EXPECT_TRUE(contains(matrix.out, "SURVIVED")) << matrix.out;
  EXPECT_TRUE(contains(matrix.out, R"(to declare what is seen: {{"Yield001", "order"}, {"Yield002", "order"}})"))
      << matrix.out;
  const Answer survivor = ask({"selftest", "--certifier", fake}, {{"FAKE_MUTANTS", "survivor"}});
  EXPECT_EQ(survivor.code, 1);
  EXPECT_TRUE(contains(survivor.out,
                       "\nSURVIVED survivor: Yield001 is declared to fail with 'order', and does not\n"
                       "selftest: 1 mutants, 0 killed, 1 survived, "))
      << survivor.out;
  const Answer harness =
      ask({"selftest", "--certifier", fake}, {{"FAKE_TESTS", "Yield001ExitsThree"}, {"FAKE_MUTANTS", "survivor"}});
  EXPECT_EQ(harness.code, 3) << harness.out;
}

}  // namespace
}  // namespace concert::command
