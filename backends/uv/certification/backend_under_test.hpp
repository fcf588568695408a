// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <uv.h>

#include <string>

#include "concert/uv.hpp"
#include "runtime_under_test.hpp"

struct BackendOnUv {
  static constexpr std::string_view name = "uv";
  static auto make() { return concert::uv_backend(); }
  static auto manifest() { return concert::conformance::runtime_manifest(std::string("libuv ") + uv_version_string()); }
  static auto runner_options(const concert::conformance::Schedule& schedule) {
    return concert::conformance::runtime_options(schedule);
  }
};
using BackendsUnderTest = ::testing::Types<BackendOnUv>;
