// SPDX-License-Identifier: Apache-2.0
#include "interrupt.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>

namespace concert::command {

namespace {

// A signal handler has no other way to its data.
volatile int descriptor = -1;

void on_signal(int) {
  const int saved = errno;
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(descriptor, &one, sizeof one);
  errno = saved;
}

int catch_signals() {
  descriptor = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = static_cast<int>(SA_RESTART | SA_RESETHAND);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  return descriptor;
}

}  // namespace

int interruption() {
  static const int readable = catch_signals();
  return readable;
}

}  // namespace concert::command
