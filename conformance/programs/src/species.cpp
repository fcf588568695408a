// SPDX-License-Identifier: Apache-2.0
#include "concert/programs/species.hpp"

#include "concert/harness/mix.hpp"

namespace concert::programs {

namespace {

using conformance::mix;

/// Op, what, result and time passed.
constexpr std::uint64_t kinds = 1'000'000;
constexpr std::uint64_t no_statement = 99;

std::uint64_t hash_of(const std::vector<Statement>& statements, std::uint64_t hash) {
  for (const Statement& statement : statements) {
    hash = mix(hash, static_cast<std::uint64_t>(statement.op));
    hash = mix(hash, static_cast<std::uint64_t>(statement.a));
    hash = mix(hash, static_cast<std::uint64_t>(statement.b));
    hash = hash_of(statement.body, hash);
  }
  // Where a body ends tells what is in it.
  return mix(hash, ~std::uint64_t{0});
}

}  // namespace

Species::Species(const Program& program) { index(program.statements); }

void Species::index(const std::vector<Statement>& statements) {
  for (const Statement& statement : statements) {
    ops_.push_back(statement.op);
    index(statement.body);
  }
}

std::uint64_t Species::kind(const Record& record) const {
  const std::uint64_t op =
      record.statement < 0 ? no_statement : static_cast<std::uint64_t>(ops_[static_cast<std::size_t>(record.statement)]);
  return (op * 100 + static_cast<std::uint64_t>(record.what)) * 100 + static_cast<std::uint64_t>(record.result);
}

void Species::record(const Record& record) {
  switch (record.what) {
    case What::end:
    case What::act:
    case What::left:
    case What::task_ended: break;
    default: return;
  }
  if (last_ && last_->task != record.task) {
    const std::uint64_t passed = record.time > last_->time ? 1 : 0;
    seen_.insert(mix(kind(*last_), kind(record) * 2 + passed + kinds));
  }
  last_ = record;
}

std::uint64_t hash_of(const Program& program) { return hash_of(program.statements, 0); }

}  // namespace concert::programs
