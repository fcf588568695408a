// SPDX-License-Identifier: Apache-2.0
#include "concert/harness/waits.hpp"

#include "concert/harness/log.hpp"

namespace concert::conformance {

namespace {

constexpr Seconds long_time{10};

Coro<> in_sleep(AsyncBackend& backend) { co_await backend.sleep(long_time); }
Coro<> in_sleep_until(AsyncBackend& backend) { co_await backend.sleep_until(backend.current_time() + long_time); }
Coro<> in_sleep_forever(AsyncBackend& backend) { co_await backend.sleep_forever(); }
Coro<> in_nested_scope(AsyncBackend& backend) {
  auto scope = backend.open_cancel_scope();
  co_await scope.run([&] { return in_sleep(backend); });
}

enum class Wait { wait, join, join_or_cancel };

Coro<> for_a_task(AsyncBackend& backend, Wait wait) {
  auto group = backend.create_task_group();
  co_await group.run([&](TaskGroup& tasks) -> Coro<> {
    auto task = co_await tasks.start(in_sleep, std::ref(backend));
    if (wait == Wait::wait) co_await task.wait();
    if (wait == Wait::join) co_await task.join();
    if (wait == Wait::join_or_cancel) co_await task.join_or_cancel();
  });
}
Coro<> in_wait(AsyncBackend& backend) { return for_a_task(backend, Wait::wait); }
Coro<> in_join(AsyncBackend& backend) { return for_a_task(backend, Wait::join); }
Coro<> in_join_or_cancel(AsyncBackend& backend) { return for_a_task(backend, Wait::join_or_cancel); }

Coro<> in_group_exit(AsyncBackend& backend) {
  auto group = backend.create_task_group();
  co_await group.run([&](TaskGroup& tasks) -> Coro<> {
    tasks.start_soon(in_sleep, std::ref(backend));
    co_return;
  });
}
Coro<> in_gather(AsyncBackend& backend) { co_await backend.gather(in_sleep(backend), in_sleep_forever(backend)); }

Coro<> in_acquire(AsyncBackend& backend) {
  auto lock = backend.create_lock();
  // The holder outlives the request, so that only the request can end the wait.
  auto waited = backend.create_event();
  const auto rest = [&]() -> Coro<> {
    auto limit = backend.move_on_after(long_time);
    const auto until_waited = [&]() -> Coro<> { co_await waited.wait(); };
    co_await limit.run(until_waited);
  };
  auto group = backend.create_task_group();
  co_await group.run([&](TaskGroup& tasks) -> Coro<> {
    co_await tasks.start([&]() -> Coro<> {
      auto held = co_await lock.scoped();
      co_await backend.ignore_cancellation(rest());
    });
    const std::exception_ptr outcome = co_await outcome_of(lock.acquire());
    waited.set();
    if (outcome) std::rethrow_exception(outcome);
    lock.release();
  });
}
Coro<> in_event_wait(AsyncBackend& backend) {
  auto event = backend.create_event();
  co_await event.wait();
}
Coro<> in_condition_wait(AsyncBackend& backend) {
  auto condition = backend.create_condition_var();
  auto held = co_await condition.scoped();
  co_await condition.wait();
}

Coro<> by_yield(AsyncBackend& backend) { co_await backend.coro_yield(); }
Coro<> by_sleep_of_nothing(AsyncBackend& backend) { co_await backend.sleep(Seconds(0)); }
Coro<> by_sleep_until_the_past(AsyncBackend& backend) {
  co_await backend.sleep_until(backend.current_time() - Seconds(1));
}
Coro<> by_short_sleep(AsyncBackend& backend) { co_await backend.sleep(Seconds(0.01)); }

}  // namespace

const std::vector<WaitKind>& wait_kinds() {
  static const std::vector<WaitKind> kinds = {
      {"sleep", in_sleep},
      {"sleep_until", in_sleep_until},
      {"sleep_forever", in_sleep_forever},
      {"sleep in a scope", in_nested_scope},
      {"wait", in_wait},
      {"join", in_join},
      {"join_or_cancel", in_join_or_cancel},
      {"the exit of a group", in_group_exit},
      {"gather", in_gather},
      {"acquire", in_acquire},
      {"the wait for an event", in_event_wait},
      {"the wait for a condition", in_condition_wait},
  };
  return kinds;
}

const std::vector<WaitKind>& short_checkpoints() {
  static const std::vector<WaitKind> kinds = {
      {"coro_yield", by_yield},
      {"sleep(0)", by_sleep_of_nothing},
      {"sleep_until the past", by_sleep_until_the_past},
      {"a short sleep", by_short_sleep},
  };
  return kinds;
}

const std::vector<WaitKind>& checkpoint_kinds() {
  static const std::vector<WaitKind> kinds = [] {
    std::vector<WaitKind> all = short_checkpoints();
    all.insert(all.end(), {{"sleep", in_sleep},
                           {"sleep in a scope", in_nested_scope},
                           {"wait", in_wait},
                           {"join", in_join},
                           {"the exit of a group", in_group_exit}});
    return all;
  }();
  return kinds;
}

}  // namespace concert::conformance
