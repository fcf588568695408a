// SPDX-License-Identifier: Apache-2.0
// A program as a person would write it: C++ over the public interface, as a test that compiles.
#pragma once

#include <string>
#include <vector>

#include "concert/harness/schedule.hpp"
#include "concert/programs/explorer.hpp"
#include "concert/programs/notes.hpp"
#include "concert/programs/program.hpp"

namespace concert::programs {

/// One run of the program in a test.
struct CppRun {
  conformance::Schedule schedule;
  /// What its tasks may note (see Notes); none: the test only prints what they do.
  std::vector<TaskNotes> allowed;
};

/// What the tasks may note in some run, if the exploration saw every run on a plain clock; else nothing.
std::vector<TaskNotes> allowed_notes(const Program& program, const Exploration& exploration);

/// A test to be written: each backend of BackendsUnderTest runs the program under each schedule.
struct CppTest {
  /// A C++ identifier.
  std::string name;
  Program program;
  /// Lines that stand above the program: where it comes from, which rule it breaks.
  std::vector<std::string> comment;
  std::vector<CppRun> runs{CppRun()};
};

/// The source of an executable with these tests, for GoogleTest. It includes the author's backend_under_test.hpp and is
/// linked as a certifier is, with concert::programs. The number behind a line is that of its statement in the traces.
/// A statement that can do nothing (it refers to what the program does not have) is a comment.
std::string to_cpp(const std::vector<CppTest>& tests);

}  // namespace concert::programs
