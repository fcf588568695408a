// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <vector>

#include "manual_backend.hpp"

namespace concert::runtime::testing {
namespace {

using namespace std::chrono_literals;

TEST(Scope, DeadlineEndsTheBlock) {
  ManualBackend backend;
  const auto main = [&]() -> Coro<bool> {
    auto scope = backend.move_on_after(2s);
    const std::optional<int> value = co_await scope.run([&]() -> Coro<int> {
      co_await backend.sleep(5s);
      co_return 1;
    });
    co_return !value && scope.cancel_called() && scope.cancelled_caught() && scope.when() == TimePoint(2s);
  };
  EXPECT_TRUE(backend.bootstrap(main));
  EXPECT_EQ(backend.seconds(), 2.0);
}

TEST(Scope, IsSingleUseAndRefusesNaN) {
  ManualBackend backend;
  const TimePoint nan{Seconds(std::numeric_limits<double>::quiet_NaN())};
  const auto main = [&]() -> Coro<> {
    auto scope = backend.open_cancel_scope(TimePoint(9s));
    EXPECT_THROW(backend.open_cancel_scope(nan), std::invalid_argument);
    EXPECT_THROW(scope.reschedule(nan), std::invalid_argument);
    EXPECT_EQ(scope.when(), TimePoint(9s));
    co_await scope.run([&]() { return backend.coro_yield(); });
    EXPECT_EQ((co_await outcome_of(scope.run([&]() { return backend.coro_yield(); }))).substr(0, 16),
              "CancelScope::run");
  };
  backend.bootstrap(main);
}

TEST(Scope, PastDeadlineCancelsAtTheFirstCheckpoint) {
  ManualBackend backend;
  Log log;
  const auto main = [&]() -> Coro<> {
    co_await backend.sleep(1s);
    auto scope = backend.open_cancel_scope(TimePoint(500ms));
    EXPECT_FALSE(scope.cancel_called());
    co_await scope.run([&]() -> Coro<> {
      log(scope.cancel_called() ? "called" : "not-called");
      co_await backend.coro_yield();
      log("not-reached");
    });
    auto no_checkpoint = backend.move_on_after(0s);
    co_await no_checkpoint.run([&]() -> Coro<> { co_return; });
    log(no_checkpoint.cancel_called() ? "called" : "not-called");
    log(no_checkpoint.cancelled_caught() ? "caught" : "not-caught");
  };
  backend.bootstrap(main);
  EXPECT_EQ(log.text(), "called called not-caught");
}

TEST(Scope, DeadlineIsNoticedByACheckpointInABusyTask) {
  ManualBackend backend;
  const auto main = [&]() -> Coro<int> {
    int rounds = 0;
    co_await backend.move_on_after(10s).run([&]() -> Coro<> {
      for (; rounds < 100; ++rounds) {
        backend.spend(3s);
        co_await backend.coro_yield();
      }
    });
    co_return rounds;
  };
  EXPECT_EQ(backend.bootstrap(main), 3);
  EXPECT_LE(backend.loop.turns, 2) << "noticed by the checkpoint, not by the poll";
}

TEST(Scope, AskingChangesNothingAndALaterDeadlineRescues) {
  ManualBackend backend;
  const auto main = [&]() -> Coro<bool> {
    auto scope = backend.move_on_after(1s);
    co_await scope.run([&]() -> Coro<> {
      backend.spend(5s);
      EXPECT_FALSE(scope.cancel_called());
      scope.reschedule(TimePoint(20s));
      EXPECT_EQ(scope.when(), TimePoint(20s));
      co_await backend.sleep(2s);
      scope.extend(-20s);
      EXPECT_TRUE(scope.cancel_called()) << "a past deadline cancels at once";
      scope.reschedule(never);
      EXPECT_TRUE(scope.cancel_called()) << "and nothing undoes it";
      co_await backend.sleep(1s);
    });
    co_return scope.cancelled_caught();
  };
  EXPECT_TRUE(backend.bootstrap(main));
  EXPECT_EQ(backend.seconds(), 7.0);
}

TEST(Scope, ADeadlineGivenToAnOuterScopeLaterReachesBusyTasksInside) {
  ManualBackend backend;
  const auto main = [&]() -> Coro<int> {
    int rounds = 0;
    auto outer = backend.open_cancel_scope();
    co_await outer.run([&]() -> Coro<> {
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        tasks.start_soon([&]() -> Coro<> {
          co_await backend.coro_yield();
          for (; rounds < 100; ++rounds) {
            backend.spend(1s);
            co_await backend.coro_yield();
          }
        });
        co_await backend.coro_yield();
        outer.reschedule(TimePoint(10s));
      });
    });
    co_return rounds;
  };
  EXPECT_EQ(backend.bootstrap(main), 9);
}

TEST(Scope, CancelBeforeEntryIsRememberedAndAfterExitHarmless) {
  ManualBackend backend;
  const auto main = [&]() -> Coro<> {
    auto early = backend.open_cancel_scope();
    early.cancel();
    co_await early.run([&]() { return backend.sleep(1s); });
    EXPECT_TRUE(early.cancelled_caught());

    auto late = backend.open_cancel_scope();
    co_await late.run([&]() { return backend.coro_yield(); });
    late.cancel();
    late.reschedule(TimePoint(0s));
    co_await backend.coro_yield();
    EXPECT_TRUE(late.cancel_called());
    EXPECT_FALSE(late.cancelled_caught());
  };
  backend.bootstrap(main);
  EXPECT_EQ(backend.seconds(), 0.0);
}

