// SPDX-License-Identifier: Apache-2.0
#include "interrupts.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <system_error>

#include "concert/errors.hpp"

namespace concert::runtime {

namespace {

constexpr int nobody = -1;
/// Signal handlers belong to the process, so this does too.
constinit std::atomic<int> watched{nobody};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler reads it");

extern "C" void on_signal(int) {
  const int saved_errno = errno;
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  const std::uint64_t one = 1;
  if (const int descriptor = watched.load(); descriptor != nobody) {
    // Nothing can be done about a failure here, and a full counter is readable anyway.
    [[maybe_unused]] const ssize_t written = write(descriptor, &one, sizeof(one));
  }
  errno = saved_errno;
}

}  // namespace

Interrupts::Interrupts() : descriptor_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (descriptor_ < 0) throw std::system_error(errno, std::system_category(), "eventfd for the signals of a run");
  int expected = nobody;
  if (!watched.compare_exchange_strong(expected, descriptor_)) {
    close(descriptor_);
    throw UsageError("cancel_on_signals: another run of this process has the signals; set the option for one run only");
  }
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  // The second of two quick signals must find the default action, not this handler once more.
  sigaddset(&action.sa_mask, SIGINT);
  sigaddset(&action.sa_mask, SIGTERM);
  sigaction(SIGINT, &action, &former_int_);
  sigaction(SIGTERM, &action, &former_term_);
}

Interrupts::~Interrupts() {
  sigaction(SIGINT, &former_int_, nullptr);
  sigaction(SIGTERM, &former_term_, nullptr);
  watched.store(nobody);
  close(descriptor_);
}

}  // namespace concert::runtime
