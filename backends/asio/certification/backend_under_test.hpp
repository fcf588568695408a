// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/version.hpp>

#include <string>

#include "concert/asio.hpp"
#include "runtime_under_test.hpp"

struct BackendOnAsio {
  static constexpr std::string_view name = "asio";
  static auto make() { return concert::asio_backend(); }
  static auto manifest() {
    return concert::conformance::runtime_manifest("Boost.Asio " + std::to_string(BOOST_VERSION / 100000) + "." +
                                                  std::to_string(BOOST_VERSION / 100 % 1000));
  }
  static auto runner_options(const concert::conformance::Schedule& schedule) {
    return concert::conformance::runtime_options(schedule);
  }
};
using BackendsUnderTest = ::testing::Types<BackendOnAsio>;
