// SPDX-License-Identifier: Apache-2.0
// main() of every certifier: the author's list of backends, and all suites.
#include <gtest/gtest.h>

#include "backend_under_test.hpp"
#include "concert/harness/certifier.hpp"
#include "concert/suite/suite.hpp"

int main(int argc, char** argv) {
  using namespace concert::conformance;
  return certifier_main(argc, argv, Certifier{adapters_for<BackendsUnderTest>(), all_clause_tests()});
}
