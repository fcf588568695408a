// SPDX-License-Identifier: Apache-2.0
// The result file: what one certification found, as JSON lines. Everything else is derived from it.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace concert::results {

/// The version of the format; a reader refuses any other.
inline constexpr int schema_version = 1;

/// The closed set of outcomes. Only `passed` is green.
enum class Verdict { passed, failed, crashed, hung, unsupported, excluded, untested, inconclusive, waived };
inline constexpr std::array<Verdict, 9> all_verdicts{Verdict::passed,   Verdict::failed,       Verdict::crashed,
                                                     Verdict::hung,     Verdict::unsupported,  Verdict::excluded,
                                                     Verdict::untested, Verdict::inconclusive, Verdict::waived};
std::string_view to_string(Verdict verdict) noexcept;
/// Errors: std::invalid_argument that lists the known words.
Verdict parse_verdict(std::string_view text);

/// Who was certified, with what, where: the first line.
struct Header {
  std::string backend;          ///< name of the backend under test, "asio"
  std::string backend_version;  ///< what it is built on, "Boost.Asio 1.81.0"
  std::string kit_version;      ///< of this kit
  std::string spec_version;     ///< of the clauses
  std::vector<std::string> features;
  std::map<std::string, std::string> traits;
  bool virtual_time = true;  ///< false: the backend declared that its clock cannot be interposed
  std::uint64_t seed = 0;
  int schedules = 1;                           ///< order seeds tried per test
  std::string started;                         ///< UTC, ISO 8601
  std::map<std::string, std::string> machine;  ///< compiler, system, cores, sanitizer
  std::vector<std::string> command;            ///< to run it again

  bool operator==(const Header&) const = default;
};

/// What a failed check said. Key and message are never empty.
struct Failure {
  std::string key;  ///< short name of the check inside its test, stable
  std::string expected;
  std::string observed;
  std::string message;  ///< the full text for a person
  std::string input;    ///< the shrunk input of a property; empty for an example
  std::int64_t case_index = -1;
  std::int64_t shrinks = 0;
  std::string schedule;  ///< order and clock of the failing run, "fifo, plain clock"
  std::string replay;    ///< token for `concert replay`
  std::vector<std::string> trace;

  bool operator==(const Failure&) const = default;
};

/// One test of one clause.
struct TestRecord {
  std::string test;
  std::string clause;
  Verdict verdict = Verdict::untested;
  std::string tier;  ///< "logical" (virtual time) or "physical" (real time)
  std::int64_t cases = 0;
  std::map<std::string, std::int64_t> witnesses;
  double seconds = 0;
  std::string reason;              ///< for every verdict but passed: why, in one line
  std::optional<Failure> failure;  ///< always there if failed, never if passed

  bool operator==(const TestRecord&) const = default;
};

/// One clause, rolled up from its tests: a clause passes if every one of its tests passed.
struct ClauseRecord {
  std::string clause;
  std::string level;  ///< MUST, SHOULD, MAY
  std::string area;
  std::string sentence;
  Verdict verdict = Verdict::untested;
  std::string reason;
  std::int64_t tests = 0;
  std::int64_t cases = 0;
  double seconds = 0;

  bool operator==(const ClauseRecord&) const = default;
};

/// Counts for the levels, and the number of records: the last line. A file without it is truncated.
struct Footer {
  std::map<std::string, std::map<std::string, std::int64_t>> counts;  ///< level -> verdict -> number of clauses
  std::int64_t tests = 0;
  std::int64_t clauses = 0;
  double seconds = 0;
  std::string verdict;  ///< certified, not certified, inconclusive

  bool operator==(const Footer&) const = default;
};

struct ResultFile {
  Header header;
  std::vector<TestRecord> tests;
  std::vector<ClauseRecord> clauses;
  Footer footer;

  bool operator==(const ResultFile&) const = default;
};

/// The file is not a whole and valid result file. The message names the file, the line, what was expected and what
/// came.
class FormatError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Reads and checks: schema version, every key and type, known verdicts, counts against the footer, no line after it.
ResultFile read_result_file(const std::filesystem::path& path);
ResultFile read_results(std::istream& in, const std::string& name_for_errors);
/// Writes header, tests, clauses, footer, in one step: the file is whole or not there.
/// Errors: std::system_error if it cannot be written; FormatError if the reader would refuse it.
void write_result_file(const std::filesystem::path& path, const ResultFile& results);
/// Errors: as above. Bytes that are not UTF-8 become U+FFFD.
void write_results(std::ostream& out, const ResultFile& results);

/// A test record as one JSON line without the line end, as a certifier executable writes it and as the result file
/// holds it. Errors: FormatError if the reader would refuse it (no reason for a skip, an empty failure message, NaN).
std::string to_json_line(const TestRecord& record);
/// Errors: FormatError.
TestRecord parse_test_record(std::string_view line, const std::string& name_for_errors);

/// Counts the clauses and decides: certified if every MUST passed (or is excluded, unsupported by declaration, waived)
/// and at least one passed; inconclusive if only inconclusive ones stand in the way. SHOULD and MAY are counted, they
/// never decide.
Footer summarize(const std::vector<TestRecord>& tests, const std::vector<ClauseRecord>& clauses, double seconds);

/// "asio: certified, 201 MUST passed, 0 failed, 14 excluded, 0 unsupported": the line that ends a certification.
std::string summary_line(const Header& header, const Footer& footer);

}  // namespace concert::results
