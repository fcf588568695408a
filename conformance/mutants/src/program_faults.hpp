// SPDX-License-Identifier: Apache-2.0
// Which of the mutants generated programs must see, and by which rule.
#pragma once

#include <vector>

#include "concert/programs/faults.hpp"

namespace concert::conformance {

/// Not in it: mutants that differ from a sound backend only where no program looks, such as in a message, in what
/// happens outside a run, or at a network; and those that are only another form of one that is in it.
std::vector<programs::Fault> program_faults();

}  // namespace concert::conformance
