// SPDX-License-Identifier: Apache-2.0
// main() of every stress executable: the author's list of backends, and all scenarios.
#include <gtest/gtest.h>

#include "backend_under_test.hpp"
#include "concert/stress/stress.hpp"

int main(int argc, char** argv) {
  using concert::conformance::adapters_for;
  return concert::stress::stress_main(adapters_for<BackendsUnderTest>(), argc, argv);
}
