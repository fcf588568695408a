// SPDX-License-Identifier: Apache-2.0
#include "concert/reports/equivalence.hpp"
#include "equivalence_tables.hpp"
#include "markdown_text.hpp"
#include "text.hpp"

namespace concert::reports {

namespace {

using programs::Agreement;
using programs::Equivalence;
using programs::Failure;
using programs::FailureAid;
using programs::ResultFile;

std::string_view symbol(Agreement agreement) {
  if (agreement == Agreement::equivalent) return "✅";
  return agreement == Agreement::not_equivalent ? "❌" : "❔";
}

void overview(std::string& out, const Equivalence& equivalence) {
  const programs::EquivalenceDecision decision = decide(equivalence);
  heading(out, "# Concert equivalence");
  out += std::string(symbol(decision.agreement)) + " " + plain(programs::summary_line(equivalence)) + "\n";
  if (!decision.reasons.empty()) out += "\n";
  for (const std::string& reason : decision.reasons) out += "- " + plain(reason) + "\n";
}

void folded(std::string& out, const std::string& summary, const std::string& text, std::string_view language) {
  if (text.empty()) return;
  out += "<details><summary>" + summary + "</summary>\n\n" + block(text, language) + "\n</details>\n\n";
}

void failure(std::string& out, const ResultFile& result, const Failure& failure, const FailureAid& aid) {
  heading(out, "### " + plain(failure_title(result, failure)));
  out += plain(failure.message) + "\n\n";
  if (!failure.clauses.empty()) out += "- Clauses: " + plain(failure.clauses) + "\n";
  if (!failure.schedule.empty()) out += "- Schedule: " + plain(failure.schedule) + "\n";
  if (!aid.again.empty()) out += "- Again with: " + code(aid.again) + "\n";
  out += "\n" + block(failure.text) + "\n";
  folded(out, "Trace", joined(failure.trace, "\n"), "text");
  folded(out, "As a C++ test", aid.cpp, "cpp");
}

void table(std::string& out, const Table& table) {
  heading(out, "## " + plain(table.title));
  out += plain(table.note) + "\n";
  if (table.rows.empty()) return;
  out += "\n|";
  for (const std::string& name : table.head) out += " " + plain(name) + " |";
  out += "\n|";
  for (std::size_t i = 0; i < table.head.size(); ++i) out += "---|";
  out += "\n";
  for (const std::vector<std::string>& cells : table.rows) {
    out += "|";
    for (const std::string& cell : cells) out += " " + plain(cell) + " |";
    out += "\n";
  }
}

}  // namespace

std::string to_markdown(const Equivalence& equivalence) {
  std::string out;
  overview(out, equivalence);
  bool is_first = true;
  for (const programs::JudgedBackend& backend : equivalence.backends) {
    for (std::size_t i = 0; i < backend.result.failures.size(); ++i) {
      if (is_first) heading(out, "## What failed");
      is_first = false;
      failure(out, backend.result, backend.result.failures[i],
              i < backend.aids.size() ? backend.aids[i] : FailureAid());
    }
  }
  for (const Table& each : tables_of(equivalence)) table(out, each);
  return out;
}

}  // namespace concert::reports
