// SPDX-License-Identifier: Apache-2.0
#include "concert/programs/json.hpp"

#include <utility>

#include "json_fields.hpp"

namespace concert::programs {

namespace {

constexpr std::string_view program_format = "concert-program";
constexpr std::string_view trace_format = "concert-trace";

Json argument(std::string_view name, int value) {
  if (name == "deadline" && value == no_deadline) return "never";
  if (name == "deadline" && value == past_deadline) return "past";
  return value;
}

Json list_json(const std::vector<Statement>& statements) {
  Json list = Json::array();
  for (const Statement& statement : statements) {
    const OpInfo& op = info(statement.op);
    Json object = {{"number", statement.number}, {"op", op.name}};
    if (makes_object(op.op)) object["id"] = statement.object;
    if (!op.a.empty()) object[std::string(op.a)] = argument(op.a, statement.a);
    if (!op.b.empty()) object[std::string(op.b)] = argument(op.b, statement.b);
    if (op.has_body) object["body"] = list_json(statement.body);
    list.push_back(std::move(object));
  }
  return list;
}

int read_argument(Fields& fields, std::string_view name) {
  if (name.empty()) return 0;
  const Json& value = fields.take(name);
  if (name == "deadline") {
    if (value == "never") return no_deadline;
    if (value == "past") return past_deadline;
    if (!value.is_number_integer() || value < 0) {
      fail(fields.where(), "expected 'deadline' to be half ticks from now, 'never' or 'past', came " + shown(value));
    }
  }
  return fields.integer<int>(name);
}

/// A statement as the document has it; -1 for a number or an id that it leaves out.
std::vector<Statement> read_list(const Json& list, const Where& where, int depth) {
  // Every reader of programs descends by recursion.
  if (depth > 100) fail(where, "expected bodies at most 100 deep");
  std::vector<Statement> statements;
  for (std::size_t i = 0; i < list.size(); ++i) {
    Fields fields(list[i], where.element(i));
    const OpInfo& op = all_ops()[fields.word("op", all_ops().size(), [](std::size_t k) { return all_ops()[k].name; })];
    Statement statement;
    statement.op = op.op;
    statement.number = fields.has("number") ? fields.integer<int>("number") : -1;
    statement.object = -1;
    if (makes_object(op.op) && fields.has("id")) statement.object = fields.integer<int>("id");
    statement.a = read_argument(fields, op.a);
    statement.b = read_argument(fields, op.b);
    if (op.has_body) statement.body = read_list(fields.list("body"), fields.where().member("body"), depth + 1);
    fields.finish();
    statements.push_back(std::move(statement));
  }
  return statements;
}

/// Says what `settle` had to change: the document is no program then.
void expect_settled(const std::vector<Statement>& written, const std::vector<Statement>& settled, const Where& where) {
  for (std::size_t i = 0; i < written.size(); ++i) {
    const Statement& was = written[i];
    const Statement& is = settled[i];
    const Where here = where.element(i);
    const OpInfo& op = info(was.op);
    if (was.op != is.op) {
      fail(here,
           "expected a statement that may stand here, came '" + std::string(op.name) + "' (PROGRAMS.md, V1 to V8)");
    }
    const auto same = [&](std::string_view name, std::string_view range, int before, int after) {
      if (before == after) return;
      fail(here, "expected '" + std::string(name) + "' to be " + std::string(range) + std::to_string(after) +
                     ", came " + std::to_string(before));
    };
    same(op.a, "in its range, such as ", was.a, is.a);
    same(op.b, "in its range, such as ", was.b, is.b);
    if (was.number != -1) same("number", "", was.number, is.number);
    if (was.object != -1) same("id", "", was.object, is.object);
    expect_settled(was.body, is.body, here.member("body"));
  }
}

constexpr std::size_t what_count = static_cast<std::size_t>(What::answer) + 1;
constexpr std::size_t result_count = static_cast<std::size_t>(Result::lost) + 1;

Record read_record(Fields& fields) {
  Record record;
  record.what =
      static_cast<What>(fields.word("what", what_count, [](std::size_t i) { return to_string(static_cast<What>(i)); }));
  record.task = fields.integer<int>("task");
  record.statement = fields.integer<int>("statement");
  record.result = static_cast<Result>(
      fields.word("result", result_count, [](std::size_t i) { return to_string(static_cast<Result>(i)); }));
  record.value = fields.integer<std::int64_t>("value");
  const Json& leaves = fields.list("leaves");
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    const auto leaf = whole<int>(leaves[i]);
    if (!leaf) {
      fail(fields.where().member("leaves").element(i), "expected a whole number in range, came " + shown(leaves[i]));
    }
    record.leaves.push_back(*leaf);
  }
  record.time = fields.integer<std::int64_t>("time");
  fields.finish();
  return record;
}

}  // namespace

std::string to_json(const Program& program) {
  const Json document = {
      {"format", program_format}, {"version", json_version}, {"statements", list_json(program.statements)}};
  return document.dump();
}

std::string to_json(const std::vector<Record>& trace) {
  Json records = Json::array();
  for (const Record& record : trace) {
    records.push_back({{"what", to_string(record.what)},
                       {"task", record.task},
                       {"statement", record.statement},
                       {"result", to_string(record.result)},
                       {"value", record.value},
                       {"leaves", record.leaves},
                       {"time", record.time}});
  }
  const Json document = {{"format", trace_format}, {"version", json_version}, {"records", std::move(records)}};
  return document.dump();
}

Program program_from_json(std::string_view text) {
  const Json document = parse_json(text);
  Fields fields(document, {});
  fields.expect("format", program_format);
  fields.expect("version", json_version);
  const Where where{"statements"};
  std::vector<Statement> written = read_list(fields.list("statements"), where, 0);
  fields.finish();
  Program program = settle(written);
  expect_settled(written, program.statements, where);
  return program;
}

std::vector<Record> trace_from_json(std::string_view text) {
  const Json document = parse_json(text);
  Fields fields(document, {});
  fields.expect("format", trace_format);
  fields.expect("version", json_version);
  const Json& records = fields.list("records");
  fields.finish();
  std::vector<Record> trace;
  for (std::size_t i = 0; i < records.size(); ++i) {
    Fields record(records[i], Where{"records"}.element(i));
    trace.push_back(read_record(record));
  }
  return trace;
}

}  // namespace concert::programs
