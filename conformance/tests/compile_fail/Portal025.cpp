// SPDX-License-Identifier: Apache-2.0
// run_sync and run_sync_soon take plain functions; the message of the refusal names what takes async ones.
// VIOLATION 1: run_sync takes a plain function, and this one is async: use run_coroutine
// VIOLATION 2: run_sync takes a plain function, and this one is async: use run_coroutine
// VIOLATION 3: run_sync takes a plain function, and this one is async: use run_coroutine
#include "concert/backend.hpp"

void call(concert::AsyncBackend& backend, const concert::ThreadsPortal& portal) {
  portal.run_sync([] {});
  portal.run_sync_soon([](int value) { return value; }, 1);
  portal.run_coroutine([]() -> concert::Coro<> { co_return; });
  portal.run_coroutine_soon([&] { return backend.coro_yield(); });
#ifdef VIOLATION
#if VIOLATION == 1
  portal.run_sync([]() -> concert::Coro<> { co_return; });
#elif VIOLATION == 2
  portal.run_sync_soon([]() -> concert::Coro<int> { co_return 1; });
#else
  portal.run_sync_soon([&] { return backend.coro_yield(); });
#endif
#endif
}
