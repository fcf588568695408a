// SPDX-License-Identifier: Apache-2.0
// Where certifiers are found: `certifiers/certify-<backend>` next to this executable, or where the caller says.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "concert/runner/certifier.hpp"

namespace concert::command {

struct Certifier {
  std::filesystem::path path;
  runner::Listing listing;
};

/// The certifiers next to this executable, sorted by name.
std::vector<std::filesystem::path> certifiers_beside_us();

/// The certifier of a backend, by the name of its file. Errors: UsageMistake that lists the known ones.
std::filesystem::path find_certifier(const std::string& backend);

/// The file must exist and be executable. Errors: UsageMistake.
void check_certifier(const std::filesystem::path& path);

/// The certifiers of these backends, asked for their tests. With `paths`, these and no others: `backends` then selects
/// among them. Errors: UsageMistake; runner::HarnessError.
std::vector<Certifier> load_certifiers(const std::vector<std::string>& backends,
                                       const std::vector<std::filesystem::path>& paths);

/// An executable that runs generated programs on a backend: programs-<backend>, beside its certifier.
struct ProgramsExecutable {
  std::string backend;
  std::filesystem::path path;
};

/// Those of these backends; none named: asio, uv and model, as far as they are here. With `certifiers`, what stands
/// beside these and nothing else: `backends` then selects among them. Errors: UsageMistake that lists the known ones.
std::vector<ProgramsExecutable> find_programs(const std::vector<std::string>& backends,
                                              const std::vector<std::filesystem::path>& certifiers);

}  // namespace concert::command
