// SPDX-License-Identifier: Apache-2.0
// Many generated programs on one backend, counted, in child processes: a crash or a hang costs one case.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "concert/harness/backend_adapter.hpp"
#include "concert/programs/result.hpp"

namespace concert::programs {

struct CampaignOptions {
  std::uint64_t seed = 1;
  std::int64_t first = 0;
  /// Of all shards together.
  std::int64_t cases = 20'000;
  /// Real time for whole programs: whichever comes first ends them.
  std::optional<std::chrono::duration<double>> time;
  /// This run has the cases whose index leaves the remainder `shard`.
  int shard = 0;
  int shards = 1;
  /// Ends after so many failures.
  std::size_t most_failures = 1;
  /// Real time from one case to the next before a child counts as hung.
  std::chrono::milliseconds hang_limit{10'000};
};

/// Draws, runs, judges and counts. Each failure is shrunk, as long as the same rule is broken; a crash or a hang too, a
/// child for each try.
ResultFile run_campaign(const conformance::BackendAdapter& backend, const CampaignOptions& options);

/// What names a case for good: "p1:GENERATOR:SEED:CASE". A token of another version of the generator is refused, since
/// it would mean another program.
struct ReplayToken {
  std::uint64_t seed = 0;
  std::int64_t case_index = 0;

  friend bool operator==(const ReplayToken&, const ReplayToken&) = default;
};
std::string to_string(const ReplayToken& token);
/// Errors: std::invalid_argument that says what was expected.
ReplayToken parse_replay_token(std::string_view text);

/// A failure for a person: rule, clauses, message, program, trace, and how to run it again.
std::string to_text(const Failure& failure);

}  // namespace concert::programs
