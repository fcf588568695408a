// SPDX-License-Identifier: Apache-2.0
// What a trace says about the calls of portals, as concurrent histories: one for each call, with its future.
#pragma once

#include <cstdint>
#include <vector>

#include "concert/programs/linearizability.hpp"
#include "concert/programs/program.hpp"
#include "concert/programs/trace.hpp"

namespace concert::programs {

/// What happens to one call. The histories of two calls have nothing in common but their portal, so that each is judged
/// by itself.
enum class PortalEvent : std::uint8_t {
  open,            ///< the portal is entered
  close,           ///< its exit begins
  accept,          ///< the call is accepted
  refuse,          ///< the call is refused
  begin,           ///< the work begins in the loop
  end,             ///< it ends with a value or a failure
  end_cancelled,   ///< it lets a Cancelled out
  cancel,          ///< future.cancel() returns true
  cancel_in_vain,  ///< it returns false
  get,             ///< future.get() gives what the work ended with
  get_withdrawn,   ///< it throws FutureCancelled
};

/// One call of a portal, with whatever happened to it.
struct CallHistory {
  /// The statement of the call.
  int statement = 0;
  bool is_function = false;
  std::vector<Interval<PortalEvent>> events;
};

/// The histories of all calls that a trace tells of. The clock is the place of the record in the trace; what the loop
/// does without a record of its own lies between two of its records.
std::vector<CallHistory> portal_histories(const Program& program, const std::vector<Record>& trace);

/// True if some order of the events is one that the documents allow.
bool is_linearizable(const CallHistory& history);

}  // namespace concert::programs
