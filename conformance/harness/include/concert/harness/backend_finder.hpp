// SPDX-License-Identifier: Apache-2.0
// How a program finds its backend: the functions of concert/registry.hpp, each replaceable, so that a mutant can break
// it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "concert/registry.hpp"

namespace concert::conformance {

/// One member for new_builtin_backend and for each form of ensure_backend.
struct BackendFinder {
  std::function<std::unique_ptr<AsyncBackend>(std::string_view)> make = new_builtin_backend;
  std::function<std::shared_ptr<AsyncBackend>(AsyncBackend&)> ensure_object = [](AsyncBackend& backend) {
    return ensure_backend(backend);
  };
  std::function<std::shared_ptr<AsyncBackend>(std::shared_ptr<AsyncBackend>)> ensure_shared =
      [](std::shared_ptr<AsyncBackend> backend) { return ensure_backend(std::move(backend)); };
  std::function<std::shared_ptr<AsyncBackend>(std::string_view)> ensure_named = [](std::string_view name) {
    return ensure_backend(name);
  };
  std::function<std::shared_ptr<AsyncBackend>()> ensure_running = [] { return ensure_backend(std::nullopt); };
};

}  // namespace concert::conformance
