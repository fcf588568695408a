// SPDX-License-Identifier: Apache-2.0
#include "concert/harness/gate.hpp"

namespace concert::conformance {

bool Gate::wait() {
  std::unique_lock lock(mutex_);
  ++arrivals_;
  if (is_open_) return true;
  ++blocked_;
  under_way_.pause();
  // In real time, also on the thread of a loop, where only a broken backend calls this.
  const auto limit = real_now() + patience;
  while (!is_open_ && real_now() < limit) opened_.wait_until(lock, limit);
  if (!is_open_) {
    timed_out_ = true;
    --blocked_;
    under_way_.go_on();
  }
  return is_open_;
}

void Gate::open() {
  const std::lock_guard lock(mutex_);
  is_open_ = true;
  // Here and not by those who wake: between the two the clock would jump.
  for (; blocked_ > 0; --blocked_) under_way_.go_on();
  opened_.notify_all();
}

std::size_t Gate::arrivals() const {
  const std::lock_guard lock(mutex_);
  return arrivals_;
}

bool Gate::timed_out() const {
  const std::lock_guard lock(mutex_);
  return timed_out_;
}

void SharedLog::operator()(std::string entry) {
  const std::lock_guard lock(mutex_);
  entries_.push_back(std::move(entry));
}

std::vector<std::string> SharedLog::entries() const {
  const std::lock_guard lock(mutex_);
  return entries_;
}

}  // namespace concert::conformance
