// SPDX-License-Identifier: Apache-2.0
// Result files joined: clause by clause, backend by backend.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "concert/clause.hpp"
#include "concert/runner/results.hpp"

namespace concert::reports {

/// What one backend's file says of one clause. No record: the file does not know the clause.
struct Cell {
  const results::ClauseRecord* record = nullptr;
  std::vector<const results::TestRecord*> tests;

  /// The verdict of the clause stands in none of its tests, or it has none: it must be shown by itself.
  bool speaks_for_itself() const;
};

struct Row {
  std::string id, level, area, sentence;
  const Clause* page = nullptr;  ///< null if the kit that reports does not know the clause
  std::vector<Cell> cells;       ///< one per column

  bool disagrees() const;
  /// Some backend has such a verdict.
  bool has(bool (*wanted)(results::Verdict)) const;
};

struct Column {
  std::string label;  ///< the backend's name, numbered if several files have it
  const results::ResultFile* file = nullptr;
};

struct Area {
  std::string name;
  std::vector<Row> rows;
};

/// Points into the files and clauses it was made of.
struct Matrix {
  std::vector<Column> columns;
  std::vector<Area> areas;

  std::vector<const Row*> rows() const;
};

/// In the order of the clause pages; clauses that these do not know come last, in the order of the files.
Matrix join(std::span<const results::ResultFile> files, std::span<const Clause> clauses);

/// Clauses of one level order first by how binding they are: MUST, SHOULD, MAY.
int rank_of_level(const std::string& level);

}  // namespace concert::reports
