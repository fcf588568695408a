// SPDX-License-Identifier: Apache-2.0
// Backends by name: the documents' new_builtin_backend and ensure_backend.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "concert/backend.hpp"

namespace concert {

/// The backends that a program knows. `main` fills one and installs it; nothing registers itself.
///
///     BackendRegistry registry;
///     registry.add("asio", concert::asio_backend);
///     const auto installed = registry.install();
///     auto backend = concert::new_builtin_backend("asio");
class BackendRegistry {
 public:
  using Factory = std::function<std::unique_ptr<AsyncBackend>()>;

  /// Errors: std::invalid_argument if the name is empty or taken.
  void add(std::string name, Factory factory);
  /// Names a backend whose library is missing, with the reason that new_builtin_backend will give (Util003).
  void add_missing(std::string name, std::string reason);

  /// A new backend of that name (Util001).
  /// Errors: UnsupportedOperation for an unknown name, which it carries (Util002); MissingDependency with the reason
  /// nested (Util003).
  std::unique_ptr<AsyncBackend> make(std::string_view name) const;
  std::vector<std::string> names() const;

  /// Makes this registry the one of the current thread until the returned value goes.
  class Installation {
   public:
    explicit Installation(const BackendRegistry& registry) noexcept;
    Installation(const Installation&) = delete;
    Installation& operator=(const Installation&) = delete;
    ~Installation();

   private:
    const BackendRegistry* previous_;
  };
  [[nodiscard]] Installation install() const noexcept { return Installation(*this); }

  /// The registry installed for this thread. Errors: UsageError if there is none.
  static const BackendRegistry& installed();

 private:
  std::map<std::string, Factory, std::less<>> factories_;
};

/// A new backend of that name, from the installed registry. Errors: as BackendRegistry::make.
std::unique_ptr<AsyncBackend> new_builtin_backend(std::string_view name);

/// That very backend (Util004). The caller keeps it alive.
std::shared_ptr<AsyncBackend> ensure_backend(AsyncBackend& backend) noexcept;
std::shared_ptr<AsyncBackend> ensure_backend(std::shared_ptr<AsyncBackend> backend);
/// A new backend of that name (Util005).
std::shared_ptr<AsyncBackend> ensure_backend(std::string_view name);
/// The backend whose loop runs on this thread (Util006). Errors: UsageError if no loop runs here (Util008).
std::shared_ptr<AsyncBackend> ensure_backend(std::nullopt_t);

}  // namespace concert
