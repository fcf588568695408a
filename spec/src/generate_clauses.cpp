// SPDX-License-Identifier: Apache-2.0
// generate_clauses HEADER SOURCE PAGE...: writes the clauses of the pages as C++. Runs at build time.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "clause_page.hpp"

namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in) throw std::runtime_error(path.string() + ": cannot be read");
  return text;
}

void write_file(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream out(path, std::ios::binary);
  out << text;
  out.close();
  if (!out) throw std::runtime_error(path.string() + ": cannot be written");
}

// A page that nobody lists would silently have no effect.
void check_nothing_forgotten(const std::vector<fs::path>& pages) {
  for (const fs::directory_entry& entry : fs::directory_iterator(pages.front().parent_path())) {
    if (entry.path().extension() != ".md" || entry.path().filename() == "README.md") continue;
    if (std::ranges::find(pages, entry.path()) == pages.end())
      throw std::runtime_error(entry.path().string() + ":1: this page is not listed in spec/CMakeLists.txt");
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() < 3) {
    std::fputs("usage: generate_clauses HEADER SOURCE PAGE...\n", stderr);
    return 2;
  }
  try {
    const std::vector<fs::path> files(arguments.begin() + 2, arguments.end());
    check_nothing_forgotten(files);
    std::vector<concert::pages::Page> pages;
    for (const fs::path& file : files) pages.push_back(concert::pages::parse_page(read_file(file), file.string()));
    concert::pages::check_pages(pages);
    write_file(arguments[0], concert::pages::write_header(pages));
    write_file(arguments[1], concert::pages::write_table(pages));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
