// SPDX-License-Identifier: Apache-2.0
// Writes HTML and XML that is well-formed by construction: elements close in order, every text is escaped.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace concert::reports {

/// What becomes of control characters: a page shows them as pictures, XML 1.0 cannot hold them at all.
enum class Dialect { html, xml };

/// For text and for attributes in double quotes.
std::string escaped(std::string_view text, Dialect dialect);

using Attributes = std::initializer_list<std::pair<std::string_view, std::string>>;

/// The document as it grows.
class Markup {
 public:
  Markup(Dialect dialect, std::string start) : dialect_(dialect), text_(std::move(start)) {}
  Markup(const Markup&) = delete;
  Markup& operator=(const Markup&) = delete;

  void text(std::string_view content) { text_ += escaped(content, dialect_); }
  /// Text whose `code spans` become elements.
  void prose(std::string_view content);
  /// Constants of this library alone: style and script.
  void raw(std::string_view content) { text_ += content; }
  void open(std::string_view name, Attributes attributes = {});
  void close(std::string_view name);
  /// An element that holds one text.
  void element(std::string_view name, Attributes attributes, std::string_view content);
  void element(std::string_view name, std::string_view content) { element(name, {}, content); }
  /// An element that holds nothing: "<meta .../>".
  void empty(std::string_view name, Attributes attributes = {});
  std::string take() { return std::move(text_); }

 private:
  void start(std::string_view name, Attributes attributes);

  Dialect dialect_;
  std::string text_;
};

/// An element that is open while this object lives.
class Tag {
 public:
  Tag(Markup& markup, std::string_view name, Attributes attributes = {}) : markup_(markup), name_(name) {
    markup_.open(name_, attributes);
  }
  ~Tag() { markup_.close(name_); }
  Tag(const Tag&) = delete;
  Tag& operator=(const Tag&) = delete;

 private:
  Markup& markup_;
  std::string_view name_;
};

}  // namespace concert::reports
