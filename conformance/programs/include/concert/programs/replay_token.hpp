// SPDX-License-Identifier: Apache-2.0
// What names a case for good, in any build of this kit.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace concert::programs {

/// "p1:GENERATOR:SEED:CASE", and ":PART" behind it where that is not "programs": a case is a function of these. A token
/// of another version of the generator is refused, since it would mean another program.
struct ReplayToken {
  std::uint64_t seed = 0;
  std::int64_t case_index = 0;
  /// "programs", "corpus", "explored", or a family.
  std::string part = "programs";

  friend bool operator==(const ReplayToken&, const ReplayToken&) = default;
};
std::string to_string(const ReplayToken& token);
/// Errors: std::invalid_argument that says what was expected.
ReplayToken parse_replay_token(std::string_view text);

}  // namespace concert::programs
