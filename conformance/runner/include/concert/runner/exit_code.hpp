// SPDX-License-Identifier: Apache-2.0
// The exit codes of the kit: of the `concert` command, and of a certifier executable that runs one test.
#pragma once

namespace concert {

/// What a program of the kit says with its end. Nothing else is ever returned, and nothing that ran no test returns 0.
enum class ExitCode : int {
  conformant = 0,      ///< everything that was asked for holds
  not_conformant = 1,  ///< a clause is broken, a gate is closed, a mutant survived
  usage = 2,           ///< the command line asks for something unknown or for nothing
  harness_error = 3,   ///< the kit, the certifier or the machine failed: no statement about the backend
  inconclusive = 4,    ///< nothing failed, but something that is needed could not be decided
};

/// For `return` in main.
constexpr int to_int(ExitCode code) noexcept { return static_cast<int>(code); }

}  // namespace concert
