// SPDX-License-Identifier: Apache-2.0
// Time as the interface speaks of it, and the one conversion to what event loops count in.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>

namespace concert {

/// A duration in seconds. May be +infinity; NaN is refused wherever it comes in.
using Seconds = std::chrono::duration<double>;

/// The clock of the running backend: monotonic, with an epoch of its own (Clock003, Clock004). Read it with
/// AsyncBackend::current_time().
struct BackendClock {
  using rep = double;
  using period = std::ratio<1>;
  using duration = Seconds;
  using time_point = std::chrono::time_point<BackendClock, Seconds>;
  static constexpr bool is_steady = true;
};

/// A point in time on the backend's clock.
using TimePoint = BackendClock::time_point;

/// No deadline: a point in time that does not come.
inline constexpr TimePoint never{Seconds{std::numeric_limits<double>::infinity()}};

/// A point in time on a loop's own clock, in whole nanoseconds; `Ticks::max()` stands for never.
using Ticks = std::chrono::nanoseconds;

/// The first tick at which `time` has come: rounds up, so that nothing fires early (Sleep001), and saturates at both
/// ends. `to_time(to_ticks(t)) >= t` holds for every t that is not NaN. Errors: std::invalid_argument for NaN.
Ticks to_ticks(TimePoint time);

/// The point in time of a tick; Ticks::max() gives `never`.
TimePoint to_time(Ticks ticks) noexcept;

/// True if the value is not a number.
bool is_nan(Seconds seconds) noexcept;

}  // namespace concert
