// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "concert/reports/reports.hpp"
#include "markup.hpp"
#include "matrix.hpp"
#include "text.hpp"

namespace concert::reports {
namespace {

using results::TestRecord;
using results::Verdict;

/// What a case becomes. The counts of a suite are the number of its elements of each kind, one per case.
enum class Kind { passed, failure, error, skipped };

Kind kind_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::passed: return Kind::passed;
    case Verdict::failed:
    case Verdict::inconclusive: return Kind::failure;
    case Verdict::crashed:
    case Verdict::hung: return Kind::error;
    case Verdict::unsupported:
    case Verdict::excluded:
    case Verdict::untested:
    case Verdict::waived: return Kind::skipped;
  }
  return Kind::error;
}

struct Case {
  std::string name;
  Verdict verdict = Verdict::untested;
  double seconds = 0;
  std::string message;  ///< empty if passed
  std::string body;
};

struct Counts {
  std::int64_t tests = 0, failures = 0, errors = 0, skipped = 0;
  double seconds = 0;

  void add(const Case& one) {
    const Kind kind = kind_of(one.verdict);
    ++tests;
    failures += kind == Kind::failure ? 1 : 0;
    errors += kind == Kind::error ? 1 : 0;
    skipped += kind == Kind::skipped ? 1 : 0;
    seconds += one.seconds;
  }
  void add(const Counts& other) {
    tests += other.tests;
    failures += other.failures;
    errors += other.errors;
    skipped += other.skipped;
    seconds += other.seconds;
  }
};

struct Suite {
  std::string name;
  const Column* column = nullptr;
  std::vector<Case> cases;
  Counts counts;
};

std::string fixed(double seconds) {
  char text[64];
  std::snprintf(text, sizeof text, "%.6f", seconds);
  return text;
}

/// The full story, as a person reads it in a job page.
std::string story(const Row& row, const Column& column, const TestRecord& test) {
  std::string text = row.id + " (" + row.level + "): " + row.sentence + "\n" + test.reason + "\n";
  const auto line = [&text](const std::string& name, const std::string& value) {
    if (!value.empty()) text += name + ": " + value + "\n";
  };
  if (test.failure) {
    const results::Failure& failure = *test.failure;
    line("check", failure.key);
    line("expected", failure.expected);
    line("observed", failure.observed);
    if (failure.message != test.reason) line("message", failure.message);
    line("input", failure.input);
    line("schedule", failure.schedule);
    for (const std::string& step : failure.trace) line("trace", step);
  }
  line("replay", replay_line(column.file->header, test));
  return text;
}

std::vector<Case> cases_of(const Row& row, const Column& column, const Cell& cell) {
  std::vector<Case> cases;
  if (cell.record == nullptr) return cases;
  for (const TestRecord* test : cell.tests) {
    Case one{test->test, test->verdict, test->seconds, test->reason, {}};
    if (needs_attention(test->verdict)) one.body = story(row, column, *test);
    cases.push_back(std::move(one));
  }
  // Without this, a clause without tests, or one whose verdict is worse than its tests, would be missing.
  if (cell.speaks_for_itself()) {
    cases.push_back({row.id, cell.record->verdict, 0, cell.record->reason, row.sentence});
  }
  return cases;
}

std::vector<Suite> suites_of(const Matrix& matrix) {
  std::vector<Suite> suites;
  for (std::size_t i = 0; i < matrix.columns.size(); ++i) {
    for (const Area& area : matrix.areas) {
      Suite suite{matrix.columns[i].label + "." + area.name, &matrix.columns[i], {}, {}};
      for (const Row& row : area.rows) {
        for (Case& one : cases_of(row, matrix.columns[i], row.cells[i])) {
          suite.counts.add(one);
          suite.cases.push_back(std::move(one));
        }
      }
      if (!suite.cases.empty()) suites.push_back(std::move(suite));
    }
  }
  return suites;
}

void write_case(Markup& markup, const Suite& suite, const Case& one) {
  const Tag tag(markup, "testcase", {{"name", one.name}, {"classname", suite.name}, {"time", fixed(one.seconds)}});
  const std::string type(to_string(one.verdict));
  switch (kind_of(one.verdict)) {
    case Kind::passed: return;
    case Kind::failure: markup.element("failure", {{"message", one.message}, {"type", type}}, one.body); return;
    case Kind::error: markup.element("error", {{"message", one.message}, {"type", type}}, one.body); return;
    case Kind::skipped: markup.empty("skipped", {{"message", type + ": " + one.message}}); return;
  }
}

void write_suite(Markup& markup, const Suite& suite) {
  const results::Header& header = suite.column->file->header;
  // The schema of JUnit knows time stamps without a zone only; the file's are UTC.
  std::string timestamp = header.started;
  if (!timestamp.empty() && timestamp.back() == 'Z') timestamp.pop_back();
  const Tag tag(markup, "testsuite",
                {{"name", suite.name},
                 {"tests", std::to_string(suite.counts.tests)},
                 {"failures", std::to_string(suite.counts.failures)},
                 {"errors", std::to_string(suite.counts.errors)},
                 {"skipped", std::to_string(suite.counts.skipped)},
                 {"time", fixed(suite.counts.seconds)},
                 {"timestamp", timestamp}});
  {
    const Tag properties(markup, "properties");
    const auto property = [&markup](std::string_view name, const std::string& value) {
      markup.empty("property", {{"name", std::string(name)}, {"value", value}});
    };
    property("backend", header.backend);
    property("backend_version", header.backend_version);
    property("kit_version", header.kit_version);
    property("spec_version", header.spec_version);
    property("seed", std::to_string(header.seed));
    property("verdict", suite.column->file->footer.verdict);
  }
  for (const Case& one : suite.cases) write_case(markup, suite, one);
}

}  // namespace

std::string to_junit(std::span<const results::ResultFile> files, std::span<const Clause> clauses) {
  const Matrix matrix = join(files, clauses);
  const std::vector<Suite> suites = suites_of(matrix);
  Counts total;
  for (const Suite& suite : suites) total.add(suite.counts);
  Markup markup(Dialect::xml, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
  {
    const Tag root(markup, "testsuites",
                   {{"name", "concert"},
                    {"tests", std::to_string(total.tests)},
                    {"failures", std::to_string(total.failures)},
                    {"errors", std::to_string(total.errors)},
                    {"skipped", std::to_string(total.skipped)},
                    {"time", fixed(total.seconds)}});
    for (const Suite& suite : suites) write_suite(markup, suite);
  }
  return markup.take();
}

}  // namespace concert::reports
