// SPDX-License-Identifier: Apache-2.0
// SIGINT and SIGTERM as a descriptor that a loop can watch.
#pragma once

#include <csignal>

namespace concert::runtime {

/// Catches the first SIGINT or SIGTERM of the process; both have their default action from then on, also while the loop
/// is stuck in a computation and cannot handle anything. Gives the former handlers back at its end.
class Interrupts {
 public:
  /// Errors: UsageError if the process has one already; std::system_error.
  Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;
  ~Interrupts();

  /// Becomes readable with the first signal.
  int descriptor() const noexcept { return descriptor_; }

 private:
  int descriptor_;
  struct sigaction former_int_ {};
  struct sigaction former_term_ {};
};

}  // namespace concert::runtime
