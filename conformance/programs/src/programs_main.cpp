// SPDX-License-Identifier: Apache-2.0
#include "concert/programs/programs_main.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>
#include <stdexcept>

#include "concert/harness/command_line.hpp"
#include "concert/harness/mix.hpp"
#include "concert/programs/campaign.hpp"
#include "concert/programs/interpreter.hpp"
#include "concert/programs/json.hpp"
#include "concert/programs/judge.hpp"
#include "concert/programs/thread_monitor.hpp"

namespace concert::programs {

namespace {

using conformance::Arguments;
using conformance::BadUsage;
using conformance::find_named;
using conformance::parse_number;

enum Exit : int { passed = 0, failed = 1, usage = 2, harness_error = 3, inconclusive = 4 };

constexpr std::string_view help =
    R"(Runs generated programs on a backend, and has them judged by the rules of the specification.

  --cases N          programs to draw (default 20000), of all shards together
  --seconds S        ends after this much real time, if that comes first
  --seed N           case i is a function of the seed and i (default 1)
  --first N          index of the first case (default 0)
  --shard I/N        only the cases whose index leaves the remainder I when divided by N
  --corpus           runs the known hard cases first
  --families N       and N cases of each focused property
  --explore N        and compares N programs, and the corpus, with all that the model may do
  --small-scope      and searches every small program of each family without threads, under every schedule of the model
  --failures N       ends after N failures (default 1)
  --result FILE      writes what it came to as JSON (RESULT.md)

  --free-threads N   runs N programs whose threads race, for a sanitizer that watches them

  --replay TOKEN     runs the case of a failure again, and shrinks it again
  --program FILE     runs this program (JSON, PROGRAMS.md); with --json prints the trace as JSON
  --program FILE --trace FILE
                     judges a trace of it that another executor wrote

  --faults           tries the rules themselves: every mutant must be seen by its rule, and --cases programs (default
                     30000) on every variant must raise no alarm; with --mutant or --variant that one only

  --backend NAME     one of several
  --mutant NAME      a broken backend instead, --variant NAME an unusual one; --list names all of them

Exit code: 0 passed, 1 failed, 2 usage, 3 the harness failed, 4 inconclusive: nothing failed, but something was not asked
often enough.
)";

struct Request {
  CampaignOptions campaign;
  std::string backend;
  std::string mutant;
  std::string variant;
  std::string result;
  std::optional<ReplayToken> replay;
  /// A program to run instead of drawn ones, and a trace of it to judge instead of a run.
  std::string program;
  std::string trace;
  /// Programs with racing threads to run instead.
  std::int64_t free_threads = 0;
  bool json = false;
  bool help = false;
  bool list = false;
  bool faults = false;
  bool cases_given = false;
};

void parse_shard(std::string_view option, std::string_view text, CampaignOptions& campaign) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos)
    throw BadUsage(fmt::format("{}: expected I/N such as 0/4, got '{}'", option, text));
  campaign.shard = parse_number(option, text.substr(0, slash), 0);
  campaign.shards = parse_number(option, text.substr(slash + 1), 1);
  if (campaign.shard >= campaign.shards) {
    throw BadUsage(
        fmt::format("{}: expected a shard from 0 to {}, got {}", option, campaign.shards - 1, campaign.shard));
  }
}

ReplayToken parse_replay(std::string_view option, std::string_view text) {
  try {
    return parse_replay_token(text);
  } catch (const std::invalid_argument& error) {
    throw BadUsage(fmt::format("{}: {}", option, error.what()));
  }
}

