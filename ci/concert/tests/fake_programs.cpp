// SPDX-License-Identifier: Apache-2.0
// An executable of generated programs without a backend, for the tests of the command. FAKE_PROGRAMS says how
// it ends: passes (default) fails inconclusive crashes hangs silent rubbish exit2 exit3 stranger; "fails:1" only in
// shard 1. Its backend is the end of its name. Its arguments go to FAKE_ARGUMENTS, a file, a line for each start.
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "concert/programs/result.hpp"

namespace {

using namespace concert::programs;

struct Arguments {
  std::vector<std::string> all;
  std::string value(std::string_view flag) const {
    const auto found = std::ranges::find(all, flag);
    return found == all.end() || found + 1 == all.end() ? "" : *(found + 1);
  }
  bool has(std::string_view flag) const { return std::ranges::find(all, flag) != all.end(); }
};

std::string environment(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : otherwise;
}

/// How this shard ends.
std::string behaviour(int shard) {
  std::string text = environment("FAKE_PROGRAMS", "passes");
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos) return text;
  return std::stoi(text.substr(colon + 1)) == shard ? text.substr(0, colon) : "passes";
}

Failure a_failure() {
  Failure failure;
  failure.rule = "EVT-1";
  failure.part = "programs";
  failure.case_index = 7;
  failure.message = "a wait for an event ended before it was set";
  failure.clauses = "Event002";
  failure.program =
      R"({"format":"concert-program","version":1,"statements":[{"number":0,"op":"event_wait","event":0}]})";
  failure.text = "#0 event_wait event 0\n";
  failure.trace = {"0 ms  task 0  #0 event_wait  end: value"};
  failure.schedule = "order seed 9, plain clock";
  failure.replay = "p1:1:1:7";
  failure.statements = 1;
  failure.statements_as_drawn = 20;
  return failure;
}

ResultFile result_of(const std::string& backend, const Arguments& arguments, int shard, int shards) {
  ResultFile result;
  result.backend = backend;
  result.backend_version = "1";
  result.traits = {{"start_order", "fifo"}};
  result.generator = 1;
  result.seed = std::stoull(arguments.value("--seed"));
  result.shard = shard;
  result.shards = shards;
  const std::int64_t cases = std::stoll(arguments.value("--cases"));
  result.programs.cases = cases / shards + (shard < cases % shards ? 1 : 0);
  result.programs.perturbed = result.programs.cases / 2;
  result.programs.plain = result.programs.cases - result.programs.perturbed;
  result.programs.distinct = result.programs.cases;
  result.programs.seconds = 1;
  result.rules = {{"EVT-1", 100}};
  result.species = {10, 0, 0};
  if (const std::int64_t explore = std::stoll(arguments.value("--explore")); explore > 0) {
    result.explored = Explored{explore / shards, explore / shards, explore / shards, explore / shards, 9, 9, 1};
  }
  if (arguments.has("--small-scope")) result.small_scope["lock"] = {10, 20, true, ""};
  Sketch sketch;
  for (std::int64_t i = 0; i < result.programs.cases; ++i)
    sketch.programs.push_back(static_cast<std::uint64_t>(i * shards + shard));
  for (std::uint64_t i = 0; i < 10; ++i) sketch.species[i] = 3;
  result.sketch = sketch;
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  const Arguments arguments{{argv + 1, argv + argc}};
  if (const std::string log = environment("FAKE_ARGUMENTS", ""); !log.empty()) {
    std::ofstream out(log, std::ios::app);
    for (const std::string& argument : arguments.all) out << argument << ' ';
    out << '\n';
  }
  const std::string asked = arguments.value("--shard");
  const std::size_t slash = asked.find('/');
  const int shard = std::stoi(asked.substr(0, slash));
  const int shards = std::stoi(asked.substr(slash + 1));
  const std::string how = behaviour(shard);
  if (how == "crashes") {
    std::fputs("out of luck\n", stderr);
    // A sanitizer's handler would end the process with an exit code.
    std::signal(SIGSEGV, SIG_DFL);
    std::raise(SIGSEGV);
  }
  if (how == "hangs") ::pause();
  if (how == "exit2" || how == "exit3") return how == "exit2" ? 2 : 3;
  if (arguments.has("--faults")) {
    std::printf("faults of shard %d/%d\n", shard, shards);
    return how == "fails" ? 1 : 0;
  }
  const std::string self = argv[0];
  ResultFile result = result_of(self.substr(self.rfind("programs-") + 9), arguments, shard, shards);
  if (how == "fails") result.failures.push_back(a_failure());
  if (how == "inconclusive") result.rules["EVT-2"] = 0;
  if (how == "stranger") result.backend = "stranger";
  if (how != "silent") {
    std::ofstream(arguments.value("--result")) << (how == "rubbish" ? "{}" : to_json(result)) << '\n';
  }
  return how == "fails" ? 1 : how == "inconclusive" ? 4 : 0;
}
