// SPDX-License-Identifier: Apache-2.0
// A process that abandons a function which never returns: does it end all the same (Thread018)?
#pragma once

#include <unistd.h>

#include <cstdio>

#include "concert/backend.hpp"

namespace concert::runtime::testing {

/// What main() returns: 0 if the function blocks when the run is over. The process must end then.
inline int abandon_a_stuck_worker(AsyncBackend& backend) {
  int reached[2];
  if (pipe(reached) != 0) return 1;
  const bool was_given_up = backend.bootstrap([&]() -> Coro<bool> {
    const int reached_end = reached[1];
    const auto never_returns = [reached_end] {
      if (write(reached_end, "x", 1) != 1) return;
      for (;;) pause();
    };
    auto scope = backend.open_cancel_scope();
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      tasks.start_soon([&]() -> Coro<> {
        co_await scope.run([&] { return backend.run_in_thread(AbandonOnCancel(true), never_returns); });
      });
      // The function has begun when it has written.
      co_await backend.run_in_thread([&] {
        char byte = 0;
        return read(reached[0], &byte, 1);
      });
      scope.cancel();
    });
    co_return scope.cancelled_caught();
  });
  std::puts(was_given_up ? "the run is over, the function is not" : "the call was not given up");
  return was_given_up ? 0 : 1;
}

}  // namespace concert::runtime::testing
