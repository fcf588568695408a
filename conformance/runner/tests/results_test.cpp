// SPDX-License-Identifier: Apache-2.0
#include "concert/runner/results.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <random>
#include <sstream>
#include <system_error>

namespace concert::results {
namespace {

/// Makes valid result files from a seed: every verdict, odd characters, empty and large values.
class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  ResultFile file() {
    ResultFile results;
    results.header = header();
    const std::uint64_t clauses = below(8);
    for (std::uint64_t i = 0; i < clauses; ++i) add_clause(results, "Area" + std::to_string(100 + i));
    results.footer = summarize(results.tests, results.clauses, number());
    return results;
  }

 private:
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  double number() {
    return below(3) == 0 ? 0 : static_cast<double>(random_() >> 11) * std::pow(10.0, -static_cast<double>(below(20)));
  }
  std::int64_t count() { return static_cast<std::int64_t>(random_() >> (1 + below(63))); }
  std::string text() {
    static const std::vector<std::string> pieces{
        "a",    "Z", " ", "\"",   "\\",  "\n",     "\r",     "\t",         std::string(1, '\0'), "\x01",
        "\x7f", "{", "}", "null", "NaN", "\u00e9", "\u2028", "\U0001F600", "</script>",          ","};
    std::string result;
    for (std::uint64_t i = below(12); i > 0; --i) result += pieces[below(pieces.size())];
    return result;
  }
  std::string word() { return text() + "w"; }
  std::vector<std::string> texts() {
    std::vector<std::string> list(below(4));
    for (std::string& item : list) item = text();
    return list;
  }
  std::map<std::string, std::string> text_map() {
    std::map<std::string, std::string> map;
    for (std::uint64_t i = below(4); i > 0; --i) map[text()] = text();
    return map;
  }

  Header header() {
    Header made;
    made.backend = word();
    made.backend_version = text();
    made.kit_version = text();
    made.spec_version = text();
    made.features = texts();
    made.traits = text_map();
    made.virtual_time = below(2) == 0;
    made.seed = random_();
    made.schedules = 1 + static_cast<int>(below(1000));
    made.started = text();
    made.machine = text_map();
    made.command = texts();
    return made;
  }

  Failure failure() {
    Failure made;
    made.key = word();
    made.expected = text();
    made.observed = text();
    made.message = word();
    made.input = text();
    made.case_index = below(2) == 0 ? -1 : count();
    made.shrinks = count();
    made.schedule = text();
    made.replay = text();
    made.trace = texts();
    return made;
  }

  TestRecord test(const std::string& clause, std::uint64_t index, Verdict verdict) {
    TestRecord made;
    made.test = clause + "Behaves" + std::to_string(index) + text();
    made.clause = clause;
    made.verdict = verdict;
    made.tier = below(2) == 0 ? "logical" : "physical";
    made.cases = count();
    for (std::uint64_t i = below(3); i > 0; --i) made.witnesses[text()] = count();
    made.seconds = number();
    if (verdict != Verdict::passed) made.reason = word();
    if (verdict == Verdict::failed || (verdict != Verdict::passed && below(2) == 0)) made.failure = failure();
    return made;
  }

  void add_clause(ResultFile& results, const std::string& name) {
    ClauseRecord clause;
    clause.clause = name;
    clause.level = std::vector<std::string>{"MUST", "SHOULD", "MAY"}[below(3)];
    clause.area = word();
    clause.sentence = word();
    clause.verdict = all_verdicts[below(all_verdicts.size())];
    if (clause.verdict != Verdict::passed) clause.reason = word();
    clause.tests = static_cast<std::int64_t>(below(3) + (clause.verdict == Verdict::passed ? 1 : 0));
    clause.cases = count();
    clause.seconds = number();
    for (std::int64_t i = 0; i < clause.tests; ++i) {
      const Verdict verdict =
          clause.verdict == Verdict::passed ? Verdict::passed : all_verdicts[below(all_verdicts.size())];
      results.tests.push_back(test(name, static_cast<std::uint64_t>(i), verdict));
    }
    results.clauses.push_back(clause);
  }

