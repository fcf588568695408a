// SPDX-License-Identifier: Apache-2.0
// What the views must say, beside the golden files.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <system_error>

#include "concert/reports/reports.hpp"
#include "markup_check.hpp"
#include "sample.hpp"

namespace concert::reports {
namespace {

using results::Verdict;

std::string normalised(const std::string& text) {
  std::string line;
  for (const char c : text) {
    if (c != '\n')
      line += c;
    else if (!line.empty() && line.back() != ' ')
      line += ' ';
  }
  return line;
}

TEST(JunitTest, CountsEveryCaseOnceAndAsWhatItIs) {
  const Element root = parse_markup(to_junit(sample_files(), sample_clauses()));
  const auto number = [](const Element& element, const std::string& key) {
    return std::stoul(element.attributes.at(key));
  };
  const auto expect_counts = [&](const Element& element) {
    EXPECT_EQ(element.all("testcase").size(), number(element, "tests"));
    EXPECT_EQ(element.all("failure").size(), number(element, "failures"));
    EXPECT_EQ(element.all("error").size(), number(element, "errors"));
    EXPECT_EQ(element.all("skipped").size(), number(element, "skipped"));
  };
  expect_counts(root);
  for (const Element* suite : root.all("testsuite")) expect_counts(*suite);
  // asio: one SHOULD failed, one excluded. uv: failed and inconclusive; crashed and hung; four kinds of skip.
  EXPECT_EQ(number(root, "tests"), 18U);
  EXPECT_EQ(number(root, "failures"), 3U);
  EXPECT_EQ(number(root, "errors"), 2U);
  EXPECT_EQ(number(root, "skipped"), 5U);
}

TEST(JunitTest, EveryVerdictBecomesItsElement) {
  const Element root = parse_markup(to_junit(sample_files(), sample_clauses()));
  std::map<std::string, const Element*> cases;
  for (const Element* one : root.all("testcase"))
    cases[one->attributes.at("classname") + "/" + one->attributes.at("name")] = one;
  const auto child = [&cases](const std::string& name) -> const Element& { return cases.at(name)->children.at(0); };
  EXPECT_TRUE(cases.at("uv.run/Run001Holds")->children.empty());
  EXPECT_EQ(child("uv.scope/Scope001Holds").name, "failure");
  EXPECT_EQ(child("uv.scope/Scope001Holds").attributes.at("type"), "failed");
  EXPECT_NE(child("uv.scope/Scope001Holds").text.find("replay: concert replay uv 1/v1:abc"), std::string::npos);
  EXPECT_EQ(child("uv.scope/Scope003Holds").name, "failure");
  EXPECT_EQ(child("uv.scope/Scope003Holds").attributes.at("type"), "inconclusive");
  EXPECT_EQ(child("uv.run/Run002Holds").name, "error");
  EXPECT_EQ(child("uv.scope/Scope002Holds").attributes.at("type"), "hung");
  EXPECT_EQ(child("uv.scope/Scope004").attributes.at("message"), "excluded: by construction: the body is a function");
  EXPECT_EQ(child("uv.scope/Scope006").attributes.at("message"), "untested: no test");
  EXPECT_EQ(child("uv.scope/Scope005Holds").name, "skipped");
  EXPECT_EQ(child("uv.connect/Unixc001Holds").name, "skipped");
}

TEST(JunitTest, AClauseThatIsWorseThanItsTestsIsNotLost) {
  std::vector<results::ResultFile> files = sample_files();
  results::ResultFile& file = files[0];
  file.clauses[0].verdict = Verdict::inconclusive;
  file.clauses[0].reason = "too few cases";
  file.footer = summarize(file.tests, file.clauses, 1);
  EXPECT_EQ(parse_markup(to_junit(files, sample_clauses())).attributes.at("failures"), "4");
  EXPECT_NE(to_html(files, sample_clauses()).find("too few cases"), std::string::npos);
  EXPECT_NE(to_markdown(files, sample_clauses()).find("too few cases"), std::string::npos);
}

TEST(HtmlTest, TheFirstScreenAnswers) {
  const Element page = parse_markup(to_html(sample_files(), sample_clauses()));
  const std::vector<const Element*> cards = page.all("header").at(0)->all("section");
  ASSERT_EQ(cards.size(), 2U);
  const std::string asio = normalised(cards[0]->text), uv = normalised(cards[1]->text);
  EXPECT_NE(asio.find("✓ Certified"), std::string::npos) << asio;
  EXPECT_NE(uv.find("✗ Not certified"), std::string::npos) << uv;
  for (const char* fact : {"libuv 1.44.2", "specification 1.0", "kit 0.1.0", "2026-11-21 11:40 UTC", "seed 7",
                           "Not covered: 1 excluded, 1 unsupported, 1 untested"}) {
    EXPECT_NE(uv.find(fact), std::string::npos) << fact << " in " << uv;
  }
}

TEST(HtmlTest, AClauseOpensToItsBackgroundAndEvidence) {
  const Element page = parse_markup(to_html(sample_files(), sample_clauses()));
  for (const Element* row : page.all("tr")) {
    const auto id = row->attributes.find("id");
    if (id == row->attributes.end() || id->second != "scope001") continue;
    const std::string text = normalised(row->text);
    for (const char* fact : {"A task runs on.", "the time", "S2", "blocked 3", "100 cases", "12 ms", "a before b",
                             "b | a", "b ends & a sleeps", "concert replay uv 1/v1:abc --test Scope001Holds --seed 7",
                             "case 7, shrunk in 3 steps"}) {
      EXPECT_NE(text.find(fact), std::string::npos) << fact << " in " << text;
    }
    EXPECT_EQ(row->attributes.at("data-verdicts"), "attention disagree failed not-passed passed");
    return;
  }
  FAIL() << "no row scope001";
}

TEST(HtmlTest, AMessageThatOnlyRepeatsIsLeftOut) {
  std::vector<results::ResultFile> files = sample_files();
  const auto failed = std::find_if(files[1].tests.begin(), files[1].tests.end(),
                                   [](const results::TestRecord& test) { return test.verdict == Verdict::failed; });
  EXPECT_NE(to_html(files, sample_clauses()).find("b overtook a"), std::string::npos);
  failed->failure->message = "order: expected a before b, observed b | a";
  failed->reason = failed->failure->message;
  const std::string html = to_html({&files[1], 1}, sample_clauses());
  EXPECT_EQ(html.find(failed->failure->message), std::string::npos);
}

TEST(HtmlTest, ListsTheTenSlowestTests) {
  std::vector<results::ResultFile> files = sample_files();
  const Element page = parse_markup(to_html(files, sample_clauses()));
  for (const Element* section : page.all("section")) {
    const auto id = section->attributes.find("id");
    if (id == section->attributes.end() || id->second != "slowest") continue;
    ASSERT_EQ(section->all("tr").size(), 11U);
    EXPECT_NE(section->all("tr")[1]->text.find("1.50 s"), std::string::npos);
    return;
  }
  FAIL() << "no such section";
}

TEST(HtmlTest, FilesOfOneBackendOrOfDifferentClausesStandSideBySide) {
  std::vector<results::ResultFile> files = sample_files();
  files.push_back(files[0]);
  files[2].header.spec_version = "1.1";
  files[2].clauses.resize(1);
  files[2].tests.resize(1);
  files[2].footer = summarize(files[2].tests, files[2].clauses, 1);
  const std::string html = to_html(files, sample_clauses());
  EXPECT_NE(html.find("asio (2)"), std::string::npos);
  EXPECT_NE(html.find("not in this file"), std::string::npos);
  EXPECT_NE(html.find("different versions of the specification (1.0, 1.1)"), std::string::npos);
  EXPECT_NO_THROW(parse_markup(html));
  EXPECT_NO_THROW(parse_markup(to_junit(files, sample_clauses())));
}

TEST(HtmlTest, NothingFailedIsGreenOnlyIfCertified) {
  std::vector<results::ResultFile> files = sample_files();
  files.pop_back();
  for (results::TestRecord& test : files[0].tests) {
    test.verdict = Verdict::passed;
    test.failure.reset();
    test.reason.clear();
  }
  for (results::ClauseRecord& clause : files[0].clauses) {
    if (clause.verdict == Verdict::failed) clause.verdict = Verdict::passed;
  }
  files[0].footer = summarize(files[0].tests, files[0].clauses, 1);
  EXPECT_NE(to_html(files, sample_clauses()).find("class=\"good\">Nothing failed"), std::string::npos);
  files[0].tests.erase(files[0].tests.begin());
  files[0].clauses[0].verdict = Verdict::untested;
  files[0].clauses[0].tests = 0;
  files[0].footer = summarize(files[0].tests, files[0].clauses, 1);
  EXPECT_NE(to_html(files, sample_clauses()).find("class=\"notice\">Nothing failed"), std::string::npos);
}

TEST(HtmlTest, NoFileIsAPageToo) {
  EXPECT_NO_THROW(parse_markup(to_html({}, sample_clauses())));
  EXPECT_NO_THROW(parse_markup(to_junit({}, sample_clauses())));
}

TEST(MarkdownTest, FailuresComeFirstAndNothingOfATextFormats) {
  const auto rewrite = [](const std::string& text) { return text + " | *x* @team <b> [l](u) #1"; };
  const std::string text = to_markdown(sample_files(rewrite), sample_clauses());
  EXPECT_LT(text.find("## What failed"), text.find("## By area"));
  EXPECT_NE(text.find("\\| \\*x\\* &#64;team &lt;b&gt; \\[l\\]\\(u\\) \\#1"), std::string::npos);
  // Every row of a table has as many bars that are not escaped as the head of its table.
  std::size_t bars_of_table = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::size_t bars = 0;
    if (line.starts_with("|")) {
      for (std::size_t i = 0; i < line.size(); ++i) bars += line[i] == '|' && (i == 0 || line[i - 1] != '\\') ? 1U : 0U;
    }
    if (bars > 0 && bars_of_table > 0) {
      EXPECT_EQ(bars, bars_of_table) << line;
    }
    bars_of_table = bars;
  }
}

TEST(BadgeTest, HasTheFieldsOfTheEndpointSchema) {
  std::vector<results::ResultFile> files = sample_files();
  files[0].footer.verdict = "inconclusive";
  const auto badge = nlohmann::json::parse(to_badge(files[0]));
  EXPECT_EQ(
      badge,
      (nlohmann::json{
          {"schemaVersion", 1}, {"label", "concert 1.0: asio"}, {"message", "inconclusive"}, {"color", "yellow"}}));
  EXPECT_EQ(nlohmann::json::parse(to_badge(sample_files()[0])).at("color"), "brightgreen");
  EXPECT_EQ(nlohmann::json::parse(to_badge(sample_files()[1])).at("color"), "red");
}

TEST(ReplayCommandTest, IsQuotedForAShell) {
  results::Header header;
  header.backend = "my backend";
  header.seed = 3;
  results::TestRecord test;
  test.test = "Lock001Excludes";
  EXPECT_EQ(replay_command(header, test), "concert replay 'my backend' --test Lock001Excludes --seed 3");
  test.failure = results::Failure{};
  test.failure->replay = "0/v1:a'b;rm";
  EXPECT_EQ(replay_command(header, test),
            "concert replay 'my backend' '0/v1:a'\\''b;rm' --test Lock001Excludes --seed 3");
}

TEST(ReplayCommandTest, TheViewsNameTheCertifierOfABackendFromOutside) {
  std::vector<results::ResultFile> files = sample_files();
  files.erase(files.begin());
  const std::string plain = "concert replay uv 1/v1:abc --test Scope001Holds --seed 7";
  files[0].header.command = {"concert", "certify", "uv", "--certifier", "my build/c", "--jobs", "2", "--certifier=d"};
  for (const std::string& view : {to_html(files, sample_clauses()), to_markdown(files, sample_clauses())}) {
    EXPECT_TRUE(view.find(plain + " --certifier 'my build/c' --certifier d") != std::string::npos ||
                view.find(plain + " --certifier &#39;my build/c&#39; --certifier d") != std::string::npos);
  }
  EXPECT_NE(to_junit(files, sample_clauses()).find(plain + " --certifier &#39;my build/c&#39; --certifier d"),
            std::string::npos);
}

TEST(WriteReportsTest, WritesEveryViewAndOneBadgeEach) {
  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) / ("concert-reports-" + std::to_string(::getpid())) / "deep";
  std::vector<results::ResultFile> files = sample_files();
  files.push_back(files[0]);
  files[1].header.backend = "../u/v";
  const auto paths = write_reports(folder, files, sample_clauses());
  std::vector<std::string> names;
  for (const auto& path : paths) {
    EXPECT_EQ(path.parent_path(), folder);
    EXPECT_GT(std::filesystem::file_size(path), 0U);
    names.push_back(path.filename().string());
  }
  EXPECT_EQ(names, (std::vector<std::string>{"index.html", "summary.md", "junit.xml", "asio.badge.json",
                                             "___u_v.badge.json", "asio-2.badge.json"}));
  std::filesystem::remove_all(folder / "index.html");
  std::filesystem::create_directory(folder / "index.html");
  EXPECT_THROW(write_reports(folder, files, sample_clauses()), std::system_error);
  std::filesystem::remove_all(folder.parent_path());
}

}  // namespace
}  // namespace concert::reports
