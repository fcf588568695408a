// SPDX-License-Identifier: Apache-2.0
// The views of generated programs: what they must say, and that a hostile text stays text.
#include "concert/reports/equivalence.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "golden.hpp"
#include "markup_check.hpp"

namespace concert::reports {
namespace {

using programs::Equivalence;
using programs::ResultFile;

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

ResultFile passed(const std::string& backend) {
  ResultFile result;
  result.backend = backend;
  result.backend_version = "Loop 1.2";
  result.traits = {{"start_order", backend == "uv" ? "unspecified" : "fifo"}, {"lock_release", "handed_over"}};
  result.generator = 3;
  result.seed = 7;
  result.programs = {100'000, 50'000, 50'000, 99'000, 1'000, 0, 12.5};
  result.rules = {{"CAN-1", 1'234'567}, {"EVT-1", 4'321}};
  result.labels["lock with two waiters"] = {2'000, 100'000, 0.01};
  result.labels["profile: mix"] = {28'000, 100'000, 0};
  result.species = {305, 16, 13};
  result.explored = programs::Explored{5'000, 4'200, 3'000, 4'200, 900'000, 20'000, 60};
  result.corpus = programs::CorpusCounts{150, 750};
  result.families["lock"] = {2'000, {{"LCK-1", 3'000}}};
  return result;
}

Equivalence sample() {
  Equivalence equivalence{"0.1.0", "concert equivalence asio uv", {{passed("asio"), {}}, {passed("uv"), {}}}, {}};
  equivalence.backends[1].result.small_scope["lock"] = {120, 48'000, true, ""};
  return equivalence;
}

Equivalence failing() {
  Equivalence equivalence = sample();
  programs::Failure failure;
  failure.rule = "EVT-1";
  failure.part = "explored";
  failure.case_index = 17;
  failure.message = "a wait ended <before> the `event` | was set";
  failure.clauses = "Event002";
  failure.program = "{}";
  failure.text = "#0 event_wait event 0\n";
  failure.trace = {"0 ms  task 0  #0 event_wait  end: value"};
  failure.schedule = "own order, plain clock";
  failure.replay = "p1:3:7:17";
  failure.statements = 1;
  failure.statements_as_drawn = 23;
  equivalence.backends[1].result.failures.push_back(failure);
  equivalence.backends[1].aids.push_back({"// </pre>``` a test\n", "programs-uv --replay 'p1:3:7:17'"});
  return equivalence;
}

TEST(EquivalenceGoldenTest, Html) { expect_golden("equivalence.html", to_html(failing())); }
TEST(EquivalenceGoldenTest, Markdown) { expect_golden("equivalence.md", to_markdown(failing())); }

TEST(EquivalenceViews, SayTheVerdictAndEveryNumberThatMatters) {
  for (const std::string& view : {to_html(sample()), to_markdown(sample())}) {
    for (const char* part : {"asio uv: equivalent, 200000 programs", "100\u202f000", "3e-05", "0.00016",
                             "1\u202f234\u202f567", "complete", "4\u202f200", "unspecified", "12.5", "2.00 % of 1 %"}) {
      EXPECT_TRUE(contains(view, part)) << part << "\n" << view;
    }
    EXPECT_FALSE(contains(view, "lock_release")) << "what the backends take alike is no difference";
    EXPECT_FALSE(contains(view, "lock\\_release"));
  }
}

TEST(EquivalenceViews, SayWhyNothingIsProved) {
  Equivalence equivalence = sample();
  equivalence.backends[0].result.rules["GRP-9"] = 0;
  equivalence.problems = {"programs-uv: it ended with SIGSEGV"};
  for (const std::string& view : {to_html(equivalence), to_markdown(equivalence)}) {
    EXPECT_TRUE(contains(view, "inconclusive")) << view;
    EXPECT_TRUE(contains(view, "was never asked")) << view;
    EXPECT_TRUE(contains(view, "it ended with SIGSEGV")) << view;
  }
}

TEST(EquivalenceViews, AreWellFormedWhateverTheyShow) {
  const std::string html = to_html(failing());
  EXPECT_NO_THROW(parse_markup(html)) << html;
  EXPECT_FALSE(contains(html, "// </pre>"));
  EXPECT_TRUE(contains(to_markdown(failing()), "````cpp\n// </pre>``` a test\n````"));
}

TEST(EquivalenceViews, AreWrittenWithATestForEachFailure) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "concert-equivalence-views";
  std::filesystem::remove_all(folder);
  write_reports(folder, failing());
  EXPECT_TRUE(std::filesystem::exists(folder / "equivalence.json"));
  EXPECT_TRUE(std::filesystem::exists(folder / "failures" / "uv-1.cpp"));
  write_reports(folder, sample());
  EXPECT_FALSE(std::filesystem::exists(folder / "failures")) << "of the run before";
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace concert::reports
