// SPDX-License-Identifier: Apache-2.0
#include "concert/harness/log.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace concert::conformance {

std::size_t Log::count(std::string_view word) const {
  return static_cast<std::size_t>(std::count(words_.begin(), words_.end(), word));
}

std::string show(bool value) { return value ? "true" : "false"; }
std::string show(const char* value) { return value; }
std::string show(std::string_view value) { return std::string(value); }
std::string show(const std::string& value) { return value; }
std::string show(Seconds value) { return fmt::format("{:.6g} s", value.count()); }
std::string show(TimePoint value) { return fmt::format("t = {:.9g} s", value.time_since_epoch().count()); }
std::string show(const Log& log) { return show(log.words()); }
std::string show(const std::vector<std::string>& words) { return fmt::format("[{}]", fmt::join(words, ", ")); }
std::string show_number(long double value) { return fmt::format("{:.15g}", static_cast<double>(value)); }

std::string outcome_word(const std::exception_ptr& failure) {
  if (!failure) return "value";
  if (is_cancelled(failure)) return "cancelled";
  return describe(failure);
}

}  // namespace concert::conformance
