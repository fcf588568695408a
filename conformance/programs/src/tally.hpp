// SPDX-License-Identifier: Apache-2.0
// Counts what runs show, until somebody writes it into a result.
#pragma once

#include <cstdint>
#include <vector>

#include "concert/programs/judge.hpp"
#include "concert/programs/labels.hpp"
#include "concert/programs/result.hpp"
#include "concert/programs/species.hpp"

namespace concert::programs {

class Tally {
 public:
  Tally() { clear(); }

  /// Counts the case; what its run showed comes by `show`.
  void count(const Case& which);
  void show(const Run& run, const Labels& labels, const Species& species);
  void rerun(bool differed);
  void fail(Failure failure) { part_.failures.push_back(std::move(failure)); }

  /// For parts that count otherwise.
  ResultFile& counts() noexcept { return part_; }
  bool has_failed() const noexcept { return !part_.failures.empty(); }
  /// All of it, as a part of a result; the tally begins anew.
  ResultFile take();

 private:
  void clear();

  ResultFile part_;
  std::vector<std::int64_t> label_hits_;
};

}  // namespace concert::programs
