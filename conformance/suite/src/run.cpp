// SPDX-License-Identifier: Apache-2.0
// Tests of spec/clauses/run.md.
#include <stdexcept>

#include "concert/suite/suite.hpp"

namespace concert::conformance {

namespace {

using namespace std::chrono_literals;

void bootstrap_drives_the_function_to_its_end(Trial& t) {
  Log log;
  int result = 0;
  const auto failure = t.call([&] {
    result = t.backend().bootstrap(t.runner_options(), [&]() -> Coro<int> {
      for (int step = 0; step < 3; ++step) {
        co_await t.backend().sleep(10ms);
        log("step");
      }
      co_return 42;
    });
    log("returned");
  });
  t.witness("suspensions inside bootstrap", log.count("step"));
  t.expect_no_failure("no-failure", failure);
  t.expect_equal("result", 42, result);
  t.expect_equal("order", Log{"step", "step", "step", "returned"}, log);
}

void a_nested_bootstrap_is_refused(Trial& t) {
  Log log;
  std::exception_ptr same;
  std::exception_ptr other;
  const auto second = t.make_backend();
  const auto inner = [&]() -> Coro<> {
    log("inner ran");
    co_return;
  };
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    try {
      backend.bootstrap(inner);
    } catch (...) {
      same = std::current_exception();
    }
    try {
      second->bootstrap(inner);
    } catch (...) {
      other = std::current_exception();
    }
    t.witness("bootstrap called inside a loop", 2);
    co_await backend.sleep(10ms);
    log("outer went on");
  });
  t.expect_failure<UsageError>("same-backend", same);
  t.expect_failure<UsageError>("other-backend", other);
  t.expect_equal("undisturbed", Log{"outer went on"}, log);
  t.expect_no_failure("no-failure", failure);
}

}  // namespace

ClauseTests run_tests() {
  return {
      {clause::Run001, "BootstrapDrivesTheFunctionToItsEnd", bootstrap_drives_the_function_to_its_end},
      {clause::Run004, "ANestedBootstrapIsRefused", a_nested_bootstrap_is_refused},
  };
}

}  // namespace concert::conformance
