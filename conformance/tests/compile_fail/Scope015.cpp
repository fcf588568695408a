// SPDX-License-Identifier: Apache-2.0
// No function that makes a scope takes a shield, and a scope has none to open.
// VIOLATION 1: has no member named 'is_shielded'
// VIOLATION 2: no matching function for call to 'concert::AsyncBackend::move_on_after\(concert::Seconds&, bool\)
// VIOLATION 3: no matching function for call to 'concert::AsyncBackend::move_on_at\(concert::TimePoint&, bool\)
#include "concert/backend.hpp"

void open(concert::AsyncBackend& backend) {
  concert::Seconds delay(1);
  concert::TimePoint deadline(delay);
  auto scope = backend.move_on_after(delay);
  auto other = backend.move_on_at(deadline);
#ifdef VIOLATION
#if VIOLATION == 1
  static_cast<void>(scope.is_shielded());
#elif VIOLATION == 2
  auto shielded = backend.move_on_after(delay, true);
#else
  auto shielded = backend.move_on_at(deadline, true);
#endif
#endif
}
