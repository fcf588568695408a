// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "commands.hpp"
#include "concert/reports/reports.hpp"
#include "concert/runner/results.hpp"
#include "concert/runner/run.hpp"
#include "failure_text.hpp"
#include "interrupt.hpp"
#include "known_certifiers.hpp"
#include "result_files.hpp"

namespace concert::command {

namespace {

using results::TestRecord;
using results::Verdict;

bool names_a_file(const std::string& target) {
  return target.find('/') != std::string::npos || target.ends_with(".jsonl");
}

std::vector<std::string> names_of(const std::vector<TestRecord>& records) {
  std::vector<std::string> names;
  for (const TestRecord& record : records) names.push_back(record.test);
  return names;
}

// The one record of the file that is meant: by its name, by its token, or because nothing else failed.
TestRecord find_record(const results::ResultFile& file, const ReplayOptions& options) {
  std::vector<TestRecord> found;
  std::vector<TestRecord> failed;
  for (const TestRecord& record : file.tests) {
    const bool is_meant = options.test.empty() ? record.failure && record.failure->replay == options.token
                                               : record.test == options.test || record.clause == options.test;
    if (is_meant) found.push_back(record);
    if (record.failure) failed.push_back(record);
  }
  if (options.test.empty() && options.token.empty()) found = failed;
  if (found.size() == 1) return found.front();
  const std::vector<std::string> names = names_of(found.empty() ? failed : found);
  throw UsageMistake(fmt::format("{} in {}; {}: {}", found.empty() ? "no such test" : "several tests are meant",
                                 options.target, found.empty() ? "failed there" : "choose with --test",
                                 names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "))));
}

runner::ListedTest find_test(const runner::Listing& listing, const std::string& name) {
  const auto found = std::ranges::find(listing.tests, name, &runner::ListedTest::name);
  if (found != listing.tests.end()) return *found;
  const std::vector<runner::ListedTest> tests = runner::select_tests(listing, name);
  if (tests.size() == 1) return tests.front();
  std::vector<std::string> names;
  for (const runner::ListedTest& test : tests) names.push_back(test.name);
  throw UsageMistake(fmt::format("several tests are meant; choose with --test: {}", fmt::join(names, ", ")));
}

// What is to be run again, wherever it was found.
struct Request {
  std::string backend;
  std::string test;
  runner::TestOptions options;
  std::optional<TestRecord> before;
};

Request read_request(const ReplayOptions& options) {
  Request request;
  request.options.time_scale = options.time_scale;
  request.options.cases = options.cases;
  request.options.replay = options.token;
  request.options.stop_fd = interruption();
  if (names_a_file(options.target)) {
    const results::ResultFile file = read_result_files({options.target}).front();
    request.before = find_record(file, options);
    request.backend = file.header.backend;
    request.test = request.before->test;
    request.options.seed = file.header.seed;
    request.options.schedules = file.header.schedules;
    if (request.options.replay.empty() && request.before->failure)
      request.options.replay = request.before->failure->replay;
  } else {
    if (options.test.empty())
      throw UsageMistake("a token alone does not name its test: add --test TEST, or give the result file");
    request.backend = options.target;
    request.test = options.test;
  }
  if (options.seed) request.options.seed = *options.seed;
  if (options.schedules) request.options.schedules = *options.schedules;
  return request;
}

ExitCode tell(const Request& request, const runner::Listing& listing, const std::filesystem::path& certifier,
              const runner::TestEnd& end) {
  const TestRecord& record = end.record;
  if (record.verdict == Verdict::passed) {
    fmt::print("{} on {} passes: {} cases{}\n", record.test, listing.backend, record.cases,
               request.before && request.before->failure ? ", though it failed before" : "");
    return ExitCode::conformant;
  }
  results::Header header;
  header.backend = listing.backend;
  header.seed = request.options.seed;
  header.schedules = request.options.schedules;
  if (!certifier.empty()) header.command = {"--certifier", certifier.string()};
  fmt::print("{}", failure_text(header, record, reports::replay_line(header, record)));
  if (end.is_harness_error) return ExitCode::harness_error;
  if (record.verdict == Verdict::untested) return ExitCode::harness_error;
  if (record.verdict == Verdict::inconclusive) {
    fmt::print("{} is inconclusive\n", record.test);
    return ExitCode::inconclusive;
  }
  const bool is_same = request.before && request.before->failure && record.failure &&
                       request.before->failure->key == record.failure->key;
  fmt::print("{} fails{}\n", record.test,
             !request.before || !request.before->failure ? ""
             : is_same                                   ? " again, at the same check"
                                                         : ", but at another check than before");
  return ExitCode::not_conformant;
}

}  // namespace

ExitCode replay(const ReplayOptions& options) {
  const Request request = read_request(options);
  const Certifier certifier = load_certifiers({request.backend}, options.certifiers).front();
  return tell(request, certifier.listing, options.certifiers.empty() ? "" : certifier.path,
              runner::run_test(certifier.path, find_test(certifier.listing, request.test), request.options));
}

}  // namespace concert::command
