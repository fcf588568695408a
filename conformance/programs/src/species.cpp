// SPDX-License-Identifier: Apache-2.0
#include "concert/programs/species.hpp"

#include <algorithm>

#include "concert/harness/mix.hpp"
#include "run_state.hpp"

namespace concert::programs {

namespace {

using conformance::mix;

/// Value, Cancelled, or any failure: which one, is a matter of the program.
std::uint64_t how(Result result) {
  switch (result) {
    case Result::value: return 0;
    case Result::cancelled: return 1;
    default: return 2;
  }
}

constexpr std::uint64_t no_statement = 99;

/// Statements that wait for the same sort of thing are one kind.
std::uint64_t kind_of(Op op) {
  switch (op) {
    case Op::shielded_yield: return static_cast<std::uint64_t>(Op::yield);
    case Op::sleep_until:
    case Op::sleep_forever: return static_cast<std::uint64_t>(Op::sleep);
    case Op::wait:
    case Op::join_or_cancel: return static_cast<std::uint64_t>(Op::join);
    default: break;
  }
  // What has to do with threads comes last, and is seldom.
  return static_cast<std::uint64_t>(std::min(op, Op::misuse));
}

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
    if (statement.op == Op::run_in_thread || statement.op == Op::call_function) outside_.insert(statement.object);
    index(statement.body);
  }
}

std::uint64_t Species::kind(const Record& record) const {
  const std::uint64_t op =
      record.statement < 0 ? no_statement : kind_of(ops_[static_cast<std::size_t>(record.statement)]);
  return op * 10 + how(record.result);
}

void Species::record(const Record& record) {
  if ((record.what != What::end && record.what != What::task_ended) || outside_.contains(record.task)) return;
  if (last_ && last_->task != record.task) {
    // Less is what a perturbed clock takes for a step.
    const std::uint64_t passed = record.time - last_->time > half_tick / 2 ? 1 : 0;
    seen_.insert(mix(kind(*last_), kind(record) * 2 + passed));
  }
  last_ = record;
}

std::uint64_t hash_of(const Program& program) { return hash_of(program.statements, 0); }

}  // namespace concert::programs
