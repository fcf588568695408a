// SPDX-License-Identifier: Apache-2.0
// How the suite sees a backend: what an author writes (a struct), and the erased form that the harness uses.
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "concert/backend.hpp"
#include "concert/harness/backend_finder.hpp"
#include "concert/harness/manifest.hpp"
#include "concert/harness/schedule.hpp"

namespace concert::conformance {

/// What a backend author writes for the suite, in backend_under_test.hpp:
///
///     struct AsioUnderTest {
///       static constexpr std::string_view name = "asio";
///       static std::unique_ptr<concert::AsyncBackend> make() { return concert::asio_backend(); }
///       static concert::conformance::Manifest manifest();
///       static concert::RunnerOptions runner_options(const concert::conformance::Schedule&);   // may be absent
///       static concert::RunnerOptions observable_option(bool& effect_seen);                    // may be absent
///     };
///     using BackendsUnderTest = ::testing::Types<AsioUnderTest>;
template <class B>
concept BackendUnderTest = requires {
  { B::name } -> std::convertible_to<std::string_view>;
  { B::make() } -> std::convertible_to<std::unique_ptr<AsyncBackend>>;
  { B::manifest() } -> std::convertible_to<Manifest>;
};

/// The same, erased.
struct BackendAdapter {
  std::string name;
  std::function<std::unique_ptr<AsyncBackend>()> make;
  Manifest manifest;
  /// The runner options that make the backend follow a schedule.
  std::function<RunnerOptions(const Schedule&)> runner_options;
  /// Uses up time on the backend's clock inside a task, without a checkpoint; empty: the virtual clock does it.
  std::function<void(Seconds)> spend;
  /// Checks of the scheduler's idleness: how often the loop has polled or stepped; empty: the virtual clock counts.
  std::function<std::size_t()> turns;
  /// An option whose effect can be seen (Run005): in a run that is given the result, `effect_seen` becomes true again
  /// and again, at the latest each time that several tasks become ready together; in other runs it does not change.
  /// Empty: the suite looks whether `runner_options` changes the order of ready tasks.
  std::function<RunnerOptions(bool& effect_seen)> observable_option{};
  /// How programs find a backend (Util001 to Util010).
  BackendFinder finder{};
};

template <class B>
BackendAdapter adapter_for() {
  static_assert(
      requires {
        { B::name } -> std::convertible_to<std::string_view>;
      },
      "a backend under test needs: static constexpr std::string_view name = \"...\";");
  static_assert(
      requires {
        { B::make() } -> std::convertible_to<std::unique_ptr<AsyncBackend>>;
      },
      "a backend under test needs: static std::unique_ptr<concert::AsyncBackend> make();");
  static_assert(
      requires {
        { B::manifest() } -> std::convertible_to<Manifest>;
      },
      "a backend under test needs: static concert::conformance::Manifest manifest();");
  BackendAdapter adapter{std::string(B::name), [] { return B::make(); }, B::manifest(), {}, {}, {}};
  if constexpr (requires(const Schedule& schedule) {
                  { B::runner_options(schedule) } -> std::convertible_to<RunnerOptions>;
                }) {
    adapter.runner_options = [](const Schedule& schedule) { return B::runner_options(schedule); };
  }
  if constexpr (requires(bool& seen) {
                  { B::observable_option(seen) } -> std::convertible_to<RunnerOptions>;
                }) {
    adapter.observable_option = [](bool& seen) { return B::observable_option(seen); };
  }
  return adapter;
}

namespace detail {
template <class List>
struct AdaptersOf;
template <template <class...> class List, class... B>
struct AdaptersOf<List<B...>> {
  static std::vector<BackendAdapter> make() { return {adapter_for<B>()...}; }
};
}  // namespace detail

/// The adapters for a list of types such as ::testing::Types<A, B>.
template <class List>
std::vector<BackendAdapter> adapters_for() {
  return detail::AdaptersOf<List>::make();
}

}  // namespace concert::conformance
