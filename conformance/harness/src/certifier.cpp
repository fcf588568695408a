// SPDX-License-Identifier: Apache-2.0
#include "concert/harness/certifier.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/utsname.h>

#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "concert/harness/command_line.hpp"

namespace concert::conformance {

namespace {

using nlohmann::json;
using results::TestRecord;
using results::Verdict;

constexpr int protocol_version = 1;
constexpr std::string_view kit_version = "0.1.0";

enum Exit : int { passed = 0, failed = 1, usage = 2, harness_error = 3, inconclusive = 4 };

struct Options {
  enum class Action { gtest, list, run, list_mutants, list_variants } action = Action::gtest;
  std::string test;
  std::string record;
  std::string backend;
  std::string mutant;
  std::string variant;
  RunSettings settings;
};

bool speaks_protocol(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--list" || argument == "--run" || argument == "--list-mutants" || argument == "--list-variants")
      return true;
  }
  return false;
}

Options parse_options(int argc, char** argv) {
  Options options;
  Arguments arguments(argc, argv);
  const auto value = [&](std::string_view option) { return arguments.value(option); };
  while (!arguments.at_end()) {
    const std::string_view option = arguments.next();
    if (option == "--list") {
      options.action = Options::Action::list;
    } else if (option == "--list-mutants") {
      options.action = Options::Action::list_mutants;
    } else if (option == "--list-variants") {
      options.action = Options::Action::list_variants;
    } else if (option == "--run") {
      options.action = Options::Action::run;
      options.test = value(option);
    } else if (option == "--record") {
      options.record = value(option);
    } else if (option == "--backend") {
      options.backend = value(option);
    } else if (option == "--mutant") {
      options.mutant = value(option);
    } else if (option == "--variant") {
      options.variant = value(option);
    } else if (option == "--seed") {
      options.settings.seed = parse_number<std::uint64_t>(option, value(option), 0);
    } else if (option == "--schedules") {
      options.settings.schedules = parse_number<int>(option, value(option), 1);
    } else if (option == "--cases") {
      options.settings.cases = parse_number<std::int64_t>(option, value(option), 1);
    } else if (option == "--replay") {
      options.settings.replay = value(option);
    } else {
      throw BadUsage(
          "unknown option '" + std::string(option) +
          "'; known: --list --list-mutants --list-variants --run TEST --record FILE --backend NAME --mutant NAME "
          "--variant NAME --seed N --schedules N --cases N --replay TOKEN");
    }
  }
  return options;
}

BackendAdapter choose_backend(const Certifier& certifier, const Options& options) {
  if (!options.mutant.empty()) return find_named(certifier.mutants, options.mutant, "mutant").make();
  if (!options.variant.empty()) return find_named(certifier.variants, options.variant, "variant").make();
  if (!options.backend.empty()) return find_named(certifier.backends, options.backend, "backend");
  if (certifier.backends.size() != 1)
    throw BadUsage("this certifier holds several backends: choose one with --backend NAME");
  return certifier.backends.front();
}

json machine_description() {
  utsname system{};
  uname(&system);
  json machine = {{"system", fmt::format("{} {} {}", system.sysname, system.release, system.machine)},
                  {"compiler", fmt::format("GCC {}", __VERSION__)},
                  {"cores", std::to_string(std::thread::hardware_concurrency())}};
#if defined(__SANITIZE_ADDRESS__)
  machine["sanitizer"] = "address";
#elif defined(__SANITIZE_THREAD__)
  machine["sanitizer"] = "thread";
#else
  machine["sanitizer"] = "none";
#endif
  return machine;
}

int list_tests(const Certifier& certifier, const BackendAdapter& backend) {
  json tests = json::array();
  for (const ClauseTest& test : certifier.tests) {
    tests.push_back({{"test", test.name()},
                     {"clause", test.clause.id},
                     {"tier", test.tier == Tier::logical ? "logical" : "physical"},
                     {"requires", test.requires_features}});
  }
  const json listing = {{"protocol", protocol_version},
                        {"backend", backend.name},
                        {"backend_version", backend.manifest.version},
                        {"kit_version", kit_version},
                        {"spec_version", spec_version},
                        {"features", backend.manifest.features},
                        {"traits", backend.manifest.traits},
                        {"virtual_time", backend.manifest.virtual_time},
                        {"machine", machine_description()},
                        {"tests", tests}};
  std::cout << listing.dump() << '\n';
  return Exit::passed;
}

int list_mutants(const Certifier& certifier) {
  json mutants = json::array();
  json null_backends = json::array();
  for (const Mutant& mutant : certifier.mutants) {
    json kills = json::array();
    for (const Kill& kill : mutant.kills) kills.push_back({{"clause", kill.clause}, {"key", kill.key}});
    (mutant.is_null_backend ? null_backends : mutants)
        .push_back({{"name", mutant.name}, {"breaks", mutant.breaks}, {"kills", kills}});
  }
  std::cout << json{{"protocol", protocol_version}, {"mutants", mutants}, {"null_backends", null_backends}}.dump()
            << '\n';
  return Exit::passed;
}

int list_variants(const Certifier& certifier) {
  json names = json::array();
  for (const Variant& variant : certifier.variants) names.push_back(variant.name);
  std::cout << json{{"protocol", protocol_version}, {"variants", names}}.dump() << '\n';
  return Exit::passed;
}

void write_record(const std::string& path, const TestRecord& record) {
  if (path.empty()) {
    std::cout << results::to_json_line(record) << '\n';
    return;
  }
  std::ofstream out(path);
  out << results::to_json_line(record) << '\n' << json{{"record", "end"}, {"tests", 1}}.dump() << '\n';
  out.flush();
  if (!out) throw std::runtime_error("cannot write the record file '" + path + "'");
}

int exit_code(Verdict verdict) {
  switch (verdict) {
    case Verdict::passed:
    case Verdict::unsupported: return Exit::passed;
    case Verdict::inconclusive: return Exit::inconclusive;
    default: return Exit::failed;
  }
}

int run_test(const Certifier& certifier, const BackendAdapter& backend, const Options& options) {
  for (const ClauseTest& test : certifier.tests) {
    if (test.name() != options.test) continue;
    const TestRecord record = run_clause_test(backend, test, options.settings);
    write_record(options.record, record);
    if (record.verdict != Verdict::passed) std::cerr << failure_text(test, record);
    return exit_code(record.verdict);
  }
  throw BadUsage("no test is named '" + options.test + "'; see --list");
}

int speak_protocol(const Certifier& certifier, const Options& options) {
  if (options.action == Options::Action::list_mutants) return list_mutants(certifier);
  if (options.action == Options::Action::list_variants) return list_variants(certifier);
  const BackendAdapter backend = choose_backend(certifier, options);
  check_manifest(backend.name, backend.manifest);
  if (options.action == Options::Action::list) return list_tests(certifier, backend);
  return run_test(certifier, backend, options);
}

/// One clause on one backend as a GoogleTest test.
class GtestClause : public ::testing::Test {
 public:
  GtestClause(const BackendAdapter& backend, const ClauseTest& test) : backend_(backend), test_(test) {}
  void TestBody() override {
    const TestRecord record = run_clause_test(backend_, test_, RunSettings{});
    if (record.verdict == Verdict::unsupported) GTEST_SKIP() << record.reason;
    if (record.verdict != Verdict::passed) ADD_FAILURE() << failure_text(test_, record);
  }

