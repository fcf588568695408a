// SPDX-License-Identifier: Apache-2.0
// Threads portals of the model.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>

#include "concert/backend.hpp"
#include "group.hpp"
#include "home.hpp"
#include "run.hpp"
#include "tree.hpp"

namespace concert::model {

/// Every call travels through the mailbox of the run, so the calls of one thread begin in their order.
class ModelPortal final : public PortalCore, public std::enable_shared_from_this<ModelPortal> {
 public:
  explicit ModelPortal(AsyncBackend& backend)
      : home_(backend, "create_threads_portal"),
        mailbox_(Run::here()->mailbox),
        submission_blocks_(home_.options().traits.portal_submission_blocks) {}

  AsyncBackend& backend() const noexcept override { return home_.backend(); }
  bool is_on_loop_thread() const noexcept override { return home_.is_here(); }
  void submit(std::shared_ptr<PortalCall> call) override;
  void cancel(std::shared_ptr<PortalCall> call) noexcept override;
  void enter() override;
  Coro<void> exit(std::exception_ptr body_failure) override;
  void unhandled_error(std::exception_ptr error) noexcept override;

 private:
  enum class Phase { created, open, closed };
  void begin(PortalCall& call);
  void spawn(PortalCall& call, const TaskRef<>& body);
  bool broken(std::string_view mutant) const noexcept { return home_.broken(mutant); }

  // Whoever holds a future may ask long after the run: only what is a value or shared is used outside the loop.
  const Home home_;
  const std::shared_ptr<Mailbox> mailbox_;
  const bool submission_blocks_;

  mutable std::mutex mutex_;
  std::condition_variable begun_;
  Phase phase_ = Phase::created;
  /// Calls that were submitted, and those of them that have begun.
  std::size_t submitted_ = 0;
  std::size_t begun_count_ = 0;

  /// Around the group: cancelled if the body fails, also under calls that have still to begin then.
  Node node_;
  std::optional<ModelGroup> group_;
};

}  // namespace concert::model
