// SPDX-License-Identifier: Apache-2.0
#include "concert/programs/programs_main.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <fstream>
#include <optional>
#include <span>
#include <sstream>
#include <stdexcept>

#include "concert/programs/interpreter.hpp"
#include "concert/programs/json.hpp"
#include "concert/programs/judge.hpp"

namespace concert::programs {

namespace {

enum Exit : int { passed = 0, failed = 1, usage = 2, inconclusive = 4 };

class BadUsage : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

constexpr std::string_view usage_text =
    "\n  [--cases N] [--first N] [--seed N]   draws programs and runs them"
    "\n  --program FILE [--json]              runs the program; --json prints the trace"
    "\n  --program FILE --trace FILE          judges a trace of it that another executor wrote"
    "\n  [--mutant NAME | --variant NAME]     of the model, instead of the backend";

struct Request {
  std::uint64_t seed = 1;
  std::int64_t first = 0;
  std::int64_t cases = 2000;
  std::string mutant;
  std::string variant;
  /// A program to run instead of drawn ones, and a trace of it to judge instead of a run.
  std::string program;
  std::string trace;
  bool json = false;
};

template <class Number>
Number parse_number(std::string_view option, std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) {
    throw BadUsage(fmt::format("{}: expected a whole number from 0 on, got '{}'", option, text));
  }
  return number;
}

Request parse(std::span<char* const> arguments) {
  Request request;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view option = arguments[i];
    const auto value = [&] {
      if (++i == arguments.size()) throw BadUsage(fmt::format("{}: expected a value after it", option));
      return std::string_view(arguments[i]);
    };
    if (option == "--cases") {
      request.cases = parse_number<std::int64_t>(option, value());
      if (request.cases == 0) throw BadUsage("--cases: expected at least one case, got 0");
    } else if (option == "--first") {
      request.first = parse_number<std::int64_t>(option, value());
    } else if (option == "--seed") {
      request.seed = parse_number<std::uint64_t>(option, value());
    } else if (option == "--mutant") {
      request.mutant = value();
    } else if (option == "--variant") {
      request.variant = value();
    } else if (option == "--program") {
      request.program = value();
    } else if (option == "--trace") {
      request.trace = value();
    } else if (option == "--json") {
      request.json = true;
    } else {
      throw BadUsage(fmt::format("unknown option '{}'; usage:{}", option, usage_text));
    }
  }
  if (request.program.empty() && (request.json || !request.trace.empty())) {
    throw BadUsage("--trace and --json go with --program FILE");
  }
  return request;
}

template <class Range>
const auto& find_named(const Range& range, const std::string& name, std::string_view kind) {
  for (const auto& each : range) {
    if (each.name == name) return each;
  }
  throw BadUsage(fmt::format("no {} is named '{}' here", kind, name));
}

std::vector<conformance::BackendAdapter> chosen(const Subjects& subjects, const Request& request) {
  if (!request.mutant.empty()) return {find_named(subjects.mutants, request.mutant, "mutant").make()};
  if (!request.variant.empty()) return {find_named(subjects.variants, request.variant, "variant").make()};
  return subjects.backends;
}

std::string read_file(const std::string& name) {
  std::ifstream file(name);
  std::stringstream text;
  if (!file || !(text << file.rdbuf())) throw BadUsage(fmt::format("cannot read '{}'", name));
  return text.str();
}

/// Says which rules are broken, or that none is.
int verdict_on(std::string_view what, const std::vector<Violation>& violations) {
  for (const Violation& violation : violations) fmt::print("rule {}: {}\n", violation.rule, violation.message);
  fmt::print("{}: {}\n", what, violations.empty() ? "no rule broken" : fmt::format("{} violations", violations.size()));
  return violations.empty() ? Exit::passed : Exit::failed;
}

int judge_trace(const Program& program, const std::vector<Record>& trace) {
  Monitor monitor(program);
  for (const Record& record : trace) {
    const bool is_of_a_task = record.what == What::task_began || record.what == What::task_ended;
    const int statements = static_cast<int>(size(program));
    if (record.task < 0 || record.task >= program.tasks || (record.statement == -1) != is_of_a_task ||
        record.statement < -1 || record.statement >= statements) {
      throw BadUsage("the trace is of another program: it has a record of task " + std::to_string(record.task) +
                     ", statement " + std::to_string(record.statement) + "; the program has " +
                     std::to_string(program.tasks) + " tasks and " + std::to_string(statements) + " statements");
    }
    monitor.record(record);
  }
  monitor.finish();
  return verdict_on("the trace", monitor.violations());
}

int run_given(const conformance::BackendAdapter& backend, const Program& program, const Request& request) {
  const Run run = run_program(backend, program, conformance::Schedule());
  if (request.json) {
    fmt::print("{}\n", to_json(run.trace));
    return run.violations.empty() ? Exit::passed : Exit::failed;
  }
  for (const Record& record : run.trace) fmt::print("{}\n", to_text(record, program));
  return verdict_on(backend.name, run.violations);
}

int run(const conformance::BackendAdapter& backend, const Request& request) {
  const Judged judged = judge(backend, request.seed, request.first, request.cases);
  if (judged.counterexample) {
    fmt::print("{}as JSON: {}\nagain: --seed {} --first {} --cases 1\n", to_text(*judged.counterexample),
               to_json(judged.counterexample->program), request.seed, judged.counterexample->case_index);
    fmt::print("{}: program {} breaks rule {} (seed {})\n", backend.name, judged.counterexample->case_index,
               judged.counterexample->violation.rule, request.seed);
    return Exit::failed;
  }
  int code = Exit::passed;
  for (const auto& [rule, count] : judged.evaluations) {
    if (count > 0 || rule == "RES-1") continue;
    fmt::print("{}: rule {} was never asked: more cases are needed\n", backend.name, rule);
    code = Exit::inconclusive;
  }
  std::int64_t evaluations = 0;
  for (const auto& [rule, count] : judged.evaluations) evaluations += count;
  fmt::print("{}: {} programs, {} judgements of {} rules, {} (seed {})\n", backend.name, judged.cases, evaluations,
             judged.evaluations.size(), code == Exit::passed ? "no rule broken" : "inconclusive", request.seed);
  return code;
}

}  // namespace

int programs_main(const Subjects& subjects, int argc, char** argv) {
  try {
    const Request request = parse(std::span(argv, static_cast<std::size_t>(argc)).subspan(1));
    std::optional<Program> given;
    if (!request.program.empty()) given = program_from_json(read_file(request.program));
    if (!request.trace.empty()) return judge_trace(*given, trace_from_json(read_file(request.trace)));
    int code = Exit::passed;
    for (const conformance::BackendAdapter& backend : chosen(subjects, request)) {
      const int one = given ? run_given(backend, *given, request) : run(backend, request);
      if (code == Exit::passed || one == Exit::failed) code = one;
    }
    return code;
  } catch (const BadUsage& error) {
    fmt::print(stderr, "{}\n", error.what());
    return Exit::usage;
  } catch (const std::invalid_argument& error) {
    // Of the readers: the text of a file is not what it should be.
    fmt::print(stderr, "{}\n", error.what());
    return Exit::usage;
  }
}

}  // namespace concert::programs
