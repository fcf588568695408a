// SPDX-License-Identifier: Apache-2.0
// A backend in front of another: the base of faults that show at the interface.
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "concert/backend.hpp"

namespace concert::conformance {

/// Forwards everything. What a fault concerns is overridden.
class DecoratedBackend : public AsyncBackend {
 public:
  explicit DecoratedBackend(std::unique_ptr<AsyncBackend> inner) noexcept : inner_(std::move(inner)) {}

  std::string_view name() const noexcept override { return inner_->name(); }
  TimePoint current_time() override { return inner_->current_time(); }
  TaskInfo get_current_task() override { return inner_->get_current_task(); }
  void run_main(TaskRef<> main, const RunnerOptions& options) override { inner_->run_main(std::move(main), options); }
  std::unique_ptr<CancelScopeCore> make_cancel_scope(TimePoint deadline) override {
    return inner_->make_cancel_scope(deadline);
  }
  std::unique_ptr<ShieldCore> make_shield() override { return inner_->make_shield(); }
  std::unique_ptr<TaskGroupCore> make_task_group() override { return inner_->make_task_group(); }
  bool suspend_yield(WaitPoint& point) override { return inner_->suspend_yield(point); }
  bool suspend_shielded_yield(WaitPoint& point) override { return inner_->suspend_shielded_yield(point); }
  bool suspend_until(WaitPoint& point, TimePoint wake_time) override { return inner_->suspend_until(point, wake_time); }
  std::shared_ptr<LockCore> make_lock() override { return inner_->make_lock(); }
  std::shared_ptr<LockCore> make_fair_lock() override { return inner_->make_fair_lock(); }
  std::shared_ptr<EventCore> make_event() override { return inner_->make_event(); }
  std::shared_ptr<ConditionCore> make_condition(std::shared_ptr<LockCore> lock) override {
    return inner_->make_condition(std::move(lock));
  }
  bool suspend_in_thread(WaitPoint& point, const std::shared_ptr<ThreadJob>& job, AbandonOnCancel abandon) override {
    return inner_->suspend_in_thread(point, job, abandon);
  }
  std::shared_ptr<PortalCore> make_portal() override { return inner_->make_portal(); }

 protected:
  AsyncBackend& inner() noexcept { return *inner_; }

 private:
  std::unique_ptr<AsyncBackend> inner_;
};

}  // namespace concert::conformance
