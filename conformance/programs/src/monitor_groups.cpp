// SPDX-License-Identifier: Apache-2.0
// Task groups and gathers: when they end, and what they make of the ends of their tasks.
#include <algorithm>
#include <iterator>

#include "verdicts.hpp"

namespace concert::programs {

namespace {

/// The leaves that a group owes for how a task or body ended; Cancelleds are left out, since the group drops some.
void add_leaves(const Record& end, std::vector<int>& leaves) {
  if (end.result == Result::error) leaves.push_back(static_cast<int>(end.value));
  if (end.result == Result::timeout) leaves.push_back(timeout_leaf);
  if (end.result == Result::refused || end.result == Result::other) leaves.push_back(other_leaf);
  if (end.result != Result::group) return;
  std::ranges::copy_if(end.leaves, std::back_inserter(leaves), [](int leaf) { return leaf != cancelled_leaf; });
}

/// How the tasks of a group, or the branches of a gather, have ended.
struct Ends {
  std::vector<int> failures;
  bool have_failed = false;
  /// One was refused, or ended with a Cancelled that nobody may have asked for: whether that counts is not judged.
  bool unclear = false;
  /// Such a Cancelled is among the failures, or may be.
  bool with_cancelled = false;
  bool cancelled = false;
  /// One was interrupted by a cancellation from outside, and by that alone.
  bool interrupted = false;

