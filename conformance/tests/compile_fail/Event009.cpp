// SPDX-License-Identifier: Apache-2.0
// An event that was set stays set: it has no way back, and no other event can be put in its place.
// VIOLATION 1: has no member named 'clear'
// VIOLATION 2: use of deleted function 'concert::Event& concert::Event::operator=
// VIOLATION 3: use of deleted function 'concert::EventCore& concert::EventCore::operator=
#include "concert/backend.hpp"

void happen(concert::Event& event, [[maybe_unused]] concert::Event& other, [[maybe_unused]] concert::EventCore& core,
            [[maybe_unused]] concert::EventCore& other_core) {
  event.set();
#ifdef VIOLATION
#if VIOLATION == 1
  event.clear();
#elif VIOLATION == 2
  event = other;
#else
  core = other_core;
#endif
#endif
}
