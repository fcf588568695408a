// SPDX-License-Identifier: Apache-2.0
// A certifier: the executable that holds one or more backends and every suite. The runner starts one process per test.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "concert/harness/backend_adapter.hpp"
#include "concert/harness/clause_test.hpp"
#include "concert/runner/results.hpp"

namespace concert::conformance {

/// A clause that a mutant must fail, and the key of the check that must say so; "crashed" and "hung" are keys too.
struct Kill {
  std::string clause;
  std::string key;
};

/// A backend that is broken on purpose.
struct Mutant {
  std::string name;
  /// What it does wrong, as a sentence.
  std::string breaks;
  std::vector<Kill> kills;
  /// A null backend is no small change: it does nothing, always throws, never cancels. No MUST may pass on it.
  bool is_null_backend = false;
  /// The broken backend.
  std::function<BackendAdapter()> make;
};

/// Another way to take the freedoms that the clauses leave; it must pass everything.
struct Variant {
  std::string name;
  std::function<BackendAdapter()> make;
};

/// What a certifier executable is made of.
struct Certifier {
  std::vector<BackendAdapter> backends;
  ClauseTests tests;
  std::vector<Mutant> mutants{};
  std::vector<Variant> variants{};
};

struct RunSettings {
  std::uint64_t seed = 1;
  /// How many schedules each test runs under; the first is plain.
  int schedules = 3;
  /// Cases of each property, over all schedules.
  std::int64_t cases = 60;
  /// "SCHEDULE" or "SCHEDULE/PROPERTY TOKEN": runs just that.
  std::string replay;
};

/// Runs one clause test under its schedules and gives the record. Never throws for what the backend did.
results::TestRecord run_clause_test(const BackendAdapter& backend, const ClauseTest& test, const RunSettings& settings);

/// The text of a failure for a person: clause, sentence, expected, observed, input, trace, replay line.
std::string failure_text(const ClauseTest& test, const results::TestRecord& record);

/// main() of a certifier. With --list, --run, --list-mutants or --list-variants it speaks the runner's protocol
/// (conformance/runner/README.md); with anything else it is an ordinary GoogleTest program with a test for each clause
/// and backend, such as `Scope/asio.Scope029OuterCancelReachesEveryDepth`. Returns the exit code: 0 passed, 1 failed, 2
/// usage, 3 harness error, 4 inconclusive.
int certifier_main(int argc, char** argv, const Certifier& certifier);

}  // namespace concert::conformance
