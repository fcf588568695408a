// SPDX-License-Identifier: Apache-2.0
#include "concert/programs/programs_main.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <span>
#include <stdexcept>

#include "concert/programs/judge.hpp"

namespace concert::programs {

namespace {

enum Exit : int { passed = 0, failed = 1, usage = 2, inconclusive = 4 };

class BadUsage : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Request {
  std::uint64_t seed = 1;
  std::int64_t first = 0;
  std::int64_t cases = 2000;
  std::string mutant;
  std::string variant;
};

template <class Number>
Number parse_number(std::string_view option, std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) {
    throw BadUsage(fmt::format("{}: expected a whole number from 0 on, got '{}'", option, text));
  }
  return number;
}

Request parse(std::span<char* const> arguments) {
  Request request;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view option = arguments[i];
    const auto value = [&] {
      if (++i == arguments.size()) throw BadUsage(fmt::format("{}: expected a value after it", option));
      return std::string_view(arguments[i]);
    };
    if (option == "--cases") {
      request.cases = parse_number<std::int64_t>(option, value());
      if (request.cases == 0) throw BadUsage("--cases: expected at least one case, got 0");
    } else if (option == "--first") {
      request.first = parse_number<std::int64_t>(option, value());
    } else if (option == "--seed") {
      request.seed = parse_number<std::uint64_t>(option, value());
    } else if (option == "--mutant") {
      request.mutant = value();
    } else if (option == "--variant") {
      request.variant = value();
    } else {
      throw BadUsage(fmt::format(
          "unknown option '{}'; usage: [--cases N] [--first N] [--seed N] [--mutant NAME | --variant NAME]", option));
    }
  }
  return request;
}

template <class Range>
const auto& find_named(const Range& range, const std::string& name, std::string_view kind) {
  for (const auto& each : range) {
    if (each.name == name) return each;
  }
  throw BadUsage(fmt::format("no {} is named '{}' here", kind, name));
}

std::vector<conformance::BackendAdapter> chosen(const Subjects& subjects, const Request& request) {
  if (!request.mutant.empty()) return {find_named(subjects.mutants, request.mutant, "mutant").make()};
  if (!request.variant.empty()) return {find_named(subjects.variants, request.variant, "variant").make()};
  return subjects.backends;
}

int run(const conformance::BackendAdapter& backend, const Request& request) {
  const Judged judged = judge(backend, request.seed, request.first, request.cases);
  if (judged.counterexample) {
    fmt::print("{}again: --seed {} --first {} --cases 1\n", to_text(*judged.counterexample), request.seed,
               judged.counterexample->case_index);
    fmt::print("{}: program {} breaks rule {} (seed {})\n", backend.name, judged.counterexample->case_index,
               judged.counterexample->violation.rule, request.seed);
    return Exit::failed;
  }
  int code = Exit::passed;
  for (const auto& [rule, count] : judged.evaluations) {
    if (count > 0 || rule == "RES-1") continue;
    fmt::print("{}: rule {} was never asked: more cases are needed\n", backend.name, rule);
    code = Exit::inconclusive;
  }
  std::int64_t evaluations = 0;
  for (const auto& [rule, count] : judged.evaluations) evaluations += count;
  fmt::print("{}: {} programs, {} judgements of {} rules, {} (seed {})\n", backend.name, judged.cases, evaluations,
             judged.evaluations.size(), code == Exit::passed ? "no rule broken" : "inconclusive", request.seed);
  return code;
}

}  // namespace

int programs_main(const Subjects& subjects, int argc, char** argv) {
  try {
    const Request request = parse(std::span(argv, static_cast<std::size_t>(argc)).subspan(1));
    int code = Exit::passed;
    for (const conformance::BackendAdapter& backend : chosen(subjects, request)) {
      const int one = run(backend, request);
      if (code == Exit::passed || one == Exit::failed) code = one;
    }
    return code;
  } catch (const BadUsage& error) {
    fmt::print(stderr, "{}\n", error.what());
    return Exit::usage;
  }
}

}  // namespace concert::programs
