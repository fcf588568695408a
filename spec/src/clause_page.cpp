// SPDX-License-Identifier: Apache-2.0
#include "clause_page.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <cstdio>
#include <map>
#include <optional>
#include <utility>

namespace concert::pages {

namespace {

constexpr std::string_view blanks = " \t\r";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

[[noreturn]] void fail(const std::string& file, int line, const std::string& expected, const std::string& came) {
  throw PageError(file + ":" + std::to_string(line) + ": expected " + expected + ", came " + came);
}

// The catalogue's prefix in CamelCase with one capital, and three digits.
bool is_clause_id(std::string_view id) {
  if (id.size() < 5 || !is_upper(id.front())) return false;
  const std::string_view prefix = id.substr(1, id.size() - 4);
  const std::string_view number = id.substr(id.size() - 3);
  return std::ranges::all_of(prefix, is_lower) && std::ranges::all_of(number, is_digit);
}

bool is_version(std::string_view text) {
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos || dot == 0 || dot + 1 == text.size()) return false;
  return std::ranges::all_of(text.substr(0, dot), is_digit) && std::ranges::all_of(text.substr(dot + 1), is_digit);
}

// Requirement words count as such in capitals only, as in RFC 8174.
std::optional<std::string_view> requirement_word_in(std::string_view sentence) {
  static constexpr std::array<std::string_view, 4> words = {"MUST", "SHOULD", "MAY", "SHALL"};
  std::size_t at = 0;
  while (at < sentence.size()) {
    std::size_t end = at;
    while (end < sentence.size() && std::isalpha(static_cast<unsigned char>(sentence[end])) != 0) ++end;
    const std::string_view word = sentence.substr(at, end - at);
    if (const auto* found = std::ranges::find(words, word); found != words.end()) return *found;
    at = end + 1;
  }
  return std::nullopt;
}

bool is_trait(std::string_view text) {
  const std::size_t equals = text.find(" = ");
  if (equals == std::string_view::npos || equals == 0) return false;
  const auto is_word = [](std::string_view word) {
    return !word.empty() &&
           std::ranges::all_of(word, [](char c) { return is_lower(c) || is_digit(c) || c == '_' || c == '-'; });
  };
  if (!is_word(text.substr(0, equals))) return false;
  std::string_view rest = text.substr(equals + 3);
  if (rest == "<number>") return true;
  int values = 0;
  while (true) {
    const std::size_t bar = rest.find(" | ");
    if (!is_word(rest.substr(0, bar))) return false;
    ++values;
    if (bar == std::string_view::npos) return values >= 2;
    rest.remove_prefix(bar + 3);
  }
}

bool is_exclusion(std::string_view text) {
  static constexpr std::array<std::string_view, 3> kinds = {"by construction: ", "compile-time: ", "decision: "};
  return std::ranges::any_of(
      kinds, [&](std::string_view kind) { return text.starts_with(kind) && text.size() > kind.size(); });
}

struct Field {
  std::string_view name;
  std::string PageClause::*text;
};
constexpr std::array<Field, 5> fields = {{{"Why", &PageClause::why},
                                          {"Seen by", &PageClause::seen_by},
                                          {"Source", &PageClause::source},
                                          {"Trait", &PageClause::trait},
                                          {"Excluded", &PageClause::exclusion}}};

class PageParser {
 public:
  PageParser(std::string_view text, const std::string& file) : rest_(text) {
    page_.file = file;
    const std::size_t slash = file.find_last_of('/');
    page_.area = slash == std::string::npos ? file : file.substr(slash + 1);
    if (page_.area.ends_with(".md")) page_.area.resize(page_.area.size() - 3);
  }

  Page parse() {
    while (next_line()) {
      if (line_.empty()) continue;
      if (page_.title.empty()) {
        read_title();
      } else if (line_.starts_with("###")) {
        finish_clause();
        begin_clause();
      } else if (page_.clauses.empty()) {
        read_introduction();
      } else if (clause().sentence.empty()) {
        read_requirement();
      } else {
        read_field();
      }
    }
    finish_clause();
    if (page_.title.empty()) fail_here("a title '# Area: what it is about'", "an empty page");
    if (page_.clauses.empty()) fail_here("at least one clause '### Scope029'", "none");
    return std::move(page_);
  }

 private:
  bool next_line() {
    if (rest_.empty()) return false;
    const std::size_t end = rest_.find('\n');
    line_ = trim(rest_.substr(0, end));
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    ++number_;
    return true;
  }

  PageClause& clause() { return page_.clauses.back(); }

  [[noreturn]] void fail_here(const std::string& expected, const std::string& came) const {
    fail(page_.file, number_, expected, came);
  }

