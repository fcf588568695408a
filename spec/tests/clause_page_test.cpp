// SPDX-License-Identifier: Apache-2.0
#include "clause_page.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace concert::pages {
namespace {

const std::string whole_page = R"(# Scope: deadlines and cancellation

Free prose.

### Scope029
**MUST** Cancelling an outer scope cancels every scope inside it.
*Why:* Work would go on that nobody waits for.
*Seen by:* every depth throws.
*Source:* S2 Timeouts

### Scope030
**MAY** Either order.
*Why:* w.
*Seen by:* s.
*Source:* src
*Trait:* start_order = fifo | unspecified

### Scope031
**RETIRED 1.0** It MUST NOT bind anybody any more.
*Source:* src

### Scope032
**SHOULD** Something "quoted" \ and escaped.
*Why:* w.
*Seen by:* s.
*Source:* src
*Excluded:* compile-time: no such member exists
)";

// The page with `from` replaced, parsed: gives the error, or "" if there is none.
std::string error_after(const std::string& from, const std::string& to) {
  std::string text = whole_page;
  const std::size_t at = text.find(from);
  if (at == std::string::npos) return "the test is wrong: no such text";
  text.replace(at, from.size(), to);
  try {
    check_pages({parse_page(text, "clauses/scope.md")});
  } catch (const PageError& error) {
    return error.what();
  }
  return "";
}

TEST(ClausePage, ReadsEveryFieldAndLevel) {
  const Page page = parse_page(whole_page, "clauses/scope.md");
  EXPECT_EQ(page.area, "scope");
  EXPECT_EQ(page.title, "Scope: deadlines and cancellation");
  const std::vector<PageClause> expected = {
      {"Scope029", Level::must, "", "Cancelling an outer scope cancels every scope inside it.",
       "Work would go on that nobody waits for.", "every depth throws.", "S2 Timeouts", "", "", 5},
      {"Scope030", Level::may, "", "Either order.", "w.", "s.", "src", "start_order = fifo | unspecified", "", 11},
      {"Scope031", Level::retired, "1.0", "It MUST NOT bind anybody any more.", "", "", "src", "", "", 18},
      {"Scope032", Level::should, "", "Something \"quoted\" \\ and escaped.", "w.", "s.", "src", "",
       "compile-time: no such member exists", 22}};
  EXPECT_EQ(page.clauses, expected);
}

TEST(ClausePage, WrittenAndReadAgainGivesTheSameClauses) {
  std::vector<PageClause> first = parse_page(whole_page, "scope.md").clauses;
  std::vector<PageClause> second = parse_page(write_page(parse_page(whole_page, "scope.md")), "scope.md").clauses;
  ASSERT_EQ(first.size(), second.size());
  for (PageClause& clause : first) clause.line = 0;
  for (PageClause& clause : second) clause.line = 0;
  EXPECT_EQ(first, second);
}

TEST(ClausePage, CarriageReturnsDoNotMatter) {
  std::string text;
  for (const char c : whole_page) text += c == '\n' ? std::string("\r\n") : std::string(1, c);
  EXPECT_EQ(parse_page(text, "scope.md").clauses, parse_page(whole_page, "scope.md").clauses);
}

struct Fault {
  const char* name;
  std::string from;
  std::string to;
  std::string error;
};

class ClausePageFault : public testing::TestWithParam<Fault> {};

TEST_P(ClausePageFault, IsNamedWithFileLineExpectedAndCame) {
  EXPECT_EQ(error_after(GetParam().from, GetParam().to), GetParam().error);
}

const std::string level_form = "**MUST**, **SHOULD**, **MAY** or **RETIRED 1.0** and one sentence";
const std::string field_form = "*Why:*, *Seen by:*, *Source:*, *Trait:* or *Excluded:*";

