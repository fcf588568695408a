// SPDX-License-Identifier: Apache-2.0
// The backend on libuv.
#pragma once

#include <memory>

#include "concert/backend.hpp"

namespace concert {

/// A new backend on libuv.
/// Runner options, beside those of concert/runtime (`order_seed`, `on_unhandled_error`, `cancel_on_signals`):
/// - `loop` (uv_loop_t*): runs on that one, which must not be running. Other work on it goes on beside the run; what is
///   pending when the main task ends stays pending. Default: a new one for each run.
std::unique_ptr<AsyncBackend> uv_backend();

}  // namespace concert
