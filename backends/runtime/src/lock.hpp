// SPDX-License-Identifier: Apache-2.0
// The runtime's lock, plain and fair in one.
#pragma once

#include <cstdint>
#include <string_view>

#include "binding.hpp"
#include "concert/lock.hpp"
#include "wait_queue.hpp"

namespace concert::runtime {

/// First come, first served, and handed over inside release: it is never free while a task waits for it.
class TaskLock final : public LockCore {
 public:
  /// Errors: UsageError, naming `operation`, unless `backend` runs on this thread.
  TaskLock(RuntimeBackend& backend, std::string_view operation) : binding_(backend, operation) {}

  AsyncBackend& backend() const noexcept override { return binding_.backend(); }
  bool suspend_until_acquired(WaitPoint& point) override;
  void release() override;
  bool locked() const override;

  // ---- For the conditions over it ----------------------------------------------------------------------------------

  const Binding& binding() const noexcept { return binding_; }
  /// The loop, if its running task holds the lock. Errors: UsageError, naming `operation`.
  Loop& require_owner(std::string_view operation) const;
  /// Gives the lock to the first in line, or frees it.
  void hand_over(Loop& loop) noexcept;
  /// Has a suspended task that nobody can interrupt wait in line for the lock; the outcome of its wait is in `point`
  /// already. Returns true if it has the lock at once.
  bool take_back(TaskRecord& task, WaitPoint& point) noexcept;

 private:
  /// Ids of tasks begin with 1 and are not used again, unlike the addresses of records.
  static constexpr std::uint64_t nobody = 0;

  Binding binding_;
  std::uint64_t owner_ = nobody;
  WaitQueue waiters_;
};

}  // namespace concert::runtime
