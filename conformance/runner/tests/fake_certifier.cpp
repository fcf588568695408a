// SPDX-License-Identifier: Apache-2.0
// A certifier without a backend, for the tests of the runner. The name of a test, after its clause, says how it ends:
// Yield001Passes, Yield002Hangs. The environment says what is listed:
//   FAKE_TESTS     names, separated by commas (default: Yield001Passes,Yield002Passes); "name/physical", "name+feature"
//   FAKE_LIST      a fault of --list: crash hang rubbish exit3 many silent protocol spec
//   FAKE_MUTANTS   names of mutants (default: honest); FAKE_VARIANTS  names of variants (default: default)
#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "concert/runner/results.hpp"

namespace {

using concert::results::TestRecord;
using concert::results::Verdict;

std::string environment(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : otherwise;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    if (end != begin) parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

struct Arguments {
  std::vector<std::string> all;
  std::string value(std::string_view flag) const {
    const auto found = std::ranges::find(all, flag);
    return found == all.end() || found + 1 == all.end() ? "" : *(found + 1);
  }
  bool has(std::string_view flag) const { return std::ranges::find(all, flag) != all.end(); }
};

std::size_t clause_size(const std::string& test) { return test.find_first_of("0123456789") + 3; }

int list(const Arguments& arguments) {
  const std::string fault = environment("FAKE_LIST", "");
  if (fault == "crash") {
    // A sanitizer's handler would end the process with an exit code.
    std::signal(SIGSEGV, SIG_DFL);
    std::raise(SIGSEGV);
  }
  if (fault == "hang") ::pause();
  if (fault == "silent") return 0;
  if (fault == "exit3") {
    std::fputs("no such library\n", stderr);
    return 3;
  }
  if (fault == "rubbish") {
    std::puts("Segments: 12 {");
    return 0;
  }
  std::string tests;
  for (std::string name : split(environment("FAKE_TESTS", "Yield001Passes,Yield002Passes"))) {
    std::string tier = "logical";
    std::string feature;
    if (const auto slash = name.find('/'); slash != std::string::npos) {
      tier = name.substr(slash + 1);
      name.resize(slash);
    }
    if (const auto plus = name.find('+'); plus != std::string::npos) {
      feature = "\"" + name.substr(plus + 1) + "\"";
      name.resize(plus);
    }
    if (!tests.empty()) tests += ",";
    tests += R"({"test":")" + name + R"(","clause":")" + name.substr(0, clause_size(name)) + R"(","tier":")" + tier +
             R"(","requires":[)" + feature + "]}";
  }
  std::cout
      << R"({"protocol":)" << (fault == "protocol" ? 2 : 1) << R"(,"backend":"fake)" << arguments.value("--variant")
      << R"(","backend_version":"1","kit_version":"0.1.0","spec_version":")" << (fault == "spec" ? "0.9" : "1.0")
      << R"(","features":["threads"],"traits":{"start_order":"fifo"},"virtual_time":true,"machine":{"compiler":"gcc"},"tests":[)"
      << tests << "]}\n";
  if (fault == "many") std::cout << "{}\n";
  return 0;
}

int list_mutants() {
  std::string mutants;
  std::string nulls;
  for (const std::string& name : split(environment("FAKE_MUTANTS", "honest"))) {
    const std::string key = name == "crasher" ? "crashed" : name == "hanger" ? "hung" : "order";
    std::string& list = name.starts_with("null") ? nulls : mutants;
    if (!list.empty()) list += ",";
    list += R"({"name":")" + name + R"(","breaks":"It is )" + name + R"(.","kills":[{"clause":"Yield001","key":")" +
            key + R"("})";
    if (name == "both") list += R"(,{"clause":"Yield002","key":"order"})";
    list += "]}";
  }
  std::cout << R"({"protocol":1,"mutants":[)" << mutants << R"(],"null_backends":[)" << nulls << "]}\n";
  return 0;
}

int list_variants() {
  std::string variants;
  for (const std::string& name : split(environment("FAKE_VARIANTS", "default")))
    variants += (variants.empty() ? "\"" : ",\"") + name + "\"";
  std::cout << R"({"protocol":1,"variants":[)" << variants << "]}\n";
  return 0;
}

// How the test ends on this mutant or variant, where that is not what its name says.
std::string behaviour_of(const std::string& test, const Arguments& arguments) {
  const std::string name = test.substr(clause_size(test));
  const std::string mutant = arguments.value("--mutant");
  const bool is_first = test.starts_with("Yield001");
  if ((mutant == "honest" || mutant == "null_but_one") && is_first) return "Fails";
  if (mutant == "both" || mutant == "greedy" || mutant == "null") return "Fails";
  if (mutant == "liar" && is_first) return "FailsOtherwise";
  if (mutant == "crasher" && is_first) return "Crashes";
  if (mutant == "hanger" && is_first) return "Hangs";
  if (mutant == "undecided" && is_first) return "IsInconclusive";
  if (arguments.value("--variant") == "broken" && !is_first) return "Fails";
  return name;
}