 private:
  const BackendAdapter& backend_;
  const ClauseTest& test_;
};

/// "Scope029" -> "Scope".
std::string family_of(const Clause& clause) { return std::string(clause.id.substr(0, clause.id.size() - 3)); }

int run_gtest(int argc, char** argv, const Certifier& certifier) {
  ::testing::InitGoogleTest(&argc, argv);
  if (argc > 1)
    throw BadUsage(fmt::format("unknown option '{}'; see --help for GoogleTest's own, and --list", argv[1]));
  for (const BackendAdapter& backend : certifier.backends) {
    check_manifest(backend.name, backend.manifest);
    for (const ClauseTest& test : certifier.tests) {
      ::testing::RegisterTest((family_of(test.clause) + "/" + backend.name).c_str(), test.name().c_str(), nullptr,
                              nullptr, __FILE__, __LINE__,
                              [&backend, &test]() -> ::testing::Test* { return new GtestClause(backend, test); });
    }
  }
  const int code = RUN_ALL_TESTS();
  // GoogleTest is content with a filter that matches nothing; a certifier is not.
  if (::testing::UnitTest::GetInstance()->test_to_run_count() == 0 && !::testing::GTEST_FLAG(list_tests)) {
    throw BadUsage("the filter selects no test");
  }
  return code;
}

}  // namespace

int certifier_main(int argc, char** argv, const Certifier& certifier) {
  try {
    if (!speaks_protocol(argc, argv)) return run_gtest(argc, argv, certifier);
    return speak_protocol(certifier, parse_options(argc, argv));
  } catch (const BadUsage& error) {
    std::cerr << argv[0] << ": " << error.what() << '\n';
    return Exit::usage;
  } catch (const std::exception& error) {
    std::cerr << argv[0] << ": " << error.what() << '\n';
    return Exit::harness_error;
  }
}

}  // namespace concert::conformance
