// SPDX-License-Identifier: Apache-2.0
#include "stuck_worker.hpp"

#include "concert/asio.hpp"

int main() { return concert::runtime::testing::abandon_a_stuck_worker(*concert::asio_backend()); }
