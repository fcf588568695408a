// SPDX-License-Identifier: Apache-2.0
#include "matrix.hpp"

#include <algorithm>
#include <map>

#include "text.hpp"

namespace concert::reports {
namespace {

std::vector<Column> columns_of(std::span<const results::ResultFile> files) {
  std::map<std::string, int> seen;
  std::vector<Column> columns;
  for (const results::ResultFile& file : files) {
    const int number = ++seen[file.header.backend];
    columns.push_back({file.header.backend + (number > 1 ? " (" + std::to_string(number) + ")" : ""), &file});
  }
  return columns;
}

}  // namespace

bool Cell::speaks_for_itself() const {
  if (record == nullptr) return false;
  return std::none_of(tests.begin(), tests.end(),
                      [this](const results::TestRecord* test) { return test->verdict == record->verdict; });
}

bool Row::disagrees() const {
  const auto verdict = [](const Cell& cell) {
    return cell.record == nullptr ? -1 : static_cast<int>(cell.record->verdict);
  };
  return std::any_of(cells.begin(), cells.end(),
                     [&](const Cell& cell) { return verdict(cell) != verdict(cells.front()); });
}

bool Row::has(bool (*wanted)(results::Verdict)) const {
  return std::any_of(cells.begin(), cells.end(),
                     [wanted](const Cell& cell) { return cell.record != nullptr && wanted(cell.record->verdict); });
}

std::vector<const Row*> Matrix::rows() const {
  std::vector<const Row*> all;
  for (const Area& area : areas) {
    for (const Row& row : area.rows) all.push_back(&row);
  }
  return all;
}

Matrix join(std::span<const results::ResultFile> files, std::span<const Clause> clauses) {
  std::map<std::string, Row> rows;
  std::vector<std::string> order;
  for (std::size_t column = 0; column < files.size(); ++column) {
    for (const results::ClauseRecord& record : files[column].clauses) {
      const auto [entry, is_new] = rows.try_emplace(record.clause);
      Row& row = entry->second;
      if (is_new) {
        order.push_back(record.clause);
        row = {record.clause, record.level, record.area, record.sentence, nullptr, std::vector<Cell>(files.size())};
      }
      row.cells[column].record = &record;
    }
    for (const results::TestRecord& test : files[column].tests) {
      const auto entry = rows.find(test.clause);
      if (entry != rows.end()) entry->second.cells[column].tests.push_back(&test);
    }
  }

  Matrix matrix;
  matrix.columns = columns_of(files);
  const auto place = [&matrix](Row& row) {
    auto area =
        std::find_if(matrix.areas.begin(), matrix.areas.end(), [&](const Area& a) { return a.name == row.area; });
    if (area == matrix.areas.end()) area = matrix.areas.insert(area, Area{row.area, {}});
    area->rows.push_back(std::move(row));
  };
  for (const Clause& clause : clauses) {
    const auto entry = rows.find(std::string(clause.id));
    if (entry == rows.end()) continue;
    entry->second.page = &clause;
    place(entry->second);
    rows.erase(entry);
  }
  for (const std::string& id : order) {
    const auto entry = rows.find(id);
    if (entry != rows.end()) place(entry->second);
  }
  return matrix;
}

int rank_of_level(const std::string& level) { return level == "MUST" ? 0 : level == "SHOULD" ? 1 : 2; }

}  // namespace concert::reports
