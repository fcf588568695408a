// SPDX-License-Identifier: Apache-2.0
#include "concert/programs/depth_first.hpp"

#include <stdexcept>
#include <string>

namespace concert::programs {

bool DepthFirst::next() {
  if (has_strayed_ || made_ < repeated_) {
    throw std::logic_error("run " + std::to_string(runs_) + " was to repeat " + std::to_string(repeated_) +
                           " choices of the run before and did not after " + std::to_string(made_) +
                           ": it depends on more than its choices");
  }
  if (runs_ > 0 && !complete_) {
    while (!path_.empty() && path_.back().taken + 1 == path_.back().of) path_.pop_back();
    complete_ = path_.empty();
  }
  if (complete_ || runs_ >= most_runs_) return false;
  if (!path_.empty()) ++path_.back().taken;
  repeated_ = path_.size();
  made_ = 0;
  ++runs_;
  return true;
}

std::size_t DepthFirst::pick(std::size_t choices) {
  if (made_ == path_.size()) path_.push_back({0, choices});
  const Choice& choice = path_[made_];
  if (has_strayed_ || choice.of != choices) {
    has_strayed_ = true;
    return 0;
  }
  ++made_;
  return choice.taken;
}

double DepthFirst::expected_runs() const noexcept {
  double share = 1;
  double behind = 0;
  for (const Choice& choice : path_) {
    share /= static_cast<double>(choice.of);
    behind += static_cast<double>(choice.taken) * share;
  }
  return static_cast<double>(runs_) / (behind + share);
}

std::vector<std::size_t> DepthFirst::choices() const {
  std::vector<std::size_t> taken;
  for (std::size_t i = 0; i < made_; ++i) taken.push_back(path_[i].taken);
  return taken;
}

}  // namespace concert::programs
