// SPDX-License-Identifier: Apache-2.0
// What other threads have a loop do.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "concert/runtime/loop_port.hpp"

namespace concert::runtime {

class Loop;

/// A queue from all threads to one loop. Shared by those who post, so it outlives its run, closed.
class Inbox {
 public:
  /// Something to be done on the loop thread.
  class Item {
   public:
    Item() = default;
    Item(const Item&) = delete;
    Item& operator=(const Item&) = delete;
    virtual ~Item() = default;
    /// Called between two steps of tasks.
    virtual void handle(Loop& loop) noexcept = 0;

   private:
    friend class Inbox;
    Item* next_ = nullptr;
  };

  explicit Inbox(LoopPort& port) noexcept : port_(&port) {}
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;
  ~Inbox() { close(); }

  /// Takes `item` over and wakes the loop; items are handled in the order in which they are posted. Returns false, and
  /// leaves the item with the caller, once the inbox is closed. Threads: any.
  bool post(std::unique_ptr<Item>&& item) noexcept;

  // ---- The loop thread ----

  /// A look without a lock: if it misses an item, the turn that the item asks for finds it.
  bool may_have_items() const noexcept { return has_items_.load(std::memory_order_acquire); }
  /// Handles what has come so far.
  void drain(Loop& loop) noexcept;
  /// Takes nothing from now on, lets go of the port, and drops what is left.
  void close() noexcept;

 private:
  /// The items, oldest first.
  Item* take_all() noexcept;

  std::mutex mutex_;
  /// Null once closed. Woken under the mutex, so that it is alive.
  LoopPort* port_;
  Item* first_ = nullptr;
  Item* last_ = nullptr;
  std::atomic<bool> has_items_ = false;
};

}  // namespace concert::runtime
