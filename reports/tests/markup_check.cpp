// SPDX-License-Identifier: Apache-2.0
#include "markup_check.hpp"

#include <algorithm>

namespace concert::reports {
namespace {

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == ':';
}

class Parser {
 public:
  explicit Parser(std::string_view document) : document_(document) {}

  Element parse() {
    check_characters();
    if (starts_with("<?xml ")) at_ = find("?>") + 2;
    skip_space();
    if (starts_with("<!DOCTYPE html>")) at_ += 15;
    skip_space();
    Element root = element();
    skip_space();
    if (at_ != document_.size()) fail("text after the root element");
    return root;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    const std::size_t from = at_ < 60 ? 0 : at_ - 60;
    throw MarkupError(what + " at byte " + std::to_string(at_) +
                      ", after: " + std::string(document_.substr(from, at_ - from)));
  }
  bool starts_with(std::string_view text) const { return document_.substr(at_, text.size()) == text; }
  std::size_t find(std::string_view text) const {
    const std::size_t found = document_.find(text, at_);
    if (found == std::string_view::npos) fail("no " + std::string(text));
    return found;
  }
  void skip_space() {
    while (at_ < document_.size() && (document_[at_] == ' ' || document_[at_] == '\n' || document_[at_] == '\t')) ++at_;
  }
  void expect(std::string_view text) {
    if (!starts_with(text)) fail("expected " + std::string(text));
    at_ += text.size();
  }
  void check_characters() {
    for (at_ = 0; at_ < document_.size(); ++at_) {
      const auto byte = static_cast<unsigned char>(document_[at_]);
      if ((byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7F) fail("a control character");
      if (byte < 0x80) continue;
      const std::size_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2;
      if (byte < 0xC2 || byte > 0xF4 || at_ + length > document_.size()) fail("not UTF-8");
      for (std::size_t i = 1; i < length; ++i) {
        if ((static_cast<unsigned char>(document_[at_ + i]) & 0xC0) != 0x80) fail("not UTF-8");
      }
      const std::string_view character = document_.substr(at_, length);
      if (character == "\xEF\xBF\xBE" || character == "\xEF\xBF\xBF") fail("a non-character");
      at_ += length - 1;
    }
    at_ = 0;
  }
  std::string name() {
    const std::size_t start = at_;
    while (at_ < document_.size() && is_name_character(document_[at_])) ++at_;
    if (at_ == start) fail("expected a name");
    return std::string(document_.substr(start, at_ - start));
  }
  std::string text_until(char end) {
    std::string text;
    while (at_ < document_.size() && document_[at_] != end) {
      const char c = document_[at_];
      if (c == '<' || c == '>') fail("a bare angle bracket");
      if (c == '&')
        text += reference();
      else
        text += document_[at_++];
    }
    if (at_ == document_.size()) fail("the document ends");
    return text;
  }
  char reference() {
    static const std::map<std::string, char> known{{"&amp;", '&'},  {"&lt;", '<'},   {"&gt;", '>'},
                                                   {"&quot;", '"'}, {"&#39;", '\''}, {"&#10;", '\n'}};
    for (const auto& [reference, character] : known) {
      if (!starts_with(reference)) continue;
      at_ += reference.size();
      return character;
    }
    fail("an unknown reference");
  }

  Element element() {
    Element made;
    expect("<");
    made.name = name();
    for (skip_space(); !starts_with(">") && !starts_with("/>"); skip_space()) {
      const std::string key = name();
      expect("=\"");
      if (!made.attributes.emplace(key, text_until('"')).second) fail("the attribute " + key + " twice");
      expect("\"");
      if (!starts_with(" ") && !starts_with(">") && !starts_with("/>")) fail("no space between attributes");
    }
    if (starts_with("/>")) {
      at_ += 2;
      return made;
    }
    expect(">");
    content(made);
    return made;
  }

  void content(Element& made) {
    if (made.name == "script" || made.name == "style") {
      const std::size_t end = find("</" + made.name);
      made.text = document_.substr(at_, end - at_);
      at_ = end;
    }
    while (true) {
      made.text += text_until('<');
      if (starts_with("</")) break;
      made.children.push_back(element());
      made.text += made.children.back().text;
    }
    at_ += 2;
    const std::string closed = name();
    if (closed != made.name) fail("</" + closed + "> closes <" + made.name + ">");
    expect(">");
  }

  std::string_view document_;
  std::size_t at_ = 0;
};

}  // namespace

void Element::visit(const std::function<void(const Element&)>& visitor) const {
  for (const Element& child : children) {
    visitor(child);
    child.visit(visitor);
  }
}

std::vector<const Element*> Element::all(std::string_view element_name) const {
  std::vector<const Element*> found;
  visit([&](const Element& element) {
    if (element.name == element_name) found.push_back(&element);
  });
  return found;
}

Element parse_markup(std::string_view document) { return Parser(document).parse(); }

}  // namespace concert::reports
