// SPDX-License-Identifier: Apache-2.0
// main() of every executable that runs generated programs: the author's list of backends.
#include <gtest/gtest.h>

#include "backend_under_test.hpp"
#include "concert/programs/programs_main.hpp"

int main(int argc, char** argv) {
  return concert::programs::programs_main({concert::conformance::adapters_for<BackendsUnderTest>()}, argc, argv);
}
