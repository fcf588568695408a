// SPDX-License-Identifier: Apache-2.0
#include "concert/runner/certifier.hpp"

#include <gtest/gtest.h>

#include <string>

#include "fake.hpp"

namespace concert::runner {
namespace {

const std::string good_list =
    R"({"protocol":1,"backend":"b","backend_version":"1","kit_version":"0.1.0","spec_version":"1.0","features":["x"],)"
    R"("traits":{"a":"b"},"virtual_time":false,"machine":{},"tests":[)"
    R"({"test":"Yield001A","clause":"Yield001","tier":"physical","requires":["x","y"]},)"
    R"({"test":"Yield002B","clause":"Yield002","tier":"logical"}]})";

std::string error_after(const std::string& from, const std::string& to) {
  std::string text = good_list;
  const std::size_t at = text.find(from);
  if (at == std::string::npos) return "the test is wrong: no such text";
  text.replace(at, from.size(), to);
  return message_of<HarnessError>([&] { parse_listing(text, "certify_b"); });
}

TEST(Listing, ReadsEveryField) {
  const Listing listing = parse_listing(good_list, "certify_b");
  EXPECT_EQ(listing.backend, "b");
  EXPECT_FALSE(listing.virtual_time);
  EXPECT_EQ(listing.traits.at("a"), "b");
  ASSERT_EQ(listing.tests.size(), 2U);
  EXPECT_EQ(listing.tests[0].tier, "physical");
  EXPECT_EQ(listing.tests[0].required_features, (std::vector<std::string>{"x", "y"}));
  EXPECT_TRUE(listing.tests[1].required_features.empty());
}

TEST(Listing, RefusesWhatIsWrong) {
  EXPECT_EQ(error_after("\"protocol\":1", "\"protocol\":2"), "certify_b --list: expected protocol 1, came 2");
  EXPECT_EQ(error_after("\"backend\":\"b\",", ""), "certify_b --list: expected the key \"backend\", came none");
  EXPECT_EQ(error_after("\"backend\":\"b\"", "\"backend\":3"),
            "certify_b --list: expected \"backend\" of another type, came 3");
  EXPECT_EQ(error_after("\"backend\":\"b\"", "\"backend\":\"\""),
            "certify_b --list: expected the name of the backend, came \"\"");
  EXPECT_EQ(error_after("\"spec_version\":\"1.0\"", "\"spec_version\":\"0.9\""),
            "certify_b --list: expected a certifier for the clauses 1.0, came one for 0.9");
  EXPECT_EQ(error_after("\"clause\":\"Yield001\"", "\"clause\":\"Yield999\""),
            "certify_b --list, test 'Yield001A': expected a clause of the pages, came the unknown 'Yield999'");
  EXPECT_EQ(error_after("\"clause\":\"Yield001\"", "\"clause\":\"Yield002\""),
            "certify_b --list, test 'Yield001A': expected a name that starts with its clause Yield002");
  EXPECT_TRUE(error_after("\"clause\":\"Yield001\"", "\"clause\":\"Shield011\"")
                  .starts_with("certify_b --list, test 'Yield001A': the clause Shield011 is retired: "));
  EXPECT_EQ(error_after("\"physical\"", "\"quick\""),
            "certify_b --list, test 'Yield001A': expected the tier 'logical' or 'physical', came 'quick'");
  EXPECT_EQ(
      error_after("{\"test\":\"Yield002B\",\"clause\":\"Yield002\"", "{\"test\":\"Yield001A\",\"clause\":\"Yield001\""),
      "certify_b --list: the test 'Yield001A' is listed twice");
}

TEST(Listing, RefusesNoTest) {
  const WithVariable none("FAKE_TESTS", "");
  EXPECT_EQ(message_of<HarnessError>([] { list_tests(fake_certifier); }),
            fake_certifier.string() + " --list: it lists no test");
}

struct ListFault {
  std::string name;
  std::string error;
};

class FaultOfAList : public testing::TestWithParam<ListFault> {};

TEST_P(FaultOfAList, IsAHarnessErrorThatSaysWhat) {
  const WithVariable fault("FAKE_LIST", GetParam().name);
  const std::string error =
      message_of<HarnessError>([] { list_tests(fake_certifier, "", std::chrono::duration<double>(0.3)); });
  EXPECT_NE(error.find(GetParam().error), std::string::npos) << error;
}

INSTANTIATE_TEST_SUITE_P(
    All, FaultOfAList,
    testing::Values(ListFault{"crash", "ended by SIGSEGV"}, ListFault{"hang", "no end within 0.3 s"},
                    ListFault{"rubbish", "expected one JSON document, came 'Segments: 12 {'"},
                    ListFault{"silent", "expected one JSON document, came nothing"},
                    ListFault{"many", "expected one JSON document"},
                    ListFault{"exit3", "expected exit code 0, came 3; it printed: no such library"},
                    ListFault{"protocol", "expected protocol 1, came 2"}, ListFault{"spec", "came one for 0.9"}),
    [](const auto& fault) { return fault.param.name; });

TEST(Mutants, RefusesWhatIsWrong) {
  const auto error_of = [](const std::string& text) {
    return message_of<HarnessError>([&] { parse_mutants(text, "m"); });
  };
  EXPECT_EQ(error_of(R"({"protocol":1,"mutants":[]})"), "m --list-mutants: it lists no mutant");
  EXPECT_EQ(error_of(R"({"protocol":1,"mutants":[{"name":"a","breaks":"b","kills":[]}]})"),
            "m --list-mutants, mutant 'a': expected at least one clause that it breaks, came none");
  EXPECT_EQ(
      error_of(R"({"protocol":1,"mutants":[{"name":"a","breaks":"b","kills":[{"clause":"Yield999","key":"k"}]}]})"),
      "m --list-mutants, mutant 'a': expected a clause of the pages, came the unknown 'Yield999'");
  const std::string one = R"({"name":"a","breaks":"b","kills":[{"clause":"Yield001","key":"k"}]})";
  EXPECT_EQ(error_of(R"({"protocol":1,"mutants":[)" + one + R"(],"null_backends":[)" + one + "]}"),
            "m --list-mutants, mutant 'a': listed twice");
}

TEST(Filter, IsGlobsOfClausesAndTests) {
  Listing listing = parse_listing(good_list, "b");
  EXPECT_EQ(select_tests(listing, "").size(), 2U);
  EXPECT_EQ(select_tests(listing, "Yield*").size(), 2U);
  EXPECT_EQ(select_tests(listing, "Yield002").size(), 1U);
  EXPECT_EQ(select_tests(listing, "*B,Yield002*").size(), 1U);
  EXPECT_EQ(select_tests(listing, "Yield002B")[0].name, "Yield002B");
  EXPECT_THROW(select_tests(listing, "Yield00"), SelectionError);
}

}  // namespace
}  // namespace concert::runner
