// SPDX-License-Identifier: Apache-2.0
#include "concert/uv.hpp"

#include "concert/runtime/runtime_backend.hpp"
#include "uv_port.hpp"

namespace concert {

namespace {

class UvBackend final : public runtime::RuntimeBackend {
 public:
  std::string_view name() const noexcept override { return "uv"; }

 protected:
  std::unique_ptr<runtime::LoopPort> make_port(RunnerOptionReader& options) override {
    return std::make_unique<uv_detail::UvPort>(options.get_or<uv_loop_t*>("loop", nullptr, "a uv_loop_t*"));
  }
};

}  // namespace

std::unique_ptr<AsyncBackend> uv_backend() { return std::make_unique<UvBackend>(); }

}  // namespace concert
