// SPDX-License-Identifier: Apache-2.0
// What helps a person with a failed program: a C++ test of it, and the command that runs it again.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "concert/programs/equivalence.hpp"

namespace concert::command {

/// `executable` is the backend's programs-NAME. The test knows what the model allows if all its schedules could be
/// tried.
programs::FailureAid failure_aid(const programs::ResultFile& result, const programs::Failure& failure,
                                 const std::filesystem::path& executable);

}  // namespace concert::command
