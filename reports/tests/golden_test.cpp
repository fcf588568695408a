// SPDX-License-Identifier: Apache-2.0
// Every view of the sample, compared with the file under golden/. After a wanted change, run this test once with
// CONCERT_UPDATE_GOLDEN=1 and review the difference.
#include <gtest/gtest.h>

#include "concert/reports/reports.hpp"
#include "golden.hpp"
#include "sample.hpp"

namespace concert::reports {
namespace {

TEST(GoldenTest, Html) { expect_golden("index.html", to_html(sample_files(), sample_clauses())); }
TEST(GoldenTest, Markdown) { expect_golden("summary.md", to_markdown(sample_files(), sample_clauses())); }
TEST(GoldenTest, Junit) { expect_golden("junit.xml", to_junit(sample_files(), sample_clauses())); }
TEST(GoldenTest, Badges) {
  expect_golden("certified.badge.json", to_badge(sample_files()[0]));
  expect_golden("not-certified.badge.json", to_badge(sample_files()[1]));
}

}  // namespace
}  // namespace concert::reports
