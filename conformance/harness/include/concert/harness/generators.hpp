// SPDX-License-Identifier: Apache-2.0
// Generators of small inputs for properties.
#pragma once

#include <rapidcheck.h>

#include <vector>

namespace concert::conformance {

using Numbers = std::vector<int>;

/// A number of `low` to `high`, both included, whatever the size of the case.
inline rc::Gen<int> number(int low, int high) { return rc::gen::resize(100, rc::gen::inRange(low, high + 1)); }

/// A list of `least` to `most` such numbers.
inline rc::Gen<Numbers> numbers(int least, int most, int low, int high) {
  return rc::gen::mapcat(number(least, most), [low, high](int count) {
    return rc::gen::container<Numbers>(static_cast<std::size_t>(count), number(low, high));
  });
}

}  // namespace concert::conformance
