// SPDX-License-Identifier: Apache-2.0
// The worker threads of one run, and the wait for a function that runs in one of them.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <thread>

#include "concert/thread.hpp"
#include "inbox.hpp"

namespace concert::runtime {

class Loop;
class TaskRecord;

/// A function on its way: in the pool's line, then with a worker, then in the loop's inbox. One owner at a time.
class WorkerJob final : public Inbox::Item {
 public:
  WorkerJob(std::shared_ptr<ThreadJob> job, TaskRecord& waiting, AbandonOnCancel abandon) noexcept;
  /// Ends the wait of the task, if it still waits.
  void handle(Loop& loop) noexcept override;

 private:
  friend class WorkerPool;

  std::shared_ptr<ThreadJob> job_;
  /// Null once nobody waits. The loop thread's, unlike the rest.
  TaskRecord* waiting_;
  const bool abandons_;
  /// The place in line; under the pool's mutex, like this flag.
  std::list<std::unique_ptr<WorkerJob>>::iterator place_;
  bool is_queued_ = false;
};

/// Starts threads when jobs come and none is idle, up to a bound; idle threads end. A job that nobody waits for any
/// more counts until it has ended. Shared by its threads, since one that is stuck outlives the run.
class WorkerPool : public std::enable_shared_from_this<WorkerPool> {
 public:
  /// How long an idle thread waits for another job, in real time.
  static constexpr std::chrono::seconds idle_limit{10};

  WorkerPool(std::size_t bound, std::shared_ptr<Inbox> inbox, std::chrono::milliseconds idle = idle_limit);
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // ---- The loop thread ----

  /// Suspends the running task until `job` has run. Errors: std::system_error if there is no thread and none can be
  /// started; the task is not suspended then.
  void suspend_until_run(Loop& loop, WaitPoint& point, const std::shared_ptr<ThreadJob>& job, AbandonOnCancel abandon);
  /// The end of the run: idle threads end before this returns, and one that is inside a job when its job returns.
  void close() noexcept;
  /// The threads that there are, for tests.
  std::size_t threads() const;

 private:
  struct Worker {
    std::thread thread;
    bool is_busy = false;
  };
  using Workers = std::list<Worker>;
  /// The record of a wait.
  struct JobWait {
    WorkerPool* pool;
    WorkerJob* job;
  };

  static bool abandon_job(Loop& loop, WaitPoint& point) noexcept;
  void submit(std::unique_ptr<WorkerJob> job);
  void start_worker();
  /// Takes a job out of the line. Returns false if a worker has it, or had it.
  bool withdraw(WorkerJob& job) noexcept;
  void work(Workers::iterator self) noexcept;

  const std::size_t bound_;
  const std::chrono::milliseconds idle_limit_;
  const std::shared_ptr<Inbox> inbox_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::list<std::unique_ptr<WorkerJob>> queue_;
  Workers workers_;
  std::size_t busy_ = 0;
  bool is_closed_ = false;
};

}  // namespace concert::runtime
