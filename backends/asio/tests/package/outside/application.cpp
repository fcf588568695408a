// SPDX-License-Identifier: Apache-2.0
// The application of the README.
#include <chrono>
#include <vector>

#include "concert/asio.hpp"

using namespace concert;
using namespace std::chrono_literals;

Coro<int> fetch(AsyncBackend& backend, int n) {
  co_await backend.sleep(10ms);
  co_return n* n;
}

int main() {
  auto backend = asio_backend();  // or uv_backend()
  const int sum = backend->bootstrap([&]() -> Coro<int> {
    auto limit = backend->timeout(1s);
    co_return co_await limit.run([&](CancelScope&) -> Coro<int> {
      std::vector<int> squares = co_await backend->gather(fetch(*backend, 1), fetch(*backend, 2));
      co_return squares[0] + squares[1];
    });
  });
  return sum == 5 ? 0 : 1;
}
