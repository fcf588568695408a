// SPDX-License-Identifier: Apache-2.0
// run_in_thread takes plain functions only: one whose result is awaitable is refused.
// VIOLATION 1: run_in_thread takes a plain function, and this one is async: await it, or give it to a task group
// VIOLATION 2: run_in_thread takes a plain function, and this one is async: await it, or give it to a task group
#include "concert/backend.hpp"

concert::Coro<> call(concert::AsyncBackend& backend) {
  const auto plain = [] { return 1; };
  co_await backend.run_in_thread(plain);
  co_await backend.run_in_thread(concert::AbandonOnCancel(true), plain);
#ifdef VIOLATION
#if VIOLATION == 1
  const auto coroutine = []() -> concert::Coro<> { co_return; };
  co_await backend.run_in_thread(coroutine);
#else
  const auto awaiter = [&] { return backend.sleep(concert::Seconds(1)); };
  co_await backend.run_in_thread(concert::AbandonOnCancel(true), awaiter);
#endif
#endif
}
