// SPDX-License-Identifier: Apache-2.0
// A CancelScope cannot be shielded: there is no such member, and open_cancel_scope takes a deadline and nothing else.
// VIOLATION 1: has no member named 'shield'
// VIOLATION 2: has no member named 'set_shield'
// VIOLATION 3: no matching function for call to 'concert::AsyncBackend::open_cancel_scope\(concert::TimePoint&, bool\)
#include "concert/backend.hpp"

void open(concert::AsyncBackend& backend) {
  auto scope = backend.open_cancel_scope(concert::never);
  scope.cancel();
#ifdef VIOLATION
#if VIOLATION == 1
  scope.shield = true;
#elif VIOLATION == 2
  scope.set_shield(true);
#else
  concert::TimePoint deadline{};
  auto shielded = backend.open_cancel_scope(deadline, true);
#endif
#endif
}
