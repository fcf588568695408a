// SPDX-License-Identifier: Apache-2.0
// What scopes and shields make of the end of their bodies, and what scopes say of themselves.
#include "verdicts.hpp"

namespace concert::programs {

namespace {

/// The rule by which the scope must say that it was cancelled.
std::string_view rule_of_call(const ScopeState& scope) {
  if (scope.requested) return "SCP-2";
  if (scope.set_in_the_past) return "DL-4";
  return scope.rescheduled ? "DL-3" : "DL-2";
}

void judge_called(const Hearing& hearing, const ScopeState& scope, bool called) {
  if (scope.must_be_called()) {
    hearing.check(rule_of_call(scope), called, "a scope does not know that it was cancelled");
  } else if (!scope.may_be_called(hearing.record.time)) {
    hearing.check(scope.deadline == no_time ? "SCP-2" : "DL-1", !called, "a scope says that it was cancelled");
  }
}

bool is_as(const Record& record, const Record& body) {
  return record.result == body.result && record.leaves == body.leaves &&
         (record.result != Result::error || record.value == body.value);
}

void judge_flags(const Hearing& hearing, const ScopeState& scope) {
  const bool called = (hearing.record.value & cancel_called_flag) != 0;
  const bool caught = (hearing.record.value & cancelled_caught_flag) != 0;
  judge_called(hearing, scope, called);
  // Nothing else can have cancelled it.
  if (caught && !scope.must_be_called()) hearing.kept(rule_of_call(scope));
  if (!scope.body_end) return;
  const Result body = scope.body_end->result;
  // Tasks that were interrupted inside may count as caught, if they failed (Scope038).
  const bool may_have_caught =
      body == Result::cancelled || body == Result::group || (scope.holds_tasks && body != Result::value);
  if (caught || !may_have_caught) {
    hearing.check("SCP-2", !caught || (called && may_have_caught && scope.may_be_called(hearing.record.time)),
                  "a scope says that it caught what it cannot have");
  }
}

void judge_end_of_scope(const Hearing& hearing) {
  const Record& record = hearing.record;
  const ScopeState& scope = hearing.before.scope(hearing.statement->object);
  const bool is_timeout = hearing.statement->b == 1;
  const std::string_view rule = is_timeout ? "SCP-3" : "SCP-1";
  // The number of an error stands where the flags would.
  if (record.result != Result::error) judge_flags(hearing, scope);
  hearing.check(rule, scope.body_end.has_value(), "a scope was left without its body");
  if (!scope.body_end || scope.frame == nullptr) return;
  const Record& body = *scope.body_end;
  if (body.result != Result::cancelled) {
    // From a group, the Cancelleds may be taken.
    const bool is_mixed = body.result == Result::group && !body.leaves.empty() && body.leaves.back() >= cancelled_leaf;
    if (!is_mixed) hearing.check(rule, is_as(record, body), "a scope changed what its body ended with");
    return;
  }
  const bool caught = record.result != Result::error && (record.value & cancelled_caught_flag) != 0;
  const Result absorbed = is_timeout ? Result::timeout : Result::value;
  hearing.check(rule, record.result == (caught ? absorbed : Result::cancelled),
                "a scope made something else of a cancellation");
  const bool has_outer = scope.frame->outer != nullptr;
  if (caught) {
    hearing.check(rule, hearing.before.causes(scope.frame->outer).empty(),
                  "a scope absorbed what belongs to one around it");
  } else if (scope.must_be_called() &&
             !(has_outer && hearing.before.may_be_cancelled(*scope.frame->outer, record.time))) {
    hearing.check(rule, false, "a scope let its own cancellation pass");
  }
}

void judge_answer(const Hearing& hearing) {
  const RunState& before = hearing.before;
  if (static_cast<Question>(hearing.statement->a) == Question::deadlines) {
    const std::int64_t all = (std::int64_t{1} << before.program().scopes) - 1;
    hearing.check("DL-5", hearing.record.value == all, "a scope tells another deadline than was set");
  }
  if (static_cast<Question>(hearing.statement->a) != Question::scopes) return;
  for (int i = 0; i < before.program().scopes; ++i) {
    const ScopeState& scope = before.scope(i);
    const bool called = (hearing.record.value >> i & 1) != 0;
    if (scope.said_called) hearing.check("SCP-2", called, "a scope forgot that it was cancelled");
    // What a scope says that is over and is cancelled then is left open.
    if (!scope.left) judge_called(hearing, scope, called);
  }
}

void judge_end_of_shield(const Hearing& hearing) {
  const std::optional<Record>& body = hearing.before.shield_end(hearing.statement->number);
  hearing.check("SHD-1", body && is_as(hearing.record, *body), "a shield changed what its body ended with");
}

}  // namespace

void judge_scopes(const Hearing& hearing) {
  if (hearing.is(What::left, Op::scope)) judge_end_of_scope(hearing);
  if (hearing.is(What::left, Op::shield)) judge_end_of_shield(hearing);
  if (hearing.is(What::answer, Op::ask)) judge_answer(hearing);
}

}  // namespace concert::programs
