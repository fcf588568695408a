// SPDX-License-Identifier: Apache-2.0
// The selftest of generated programs: does each rule see the faults that it is there for, and no others?
#pragma once

#include <filesystem>

#include "concert/runner/exit_code.hpp"

namespace concert::command {

/// Runs `EXECUTABLE --faults` (a programs-NAME that has mutants) in `jobs` processes, 0: one for each processor, and
/// prints their tables: a line for each broken backend (the rule that saw it, after how many programs, the size of the
/// shrunk counterexample) and for each unusual one. Harness error if a process is lost.
ExitCode try_rules(const std::filesystem::path& executable, int jobs);

}  // namespace concert::command
