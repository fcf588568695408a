// SPDX-License-Identifier: Apache-2.0
#include "sync_state.hpp"

#include <algorithm>

namespace concert::programs {

void ConditionState::notify(int count, std::int64_t cancelled_waiters) {
  const auto waiting = static_cast<std::int64_t>(waiters.size());
  const std::int64_t wanted = count == 0 ? waiting : std::min<std::int64_t>(count, waiting);
  const std::int64_t certain = std::min(wanted, waiting - std::max<std::int64_t>(tokens, 0) - cancelled_waiters);
  if (certain > 0) notifications.push_back({++clock, certain, 0});
  tokens += wanted;
}

bool ConditionState::has_lost_notification() const {
  return std::ranges::any_of(notifications, [&](const Notification& notification) {
    return notification.paid < notification.certain && !waiters.empty() && waiters.front().since < notification.at;
  });
}

bool ConditionState::has_overtaken(int task) const {
  return std::ranges::any_of(waiters, [&](const Waiter& waiter) { return waiter.task == task && waiter.overtaken; });
}

}  // namespace concert::programs
