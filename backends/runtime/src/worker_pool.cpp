// SPDX-License-Identifier: Apache-2.0
#include "worker_pool.hpp"

#include <iterator>
#include <utility>

#include "loop.hpp"

namespace concert::runtime {

WorkerJob::WorkerJob(std::shared_ptr<ThreadJob> job, TaskRecord& waiting, AbandonOnCancel abandon) noexcept
    : job_(std::move(job)), waiting_(&waiting), abandons_(abandon.value) {}

void WorkerJob::handle(Loop& loop) noexcept {
  if (waiting_ != nullptr) loop.complete(*waiting_, WaitPoint::Outcome::value);
}

WorkerPool::WorkerPool(std::size_t bound, std::shared_ptr<Inbox> inbox, std::chrono::milliseconds idle)
    : bound_(bound), idle_limit_(idle), inbox_(std::move(inbox)) {}

void WorkerPool::suspend_until_run(Loop& loop, WaitPoint& point, const std::shared_ptr<ThreadJob>& job,
                                   AbandonOnCancel abandon) {
  auto owned = std::make_unique<WorkerJob>(job, *loop.current(), abandon);
  point.state<JobWait>() = JobWait{this, owned.get()};
  submit(std::move(owned));
  // The end of the job is heard of in a later turn, so this is early enough.
  loop.park(point, abandon_job);
}

bool WorkerPool::abandon_job(Loop&, WaitPoint& point) noexcept {
  const JobWait& wait = point.state<JobWait>();
  if (wait.pool->withdraw(*wait.job)) return true;
  if (!wait.job->abandons_) return false;
  wait.job->waiting_ = nullptr;
  return true;
}

void WorkerPool::submit(std::unique_ptr<WorkerJob> job) {
  const std::lock_guard lock(mutex_);
  WorkerJob& queued = *job;
  queue_.push_back(std::move(job));
  queued.place_ = std::prev(queue_.end());
  queued.is_queued_ = true;
  const std::size_t idle = workers_.size() - busy_;
  if (queue_.size() > idle && workers_.size() < bound_) {
    try {
      start_worker();
    } catch (...) {
      // Otherwise the job waits for one of the others.
      if (workers_.empty()) {
        queue_.pop_back();
        throw;
      }
    }
  }
  changed_.notify_one();
}

void WorkerPool::start_worker() {
  const auto worker = workers_.emplace(workers_.end());
  try {
    worker->thread = std::thread([pool = shared_from_this(), worker] { pool->work(worker); });
  } catch (...) {
    workers_.erase(worker);
    throw;
  }
}

bool WorkerPool::withdraw(WorkerJob& job) noexcept {
  std::unique_ptr<WorkerJob> withdrawn;
  const std::lock_guard lock(mutex_);
  if (!job.is_queued_) return false;
  withdrawn = std::move(*job.place_);
  queue_.erase(job.place_);
  return true;
}

void WorkerPool::work(Workers::iterator self) noexcept {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait_for(lock, idle_limit_, [this] { return is_closed_ || !queue_.empty(); });
    if (is_closed_) return;
    if (queue_.empty()) {
      self->thread.detach();
      workers_.erase(self);
      return;
    }
    std::unique_ptr<WorkerJob> job = std::move(queue_.front());
    queue_.pop_front();
    job->is_queued_ = false;
    self->is_busy = true;
    ++busy_;
    lock.unlock();
    job->job_->run();
    job->job_.reset();
    lock.lock();
    // Before the loop hears of it: what comes next finds this thread idle.
    self->is_busy = false;
    --busy_;
    lock.unlock();
    inbox_->post(std::move(job));
    job.reset();
    lock.lock();
  }
}

void WorkerPool::close() noexcept {
  {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
    for (Worker& worker : workers_) {
      if (worker.is_busy) worker.thread.detach();
    }
  }
  changed_.notify_all();
  // Nobody changes the list any more.
  for (Worker& worker : workers_) {
    if (worker.thread.joinable()) worker.thread.join();
  }
}

std::size_t WorkerPool::threads() const {
  const std::lock_guard lock(mutex_);
  return workers_.size();
}

}  // namespace concert::runtime
