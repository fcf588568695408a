// SPDX-License-Identifier: Apache-2.0
#include "concert/harness/requests.hpp"

#include <optional>

namespace concert::conformance {

std::string_view name_of(Source source) {
  switch (source) {
    case Source::scope: return "scope";
    case Source::deadline: return "deadline";
    case Source::outer_scope: return "outer scope";
    case Source::group: return "group";
    case Source::task: return "task";
  }
  return "?";
}

namespace detail {

namespace {
/// Ends the group around the work.
struct EndOfTheGroup {};
}  // namespace

/// `deadline` is that of the inner scope from its beginning.
static Coro<Aftermath> run_with(AsyncBackend& backend, Source source, TimePoint deadline,
                                const std::function<Coro<>()>& moment, const std::function<Coro<>()>& work) {
  auto outer = backend.open_cancel_scope();
  auto inner = backend.open_cancel_scope(deadline);
  const auto in_scopes = [&]() -> Coro<> { co_await outer.run([&] { return inner.run(work); }); };
  std::optional<Task<void>> worker;
  auto group = backend.create_task_group();
  try {
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      worker = co_await tasks.start(in_scopes);
      co_await moment();
      if (source == Source::scope) inner.cancel();
      if (source == Source::deadline && deadline == never) inner.reschedule(backend.current_time());
      if (source == Source::outer_scope) outer.cancel();
      if (source == Source::task) worker->cancel();
      if (source == Source::group) throw EndOfTheGroup();
    });
  } catch (const EndOfTheGroup&) {
  }
  const CancelScope& scope = source == Source::outer_scope ? outer : inner;
  Aftermath aftermath{scope.cancel_called(), scope.cancelled_caught(), false};
  if (worker) aftermath.task_cancelled = worker->cancelled();
  co_return aftermath;
}

Coro<Aftermath> run_with_request(AsyncBackend& backend, Source source, Seconds after, std::function<Coro<>()> work) {
  const TimePoint deadline = source == Source::deadline ? backend.current_time() + after : never;
  const std::function<Coro<>()> moment = [&]() -> Coro<> { co_await backend.sleep(after); };
  co_return co_await run_with(backend, source, deadline, moment, work);
}

Coro<Aftermath> run_with_request_at(AsyncBackend& backend, Source source, std::function<Coro<>()> moment,
                                    std::function<Coro<>()> work) {
  co_return co_await run_with(backend, source, never, moment, work);
}

}  // namespace detail

}  // namespace concert::conformance
