// SPDX-License-Identifier: Apache-2.0
#include "measure.hpp"

#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <random>
#include <stdexcept>

namespace {
constinit thread_local std::uint64_t allocation_count = 0;
constinit thread_local std::uint64_t allocated_bytes = 0;

void count(std::size_t size) noexcept {
  ++allocation_count;
  allocated_bytes += size;
}
}  // namespace

// malloc itself, because Asio allocates by aligned_alloc, libuv by malloc and C++ by operator new.
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);

void* malloc(std::size_t size) noexcept {
  count(size);
  return __libc_malloc(size);
}
void* calloc(std::size_t members, std::size_t size) noexcept {
  count(members * size);
  return __libc_calloc(members, size);
}
void* realloc(void* block, std::size_t size) noexcept {
  count(size);
  return __libc_realloc(block, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  count(size);
  return __libc_memalign(alignment, size);
}
}

namespace concert::bench {

namespace {
std::uint64_t nanoseconds(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(time.tv_nsec);
}
}  // namespace

Arguments::Arguments(int argc, char** argv) {
  if (argc > 1) scenario_ = argv[1];
  for (int i = 2; i < argc; ++i) {
    const std::string text = argv[i];
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos) throw std::invalid_argument("expected key=value, got '" + text + "'");
    values_[text.substr(0, equals)] = std::stol(text.substr(equals + 1));
  }
}

long Arguments::get(std::string_view key, long fallback) const {
  const auto found = values_.find(key);
  return found == values_.end() ? fallback : found->second;
}

void Report::tell(std::string_view metric, double value) const {
  std::printf("{\"impl\":\"%s\",\"scn\":\"%s\",\"metric\":\"%.*s\",\"v\":%.6g}\n", implementation_.c_str(),
              scenario_.c_str(), static_cast<int>(metric.size()), metric.data(), value);
  std::fflush(stdout);
}

Stretch::Stretch()
    : allocations_(allocation_count),
      bytes_(allocated_bytes),
      cpu_ns_(nanoseconds(CLOCK_PROCESS_CPUTIME_ID)),
      wall_ns_(nanoseconds(CLOCK_MONOTONIC)) {}

double Stretch::end(const Report& report, double operations, std::string_view prefix) const {
  const std::uint64_t wall = nanoseconds(CLOCK_MONOTONIC) - wall_ns_;
  const std::uint64_t cpu = nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_ns_;
  const std::uint64_t allocations = allocation_count - allocations_;
  const std::uint64_t bytes = allocated_bytes - bytes_;
  const auto tell = [&](const char* metric, std::uint64_t total) {
    report.tell(std::string(prefix) + metric, static_cast<double>(total) / operations);
  };
  tell("ns_op", wall);
  tell("cpu_ns_op", cpu);
  tell("allocs_op", allocations);
  tell("bytes_op", bytes);
  return static_cast<double>(cpu) / operations;
}

double peak_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024;
}

std::vector<long> delays_ms(std::size_t count, long least, long most) {
  std::mt19937 random(12345);
  std::uniform_int_distribution<long> delay(least, most);
  std::vector<long> delays(count);
  for (long& each : delays) each = delay(random);
  return delays;
}

}  // namespace concert::bench