  void read_title() {
    if (!line_.starts_with("# ")) fail_here("a title '# Area: what it is about'", quoted(line_));
    page_.title = trim(line_.substr(2));
  }

  // Prose is free before the first clause, but a field there belongs to a heading that is missing or misspelt.
  void read_introduction() const {
    if (line_.starts_with("#")) fail_here("the heading of a clause, '### ' and an ID", quoted(line_));
    if (line_.starts_with("**") || field_name()) fail_here("the heading of a clause before this line", quoted(line_));
  }

  void begin_clause() {
    const std::string_view id = line_.starts_with("### ") ? trim(line_.substr(4)) : std::string_view{};
    if (!is_clause_id(id)) fail_here("the heading of a clause, '### ' and an ID like Scope029", quoted(line_));
    const auto earlier = std::ranges::find(page_.clauses, id, &PageClause::id);
    if (earlier != page_.clauses.end())
      fail_here("an ID that is used once",
                std::string(id) + " again (first in line " + std::to_string(earlier->line) + ")");
    page_.clauses.emplace_back();
    clause().id = id;
    clause().line = number_;
  }

  void read_requirement() {
    static const std::string expected = "**MUST**, **SHOULD**, **MAY** or **RETIRED 1.0** and one sentence";
    const std::size_t end = line_.starts_with("**") ? line_.find("**", 2) : std::string_view::npos;
    if (end == std::string_view::npos) fail_here(expected, quoted(line_));
    read_level(line_.substr(2, end - 2), expected);
    const std::string_view sentence = trim(line_.substr(end + 2));
    if (sentence.empty()) fail_here("a sentence after " + quoted(line_.substr(0, end + 2)), "an empty sentence");
    if (clause().level != Level::retired) {
      if (const auto word = requirement_word_in(sentence))
        fail_here("one requirement word in " + clause().id, "a second one, '" + std::string(*word) + "'");
    }
    if (!sentence.ends_with('.')) fail_here("a whole sentence that ends with a full stop", quoted(sentence));
    clause().sentence = sentence;
  }

  void read_level(std::string_view word, const std::string& expected) {
    if (word == "MUST") {
      clause().level = Level::must;
    } else if (word == "SHOULD") {
      clause().level = Level::should;
    } else if (word == "MAY") {
      clause().level = Level::may;
    } else if (word.starts_with("RETIRED ") && is_version(word.substr(8))) {
      clause().level = Level::retired;
      clause().retired_in = word.substr(8);
    } else {
      fail_here(expected, "'**" + std::string(word) + "**'");
    }
  }

  // The name in "*Name:* text", or nothing if the line has another form.
  std::optional<std::string_view> field_name() const {
    if (!line_.starts_with("*") || line_.starts_with("**")) return std::nullopt;
    const std::size_t end = line_.find(":*");
    if (end == std::string_view::npos) return std::nullopt;
    return line_.substr(1, end - 1);
  }

  void read_field() {
    const std::optional<std::string_view> name = field_name();
    const std::string known = "*Why:*, *Seen by:*, *Source:*, *Trait:* or *Excluded:*";
    if (!name) fail_here("one of the fields " + known + " of " + clause().id, quoted(line_));
    const auto* field = std::ranges::find(fields, *name, &Field::name);
    if (field == fields.end())
      fail_here("one of the fields " + known, "the unknown field '*" + std::string(*name) + ":*'");
    std::string& text = clause().*(field->text);
    if (!text.empty()) fail_here("one field '" + std::string(*name) + "' in " + clause().id, "a second one");
    text = trim(line_.substr(name->size() + 3));
    if (text.empty()) fail_here("a text after '*" + std::string(*name) + ":*'", "nothing");
    if (field->name == "Trait") check_trait();
    if (field->name == "Excluded" && !is_exclusion(text))
      fail_here("'by construction: ', 'compile-time: ' or 'decision: ' and a reason", quoted(text));
  }

  void check_trait() const {
    const PageClause& current = page_.clauses.back();
    if (current.level != Level::may)
      fail_here("a trait on a MAY clause only",
                "one on " + current.id + ", a " + std::string(to_string(current.level)));
    if (!is_trait(current.trait)) fail_here("'name = value | value' or 'name = <number>'", quoted(current.trait));
  }

  // Errors point to the heading: what is missing has no line of its own.
  void finish_clause() const {
    if (page_.clauses.empty()) return;
    const PageClause& current = page_.clauses.back();
    const auto lacks = [&](const std::string& what) {
      fail(page_.file, current.line, what + " in " + current.id, "none");
    };
    if (current.sentence.empty()) lacks("**MUST**, **SHOULD**, **MAY** or **RETIRED 1.0** and one sentence");
    if (current.source.empty()) lacks("*Source:*");
    if (current.level == Level::retired) {
      if (!current.why.empty() || !current.seen_by.empty() || !current.exclusion.empty())
        fail(page_.file, current.line, "only *Source:* in the retired " + current.id, "other fields");
      return;
    }
    if (current.why.empty()) lacks("*Why:*");
    if (current.seen_by.empty()) lacks("*Seen by:*");
    if (current.level == Level::may && current.trait.empty() && current.exclusion.empty())
      lacks("*Trait:* or *Excluded:* (a MAY is checked against what the backend declares)");
  }

