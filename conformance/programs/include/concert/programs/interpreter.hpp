// SPDX-License-Identifier: Apache-2.0
// Runs a program on any backend, and writes down what happens.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

#include "concert/backend.hpp"
#include "concert/programs/program.hpp"
#include "concert/programs/trace.hpp"

namespace concert::programs {

/// The unit of all times in programs.
inline constexpr Seconds half_tick_length{0.005};

/// What a `raise` throws, and a guard that replaces.
class ProgramError : public std::runtime_error {
 public:
  explicit ProgramError(int error_number)
      : std::runtime_error("error " + std::to_string(error_number)), number(error_number) {}
  int number;
};

/// The error that Guard::replace throws.
inline constexpr int replacement_error = 100;

/// How long a program may take on the backend's clock before the scope around it ends it. Waits that nobody satisfies
/// end then; no other statement takes so long.
inline constexpr HalfTicks watchdog = 800;

/// How the threads of a program take part.
struct Threads {
  /// True: one thread or the loop at a time makes a step, so that a run is a function of program, schedule and seed.
  /// False: they race, for a sanitizer that watches them.
  bool gated = true;
  /// Decides whose turn it is.
  std::uint64_t seed = 1;
};

/// Runs the program as the main task of a run (call it inside bootstrap). Each await is bracketed by a begin and an
/// end, so that the records are the schedule. Whatever the main task of the program ends with is in the records too.
/// Observers are called in one thread at a time. Errors: none but those of the observer.
Coro<> interpret(AsyncBackend& backend, const Program& program, Observer& observer, const Threads& threads = {});

}  // namespace concert::programs
