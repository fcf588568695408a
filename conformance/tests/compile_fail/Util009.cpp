// SPDX-License-Identifier: Apache-2.0
// ensure_backend accepts a backend, a name or nullopt, and nothing else.
// VIOLATION 1: no matching function for call to 'ensure_backend\(int&\)
// VIOLATION 2: ensure_backend\(std::nullptr_t\)' is ambiguous
// VIOLATION 3: no matching function for call to 'ensure_backend\(Unrelated&\)
#include <memory>
#include <optional>
#include <string>

#include "concert/registry.hpp"

struct Unrelated {};

void call(concert::AsyncBackend& backend, const std::shared_ptr<concert::AsyncBackend>& shared) {
  concert::ensure_backend(backend);
  concert::ensure_backend(shared);
  concert::ensure_backend("name");
  concert::ensure_backend(std::string("name"));
  concert::ensure_backend(std::nullopt);
  [[maybe_unused]] int number = 1;
  [[maybe_unused]] Unrelated unrelated;
#ifdef VIOLATION
#if VIOLATION == 1
  concert::ensure_backend(number);
#elif VIOLATION == 2
  concert::ensure_backend(nullptr);
#else
  concert::ensure_backend(unrelated);
#endif
#endif
}
