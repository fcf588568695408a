// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"

namespace concert::command {

ExitCode decide_gate(const GateOptions&) { throw std::runtime_error("the gate is not built yet"); }

}  // namespace concert::command
