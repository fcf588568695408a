// SPDX-License-Identifier: Apache-2.0
// Programs that every run begins with: known hard cases, and what once showed a fault.
#pragma once

#include <string_view>
#include <vector>

#include "concert/programs/program.hpp"

namespace concert::programs {

/// A file of the folder corpus/.
struct CorpusProgram {
  /// The name of its file: what the program is about, or the mutant of the model that it was found with.
  std::string_view name;
  /// Of a shrunk counterexample the rule that its mutant breaks with it; empty for a known hard case.
  std::string_view rule;
  Program program;
};

/// Sorted by name, counterexamples last. The texts are part of the library: no file is read.
const std::vector<CorpusProgram>& corpus();

}  // namespace concert::programs
