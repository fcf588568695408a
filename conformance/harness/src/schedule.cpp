// SPDX-License-Identifier: Apache-2.0
#include "concert/harness/schedule.hpp"

#include "concert/harness/mix.hpp"

namespace concert::conformance {

Schedule Schedule::nth(std::uint64_t seed, int n) {
  if (n == 0) return {};
  Schedule schedule;
  schedule.order_seed = mix(seed, static_cast<std::uint64_t>(n)) | 1U;
  schedule.perturbed_clock = n % 2 == 0;
  schedule.clock_seed = mix(schedule.order_seed, 0x5eed);
  return schedule;
}

std::string to_string(const Schedule& schedule) {
  return (schedule.order_seed == 0 ? "own order" : "order seed " + std::to_string(schedule.order_seed)) + ", " +
         (schedule.perturbed_clock ? "perturbed clock " + std::to_string(schedule.clock_seed) : "plain clock");
}

}  // namespace concert::conformance
