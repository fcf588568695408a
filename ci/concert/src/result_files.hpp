// SPDX-License-Identifier: Apache-2.0
// Result files named on the command line.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "commands.hpp"
#include "concert/runner/results.hpp"

namespace concert::command {

/// Errors: UsageMistake for a file that does not exist; results::FormatError for one that is not whole and valid.
inline std::vector<results::ResultFile> read_result_files(const std::vector<std::filesystem::path>& paths) {
  for (const std::filesystem::path& path : paths) {
    if (!std::filesystem::is_regular_file(path)) throw UsageMistake("no such result file: '" + path.string() + "'");
  }
  std::vector<results::ResultFile> files;
  for (const std::filesystem::path& path : paths) files.push_back(results::read_result_file(path));
  return files;
}

}  // namespace concert::command
