// SPDX-License-Identifier: Apache-2.0
#include "breach.hpp"

#include "concert/programs/explorer.hpp"

namespace concert::programs {

std::optional<std::string> breach(const conformance::BackendAdapter& backend, const Program& program,
                                  const conformance::Schedule& schedule, std::string_view rule,
                                  const RunOptions& options) {
  const Run run = run_program(backend, program, schedule, options);
  if (rule == not_allowed) {
    return divergence(explore(program, backend.manifest, most_explored_schedules), program, run.trace);
  }
  if (rule == same_again) {
    RunOptions silent = options;
    silent.observers.clear();
    if (run_program(backend, program, schedule, silent).trace == run.trace) return std::nullopt;
    return "the second run wrote other records";
  }
  const Violation* violation = broken(run, rule);
  return violation == nullptr ? std::nullopt : std::optional(violation->message);
}

}  // namespace concert::programs
