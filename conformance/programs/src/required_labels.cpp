// SPDX-License-Identifier: Apache-2.0
#include "required_labels.hpp"

namespace concert::programs {

const std::map<std::string_view, double, std::less<>>& required_labels() {
  static const std::map<std::string_view, double, std::less<>> required = {};
  return required;
}

}  // namespace concert::programs
