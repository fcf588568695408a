// SPDX-License-Identifier: Apache-2.0
#include "concert/stress/stress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <thread>

#include "concert/harness/command_line.hpp"

namespace concert::stress {

void Faults::add(std::string what) {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(faults_, what, &Fault::what);
  if (found == faults_.end()) {
    faults_.push_back({std::move(what), 1});
  } else {
    ++found->times;
  }
}

bool Faults::none() const {
  const std::lock_guard lock(mutex_);
  return faults_.empty();
}

std::vector<std::string> Faults::lines() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> lines;
  for (const Fault& fault : faults_) lines.push_back(fmt::format("{} times: {}", fault.times, fault.what));
  return lines;
}

std::size_t Settings::scaled(std::size_t full) const {
  return std::max<std::size_t>(1, static_cast<std::size_t>(static_cast<double>(full) * scale));
}

const std::vector<Scenario>& scenarios() {
  static const std::vector<Scenario> all = {
      {"portal_calls", "8 threads make 50,000 portal calls each, mixed with cancels", portal_calls},
      {"portal_exit", "2,000 portals exit while 4 threads are still calling", portal_exit},
      {"worker_threads", "64 tasks have 40,000 functions run in threads, many of them cancelled", worker_threads},
  };
  return all;
}

namespace {

using conformance::Arguments;
using conformance::BadUsage;
using conformance::parse_number;

/// Ends the process if the scenario does not end: a hang is what this tier is for.
class Watchdog {
 public:
  Watchdog(std::string what, std::chrono::seconds limit)
      : thread_([this, what = std::move(what), limit] {
          std::unique_lock lock(mutex_);
          if (over_.wait_for(lock, limit, [this] { return is_over_; })) return;
          fmt::print(stderr, "{}: hung: not over after {} s\n", what, limit.count());
          std::fflush(stderr);
          std::_Exit(1);
        }) {}
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  ~Watchdog() {
    {
      const std::lock_guard lock(mutex_);
      is_over_ = true;
    }
    over_.notify_all();
    thread_.join();
  }

 private:
  std::mutex mutex_;
  std::condition_variable over_;
  bool is_over_ = false;
  std::thread thread_;
};

struct Request {
  Settings settings;
  std::chrono::seconds limit{600};
  std::vector<std::string_view> names;
  bool list = false;
};

Request parse(Arguments arguments) {
  Request request;
  while (!arguments.at_end()) {
    const std::string_view option = arguments.next();
    const auto value = [&] { return arguments.value(option); };
    if (option == "--list") {
      request.list = true;
    } else if (option == "--seed") {
      request.settings.seed = parse_number<std::uint64_t>(option, value(), 0);
    } else if (option == "--scale") {
      request.settings.scale = parse_number(option, value(), 1e-6);
    } else if (option == "--limit") {
      request.limit = std::chrono::seconds(parse_number(option, value(), 1));
    } else if (option.starts_with("-")) {
      throw BadUsage(fmt::format(
          "unknown option '{}'; usage: [--list] [--seed N] [--scale X] [--limit SECONDS] [SCENARIO]...", option));
    } else if (std::ranges::find(scenarios(), option, &Scenario::name) == scenarios().end()) {
      throw BadUsage(fmt::format("unknown scenario '{}'; see --list", option));
    } else {
      request.names.push_back(option);
    }
  }
  return request;
}

bool run_scenario(const conformance::BackendAdapter& adapter, const Scenario& scenario, const Request& request) {
  const std::string name = fmt::format("{}: {}", adapter.name, scenario.name);
  const Watchdog watchdog(name, request.limit);
  Faults faults;
  std::string summary;
  const auto start = std::chrono::steady_clock::now();
  try {
    summary = scenario.run(*adapter.make(), request.settings, faults);
  } catch (...) {
    faults.add("the scenario ended with " + describe(std::current_exception()));
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  fmt::print("{}: {} ({}; seed {}, {:.1f} s)\n", name, faults.none() ? "no fault" : "FAULTS", summary,
             request.settings.seed, took.count());
  for (const std::string& line : faults.lines()) fmt::print("  {}\n", line);
  std::fflush(stdout);
  return faults.none();
}

}  // namespace

int stress_main(const std::vector<conformance::BackendAdapter>& backends, int argc, char** argv) {
  try {
    const Request request = parse(Arguments(argc, argv));
    if (request.list) {
      for (const Scenario& scenario : scenarios()) fmt::print("{}: {}\n", scenario.name, scenario.does);
      return 0;
    }
    bool sound = true;
    for (const conformance::BackendAdapter& backend : backends) {
      for (const Scenario& scenario : scenarios()) {
        const bool chosen =
            request.names.empty() || std::ranges::find(request.names, scenario.name) != request.names.end();
        if (chosen) sound = run_scenario(backend, scenario, request) && sound;
      }
    }
    return sound ? 0 : 1;
  } catch (const BadUsage& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 2;
  }
}

}  // namespace concert::stress
