// SPDX-License-Identifier: Apache-2.0
// Locks of the model: who owns it is decided in the call that frees it.
#pragma once

#include <memory>
#include <vector>

#include "concert/backend.hpp"
#include "home.hpp"
#include "task.hpp"

namespace concert::model {

class ModelLock final : public LockCore {
 public:
  /// A fair one hands itself on in the order of the claims; a plain one to any of them (Lock015).
  enum class Kind { plain, fair };

  /// A task's wish to hold the lock.
  struct Claim {
    TaskRef<> task;
    bool is_granted = false;
    /// For faults only.
    TimePoint granted_at{};
  };

  ModelLock(AsyncBackend& backend, Kind kind);

  AsyncBackend& backend() const noexcept override { return home_.backend(); }
  bool suspend_until_acquired(WaitPoint& point) override;
  void acquire_cancelled(WaitPoint& point) override;
  void release() override;
  bool locked() const override;

  Kind kind() const noexcept { return kind_; }
  const Home& home() const noexcept { return home_; }
  bool is_held_by(const ModelTask& task) const noexcept { return owner_.get() == task.body().get(); }
  /// 0 for the owner; else how many claims are granted before this one, unless its task is passed over.
  std::size_t place_of(const std::shared_ptr<Claim>& claim) const;
  /// Takes the lock if it is free, else puts the claim in line.
  std::shared_ptr<Claim> claim_for(const ModelTask& task);
  /// The task gives up the claim; a lock that was granted already goes to the next.
  void withdraw(const std::shared_ptr<Claim>& claim);
  /// Grants the lock to a claim in line; frees it if there is none.
  void hand_over();

 private:
  void grant(std::shared_ptr<Claim> claim);
  /// Its owner has ended; only where waiting tasks are to be told (Lock016).
  bool is_abandoned() const;
  /// Faults of the grant: true if the waiting task goes on in spite of it, or not yet.
  bool is_over_for(ModelTask& task, const std::shared_ptr<Claim>& claim);
  bool broken(std::string_view mutant) const noexcept { return home_.broken(mutant); }
  bool is_plain() const noexcept { return kind_ == Kind::plain; }

  Home home_;
  Kind kind_;
  /// Keeps the record of its task, so that no other can be taken for it.
  TaskRef<> owner_;
  std::vector<std::shared_ptr<Claim>> line_;
  /// The step in which the lock was handed over last.
  std::size_t handed_over_in_ = 0;
  /// For a fault only.
  std::shared_ptr<Claim> last_granted_;
};

}  // namespace concert::model
