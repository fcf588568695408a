// SPDX-License-Identifier: Apache-2.0
#include "known_certifiers.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <system_error>

#include "commands.hpp"

namespace concert::command {

namespace {

constexpr std::string_view prefix = "certify-";

std::filesystem::path folder() {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? std::filesystem::path{} : self.parent_path() / "certifiers";
}

std::string backend_of(const std::filesystem::path& certifier) {
  return certifier.filename().string().substr(prefix.size());
}

}  // namespace

std::vector<std::filesystem::path> certifiers_beside_us() {
  std::vector<std::filesystem::path> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder(), error)) {
    if (entry.path().filename().string().starts_with(prefix) && ::access(entry.path().c_str(), X_OK) == 0)
      found.push_back(entry.path());
  }
  std::ranges::sort(found);
  return found;
}

std::filesystem::path find_certifier(const std::string& backend) {
  std::vector<std::string> known;
  for (const std::filesystem::path& path : certifiers_beside_us()) {
    if (backend_of(path) == backend) return path;
    known.push_back(backend_of(path));
  }
  throw UsageMistake(
      fmt::format("unknown backend '{}'; known: {}; for another one give --certifier PATH", backend,
                  known.empty() ? "none in " + folder().string() : fmt::format("{}", fmt::join(known, ", "))));
}

void check_certifier(const std::filesystem::path& path) {
  if (!std::filesystem::is_regular_file(path) || ::access(path.c_str(), X_OK) != 0)
    throw UsageMistake(fmt::format("expected a certifier (an executable file), came '{}'", path.string()));
}

std::vector<Certifier> load_certifiers(const std::vector<std::string>& backends,
                                       const std::vector<std::filesystem::path>& paths) {
  std::vector<Certifier> certifiers;
  if (paths.empty()) {
    if (backends.empty()) {
      std::vector<std::string> known;
      for (const std::filesystem::path& path : certifiers_beside_us()) known.push_back(backend_of(path));
      throw UsageMistake(fmt::format("expected a backend or --certifier PATH, came none; known: {}",
                                     known.empty() ? "none" : fmt::format("{}", fmt::join(known, ", "))));
    }
    // Every name is looked up before the first certifier is started.
    for (const std::string& backend : backends) certifiers.push_back({find_certifier(backend), {}});
    for (Certifier& certifier : certifiers) certifier.listing = runner::list_tests(certifier.path);
  } else {
    for (const std::filesystem::path& path : paths) check_certifier(path);
    std::vector<std::string> known;
    for (const std::filesystem::path& path : paths) {
      Certifier certifier{path, runner::list_tests(path)};
      known.push_back(certifier.listing.backend);
      if (backends.empty() || std::ranges::find(backends, known.back()) != backends.end())
        certifiers.push_back(std::move(certifier));
    }
    for (const std::string& backend : backends) {
      if (std::ranges::find(known, backend) == known.end())
        throw UsageMistake(
            fmt::format("unknown backend '{}'; the given certifiers hold: {}", backend, fmt::join(known, ", ")));
    }
  }
  std::set<std::string> names;
  for (const Certifier& certifier : certifiers) {
    if (!names.insert(certifier.listing.backend).second)
      throw UsageMistake(fmt::format("the backend '{}' is given twice", certifier.listing.backend));
  }
  return certifiers;
}

}  // namespace concert::command