  std::mt19937_64 random_;
};

std::string written(const ResultFile& results) {
  std::ostringstream out;
  write_results(out, results);
  return out.str();
}

ResultFile read(const std::string& text) {
  std::istringstream in(text);
  return read_results(in, "some.jsonl");
}

/// The message of the FormatError; a note that names the miss if there is none.
std::string error_of(const std::string& text) {
  try {
    read(text);
  } catch (const FormatError& error) {
    return error.what();
  }
  return "no error";
}

constexpr std::string_view header_line =
    R"({"record":"header","schema":1,"backend":"toy","backend_version":"1","kit_version":"0.1.0","spec_version":"1.0",)"
    R"("features":["tcp"],"traits":{"start_order":"fifo"},"virtual_time":true,"seed":7,"schedules":2,)"
    R"("started":"2026-01-02T03:04:05Z","machine":{"cores":"2"},"command":["concert","certify","toy"]})";
constexpr std::string_view passed_line =
    R"({"record":"test","test":"Scope029Reaches","clause":"Scope029","verdict":"passed","tier":"logical","cases":100,)"
    R"("witnesses":{"blocked":3},"seconds":0.25,"reason":""})";
constexpr std::string_view failed_line =
    R"({"record":"test","test":"Lock001Excludes","clause":"Lock001","verdict":"failed","tier":"physical","cases":4,)"
    R"("witnesses":{},"seconds":0.5,"reason":"two owners","failure":{"key":"owners","expected":"1","observed":"2",)"
    R"("message":"two owners at once","input":"[a, b]","case_index":3,"shrinks":2,"schedule":"fifo, plain clock",)"
    R"("replay":"7:3","trace":["a takes","b takes"]}})";
constexpr std::string_view scope_line =
    R"({"record":"clause","clause":"Scope029","level":"MUST","area":"scope","sentence":"Cancelling reaches.",)"
    R"("verdict":"passed","reason":"","tests":1,"cases":100,"seconds":0.25})";
constexpr std::string_view lock_line =
    R"({"record":"clause","clause":"Lock001","level":"SHOULD","area":"lock","sentence":"One owner.",)"
    R"("verdict":"failed","reason":"Lock001Excludes failed","tests":1,"cases":4,"seconds":0.5})";
constexpr std::string_view footer_line =
    R"({"record":"footer","counts":{"MUST":{"passed":1},"SHOULD":{"failed":1}},"tests":2,"clauses":2,"seconds":0.75,)"
    R"("verdict":"certified"})";

std::string lines(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) text.append(part).append("\n");
  return text;
}

std::string whole() { return lines({header_line, passed_line, failed_line, scope_line, lock_line, footer_line}); }

/// The whole file with one replacement, which must apply.
std::string with(const std::string& from, const std::string& to) {
  std::string text = whole();
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

std::filesystem::path scratch_file(const std::string& name) {
  return std::filesystem::path(testing::TempDir()) / ("concert-" + std::to_string(::getpid()) + "-" + name);
}

TEST(ResultFileTest, RoundTripsWhateverIsValid) {
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    const ResultFile results = Generator(seed).file();
    const std::string text = written(results);
    ASSERT_EQ(read(text), results) << "seed " << seed << "\n" << text;
    ASSERT_EQ(written(read(text)), text) << "seed " << seed;
  }
}

TEST(ResultFileTest, ReadsTheDocumentedForm) {
  const ResultFile results = read(whole());
  EXPECT_EQ(results.header.backend, "toy");
  EXPECT_EQ(results.header.seed, 7U);
  EXPECT_EQ(results.header.traits.at("start_order"), "fifo");
  ASSERT_EQ(results.tests.size(), 2U);
  EXPECT_EQ(results.tests[0].witnesses.at("blocked"), 3);
  ASSERT_TRUE(results.tests[1].failure);
  EXPECT_EQ(results.tests[1].failure->trace.at(1), "b takes");
  EXPECT_EQ(results.clauses[1].verdict, Verdict::failed);
  EXPECT_EQ(results.footer.counts.at("SHOULD").at("failed"), 1);
  EXPECT_EQ(written(results), whole());
}

