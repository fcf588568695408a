// SPDX-License-Identifier: Apache-2.0
// Options for a backend's runner, by name, as the documents have them.
#pragma once

#include <any>
#include <exception>
#include <functional>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>

namespace concert {

/// What the runner option `on_unhandled_error` holds, which every backend knows (Run014): it is given each error that
/// nobody can await, and where that happened. Without the option such errors are printed to stderr. It is called on the
/// loop thread and must not throw.
using UnhandledErrorHandler = std::function<void(std::exception_ptr error, std::string_view where)>;

/// Options given to AsyncBackend::bootstrap. Each backend documents its names and the type of each value.
///
///     backend.bootstrap(RunnerOptions().set("order_seed", std::uint64_t{7}), main_task);
class RunnerOptions {
 public:
  template <class Value>
  RunnerOptions& set(std::string name, Value value) {
    values_.insert_or_assign(std::move(name), std::any(std::move(value)));
    return *this;
  }
  bool empty() const noexcept { return values_.empty(); }
  const std::map<std::string, std::any, std::less<>>& values() const noexcept { return values_; }

 private:
  std::map<std::string, std::any, std::less<>> values_;
};

/// How a backend reads its options, so that a typing error is never ignored (Run007).
///
///     RunnerOptionReader options(given, "asio");
///     auto seed = options.get_or<std::uint64_t>("order_seed", 0, "a std::uint64_t");
///     options.refuse_unknown();
class RunnerOptionReader {
 public:
  RunnerOptionReader(const RunnerOptions& options, std::string backend)
      : options_(options), backend_(std::move(backend)) {}

  /// The option's value, or `fallback` if it is absent. Errors: std::invalid_argument if it has another type.
  template <class Value>
  Value get_or(std::string_view name, Value fallback, std::string_view expected) {
    known_.emplace(name);
    const auto found = options_.values().find(name);
    if (found == options_.values().end()) return fallback;
    if (const auto* value = std::any_cast<Value>(&found->second)) return *value;
    throw_wrong_type(name, expected, found->second.type());
  }

  /// Errors: std::invalid_argument if an option was given that nobody asked for; the message lists the known ones.
  void refuse_unknown() const;

 private:
  [[noreturn]] void throw_wrong_type(std::string_view name, std::string_view expected,
                                     const std::type_info& came) const;

  const RunnerOptions& options_;
  std::string backend_;
  std::set<std::string, std::less<>> known_;
};

}  // namespace concert
