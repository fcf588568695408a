// SPDX-License-Identifier: Apache-2.0
// The worker threads of a run of the model.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <thread>

#include "concert/backend.hpp"

namespace concert::model {

class ModelTask;
class Run;

/// Runs each job in a thread of its own, at most so many at one time; the others wait in line. Threads: the loop
/// thread.
class WorkerThreads {
 public:
  WorkerThreads(Run& run, std::size_t most_at_once) noexcept : run_(run), most_at_once_(most_at_once) {}
  WorkerThreads(const WorkerThreads&) = delete;
  WorkerThreads& operator=(const WorkerThreads&) = delete;
  /// Leaves alone what still runs: it reaches nothing but its job and the mailbox of the run.
  ~WorkerThreads();

  /// Suspends the current task until `job` has run or the wait is cancelled.
  void suspend(WaitPoint& point, const std::shared_ptr<ThreadJob>& job, AbandonOnCancel abandon);

 private:
  struct Call {
    std::shared_ptr<ThreadJob> job;
    ModelTask& caller;
    AbandonOnCancel abandon;
    bool has_run = false;
    bool is_cancelled = false;
  };

  void start_next();
  void give_up(Call& call);
  void has_ended(const std::shared_ptr<Call>& call, std::uint64_t thread_id);

  Run& run_;
  std::size_t most_at_once_;
  std::deque<std::shared_ptr<Call>> line_;
  std::map<std::uint64_t, std::thread> threads_;
  std::uint64_t next_thread_id_ = 0;
};

}  // namespace concert::model
