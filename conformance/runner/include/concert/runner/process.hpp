// SPDX-License-Identifier: Apache-2.0
// One child process, with a watchdog, in a process group of its own.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace concert::runner {

struct ProcessOptions {
  std::vector<std::string> command;                ///< the program's path and its arguments
  std::map<std::string, std::string> environment;  ///< added to this process's own
  std::chrono::duration<double> timeout{10};       ///< real time; then the whole process group is killed
  std::size_t output_limit_bytes = 64 * 1024;      ///< what is kept of each stream: its end
  int stop_fd = -1;                                ///< readable: kill the group and return; -1: none
};

/// The end of one output stream, and how much of its beginning was dropped.
struct Output {
  std::string text;
  std::uint64_t dropped_bytes = 0;
};

struct ProcessResult {
  enum class End { exited, signalled, timed_out, stopped };
  End end = End::exited;
  int code = 0;  ///< exit code, or the number of the signal
  Output out;
  Output err;
  double seconds = 0;
};

/// Runs a program to its end. Its standard input is empty, and nothing that it started in its group outlives it.
/// A descendant that keeps the output streams open does not delay the return.
/// Errors: std::system_error if it cannot be started.
/// Threads: any; several at once.
ProcessResult run_process(const ProcessOptions& options);

/// "SIGSEGV" for 11; "signal 64" for one without a name.
std::string signal_name(int number);

/// The last `count` non-empty lines of `text`, each cut to a sane length and free of control characters.
std::vector<std::string> last_lines(const std::string& text, std::size_t count);

}  // namespace concert::runner
