// SPDX-License-Identifier: Apache-2.0
// Whether backends are equivalent: their results side by side, and the verdict over all of them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "concert/programs/result.hpp"

namespace concert::programs {

/// What helps a person with a failure beside what the result file says.
struct FailureAid {
  std::string cpp;    ///< the shrunk program as a C++ test
  std::string again;  ///< the command that runs it again

  bool operator==(const FailureAid&) const = default;
};

struct JudgedBackend {
  ResultFile result;
  /// One for each failure of the result.
  std::vector<FailureAid> aids{};

  bool operator==(const JudgedBackend&) const = default;
};

/// Generated programs on several backends. Each backend is judged by the same model, never by another backend: two of
/// them on one runtime would agree on its faults.
struct Equivalence {
  std::string kit_version;
  std::string command;  ///< how to run it again
  std::vector<JudgedBackend> backends{};
  /// What kept the run from being whole: a process that crashed, an interruption.
  std::vector<std::string> problems{};

  bool operator==(const Equivalence&) const = default;
};

enum class Agreement : std::uint8_t { equivalent, not_equivalent, inconclusive };
/// "equivalent", "not equivalent", "inconclusive".
std::string_view to_string(Agreement agreement) noexcept;

/// Equivalent: every backend passed, and was compared with the model. Not equivalent: one failed.
struct EquivalenceDecision {
  Agreement agreement = Agreement::inconclusive;
  /// One for each thing that keeps them from being equivalent: "uv: rule SYS-3 was never asked".
  std::vector<std::string> reasons;

  bool operator==(const EquivalenceDecision&) const = default;
};
EquivalenceDecision decide(const Equivalence& equivalence);

/// A documented freedom that the backends take differently.
struct Freedom {
  std::string trait;
  /// One for each backend, in their order; empty where it is not declared.
  std::vector<std::string> values;

  bool operator==(const Freedom&) const = default;
};
std::vector<Freedom> differing_freedoms(const Equivalence& equivalence);

/// "equivalence: asio uv model: equivalent, 300000 programs (150000 on a perturbed clock), 15000 compared with the
/// model".
std::string summary_line(const Equivalence& equivalence);

/// One JSON object, described in RESULT.md.
std::string to_json(const Equivalence& equivalence);

}  // namespace concert::programs
