// SPDX-License-Identifier: Apache-2.0
#include "concert/programs/replay_token.hpp"

#include <fmt/format.h>

#include <charconv>
#include <stdexcept>
#include <vector>

#include "concert/programs/generator.hpp"
#include "parts.hpp"

namespace concert::programs {

namespace {

[[noreturn]] void refuse(std::string_view text, const std::string& expected) {
  throw std::invalid_argument(fmt::format("'{}' is no replay token: expected {}", text, expected));
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> fields;
  for (std::size_t colon = text.find(':'); colon != std::string_view::npos; colon = text.find(':')) {
    fields.push_back(text.substr(0, colon));
    text.remove_prefix(colon + 1);
  }
  fields.push_back(text);
  return fields;
}

template <class Number>
Number number(std::string_view token, std::string_view field) {
  Number value{};
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (error == std::errc() && end == field.data() + field.size() && value >= Number{}) return value;
  refuse(token, fmt::format("a whole number from 0 on instead of '{}'", field));
}

}  // namespace

std::string to_string(const ReplayToken& token) {
  return fmt::format("p1:{}:{}:{}{}", program_generator_version, token.seed, token.case_index,
                     token.part == "programs" ? "" : ":" + token.part);
}

ReplayToken parse_replay_token(std::string_view text) {
  const std::vector<std::string_view> fields = split(text);
  if (fields.front() != "p1" || fields.size() < 4 || fields.size() > 5) {
    refuse(text, "p1:GENERATOR:SEED:CASE or p1:GENERATOR:SEED:CASE:PART");
  }
  if (const int generator = number<int>(text, fields[1]); generator != program_generator_version) {
    refuse(text, fmt::format("one of version {} of the generator, this is of version {} and means another program",
                             program_generator_version, generator));
  }
  ReplayToken token;
  token.seed = number<std::uint64_t>(text, fields[2]);
  token.case_index = number<std::int64_t>(text, fields[3]);
  if (fields.size() == 5) token.part = fields[4];
  part_named(token.part);
  return token;
}

}  // namespace concert::programs
