// SPDX-License-Identifier: Apache-2.0
#include "concert/clauses.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string_view>

namespace concert {
namespace {

TEST(Clauses, ConstantsNameTheirOwnRow) {
  EXPECT_EQ(clause::Yield001.id, "Yield001");
  EXPECT_EQ(clause::Yield001.area, "cancel");
  EXPECT_EQ(clause::Yield001.level, Level::must);
  EXPECT_EQ(&clause::Yield001, find_clause("Yield001"));
}

TEST(Clauses, EachIdIsFoundOnceAndHasItsTexts) {
  std::set<std::string_view> ids;
  for (const Clause& clause : all_clauses()) {
    EXPECT_TRUE(ids.insert(clause.id).second) << clause.id;
    EXPECT_EQ(find_clause(clause.id), &clause);
    EXPECT_FALSE(clause.sentence.empty()) << clause.id;
    EXPECT_GT(clause.line, 0) << clause.id;
  }
  EXPECT_GT(ids.size(), 80U);
}

TEST(Clauses, AnUnknownIdIsNotFound) {
  EXPECT_EQ(find_clause("Yield999"), nullptr);
  EXPECT_EQ(find_clause(""), nullptr);
  EXPECT_EQ(find_clause("yield001"), nullptr);
}

}  // namespace
}  // namespace concert
