// SPDX-License-Identifier: Apache-2.0
#include "inbox.hpp"

#include <utility>

namespace concert::runtime {

bool Inbox::post(std::unique_ptr<Item>&& item) noexcept {
  const std::lock_guard lock(mutex_);
  if (port_ == nullptr) return false;
  const bool was_empty = first_ == nullptr;
  Item* posted = item.release();
  (was_empty ? first_ : last_->next_) = posted;
  last_ = posted;
  if (was_empty) {
    has_items_.store(true, std::memory_order_release);
    port_->request_turn_from_other_thread();
  }
  return true;
}

Inbox::Item* Inbox::take_all() noexcept {
  has_items_.store(false, std::memory_order_relaxed);
  last_ = nullptr;
  return std::exchange(first_, nullptr);
}

void Inbox::drain(Loop& loop) noexcept {
  Item* next = nullptr;
  {
    const std::lock_guard lock(mutex_);
    next = take_all();
  }
  while (next != nullptr) {
    const std::unique_ptr<Item> item(next);
    next = item->next_;
    item->handle(loop);
  }
}

void Inbox::close() noexcept {
  Item* next = nullptr;
  {
    const std::lock_guard lock(mutex_);
    port_ = nullptr;
    next = take_all();
  }
  // Outside the mutex: what an item holds may post when it goes.
  while (next != nullptr) {
    const std::unique_ptr<Item> dropped(next);
    next = dropped->next_;
  }
}

}  // namespace concert::runtime
