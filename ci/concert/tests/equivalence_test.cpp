// SPDX-License-Identifier: Apache-2.0
// `concert equivalence` as its users meet it. Most tests run a fake (fake_programs.cpp), the last one the model.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "concert/programs/result.hpp"
#include "concert/runner/process.hpp"

namespace concert::command {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;
using Variables = std::map<std::string, std::string>;

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

struct Answer {
  int code = -1;
  std::string out;
  std::string err;
};

class EquivalenceOf : public testing::Test {
 protected:
  EquivalenceOf() {
    const std::string name = testing::UnitTest::GetInstance()->current_test_info()->name();
    folder_ = fs::path(testing::TempDir()) / ("concert-equivalence-" + name + "-" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    for (const char* backend : {"fake", "other"}) put("programs-" + std::string(backend));
    certifier_ = (folder_ / "certify-fake").string();
  }
  ~EquivalenceOf() override { fs::remove_all(folder_); }

  void put(const std::string& name) {
    fs::create_directories(folder_);
    fs::create_symlink(CONCERT_FAKE_PROGRAMS, folder_ / name);
  }

  Answer ask(Words arguments, Variables variables = {}) {
    runner::ProcessOptions options;
    options.command = {CONCERT_COMMAND, "equivalence"};
    options.command.insert(options.command.end(), arguments.begin(), arguments.end());
    variables.emplace("FAKE_ARGUMENTS", (folder_ / "arguments").string());
    options.environment = variables;
    options.timeout = std::chrono::seconds(300);
    const runner::ProcessResult result = runner::run_process(options);
    return {result.end == runner::ProcessResult::End::exited ? result.code : -1, result.out.text, result.err.text};
  }
  /// Of the fake that ends so.
  Answer of(const std::string& behaviour, const Words& more = {}) {
    Words arguments = {"--certifier", certifier_, "--cases", "1000", "--output", (folder_ / "out").string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return ask(arguments, {{"FAKE_PROGRAMS", behaviour}});
  }
  std::string out(const std::string& file) const { return read(folder_ / "out" / file); }
  std::string arguments() const { return read(folder_ / "arguments"); }

  fs::path folder_;
  std::string certifier_;
};

TEST_F(EquivalenceOf, ABackendThatPasses) {
  const Answer answer = of("passes");
  EXPECT_EQ(answer.code, 0) << answer.out << answer.err;
  EXPECT_EQ(
      answer.out,
      "equivalence: fake: equivalent, 1000 programs (500 on a perturbed clock), 6000 compared with the model (see "
      "equivalence.html)\n");
  EXPECT_TRUE(contains(out("equivalence.json"), R"("verdict": "equivalent")")) << out("equivalence.json");
  EXPECT_TRUE(contains(out("equivalence.html"), "<h1>Concert equivalence report</h1>"));
  EXPECT_TRUE(contains(out("equivalence.md"), "# Concert equivalence\n"));
  const programs::ResultFile result = programs::result_from_json(out("fake.result.json"));
  EXPECT_EQ(result.shards, 1);
  EXPECT_EQ(result.programs.cases, 1000);
  EXPECT_EQ(result.programs.distinct, 1000);
}

TEST_F(EquivalenceOf, GivesEachProcessItsShardAndTheOptions) {
  of("passes", {"--jobs", "3", "--seed", "7", "--explore", "60", "--families", "8", "--seconds", "2.5"});
  for (const char* shard : {"0/3", "1/3", "2/3"}) {
    EXPECT_TRUE(contains(arguments(), "--corpus --cases 1000 --seed 7 --shard " + std::string(shard) +
                                          " --explore 60 --families 8 --result "))
        << arguments();
  }
  EXPECT_TRUE(contains(arguments(), "--seconds 2.5 --small-scope")) << arguments();
}

TEST_F(EquivalenceOf, ExploresTheSmallScopeOnce) {
  const Words both = {"--certifier", (folder_ / "certify-other").string(), "--jobs", "1"};
  ask({"fake", "--certifier", certifier_, "--output", (folder_ / "out").string(), "--no-small-scope", "--jobs", "1"});
  EXPECT_FALSE(contains(arguments(), "--small-scope")) << arguments();
  of("passes", both);
  const std::string first = arguments().substr(0, arguments().find("--small-scope"));
  EXPECT_EQ(std::ranges::count(first, '\n'), 2) << arguments();
}

TEST_F(EquivalenceOf, AFailureShowsProgramScheduleAndReplay) {
  const Answer answer = of("fails:1", {"--jobs", "2"});
  EXPECT_EQ(answer.code, 1) << answer.out << answer.err;
  for (const char* part :
       {"fake breaks EVT-1\n  a wait for an event ended before it was set\n", "clauses:  Event002\n",
        "schedule: order seed 9, plain clock\n", "program (1 statements, 20 as drawn):\n#0 event_wait event 0\n",
        "programs-fake --replay 'p1:1:1:7'\n", "equivalence: fake: not equivalent, 1000 programs"}) {
    EXPECT_TRUE(contains(answer.out, part)) << part << "\n" << answer.out;
  }
  const std::string cpp = out("failures/fake-1.cpp");
  for (const char* part : {"co_await event_0.wait();  // #0", "// EVT-1 on fake (1)",
                           "TEST(Program, fake_EVT_1_case_7)", "noted_run(backend, {9U, false, 0U}, program)",
                           // The model waits until the watchdog ends it.
                           R"({{0, {"cancelled"}}})"}) {
    EXPECT_TRUE(contains(cpp, part)) << part << "\n" << cpp;
  }
  EXPECT_TRUE(contains(out("equivalence.html"), "co_await event_0.wait();"));
  EXPECT_TRUE(contains(out("equivalence.md"), "programs-fake --replay 'p1:1:1:7'"));
}

TEST_F(EquivalenceOf, AnInconclusiveBackendIsExitFour) {
  const Answer answer = of("inconclusive");
  EXPECT_EQ(answer.code, 4);
  EXPECT_TRUE(contains(answer.out, "- fake: rule EVT-2 was never asked\n")) << answer.out;
  EXPECT_TRUE(contains(answer.out, "equivalence: fake: inconclusive, ")) << answer.out;
}

TEST_F(EquivalenceOf, NothingComparedIsInconclusive) {
  const Answer answer = of("passes", {"--explore", "0"});
  EXPECT_EQ(answer.code, 4);
  EXPECT_TRUE(contains(answer.out, "- fake: nothing was compared with the model\n")) << answer.out;
}

struct BrokenEnd {
  std::string behaviour;
  std::string message;
};
class EquivalenceOfAProcessThat : public EquivalenceOf, public testing::WithParamInterface<BrokenEnd> {};

TEST_P(EquivalenceOfAProcessThat, IsAHarnessErrorThatIsNamed) {
  const Answer answer = of(GetParam().behaviour + ":1", {"--jobs", "2"});
  EXPECT_EQ(answer.code, 3) << answer.out << answer.err;
  EXPECT_TRUE(contains(answer.out, "- programs-fake: " + GetParam().message)) << answer.out;
  EXPECT_TRUE(contains(answer.out, "equivalence: fake: inconclusive, 500 programs")) << answer.out;
  EXPECT_TRUE(fs::exists(folder_ / "out" / "equivalence.html"));
}

INSTANTIATE_TEST_SUITE_P(All, EquivalenceOfAProcessThat,
                         testing::Values(BrokenEnd{"crashes", "it ended with SIGSEGV"},
                                         BrokenEnd{"silent", "its result cannot be read: "},
                                         BrokenEnd{"rubbish", "its result cannot be read: "},
                                         BrokenEnd{"exit2", "it ended with exit code 2"},
                                         BrokenEnd{"exit3", "it ended with exit code 3"},
                                         BrokenEnd{"stranger", "its result is of the backend 'stranger'"}),
                         [](const auto& end) { return end.param.behaviour; });

TEST_F(EquivalenceOf, ShardsThatRanElsewhereAreAddedUp) {
  Words results = {"--output", (folder_ / "whole").string()};
  for (const char* shard : {"1/2", "2/2"}) {
    const fs::path part = folder_ / std::string(1, shard[0]);
    const Answer answer = ask({"--certifier", certifier_, "--cases", "1001", "--shard", shard, "-o", part.string()});
    EXPECT_EQ(answer.code, 4) << answer.out << answer.err;
    EXPECT_TRUE(contains(answer.out, "- fake: it is shard " + std::string(1, shard[0]) + " of 2 only\n")) << answer.out;
    results.insert(results.end(), {"--results", (part / "fake.result.json").string()});
  }
  const Answer whole = ask(results);
  EXPECT_EQ(whole.code, 0) << whole.out << whole.err;
  EXPECT_TRUE(contains(whole.out, "equivalence: fake: equivalent, 1001 programs")) << whole.out;
}

TEST_F(EquivalenceOf, AMistakeIsExitTwoAndSaysWhatIsKnown) {
  struct Mistake {
    Words arguments;
    std::string message;
  };
  const std::vector<Mistake> mistakes = {
      {{"nobody"}, "unknown backend 'nobody'; known: "},
      {{"nobody", "--certifier", certifier_}, "unknown backend 'nobody'; known: fake"},
      {{"--certifier", "/no/such"}, "expected a certifier named certify-BACKEND, came '/no/such'"},
      {{"--certifier", "/no/certify-such"}, "expected an executable '/no/programs-such' beside the certifier"},
      {{"--cases", "0"}, "--cases: Value 0 not in range"},
      {{"--shard", "3/2", "--certifier", certifier_}, "expected a shard like 2/5, came '3/2'"},
      {{"--results", "/no/such.json"}, "no such result file: '/no/such.json'"},
      {{"asio", "--results", "/no/such.json"}, "--results runs nothing"},
      {{"--sed", "3"}, "known options of equivalence: "},
  };
  for (const Mistake& mistake : mistakes) {
    const Answer answer = ask(mistake.arguments);
    EXPECT_EQ(answer.code, 2) << mistake.message;
    EXPECT_TRUE(contains(answer.err, mistake.message)) << answer.err;
    EXPECT_EQ(answer.out, "");
  }
}

// A run of the real thing, as small as may be: too small to be conclusive, and without a failure.
TEST_F(EquivalenceOf, TheModelWithItself) {
  const Answer answer = ask({"model", "--cases", "200", "--explore", "20", "--families", "5", "--no-small-scope", "-o",
                             (folder_ / "out").string()});
  EXPECT_TRUE(answer.code == 0 || answer.code == 4) << answer.out << answer.err;
  EXPECT_TRUE(contains(answer.out, "equivalence: model: ")) << answer.out;
  EXPECT_FALSE(contains(answer.out, "not equivalent")) << answer.out;
  EXPECT_TRUE(contains(answer.out, ", 200 programs (")) << answer.out;
}

}  // namespace
}  // namespace concert::command
