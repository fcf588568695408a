// SPDX-License-Identifier: Apache-2.0
// Behaviours that can be counted: how many there are, and how often the next program shows a new one.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "concert/programs/program.hpp"
#include "concert/programs/trace.hpp"

namespace concert::programs {

/// Pairs of adjacent ends of waits and of tasks, in different tasks: for each the kind of statement and whether it gave
/// a value, was cancelled, or failed; and whether time passed between the two. Coarse on purpose: a count of species
/// helps only if it saturates.
class Species final : public Observer {
 public:
  explicit Species(const Program& program);
  void record(const Record& record) override;

  /// Hashes of those seen, each once: the same on every machine.
  const std::set<std::uint64_t>& seen() const noexcept { return seen_; }

 private:
  void index(const std::vector<Statement>& statements);
  std::uint64_t kind(const Record& record) const;

  std::vector<Op> ops_;
  /// Functions in threads, and those that they give to portals: they are no tasks.
  std::set<int> outside_;
  std::optional<Record> last_;
  std::set<std::uint64_t> seen_;
};

/// A hash of what the program does, the same on every machine.
std::uint64_t hash_of(const Program& program);

}  // namespace concert::programs
