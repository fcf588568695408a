// SPDX-License-Identifier: Apache-2.0
#include "concert/programs/history.hpp"

#include "concert/harness/mix.hpp"

namespace concert::programs {

namespace {

constexpr std::int64_t half_tick_ns = 5'000'000;

bool is_kept(const Record& record, Detail detail) {
  return detail != Detail::outcomes || record.what == What::task_ended;
}

/// Loops count in whole milliseconds and round up, so a time belongs to the half tick that it follows; sums of doubles
/// may be a little short of it.
std::int64_t time_of(const Record& record, Detail detail) {
  constexpr std::int64_t rounding = 1'000;
  return detail == Detail::times ? (record.time + rounding) / half_tick_ns * half_tick_ns : 0;
}

std::uint64_t number(std::int64_t value) { return static_cast<std::uint64_t>(value); }

std::uint64_t hash_of(const Record& record, Detail detail) {
  const auto kind = static_cast<std::uint64_t>(record.what) << 8 | static_cast<std::uint64_t>(record.result);
  std::uint64_t hash = conformance::mix(kind, number(record.statement));
  hash = conformance::mix(hash, number(record.value));
  for (const int leaf : record.leaves) hash = conformance::mix(hash, number(leaf));
  return conformance::mix(hash, number(time_of(record, detail)));
}

}  // namespace

Record normalised(const Record& record, Detail detail) {
  Record kept = record;
  kept.time = time_of(record, detail);
  return kept;
}

History history_of(const Program& program, const std::vector<Record>& trace, Detail detail) {
  History history;
  history.tasks.resize(static_cast<std::size_t>(program.tasks));
  for (const Record& record : trace) {
    if (is_kept(record, detail))
      history.tasks[static_cast<std::size_t>(record.task)].push_back(normalised(record, detail));
  }
  return history;
}

void HistoryFingerprint::add(const Record& record) {
  if (!is_kept(record, detail_)) return;
  std::uint64_t& task = tasks_[static_cast<std::size_t>(record.task)];
  task = conformance::mix(task, hash_of(record, detail_));
}

std::uint64_t HistoryFingerprint::value() const noexcept {
  std::uint64_t all = 0;
  for (const std::uint64_t task : tasks_) all = conformance::mix(all, task);
  return all;
}

std::uint64_t fingerprint(const Program& program, const std::vector<Record>& trace, Detail detail) {
  HistoryFingerprint all(program, detail);
  for (const Record& record : trace) all.add(record);
  return all.value();
}

std::string_view to_string(Detail detail) noexcept {
  switch (detail) {
    case Detail::times: return "times";
    case Detail::steps: return "steps";
    case Detail::outcomes: return "outcomes";
  }
  return "";
}

std::string to_text(const History& history, const Program& program) {
  std::string text;
  for (std::size_t task = 0; task < history.tasks.size(); ++task) {
    text += "task " + std::to_string(task) + ":\n";
    for (const Record& record : history.tasks[task]) text += "  " + to_text(record, program) + "\n";
  }
  return text;
}

}  // namespace concert::programs
