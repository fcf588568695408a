// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>

#include "concert/reports/reports.hpp"
#include "markdown_text.hpp"
#include "matrix.hpp"
#include "text.hpp"

namespace concert::reports {
namespace {

using results::Verdict;

std::string symbol(const std::string& verdict) {
  return verdict == "certified" ? "✅" : verdict == "inconclusive" ? "❔" : "❌";
}

std::int64_t all_levels(const results::Footer& footer, Verdict verdict) {
  return count_in(footer, "MUST", verdict) + count_in(footer, "SHOULD", verdict) + count_in(footer, "MAY", verdict);
}

void overview(std::string& out, const Matrix& matrix) {
  heading(out, "# Concert conformance");
  out +=
      "| Backend | Verdict | MUST passed | MUST failed | Inconclusive | Unsupported | Excluded | Untested | SHOULD "
      "failed | MAY failed |\n";
  out += "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|\n";
  for (const Column& column : matrix.columns) {
    const results::Footer& footer = column.file->footer;
    const auto cell = [&out](std::int64_t number) { out += " " + std::to_string(number) + " |"; };
    out += "| **" + plain(column.label) + "** | " + symbol(footer.verdict) + " " + footer.verdict + " |";
    cell(count_in(footer, "MUST", Verdict::passed));
    cell(failures_in(footer, "MUST"));
    for (const Verdict verdict : {Verdict::inconclusive, Verdict::unsupported, Verdict::excluded, Verdict::untested}) {
      cell(all_levels(footer, verdict));
    }
    cell(failures_in(footer, "SHOULD"));
    cell(failures_in(footer, "MAY"));
    out += "\n";
  }
  out += "\n";
  for (const Column& column : matrix.columns) {
    const results::Header& header = column.file->header;
    out += "- **" + plain(column.label) + "**: " + plain(header.backend_version) + ", specification " +
           plain(header.spec_version) + ", kit " + plain(header.kit_version) + ", " + plain(header.started) +
           ", seed " + std::to_string(header.seed) + ", " + counted(header.schedules, "schedule") + ". " +
           plain(explanation(column.file->footer)) + "\n";
  }
}

void finding(std::string& out, const Column& column, const results::TestRecord& test) {
  out += "**" + plain(column.label) + "** " + std::string(to_string(test.verdict)) + ": " + code(test.test) + "\n\n";
  const auto item = [&out](const std::string& name, const std::string& value) {
    if (!value.empty()) out += "- " + name + ": " + value + "\n";
  };
  const bool repeated = test.failure && repeats_itself(*test.failure);
  if (!repeated || test.reason != test.failure->message) item("Reason", plain(test.reason));
  if (test.failure) {
    item("Check", code(test.failure->key));
    item("Expected", plain(test.failure->expected));
    item("Observed", plain(test.failure->observed));
    item("Schedule", plain(test.failure->schedule));
  }
  item("Again with", code(replay_line(column.file->header, test)));
  out += "\n";
  std::string blocks;
  const auto add_block = [&blocks](const std::string& text) {
    if (!text.empty()) blocks += block(text) + "\n";
  };
  if (test.failure) {
    if (!repeated && test.failure->message != test.reason) add_block(test.failure->message);
    add_block(test.failure->input);
    add_block(joined(test.failure->trace, "\n"));
  }
  if (!blocks.empty()) out += "<details><summary>Message, input and trace</summary>\n\n" + blocks + "</details>\n\n";
}

void failures(std::string& out, const Matrix& matrix) {
  std::vector<const Row*> rows;
  for (const Row* row : matrix.rows()) {
    if (row->has(needs_attention)) rows.push_back(row);
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Row* a, const Row* b) { return rank_of_level(a->level) < rank_of_level(b->level); });
  if (rows.empty()) {
    out += "\nNothing failed and nothing is inconclusive.\n";
    return;
  }
  heading(out, "## What failed");
  out += "| Clause | Level | Guarantee |";
  for (const Column& column : matrix.columns) out += " " + plain(column.label) + " |";
  out += "\n|---|---|---|";
  for (std::size_t i = 0; i < matrix.columns.size(); ++i) out += "---|";
  out += "\n";
  for (const Row* row : rows) {
    out += "| " + plain(row->id) + " | " + row->level + " | " + prose(row->sentence, Where::table) + " |";
    for (const Cell& cell : row->cells) {
      out += cell.record == nullptr ? " |" : " " + std::string(to_string(cell.record->verdict)) + " |";
    }
    out += "\n";
  }
  // A job page has a limit of size, and nobody reads the hundredth failure there.
  constexpr std::size_t most = 20;
  for (std::size_t i = 0; i < std::min(rows.size(), most); ++i) {
    const Row& row = *rows[i];
    heading(out, "### " + plain(row.id));
    out += prose(row.sentence) + "\n\n";
    for (std::size_t column = 0; column < row.cells.size(); ++column) {
      const Cell& cell = row.cells[column];
      for (const results::TestRecord* test : cell.tests) {
        if (needs_attention(test->verdict)) finding(out, matrix.columns[column], *test);
      }
      if (cell.speaks_for_itself() && needs_attention(cell.record->verdict)) {
        out += "**" + plain(matrix.columns[column].label) + "** " + std::string(to_string(cell.record->verdict)) +
               ": " + plain(cell.record->reason) + "\n\n";
      }
    }
  }
  if (rows.size() > most) {
    out +=
        "\n" + counted(static_cast<std::int64_t>(rows.size() - most), "more clause") + " in the page `index.html`.\n";
  }
}

void areas(std::string& out, const Matrix& matrix) {
  heading(out, "## By area");
  out += "Clauses passed, of those that the file holds.\n\n| Area |";
  for (const Column& column : matrix.columns) out += " " + plain(column.label) + " |";
  out += "\n|---|";
  for (std::size_t i = 0; i < matrix.columns.size(); ++i) out += "--:|";
  out += "\n";
  for (const Area& area : matrix.areas) {
    out += "| " + plain(area.name) + " |";
    for (std::size_t i = 0; i < matrix.columns.size(); ++i) {
      std::int64_t passed = 0, known = 0;
      for (const Row& row : area.rows) {
        if (row.cells[i].record == nullptr) continue;
        ++known;
        passed += row.cells[i].record->verdict == Verdict::passed ? 1 : 0;
      }
      out += " " + std::to_string(passed) + " of " + std::to_string(known) + " |";
    }
    out += "\n";
  }
}

void uncovered(std::string& out, const Matrix& matrix) {
  std::string lines;
  for (std::size_t i = 0; i < matrix.columns.size(); ++i) {
    for (const Row* row : matrix.rows()) {
      const results::ClauseRecord* record = row->cells[i].record;
      if (record == nullptr || record->verdict == Verdict::passed || needs_attention(record->verdict)) continue;
      lines += "| " + plain(row->id) + " | " + row->level + " | " + plain(matrix.columns[i].label) + " | " +
               std::string(to_string(record->verdict)) + " | " + prose(record->reason, Where::table) + " |\n";
    }
  }
  if (lines.empty()) return;
  heading(out, "## What is not covered");
  out += "<details><summary>Clauses without a test result</summary>\n\n";
  out += "| Clause | Level | Backend | Verdict | Reason |\n|---|---|---|---|---|\n" + lines + "\n</details>\n";
}

}  // namespace

std::string to_markdown(std::span<const results::ResultFile> files, std::span<const Clause> clauses) {
  const Matrix matrix = join(files, clauses);
  std::string out;
  overview(out, matrix);
  failures(out, matrix);
  areas(out, matrix);
  uncovered(out, matrix);
  return out;
}

}  // namespace concert::reports
