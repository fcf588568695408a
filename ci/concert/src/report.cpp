// SPDX-License-Identifier: Apache-2.0
#include "concert/reports/reports.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "commands.hpp"
#include "result_files.hpp"

namespace concert::command {

namespace {

void write(const std::string& path, const std::string& text) {
  if (path.empty()) return;
  if (path == "-") {
    std::fwrite(text.data(), 1, text.size(), stdout);
    return;
  }
  std::ofstream out(path, std::ios::binary);
  out << text;
  out.close();
  if (!out) throw UsageMistake(fmt::format("cannot write '{}'", path));
}

}  // namespace

ExitCode write_report(const ReportOptions& options) {
  if (options.html.empty() && options.markdown.empty() && options.junit.empty() && options.output.empty())
    throw UsageMistake("expected at least one of --html, --markdown, --junit and --output, came none");
  const std::vector<results::ResultFile> files = read_result_files(options.files);
  if (!options.html.empty()) write(options.html, reports::to_html(files));
  if (!options.markdown.empty()) write(options.markdown, reports::to_markdown(files));
  if (!options.junit.empty()) write(options.junit, reports::to_junit(files));
  if (!options.output.empty()) reports::write_reports(options.output, files);
  return ExitCode::conformant;
}

}  // namespace concert::command
