// SPDX-License-Identifier: Apache-2.0
#include "thread.hpp"

#include <utility>

#include "run.hpp"
#include "task.hpp"

namespace concert::model {

WorkerThreads::~WorkerThreads() {
  for (auto& [id, thread] : threads_) thread.detach();
}

void WorkerThreads::suspend(WaitPoint& point, const std::shared_ptr<ThreadJob>& job, AbandonOnCancel abandon) {
  const auto call = std::make_shared<Call>(Call{job, *run_.current, abandon});
  Wait wait;
  wait.point = &point;
  wait.is_over = [call] { return call->has_run; };
  // What a thread has done is not undone.
  wait.value_stands = true;
  wait.on_outcome = [this, call](bool cancelled) {
    if (cancelled) give_up(*call);
  };
  run_.block(std::move(wait));
  ++run_.awaited_jobs;
  bool& refused = run_.current->wait.cancelled_from_the_start;
  if (run_.broken("thread_call_ignores_earlier_requests")) refused = false;
  if (refused && !run_.broken("refused_function_runs_all_the_same")) return;
  if (run_.broken("line_cannot_be_left")) run_.current->wait.can_be_cancelled = abandon.value;
  line_.push_back(call);
  start_next();
}

/// Starts as many of the calls in line as there is room for.
void WorkerThreads::start_next() {
  while (!line_.empty() && threads_.size() < most_at_once_) {
    const std::shared_ptr<Call> call = std::move(line_.front());
    line_.pop_front();
    if (call->is_cancelled) continue;
    call->caller.wait.can_be_cancelled = call->abandon.value;
    const std::uint64_t id = next_thread_id_++;
    // The thread may outlive the run, and lets go of the job before anybody hears of its end: what the caller gets is
    // its own.
    auto work = [this, call, id, job = std::move(call->job), mailbox = run_.mailbox]() mutable {
      job->run();
      job.reset();
      mailbox->post([this, call, id] { has_ended(call, id); });
    };
    threads_.emplace(id, std::thread(std::move(work)));
  }
}

void WorkerThreads::give_up(Call& call) {
  if (!call.has_run) --run_.awaited_jobs;
  call.is_cancelled = true;
  const bool has_begun = !std::exchange(call.job, nullptr);
  if (!has_begun || !run_.broken("abandoned_function_gives_up_its_place")) return;
  ++most_at_once_;
  start_next();
}

void WorkerThreads::has_ended(const std::shared_ptr<Call>& call, std::uint64_t thread_id) {
  threads_.at(thread_id).join();
  threads_.erase(thread_id);
  call->has_run = true;
  if (!call->is_cancelled) {
    --run_.awaited_jobs;
    if (run_.broken("thread_call_eats_the_request")) forget_requests(call->caller.node);
    if (run_.broken("late_request_takes_the_value")) {
      call->caller.wait.cancelled_from_the_start = sees_cancellation(call->caller.node);
    }
  } else if (run_.broken("abandoned_function_keeps_its_place")) {
    --most_at_once_;
  } else if (run_.broken("abandoned_end_is_reported") && run_.on_unhandled_error) {
    run_.on_unhandled_error(std::make_exception_ptr(UsageError("nobody waits for this function")), "a worker thread");
  }
  start_next();
}

}  // namespace concert::model
