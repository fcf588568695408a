// SPDX-License-Identifier: Apache-2.0
// Makes a failing program small.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "concert/programs/program.hpp"

namespace concert::programs {

/// How large a program is: compared from the first member to the last. Well-founded, because each is a natural number:
/// a chain of ever smaller programs ends.
struct Measure {
  /// Statements.
  std::uint64_t statements = 0;
  /// Statements other than a yield.
  std::uint64_t actions = 0;
  /// How far the arguments are from the plainest ones: the number itself; of a deadline: never, past, 0, 1...; of the
  /// count of a notify: one, all, 2, 3...
  std::uint64_t arguments = 0;

  friend auto operator<=>(const Measure&, const Measure&) = default;
};
Measure measure(const Program& program);

/// The next smaller programs, boldest first: without a chunk of a body, with a body in place of the statement around
/// it, with a yield in place of a statement, with a plainer argument. Each is settled and has a smaller measure; a
/// reference goes on naming the same task, scope or group where that survives.
std::vector<Program> smaller(const Program& program);

/// Goes to the first smaller program that still fails until none does, or until `still_fails` has been called `budget`
/// times. `still_fails` answers for the same rule only: any failure would let it slip to another fault.
Program shrink(Program program, const std::function<bool(const Program&)>& still_fails, std::size_t budget = 5000);

}  // namespace concert::programs
