// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <thread>

#include "manual_backend.hpp"

namespace concert::runtime::testing {
namespace {

using namespace std::chrono_literals;

TEST(Event, WakesEveryWaiterLaterAndMayBeGoneByThen) {
  ManualBackend backend;
  Log log;
  const auto main = [&]() -> Coro<> {
    auto event = std::make_unique<Event>(backend.make_event());
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      for (const char* name : {"a", "b", "c"}) {
        co_await tasks.start([&, name]() -> Coro<> {
          co_await event->wait();
          log(name);
        });
      }
      EXPECT_FALSE(event->is_set());
      event->set();
      event->set();
      EXPECT_TRUE(event->is_set());
      log("set");
      event.reset();
    });
  };
  backend.bootstrap(main);
  EXPECT_EQ(log.text(), "set a b c");
}

TEST(Event, ThatIsSetNeitherSuspendsNorChecks) {
  ManualBackend backend;
  const auto main = [&]() -> Coro<> {
    auto event = backend.create_event();
    event.set();
    auto scope = backend.open_cancel_scope();
    scope.cancel();
    const int turns = backend.loop.turns;
    co_await scope.run([&]() { return event.wait(); });
    EXPECT_FALSE(scope.cancelled_caught());
    EXPECT_EQ(backend.loop.turns, turns);
  };
  backend.bootstrap(main);
}

TEST(Event, SetAndCancellationInOneTurnGiveOneOutcome) {
  for (const bool cancel_first : {true, false}) {
    ManualBackend backend;
    Log log;
    const auto main = [&]() -> Coro<> {
      auto event = backend.create_event();
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        const auto both = co_await tasks.start([&]() -> Coro<> {
          const std::string first = co_await outcome_of(event.wait());
          const std::string second = co_await outcome_of(backend.coro_yield());
          log(first + "," + second);
        });
        const auto other = co_await tasks.start([&]() -> Coro<> {
          co_await event.wait();
          log("other");
        });
        if (cancel_first) both.cancel();
        event.set();
        both.cancel();
        co_await other.wait();
      });
    };
    backend.bootstrap(main);
    EXPECT_EQ(log.text(), cancel_first ? "other Cancelled,Cancelled" : "other value,Cancelled");
  }
}

TEST(Event, CancelledWaitersLeaveTheOthers) {
  ManualBackend backend;
  Log log;
  const auto main = [&]() -> Coro<> {
    auto event = backend.create_event();
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      for (const int limit : {2, 1, 9, 3}) {
        tasks.start_soon([&, limit]() -> Coro<> {
          auto scope = backend.move_on_after(std::chrono::seconds(limit));
          co_await scope.run([&]() { return event.wait(); });
          log(std::to_string(limit) + (scope.cancelled_caught() ? "-cancelled" : "-value"));
        });
      }
      co_await backend.sleep(5s);
      event.set();
    });
  };
  backend.bootstrap(main);
  EXPECT_EQ(log.text(), "1-cancelled 2-cancelled 3-cancelled 9-value");
}

TEST(Event, MayBeSetByACallbackOfTheLoop) {
  ManualBackend backend;
  const auto main = [&]() -> Coro<> {
    auto event = backend.create_event();
    backend.loop.callbacks.push_back([&] { event.set(); });
    co_await event.wait();
  };
  backend.bootstrap(main);
}

TEST(Event, BelongsToItsRunAndThread) {
  ManualBackend backend;
  std::optional<Event> kept;
  const auto main = [&]() -> Coro<> {
    kept.emplace(backend.make_event());
    std::thread([&] {
      EXPECT_THROW(kept->set(), UsageError);
      EXPECT_THROW(static_cast<void>(kept->is_set()), UsageError);
      EXPECT_THROW(backend.create_event(), UsageError);
    }).join();
    EXPECT_FALSE(kept->is_set());
    co_return;
  };
  backend.bootstrap(main);
  EXPECT_THROW(kept->set(), UsageError);
  backend.bootstrap([&]() -> Coro<> {
    EXPECT_THROW(kept->set(), UsageError);
    const std::string outcome = co_await outcome_of(kept->wait());
    EXPECT_NE(outcome.find("Event::wait"), std::string::npos) << outcome;
  });
}

}  // namespace
}  // namespace concert::runtime::testing
