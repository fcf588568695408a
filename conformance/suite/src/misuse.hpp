// SPDX-License-Identifier: Apache-2.0
// Objects of a loop that are used where they must not be: for clauses that demand a UsageError.
#pragma once

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "concert/harness/log.hpp"
#include "concert/harness/trial.hpp"

namespace concert::conformance {

/// A UsageError was thrown (check `key`), and its message has one of these words in it (check `message_key`).
inline void expect_usage_error(Trial& t, std::string_view key, std::string_view message_key,
                               std::initializer_list<std::string_view> words, const std::exception_ptr& failure) {
  const std::string text = describe(failure);
  const bool named = std::any_of(words.begin(), words.end(),
                                 [&](std::string_view word) { return text.find(word) != std::string::npos; });
  if (t.expect_failure<UsageError>(key, failure)) {
    t.expect(named, message_key, "a message that names the misuse, with a word such as " + show(*words.begin()), text);
  }
}

/// Uses objects of a loop where that loop does not run.
class Elsewhere {
 public:
  /// A call that may be made anywhere, and one that has to be awaited.
  void add(std::string name, std::function<void()> call) { calls_.emplace_back(std::move(name), std::move(call)); }
  void add_wait(std::string name, std::function<Coro<>()> wait) {
    waits_.emplace_back(std::move(name), std::move(wait));
  }

  /// Inside a run: in a worker thread, and in a task of another loop on a second one. Returns when both have ended.
  void try_in_threads(Trial& t) {
    std::thread([&] { try_calls("a thread"); }).join();
    const auto other = t.make_backend();
    std::thread([&] {
      t.call([&] { other->bootstrap(t.runner_options(), [&] { return try_in_task(*other, "another loop"); }); });
    }).join();
  }
  /// After the run: in plain code, and in a task of a later run.
  void try_later(Trial& t) {
    try_calls("after the run");
    t.run([&](AsyncBackend& backend) -> Coro<> { co_await try_in_task(backend, "a later run"); });
  }

  /// The checks "refused" and "message".
  void judge(Trial& t) const {
    t.witness("uses outside the loop", static_cast<std::size_t>(tried_));
    t.expect_equal("refused", Log{}, accepted_);
    t.expect_equal("message", Log{}, unclear_);
  }

 private:
  void try_calls(const std::string& place) {
    for (const auto& [name, call] : calls_) note(place, name, thrown_by(call));
  }
  Coro<> try_in_task(AsyncBackend& backend, std::string place) {
    try_calls(place);
    for (const auto& [name, wait] : waits_) {
      auto limit = backend.move_on_after(Seconds(1));
      const auto attempt = [&]() -> Coro<> {
        const std::exception_ptr outcome = co_await outcome_of(wait());
        note(place, name, outcome);
      };
      co_await limit.run(attempt);
    }
  }
  void note(const std::string& place, const std::string& name, const std::exception_ptr& outcome) {
    ++tried_;
    const std::string text = describe(outcome);
    if (!holds<UsageError>(outcome)) return accepted_(place + ": " + name + ": " + text);
    const bool clear = text.find("thread") != std::string::npos || text.find("loop") != std::string::npos ||
                       text.find("run") != std::string::npos;
    if (!clear) unclear_(place + ": " + name + ": " + text);
  }

  std::vector<std::pair<std::string, std::function<void()>>> calls_;
  std::vector<std::pair<std::string, std::function<Coro<>()>>> waits_;
  int tried_ = 0;
  Log accepted_;
  Log unclear_;
};

}  // namespace concert::conformance
