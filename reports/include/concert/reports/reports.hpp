// SPDX-License-Identifier: Apache-2.0
// The views of result files, for people and for machines. Each is derived from the files alone; the pages of clauses
// add why a clause exists, how it is seen and where it comes from.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "concert/clause.hpp"
#include "concert/runner/results.hpp"

namespace concert::reports {

/// One self-contained page with the backends side by side: no external resource, complete without script.
/// Every clause has an anchor, its ID in lower case: `#scope029`.
std::string to_html(std::span<const results::ResultFile> files, std::span<const Clause> clauses = all_clauses());

/// A summary for a pull request or a job page, failures first, with the tables of GitHub.
std::string to_markdown(std::span<const results::ResultFile> files, std::span<const Clause> clauses = all_clauses());

/// JUnit XML: one suite per backend and area, one case per test, and one for each clause that no test speaks for.
/// failed is a failure, inconclusive a failure of that type, crashed and hung are errors, the others are skipped.
std::string to_junit(std::span<const results::ResultFile> files, std::span<const Clause> clauses = all_clauses());

/// The JSON of an endpoint badge (shields.io, schema version 1).
std::string to_badge(const results::ResultFile& file);

/// The command that runs a failed test again exactly as it failed, quoted for a shell.
std::string replay_command(const results::Header& header, const results::TestRecord& test);
/// replay_command, with the certifiers that the header's command names: a backend from outside is not found without.
std::string replay_line(const results::Header& header, const results::TestRecord& test);

/// Writes every view into `directory` (made if missing): index.html, summary.md, junit.xml and <backend>.badge.json.
/// Returns their paths, the page first. Errors: std::system_error if one cannot be written.
std::vector<std::filesystem::path> write_reports(const std::filesystem::path& directory,
                                                 std::span<const results::ResultFile> files,
                                                 std::span<const Clause> clauses = all_clauses());

}  // namespace concert::reports
