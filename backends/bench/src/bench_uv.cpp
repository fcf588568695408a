// SPDX-License-Identifier: Apache-2.0
#include <uv.h>

#include "concert/uv.hpp"
#include "scenarios.hpp"

namespace {

void raw_yield(long count) {
  uv_loop_t loop;
  uv_loop_init(&loop);
  uv_idle_t idle;
  uv_idle_init(&loop, &idle);
  idle.data = &count;
  uv_idle_start(&idle, [](uv_idle_t* handle) {
    if (--*static_cast<long*>(handle->data) == 0) uv_close(reinterpret_cast<uv_handle_t*>(handle), nullptr);
  });
  uv_run(&loop, UV_RUN_DEFAULT);
  uv_loop_close(&loop);
}

void raw_timers(const std::vector<long>& delays, const std::function<void()>& armed) {
  uv_loop_t loop;
  uv_loop_init(&loop);
  long fired = 0;
  std::vector<uv_timer_t> timers(delays.size());
  for (std::size_t i = 0; i < delays.size(); ++i) {
    uv_timer_init(&loop, &timers[i]);
    timers[i].data = &fired;
    uv_timer_start(
        &timers[i],
        [](uv_timer_t* timer) {
          ++*static_cast<long*>(timer->data);
          uv_close(reinterpret_cast<uv_handle_t*>(timer), nullptr);
        },
        static_cast<std::uint64_t>(delays[i]), 0);
  }
  armed();
  uv_run(&loop, UV_RUN_DEFAULT);
  uv_loop_close(&loop);
}

}  // namespace

int main(int argc, char** argv) {
  return concert::bench::bench_main(argc, argv, {"concert-uv", concert::uv_backend, raw_yield, raw_timers});
}
