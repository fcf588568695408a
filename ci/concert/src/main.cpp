// SPDX-License-Identifier: Apache-2.0
// The `concert` command: reads the command line, calls one function of commands.hpp, ends with one of the exit codes.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <exception>
#include <string>
#include <vector>

#include "commands.hpp"
#include "concert/clause.hpp"
#include "concert/runner/certifier.hpp"
#include "concert/runner/results.hpp"

namespace {

using namespace concert;
using namespace concert::command;

constexpr const char* exit_codes =
    "Exit codes: 0 conformant, 1 not conformant, 2 usage, 3 harness error, 4 inconclusive.";

std::string with_examples(const std::string& examples) { return "Examples:\n" + examples + "\n" + exit_codes; }

void add_run_options(CLI::App& command, TestRunOptions& options) {
  command.add_option("--seed", options.seed, "Seed of every drawn case and schedule (default: 1)");
  command.add_option("--schedules", options.schedules, "Schedules that each test runs under (default: 3)")
      ->check(CLI::Range(1, 1'000'000));
  command.add_option("--cases", options.cases, "Cases of each property (default: the certifier's)")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000'000}));
  command
      .add_option("--time-scale", options.time_scale,
                  "Factor of every real-time bound, for a slow machine (default: 1)")
      ->check(CLI::Range(0.001, 1000.0));
}

void add_jobs(CLI::App& command, int& jobs) {
  command.add_option("--jobs,-j", jobs, "Processes at once (default: as many as there are processors)")
      ->check(CLI::Range(1, 4096));
}

void add_backends(CLI::App& app, BackendsOptions& options) {
  CLI::App& command = *app.add_subcommand("backends", "Show the known backends and what they declare");
  command.add_option("--certifier", options.certifiers,
                     "This certifier (again for more) instead of those next to the command");
  command.footer(with_examples("  concert backends\n  concert backends --certifier build/certifiers/certify-mine"));
}

void add_clauses(CLI::App& app, ClausesOptions& options) {
  CLI::App& command = *app.add_subcommand("clauses", "Show the clauses of the specification");
  command.add_option("clause", options.globs, "IDs or globs; an ID is shown in full");
  command.add_option("--area", options.area, "Those of one area (a page of spec/clauses)");
  command.add_option("--level", options.level, "Those of one level: MUST, SHOULD, MAY, RETIRED");
  command.add_flag("--full", options.is_full, "With why, seen by and source");
  command.add_flag("--json", options.is_json, "As a JSON array");
  command.footer(
      with_examples("  concert clauses --area scope --level must\n  concert clauses Scope029\n"
                    "  concert clauses 'Shield*' --full\n  concert clauses --json"));
}

void add_certify(CLI::App& app, CertifyOptions& options) {
  CLI::App& command = *app.add_subcommand("certify", "Run the suite on backends; write result files and reports");
  command.add_option("backend", options.backends, "Names, see `concert backends`");
  command.add_option("--certifier", options.certifiers, "The certifier of another backend (again for more)");
  command.add_option("--output,-o", options.output,
                     "Folder for BACKEND.jsonl, index.html and the other views "
                     "(default: build/certification, or certification where there is no build)");
  command.add_option("--filter", options.filter, "Only these clauses or tests: globs, separated by commas");
  command.add_option("--shard", options.shard, "Only the i-th of n parts of the tests, as in 2/5");
  add_run_options(command, options);
  add_jobs(command, options.jobs);
  command.footer(
      with_examples("  concert certify asio uv\n  concert certify asio --filter 'Scope*,Sleep001' --seed 7\n"
                    "  concert certify --certifier build/certifiers/certify-mine --output /tmp/mine\n"
                    "  concert certify uv --shard 1/4 --output part1"));
}

void add_equivalence(CLI::App& app, EquivalenceOptions& options) {
  CLI::App& command = *app.add_subcommand(
      "equivalence", "Run generated programs on backends; is each equivalent to the model, and so to the others?");
  const auto count = [&](const std::string& name, std::int64_t& number, const std::string& text, std::int64_t least) {
    command.add_option(name, number, text)->check(CLI::Range(least, std::int64_t{1'000'000'000}));
  };
  command.add_option("backend", options.backends, "Names (default: asio uv model)");
  command.add_option("--certifier", options.certifiers,
                     "The certifier of another backend (again for more); programs-NAME stands beside it");
  count("--cases", options.cases, "Whole programs of each backend (default: 100000)", 1);
  count("--explore", options.explore, "How many are explored on the model and compared with it (default: 6000)", 0);
  count("--families", options.families, "Cases of each focused property (default: 2000)", 0);
  command.add_flag("!--no-small-scope", options.has_small_scope,
                   "Without the proof that runs every small program under every schedule of the model");
  command.add_option("--seconds", options.seconds, "Real time for the whole programs of each backend")
      ->check(CLI::Range(0.001, 1e9));
  command.add_option("--seed", options.seed, "Seed of every program and schedule (default: 1)");
  command.add_option("--shard", options.shard, "Only the i-th of n parts of the programs, as in 2/5");
  command.add_option("--results", options.results, "Result files of all shards (BACKEND.result.json): runs nothing");
  command.add_option("--jobs,-j", options.jobs, "Processes at once (default: 2)")->check(CLI::Range(1, 4096));
  command.add_option("--output,-o", options.output,
                     "Folder for equivalence.html, .md, .json and the results "
                     "(default: build/equivalence, or equivalence where there is no build)");
  command.footer(
      "Examples:\n  concert equivalence\n  concert equivalence asio uv --cases 1000000 --seed 7\n"
      "  concert equivalence --certifier build/certifiers/certify-mine --seconds 60\n"
      "  concert equivalence --shard 1/4 --output part1\n"
      "  concert equivalence --results part*/*.result.json\n\n"
      "Exit codes: 0 equivalent, 1 not equivalent, 2 usage, 3 harness error, 4 inconclusive.");
}

void add_report(CLI::App& app, ReportOptions& options) {
  CLI::App& command = *app.add_subcommand("report", "Write the views of result files");
  command.add_option("files", options.files, "Result files (BACKEND.jsonl)")->required();
  command.add_option("--html", options.html, "One page, to this file ('-': standard output)");
  command.add_option("--markdown", options.markdown, "A summary in Markdown");
  command.add_option("--junit", options.junit, "JUnit XML");
  command.add_option("--output,-o", options.output, "A folder for every view");
  command.footer(
      with_examples("  concert report build/certification/*.jsonl --html report.html\n"
                    "  concert report asio.jsonl --markdown - >> \"$GITHUB_STEP_SUMMARY\""));
}

void add_gate(CLI::App& app, GateOptions& options) {
  CLI::App& command = *app.add_subcommand("gate", "Decide over result files by a policy: may this merge?");
  command.add_option("files", options.files, "Result files (BACKEND.jsonl)")->required();
  command.add_option("--policy", options.policy, "The policy, a TOML file")->required();
  command.footer(with_examples("  concert gate build/certification/*.jsonl --policy ci/policy.toml"));
}

void add_replay(CLI::App& app, ReplayOptions& options) {
  CLI::App& command = *app.add_subcommand("replay", "Run one failed test again; 1: it fails, 0: it passes");
  command.add_option("target", options.target, "A result file, or the name of a backend")->required();
  command.add_option("token", options.token, "The token that the failure printed");
  command.add_option("--test", options.test, "The test, or its clause if that has one test");
  command.add_option("--certifier", options.certifiers, "The certifier of another backend");
  add_run_options(command, options);
  command.footer(
      with_examples("  concert replay build/certification/asio.jsonl --test Scope029\n"
                    "  concert replay asio 2/v1:2a:17 --test Scope029OuterCancelReachesEveryDepth --seed 7"));
}

void add_selftest(CLI::App& app, SelftestCommandOptions& options) {
  CLI::App& command = *app.add_subcommand("selftest", "Test the suite: does it see the fault of every broken backend?");
  command.add_option("--certifier", options.certifier,
                     "A certifier with mutants (default: the model's, and the rules of generated programs)");
  command.add_option("--mutant", options.filter, "Only these mutants: globs, separated by commas");
  command.add_flag("--matrix", options.is_matrix, "Every test on every mutant, not only where it declares to fail");
  command.add_flag("--no-programs{false}", options.has_programs,
                   "The clauses alone, without the rules of generated programs");
  add_run_options(command, options);
  add_jobs(command, options.jobs);
  command.footer(with_examples(
      "  concert selftest\n  concert selftest --matrix\n  concert selftest --mutant 'shield_*' --matrix"));
}

// What the person could have meant: the commands, or the options of the command in use.
std::string what_is_known(const CLI::App& app) {
  const auto used = app.get_subcommands();
  std::vector<std::string> names;
  if (used.empty()) {
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
      names.push_back(command->get_name());
    return fmt::format("known commands: {}", fmt::join(names, ", "));
  }
  for (const CLI::Option* option : used.front()->get_options()) {
    if (!option->get_positional()) names.push_back(option->get_name());
  }
  return fmt::format("known options of {}: {}", used.front()->get_name(), fmt::join(names, ", "));
}

int usage_mistake(const std::string& message) {
  fmt::print(stderr, "concert: {}\n", message);
  return to_int(ExitCode::usage);
}

int run(int argc, char** argv) {
  CLI::App app("Concert: conformance certification for asynchronous backends.", "concert");
  app.set_version_flag("--version", fmt::format("concert {}, clauses {}", CONCERT_VERSION, spec_version));
  app.require_subcommand(1);
  app.footer(std::string("Each command has a --help with examples.\n") + exit_codes);
  BackendsOptions backends;
  ClausesOptions clauses;
  CertifyOptions certifying;
  EquivalenceOptions equivalence;
  ReportOptions report;
  GateOptions gate;
  ReplayOptions replaying;
  SelftestCommandOptions selftest;
  add_backends(app, backends);
  add_clauses(app, clauses);
  add_certify(app, certifying);
  add_equivalence(app, equivalence);
  add_report(app, report);
  add_gate(app, gate);
  add_replay(app, replaying);
  add_selftest(app, selftest);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    const bool is_unknown_command = app.get_subcommands().empty() && argc > 1 && argv[1][0] != '-';
    const std::string what = is_unknown_command ? fmt::format("unknown command '{}'", argv[1]) : error.what();
    return usage_mistake(fmt::format("{}; {}", what, what_is_known(app)));
  }
  certifying.command_line.assign(argv, argv + argc);
  equivalence.command_line.assign(argv, argv + argc);

  const std::string name = app.get_subcommands().front()->get_name();
  if (name == "backends") return to_int(show_backends(backends));
  if (name == "clauses") return to_int(show_clauses(clauses));
  if (name == "certify") return to_int(certify(certifying));
  if (name == "equivalence") return to_int(prove_equivalence(equivalence));
  if (name == "report") return to_int(write_report(report));
  if (name == "gate") return to_int(decide_gate(gate));
  if (name == "replay") return to_int(replay(replaying));
  return to_int(run_selftest_command(selftest));
}

}  // namespace

int main(int argc, char** argv) {
  // A test that crashes is evidence enough; the cores of a hundred mutants are not wanted.
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  try {
    return run(argc, argv);
  } catch (const UsageMistake& error) {
    return usage_mistake(error.what());
  } catch (const runner::SelectionError& error) {
    return usage_mistake(error.what());
  } catch (const std::exception& error) {
    fmt::print(stderr, "concert: harness error: {}\n", error.what());
    return to_int(ExitCode::harness_error);
  }
}
