// SPDX-License-Identifier: Apache-2.0
// The tie between an object and the run that made it.
#pragma once

#include <cstdint>
#include <string_view>

#include "loop.hpp"

namespace concert::runtime {

/// Kept by locks, events and the like. A later run is another run, also one of the same backend in the same thread.
class Binding {
 public:
  /// To the run of this thread. Errors: UsageError, naming `operation`, if `backend` does not run here.
  Binding(RuntimeBackend& backend, std::string_view operation)
      : backend_(backend), run_(Loop::of(backend, operation).run_number()) {}

  RuntimeBackend& backend() const noexcept { return backend_; }
  /// True on the thread of that run, while it lasts. Threads: any.
  bool is_here() const noexcept {
    const Loop* here = Loop::here();
    return here != nullptr && here->run_number() == run_;
  }
  /// The loop of that run. Errors: UsageError, naming `operation`, elsewhere.
  Loop& loop(std::string_view operation) const {
    if (!is_here()) [[unlikely]]
      refuse(operation);
    return *Loop::here();
  }
  /// The same, if a task is running in it. Errors: UsageError.
  Loop& loop_with_task(std::string_view operation) const {
    if (!is_here()) [[unlikely]]
      refuse(operation);
    return Loop::of_current_task(backend_, operation);
  }

 private:
  [[noreturn]] static void refuse(std::string_view operation);

  RuntimeBackend& backend_;
  std::uint64_t run_;
};

}  // namespace concert::runtime
