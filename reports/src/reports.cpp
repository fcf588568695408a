// SPDX-License-Identifier: Apache-2.0
#include "concert/reports/reports.hpp"

#include <cerrno>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <system_error>

#include "concert/reports/equivalence.hpp"
#include "text.hpp"

namespace concert::reports {
namespace {

void write_file(const std::filesystem::path& path, const std::string& text) {
  errno = 0;
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (!out) throw std::system_error(errno != 0 ? errno : EIO, std::generic_category(), "cannot write " + path.string());
}

/// The name of a backend as part of a file name.
std::string file_stem(const std::string& backend) {
  std::string stem = backend;
  for (char& c : stem) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (!plain) c = '_';
  }
  return stem;
}

}  // namespace

std::string to_badge(const results::ResultFile& file) {
  const results::Footer& footer = file.footer;
  nlohmann::ordered_json badge;
  badge["schemaVersion"] = 1;
  badge["label"] = "concert " + file.header.spec_version + ": " + file.header.backend;
  badge["message"] = footer.verdict;
  badge["color"] = footer.verdict == "certified" ? "brightgreen" : footer.verdict == "inconclusive" ? "yellow" : "red";
  return badge.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string replay_command(const results::Header& header, const results::TestRecord& test) {
  std::vector<std::string> words{"concert", "replay", header.backend, "--test", test.test};
  if (test.failure && !test.failure->replay.empty()) words.insert(words.begin() + 3, test.failure->replay);
  words.insert(words.end(), {"--seed", std::to_string(header.seed)});
  return shell_line(words);
}

std::string replay_line(const results::Header& header, const results::TestRecord& test) {
  constexpr std::string_view option = "--certifier";
  std::string line = replay_command(header, test);
  for (std::size_t i = 0; i < header.command.size(); ++i) {
    const std::string& word = header.command[i];
    std::string path;
    if (word == option && i + 1 < header.command.size()) path = header.command[i + 1];
    if (word.starts_with(std::string(option) + "=")) path = word.substr(option.size() + 1);
    if (!path.empty()) line += " " + shell_line({std::string(option), path});
  }
  return line;
}

std::vector<std::filesystem::path> write_reports(const std::filesystem::path& directory,
                                                 std::span<const results::ResultFile> files,
                                                 std::span<const Clause> clauses) {
  std::filesystem::create_directories(directory);
  std::vector<std::filesystem::path> paths;
  const auto write = [&](const std::string& name, const std::string& text) {
    paths.push_back(directory / name);
    write_file(paths.back(), text);
  };
  write("index.html", to_html(files, clauses));
  write("summary.md", to_markdown(files, clauses));
  write("junit.xml", to_junit(files, clauses));
  std::set<std::string> names;
  for (const results::ResultFile& file : files) {
    const std::string stem = file_stem(file.header.backend);
    std::string name = stem;
    for (int number = 2; !names.insert(name).second; ++number) name = stem + "-" + std::to_string(number);
    write(name + ".badge.json", to_badge(file));
  }
  return paths;
}

std::vector<std::filesystem::path> write_reports(const std::filesystem::path& directory,
                                                 const programs::Equivalence& equivalence) {
  std::filesystem::create_directories(directory);
  std::vector<std::filesystem::path> paths;
  const auto write = [&](const std::filesystem::path& name, const std::string& text) {
    paths.push_back(directory / name);
    write_file(paths.back(), text);
  };
  write("equivalence.html", to_html(equivalence));
  write("equivalence.md", to_markdown(equivalence));
  write("equivalence.json", to_json(equivalence));
  // Those of an earlier run would explain nothing.
  std::filesystem::remove_all(directory / "failures");
  for (const programs::JudgedBackend& backend : equivalence.backends) {
    for (std::size_t i = 0; i < backend.aids.size(); ++i) {
      std::filesystem::create_directories(directory / "failures");
      write(std::filesystem::path("failures") /
                (file_stem(backend.result.backend) + "-" + std::to_string(i + 1) + ".cpp"),
            backend.aids[i].cpp);
    }
  }
  return paths;
}

}  // namespace concert::reports
