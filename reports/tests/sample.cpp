// SPDX-License-Identifier: Apache-2.0
#include "sample.hpp"

#include <array>

namespace concert::reports {
namespace {

using results::Failure;
using results::ResultFile;
using results::TestRecord;
using results::Verdict;

using Rewrite = std::function<std::string(std::string)>;

struct Line {
  std::string clause, level, area, sentence;
  Verdict asio, uv;
};

const std::vector<Line>& lines() {
  static const std::vector<Line> all{
      {"Run001", "MUST", "run", "`bootstrap` returns what the main task returns.", Verdict::passed, Verdict::passed},
      {"Run002", "MUST", "run", "An exception leaves `bootstrap` unchanged.", Verdict::passed, Verdict::crashed},
      {"Scope001", "MUST", "scope", "A scope that is cancelled ends.", Verdict::passed, Verdict::failed},
      {"Scope002", "MUST", "scope", "A deadline is never early.", Verdict::passed, Verdict::hung},
      {"Scope003", "MUST", "scope", "A shield holds requests back.", Verdict::passed, Verdict::inconclusive},
      {"Scope004", "MUST", "scope", "A scope is left once.", Verdict::excluded, Verdict::excluded},
      {"Scope005", "SHOULD", "scope", "A scope prints its deadline.", Verdict::failed, Verdict::waived},
      {"Scope006", "MAY", "scope", "A scope may be reused.", Verdict::passed, Verdict::untested},
      {"Unixc001", "MUST", "connect", "A path that does not exist is refused.", Verdict::passed, Verdict::unsupported},
  };
  return all;
}

std::string reason_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::passed: return "";
    case Verdict::failed: return "order: expected a before b, observed b | a";
    case Verdict::crashed: return "SIGSEGV (signal 11)";
    case Verdict::hung: return "no result after 10 s";
    case Verdict::unsupported: return "the backend does not declare the feature 'unix-sockets'";
    case Verdict::excluded: return "by construction: the body is a function";
    case Verdict::untested: return "no test";
    case Verdict::inconclusive: return "a trigger of the clause did not occur: blocked";
    case Verdict::waived: return "issue 12, until 2027-01-31";
  }
  return "";
}

Failure failure(const Rewrite& text) {
  Failure made;
  made.key = text("order");
  made.expected = text("a before b");
  made.observed = text("b | a");
  made.message = text("b overtook a");
  made.input = text("group {\n  a: sleep 2ms\n  b: <yield>\n}");
  made.case_index = 7;
  made.shrinks = 3;
  made.schedule = text("shuffled (seed 2), plain clock");
  made.replay = text("1/v1:abc");
  made.trace = {text("a starts"), text("b ends & a sleeps")};
  return made;
}

TestRecord test_of(const Line& line, Verdict verdict, const Rewrite& text) {
  TestRecord made;
  made.test = line.clause + text("Holds");
  made.clause = line.clause;
  made.verdict = verdict;
  made.tier = line.clause == "Scope002" ? "physical" : "logical";
  made.cases = 100;
  made.witnesses = {{text("blocked"), 3}};
  made.seconds = line.clause == "Scope002" ? 1.5 : 0.0125;
  made.reason = verdict == Verdict::passed ? "" : text(reason_of(verdict));
  if (verdict == Verdict::failed) made.failure = failure(text);
  if (verdict == Verdict::crashed) {
    made.failure = Failure{};
    made.failure->key = "crashed";
    made.failure->message = text("last output:\n#0 exit()");
  }
  return made;
}

ResultFile file(const std::string& backend, const std::string& version, Verdict Line::*column, const Rewrite& text) {
  ResultFile made;
  made.header.backend = text(backend);
  made.header.backend_version = text(version);
  made.header.kit_version = "0.1.0";
  made.header.spec_version = "1.0";
  made.header.features = {text("tcp")};
  made.header.traits = {{"start_order", text("fifo")}};
  made.header.seed = 7;
  made.header.schedules = 3;
  made.header.started = "2026-11-21T11:40:12Z";
  made.header.machine = {{"compiler", text("GCC 12.2.0")}};
  made.header.command = {"concert", "certify", text(backend)};
  for (const Line& line : lines()) {
    const Verdict verdict = line.*column;
    results::ClauseRecord clause{line.clause, line.level, line.area, text(line.sentence), verdict, "", 0, 0, 0};
    if (verdict != Verdict::passed) clause.reason = text(reason_of(verdict));
    if (verdict != Verdict::excluded && verdict != Verdict::untested) {
      const TestRecord& test = made.tests.emplace_back(test_of(line, verdict, text));
      clause.tests = 1;
      clause.cases = test.cases;
      clause.seconds = test.seconds;
    }
    made.clauses.push_back(clause);
  }
  made.footer = results::summarize(made.tests, made.clauses, 2.5);
  return made;
}

}  // namespace

std::span<const Clause> sample_clauses() {
  static constexpr std::array<Clause, 4> clauses{{
      {"Run001", "run", Level::must, "", "The `value` is lost.", "the value", "S1 Running", "", "", 3},
      {"Run002", "run", Level::must, "", "The error is lost.", "the type", "S1 Running", "", "", 8},
      {"Scope004", "scope", Level::must, "", "Twice is a bug.", "nothing", "S2", "",
       "by construction: the body is a function", 4},
      {"Scope001", "scope", Level::must, "", "A task runs on.", "the time", "S2", "", "", 9},
  }};
  return clauses;
}

std::vector<ResultFile> sample_files(const Rewrite& text) {
  return {file("asio", "Boost.Asio 1.81.0", &Line::asio, text), file("uv", "libuv 1.44.2", &Line::uv, text)};
}

}  // namespace concert::reports
