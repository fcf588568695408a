// SPDX-License-Identifier: Apache-2.0
#include "concert/time.hpp"

#include <cmath>
#include <stdexcept>

namespace concert {

namespace {
constexpr double ticks_per_second = 1e9;
/// 2^63, the first double that does not fit a tick.
constexpr double tick_limit = 9223372036854775808.0;
}  // namespace

TimePoint to_time(Ticks ticks) noexcept {
  if (ticks == Ticks::max()) return never;
  return TimePoint(Seconds(static_cast<double>(ticks.count()) / ticks_per_second));
}

Ticks to_ticks(TimePoint time) {
  if (is_nan(time.time_since_epoch())) throw std::invalid_argument("a point in time must not be NaN");
  const double exact = std::ceil(time.time_since_epoch().count() * ticks_per_second);
  if (exact >= tick_limit) return Ticks::max();
  if (exact <= -tick_limit) return Ticks::min();
  Ticks ticks(static_cast<Ticks::rep>(exact));
  // The product and the quotient are rounded, so the result may be some ticks short; far from zero a double is coarser
  // than a tick, and each step doubles.
  for (Ticks::rep step = 1; to_time(ticks) < time; step *= 2) {
    if (ticks.count() > Ticks::max().count() - step) return Ticks::max();
    ticks += Ticks(step);
  }
  // Or one tick too late, which a loop that counts in milliseconds would turn into a whole millisecond.
  while (ticks > Ticks::min() && to_time(ticks - Ticks(1)) >= time) --ticks;
  return ticks;
}

bool is_nan(Seconds seconds) noexcept { return std::isnan(seconds.count()); }

}  // namespace concert
