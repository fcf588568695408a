// SPDX-License-Identifier: Apache-2.0
// How the executables of the kit read their command lines: strictly, and with errors that say what was expected.
#pragma once

#include <charconv>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace concert::conformance {

/// The command line was wrong: says what was expected and what came.
class BadUsage : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The arguments, one after the other; of an option's value too.
class Arguments {
 public:
  Arguments(int argc, char** argv) : all_(argv, static_cast<std::size_t>(argc)) {}

  bool at_end() const noexcept { return next_ >= all_.size(); }
  std::string_view next() { return all_[next_++]; }
  /// The argument after `option`. Errors: BadUsage if there is none.
  std::string_view value(std::string_view option) {
    if (at_end()) throw BadUsage(std::string(option) + ": expected a value after it");
    return next();
  }

 private:
  std::span<char* const> all_;
  /// The first is the executable.
  std::size_t next_ = 1;
};

/// The whole of `text` as a number of at least `least`. Errors: BadUsage.
template <class Number>
Number parse_number(std::string_view option, std::string_view text, Number least) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  // Not `number < least`: NaN is not a number of at least anything.
  if (error == std::errc() && end == text.data() + text.size() && number >= least) return number;
  std::ostringstream message;
  message << option << ": expected a" << (std::is_integral_v<Number> ? " whole" : "") << " number of at least " << least
          << ", got '" << text << "'";
  throw BadUsage(message.str());
}

/// The element of `range` with that `name`. Errors: BadUsage with the names that are known.
template <class Range>
const auto& find_named(const Range& range, std::string_view name, std::string_view kind) {
  std::string known;
  for (const auto& each : range) {
    if (each.name == name) return each;
    known += " " + std::string(each.name);
  }
  throw BadUsage("no " + std::string(kind) + " is named '" + std::string(name) + "'; known:" + known);
}

}  // namespace concert::conformance
