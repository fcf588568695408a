// SPDX-License-Identifier: Apache-2.0
// The broken and the unusual models that the tests of programs run on.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <stdexcept>
#include <string>
#include <string_view>

#include "concert/mutants/mutants.hpp"

namespace concert::programs {

/// Errors: std::invalid_argument if there is none of this name.
inline conformance::BackendAdapter mutant(std::string_view name) {
  const auto all = conformance::all_mutants();
  const auto found = std::ranges::find(all, name, &conformance::Mutant::name);
  if (found == all.end()) throw std::invalid_argument("no mutant is named " + std::string(name));
  return found->make();
}

/// The name of a variant, as GoogleTest allows it.
inline std::string name_of_variant(const ::testing::TestParamInfo<conformance::Variant>& variant) {
  std::string name = variant.param.name;
  std::ranges::replace_if(
      name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

}  // namespace concert::programs
