// SPDX-License-Identifier: Apache-2.0
// Writes the source of cpp_text_test: programs as C++ text that must do what the interpreter does with them.
#include <fstream>
#include <iostream>
#include <string>

#include "concert/mutants/mutants.hpp"
#include "concert/programs/corpus.hpp"
#include "concert/programs/cpp_text.hpp"
#include "concert/programs/generator.hpp"
#include "concert/programs/judge.hpp"

namespace {

using namespace concert::programs;
using concert::conformance::Schedule;

constexpr std::uint64_t drawn_programs = 10;
const GeneratorOptions small{.size = 25};
/// The plain clock alone: on a perturbed one each record of the interpreter costs time, which the C++ text does not
/// take.
constexpr std::uint64_t order_seeds = 4;

CppTest test_of(const std::string& name, const Program& program) {
  CppTest test{name, program, {"As the interpreter runs it on the model."}, {}};
  for (std::uint64_t seed = 0; seed < order_seeds; ++seed) {
    const Schedule schedule{seed, false, 0};
    const Run run = run_program(concert::conformance::model_adapter(), program, schedule);
    test.runs.push_back({schedule, {notes_of(program, run.trace)}});
  }
  return test;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<CppTest> tests;
  // One program is enough to hold each statement; each further one costs a second of compilation.
  for (const CorpusProgram& each : corpus()) {
    if (each.name == "every_statement") tests.push_back(test_of(std::string(each.name), each.program));
  }
  for (std::uint64_t seed = 0; seed < drawn_programs; ++seed) {
    tests.push_back(test_of("seed_" + std::to_string(seed), generate(seed, small)));
  }
  std::ofstream file(argc == 2 ? argv[1] : "");
  file << to_cpp(tests);
  if (file.flush()) return 0;
  std::cerr << "write_cpp_tests: expected the name of a file that can be written\n";
  return 1;
}