  void add(const TaskState& task) {
    add_leaves(task.end, failures);
    have_failed = have_failed || is_certain_failure(task.end);
    add_cancelled(task.end, task.ended_under_cancellation);
    const bool is_cancelled = task.end.result == Result::cancelled;
    cancelled = cancelled || is_cancelled;
    interrupted = interrupted || (is_cancelled && task.interrupted_from_outside && !task.cancel_requested);
    if (task.end.result == Result::value || is_certain_failure(task.end)) return;
    unclear = unclear || !is_cancelled || !task.ended_under_cancellation;
  }
  void add_cancelled(const Record& end, bool was_asked_for) {
    const bool is_bare = end.result == Result::cancelled && !was_asked_for;
    with_cancelled = with_cancelled || is_bare ||
                     (end.result == Result::group && std::ranges::find(end.leaves, cancelled_leaf) != end.leaves.end());
  }
  /// True if the group reports exactly these failures.
  bool are_reported_by(const Record& record) const {
    std::vector<int> owed = failures;
    std::vector<int> reported;
    add_leaves(record, reported);
    std::ranges::sort(owed);
    std::ranges::sort(reported);
    const bool has_cancelled = std::ranges::find(record.leaves, cancelled_leaf) != record.leaves.end();
    return record.result == Result::group && owed == reported && (with_cancelled || !has_cancelled);
  }
};

bool may_be_cancelled(const Hearing& hearing, const Frame* frame) {
  return frame != nullptr && hearing.before.may_be_cancelled(*frame, hearing.record.time);
}

/// No task has failed: does the group end as its body did, and is a cancellation told?
void judge_quiet_end(const Hearing& hearing, const Record& body, const Ends& ends, const Frame* outer) {
  const Record& record = hearing.record;
  // Whether Cancelleds in a group are failures of the body is left open.
  if (std::ranges::find(body.leaves, cancelled_leaf) != body.leaves.end()) return;
  if (is_failure(body.result)) {
    hearing.check("GRP-2", record.result == body.result && record.leaves == body.leaves,
                  "a lone failure of the body changed");
  } else if (body.result == Result::cancelled || ends.interrupted) {
    hearing.check("GRP-5", record.result == Result::cancelled, "a group was interrupted and does not say so");
  } else if (body.result == Result::value) {
    hearing.check("GRP-2", record.result == Result::value || record.result == Result::cancelled,
                  "a group failed, and nothing in it had");
    if (record.result != Result::cancelled && !ends.cancelled) return;
    hearing.check("GRP-5", record.result != Result::cancelled || (ends.cancelled && may_be_cancelled(hearing, outer)),
                  "a group was cancelled from nowhere");
  }
}

void judge_end_of_group(const Hearing& hearing) {
  const GroupState& group = hearing.before.group(hearing.statement->object);
  Ends ends;
  bool all_ended = true;
  for (const int child : group.children) {
    all_ended = all_ended && hearing.before.task(child).ended;
    ends.add(hearing.before.task(child));
  }
  hearing.check("GRP-1", all_ended, "a group was left before its tasks had ended");
  hearing.check("GRP-2", group.body_end.has_value(), "a group was left without its body");
  if (!all_ended || !group.body_end || group.frame == nullptr) return;
  if (!group.children.empty()) hearing.kept("GRP-4");
  if (ends.have_failed) {
    add_leaves(*group.body_end, ends.failures);
    // What a join of another task has thrown is not told from a cancellation of the body.
    ends.add_cancelled(*group.body_end, false);
    hearing.check("GRP-3", ends.are_reported_by(hearing.record), "failures were lost or made up");
  } else if (!ends.unclear) {
    judge_quiet_end(hearing, *group.body_end, ends, group.frame->outer);
  }
}

void judge_spawn_into(const Hearing& hearing) {
  const GroupState& group = hearing.before.group(hearing.statement->a);
  if (group.frame == nullptr || hearing.record.result == Result::skipped) return;
  const bool is_open = !group.body_end || std::ranges::any_of(group.children, [&](int child) {
    return !hearing.before.task(child).ended;
  });
  if (is_open) hearing.check("GRP-7", hearing.has_value(), "an open group did not take a task");
}

void judge_values(const Hearing& hearing) {
  std::vector<int> values;
  for (const Statement& branch : hearing.statement->body) {
    values.push_back(static_cast<int>(hearing.before.task(branch.object).end.value));
  }
  hearing.check("GAT-1", hearing.record.leaves == values, "a gather gave other values, or in another order");
}

void judge_end_of_gather(const Hearing& hearing) {
  const RunState& before = hearing.before;
  Ends ends;
  bool all_ended = true;
  for (const Statement& branch : hearing.statement->body) {
    all_ended = all_ended && before.task(branch.object).ended;
    ends.add(before.task(branch.object));
  }
  hearing.check("GAT-3", all_ended, "a gather ended before its branches had");
  if (!all_ended) return;
  const Frame* outer = before.innermost(hearing.record.task).outer;
  if (ends.have_failed) {
    hearing.check("GAT-2", ends.are_reported_by(hearing.record), "failures were lost or made up");
  } else if (ends.unclear) {
    return;
  } else if (ends.cancelled) {
    hearing.check("GAT-2", hearing.record.result == Result::cancelled && may_be_cancelled(hearing, outer),
                  "a branch was cancelled and its gather was not, or from nowhere");
  } else {
    hearing.check("GAT-2", hearing.has_value(), "a gather failed, and none of its branches had");
    if (hearing.has_value()) judge_values(hearing);
  }
}

}  // namespace

void judge_groups(const Hearing& hearing) {
  if (hearing.is(What::left, Op::group)) judge_end_of_group(hearing);
  if (hearing.is(What::act, Op::spawn_into)) judge_spawn_into(hearing);
  if (hearing.is(What::end, Op::spawn) && hearing.record.result != Result::cancelled) {
    hearing.check("GRP-6", hearing.has_value() && hearing.before.task(hearing.statement->object).began,
                  "start returned before its task had begun, or failed");
  }
}

void judge_gathers(const Hearing& hearing) {
  if (hearing.is(What::end, Op::gather)) judge_end_of_gather(hearing);
}

void audit_groups(const Audit& audit) {
  const RunState& before = audit.before;
  if (audit.task.activity == TaskState::Activity::leaving &&
      before.statement(audit.task.since.statement).op == Op::group) {
    const GroupState& group = before.group(before.statement(audit.task.since.statement).object);
    const bool is_over = std::ranges::all_of(group.children, [&](int child) { return before.task(child).ended; });
    if (is_over) audit.check("GRP-4", false, "a group whose tasks have all ended was not left");
  }
  const Statement* wait = audit.wait();
  if (wait == nullptr) return;
  if (wait->op == Op::gather && before.is_ready(*wait)) {
    audit.check("GAT-3", false, "a gather whose branches have all ended was not left");
  }
  // A start that is cancelled waits for the end of its task.
  if (wait->op == Op::spawn && before.is_ready(*wait) &&
      !before.may_be_cancelled(*audit.task.frames.back(), audit.now)) {
    audit.check("GRP-6", false, "start still waits, and its task has begun");
  }
}

}  // namespace concert::programs
