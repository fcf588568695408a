// SPDX-License-Identifier: Apache-2.0
// A test that did not pass, for a person: what was promised, what came, how to see it again.
#pragma once

#include <string>

#include "concert/runner/results.hpp"

namespace concert::command {

/// Clause, sentence, expected, observed, shrunk input, trace; `again` is the command that runs it again.
std::string failure_text(const results::Header& header, const results::TestRecord& record, const std::string& again);

}  // namespace concert::command
