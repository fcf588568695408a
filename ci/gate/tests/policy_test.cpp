// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>

#include "concert/gate/gate.hpp"

namespace concert::gate {
namespace {

using namespace std::chrono_literals;

constexpr std::array<Clause, 3> clauses{{
    {"Scope001", "scope", Level::must, "A.", "", "", "", "", "", 1},
    {"Scope002", "scope", Level::must, "B.", "", "", "", "", "", 2},
    {"Scope003", "scope", Level::retired, "C.", "", "", "", "", "", 3},
}};

Policy parse(const std::string& text) { return parse_policy(text, "p.toml", clauses); }

std::string error_of(const std::string& text) {
  try {
    parse(text);
  } catch (const PolicyError& error) {
    return error.what();
  }
  return "no error";
}

const std::string require_text = "[require]\nverdict = \"certified\"\n";
const std::string waiver_text =
    "[[waiver]]\n"             // line 3
    "clause = \"Scope001\"\n"  // 4
    "backend = \"uv\"\n"       // 5
    "owner = \"ann\"\n"        // 6
    "reason = \"waits\"\n"     // 7
    "issue = \"#12\"\n"        // 8
    "expires = 2027-01-31\n";  // 9

/// Both parts, with one replacement, which must apply.
std::string with(const std::string& from, const std::string& to) {
  std::string text = require_text + waiver_text;
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

TEST(PolicyTest, ReadsEveryKey) {
  const Policy policy = parse(
      "[require]\nverdict = \"inconclusive\"\nmax_unsupported = 1\nmax_excluded = 2\nmax_inconclusive = "
      "3\nmin_must_passed = 4\n"
      "should = \"pass\"\nmay = \"pass\"\n" +
      waiver_text);
  EXPECT_EQ(policy.name, "p.toml");
  EXPECT_EQ(policy.verdict, "inconclusive");
  EXPECT_EQ(policy.max_unsupported, 1);
  EXPECT_EQ(policy.max_excluded, 2);
  EXPECT_EQ(policy.max_inconclusive, 3);
  EXPECT_EQ(policy.min_must_passed, 4);
  EXPECT_EQ(policy.should, Demand::pass);
  EXPECT_EQ(policy.may, Demand::pass);
  EXPECT_EQ(policy.waivers, (std::vector<Waiver>{{"Scope001", "uv", "ann", "waits", "#12", 2027y / 1 / 31, 9}}));
}

TEST(PolicyTest, TheShortestPolicyIsStrictAboutTheVerdictOnly) {
  Policy expected;
  expected.name = "p.toml";
  EXPECT_EQ(parse(require_text), expected);
  EXPECT_EQ(parse(require_text + "should = \"ignore\"\n"), expected);
}

TEST(PolicyTest, RefusesEveryFaultWithPlaceExpectedAndCame) {
  const std::vector<std::pair<std::string, std::string>> faults{
      {"", "p.toml:1: expected a table [require], came none"},
      {"require = 1\n", "p.toml:1: expected a table [require], came a value of type integer"},
      {"[require]\n", "p.toml:1: expected the key \"verdict\" in [require], came none"},
      {"[require\n", "p.toml:1: expected TOML, came a syntax error"},
      {require_text + "verdict = \"certified\"\n", "p.toml:3: expected TOML"},
      {require_text + "[wavier]\n",
       "p.toml:3: expected only the keys require, waiver in the policy, came \"wavier\"; did you mean \"waiver\"?"},
      {require_text + "max_unsuported = 0\n", "p.toml:3: expected only the keys verdict, max_unsupported"},
      {require_text + "max_unsuported = 0\n", "came \"max_unsuported\"; did you mean \"max_unsupported\"?"},
      {require_text + "max_unsupported = \"0\"\n",
       "p.toml:3: expected a whole number, 0 or more, for \"max_unsupported\", came a value of type string"},
      {require_text + "max_excluded = 1.0\n", "\"max_excluded\", came a value of type floating-point"},
      {require_text + "max_inconclusive = -1\n",
       "p.toml:3: expected a whole number, 0 or more, for \"max_inconclusive\", came -1"},
      {require_text + "min_must_passed = true\n", "\"min_must_passed\", came a value of type boolean"},
      {require_text + "should = \"passed\"\n",
       "p.toml:3: expected one of pass, ignore for \"should\", came \"passed\"; did you mean \"pass\"?"},
      {require_text + "may = 1\n", "for \"may\", came a value of type integer"},
      {"[require]\nverdict = \"Certified\"\n",
       "p.toml:2: expected one of certified, inconclusive for \"verdict\", came \"Certified\"; did you mean "
       "\"certified\"?"},
      {"[require]\nverdict = \"not certified\"\n", "p.toml:2: expected one of certified, inconclusive"},
      {"waiver = 1\n" + require_text, "p.toml:1: expected tables [[waiver]], came a value of type integer"},
      {"waiver = [1]\n" + require_text, "p.toml:1: expected tables [[waiver]], came a value of type integer"},
      {with("[[waiver]]", "[waiver]"), "p.toml:3: expected tables [[waiver]], came a value of type table"},
      {with("owner = \"ann\"\n", ""), "p.toml:3: expected the key \"owner\" in [[waiver]], came none"},
      {with("reason = \"waits\"\n", ""), "p.toml:3: expected the key \"reason\""},
      {with("issue = \"#12\"\n", ""), "p.toml:3: expected the key \"issue\""},
      {with("expires = 2027-01-31\n", ""), "p.toml:3: expected the key \"expires\""},
      {with("clause = \"Scope001\"\n", ""), "p.toml:3: expected the key \"clause\""},
      {with("backend = \"uv\"\n", ""), "p.toml:3: expected the key \"backend\""},
      {with("\"ann\"", "\" \""), "p.toml:6: expected a text that is not empty for \"owner\", came an empty one"},
      {with("\"waits\"", "\"\""), "p.toml:7: expected a text that is not empty for \"reason\""},
      {with("\"waits\"", "7"),
       "p.toml:7: expected a text that is not empty for \"reason\", came a value of type integer"},
      {with("2027-01-31", "\"2027-01-31\""),
       "p.toml:9: expected a date without quotes, as in 2027-01-31, for \"expires\", came a value of type string"},
      {with("2027-01-31", "2027-02-30"), "p.toml:9: expected"},
      {with("2027-01-31", "2027-01-31T00:00:00Z"), "p.toml:9: expected a date without quotes"},
      {with("Scope001", "Scoep001"),
       "p.toml:4: expected a clause of the specification, came \"Scoep001\"; did you mean \"Scope001\"?"},
      {with("Scope001", "Zzz"), "p.toml:4: expected a clause of the specification, came \"Zzz\""},
      {with("Scope001", "Scope003"), "p.toml:4: expected a clause in force, came the retired Scope003"},
      {with("issue", "isue"),
       "p.toml:8: expected only the keys clause, backend, owner, reason, issue, expires in [[waiver]], came \"isue\"; "
       "did you mean \"issue\"?"},
      {require_text + waiver_text + waiver_text,
       "p.toml:10: expected one waiver of Scope001 for uv, came a second one"},
  };
  for (const auto& [text, message] : faults) {
    const std::string error = error_of(text);
    EXPECT_NE(error.find(message), std::string::npos) << text << "\n-> " << error << "\nwithout: " << message;
    EXPECT_EQ(error.find("p.toml:"), 0U) << error;
  }
}

TEST(PolicyTest, SuggestsNothingFarAway) {
  EXPECT_EQ(error_of(require_text + "colour = 1\n").find("did you mean"), std::string::npos);
}

TEST(PolicyTest, AFileThatCannotBeReadIsAnError) { EXPECT_THROW(read_policy("/no/such/policy.toml"), PolicyError); }

TEST(PolicyTest, OurOwnPolicyIsStrict) {
  const Policy policy = read_policy(CONCERT_POLICY_FILE);
  EXPECT_EQ(policy.verdict, "certified");
  EXPECT_EQ(policy.should, Demand::pass);
  EXPECT_EQ(policy.max_unsupported, 0);
  EXPECT_EQ(policy.max_inconclusive, 0);
}

}  // namespace
}  // namespace concert::gate