TestRecord record_of(const std::string& test, Verdict verdict, const std::string& key) {
  TestRecord record;
  record.test = test;
  record.clause = test.substr(0, clause_size(test));
  record.tier = environment("FAKE_TESTS", "").find(test + "/physical") != std::string::npos ? "physical" : "logical";
  record.verdict = verdict;
  record.cases = 7;
  record.witnesses = {{"triggered", 7}};
  record.seconds = 0.25;
  if (verdict != Verdict::passed) record.reason = "the second one came first";
  if (verdict == Verdict::failed) {
    concert::results::Failure failure;
    failure.key = key;
    failure.expected = "one, two";
    failure.observed = "two, one";
    failure.message = "the second one came first";
    failure.input = "[2]";
    failure.replay = "v1:2a:17";
    failure.trace = {"0 ms: one waits", "0 ms: two runs"};
    record.failure = failure;
  }
  return record;
}

const std::string closing_line = R"({"record":"end","tests":1})";

void print_megabytes() {
  const std::string line(1023, 'x');
  for (int i = 0; i < 4096; ++i) {
    std::cout << line << "\n";
    std::cerr << line << "\n";
  }
  std::cout << std::flush;
}

// A child that holds both streams open for longer than any test waits.
void leave_a_child(bool escapes) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (escapes) ::setsid();
    ::sleep(escapes ? 3 : 600);
    ::_exit(0);
  }
  std::cout << "child " << child << std::endl;
}

int run(const std::string& test, const Arguments& arguments) {
  std::cout << "arguments:";
  for (const std::string& argument : arguments.all) std::cout << " " << argument;
  std::cout << "\nscale: " << environment("CONCERT_TIME_SCALE", "none") << std::endl;
  const std::string how = behaviour_of(test, arguments);
  std::ofstream file(arguments.value("--record"));
  const auto end_with = [&](Verdict verdict, int code, const std::string& key = "order") {
    file << to_json_line(record_of(test, verdict, key)) << "\n" << closing_line << "\n";
    return code;
  };
  if (how == "Passes") return end_with(Verdict::passed, 0);
  if (how == "Fails") return end_with(Verdict::failed, 1);
  if (how == "FailsOtherwise") return end_with(Verdict::failed, 1, "other");
  if (how == "IsInconclusive") return end_with(Verdict::inconclusive, 4);
  if (how == "FailsUnlessReplayed")
    return arguments.has("--replay") ? end_with(Verdict::passed, 0) : end_with(Verdict::failed, 1);
  if (how == "Crashes") {
    std::cerr << "first line\nlast words" << std::endl;
    std::signal(SIGSEGV, SIG_DFL);
    std::raise(SIGSEGV);
  }
  if (how == "CrashesAfterItsRecord") {
    end_with(Verdict::passed, 0);
    file.flush();
    std::raise(SIGKILL);
  }
  if (how == "Hangs") {
    std::signal(SIGTERM, SIG_IGN);
    std::cerr << "waiting for ever" << std::endl;
    while (true) ::pause();
  }
  if (how == "WritesNoFile") {
    file.close();
    std::remove(arguments.value("--record").c_str());
    return 0;
  }
  if (how == "WritesNothing") return 0;
  if (how == "WritesNoClosing") {
    file << to_json_line(record_of(test, Verdict::passed, "")) << "\n";
    return 0;
  }
  if (how == "WritesWrongClosing") {
    file << to_json_line(record_of(test, Verdict::passed, "")) << "\n"
         << R"({"record":"end","tests":2})"
         << "\n";
    return 0;
  }
  if (how == "WritesMore") {
    end_with(Verdict::passed, 0);
    file << "more\n";
    return 0;
  }
  if (how == "WritesRubbish") {
    file << "ok 1 - all is well\n" << closing_line << "\n";
    return 0;
  }
  if (how == "WritesAnotherTest") {
    file << to_json_line(record_of("Yield004Passes", Verdict::passed, "")) << "\n" << closing_line << "\n";
    return 0;
  }
  if (how == "WritesAnotherClause") {
    TestRecord record = record_of(test, Verdict::passed, "");
    record.clause = "Yield004";
    file << to_json_line(record) << "\n" << closing_line << "\n";
    return 0;
  }
  if (how == "SkipsItself") return end_with(Verdict::unsupported, 0);
  if (how == "FailsWithExitZero") return end_with(Verdict::failed, 0);
  if (how == "PassesWithExitOne") return end_with(Verdict::passed, 1);
  if (how == "ExitsSeven") return end_with(Verdict::passed, 7);
  if (how == "ExitsTwo") return 2;
  if (how == "ExitsThree") {
    std::cerr << "cannot open the loopback" << std::endl;
    return 3;
  }
  if (how == "PrintsMegabytes") {
    print_megabytes();
    return end_with(Verdict::passed, 0);
  }
  if (how == "PrintsMegabytesAndCrashes") {
    print_megabytes();
    std::cerr << "last words" << std::endl;
    std::abort();
  }
  if (how == "LeavesAChild" || how == "LeavesAnEscapedChild") {
    leave_a_child(how == "LeavesAnEscapedChild");
    return end_with(Verdict::passed, 0);
  }
  std::cerr << "no such behaviour: " << how << std::endl;
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  const Arguments arguments{{argv + 1, argv + argc}};
  if (arguments.has("--list")) return list(arguments);
  if (arguments.has("--list-mutants")) return list_mutants();
  if (arguments.has("--list-variants")) return list_variants();
  if (arguments.has("--run")) return run(arguments.value("--run"), arguments);
  std::fputs("usage: fake_certifier --list | --run TEST --record FILE ...\n", stderr);
  return 2;
}
