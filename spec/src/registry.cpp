// SPDX-License-Identifier: Apache-2.0
#include "concert/registry.hpp"

#include <stdexcept>
#include <utility>

namespace concert {

namespace {
constinit thread_local const BackendRegistry* installed_registry = nullptr;
}

void BackendRegistry::add(std::string name, Factory factory) {
  if (name.empty()) throw std::invalid_argument("a backend needs a name");
  if (!factory) throw std::invalid_argument("the backend '" + name + "' needs a factory");
  if (!factories_.try_emplace(name, std::move(factory)).second) {
    throw std::invalid_argument("the backend name '" + name + "' is taken");
  }
}

void BackendRegistry::add_missing(std::string name, std::string reason) {
  add(name, [name, reason = std::move(reason)]() -> std::unique_ptr<AsyncBackend> {
    try {
      throw std::runtime_error(reason);
    } catch (...) {
      std::throw_with_nested(MissingDependency("the backend '" + name + "' is not in this build: " + reason));
    }
  });
}

std::unique_ptr<AsyncBackend> BackendRegistry::make(std::string_view name) const {
  const auto found = factories_.find(name);
  if (found == factories_.end()) {
    std::string message = "no backend is named '" + std::string(name) + "'; known names:";
    for (const std::string& known : names()) message += " " + known;
    throw UnsupportedOperation(message);
  }
  return found->second();
}

std::vector<std::string> BackendRegistry::names() const {
  std::vector<std::string> names;
  for (const auto& entry : factories_) names.push_back(entry.first);
  return names;
}

BackendRegistry::Installation::Installation(const BackendRegistry& registry) noexcept
    : previous_(std::exchange(installed_registry, &registry)) {}
BackendRegistry::Installation::~Installation() { installed_registry = previous_; }

const BackendRegistry& BackendRegistry::installed() {
  if (installed_registry == nullptr) {
    throw UsageError(
        "no BackendRegistry is installed on this thread: fill one in main and keep what install() returns");
  }
  return *installed_registry;
}

std::unique_ptr<AsyncBackend> new_builtin_backend(std::string_view name) {
  return BackendRegistry::installed().make(name);
}

std::shared_ptr<AsyncBackend> ensure_backend(AsyncBackend& backend) noexcept {
  return std::shared_ptr<AsyncBackend>(std::shared_ptr<AsyncBackend>(), &backend);
}
std::shared_ptr<AsyncBackend> ensure_backend(std::shared_ptr<AsyncBackend> backend) {
  if (backend == nullptr) throw std::invalid_argument("ensure_backend: expected a backend, got a null pointer");
  return backend;
}
std::shared_ptr<AsyncBackend> ensure_backend(std::string_view name) { return new_builtin_backend(name); }
std::shared_ptr<AsyncBackend> ensure_backend(std::nullopt_t) {
  if (AsyncBackend::running() == nullptr) {
    throw UsageError("ensure_backend(nullopt): no backend runs on this thread; give a name or a backend");
  }
  return ensure_backend(*AsyncBackend::running());
}

}  // namespace concert
