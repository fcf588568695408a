// SPDX-License-Identifier: Apache-2.0
#include "markdown_text.hpp"

#include <algorithm>

#include "text.hpp"

namespace concert::reports {

std::string plain(std::string_view text) {
  std::string out;
  for (const char32_t character : decoded(text)) {
    if (character == '&')
      out += "&amp;";
    else if (character == '<')
      out += "&lt;";
    else if (character == '>')
      out += "&gt;";
    else if (character == '@')
      out += "&#64;";
    else if (character < 0x20 || character == 0x7F)
      out += ' ';
    else {
      if (character < 0x80 &&
          std::string_view("\\`*_{}[]()#|~!").find(static_cast<char>(character)) != std::string_view::npos)
        out += '\\';
      append_utf8(out, character);
    }
  }
  return out;
}

std::string code(std::string_view text, Where where) {
  std::string line;
  std::size_t run = 0, longest = 0;
  for (const char32_t character : decoded(text)) {
    run = character == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
    if (character == '|' && where == Where::table)
      line += "\\|";
    else if (character < 0x20 || character == 0x7F)
      line += ' ';
    else
      append_utf8(line, character);
  }
  if (line.empty()) return "";
  const std::string fence(longest + 1, '`');
  const bool padded = line.front() == '`' || line.back() == '`';
  return fence + (padded ? " " : "") + line + (padded ? " " : "") + fence;
}

std::string prose(std::string_view text, Where where) {
  std::string out;
  for (const Span& span : code_spans(text)) out += span.is_code ? code(span.text, where) : plain(span.text);
  return out;
}

std::string block(std::string_view text, std::string_view language) {
  std::string lines;
  std::size_t run = 0, longest = 2;
  for (const char32_t character : decoded(text)) {
    run = character == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
    if (character >= 0x20 || character == '\n' || character == '\t') append_utf8(lines, character);
  }
  const std::string fence(longest + 1, '`');
  return fence + std::string(language) + "\n" + lines + (lines.empty() || lines.back() != '\n' ? "\n" : "") + fence +
         "\n";
}

void heading(std::string& out, std::string_view text) {
  while (!out.empty() && out.back() == '\n') out.pop_back();
  if (!out.empty()) out += "\n\n";
  out.append(text).append("\n\n");
}

}  // namespace concert::reports
