// SPDX-License-Identifier: Apache-2.0
// Whatever a result file says, it stays text.
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "concert/reports/reports.hpp"
#include "markup_check.hpp"
#include "sample.hpp"

namespace concert::reports {
namespace {

/// The tree of elements without their texts. <code> is left out: a backtick in a sentence may make one.
std::string skeleton(const Element& element) {
  std::string text = element.name == "code" ? "" : "<" + element.name;
  for (const auto& [key, value] : element.attributes) text += " " + key;
  for (const Element& child : element.children) text += skeleton(child);
  return text + (element.name == "code" ? "" : ">");
}

std::string hostile(std::mt19937_64& random) {
  static const std::vector<std::string> pieces{"<",
                                               ">",
                                               "&",
                                               "\"",
                                               "'",
                                               "`",
                                               "|",
                                               "\n",
                                               "\r",
                                               "\t",
                                               std::string(1, '\0'),
                                               "\x1b[31m",
                                               "\x7f",
                                               "\xff",
                                               "\xc3",
                                               "\xed\xa0\x80",
                                               "\xef\xbf\xbf",
                                               "\u202e",
                                               "\u0085",
                                               "]]>",
                                               "<!--",
                                               "--!>",
                                               "</script>",
                                               "</pre>",
                                               "</td>",
                                               "<script>alert(1)</script>",
                                               "<img src=x onerror=alert(1)>",
                                               "&lt;",
                                               "&#0;",
                                               "%s",
                                               "${x}",
                                               "javascript:",
                                               "\" onclick=\"x",
                                               "' onclick='x",
                                               "```",
                                               "*",
                                               "\U0001F600",
                                               " "};
  std::string text;
  for (std::uint64_t i = 1 + random() % 6; i > 0; --i) text += pieces[random() % pieces.size()];
  return text;
}

TEST(MarkupTest, HostileTextsNeverChangeTheStructure) {
  const Element plain_page = parse_markup(to_html(sample_files(), sample_clauses()));
  const std::string page = skeleton(plain_page);
  const std::size_t articles = plain_page.all("article").size();
  const std::string junit = skeleton(parse_markup(to_junit(sample_files(), sample_clauses())));
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    std::mt19937_64 random(seed);
    const auto rewrite = [&random](const std::string& text) { return hostile(random) + text + hostile(random); };
    const std::vector<results::ResultFile> files = sample_files(rewrite);
    ASSERT_TRUE(skeleton(parse_markup(to_junit(files, sample_clauses()))) == junit) << "seed " << seed;
    // Random texts make equal reasons differ, and these share a line of the page: its structure is compared below.
    const Element hostile_page = parse_markup(to_html(files, sample_clauses()));
    ASSERT_EQ(hostile_page.all("script").size(), 1U) << "seed " << seed;
    ASSERT_EQ(hostile_page.all("img").size(), 0U) << "seed " << seed;
    ASSERT_EQ(hostile_page.all("article").size(), articles) << "seed " << seed;
  }
  for (const std::string fixed : {"<b>", "\"><script>", "&amp;", "\x01", "'", "</details>"}) {
    const auto rewrite = [&fixed](const std::string& text) { return fixed + text; };
    EXPECT_TRUE(skeleton(parse_markup(to_html(sample_files(rewrite), sample_clauses()))) == page) << fixed;
  }
}

TEST(MarkupTest, TextsComeThroughUnchanged) {
  const std::string nasty = "<a href=\"x\">&amp; 'q' \"d\" ]]> ";
  const auto rewrite = [&nasty](const std::string& text) { return nasty + text; };
  const Element page = parse_markup(to_html(sample_files(rewrite), sample_clauses()));
  std::set<std::string> preformatted;
  for (const Element* element : page.all("pre")) preformatted.insert(element->text);
  EXPECT_TRUE(preformatted.contains(nasty + "a before b"));
  EXPECT_TRUE(preformatted.contains(nasty + "group {\n  a: sleep 2ms\n  b: <yield>\n}"));
  const Element junit = parse_markup(to_junit(sample_files(rewrite), sample_clauses()));
  EXPECT_EQ(junit.all("error").at(0)->attributes.at("message"), nasty + "SIGSEGV (signal 11)");
}

TEST(MarkupTest, XmlHoldsNoControlCharacterAndThePageShowsThem) {
  const auto rewrite = [](const std::string& text) { return "\x1b\x01" + text; };
  const Element junit = parse_markup(to_junit(sample_files(rewrite), sample_clauses()));
  EXPECT_EQ(junit.all("error").at(0)->attributes.at("message"), "SIGSEGV (signal 11)");
  EXPECT_NE(to_html(sample_files(rewrite), sample_clauses()).find("\u241b\u2401SIGSEGV"), std::string::npos);
}

TEST(MarkupTest, ThePageNeedsNothingElse) {
  const std::string html = to_html(sample_files(), sample_clauses());
  const Element page = parse_markup(html);
  EXPECT_EQ(page.attributes.at("lang"), "en");
  for (const char* forbidden : {"http://", "https://", "url(", "@import", "src=", "<link", "<iframe"}) {
    EXPECT_EQ(html.find(forbidden), std::string::npos) << forbidden;
  }
  page.visit([](const Element& element) {
    for (const auto& [key, value] : element.attributes) EXPECT_NE(key.substr(0, 2), "on") << element.name << " " << key;
    if (element.name == "th") {
      EXPECT_TRUE(element.attributes.contains("scope")) << element.text;
    }
  });
}

TEST(MarkupTest, EveryLinkHasItsTargetAndEveryIdIsUnique) {
  const Element page = parse_markup(to_html(sample_files(), sample_clauses()));
  std::set<std::string> ids;
  page.visit([&ids](const Element& element) {
    const auto id = element.attributes.find("id");
    if (id != element.attributes.end()) {
      EXPECT_TRUE(ids.insert(id->second).second) << id->second;
    }
  });
  EXPECT_TRUE(ids.contains("scope001"));
  page.visit([&ids](const Element& element) {
    for (const auto& [key, value] : element.attributes) {
      if (key == "href") {
        EXPECT_TRUE(ids.contains(value.substr(1))) << value;
      }
      if (key == "aria-labelledby") {
        EXPECT_TRUE(ids.contains(value)) << value;
      }
    }
  });
}

TEST(MarkupCheckTest, RefusesWhatIsNotWellFormed) {
  EXPECT_NO_THROW(parse_markup("<a b=\"1\" c=\"&lt;\">t<d/>&amp;</a>"));
  for (const char* wrong :
       {"", "<a>", "<a></b>", "<a><b></a></b>", "<a b=1/>", "<a b=\"1\" b=\"2\"/>", "<a>&x;</a>", "<a>&</a>",
        "<a>></a>", "<a>\x01</a>", "<a>\xff</a>", "<a/><b/>", "<a/>text", "<a b=\"<\"/>"}) {
    EXPECT_THROW(parse_markup(wrong), MarkupError) << wrong;
  }
}

}  // namespace
}  // namespace concert::reports
