// SPDX-License-Identifier: Apache-2.0
#include "concert/harness/waits.hpp"

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
  };
  return kinds;
}

}  // namespace concert::conformance