  Page page_;
  std::string_view rest_;
  std::string_view line_;
  int number_ = 0;
};

std::string prefix_of(const std::string& id) { return id.substr(0, id.size() - 3); }

std::string_view enumerator(Level level) {
  switch (level) {
    case Level::must: return "Level::must";
    case Level::should: return "Level::should";
    case Level::may: return "Level::may";
    case Level::retired: return "Level::retired";
  }
  return "";
}

}  // namespace

Page parse_page(std::string_view text, const std::string& file) { return PageParser(text, file).parse(); }

void check_pages(const std::vector<Page>& pages) {
  std::map<std::string, std::string> seen;  // ID -> file:line
  std::map<std::string, const Page*> home;  // prefix -> page
  for (const Page& page : pages) {
    for (const PageClause& clause : page.clauses) {
      const std::string here = page.file + ":" + std::to_string(clause.line);
      const auto [earlier, is_new] = seen.emplace(clause.id, here);
      if (!is_new)
        fail(page.file, clause.line, "an ID that is used once",
             clause.id + " again (first in " + earlier->second + ")");
      const Page* owner = home.emplace(prefix_of(clause.id), &page).first->second;
      if (owner != &page)
        fail(page.file, clause.line, "every clause " + prefix_of(clause.id) + "... in " + owner->file,
             clause.id + " here");
    }
  }
}

std::string write_page(const Page& page) {
  std::string out = "# " + page.title + "\n";
  for (const PageClause& clause : page.clauses) {
    out += "\n### " + clause.id + "\n**" + std::string(to_string(clause.level));
    if (clause.level == Level::retired) out += " " + clause.retired_in;
    out += "** " + clause.sentence + "\n";
    for (const Field& field : fields) {
      const std::string& text = clause.*(field.text);
      if (!text.empty()) out += "*" + std::string(field.name) + ":* " + text + "\n";
    }
  }
  return out;
}

std::string quote(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      // Octal takes three digits at most, so that a digit after it stays a digit.
      std::array<char, 5> octal{};
      std::snprintf(octal.data(), octal.size(), "\\%03o", static_cast<unsigned>(c));
      out += octal.data();
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string write_header(const std::vector<Page>& pages) {
  std::size_t count = 0;
  std::string constants;
  for (const Page& page : pages) {
    constants += "\n// " + page.title + "\n";
    for (const PageClause& clause : page.clauses) {
      const std::string element = "detail::clause_table[" + std::to_string(count++) + "]";
      if (clause.level != Level::retired)
        constants +=
            "/// " + clause.sentence + "\ninline constexpr const Clause& " + clause.id + " = " + element + ";\n";
    }
  }
  return "// SPDX-License-Identifier: Apache-2.0\n"
         "// Generated from spec/clauses/*.md: the clauses as constants. A test that names an unknown clause does not "
         "compile.\n"
         "#pragma once\n\n"
         "#include \"concert/clause.hpp\"\n\n"
         "namespace concert::detail {\n"
         "extern const Clause clause_table[" +
         std::to_string(count) +
         "];\n"
         "}  // namespace concert::detail\n\n"
         "namespace concert::clause {\n" +
         constants + "\n}  // namespace concert::clause\n";
}

std::string write_table(const std::vector<Page>& pages) {
  std::string rows;
  for (const Page& page : pages) {
    for (const PageClause& clause : page.clauses) {
      rows += "    {" + quote(clause.id) + ", " + quote(page.area) + ", " + std::string(enumerator(clause.level));
      for (const std::string& text :
           {clause.sentence, clause.why, clause.seen_by, clause.source, clause.trait, clause.exclusion})
        rows += ",\n     " + quote(text);
      rows += ", " + std::to_string(clause.line) + "},\n";
    }
  }
  return "// SPDX-License-Identifier: Apache-2.0\n"
         "// Generated from spec/clauses/*.md.\n"
         "#include \"concert/clauses.hpp\"\n\n"
         "namespace concert {\n\n"
         "constinit const Clause detail::clause_table[] = {\n" +
         rows +
         "};\n\n"
         "std::span<const Clause> all_clauses() noexcept { return detail::clause_table; }\n\n"
         "}  // namespace concert\n";
}

}  // namespace concert::pages
