// SPDX-License-Identifier: Apache-2.0
// What each task of a program went through, without the order in which a scheduler mixed their steps: what runs on
// different backends can be compared by.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "concert/programs/program.hpp"
#include "concert/programs/trace.hpp"

namespace concert::programs {

/// How much of it is compared, from the finest on.
enum class Detail : std::uint8_t {
  times,     ///< every step of every task, with its time in half ticks
  steps,     ///< every step, without times
  outcomes,  ///< how each task ended
};
inline constexpr Detail all_details[] = {Detail::times, Detail::steps, Detail::outcomes};

/// The records of each task, in its own order. Tasks have their numbers in the program, failures of a group are sorted:
/// their order is open (Group019).
struct History {
  std::vector<std::vector<Record>> tasks;

  friend bool operator==(const History&, const History&) = default;
};

/// The history of a complete trace of `program`.
History history_of(const Program& program, const std::vector<Record>& trace, Detail detail = Detail::times);
/// A number for the history of the records added so far: equal for equal histories, and else different but for one pair
/// in 2^64; the same on every machine.
class HistoryFingerprint {
 public:
  HistoryFingerprint(const Program& program, Detail detail)
      : detail_(detail), tasks_(static_cast<std::size_t>(program.tasks)) {}
  void add(const Record& record);
  std::uint64_t value() const noexcept;

 private:
  Detail detail_;
  std::vector<std::uint64_t> tasks_;
};
std::uint64_t fingerprint(const Program& program, const std::vector<Record>& trace, Detail detail);

/// A record as a history keeps it.
Record normalised(const Record& record, Detail detail);

std::string_view to_string(Detail detail) noexcept;
/// "task 2:" and a line for each step.
std::string to_text(const History& history, const Program& program);

}  // namespace concert::programs
