// SPDX-License-Identifier: Apache-2.0
// Runs work that may crash, exit or hang, in a process of its own, and says how it ended.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace concert::programs {

/// The child's side: how it tells the parent where it is. What it last told survives its death.
class Progress {
 public:
  virtual ~Progress() = default;
  /// The case with this index begins. A child that says so too seldom counts as hung.
  virtual void begin_case(std::int64_t index) = 0;
  /// Hands a message to the parent, whole or not at all.
  virtual void send(std::string_view message) = 0;
  /// Ends the child at once: the case in hand shows this fault.
  [[noreturn]] virtual void give_up(std::string_view fault) = 0;
};

struct IsolationLimits {
  /// Real time from one case to the next, at the most.
  std::chrono::milliseconds without_progress{10'000};
  /// Keeps what the child writes to stderr to itself: after the first time, a crash has nothing new to say.
  bool quiet = false;
};

/// How a child ended.
struct ChildEnd {
  /// Empty: its work came to its end. Else "crashed:SIGSEGV", "exited:3", "hung", or what it gave up with.
  std::string fault;
  /// The last case that it began; -1: none.
  std::int64_t case_index = -1;
};

/// Forks, calls `work` in the child and `take` with each of its messages in the parent. An exception out of `work` is a
/// fault "threw: ...". Errors: std::system_error if there can be no child.
/// Threads: to be called while the process has one thread.
ChildEnd run_isolated(const std::function<void(Progress&)>& work,
                      const std::function<void(std::string_view message)>& take, const IsolationLimits& limits = {});

}  // namespace concert::programs
