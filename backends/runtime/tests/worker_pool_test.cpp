// SPDX-License-Identifier: Apache-2.0
#include "worker_pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <thread>

#include "loop.hpp"
#include "manual_backend.hpp"

namespace concert::runtime::testing {
namespace {

using namespace std::chrono_literals;

/// Something that workers wait for, in real time.
class Gate {
 public:
  void open() noexcept {
    is_open_ = true;
    is_open_.notify_all();
  }
  bool is_open() const noexcept { return is_open_; }
  void pass() const noexcept { is_open_.wait(false); }

 private:
  std::atomic<bool> is_open_ = false;
};

/// Lets the tasks and the loop go on until `holds`, in real time.
template <class Condition>
Coro<> until(AsyncBackend& backend, Condition holds) {
  while (!holds()) {
    std::this_thread::yield();
    co_await backend.cancel_shielded_coro_yield();
  }
}

TEST(WorkerPool, RunsFunctionsInOtherThreadsWhileTasksGoOn) {
  ThreadedBackend backend;
  const auto main = [&]() -> Coro<> {
    Gate gate;
    bool went_on = false;
    const auto loop_thread = std::this_thread::get_id();
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      tasks.start_soon([&]() -> Coro<> {
        went_on = true;
        gate.open();
        co_return;
      });
      const int value = co_await backend.run_in_thread([&] {
        gate.pass();
        EXPECT_NE(std::this_thread::get_id(), loop_thread);
        EXPECT_EQ(AsyncBackend::running(), nullptr);
        EXPECT_THROW(backend.current_time(), UsageError);
        return 7;
      });
      EXPECT_EQ(value, 7);
      EXPECT_TRUE(went_on);
    });
    const std::string failure = co_await outcome_of(backend.run_in_thread([] { throw std::runtime_error("mine"); }));
    EXPECT_EQ(failure, "mine");
  };
  backend.bootstrap(main);
}

TEST(WorkerPool, ARequestThatIsPendingKeepsTheFunctionFromRunning) {
  ThreadedBackend backend;
  std::atomic<bool> ran = false;
  const auto main = [&]() -> Coro<> {
    auto scope = backend.open_cancel_scope();
    scope.cancel();
    const auto run = [&] { ran = true; };
    co_await scope.run([&]() { return backend.run_in_thread(run); });
    EXPECT_TRUE(scope.cancelled_caught());
    // A deadline that has come, but that nobody has looked for.
    auto late = backend.move_on_after(1s);
    co_await late.run([&]() -> Coro<> {
      backend.spend(2s);
      co_await backend.run_in_thread(AbandonOnCancel(true), run);
    });
    EXPECT_TRUE(late.cancelled_caught());
  };
  backend.bootstrap(main);
  EXPECT_FALSE(ran);
}

TEST(WorkerPool, ARunningFunctionIsAwaitedAndTheRequestStaysPending) {
  ThreadedBackend backend;
  const auto main = [&]() -> Coro<> {
    Gate gate;
    std::atomic<bool> began = false;
    auto scope = backend.open_cancel_scope();
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      tasks.start_soon([&]() -> Coro<> {
        co_await until(backend, [&] { return began.load(); });
        scope.cancel();
        co_await backend.coro_yield();
        gate.open();
      });
      int value = 0;
      co_await scope.run([&]() -> Coro<> {
        value = co_await backend.run_in_thread([&] {
          began = true;
          gate.pass();
          return 3;
        });
        const std::string next = co_await outcome_of(backend.coro_yield());
        EXPECT_EQ(next, "Cancelled");
      });
      EXPECT_EQ(value, 3);
    });
  };
  backend.bootstrap(main);
}

