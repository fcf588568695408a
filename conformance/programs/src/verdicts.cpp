// SPDX-License-Identifier: Apache-2.0
#include "verdicts.hpp"

#include <string>

namespace concert::programs {

Verdicts::Verdicts(const Program& program) : program_(program) {
  for (const Rule& rule : all_rules()) evaluations[rule.id] = 0;
}

void Verdicts::check(std::string_view rule, bool holds, const Record& record, std::string_view message) {
  ++evaluations[rule];
  if (!holds) violations.push_back({rule, std::string(message) + ": " + to_text(record, program_)});
}

void Hearing::check(std::string_view rule, bool holds, std::string_view message) const {
  verdicts.check(rule, holds, record, message);
}

const Statement* Audit::wait() const { return task.begun ? &before.statement(task.begun->statement) : nullptr; }

void Audit::check(std::string_view rule, bool holds, std::string_view message) const {
  verdicts.check(rule, holds, task.since, "time moved on, and " + std::string(message));
}

}  // namespace concert::programs
