// SPDX-License-Identifier: Apache-2.0
#include "concert/harness/start_order.hpp"

#include <algorithm>
#include <numeric>

namespace concert::conformance {

namespace {
/// With ten things, one run in 3.6 million shows the order of the positions by chance.
constexpr int things = 10;
constexpr int runs = 12;
}  // namespace

void expect_start_order(Trial& trial, bool is_ordered, const BeginMany& begin_many) {
  std::vector<int> by_position(things);
  std::iota(by_position.begin(), by_position.end(), 0);
  if (is_ordered) {
    std::vector<int> begun;
    const auto failure = trial.run([&](AsyncBackend& backend) { return begin_many(backend, things, begun); });
    trial.witness("begun in one step", begun.size());
    trial.expect_equal("order", by_position, begun);
    trial.expect_no_failure("no-failure", failure);
    return;
  }
  bool other_order_seen = false;
  for (int n = 0; n < runs; ++n) {
    std::vector<int> begun;
    const Schedule schedule = Schedule::nth(static_cast<std::uint64_t>(n), n);
    const auto backend = trial.make_backend();
    const auto& options_for = trial.adapter().runner_options;
    const RunnerOptions options = options_for ? options_for(schedule) : RunnerOptions();
    const auto failure =
        trial.call([&] { backend->bootstrap(options, [&] { return begin_many(*backend, things, begun); }); });
    trial.witness("begun in one step", begun.size());
    other_order_seen = other_order_seen || begun != by_position;
    std::sort(begun.begin(), begun.end());
    trial.expect_equal("each-once", by_position, begun);
    trial.expect_no_failure("no-failure", failure);
  }
  trial.expect(other_order_seen, "declared-but-never-seen", "another order in one of " + show(runs) + " runs", "none");
}

}  // namespace concert::conformance