TEST(WorkerPool, AnAbandonedFunctionCountsUntilItEndsAndAQueuedOneNeverRuns) {
  ThreadedBackend backend;
  // Shared with the abandoned function, which may outlive this test.
  struct Shared {
    Gate gate;
    std::atomic<int> began = 0;
  };
  const auto shared = std::make_shared<Shared>();
  std::atomic<bool> queued_ran = false;
  const auto main = [&]() -> Coro<> {
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      const auto stuck = [&](bool abandons) {
        const auto pass = [shared] {
          ++shared->began;
          shared->gate.pass();
        };
        return backend.run_in_thread(AbandonOnCancel(abandons), pass);
      };
      const auto first = co_await tasks.start(stuck, true);
      const auto second = co_await tasks.start(stuck, false);
      co_await until(backend, [&] { return shared->began == 2; });
      for (const bool abandons : {true, false}) {
        const auto queued = co_await tasks.start(
            [&](bool mode) { return backend.run_in_thread(AbandonOnCancel(mode), [&] { queued_ran = true; }); },
            abandons);
        queued.cancel();
        co_await backend.coro_yield();
        EXPECT_TRUE(queued.cancelled());
      }
      first.cancel();
      second.cancel();
      co_await backend.coro_yield();
      EXPECT_TRUE(first.cancelled());
      EXPECT_FALSE(second.done());
      const auto third = co_await tasks.start([&]() { return backend.run_in_thread([] {}); });
      co_await backend.coro_yield();
      EXPECT_FALSE(third.done()) << "both threads are busy";
      shared->gate.open();
      co_await third.wait();
    });
    EXPECT_FALSE(queued_ran);
  };
  backend.bootstrap(RunnerOptions().set("worker_threads", std::size_t{2}), main);
  EXPECT_EQ(shared->began, 2);
}

TEST(WorkerPool, TheRunEndsWithoutAFunctionThatIsStuck) {
  const auto gate = std::make_shared<Gate>();
  const auto gone = std::make_shared<Gate>();
  bool caught = false;
  {
    ThreadedBackend backend;
    const auto main = [&]() -> Coro<> {
      const auto began = std::make_shared<std::atomic<bool>>(false);
      auto scope = backend.open_cancel_scope();
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        tasks.start_soon([&]() -> Coro<> {
          co_await until(backend, [&] { return began->load(); });
          scope.cancel();
        });
        const auto stuck = [gate, began](const std::shared_ptr<void>&) {
          *began = true;
          gate->pass();
          throw std::runtime_error("for nobody");
        };
        // Destroyed with the arguments of the function.
        std::shared_ptr<void> token(nullptr, [gone](void*) { gone->open(); });
        const auto call = [&]() { return backend.run_in_thread(AbandonOnCancel(true), stuck, std::move(token)); };
        co_await scope.run(call);
      });
      caught = scope.cancelled_caught();
    };
    backend.bootstrap(main);
  }
  EXPECT_TRUE(caught);
  EXPECT_FALSE(gone->is_open());
  gate->open();
  gone->pass();
}

TEST(WorkerPool, AThreadIsUsedAgain) {
  ThreadedBackend backend;
  const auto main = [&]() -> Coro<> {
    const auto id = [] { return std::this_thread::get_id(); };
    const auto first = co_await backend.run_in_thread(id);
    for (int i = 0; i < 20; ++i) {
      const auto next = co_await backend.run_in_thread(id);
      EXPECT_EQ(next, first);
    }
  };
  backend.bootstrap(main);
}

/// Awaits the end of a job in a pool.
class JobEnd {
 public:
  JobEnd(WorkerPool& pool, const std::shared_ptr<ThreadJob>& job) noexcept : pool_(pool), job_(job) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    point_.waiter = waiter;
    pool_.suspend_until_run(*Loop::here(), point_, job_, AbandonOnCancel(false));
  }
  void await_resume() const { point_.finish(); }

 private:
  WorkerPool& pool_;
  const std::shared_ptr<ThreadJob>& job_;
  WaitPoint point_;
};

struct CountingJob final : ThreadJob {
  void run() noexcept override { ++runs; }
  int runs = 0;
};

TEST(WorkerPool, IdleThreadsEnd) {
  ThreadedBackend backend;
  const auto main = [&]() -> Coro<> {
    const auto pool = std::make_shared<WorkerPool>(2, Loop::here()->inbox(), 1ms);
    for (int i = 0; i < 3; ++i) {
      const auto job = std::make_shared<CountingJob>();
      const std::shared_ptr<ThreadJob> untyped = job;
      co_await JobEnd(*pool, untyped);
      EXPECT_EQ(job->runs, 1);
      co_await until(backend, [&] { return pool->threads() == 0; });
    }
    pool->close();
  };
  backend.bootstrap(main);
}

TEST(WorkerPool, ABoundOfZeroIsRefused) {
  ManualBackend backend;
  const auto main = []() -> Coro<> { co_return; };
  EXPECT_THROW(backend.bootstrap(RunnerOptions().set("worker_threads", std::size_t{0}), main), std::invalid_argument);
  EXPECT_THROW(backend.bootstrap(RunnerOptions().set("worker_threads", -1), main), std::invalid_argument);
}

}  // namespace
}  // namespace concert::runtime::testing
