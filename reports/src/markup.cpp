// SPDX-License-Identifier: Apache-2.0
#include "markup.hpp"

#include <algorithm>
#include <array>

#include "text.hpp"

namespace concert::reports {
namespace {

/// Elements inside a line: a line break beside them would show as a space.
bool is_inline(std::string_view name) {
  constexpr std::array<std::string_view, 6> names{"a", "b", "code", "small", "span", "time"};
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_control(char32_t c) {
  return (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7F && c < 0xA0) || (c & 0xFFFE) == 0xFFFE;
}

/// Characters that turn the reading direction could make a failure read as its opposite.
bool is_direction_control(char32_t c) { return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069); }

void append_visible(std::string& out, char32_t character) {
  constexpr char32_t control_pictures = 0x2400, picture_of_delete = 0x2421, replacement = 0xFFFD;
  if (character < 0x20)
    append_utf8(out, control_pictures + character);
  else
    append_utf8(out, character == 0x7F ? picture_of_delete : replacement);
}

}  // namespace

std::string escaped(std::string_view text, Dialect dialect) {
  std::string out;
  for (const char32_t character : decoded(text)) {
    switch (character) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default:
        if (!is_control(character) && !is_direction_control(character))
          append_utf8(out, character);
        else if (dialect == Dialect::html)
          append_visible(out, character);
    }
  }
  return out;
}

void Markup::start(std::string_view name, Attributes attributes) {
  if (!is_inline(name) && !text_.empty() && text_.back() != '\n') text_ += '\n';
  text_.append("<").append(name);
  for (const auto& [key, value] : attributes) {
    std::string content = escaped(value, dialect_);
    // A parser turns a bare line end of an attribute into a space.
    for (std::size_t at = 0; (at = content.find('\n', at)) != std::string::npos;) content.replace(at, 1, "&#10;");
    text_.append(" ").append(key).append("=\"").append(content).append("\"");
  }
}

void Markup::open(std::string_view name, Attributes attributes) {
  start(name, attributes);
  text_ += ">";
}

void Markup::close(std::string_view name) {
  text_.append("</").append(name).append(">");
  if (!is_inline(name)) text_ += '\n';
}

void Markup::element(std::string_view name, Attributes attributes, std::string_view content) {
  open(name, attributes);
  text(content);
  close(name);
}

void Markup::empty(std::string_view name, Attributes attributes) {
  start(name, attributes);
  text_ += "/>\n";
}

void Markup::prose(std::string_view content) {
  for (const Span& span : code_spans(content)) {
    if (span.is_code)
      element("code", span.text);
    else
      text(span.text);
  }
}

}  // namespace concert::reports
