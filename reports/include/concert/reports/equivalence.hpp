// SPDX-License-Identifier: Apache-2.0
// The views of generated programs on several backends: are they equivalent, and how much does that mean?
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "concert/programs/equivalence.hpp"

namespace concert::reports {

/// One self-contained page: verdict, failures with their programs, numbers of the backends side by side.
std::string to_html(const programs::Equivalence& equivalence);

/// The same for a pull request or a job page, failures first.
std::string to_markdown(const programs::Equivalence& equivalence);

/// Writes equivalence.json, equivalence.html, equivalence.md, and for each failure failures/<backend>-<n>.cpp into
/// `directory` (made if missing). Returns their paths, the page first. Errors: std::system_error if one cannot be
/// written.
std::vector<std::filesystem::path> write_reports(const std::filesystem::path& directory,
                                                 const programs::Equivalence& equivalence);

}  // namespace concert::reports