TEST(ResultFileTest, RefusesEveryTruncation) {
  const std::string text = whole();
  for (std::size_t length = 0; length < text.size(); ++length) {
    ASSERT_NE(error_of(text.substr(0, length)), "no error") << length << " of " << text.size() << " bytes";
  }
}

TEST(ResultFileTest, SurvivesBytesThatAreNotUtf8) {
  ResultFile results = read(whole());
  results.tests[1].failure->observed = "\xff\xfe raw";
  EXPECT_EQ(read(written(results)).tests[1].failure->observed, "\uFFFD\uFFFD raw");
}

struct Fault {
  std::string name;
  std::string text;
  std::string message;  ///< must stand in the error
};

std::vector<Fault> faults() {
  const std::string empty_message = with("\"message\":\"two owners at once\"", "\"message\":\"\"");
  return {
      {"EmptyFile", "", "some.jsonl:1: expected the header, came the end of an empty file"},
      {"BlankLine", whole() + "\n", "some.jsonl:7: expected the end of the file after the footer"},
      {"NoHeader", lines({passed_line, scope_line, footer_line}),
       "some.jsonl:1: expected the header first, came a test record"},
      {"TwoHeaders", lines({header_line, header_line}), "some.jsonl:2: expected one header"},
      {"NoFooter", lines({header_line, passed_line, scope_line}), "some.jsonl:4: expected the footer (truncated?)"},
      {"NoLineEnd", whole().substr(0, whole().size() - 1), "some.jsonl:6: expected a line end"},
      {"RecordAfterFooter", whole() + std::string(passed_line) + "\n",
       "some.jsonl:7: expected the end of the file after the footer"},
      {"SecondFooter", whole() + std::string(footer_line) + "\n",
       "some.jsonl:7: expected the end of the file after the footer"},
      {"TestAfterClause", lines({header_line, passed_line, scope_line, failed_line}),
       "some.jsonl:4: expected the tests before the clauses"},
      {"NotJson", with("\"tests\":1,", "\"tests\":1"), "some.jsonl:4: expected one JSON object"},
      {"NotAnObject", lines({"[1]"}), "some.jsonl:1: expected a JSON object, came [1]"},
      {"OtherSchema", with("\"schema\":1", "\"schema\":2"), "some.jsonl:1: expected schema version 1, came 2"},
      {"UnknownRecord", with("\"record\":\"test\"", "\"record\":\"tset\""),
       "some.jsonl:2: expected one of header, test, clause, footer"},
      {"UnknownKeyInHeader", with("\"seed\":7", "\"seed\":7,\"sede\":7"), "came \"sede\""},
      {"UnknownKeyInTest", with("\"cases\":100", "\"cases\":100,\"case\":1"), "came \"case\""},
      {"UnknownKeyInFailure", with("\"shrinks\":2", "\"shrinks\":2,\"shrink\":1"),
       "some.jsonl:3: expected only the keys key, expected"},
      {"UnknownKeyInClause", with("\"area\":\"scope\"", "\"area\":\"scope\",\"aera\":\"x\""), "came \"aera\""},
      {"UnknownKeyInFooter", with("\"clauses\":2", "\"clauses\":2,\"clause\":2"), "came \"clause\""},
      {"MissingKey", with("\"cases\":100,", ""), "some.jsonl:2: expected key \"cases\""},
      {"DuplicateKey", with("\"cases\":100,", "\"cases\":100,\"cases\":100,"),
       "expected every key once, came \"cases\" twice"},
      {"DuplicateKeyInside", with("\"key\":\"owners\",", "\"key\":\"owners\",\"key\":\"x\","), "came \"key\" twice"},
      {"TextForNumber", with("\"cases\":100", "\"cases\":\"100\""),
       "expected a whole number, 0 or more, for \"cases\", came \"100\""},
      {"FractionForCount", with("\"cases\":100", "\"cases\":1.5"), "came 1.5"},
      {"NegativeCount", with("\"cases\":100", "\"cases\":-1"), "came -1"},
      {"HugeCount", with("\"cases\":100", "\"cases\":9223372036854775808"), "came 9223372036854775808"},
      {"NumberForText", with("\"test\":\"Scope029Reaches\"", "\"test\":1"), "expected a string for \"test\", came 1"},
      {"TextForFlag", with("\"virtual_time\":true", "\"virtual_time\":\"true\""), "expected true or false"},
      {"TextForList", with("\"features\":[\"tcp\"]", "\"features\":\"tcp\""),
       "expected a list of strings for \"features\""},
      {"NumberInList", with("\"features\":[\"tcp\"]", "\"features\":[1]"),
       "expected only strings in \"features\", came 1"},
      {"NumberInMap", with("{\"cores\":\"2\"}", "{\"cores\":2}"), "expected only strings in \"machine\", came 2"},
      {"TextInWitnesses", with("{\"blocked\":3}", "{\"blocked\":\"3\"}"), "\"witnesses.blocked\""},
      {"ListForFailure", with("\"failure\":{\"key\"", "\"failure\":[],\"x\":{\"key\""),
       "expected an object for \"failure\", came []"},
      {"NegativeSeed", with("\"seed\":7", "\"seed\":-7"), "expected a whole number from 0"},
      {"NoSchedules", with("\"schedules\":2", "\"schedules\":0"), "for \"schedules\", came 0"},
      {"UnknownVerdict", with("\"verdict\":\"passed\"", "\"verdict\":\"Passed\""),
       "some.jsonl:2: expected one of passed, failed"},
      {"UnknownLevel", with("\"level\":\"MUST\"", "\"level\":\"must\""),
       "some.jsonl:4: expected one of MUST, SHOULD, MAY"},
      {"UnknownTier", with("\"tier\":\"logical\"", "\"tier\":\"fast\""), "expected one of logical, physical"},
      {"UnknownOutcome", with("\"verdict\":\"certified\"", "\"verdict\":\"good\""),
       "expected one of certified, not certified, inconclusive"},
      {"EmptyMessage", empty_message, "some.jsonl:3: expected a text that is not empty for \"message\""},
      {"EmptyKey", with("\"key\":\"owners\"", "\"key\":\"\""), "not empty for \"key\""},
      {"FailedWithoutReason", with("\"reason\":\"two owners\"", "\"reason\":\"\""),
       "expected a reason for the verdict failed"},
      {"ClauseWithoutReason", with("\"reason\":\"Lock001Excludes failed\"", "\"reason\":\"\""),
       "some.jsonl:5: expected a reason"},
      {"FailedWithoutFailure",
       with(",\"failure\":{\"key\":\"owners\",\"expected\":\"1\",\"observed\":\"2\","
            "\"message\":\"two owners at once\",\"input\":\"[a, b]\",\"case_index\":3,\"shrinks\":2,"
            "\"schedule\":\"fifo, plain clock\",\"replay\":\"7:3\",\"trace\":[\"a takes\",\"b takes\"]}",
            ""),
       "expected a \"failure\" in a failed test, came none"},
      {"PassedWithFailure", with("\"verdict\":\"failed\",\"tier\"", "\"verdict\":\"passed\",\"tier\""),
       "expected no \"failure\" in a passed test"},
      {"NanSeconds", with("\"seconds\":0.25", "\"seconds\":NaN"), "some.jsonl:2: expected one JSON object"},
      {"NullSeconds", with("\"seconds\":0.25", "\"seconds\":null"), "expected a finite number of seconds"},
      {"InfiniteSeconds", with("\"seconds\":0.25", "\"seconds\":1e999"), "some.jsonl:2: expected one JSON object"},
      {"NegativeSeconds", with("\"seconds\":0.25", "\"seconds\":-0.25"), "expected a finite number of seconds"},
      {"SameTestTwice", lines({header_line, passed_line, passed_line}), "some.jsonl:3: expected every test once"},
      {"SameClauseTwice", lines({header_line, passed_line, scope_line, scope_line}),
       "some.jsonl:4: expected every clause once"},
      {"TestOfNoClause", lines({header_line, passed_line, failed_line, scope_line, footer_line}),
       "expected a clause record for Lock001"},
      {"WrongTestsOfClause", with("\"tests\":1,", "\"tests\":2,"),
       "some.jsonl:4: expected 1 tests of Scope029, as above, came 2"},
      {"EmptyLine", lines({header_line, ""}), "some.jsonl:2: expected one JSON object"},
      {"WrongNumberOfTests", with("\"tests\":2", "\"tests\":3"), "some.jsonl:6: expected 2 tests, as above, came 3"},
      {"WrongNumberOfClauses", with("\"clauses\":2", "\"clauses\":1"), "expected 2 clauses, as above, came 1"},
      {"WrongCount", with("{\"passed\":1}", "{\"passed\":2}"),
       "expected 1 MUST clauses that are passed, as above, came 2"},
      {"MissingCount", with("{\"failed\":1}", "{}"), "expected 1 SHOULD clauses that are failed, as above, came 0"},
      {"UnknownCount", with("{\"failed\":1}", "{\"failed\":1,\"fialed\":0}"), "came \"fialed\""},
      {"UnknownCountLevel", with("\"counts\":{", "\"counts\":{\"Must\":{},"), "came \"Must\""},
      {"WrongOutcome", with("\"verdict\":\"certified\"", "\"verdict\":\"inconclusive\""),
       "expected the verdict \"certified\""},
  };
}

