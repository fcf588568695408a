// SPDX-License-Identifier: Apache-2.0
// Many generated programs on one backend, counted, in child processes: a crash or a hang costs one case.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "concert/harness/backend_adapter.hpp"
#include "concert/programs/replay_token.hpp"
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
  /// Programs to compare with what the model may do, beside those of the corpus; 0: none.
  std::int64_t explore = 0;
  /// Cases of each family; 0: none.
  std::int64_t families = 0;
  /// Every small program of each family, under every schedule of the model.
  bool small_scope = false;
  /// The corpus first.
  bool corpus = false;
  /// Ends after so many failures.
  std::size_t most_failures = 1;
  /// Real time from one case to the next before a child counts as hung.
  std::chrono::milliseconds hang_limit{10'000};
};

/// Draws, runs, judges and counts. Each failure is shrunk, as long as the same rule is broken; a crash or a hang too, a
/// child for each try.
ResultFile run_campaign(const conformance::BackendAdapter& backend, const CampaignOptions& options);

/// The search for one fault.
struct Hunt {
  /// A part as in a ReplayToken.
  std::string part = "programs";
  std::uint64_t seed = 1;
  std::int64_t most_cases = 100'000;
  /// Rules that count, or faults of a process ("hung"): any of them; what else breaks is passed over. Empty: any rule.
  std::vector<std::string> rules{};
  bool shrink = true;
  std::chrono::milliseconds hang_limit{2'000};
};
/// The first case that breaks one of the rules; nullopt if there is none, or if too many cases end their process.
std::optional<Failure> hunt(const conformance::BackendAdapter& backend, const Hunt& hunt);

/// Runs the case of the token alone, and shrinks it again if it fails.
ResultFile replay(const conformance::BackendAdapter& backend, const ReplayToken& token);

/// A failure for a person: rule, clauses, message, program, trace, and how to run it again.
std::string to_text(const Failure& failure);

}  // namespace concert::programs
