// SPDX-License-Identifier: Apache-2.0
// What the suite cannot ask of the model: its clock, its choices, its deadlocks.
#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include "concert/model/model_backend.hpp"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

namespace concert::model {
namespace {

using namespace std::chrono_literals;

TEST(Model, TimePassesOnlyWhenNothingIsReady) {
  const auto backend = model_backend();
  backend->bootstrap([&]() -> Coro<> {
    const TimePoint start = backend->current_time();
    for (int i = 0; i < 100; ++i) co_await backend->coro_yield();
    EXPECT_EQ(backend->current_time(), start);
    co_await backend->sleep(1h);
    EXPECT_EQ(backend->current_time(), start + 1h);
    spend(5s);
    EXPECT_EQ(backend->current_time(), start + 1h + Seconds(5s));
  });
}

std::string order_of_start(const Pick& pick) {
  const auto backend = model_backend();
  std::string order;
  backend->bootstrap(RunnerOptions().set("pick", pick), [&]() -> Coro<> {
    auto group = backend->create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      for (const char name : {'a', 'b', 'c'}) {
        tasks.start_soon([&, name]() -> Coro<> {
          co_await backend->sleep(10ms);
          order += name;
        });
      }
      co_return;
    });
  });
  return order;
}

TEST(Model, ThePickChoosesAmongReadyTasks) {
  EXPECT_EQ(order_of_start([](std::size_t) { return std::size_t{0}; }), "abc");
  EXPECT_EQ(order_of_start([](std::size_t choices) { return choices - 1; }), "cba");
}

TEST(Model, SaysThatNothingCanHappenAnyMore) {
  // The tasks are abandoned, not destroyed.
#ifdef __SANITIZE_ADDRESS__
  const __lsan::ScopedDisabler abandoned_on_purpose;
#endif
  const auto backend = model_backend();
  EXPECT_THROW(backend->bootstrap([&]() -> Coro<> { co_await backend->sleep_forever(); }), Deadlock);
}

TEST(Model, CountsItsSteps) {
  const auto backend = model_backend();
  backend->bootstrap([&]() -> Coro<> {
    for (int i = 0; i < 10; ++i) co_await backend->coro_yield();
  });
  EXPECT_EQ(scheduler_steps(), 11U);
}

TEST(Model, RefusesAnUnknownOption) {
  const auto backend = model_backend();
  EXPECT_THROW(backend->bootstrap(RunnerOptions().set("order_seed", 1), []() -> Coro<> { co_return; }),
               std::invalid_argument);
}

}  // namespace
}  // namespace concert::model
