// SPDX-License-Identifier: Apache-2.0
#include "progress.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

namespace concert::command {

namespace {

std::size_t terminal_width() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

}  // namespace

ProgressLine::ProgressLine(std::string title, std::string unit)
    : title_(std::move(title)), unit_(std::move(unit)), is_terminal_(::isatty(STDERR_FILENO) != 0) {}

ProgressLine::~ProgressLine() { clear(); }

void ProgressLine::clear() {
  if (is_terminal_) fmt::print(stderr, "\r\x1b[K");
}

void ProgressLine::show(std::size_t done, std::size_t total, const std::string& detail, const std::string& current) {
  const std::string counts = fmt::format("{}: {}/{} {}{}", title_, done, total, unit_, detail);
  if (is_terminal_) {
    const std::string line = current.empty() ? counts : counts + ", " + current;
    fmt::print(stderr, "\r\x1b[K{}", line.substr(0, terminal_width() - 1));
    std::fflush(stderr);
    return;
  }
  // In a log, four lines say enough.
  const std::size_t quarter = total == 0 ? 0 : done * 4 / total;
  if (quarter != last_quarter_) fmt::print(stderr, "{}\n", counts);
  last_quarter_ = quarter;
}

void ProgressLine::note(const std::string& line) {
  clear();
  fmt::print(stderr, "{}\n", line);
}

}  // namespace concert::command
