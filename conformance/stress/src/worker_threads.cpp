// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <thread>

#include "concert/stress/stress.hpp"

namespace concert::stress {

namespace {

constexpr std::size_t task_count = 64;
constexpr std::size_t jobs = 40'000;

/// What a function in a thread leaves behind; it may outlive the call.
struct Trace {
  std::atomic<int> runs{0};
};

struct Totals {
  std::size_t values = 0;
  std::size_t errors = 0;
  std::size_t cancelled = 0;
  std::size_t never_ran = 0;
};

class Job {
 public:
  Job(std::size_t number, std::minstd_rand& random)
      : number_(number),
        abandon_(random() % 2 == 0),
        fails_(random() % 4 == 0),
        work_(std::chrono::microseconds(random() % 30)),
        limit_(random() % 3 == 0 ? Seconds(std::chrono::microseconds(random() % 100)) : Seconds(3600)) {}

  Coro<> run(AsyncBackend& backend, Totals& totals, Faults& faults) {
    auto limit = backend.move_on_after(limit_);
    std::optional<std::size_t> value;
    bool failed = false;
    try {
      value = co_await limit.run([&] { return call(backend); });
    } catch (const std::runtime_error&) {
      failed = true;
    }
    const int runs = trace_->runs.load();
    if (value) {
      faults.require(*value == number_ && !fails_, "a value went to another call");
      faults.require(runs == 1, "a function that gave a value did not run once");
      ++totals.values;
    } else if (failed) {
      faults.require(fails_ && runs == 1, "an error went to another call");
      ++totals.errors;
    } else {
      faults.require(limit.cancelled_caught(), "a call ended without an outcome");
      faults.require(runs <= 1, "a cancelled function ran twice");
      faults.require(abandon_ || runs == 0, "a cancellation interrupted a function that had started");
      ++totals.cancelled;
      if (runs == 0) ++totals.never_ran;
    }
  }

 private:
  Coro<std::size_t> call(AsyncBackend& backend) {
    const auto function = [trace = trace_, number = number_, fails = fails_, work = work_] {
      ++trace->runs;
      std::this_thread::sleep_for(work);
      if (fails) throw std::runtime_error("as asked");
      return number;
    };
    co_return co_await backend.run_in_thread(AbandonOnCancel(abandon_), function);
  }

  std::size_t number_;
  bool abandon_;
  bool fails_;
  std::chrono::microseconds work_;
  Seconds limit_;
  std::shared_ptr<Trace> trace_ = std::make_shared<Trace>();
};

}  // namespace

std::string worker_threads(AsyncBackend& backend, const Settings& settings, Faults& faults) {
  Totals totals;
  std::size_t left = settings.scaled(jobs);
  std::minstd_rand random(static_cast<std::minstd_rand::result_type>(settings.seed));
  backend.bootstrap([&]() -> Coro<> {
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      for (std::size_t task = 0; task < task_count; ++task) {
        tasks.start_soon([&]() -> Coro<> {
          while (left > 0) {
            Job job(left--, random);
            co_await job.run(backend, totals, faults);
          }
        });
      }
      co_return;
    });
  });
  return fmt::format("{} values, {} errors, {} cancelled, {} of them before they began", totals.values, totals.errors,
                     totals.cancelled, totals.never_ran);
}

}  // namespace concert::stress
