// SPDX-License-Identifier: Apache-2.0
// Runs a program on any backend, and writes down what happens.
#pragma once

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

/// Runs the program as the main task of a run (call it inside bootstrap). Each await is bracketed by a begin and an
/// end, so that the records are the schedule. Whatever the main task of the program ends with is in the records too.
/// Errors: none but those of the observer.
Coro<> interpret(AsyncBackend& backend, const Program& program, Observer& observer);

}  // namespace concert::programs
