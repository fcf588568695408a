// SPDX-License-Identifier: Apache-2.0
// Runs something once for each way in which its choices can be made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace concert::programs {

/// Depth-first search over the choices of a run that can be started again and again. It keeps the path of the current
/// run only: a run repeats the choices of the one before up to the last that can still be made otherwise.
///
///     for (DepthFirst search(3000); search.next();) run([&](std::size_t choices) { return search.pick(choices); });
///
/// The run must depend on its choices alone.
class DepthFirst {
 public:
  explicit DepthFirst(std::int64_t most_runs) noexcept : most_runs_(most_runs) {}

  /// Starts the next run. Returns false if every run was made, or as many as allowed.
  /// Errors: std::logic_error if the run before did not repeat its choices: something else decides too.
  bool next();
  /// The next choice of the current run, below `choices`, which is at least 1.
  std::size_t pick(std::size_t choices);

  /// True if `pick` would choose anew, not repeat a choice of the run before.
  bool is_beyond_the_path() const noexcept { return made_ == path_.size(); }

  /// True if every run was made: `next` has returned false for that reason.
  bool complete() const noexcept { return complete_; }
  /// Runs that were started.
  std::int64_t runs() const noexcept { return runs_; }
  /// How many runs there will be, guessed from the part of the tree that is behind the current path.
  double expected_runs() const noexcept;
  /// The choices of the current run so far; those of the last one once `next` has returned false.
  std::vector<std::size_t> choices() const;

 private:
  struct Choice {
    std::size_t taken;
    std::size_t of;
  };

  std::int64_t most_runs_;
  std::int64_t runs_ = 0;
  bool complete_ = false;
  std::vector<Choice> path_;
  /// How many choices of the path the current run has made.
  std::size_t made_ = 0;
  /// How many it has to repeat.
  std::size_t repeated_ = 0;
  /// It offered other choices than the run that it repeats. Kept for `next`, since few runs can be left by a throw.
  bool has_strayed_ = false;
};

}  // namespace concert::programs
