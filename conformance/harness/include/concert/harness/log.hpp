// SPDX-License-Identifier: Apache-2.0
// What tasks write down while they run, and how values are printed in a verdict.
#pragma once

#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "concert/backend.hpp"

namespace concert::conformance {

/// Words in the order in which tasks said them. Compare with `==`.
class Log {
 public:
  Log() = default;
  Log(std::initializer_list<std::string> words) : words_(words) {}
  void operator()(std::string word) { words_.push_back(std::move(word)); }
  const std::vector<std::string>& words() const noexcept { return words_; }
  std::size_t count(std::string_view word) const;
  bool has(std::string_view word) const { return count(word) > 0; }
  friend bool operator==(const Log&, const Log&) = default;

 private:
  std::vector<std::string> words_;
};

std::string show(bool value);
std::string show(const char* value);
std::string show(std::string_view value);
std::string show(const std::string& value);
std::string show(Seconds value);
std::string show(TimePoint value);
std::string show(const Log& log);
std::string show(const std::vector<std::string>& words);
std::string show_number(long double value);
template <class Number>
requires(std::is_arithmetic_v<Number> && !std::is_same_v<Number, bool>) std::string show(Number value) {
  return show_number(static_cast<long double>(value));
}
template <class T>
std::string show(const std::optional<T>& value) {
  return value ? show(*value) : "nothing";
}
template <class T>
requires(!std::is_same_v<T, std::string>) std::string show(const std::vector<T>& values) {
  std::vector<std::string> words;
  for (const T& value : values) words.push_back(show(value));
  return show(words);
}

/// What `function` throws; null if nothing.
template <class F>
std::exception_ptr thrown_by(F&& function) {
  try {
    function();
  } catch (...) {
    return std::current_exception();
  }
  return nullptr;
}

/// True if `failure` holds an exception of the type E, or derived from it. False for null.
template <class E>
bool holds(const std::exception_ptr& failure) {
  if (!failure) return false;
  try {
    std::rethrow_exception(failure);
  } catch (const E&) {
    return true;
  } catch (...) {
    return false;
  }
}

/// Runs an awaitable and gives what it threw; null if nothing: for bodies that must record an exception and go on.
/// Give a Coro or an awaiter: `failure = co_await outcome_of(backend.sleep(1s));`
template <Awaitable A>
Coro<std::exception_ptr> outcome_of(A awaitable) {
  try {
    co_await std::move(awaitable);
  } catch (...) {
    co_return std::current_exception();
  }
  co_return nullptr;
}

/// "value", "cancelled", or what describe() says: one word for an outcome.
std::string outcome_word(const std::exception_ptr& failure);

/// Counts how many objects of a kind live: frames, arguments and captures that must be gone.
class Census {
 public:
  /// An object that is counted; copies and moves count as objects of their own.
  class Member {
   public:
    explicit Member(Census& census) noexcept : census_(&census) { ++census_->alive_; }
    Member(const Member& other) noexcept : census_(other.census_) { ++census_->alive_; }
    Member& operator=(const Member&) = default;
    ~Member() { --census_->alive_; }

   private:
    Census* census_;
  };
  Member member() noexcept { return Member(*this); }
  int alive() const noexcept { return alive_; }

 private:
  int alive_ = 0;
};

}  // namespace concert::conformance
