// SPDX-License-Identifier: Apache-2.0
#include "concert/harness/schedule.hpp"

#include <charconv>

#include "concert/harness/mix.hpp"

namespace concert::conformance {

namespace {

/// Takes `word` from the front of `text`.
bool take(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

bool take(std::string_view& text, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

}  // namespace

Schedule Schedule::nth(std::uint64_t seed, int n) {
  if (n == 0) return {};
  Schedule schedule;
  schedule.order_seed = mix(seed, static_cast<std::uint64_t>(n)) | 1U;
  schedule.perturbed_clock = n % 2 == 0;
  schedule.clock_seed = mix(schedule.order_seed, 0x5eed);
  return schedule;
}

std::string to_string(const Schedule& schedule) {
  return (schedule.order_seed == 0 ? "own order" : "order seed " + std::to_string(schedule.order_seed)) + ", " +
         (schedule.perturbed_clock ? "perturbed clock " + std::to_string(schedule.clock_seed) : "plain clock");
}

std::optional<Schedule> schedule_from(std::string_view text) {
  Schedule schedule;
  if (!take(text, "own order") && !(take(text, "order seed ") && take(text, schedule.order_seed))) return std::nullopt;
  if (!take(text, ", plain clock")) {
    if (!take(text, ", perturbed clock ") || !take(text, schedule.clock_seed)) return std::nullopt;
    schedule.perturbed_clock = true;
  }
  if (!text.empty()) return std::nullopt;
  return schedule;
}

}  // namespace concert::conformance
