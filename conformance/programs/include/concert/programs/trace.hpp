// SPDX-License-Identifier: Apache-2.0
// What happened when a program ran: the records that an interpreter writes and a monitor judges.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "concert/programs/program.hpp"

namespace concert::programs {

/// One record. The loop runs one task at a time, so their sequence is the schedule; other threads write theirs when
/// they have their turn.
enum class What : std::uint8_t {
  task_began,  ///< the first step of a task
  task_ended,  ///< result: how; value or error in `value`
  begin,       ///< a statement that may suspend is about to
  end,         ///< it is over; result: how
  act,         ///< a statement that cannot suspend has been carried out; result: what it answered
  entered,     ///< the body of a scope, shield, group, lock or guard begins
  body_ended,  ///< it is over; result: how
  left,        ///< the block itself is over; result: what goes on after it
  answer,      ///< of an `ask`: value
};

/// How something ended.
enum class Result : std::uint8_t {
  value,      ///< with a value, or with nothing to say
  cancelled,  ///< Cancelled
  error,      ///< one of the program's own errors: its number in `value`
  timeout,    ///< TimeoutError
  group,      ///< ExceptionGroup: its leaves in `leaves`
  refused,    ///< UsageError or std::invalid_argument
  other,      ///< anything else, which is a fault
  skipped,    ///< a reference to what is not there at this moment: nothing was done
  withdrawn,  ///< FutureCancelled
  lost,       ///< seconds of real time went by, and the loop did not let a thread go on, or gave it no answer
};

struct Record {
  What what = What::act;
  /// The task that writes it.
  int task = 0;
  /// The statement; -1 for task_began and task_ended.
  int statement = -1;
  Result result = Result::value;
  /// A value, the number of an error, or flags (see below). Of What::task_began: 1 if it is not the loop's thread.
  std::int64_t value = 0;
  /// Of Result::group, sorted: the numbers of the errors, timeout_leaf, cancelled_leaf or other_leaf for others. Of the
  /// values of a gather: these, in their order.
  std::vector<int> leaves;
  /// The backend's clock, in nanoseconds since the program began.
  std::int64_t time = 0;

  friend bool operator==(const Record&, const Record&) = default;
};

inline constexpr int timeout_leaf = 1'000'001;
inline constexpr int cancelled_leaf = 1'000'002;
inline constexpr int other_leaf = 1'000'003;

/// Bits in `value` of What::left of a scope.
inline constexpr std::int64_t cancel_called_flag = 1;
inline constexpr std::int64_t cancelled_caught_flag = 2;

std::string_view to_string(What what) noexcept;
std::string_view to_string(Result result) noexcept;
/// How it ended: "error 3", "group of 1 timeout"; of the end of a scope with what it says of its cancellation.
std::string result_text(const Record& record, bool is_scope = false);
/// A line: "12.5 ms  task 2  #7 lock  end: value".
std::string to_text(const Record& record, const Program& program);

/// Takes the records as they are made.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void record(const Record& record) = 0;
};

}  // namespace concert::programs
