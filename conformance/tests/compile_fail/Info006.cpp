// SPDX-License-Identifier: Apache-2.0
// A TaskInfo is a copy: neither a task nor the backend shows its own record, and there is no coroutine in it.
// VIOLATION 1: cannot bind non-const lvalue reference of type 'concert::TaskInfo&'
// VIOLATION 2: cannot bind non-const lvalue reference of type 'concert::TaskInfo&'
// VIOLATION 3: has no member named 'coro'
#include "concert/backend.hpp"

void read(concert::AsyncBackend& backend, const concert::Task<int>& task) {
  [[maybe_unused]] concert::TaskInfo copy = task.info();
  copy = backend.get_current_task();
#ifdef VIOLATION
#if VIOLATION == 1
  [[maybe_unused]] concert::TaskInfo& info = task.info();
#elif VIOLATION == 2
  [[maybe_unused]] concert::TaskInfo& info = backend.get_current_task();
#else
  [[maybe_unused]] auto coroutine = copy.coro;
#endif
#endif
}
