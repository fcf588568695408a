// SPDX-License-Identifier: Apache-2.0
// Exceptions as records tell them.
#pragma once

#include <cstdint>
#include <exception>
#include <vector>

#include "concert/programs/trace.hpp"

namespace concert::programs {

/// How something ended: a part of a record.
struct Ending {
  Result result = Result::value;
  std::int64_t value = 0;
  std::vector<int> leaves{};
};

/// Null is a value.
Ending describe_ending(const std::exception_ptr& failure);

}  // namespace concert::programs
