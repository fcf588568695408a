// SPDX-License-Identifier: Apache-2.0
// Whether what several threads saw of an object fits into one order.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <stdexcept>
#include <vector>

namespace concert::programs {

/// An operation of which is known when it was called and when it had returned, on a clock that all threads share: it
/// took effect at one moment between the two.
template <class Operation>
struct Interval {
  std::int64_t called = 0;
  std::int64_t returned = 0;
  Operation operation;
};

/// The most operations of one history.
inline constexpr std::size_t longest_history = 64;

/// True if the operations, each at one moment of its interval, lead from `initial` through the model.
/// `step(state, operation)` gives the states (a range of State, which is ordered) that may come of the operation, none
/// if the state does not allow it: a model may leave things open, so whole sets of states are carried along.
/// Errors: std::invalid_argument for more than longest_history operations.
template <class State, class Operation, class Step>
bool is_linearizable(const std::vector<Interval<Operation>>& history, const State& initial, const Step& step) {
  if (history.size() > longest_history) throw std::invalid_argument("is_linearizable: the history is too long");
  /// What has taken effect, a bit each, and the state that this has led to.
  struct Point {
    std::uint64_t done;
    State state;
    auto operator<=>(const Point&) const = default;
  };
  const auto is_done = [](std::uint64_t done, std::size_t i) { return (done >> i & 1U) != 0; };
  // May be the next one: no other one had to take effect before it was called.
  const auto may_be_next = [&](std::uint64_t done, std::size_t i) {
    for (std::size_t j = 0; j < history.size(); ++j) {
      if (!is_done(done, j) && history[j].returned < history[i].called) return false;
    }
    return true;
  };
  std::set<Point> points{{0, initial}};
  for (std::size_t length = 0; length < history.size(); ++length) {
    std::set<Point> next;
    for (const Point& point : points) {
      for (std::size_t i = 0; i < history.size(); ++i) {
        if (is_done(point.done, i) || !may_be_next(point.done, i)) continue;
        for (State& state : step(point.state, history[i].operation)) {
          next.insert({point.done | std::uint64_t{1} << i, std::move(state)});
        }
      }
    }
    points = std::move(next);
  }
  return !points.empty();
}

}  // namespace concert::programs
