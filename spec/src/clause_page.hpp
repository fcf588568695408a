// SPDX-License-Identifier: Apache-2.0
// Reads the pages of clauses (spec/clauses/*.md) and writes them as C++. Used at build time only.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "concert/clause.hpp"

namespace concert::pages {

/// A clause as it stands on its page. Owns its texts; the fields are those of concert::Clause.
struct PageClause {
  std::string id;
  Level level = Level::must;
  std::string retired_in;  ///< "1.0" for a retired clause
  std::string sentence;
  std::string why;
  std::string seen_by;
  std::string source;
  std::string trait;
  std::string exclusion;
  int line = 0;

  bool operator==(const PageClause&) const = default;
};

/// One page: its area is the name of the file without ".md".
struct Page {
  std::string file;
  std::string area;
  std::string title;
  std::vector<PageClause> clauses;
};

/// A page breaks the form. The message is "file:line: expected ..., came ...".
class PageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Reads one page. `file` names it in errors, and gives the area.
/// Errors: PageError at the first line that breaks the form.
Page parse_page(std::string_view text, const std::string& file);

/// Checks what no page can check alone: every ID is used once, every prefix lives on one page.
/// Errors: PageError.
void check_pages(const std::vector<Page>& pages);

/// The page as text, so that parse_page(write_page(p)) gives the same clauses.
std::string write_page(const Page& page);

/// The text of the generated header concert/clauses.hpp: one constant for each clause that is not retired.
std::string write_header(const std::vector<Page>& pages);

/// The text of the generated source: the table behind all_clauses().
std::string write_table(const std::vector<Page>& pages);

/// `text` as a C++ string literal.
std::string quote(std::string_view text);

}  // namespace concert::pages
