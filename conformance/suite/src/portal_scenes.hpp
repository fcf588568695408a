// SPDX-License-Identifier: Apache-2.0
// What the tests of portals are played out in: a run with an open portal, and threads that call it.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "concert/harness/callers.hpp"
#include "concert/harness/for_all.hpp"
#include "concert/harness/gate.hpp"
#include "concert/harness/generators.hpp"

namespace concert::conformance {

inline constexpr Seconds no_time{0};

/// A failure outside std::exception.
struct Mishap {};

/// Failures of every sort that a program may throw.
inline std::vector<std::exception_ptr> failures_of_every_sort() {
  return {std::make_exception_ptr(std::runtime_error("it failed")), std::make_exception_ptr(Mishap()),
          std::make_exception_ptr(7),
          std::make_exception_ptr(ExceptionGroup("two", {std::make_exception_ptr(1), std::make_exception_ptr(2)}))};
}

/// A flag that tasks and threads share, and that whoever sets it may outlive.
using Flag = std::shared_ptr<std::atomic<bool>>;
inline Flag make_flag() { return std::make_shared<std::atomic<bool>>(false); }
inline std::function<bool()> is_set(const Flag& flag) {
  return [flag] { return flag->load(); };
}

/// Suspends a task `times` times, in which no time passes.
inline Coro<> take_turns(AsyncBackend& backend, int times) {
  for (int i = 0; i < times; ++i) co_await backend.sleep(no_time);
}

/// Runs a program with an open portal, in which `body` starts callers; the portal stays open until they have ended.
inline std::exception_ptr run_portal(Trial& t, Callers& callers,
                                     const std::function<void(AsyncBackend&, const ThreadsPortal&)>& body) {
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    auto portal = backend.create_threads_portal();
    co_await portal.run([&]() -> Coro<> {
      body(backend, portal);
      co_await callers.ended(backend);
    });
    // A checkpoint: here it shows if nothing but the watchdog of the run could end the portal.
    co_await backend.sleep(no_time);
  });
  t.expect_true("threads-came-back", callers.join());
  t.expect_no_failure("thread-failed", callers.failure());
  return failure;
}

/// What a call came to: "UsageError" if it was refused, else its answer.
template <class Submit>
std::string word_of_call(Callers& callers, const Submit& submit) {
  std::optional<std::invoke_result_t<const Submit&>> future;
  const auto refusal = thrown_by([&] { future.emplace(submit()); });
  return future ? callers.answer(*future) : word_of_failure(refusal);
}

/// True if a caller can have the future of a call while the loop is busy.
inline bool returns_futures_at_once(const Trial& t) { return t.manifest().trait("portal_submission") == "immediate"; }

inline bool contains(const std::exception_ptr& failure, std::string_view word) {
  std::string text = describe(failure);
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text.find(word) != std::string::npos;
}

/// `failure` is a UsageError whose message has this word, in whatever case.
inline void expect_misuse(Trial& t, std::string_view key, const std::exception_ptr& failure, std::string_view word) {
  const bool names_it = holds<UsageError>(failure) && contains(failure, word);
  t.expect(names_it, key, "UsageError, whose message says '" + std::string(word) + "'", describe(failure));
}

/// The four functions of a portal called where they are refused: what they threw, and what became of the work.
class Refusals {
 public:
  /// Calls them. A function that blocks is left out if the one that does not was accepted: it might block for ever.
  void call_each(const ThreadsPortal& portal) { call_coroutines(portal), call_functions(portal); }
  void call_coroutines(const ThreadsPortal& portal) {
    // As the capture says, the work owns something.
    const auto work = [token = token_, ran = ran_]() -> Coro<> {
      ++*ran;
      co_return;
    };
    call([&] { portal.run_coroutine_soon(work); }, [&] { portal.run_coroutine(work); });
  }
  void call_functions(const ThreadsPortal& portal) {
    const auto work = [token = token_, ran = ran_] { ++*ran; };
    call([&] { portal.run_sync_soon(work); }, [&] { portal.run_sync(work); });
  }

  std::size_t count() const noexcept { return failures_.size(); }
  /// Each call threw UsageError that says `word`, no work ran, and none is kept.
  void expect(Trial& t, std::string_view key, std::string_view word) const {
    t.expect_true(key, !failures_.empty());
    for (const auto& failure : failures_) expect_misuse(t, key, failure, word);
    t.expect_equal(std::string(key) + "-ran", 0, ran_->load());
    t.expect_equal(std::string(key) + "-kept", 1L, token_.use_count());
  }

 private:
  template <class Soon, class Blocking>
  void call(Soon&& soon, Blocking&& blocking) {
    failures_.push_back(thrown_by(soon));
    if (failures_.back()) failures_.push_back(thrown_by(blocking));
  }

  std::shared_ptr<int> token_ = std::make_shared<int>(0);
  std::shared_ptr<std::atomic<int>> ran_ = std::make_shared<std::atomic<int>>(0);
  std::vector<std::exception_ptr> failures_;
};

}  // namespace concert::conformance
