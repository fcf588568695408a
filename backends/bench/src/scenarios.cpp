// SPDX-License-Identifier: Apache-2.0
#include "scenarios.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <map>
#include <optional>

namespace concert::bench {

namespace {

using namespace std::chrono_literals;

struct Run {
  const Subject& subject;
  const Arguments& arguments;
  const Report report;
  const std::unique_ptr<AsyncBackend> backend = subject.make();
};

void expect(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "the benchmark did not do its work: %s\n", what);
  std::abort();
}

Coro<> count_one(long& counter) {
  ++counter;
  co_return;
}

void yield1(Run& run) {
  const long n = run.arguments.get("N", 2'000'000);
  double ours = 0;
  const auto main = [&]() -> Coro<> {
    const Stretch stretch;
    for (long i = 0; i < n; ++i) co_await run.backend->coro_yield();
    ours = stretch.end(run.report, static_cast<double>(n));
  };
  run.backend->bootstrap(main);
  const Stretch raw;
  run.subject.raw_yield(n);
  run.report.tell("x_raw_cpu", ours / raw.end(run.report, static_cast<double>(n), "raw_"));
}

void call(Run& run) {
  const long n = run.arguments.get("N", 2'000'000);
  long calls = 0;
  const auto main = [&]() -> Coro<> {
    const Stretch stretch;
    for (long i = 0; i < n; ++i) co_await count_one(calls);
    stretch.end(run.report, static_cast<double>(n));
  };
  run.backend->bootstrap(main);
  expect(calls == n, "call");
}

Coro<> groups(AsyncBackend& backend, long count, int children, long& calls) {
  for (long i = 0; i < count; ++i) {
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      for (int child = 0; child < children; ++child) tasks.start_soon(count_one, std::ref(calls));
      return Coro<>::ready();
    });
  }
}

void run_groups(Run& run, long count, int children) {
  long calls = 0;
  const double tasks = static_cast<double>(count) * children;
  const auto main = [&]() -> Coro<> {
    const Stretch stretch;
    co_await groups(*run.backend, count, children, calls);
    stretch.end(run.report, tasks);
  };
  run.backend->bootstrap(main);
  expect(calls == count * children, "groups");
}

void scope1(Run& run) { run_groups(run, run.arguments.get("N", 500'000), 1); }
void batch100(Run& run) { run_groups(run, run.arguments.get("N", 5'000), 100); }

Coro<> sleep_ms(AsyncBackend& backend, TimePoint start, long delay, long& woken) {
  co_await backend.sleep_until(start + std::chrono::milliseconds(delay));
  ++woken;
}

void timeout_scope(Run& run) {
  const long n = run.arguments.get("N", 1'000'000);
  const std::vector<long> others = delays_ms(static_cast<std::size_t>(run.arguments.get("B", 10'000)), 60'000, 600'000);
  long woken = 0;
  const auto main = [&]() -> Coro<> {
    AsyncBackend& backend = *run.backend;
    auto scope = backend.open_cancel_scope();
    auto group = backend.create_task_group();
    const auto measure = [&](TaskGroup& tasks) -> Coro<> {
      const TimePoint start = backend.current_time();
      for (const long delay : others) tasks.start_soon(sleep_ms, std::ref(backend), start, delay, std::ref(woken));
      co_await backend.sleep(1ms);
      const Stretch stretch;
      for (long i = 0; i < n; ++i) {
        auto limit = backend.move_on_after(30s);
        co_await limit.run([&] { return backend.coro_yield(); });
      }
      stretch.end(run.report, static_cast<double>(n));
      scope.cancel();
    };
    co_await scope.run([&] { return group.run(measure); });
  };
  run.backend->bootstrap(main);
  expect(woken == 0, "timeout_scope");
}

void timers(Run& run) {
  const auto n = static_cast<std::size_t>(run.arguments.get("N", 1'000'000));
  const long base = run.arguments.get("base", 4'000);
  const std::vector<long> delays = delays_ms(n, base, base + run.arguments.get("win", 1'000));
  const auto operations = static_cast<double>(n);
  const double before = peak_bytes();
  long woken = 0;
  double arm_cpu = 0;
  double fire_cpu = 0;
  const auto main = [&]() -> Coro<> {
    AsyncBackend& backend = *run.backend;
    std::optional<Stretch> stretch;
    auto group = backend.create_task_group();
    const TimePoint start = backend.current_time();
    const auto arm = [&](TaskGroup& tasks) -> Coro<> {
      stretch.emplace();
      for (const long delay : delays) tasks.start_soon(sleep_ms, std::ref(backend), start, delay, std::ref(woken));
      // Behind all of them: they sleep when this returns.
      co_await backend.coro_yield();
      arm_cpu = stretch->end(run.report, operations, "arm_");
      run.report.tell("arm_late", backend.current_time() > start + std::chrono::milliseconds(base) ? 1 : 0);
      stretch.emplace();
    };
    co_await group.run(arm);
    fire_cpu = stretch->end(run.report, operations, "fire_");
  };
  run.backend->bootstrap(main);
  expect(woken == static_cast<long>(n), "timers");
  run.report.tell("peak_bytes_timer", (peak_bytes() - before) / operations);

  std::optional<Stretch> raw(std::in_place);
  double raw_arm_cpu = 0;
  run.subject.raw_timers(delays, [&] {
    raw_arm_cpu = raw->end(run.report, operations, "raw_arm_");
    raw.emplace();
  });
  run.report.tell("x_raw_fire_cpu", fire_cpu / raw->end(run.report, operations, "raw_fire_"));
  run.report.tell("x_raw_arm_cpu", arm_cpu / raw_arm_cpu);
}

}  // namespace

int bench_main(int argc, char** argv, const Subject& subject) {
  const std::map<std::string, void (*)(Run&)> scenarios = {{"batch100", batch100}, {"call", call},
                                                           {"scope1", scope1},     {"timeout_scope", timeout_scope},
                                                           {"timers", timers},     {"yield1", yield1}};
  try {
    const Arguments arguments(argc, argv);
    if (arguments.scenario().empty()) {
      for (const auto& entry : scenarios) std::printf("%s\n", entry.first.c_str());
      return 0;
    }
    const auto found = scenarios.find(arguments.scenario());
    if (found == scenarios.end()) {
      std::fprintf(stderr, "no scenario is named '%s'; without arguments this program lists them\n",
                   arguments.scenario().c_str());
      return 2;
    }
    Run run{subject, arguments, Report(subject.name, arguments.scenario())};
    found->second(run);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}

}  // namespace concert::bench
