// SPDX-License-Identifier: Apache-2.0
// Cancel scopes and shields of the model.
#pragma once

#include "concert/backend.hpp"
#include "run.hpp"
#include "tree.hpp"

namespace concert::model {

class ModelScope final : public CancelScopeCore {
 public:
  ModelScope(AsyncBackend& backend, const ModelOptions& options, TimePoint deadline);
  ~ModelScope() override;

  AsyncBackend& backend() const noexcept override {
    return broken("scope_names_the_running_backend") && AsyncBackend::running() != nullptr ? *AsyncBackend::running()
                                                                                           : backend_;
  }
  void enter() override;
  std::exception_ptr exit(std::exception_ptr body_failure) override;
  void cancel() override;
  bool cancel_called() const override;
  bool cancelled_caught() const override;
  TimePoint deadline() const override;
  void reschedule(TimePoint deadline) override;
  void extend(Seconds more) override;
  void clear_deadline() override;

  /// Cancels the scope if its deadline has come.
  void notice(TimePoint now);
  /// When notice() may have something to do.
  TimePoint next_expiry() const { return node_.cancelled ? never : expiry(); }

 private:
  enum class State { created, entered, exited };
  void require_loop_thread(const char* operation) const;
  bool outer_request_wins() const;
  void request();
  TimePoint expiry() const;
  bool broken(std::string_view mutant) const noexcept { return !options_.mutant.empty() && options_.mutant == mutant; }

  AsyncBackend& backend_;
  const ModelOptions& options_;
  Node node_;
  TimePoint deadline_;
  State state_ = State::created;
  bool caught_ = false;
  Run* run_ = nullptr;

  // For faults only.
  TimePoint opened_;
  bool cancelled_by_hand_ = false;
  ModelTask* owner_ = nullptr;
  int deliveries_before_ = 0;
};

class ModelShield final : public ShieldCore {
 public:
  void enter() override;
  void exit() noexcept override;

 private:
  Run* run_ = nullptr;
  Node node_;
};

}  // namespace concert::model
