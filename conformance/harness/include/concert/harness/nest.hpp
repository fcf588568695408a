// SPDX-License-Identifier: Apache-2.0
// Cancel scopes one inside the other, and what became of each: for clauses about who absorbs a cancellation.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "concert/backend.hpp"

namespace concert::conformance {

/// Scopes nested in one task. Level 0 is the outermost. Make one for a run; it can be run once.
class Nest {
 public:
  Nest(AsyncBackend& backend, int depth);
  Nest(const Nest&) = delete;
  Nest& operator=(const Nest&) = delete;

  CancelScope& scope(int level) { return *scopes_[static_cast<std::size_t>(level)]; }

  /// Runs `innermost` inside all scopes. It must be trivially destructible, as captures by reference are.
  template <class Body>
  Coro<> run(Body innermost) {
    innermost_ = innermost;
    return enter(0);
  }

  /// Called inside each scope when a Cancelled passes there on its way out.
  std::function<void(int level)> on_passing;

  /// What became of each scope, outermost first: "returned", "absorbed", "passed" (threw Cancelled on, not caught),
  /// "failed", or "not run"; "... and caught" if cancelled_caught() contradicts it.
  std::vector<std::string> outcomes() const;

 private:
  enum class End { none, returned, threw_cancelled, threw_other };
  Coro<> enter(std::size_t level);
  Coro<> inside(std::size_t level);

  std::vector<std::unique_ptr<CancelScope>> scopes_;
  std::vector<End> ends_;
  std::function<Coro<>()> innermost_;
};

}  // namespace concert::conformance
