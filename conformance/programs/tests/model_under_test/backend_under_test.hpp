// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <string_view>

#include "concert/mutants/mutants.hpp"

/// The model, as an author declares a backend.
struct ModelUnderTest {
  static constexpr std::string_view name = "model";
  static auto make() { return concert::conformance::model_adapter().make(); }
  static auto manifest() { return concert::conformance::model_adapter().manifest; }
  static auto runner_options(const concert::conformance::Schedule& schedule) {
    return concert::conformance::model_adapter().runner_options(schedule);
  }
};
using BackendsUnderTest = ::testing::Types<ModelUnderTest>;
