// SPDX-License-Identifier: Apache-2.0
#include "concert/harness/nest.hpp"

namespace concert::conformance {

Nest::Nest(AsyncBackend& backend, int depth) : ends_(static_cast<std::size_t>(depth), End::none) {
  for (int level = 0; level < depth; ++level) scopes_.emplace_back(new CancelScope(backend.open_cancel_scope()));
}

Coro<> Nest::enter(std::size_t level) {
  if (level == scopes_.size()) {
    co_await innermost_();
    co_return;
  }
  try {
    co_await scopes_[level]->run([this, level] { return inside(level); });
  } catch (const Cancelled&) {
    ends_[level] = End::threw_cancelled;
    throw;
  } catch (...) {
    ends_[level] = End::threw_other;
    throw;
  }
  ends_[level] = End::returned;
}

Coro<> Nest::inside(std::size_t level) {
  try {
    co_await enter(level + 1);
  } catch (const Cancelled&) {
    if (on_passing) on_passing(static_cast<int>(level));
    throw;
  }
}

std::vector<std::string> Nest::outcomes() const {
  std::vector<std::string> words;
  for (std::size_t level = 0; level < scopes_.size(); ++level) {
    const bool caught = scopes_[level]->cancelled_caught();
    switch (ends_[level]) {
      case End::none: words.emplace_back(caught ? "not run and caught" : "not run"); break;
      case End::returned: words.emplace_back(caught ? "absorbed" : "returned"); break;
      case End::threw_cancelled: words.emplace_back(caught ? "passed and caught" : "passed"); break;
      case End::threw_other: words.emplace_back(caught ? "failed and caught" : "failed"); break;
    }
  }
  return words;
}

}  // namespace concert::conformance
