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
constexpr std::string_view programs_prefix = "programs-";

bool is_executable(const std::filesystem::path& path) {
  return std::filesystem::is_regular_file(path) && ::access(path.c_str(), X_OK) == 0;
}

std::filesystem::path folder() {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? std::filesystem::path{} : self.parent_path() / "certifiers";
}

std::string backend_of(const std::filesystem::path& certifier) {
  return certifier.filename().string().substr(prefix.size());
}

/// The executables of a kind next to this one, sorted by name.
std::vector<std::filesystem::path> executables_beside_us(std::string_view kind) {
  std::vector<std::filesystem::path> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder(), error)) {
    if (entry.path().filename().string().starts_with(kind) && is_executable(entry.path()))
      found.push_back(entry.path());
  }
  std::ranges::sort(found);
  return found;
}

ProgramsExecutable programs_beside(const std::filesystem::path& certifier) {
  if (!certifier.filename().string().starts_with(prefix))
    throw UsageMistake(fmt::format("expected a certifier named {}BACKEND, came '{}'", prefix, certifier.string()));
  const std::string backend = backend_of(certifier);
  const std::filesystem::path path = certifier.parent_path() / (std::string(programs_prefix) + backend);
  if (!is_executable(path))
    throw UsageMistake(fmt::format("expected an executable '{}' beside the certifier, came none", path.string()));
  return {backend, path};
}

std::vector<ProgramsExecutable> programs_beside_us() {
  std::vector<ProgramsExecutable> found;
  for (const std::filesystem::path& path : executables_beside_us(programs_prefix))
    found.push_back({path.filename().string().substr(programs_prefix.size()), path});
  return found;
}

}  // namespace

std::vector<std::filesystem::path> certifiers_beside_us() { return executables_beside_us(prefix); }

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
  if (!is_executable(path))
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

std::vector<ProgramsExecutable> find_programs(const std::vector<std::string>& backends,
                                              const std::vector<std::filesystem::path>& certifiers) {
  std::vector<ProgramsExecutable> known;
  for (const std::filesystem::path& certifier : certifiers) known.push_back(programs_beside(certifier));
  if (certifiers.empty()) known = programs_beside_us();
  std::vector<std::string> names;
  for (const ProgramsExecutable& each : known) names.push_back(each.backend);
  const auto find = [&](const std::string& name) {
    return std::ranges::find(known, name, &ProgramsExecutable::backend);
  };
  // What was given by hand is wanted; of what stands here, the backends of this kit.
  if (backends.empty() && !certifiers.empty()) return known;
  std::vector<ProgramsExecutable> chosen;
  if (backends.empty()) {
    for (const char* name : {"asio", "uv", "model"}) {
      if (const auto found = find(name); found != known.end()) chosen.push_back(*found);
    }
    if (chosen.empty()) throw UsageMistake(fmt::format("none of asio, uv and model stands in {}", folder().string()));
    return chosen;
  }
  for (const std::string& name : backends) {
    const auto found = find(name);
    if (found == known.end()) {
      throw UsageMistake(fmt::format("unknown backend '{}'; known: {}", name,
                                     names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "))));
    }
    chosen.push_back(*found);
  }
  return chosen;
}

}  // namespace concert::command