TEST(ResultFileTest, RefusesEveryFaultWithPlaceExpectedAndCame) {
  for (const Fault& fault : faults()) {
    const std::string error = error_of(fault.text);
    EXPECT_NE(error.find(fault.message), std::string::npos) << fault.name << ": " << error;
    EXPECT_EQ(error.find("some.jsonl:"), 0U) << fault.name << ": " << error;
  }
}

TEST(ResultFileTest, RefusesGreenClausesThatNoPassedTestSupports) {
  std::string without_test = std::string(scope_line);
  without_test.replace(without_test.find("\"tests\":1"), 9, "\"tests\":0");
  EXPECT_NE(error_of(lines({header_line, without_test, footer_line}))
                .find("a test for the passed clause Scope029, came none"),
            std::string::npos);
  std::string hung = std::string(passed_line);
  hung.replace(hung.find("passed"), 6, "hung");
  hung.replace(hung.find("\"reason\":\"\""), 11, "\"reason\":\"10 s\"");
  EXPECT_NE(error_of(lines({header_line, hung, scope_line})).find("only passed tests under the passed clause Scope029"),
            std::string::npos);
}

TEST(ResultFileTest, NeverWritesWhatItWouldNotRead) {
  ResultFile results = read(whole());
  results.tests[0].seconds = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(written(results), FormatError);
  EXPECT_THROW(to_json_line(results.tests[0]), FormatError);
  results = read(whole());
  results.tests[1].failure->message.clear();
  EXPECT_THROW(written(results), FormatError);
  results = read(whole());
  results.footer.tests = 9;
  EXPECT_THROW(written(results), FormatError);
}

