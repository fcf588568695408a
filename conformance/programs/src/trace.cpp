// SPDX-License-Identifier: Apache-2.0
#include "concert/programs/trace.hpp"

#include <array>

namespace concert::programs {

namespace {

constexpr std::array what_names{"task_began", "task_ended", "begin", "end",   "act",
                                "entered",    "body_ended", "left",  "answer"};
constexpr std::array result_names{"value",   "cancelled", "error",   "timeout",   "group",
                                  "refused", "other",     "skipped", "withdrawn", "lost"};

const Statement* find(const std::vector<Statement>& statements, int number) {
  for (const Statement& statement : statements) {
    if (statement.number == number) return &statement;
    if (const Statement* inner = find(statement.body, number)) return inner;
  }
  return nullptr;
}

/// Milliseconds, with as many decimals as there are.
std::string milliseconds(std::int64_t nanoseconds) {
  const bool negative = nanoseconds < 0;
  const std::uint64_t count =
      negative ? 0 - static_cast<std::uint64_t>(nanoseconds) : static_cast<std::uint64_t>(nanoseconds);
  std::string decimals = std::to_string(1'000'000 + count % 1'000'000).substr(1);
  decimals.erase(decimals.find_last_not_of('0') + 1);
  return (negative ? "-" : "") + std::to_string(count / 1'000'000) + (decimals.empty() ? "" : "." + decimals) + " ms";
}

std::string leaf_text(int leaf) {
  switch (leaf) {
    case timeout_leaf: return "timeout";
    case cancelled_leaf: return "cancelled";
    case other_leaf: return "other";
    default: return std::to_string(leaf);
  }
}

}  // namespace

std::string_view to_string(What what) noexcept { return what_names.at(static_cast<std::size_t>(what)); }

std::string_view to_string(Result result) noexcept { return result_names.at(static_cast<std::size_t>(result)); }

std::string result_text(const Record& record, bool is_scope) {
  std::string text(to_string(record.result));
  if (!record.leaves.empty()) {
    text += " of";
    for (const int leaf : record.leaves) text += " " + leaf_text(leaf);
  }
  if (record.what == What::left && is_scope) {
    if ((record.value & cancel_called_flag) != 0) text += ", cancel called";
    if ((record.value & cancelled_caught_flag) != 0) text += ", cancelled caught";
  } else if (record.value != 0 || record.result == Result::error || record.what == What::answer) {
    text += " " + std::to_string(record.value);
  }
  return text;
}

std::string to_text(const Record& record, const Program& program) {
  const Statement* statement = find(program.statements, record.statement);
  std::string text = milliseconds(record.time) + "  task " + std::to_string(record.task) + "  ";
  if (record.statement >= 0) {
    text += "#" + std::to_string(record.statement) + " " +
            (statement == nullptr ? "(no such statement)" : std::string(info(statement->op).name)) + "  ";
  }
  text += std::string(to_string(record.what));
  if (record.what == What::task_began || record.what == What::begin || record.what == What::entered) return text;
  return text + ": " + result_text(record, statement != nullptr && statement->op == Op::scope);
}

}  // namespace concert::programs
