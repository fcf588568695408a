// SPDX-License-Identifier: Apache-2.0
// The numbers of an equivalence as tables, the same for each view.
#pragma once

#include <string>
#include <vector>

#include "concert/programs/equivalence.hpp"

namespace concert::reports {

/// Each row begins with its name; numbers follow.
struct Table {
  std::string id;
  std::string title;
  std::string note;
  std::vector<std::string> head;
  std::vector<std::vector<std::string>> rows{};
};

/// Those that hold something, in the order in which a person reads them.
std::vector<Table> tables_of(const programs::Equivalence& equivalence);

/// The clause that leaves the freedom; empty if none does.
std::string clause_of_trait(const std::string& trait);

/// "asio: GRP-1 in the explored programs, case 17".
std::string failure_title(const programs::ResultFile& result, const programs::Failure& failure);

}  // namespace concert::reports
