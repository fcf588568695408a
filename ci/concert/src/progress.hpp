// SPDX-License-Identifier: Apache-2.0
// How far a run is: one line that is rewritten on a terminal, a few plain lines elsewhere.
#pragma once

#include <cstddef>
#include <string>

namespace concert::command {

class ProgressLine {
 public:
  /// Writes to the standard error. `title` starts each line, `unit` is what is counted.
  explicit ProgressLine(std::string title, std::string unit = "tests");
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  /// Leaves the line empty.
  ~ProgressLine();

  /// `detail` follows the counts; `current` is what has just ended, and is shown on a terminal only.
  /// Threads: one at a time.
  void show(std::size_t done, std::size_t total, const std::string& detail, const std::string& current);
  /// A line that stays, above the progress.
  void note(const std::string& line);

 private:
  void clear();

  std::string title_;
  std::string unit_;
  bool is_terminal_;
  std::size_t last_quarter_ = 0;
};

}  // namespace concert::command
