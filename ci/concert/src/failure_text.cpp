// SPDX-License-Identifier: Apache-2.0
#include "failure_text.hpp"

#include <fmt/format.h>

#include "concert/clause.hpp"

namespace concert::command {

namespace {

// A text of several lines stands under its label.
std::string labelled(std::string_view label, const std::string& text) {
  std::string out = fmt::format("  {:<10}", label.empty() ? "" : std::string(label) + ":");
  for (const char c : text) {
    out += c;
    if (c == '\n') out += "            ";
  }
  return out + "\n";
}

}  // namespace

std::string failure_text(const results::Header& header, const results::TestRecord& record, const std::string& again) {
  std::string text = fmt::format("{} {} on {}\n", results::to_string(record.verdict), record.test, header.backend);
  if (const Clause* clause = find_clause(record.clause))
    text += labelled("clause", fmt::format("{} ({}) {}", clause->id, to_string(clause->level), clause->sentence));
  if (!record.failure) {
    text += labelled("reason", record.reason);
  } else {
    const results::Failure& failure = *record.failure;
    text += labelled("check", failure.key);
    if (!failure.expected.empty()) text += labelled("expected", failure.expected);
    if (!failure.observed.empty()) text += labelled("observed", failure.observed);
    if (failure.expected.empty() && failure.observed.empty()) text += labelled("message", failure.message);
    if (!failure.input.empty()) {
      text += labelled("input", failure.input);
      text += labelled("", fmt::format("(case {}, shrunk in {} steps)", failure.case_index, failure.shrinks));
    }
    if (!failure.schedule.empty()) text += labelled("schedule", failure.schedule);
    for (std::size_t i = 0; i < failure.trace.size(); ++i) text += labelled(i == 0 ? "trace" : "", failure.trace[i]);
  }
  return text + labelled("again", again);
}

}  // namespace concert::command
