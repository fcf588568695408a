// SPDX-License-Identifier: Apache-2.0
#include "tally.hpp"

#include <algorithm>
#include <utility>

namespace concert::programs {

void Tally::clear() {
  part_ = {};
  part_.sketch.emplace();
  // What was not asked is told as such.
  for (const Rule& rule : rules_of_runs()) part_.rules.emplace(rule.id, 0);
  label_hits_.assign(all_labels().size(), 0);
}

void Tally::count(const Case& which) {
  ++part_.programs.cases;
  ++(which.schedule.perturbed_clock ? part_.programs.perturbed : part_.programs.plain);
  part_.sketch->programs.push_back(hash_of(which.program));
}

void Tally::show(const Run& run, const Labels& labels, const Species& species) {
  for (const auto& [rule, count] : run.evaluations) part_.rules.find(rule)->second += count;
  for (std::size_t i = 0; i < label_hits_.size(); ++i) label_hits_[i] += labels.seen()[i] ? 1 : 0;
  for (const std::uint64_t hash : species.seen()) {
    int& times = part_.sketch->species[hash];
    times = std::min(3, times + 1);
  }
}

void Tally::rerun(bool differed) {
  ++part_.programs.rerun;
  part_.programs.rerun_differed += differed ? 1 : 0;
  ++part_.rules.find(same_again)->second;
}

ResultFile Tally::take() {
  for (std::size_t i = 0; i < label_hits_.size(); ++i) {
    const Label& label = all_labels()[i];
    if (label_hits_[i] == 0 && label.required <= 0) continue;
    part_.labels[label.name] = {label_hits_[i], part_.programs.cases, label.required};
  }
  ResultFile part = std::move(part_);
  clear();
  return part;
}

}  // namespace concert::programs
