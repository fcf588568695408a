// SPDX-License-Identifier: Apache-2.0
// The rules by which the run of a program is judged.
#pragma once

#include <string_view>
#include <vector>

namespace concert::programs {

/// A rule that holds in every run of every program on a conforming backend, whatever the schedule.
struct Rule {
  std::string_view id;
  std::string_view says;
  /// The clauses that it decides, in so far.
  std::vector<std::string_view> clauses;
};

/// Rules come in two kinds: some say what may not be seen; the others say what must have happened before time moves on
/// ("in time").
const std::vector<Rule>& all_rules();

}  // namespace concert::programs
