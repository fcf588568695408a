// SPDX-License-Identifier: Apache-2.0
#include "concert/harness/unwinding.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace concert::conformance {

namespace {

/// A failure that no handler for std::exception sees.
struct OutsideTheHierarchy {};

/// The leaves as text, sorted.
std::string show_leaves(const Failures& leaves) {
  std::vector<std::string> words;
  for (const std::exception_ptr& leaf : leaves) words.push_back(describe(leaf));
  std::sort(words.begin(), words.end());
  return "ExceptionGroup of " + show(words);
}

}  // namespace

std::size_t how_many_interrupted(const Interruptions& times) {
  return static_cast<std::size_t>(
      std::count_if(times.begin(), times.end(), [](const auto& time) { return time.has_value(); }));
}

std::exception_ptr make_failure(std::string_view what) {
  return std::make_exception_ptr(std::runtime_error(std::string(what)));
}

std::exception_ptr make_failure_of_kind(int kind) {
  switch (kind) {
    case 0: return make_failure("failure");
    case 1: return std::make_exception_ptr(17);
    case 2: return std::make_exception_ptr(std::string("text"));
    case 3: return std::make_exception_ptr(TimeoutError(never));
    default: return std::make_exception_ptr(OutsideTheHierarchy{});
  }
}

Coro<> work_to_the_end(AsyncBackend& backend, Seconds duration, std::exception_ptr failure) {
  co_await backend.ignore_cancellation(backend.sleep(duration));
  if (failure) std::rethrow_exception(failure);
}

Coro<> unwind_when_interrupted(AsyncBackend& backend, std::optional<TimePoint>& interrupted_at, Seconds clean_up,
                               std::exception_ptr failure) {
  const std::exception_ptr interruption = co_await outcome_of(backend.sleep(long_time));
  if (!interruption) co_return;
  interrupted_at = backend.current_time();
  if (clean_up > Seconds(0)) co_await backend.ignore_cancellation(backend.sleep(clean_up));
  std::rethrow_exception(failure ? failure : interruption);
}

void expect_interrupted_at(Trial& trial, TimePoint instant, const Interruptions& times) {
  trial.expect_equal("interrupted", times.size(), how_many_interrupted(times));
  for (const auto& time : times) trial.expect_time("time", instant, time.value_or(never));
}

bool expect_leaves(Trial& trial, std::string_view key, Failures expected, const std::exception_ptr& failure) {
  Failures leaves;
  try {
    if (failure) std::rethrow_exception(failure);
  } catch (const ExceptionGroup& group) {
    leaves = group.flatten();
  } catch (...) {
  }
  if (leaves.empty()) return trial.expect(false, key, show_leaves(expected), describe(failure));
  const bool same = std::is_permutation(leaves.begin(), leaves.end(), expected.begin(), expected.end());
  return trial.expect(same, key, show_leaves(expected), show_leaves(leaves));
}

bool expect_same_object(Trial& trial, std::string_view key, const std::exception_ptr& expected,
                        const std::exception_ptr& failure) {
  return trial.expect(failure == expected, key, "the very object thrown, " + describe(expected), describe(failure));
}

bool expect_cancelled(Trial& trial, std::string_view key, const std::exception_ptr& failure) {
  return trial.expect(is_cancelled(failure), key, "Cancelled", describe(failure));
}

}  // namespace concert::conformance