// Each subset of four nested scopes is cancelled, inner ones first: the outermost of them absorbs, alone.
TEST(Scope, TheOutermostCancelledAbsorbs) {
  for (unsigned subset = 1; subset < 16; ++subset) {
    ManualBackend backend;
    std::vector<std::unique_ptr<CancelScope>> scopes;
    std::vector<int> ended_normally;
    std::function<Coro<>(std::size_t)> nest = [&](std::size_t depth) -> Coro<> {
      if (depth == 4) {
        for (std::size_t i = 4; i-- > 0;) {
          if ((subset >> i & 1U) != 0) scopes[i]->cancel();
        }
        co_await backend.coro_yield();
        co_return;
      }
      co_await scopes[depth]->run([&]() { return nest(depth + 1); });
      ended_normally.push_back(static_cast<int>(depth));
    };
    for (int i = 0; i < 4; ++i) scopes.push_back(std::make_unique<CancelScope>(backend.make_cancel_scope(never)));
    backend.bootstrap(nest, std::size_t{0});
    std::size_t outermost = 0;
    while ((subset >> outermost & 1U) == 0) ++outermost;
    for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(scopes[i]->cancelled_caught(), i == outermost) << subset << " " << i;
    EXPECT_EQ(ended_normally.size(), outermost + 1);
  }
}

TEST(Scope, OtherExceptionsPassAndGroupsAreStripped) {
  ManualBackend backend;
  const auto main = [&]() -> Coro<> {
    auto plain = backend.open_cancel_scope();
    const std::string told = co_await outcome_of(plain.run([&]() -> Coro<> {
      plain.cancel();
      throw std::runtime_error("mine");
      co_return;
    }));
    EXPECT_EQ(told, "mine");
    EXPECT_FALSE(plain.cancelled_caught());

    auto mixed = backend.open_cancel_scope();
    std::exception_ptr failure;
    const auto body = [&]() -> Coro<> {
      mixed.cancel();
      std::exception_ptr cancellation;
      try {
        co_await backend.coro_yield();
      } catch (const Cancelled&) {
        cancellation = std::current_exception();
      }
      throw ExceptionGroup("mixed", {cancellation, std::make_exception_ptr(std::runtime_error("kept"))});
    };
    try {
      co_await mixed.run(body);
    } catch (const ExceptionGroup& group) {
      EXPECT_EQ(group.failures().size(), 1U);
      EXPECT_EQ(describe(group.failures()[0]), "std::runtime_error: kept");
      failure = std::current_exception();
    }
    EXPECT_TRUE(failure);
    EXPECT_TRUE(mixed.cancelled_caught());
  };
  backend.bootstrap(main);
}

TEST(Scope, AStoredCancelledIsAnOrdinaryFailure) {
  ManualBackend backend;
  const auto main = [&]() -> Coro<std::string> {
    std::exception_ptr stored;
    auto first = backend.open_cancel_scope();
    co_await first.run([&]() -> Coro<> {
      first.cancel();
      try {
        co_await backend.coro_yield();
      } catch (const Cancelled&) {
        stored = std::current_exception();
      }
    });
    auto second = backend.open_cancel_scope();
    const std::string told = co_await outcome_of(second.run([&]() -> Coro<> {
      std::rethrow_exception(stored);
      co_return;
    }));
    co_return told + (second.cancelled_caught() ? " caught" : " not-caught");
  };
  EXPECT_EQ(backend.bootstrap(main), "Cancelled not-caught");
}

TEST(Timeout, ThrowsOnlyWhatItAbsorbed) {
  ManualBackend backend;
  const auto main = [&]() -> Coro<> {
    auto expires = backend.timeout(1s);
    bool timed_out = false;
    try {
      co_await expires.run([&]() { return backend.sleep(2s); });
    } catch (const TimeoutError& error) {
      timed_out = error.deadline() == TimePoint(1s);
    }
    EXPECT_TRUE(timed_out);
    auto shielded = backend.timeout(1s);
    const int value = co_await shielded.run([&]() -> Coro<int> {
      co_await backend.ignore_cancellation(backend.sleep(2s));
      co_return 5;
    });
    EXPECT_EQ(value, 5);
    EXPECT_TRUE(shielded.scope().cancel_called());
    EXPECT_FALSE(shielded.scope().cancelled_caught());
    auto outer = backend.move_on_after(1s);
    auto inner = backend.timeout(1s);
    co_await outer.run([&]() { return inner.run([&]() { return backend.sleep(2s); }); });
    EXPECT_TRUE(outer.cancelled_caught()) << "equal deadlines: the outermost absorbs, no TimeoutError";
  };
  backend.bootstrap(main);
  EXPECT_EQ(backend.seconds(), 4.0);
}

TEST(Scope, NestsAHundredThousandDeep) {
  ManualBackend backend;
  constexpr int depth = 100'000;
  int open = 0;
  std::string seen;
  CancelScope* outermost = nullptr;
  std::function<Coro<>()> nest = [&]() -> Coro<> {
    if (open == depth) {
      outermost->cancel();
      // Caught here: a hundred thousand frames that unwind would take most of a second.
      seen = co_await outcome_of(backend.coro_yield());
      co_return;
    }
    ++open;
    auto scope = backend.open_cancel_scope();
    if (outermost == nullptr) outermost = &scope;
    co_await scope.run([&]() { return nest(); });
  };
  backend.bootstrap(nest);
  EXPECT_EQ(open, depth);
  EXPECT_EQ(seen, "Cancelled");
}

}  // namespace
}  // namespace concert::runtime::testing
