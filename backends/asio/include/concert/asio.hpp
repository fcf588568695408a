// SPDX-License-Identifier: Apache-2.0
// The backend on Boost.Asio.
#pragma once

#include <memory>

#include "concert/backend.hpp"

namespace concert {

/// A new backend on Boost.Asio.
/// Runner options, beside those of concert/runtime (`order_seed`, `on_unhandled_error`, `cancel_on_signals`):
/// - `io_context` (boost::asio::io_context*): runs on that one, which no other thread may run meanwhile. Other work on
/// it
///   goes on beside the run; what is pending when the main task ends stays pending. A handler of that work that throws
///   is reported to `on_unhandled_error`. Default: a new one for each run.
std::unique_ptr<AsyncBackend> asio_backend();

}  // namespace concert
