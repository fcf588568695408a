// SPDX-License-Identifier: Apache-2.0
// What generated programs on one backend came to: the file that programs-<NAME> writes, described in RESULT.md.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "concert/programs/statistics.hpp"

namespace concert::programs {

/// The version of the form; a reader refuses any other.
inline constexpr int result_version = 1;

enum class Verdict : std::uint8_t { passed, failed, inconclusive };
std::string_view to_string(Verdict verdict) noexcept;

/// How often each rule was asked where it could have been broken.
using Evaluations = std::map<std::string, std::int64_t, std::less<>>;

/// Whole programs.
struct ProgramCounts {
  std::int64_t cases = 0;
  std::int64_t plain = 0;      ///< on the plain clock
  std::int64_t perturbed = 0;  ///< on the perturbed one
  std::int64_t distinct = 0;   ///< programs that differ
  std::int64_t rerun = 0;      ///< run twice
  std::int64_t rerun_differed = 0;
  double seconds = 0;  ///< of real time; of shards together

  bool operator==(const ProgramCounts&) const = default;
};

/// In how many programs something happened.
struct LabelCount {
  std::int64_t hits = 0;
  std::int64_t cases = 0;
  /// The rate that makes the run conclusive; 0: the label is only told.
  double required = 0;

  Coverage verdict() const noexcept { return coverage(hits, cases, required); }
  bool operator==(const LabelCount&) const = default;
};

/// Programs that the model was explored with, and the backend compared with.
struct Explored {
  std::int64_t programs = 0;
  std::int64_t complete = 0;     ///< all their schedules were tried
  std::int64_t determinate = 0;  ///< of the complete ones: every schedule gives the same history
  std::int64_t compared = 0;     ///< with the backend
  std::int64_t schedules = 0;
  std::int64_t outcomes = 0;
  double seconds = 0;

  bool operator==(const Explored&) const = default;
};

/// A focused property.
struct FamilyCounts {
  std::int64_t cases = 0;
  /// Of the rules that it is to decide.
  Evaluations evaluations;

  bool operator==(const FamilyCounts&) const = default;
};

/// Every small program of a family under every schedule of the model.
struct SmallScopeCounts {
  std::int64_t programs = 0;
  std::int64_t schedules = 0;
  /// False: a bound came first, and `bound` says which.
  bool complete = false;
  std::string bound;

  bool operator==(const SmallScopeCounts&) const = default;
};

struct CorpusCounts {
  std::int64_t programs = 0;
  std::int64_t runs = 0;

  bool operator==(const CorpusCounts&) const = default;
};

/// A program that shows a fault, shrunk.
struct Failure {
  std::string rule;  ///< "CAN-1", "crashed:SIGSEGV", "hung", "livelock", "DET-1", "divergence"
  std::string part;  ///< "programs", "corpus", "explored", or the name of a family
  std::int64_t case_index = 0;
  std::string message;  ///< what the rule expected and what came
  std::string clauses;  ///< which the rule decides, "Scope010, Scope011"
  std::string program;  ///< as JSON (PROGRAMS.md)
  std::string text;     ///< the program for a person
  std::vector<std::string> trace;
  std::string schedule;
  std::string replay;  ///< token for --replay
  std::int64_t statements = 0;
  std::int64_t statements_as_drawn = 0;

  bool operator==(const Failure&) const = default;
};

/// What counts of distinct things need so that shards can be added up exactly.
struct Sketch {
  /// Hashes of the programs, sorted.
  std::vector<std::uint64_t> programs;
  /// Hash of a species -> 1, 2, or 3 for more.
  std::map<std::uint64_t, int> species;

  bool operator==(const Sketch&) const = default;
};

struct ResultFile {
  std::string backend;
  std::string backend_version;
  std::map<std::string, std::string> traits;  ///< the documented freedoms, as the backend takes them
  int generator = 0;                          ///< version of the generator: else a seed means other programs
  std::uint64_t seed = 0;
  std::int64_t first = 0;  ///< index of the first case
  int shard = 0;           ///< cases with an index of this remainder
  int shards = 1;
  ProgramCounts programs;
  Evaluations rules;
  std::map<std::string, LabelCount, std::less<>> labels;
  SpeciesCounts species;  ///< pairs of adjacent ends of waits in different tasks
  // What was not demanded is absent.
  std::optional<Explored> explored;
  std::optional<CorpusCounts> corpus;
  std::map<std::string, FamilyCounts, std::less<>> families;
  std::map<std::string, SmallScopeCounts, std::less<>> small_scope;
  std::vector<Failure> failures;
  /// Of a shard only.
  std::optional<Sketch> sketch;

  bool operator==(const ResultFile&) const = default;
};

/// What a result comes to, from its numbers alone. Failed: there is a failure. Inconclusive: a rule was never asked, a
/// label is below its requirement or undecided, a family has no cases or leaves a rule unasked, a small scope is not
/// complete, the corpus is empty, nothing was compared, or more than one case in a hundred still shows something new.
struct Decision {
  Verdict verdict = Verdict::inconclusive;
  /// One for each thing that keeps it from passing.
  std::vector<std::string> reasons;

  bool operator==(const Decision&) const = default;
};
Decision decide(const ResultFile& result);

/// Adds up the parts of one shard; both need a sketch. Everything that says what was run stays as in `sum`.
void add(ResultFile& sum, const ResultFile& more);

/// The result of the whole from those of all its shards, in any order.
/// Errors: std::invalid_argument if one is missing or there twice, or if they are not of one run: another backend,
/// seed, first case or version of the generator.
ResultFile merge(const std::vector<ResultFile>& shards);

/// The JSON object, with the verdict, in one line without a line end.
std::string to_json(const ResultFile& result);
/// Errors: std::invalid_argument with the place, what was expected and what came, for everything that `to_json` does
/// not write: a missing, unknown or repeated key, a wrong type, a verdict or derived number that does not follow.
ResultFile result_from_json(std::string_view text);

/// "asio: passed, 100000 programs (50000 on a perturbed clock, 99000 distinct), ..., seed 1": the last line of a run.
std::string summary_line(const ResultFile& result);

}  // namespace concert::programs