TEST(ResultFileTest, WritesAWholeFileOrNone) {
  const std::filesystem::path path = scratch_file("whole.jsonl");
  const ResultFile results = read(whole());
  write_result_file(path, results);
  EXPECT_EQ(read_result_file(path), results);
  ResultFile wrong = results;
  wrong.tests[0].test.clear();
  EXPECT_THROW(write_result_file(path, wrong), FormatError);
  EXPECT_EQ(read_result_file(path), results) << "the old file stays";
  std::filesystem::remove(path);
  EXPECT_THROW(write_result_file(scratch_file("no-such-folder") / "x.jsonl", results), std::system_error);
  EXPECT_THROW(read_result_file(path), FormatError);
}

TEST(TestRecordTest, RoundTripsAsOneLine) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    for (const TestRecord& record : Generator(seed).file().tests) {
      const std::string line = to_json_line(record);
      ASSERT_EQ(line.find('\n'), std::string::npos);
      ASSERT_EQ(parse_test_record(line, "record"), record) << line;
    }
  }
}

TEST(TestRecordTest, RefusesOtherRecords) {
  EXPECT_THROW(parse_test_record(scope_line, "record"), FormatError);
  EXPECT_THROW(parse_test_record("", "record"), FormatError);
  EXPECT_THROW(parse_test_record(std::string(passed_line) + "{}", "record"), FormatError);
}

