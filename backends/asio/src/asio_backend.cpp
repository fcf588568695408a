// SPDX-License-Identifier: Apache-2.0
#include "concert/asio.hpp"

#include "asio_port.hpp"
#include "concert/runtime/runtime_backend.hpp"

namespace concert {

namespace {

class AsioBackend final : public runtime::RuntimeBackend {
 public:
  std::string_view name() const noexcept override { return "asio"; }

 protected:
  std::unique_ptr<runtime::LoopPort> make_port(RunnerOptionReader& options) override {
    return std::make_unique<asio_detail::AsioPort>(
        options.get_or<boost::asio::io_context*>("io_context", nullptr, "a boost::asio::io_context*"));
  }
};

}  // namespace

std::unique_ptr<AsyncBackend> asio_backend() { return std::make_unique<AsioBackend>(); }

}  // namespace concert
