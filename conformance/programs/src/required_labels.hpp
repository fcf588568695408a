// SPDX-License-Identifier: Apache-2.0
// How often programs must show each label: the generator is worth nothing if it stops drawing what matters.
#pragma once

#include <map>
#include <string_view>

namespace concert::programs {

/// Name -> rate. Labels that are not here are only told.
const std::map<std::string_view, double, std::less<>>& required_labels();

}  // namespace concert::programs