TEST(VerdictTest, WordsRoundTripAndNothingElseParses) {
  for (const Verdict verdict : all_verdicts) EXPECT_EQ(parse_verdict(to_string(verdict)), verdict);
  for (const char* wrong : {"", "Passed", "passed ", "pass", "skipped"}) {
    EXPECT_THROW(parse_verdict(wrong), std::invalid_argument) << wrong;
  }
}

ClauseRecord clause_with(const std::string& level, Verdict verdict) {
  ClauseRecord record;
  record.level = level;
  record.verdict = verdict;
  return record;
}

TEST(SummarizeTest, DecidesByEveryMustVerdict) {
  const std::map<Verdict, std::string> expected{
      {Verdict::passed, "certified"},       {Verdict::failed, "not certified"},
      {Verdict::crashed, "not certified"},  {Verdict::hung, "not certified"},
      {Verdict::unsupported, "certified"},  {Verdict::excluded, "certified"},
      {Verdict::untested, "not certified"}, {Verdict::inconclusive, "inconclusive"},
      {Verdict::waived, "certified"}};
  for (const Verdict verdict : all_verdicts) {
    const ClauseRecord green = clause_with("MUST", Verdict::passed);
    EXPECT_EQ(summarize({}, {green, clause_with("MUST", verdict)}, 0).verdict, expected.at(verdict))
        << to_string(verdict);
    EXPECT_EQ(summarize({}, {green, clause_with("SHOULD", verdict)}, 0).verdict, "certified") << to_string(verdict);
    EXPECT_EQ(summarize({}, {green, clause_with("MAY", verdict)}, 0).verdict, "certified") << to_string(verdict);
  }
  const ClauseRecord failed = clause_with("MUST", Verdict::failed);
  EXPECT_EQ(summarize({}, {failed, clause_with("MUST", Verdict::inconclusive)}, 0).verdict, "not certified");
}

TEST(SummarizeTest, NothingCheckedIsNotCertified) {
  EXPECT_EQ(summarize({}, {}, 0).verdict, "not certified");
  EXPECT_EQ(summarize({}, {clause_with("MUST", Verdict::excluded)}, 0).verdict, "not certified");
  EXPECT_EQ(summarize({}, {clause_with("SHOULD", Verdict::passed)}, 0).verdict, "not certified");
}

TEST(SummaryLineTest, NamesTheCountsThatMatter) {
  Header header;
  header.backend = "toy";
  std::vector<ClauseRecord> clauses{clause_with("MUST", Verdict::passed), clause_with("MUST", Verdict::passed),
                                    clause_with("MUST", Verdict::excluded)};
  EXPECT_EQ(summary_line(header, summarize({}, clauses, 1)),
            "toy: certified, 2 MUST passed, 0 failed, 1 excluded, 0 unsupported");
  clauses.push_back(clause_with("MUST", Verdict::hung));
  clauses.push_back(clause_with("MUST", Verdict::untested));
  clauses.push_back(clause_with("SHOULD", Verdict::crashed));
  clauses.push_back(clause_with("MUST", Verdict::inconclusive));
  EXPECT_EQ(summary_line(header, summarize({}, clauses, 1)),
            "toy: not certified, 2 MUST passed, 1 failed, 1 excluded, 0 unsupported, 1 untested, 1 inconclusive, 1 "
            "SHOULD failed");
}

}  // namespace
}  // namespace concert::results
