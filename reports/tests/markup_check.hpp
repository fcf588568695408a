// SPDX-License-Identifier: Apache-2.0
// A strict reader of the markup that the reports write: the well-formedness rules of XML 1.0 for elements, attributes,
// references and characters; beside these only a DOCTYPE, and text of `script` and `style` that ends at its end tag.
#pragma once

#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace concert::reports {

class MarkupError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Element {
  std::string name;
  std::map<std::string, std::string> attributes;
  std::string text;  ///< of the whole element, references resolved
  std::vector<Element> children;

  /// Every element below, in the order of the document.
  void visit(const std::function<void(const Element&)>& visitor) const;
  std::vector<const Element*> all(std::string_view element_name) const;
};

/// Errors: MarkupError, with the place.
Element parse_markup(std::string_view document);

}  // namespace concert::reports