Request parse(Arguments arguments) {
  Request request;
  CampaignOptions& campaign = request.campaign;
  while (!arguments.at_end()) {
    const std::string_view option = arguments.next();
    const auto value = [&] { return arguments.value(option); };
    if (option == "--help") {
      request.help = true;
    } else if (option == "--list") {
      request.list = true;
    } else if (option == "--cases") {
      campaign.cases = parse_number<std::int64_t>(option, value(), 1);
      request.cases_given = true;
    } else if (option == "--first") {
      campaign.first = parse_number<std::int64_t>(option, value(), 0);
    } else if (option == "--seed") {
      campaign.seed = parse_number<std::uint64_t>(option, value(), 0);
    } else if (option == "--seconds") {
      campaign.time = std::chrono::duration<double>(parse_number(option, value(), 0.001));
    } else if (option == "--shard") {
      parse_shard(option, value(), campaign);
    } else if (option == "--corpus") {
      campaign.corpus = true;
    } else if (option == "--families") {
      campaign.families = parse_number<std::int64_t>(option, value(), 1);
    } else if (option == "--explore") {
      campaign.explore = parse_number<std::int64_t>(option, value(), 1);
    } else if (option == "--small-scope") {
      campaign.small_scope = true;
    } else if (option == "--faults") {
      request.faults = true;
    } else if (option == "--failures") {
      campaign.most_failures = parse_number<std::size_t>(option, value(), 1);
    } else if (option == "--result") {
      request.result = value();
    } else if (option == "--free-threads") {
      request.free_threads = parse_number<std::int64_t>(option, value(), 1);
    } else if (option == "--replay") {
      request.replay = parse_replay(option, value());
    } else if (option == "--backend") {
      request.backend = value();
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
      throw BadUsage(fmt::format("unknown option '{}'; see --help", option));
    }
  }
  if (request.program.empty() && (request.json || !request.trace.empty())) {
    throw BadUsage("--trace and --json go with --program FILE");
  }
  if (campaign.first > std::numeric_limits<std::int64_t>::max() - campaign.cases) {
    throw BadUsage("--first and --cases: expected an index of the last case below 2^63");
  }
  return request;
}

std::vector<conformance::BackendAdapter> chosen(const Subjects& subjects, const Request& request) {
  const auto named = [](conformance::BackendAdapter backend, const std::string& name) {
    backend.name += ", " + name;
    return std::vector{std::move(backend)};
  };
  if (!request.mutant.empty())
    return named(find_named(subjects.mutants, request.mutant, "mutant").make(), request.mutant);
  if (!request.variant.empty())
    return named(find_named(subjects.variants, request.variant, "variant").make(), request.variant);
  if (!request.backend.empty()) return {find_named(subjects.backends, request.backend, "backend")};
  return subjects.backends;
}

int list(const Subjects& subjects) {
  for (const auto& backend : subjects.backends) fmt::print("backend {}\n", backend.name);
  for (const auto& variant : subjects.variants) fmt::print("variant {}\n", variant.name);
  for (const auto& mutant : subjects.mutants) fmt::print("mutant {}\n", mutant.name);
  return Exit::passed;
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
  ThreadMonitor threads(program);
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
    threads.record(record);
  }
  monitor.finish();
  threads.finish();
  std::vector<Violation> violations = threads.violations();
  violations.insert(violations.end(), monitor.violations().begin(), monitor.violations().end());
  return verdict_on("the trace", violations);
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

int run_racing(const conformance::BackendAdapter& backend, const Request& request) {
  RunOptions options;
  options.gated_threads = false;
  for (std::int64_t i = 0; i < request.free_threads; ++i) {
    const std::uint64_t seed = conformance::mix(request.campaign.seed, static_cast<std::uint64_t>(i));
    const Program program = generate(seed, {.profile = Profile::threads});
    const Run run = run_program(backend, program, schedule_of(seed), options);
    if (run.violations.empty()) continue;
    fmt::print("program {}:\n{}", i, to_text(program));
    for (const Record& record : run.trace) fmt::print("{}\n", to_text(record, program));
    return verdict_on(backend.name, run.violations);
  }
  fmt::print("{}: {} programs with racing threads: no rule broken\n", backend.name, request.free_threads);
  return Exit::passed;
}

void write_file(const std::string& name, const std::string& text) {
  std::ofstream file(name);
  file << text << '\n';
  file.close();
  if (!file) throw std::runtime_error(fmt::format("cannot write '{}'", name));
}

int tell(const ResultFile& result) {
  const Decision decision = decide(result);
  for (const Failure& failure : result.failures) fmt::print("{}", to_text(failure));
  for (const std::string& reason : decision.reasons) fmt::print("{}: {}\n", result.backend, reason);
  fmt::print("{}\n", summary_line(result));
  switch (decision.verdict) {
    case Verdict::passed: return Exit::passed;
    case Verdict::failed: return Exit::failed;
    case Verdict::inconclusive: return Exit::inconclusive;
  }
  return Exit::harness_error;
}

int run(const conformance::BackendAdapter& backend, const Request& request) {
  const ResultFile result = run_campaign(backend, request.campaign);
  if (!request.result.empty()) write_file(request.result, to_json(result));
  return tell(result);
}

