// SPDX-License-Identifier: Apache-2.0
// How something ended, as records tell it.
#pragma once

#include <cstdint>
#include <exception>
#include <vector>

#include "concert/programs/trace.hpp"

namespace concert::programs {

/// The members of a Record that say how something ended.
struct Ending {
  Result result = Result::value;
  std::int64_t value = 0;
  std::vector<int> leaves{};
};

/// An exception, as a record tells it; null is a value.
Ending describe_ending(const std::exception_ptr& failure);

}  // namespace concert::programs
