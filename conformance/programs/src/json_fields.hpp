// SPDX-License-Identifier: Apache-2.0
// Strict reading of JSON documents: each fault is an error that names its place, what was expected and what came.
#pragma once

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace concert::programs {

// Ordered, so that a document reads in the order in which it is written.
using Json = nlohmann::ordered_json;

/// Where in the document something stands: "statements[3].body[0]".
struct Where {
  std::string path;

  Where member(std::string_view name) const {
    return {path.empty() ? std::string(name) : path + "." + std::string(name)};
  }
  Where element(std::size_t index) const { return {path + "[" + std::to_string(index) + "]"}; }
};

/// Errors: std::invalid_argument, always.
[[noreturn]] void fail(const Where& where, const std::string& message);
/// A value as a message shows it.
std::string shown(const Json& value);
/// Refuses an object with two equal keys too, of which the library would take the last in silence.
Json parse_json(std::string_view text);

template <class Integer>
std::optional<Integer> whole(const Json& value) {
  if (!value.is_number_integer()) return std::nullopt;
  // An unsigned beyond the signed range would wrap.
  if (value.is_number_unsigned() &&
      value.get<std::uint64_t>() > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
    return std::nullopt;
  }
  const auto wide = value.get<std::int64_t>();
  if (wide < std::numeric_limits<Integer>::min() || wide > std::numeric_limits<Integer>::max()) return std::nullopt;
  return static_cast<Integer>(wide);
}

/// An object, each of whose fields must be asked for.
class Fields {
 public:
  Fields(const Json& object, Where where) : object_(object), where_(std::move(where)) {
    if (!object.is_object()) fail(where_, "expected an object, came " + shown(object));
  }

  const Where& where() const { return where_; }
  bool has(std::string_view name) const { return object_.contains(name); }

  const Json& take(std::string_view name) {
    const auto found = object_.find(name);
    if (found == object_.end()) fail(where_, "expected a field '" + std::string(name) + "', which is missing");
    taken_.insert(std::string(name));
    return *found;
  }
  template <class Integer>
  Integer integer(std::string_view name) {
    const Json& value = take(name);
    if (const auto number = whole<Integer>(value)) return *number;
    fail(where_, "expected '" + std::string(name) + "' to be a whole number in range, came " + shown(value));
  }
  std::string text(std::string_view name) {
    const Json& value = take(name);
    if (!value.is_string()) fail(where_, "expected '" + std::string(name) + "' to be a string, came " + shown(value));
    return value.get<std::string>();
  }
  /// A number of at least 0.
  double number(std::string_view name) {
    const Json& value = take(name);
    if (value.is_number() && value.get<double>() >= 0) return value.get<double>();
    fail(where_, "expected '" + std::string(name) + "' to be a number from 0 on, came " + shown(value));
  }
  /// A whole number of at least `least`.
  template <class Integer = std::int64_t>
  Integer count(std::string_view name, Integer least = 0) {
    const auto value = integer<Integer>(name);
    if (value >= least) return value;
    fail(where_, "expected '" + std::string(name) + "' to be at least " + std::to_string(least) + ", came " +
                     std::to_string(value));
  }
  const Json& list(std::string_view name) {
    const Json& value = take(name);
    if (!value.is_array()) fail(where_, "expected '" + std::string(name) + "' to be a list, came " + shown(value));
    return value;
  }
  /// The first of `count` values whose name it is.
  template <class Name>
  std::size_t word(std::string_view name, std::size_t count, const Name& name_of) {
    const Json& value = take(name);
    std::string all;
    for (std::size_t i = 0; i < count; ++i) {
      if (value.is_string() && value.get_ref<const std::string&>() == name_of(i)) return i;
      all += (i == 0 ? "" : ", ") + std::string(name_of(i));
    }
    fail(where_, "expected '" + std::string(name) + "' to be one of " + all + ", came " + shown(value));
  }
  void expect(std::string_view name, const Json& expected) {
    const Json& value = take(name);
    if (value != expected) {
      fail(where_, "expected '" + std::string(name) + "' to be " + shown(expected) + ", came " + shown(value));
    }
  }
  /// Nothing else may be there.
  void finish() const {
    for (const auto& [name, value] : object_.items()) {
      if (!taken_.contains(name)) fail(where_, "unknown field '" + name + "'");
    }
  }

 private:
  const Json& object_;
  Where where_;
  std::set<std::string> taken_;
};

}  // namespace concert::programs