INSTANTIATE_TEST_SUITE_P(
    All, ClausePageFault,
    testing::Values(
        Fault{"UnknownLevel", "**MUST**", "**SHALL**",
              "clauses/scope.md:6: expected " + level_form + ", came '**SHALL**'"},
        Fault{"RetiredWithoutVersion", "**RETIRED 1.0**", "**RETIRED**",
              "clauses/scope.md:19: expected " + level_form + ", came '**RETIRED**'"},
        Fault{"NoLevel", "**MUST** C", "C",
              "clauses/scope.md:6: expected " + level_form +
                  ", came 'Cancelling an outer scope cancels every scope inside it.'"},
        Fault{"EmptySentence", "**MAY** Either order.", "**MAY**",
              "clauses/scope.md:12: expected a sentence after '**MAY**', came an empty sentence"},
        Fault{"BrokenSentence", "Either order.", "Either",
              "clauses/scope.md:12: expected a whole sentence that ends with a full stop, came 'Either'"},
        Fault{"TwoRequirementWords", "Either order.", "One MAY come first.",
              "clauses/scope.md:12: expected one requirement word in Scope030, came a second one, 'MAY'"},
        Fault{"DuplicateId", "### Scope032", "### Scope029",
              "clauses/scope.md:22: expected an ID that is used once, came Scope029 again (first in line 5)"},
        Fault{"CatalogueSpelling", "### Scope030", "### SCOPE-030",
              "clauses/scope.md:11: expected the heading of a clause, '### ' and an ID like Scope029, came '### "
              "SCOPE-030'"},
        Fault{"TwoDigits", "### Scope030", "### Scope30",
              "clauses/scope.md:11: expected the heading of a clause, '### ' and an ID like Scope029, came '### "
              "Scope30'"},
        Fault{"MissingWhy", "*Why:* Work would go on that nobody waits for.\n", "",
              "clauses/scope.md:5: expected *Why:* in Scope029, came none"},
        Fault{"MissingSeenBy", "*Seen by:* every depth throws.\n", "",
              "clauses/scope.md:5: expected *Seen by:* in Scope029, came none"},
        Fault{"MissingSource", "*Source:* S2 Timeouts\n", "",
              "clauses/scope.md:5: expected *Source:* in Scope029, came none"},
        Fault{"RetiredWithoutSource", "more.\n*Source:* src\n", "more.\n",
              "clauses/scope.md:18: expected *Source:* in Scope031, came none"},
        Fault{"RetiredWithWhy", "more.\n", "more.\n*Why:* w.\n",
              "clauses/scope.md:18: expected only *Source:* in the retired Scope031, came other fields"},
        Fault{"MissingSentence",
              "**MUST** Cancelling an outer scope cancels every scope inside it.\n*Why:* Work would go on that nobody "
              "waits for.\n*Seen by:* every depth throws.\n*Source:* S2 Timeouts\n",
              "", "clauses/scope.md:5: expected " + level_form + " in Scope029, came none"},
        Fault{"UnknownField", "*Why:* w.", "*Wyh:* w.",
              "clauses/scope.md:13: expected one of the fields " + field_form + ", came the unknown field '*Wyh:*'"},
        Fault{"ProseInAClause", "*Why:* w.", "some prose",
              "clauses/scope.md:13: expected one of the fields " + field_form + " of Scope030, came 'some prose'"},
        Fault{"EmptyField", "*Why:* w.", "*Why:*", "clauses/scope.md:13: expected a text after '*Why:*', came nothing"},
        Fault{"FieldTwice", "*Why:* w.", "*Why:* w.\n*Why:* v.",
              "clauses/scope.md:14: expected one field 'Why' in Scope030, came a second one"},
        Fault{"MayWithoutTrait", "*Trait:* start_order = fifo | unspecified\n", "",
              "clauses/scope.md:11: expected *Trait:* or *Excluded:* (a MAY is checked against what the backend "
              "declares) in "
              "Scope030, came none"},
        Fault{"TraitOfOneValue", "fifo | unspecified", "fifo",
              "clauses/scope.md:16: expected 'name = value | value' or 'name = <number>', came 'start_order = fifo'"},
        Fault{"TraitOfAnUnknownKind", "fifo | unspecified", "<word>",
              "clauses/scope.md:16: expected 'name = value | value' or 'name = <number>', came 'start_order = <word>'"},
        Fault{"TraitOnMust", "*Source:* S2 Timeouts\n", "*Source:* S2 Timeouts\n*Trait:* a = b | c\n",
              "clauses/scope.md:10: expected a trait on a MAY clause only, came one on Scope029, a MUST"},
        Fault{"ExclusionWithoutKind", "compile-time: no such member exists", "too hard",
              "clauses/scope.md:27: expected 'by construction: ', 'compile-time: ' or 'decision: ' and a reason, came "
              "'too hard'"},
        Fault{"NoTitle", "# Scope: deadlines and cancellation\n\nFree prose.\n\n", "",
              "clauses/scope.md:1: expected a title '# Area: what it is about', came '### Scope029'"},
        Fault{"FieldBeforeAnyClause", "Free prose.", "*Why:* w.",
              "clauses/scope.md:3: expected the heading of a clause before this line, came '*Why:* w.'"}),
    [](const auto& fault) { return std::string(fault.param.name); });

TEST(ClausePage, AnEmptyPageIsAnError) {
  EXPECT_THROW(parse_page("", "scope.md"), PageError);
  EXPECT_THROW(parse_page("# Scope: x\n", "scope.md"), PageError);
}

TEST(ClausePages, OneIdOnTwoPagesIsAnError) {
  const std::string other = "# T: t\n\n### Task001\n**MUST** A.\n*Why:* w.\n*Seen by:* s.\n*Source:* s\n";
  try {
    check_pages({parse_page(other, "a.md"), parse_page(other, "b.md")});
    FAIL() << "no error";
  } catch (const PageError& error) {
    EXPECT_STREQ(error.what(), "b.md:3: expected an ID that is used once, came Task001 again (first in a.md:3)");
  }
}

TEST(ClausePages, OnePrefixOnTwoPagesIsAnError) {
  const std::string tail = "\n**MUST** A.\n*Why:* w.\n*Seen by:* s.\n*Source:* s\n";
  try {
    check_pages(
        {parse_page("# T: t\n\n### Task001" + tail, "a.md"), parse_page("# T: t\n\n### Task002" + tail, "b.md")});
    FAIL() << "no error";
  } catch (const PageError& error) {
    EXPECT_STREQ(error.what(), "b.md:3: expected every clause Task... in a.md, came Task002 here");
  }
}

TEST(GeneratedClauses, RetiredOnesHaveNoConstant) {
  const std::string header = write_header({parse_page(whole_page, "scope.md")});
  EXPECT_NE(header.find("const Clause& Scope029 = detail::clause_table[0];"), std::string::npos);
  EXPECT_NE(header.find("const Clause& Scope032 = detail::clause_table[3];"), std::string::npos);
  EXPECT_EQ(header.find("Scope031"), std::string::npos);
  EXPECT_NE(header.find("clause_table[4];\n}"), std::string::npos);
}

TEST(GeneratedClauses, TextsAreQuotedForCpp) {
  EXPECT_EQ(quote("a \"b\" \\ c\n1\t\xC3\xA4"), "\"a \\\"b\\\" \\\\ c\\0121\\011\xC3\xA4\"");
  const std::string table = write_table({parse_page(whole_page, "scope.md")});
  EXPECT_NE(table.find(R"("Something \"quoted\" \\ and escaped.")"), std::string::npos);
}

}  // namespace
}  // namespace concert::pages