/// A single case says nothing about the backend: only whether it still fails.
int run_again(const conformance::BackendAdapter& backend, const ReplayToken& token) {
  const ResultFile result = replay(backend, token);
  for (const Failure& failure : result.failures) fmt::print("{}", to_text(failure));
  if (result.failures.empty()) fmt::print("{}: case {} breaks no rule\n", backend.name, to_string(token));
  return result.failures.empty() ? Exit::passed : Exit::failed;
}

// ---- The trial of the rules ----------------------------------------------------------------------------------------

bool mutants_are_seen(const Subjects& subjects, const Request& request) {
  std::vector<FaultTrial> trials;
  FaultLimits limits;
  limits.seed = request.campaign.seed;
  for (std::size_t i = 0; i < subjects.faults.size(); ++i) {
    const Fault& fault = subjects.faults[i];
    if (!request.mutant.empty() && request.mutant != fault.mutant) continue;
    if (i % static_cast<std::size_t>(request.campaign.shards) != static_cast<std::size_t>(request.campaign.shard))
      continue;
    trials.push_back(try_fault(find_named(subjects.mutants, fault.mutant, "mutant").make(), fault, limits));
    fmt::print("{}\n", to_text(trials.back()));
    std::fflush(stdout);
  }
  if (trials.empty()) throw BadUsage("--faults: expected a mutant with a rule that must see it");
  const FaultTotals sum = totals(trials);
  fmt::print("{}\n", to_text(sum));
  return sum.killed == sum.tried && sum.median_statements <= most_median_statements;
}

bool variants_raise_no_alarm(const Subjects& subjects, const Request& request) {
  std::size_t silent = 0;
  std::size_t tried = 0;
  CampaignOptions campaign = request.campaign;
  campaign.shard = 0;
  campaign.shards = 1;
  if (!request.cases_given) campaign.cases = 30'000;
  for (std::size_t i = 0; i < subjects.variants.size(); ++i) {
    const conformance::Variant& variant = subjects.variants[i];
    if (!request.variant.empty() && request.variant != variant.name) continue;
    if (i % static_cast<std::size_t>(request.campaign.shards) != static_cast<std::size_t>(request.campaign.shard))
      continue;
    const ResultFile result = run_campaign(variant.make(), campaign);
    for (const Failure& failure : result.failures) fmt::print("{}", to_text(failure));
    fmt::print("variant {}: {} programs, {}\n", variant.name, result.programs.cases,
               result.failures.empty() ? "no alarm" : "FALSE ALARM");
    std::fflush(stdout);
    ++tried;
    silent += result.failures.empty() ? 1 : 0;
  }
  fmt::print("variants: {} of {} without an alarm\n", silent, tried);
  return silent == tried;
}

int try_rules(const Subjects& subjects, const Request& request) {
  const bool seen = !request.variant.empty() || mutants_are_seen(subjects, request);
  const bool silent = !request.mutant.empty() || variants_raise_no_alarm(subjects, request);
  fmt::print("the rules: {}\n", seen && silent ? "see what they must see, and nothing else" : "FAILED");
  return seen && silent ? Exit::passed : Exit::failed;
}

int run_all(const Subjects& subjects, const Request& request) {
  std::optional<Program> given;
  if (!request.program.empty()) given = program_from_json(read_file(request.program));
  if (!request.trace.empty()) return judge_trace(*given, trace_from_json(read_file(request.trace)));
  const std::vector<conformance::BackendAdapter> backends = chosen(subjects, request);
  if (!request.result.empty() && backends.size() != 1) throw BadUsage("--result: expected one backend, see --backend");
  int code = Exit::passed;
  for (const conformance::BackendAdapter& backend : backends) {
    const int one = given                      ? run_given(backend, *given, request)
                    : request.replay           ? run_again(backend, *request.replay)
                    : request.free_threads > 0 ? run_racing(backend, request)
                                               : run(backend, request);
    if (code == Exit::passed || one == Exit::failed) code = one;
  }
  return code;
}

}  // namespace

int programs_main(const Subjects& subjects, int argc, char** argv) {
  try {
    const Request request = parse(Arguments(argc, argv));
    if (request.help) {
      fmt::print("{}", help);
      return Exit::passed;
    }
    if (request.list) return list(subjects);
    if (request.faults) return try_rules(subjects, request);
    return run_all(subjects, request);
  } catch (const BadUsage& error) {
    fmt::print(stderr, "{}\n", error.what());
    return Exit::usage;
  } catch (const std::invalid_argument& error) {
    // Of the readers: the text of a file is not what it should be.
    fmt::print(stderr, "{}\n", error.what());
    return Exit::usage;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return Exit::harness_error;
  }
}

}  // namespace concert::programs
