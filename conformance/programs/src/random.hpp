// SPDX-License-Identifier: Apache-2.0
// Numbers drawn from a seed: the same on every machine.
#pragma once

#include <cstddef>
#include <cstdint>

#include "concert/harness/mix.hpp"

namespace concert::programs {

/// splitmix64: the distributions of the standard library differ from one library to another.
class Random {
 public:
  explicit Random(std::uint64_t seed) : seed_(seed) {}

  std::uint64_t next() { return conformance::mix(seed_, count_++); }
  /// 0 to count - 1.
  int below(int count) { return static_cast<int>((next() >> 32) % static_cast<std::uint64_t>(count)); }
  int between(int least, int most) { return least + below(most - least + 1); }
  bool percent(int share) { return below(100) < share; }
  std::size_t index(std::size_t count) { return static_cast<std::size_t>(below(static_cast<int>(count))); }

 private:
  std::uint64_t seed_;
  std::uint64_t count_ = 0;
};

}  // namespace concert::programs
