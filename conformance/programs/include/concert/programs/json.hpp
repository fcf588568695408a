// SPDX-License-Identifier: Apache-2.0
// Programs and traces as JSON, for executors in other languages. The form is described in PROGRAMS.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "concert/programs/program.hpp"
#include "concert/programs/trace.hpp"

namespace concert::programs {

/// Version of both forms.
inline constexpr int json_version = 1;

std::string to_json(const Program& program);
std::string to_json(const std::vector<Record>& trace);

/// Errors: std::invalid_argument with the place, what was expected and what came, for text that is no JSON, for a
/// missing, unknown or repeated field, a wrong type, an unknown word, and for a program that `settle` would change.
Program program_from_json(std::string_view text);
std::vector<Record> trace_from_json(std::string_view text);

}  // namespace concert::programs
