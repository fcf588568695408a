// SPDX-License-Identifier: Apache-2.0
#include "ready_queue.hpp"

#include <algorithm>
#include <tuple>

namespace concert::runtime {

/// SplitMix64: a few operations, and equal on every machine.
std::uint64_t ReadyQueue::next_random() noexcept {
  random_ += 0x9e3779b97f4a7c15U;
  std::uint64_t mixed = random_;
  mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
  mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
  return mixed ^ (mixed >> 31U);
}

/// A task that yields promised that all that were ready before it run first (Yield002), so it stays behind everything
/// that arrived earlier; what arrives later may still overtake it.
void ReadyQueue::shuffle() {
  places_.clear();
  std::uint64_t largest = 0;
  while (TaskRecord* task = arrivals_.pop()) {
    const std::uint64_t key = task->yields ? largest : next_random();
    largest = std::max(largest, key);
    places_.push_back({key, places_.size(), task});
  }
  std::sort(places_.begin(), places_.end(), [](const Place& left, const Place& right) {
    return std::tie(left.key, left.arrival) < std::tie(right.key, right.arrival);
  });
  for (const Place& place : places_) batch_.push(*place.task);
}

}  // namespace concert::runtime
