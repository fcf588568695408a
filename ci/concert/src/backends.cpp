// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <vector>

#include "commands.hpp"
#include "known_certifiers.hpp"

namespace concert::command {

ExitCode show_backends(const BackendsOptions& options) {
  for (const std::filesystem::path& path : options.certifiers) check_certifier(path);
  const std::vector<std::filesystem::path> paths =
      options.certifiers.empty() ? certifiers_beside_us() : options.certifiers;
  if (paths.empty())
    throw UsageMistake("no certifier stands next to this command in certifiers/; give --certifier PATH");
  ExitCode code = ExitCode::conformant;
  for (const std::filesystem::path& path : paths) {
    try {
      const runner::Listing listing = runner::list_tests(path);
      fmt::print("{}\n", listing.backend);
      fmt::print("  version    {}\n", listing.backend_version);
      fmt::print("  certifier  {} (kit {}, clauses {}, {} tests)\n", path.string(), listing.kit_version,
                 listing.spec_version, listing.tests.size());
      fmt::print("  features   {}\n",
                 listing.features.empty() ? "none" : fmt::format("{}", fmt::join(listing.features, ", ")));
      std::vector<std::string> traits;
      for (const auto& [name, value] : listing.traits) traits.push_back(name + " = " + value);
      fmt::print("  traits     {}\n",
                 traits.empty() ? "none" : fmt::format("{}", fmt::join(traits, "\n             ")));
      fmt::print("  time       {}\n", listing.virtual_time ? "virtual" : "real: its clock cannot be interposed");
    } catch (const runner::HarnessError& error) {
      // One broken certifier does not hide the others.
      fmt::print("{}\n  broken     {}\n", path.filename().string(), error.what());
      code = ExitCode::harness_error;
    }
  }
  return code;
}

}  // namespace concert::command
