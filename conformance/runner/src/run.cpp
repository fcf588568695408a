// SPDX-License-Identifier: Apache-2.0
#include "concert/runner/run.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <system_error>
#include <thread>
#include <utility>

#include "concert/runner/exit_code.hpp"

namespace concert::runner {

namespace {

using results::ClauseRecord;
using results::TestRecord;
using results::Verdict;

// Real time for one test; a test that needs more is stuck. Scaled by TestOptions::time_scale.
constexpr double logical_timeout_seconds = 10;
constexpr double physical_timeout_seconds = 30;
constexpr std::size_t kept_lines = 20;

double timeout_of(const ListedTest& test, double time_scale) {
  return (test.tier == "physical" ? physical_timeout_seconds : logical_timeout_seconds) * time_scale;
}

// A folder for the record files, gone with this object.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "concert-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw HarnessError("cannot make the temporary folder " + pattern);
    path_ = pattern;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

std::optional<std::string> read_if_there(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  return std::string{std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

bool is_closing_record(const std::string& line) {
  const nlohmann::json parsed = nlohmann::json::parse(line, nullptr, false);
  return parsed == nlohmann::json{{"record", "end"}, {"tests", 1}};
}

std::string excerpt(const std::string& line) { return "'" + line.substr(0, 120) + (line.size() > 120 ? "...'" : "'"); }

// What is wrong with the record file, or the record.
struct RecordFile {
  std::optional<TestRecord> record;
  std::string fault;
};

RecordFile read_record(const ListedTest& test, const std::optional<std::string>& text) {
  if (!text) return {std::nullopt, "without a record"};
  const std::vector<std::string> lines = split_lines(*text);
  if (lines.empty()) return {std::nullopt, "without a record"};
  RecordFile file;
  try {
    file.record = results::parse_test_record(lines[0], "record");
  } catch (const results::FormatError& error) {
    return {std::nullopt, fmt::format("with a record that cannot be read: {}", error.what())};
  }
  const TestRecord& record = *file.record;
  if (record.test != test.name) {
    file.fault = fmt::format("with the record of another test, '{}'", record.test);
  } else if (record.clause != test.clause) {
    file.fault = fmt::format("with a record of the clause {} instead of {}", record.clause, test.clause);
  } else if (record.tier != test.tier) {
    file.fault = fmt::format("with a record of the tier {} instead of {}", record.tier, test.tier);
  } else if (lines.size() < 2) {
    file.fault = "without its closing record";
  } else if (!is_closing_record(lines[1])) {
    file.fault = fmt::format("with {} instead of its closing record", excerpt(lines[1]));
  } else if (lines.size() > 2) {
    file.fault = fmt::format("with more after its closing record: {}", excerpt(lines[2]));
  }
  return file;
}

std::optional<Verdict> verdict_of_exit(int code) {
  switch (code) {
    case to_int(ExitCode::conformant): return Verdict::passed;
    case to_int(ExitCode::not_conformant): return Verdict::failed;
    case to_int(ExitCode::inconclusive): return Verdict::inconclusive;
    default: return std::nullopt;
  }
}

std::string last_words(const ProcessResult& process) {
  const std::vector<std::string> lines = last_lines(process.err.text.empty() ? process.out.text : process.err.text, 3);
  return lines.empty() ? "" : fmt::format("; it printed: {}", fmt::join(lines, " / "));
}

// A verdict that the process did not give itself.
TestRecord assigned(const ListedTest& test, const ProcessResult& process, Verdict verdict, const std::string& how) {
  TestRecord record;
  record.test = test.name;
  record.clause = test.clause;
  record.tier = test.tier;
  record.verdict = verdict;
  record.seconds = process.seconds;
  record.reason = how + last_words(process);
  if (verdict == Verdict::crashed || verdict == Verdict::hung) {
    results::Failure failure;
    failure.key = results::to_string(verdict);
    failure.expected = "the test ends by itself, with a whole record and the exit code of its verdict";
    failure.observed = how;
    failure.message = record.reason;
    for (const Output* output : {&process.out, &process.err}) {
      const std::vector<std::string> lines = last_lines(output->text, kept_lines);
      if (!lines.empty())
        failure.trace.emplace_back(output == &process.out ? "the last lines of stdout:" : "the last lines of stderr:");
      failure.trace.insert(failure.trace.end(), lines.begin(), lines.end());
    }
    record.failure = std::move(failure);
  }
  return record;
}

TestRecord judge_exit(const ListedTest& test, const ProcessResult& process,
                      const std::optional<std::string>& record_text, bool* is_harness_error) {
  const int code = process.code;
  const auto crashed = [&](const std::string& how) {
    return assigned(test, process, Verdict::crashed, fmt::format("exited {} {}", code, how));
  };
  if (code == to_int(ExitCode::usage) || code == to_int(ExitCode::harness_error)) {
    if (is_harness_error != nullptr) *is_harness_error = true;
    const std::string how =
        code == to_int(ExitCode::usage) ? "the certifier did not accept its arguments" : "the harness failed";
    return assigned(test, process, Verdict::inconclusive, fmt::format("harness error: {} (exit {})", how, code));
  }
  const std::optional<Verdict> expected = verdict_of_exit(code);
  if (!expected) return crashed("where the protocol knows 0, 1, 2, 3 and 4");
  RecordFile file = read_record(test, record_text);
  if (!file.fault.empty()) return crashed(file.fault);
  TestRecord& record = *file.record;
  // A test may not skip itself: what does not apply is decided by the declared features, before the run.
  if (record.verdict != Verdict::passed && record.verdict != Verdict::failed && record.verdict != Verdict::inconclusive)
    return crashed(
        fmt::format("with the verdict '{}', which no running test may give itself", to_string(record.verdict)));
  if (record.verdict != *expected) return crashed(fmt::format("but its record says '{}'", to_string(record.verdict)));
  return std::move(record);
}

std::optional<std::string> missing_feature(const ListedTest& test, const std::vector<std::string>& features) {
  for (const std::string& feature : test.required_features) {
    if (std::ranges::find(features, feature) == features.end()) return feature;
  }
  return std::nullopt;
}

TestEnd not_run(const ListedTest& test, Verdict verdict, std::string reason) {
  TestEnd end;
  end.record.test = test.name;
  end.record.clause = test.clause;
  end.record.tier = test.tier;
  end.record.verdict = verdict;
  end.record.reason = std::move(reason);
  return end;
}

TestEnd run_in(const std::filesystem::path& certifier, const ListedTest& test, const TestOptions& options,
               const std::filesystem::path& record_file) {
  ProcessOptions process;
  process.command = {certifier.string(),
                     "--run",
                     test.name,
                     "--record",
                     record_file.string(),
                     "--seed",
                     std::to_string(options.seed),
                     "--schedules",
                     std::to_string(options.schedules)};
  const auto add = [&](const char* flag, const std::string& value) {
    if (!value.empty()) process.command.insert(process.command.end(), {flag, value});
  };
  add("--cases", options.cases ? std::to_string(*options.cases) : "");
  add("--replay", options.replay);
  add("--mutant", options.mutant);
  add("--variant", options.variant);
  process.timeout = std::chrono::duration<double>(timeout_of(test, options.time_scale));
  process.stop_fd = options.stop_fd;
  if (options.time_scale != 1) process.environment["CONCERT_TIME_SCALE"] = fmt::format("{}", options.time_scale);

  ProcessResult result;
  try {
    result = run_process(process);
  } catch (const std::system_error& error) {
    throw HarnessError(error.what());
  }
  if (result.end == ProcessResult::End::stopped) return not_run(test, Verdict::untested, "interrupted");
  TestEnd end;
  if (result.end == ProcessResult::End::timed_out) {
    end.record = assigned(test, result, Verdict::hung, fmt::format("no end within {} s", process.timeout.count()));
  } else {
    end.record = judge_end(test, result, read_if_there(record_file), &end.is_harness_error);
  }
  end.out = std::move(result.out);
  end.err = std::move(result.err);
  return end;
}

void write_evidence(const std::filesystem::path& folder, const TestEnd& end) {
  if (folder.empty() || end.record.verdict == Verdict::passed || (end.out.text.empty() && end.err.text.empty())) return;
  std::filesystem::create_directories(folder);
  std::ofstream out(folder / (end.record.test + ".txt"), std::ios::binary);
  for (const auto& [title, output] : {std::pair{"stdout", &end.out}, std::pair{"stderr", &end.err}}) {
    out << "--- " << title;
    if (output->dropped_bytes != 0) out << ", the end (" << output->dropped_bytes << " bytes before it are dropped)";
    out << "\n" << output->text << "\n";
  }
}

std::string utc_now() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text.data(), size};
}

bool is_stopped(int stop_fd) {
  if (stop_fd < 0) return false;
  pollfd watched{stop_fd, POLLIN, 0};
  return ::poll(&watched, 1, 0) > 0;
}

// From bad to good, so that no pass hides a skip and no skip hides a failure.
constexpr std::array<Verdict, 9> by_badness = {Verdict::crashed,      Verdict::hung,     Verdict::failed,
                                               Verdict::inconclusive, Verdict::untested, Verdict::unsupported,
                                               Verdict::excluded,     Verdict::waived,   Verdict::passed};

std::ptrdiff_t badness(Verdict verdict) { return by_badness.end() - std::ranges::find(by_badness, verdict); }

void decide(ClauseRecord& record, const Clause& clause, const std::vector<const TestRecord*>& tests, bool is_left_out) {
  if (!tests.empty()) {
    const TestRecord* worst =
        *std::ranges::max_element(tests, {}, [](const TestRecord* test) { return badness(test->verdict); });
    record.verdict = worst->verdict;
    // One test that was not selected leaves the clause undecided, unless another one has broken it already.
    if (is_left_out && badness(record.verdict) < badness(Verdict::untested)) {
      record.verdict = Verdict::untested;
      record.reason = "not all of its tests were selected";
    } else if (record.verdict != Verdict::passed) {
      record.reason = worst->test + ": " + worst->reason;
    }
  } else if (is_left_out) {
    record.reason = "its tests were not selected";
  } else if (!clause.exclusion.empty()) {
    record.verdict = Verdict::excluded;
    record.reason = clause.exclusion;
  } else {
    record.reason = "no test names this clause";
  }
}

}  // namespace

Shard parse_shard(std::string_view text) {
  Shard shard;
  const std::size_t slash = text.find('/');
  const auto read = [](std::string_view digits, int& value) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return error == std::errc{} && end == digits.data() + digits.size();
  };
  if (slash == std::string_view::npos || !read(text.substr(0, slash), shard.index) ||
      !read(text.substr(slash + 1), shard.count) || shard.index < 1 || shard.index > shard.count)
    throw SelectionError(fmt::format("expected a shard like 2/5, came '{}'", text));
  return shard;
}

TestRecord judge_end(const ListedTest& test, const ProcessResult& process,
                     const std::optional<std::string>& record_text, bool* is_harness_error) {
  using End = ProcessResult::End;
  if (process.end == End::exited) return judge_exit(test, process, record_text, is_harness_error);
  if (process.end == End::timed_out)
    return assigned(test, process, Verdict::hung, fmt::format("no end within {:.3g} s", process.seconds));
  if (process.end == End::stopped) return not_run(test, Verdict::untested, "interrupted").record;
  return assigned(test, process, Verdict::crashed, "ended by " + signal_name(process.code));
}

TestEnd run_test(const std::filesystem::path& certifier, const ListedTest& test, const TestOptions& options) {
  const TemporaryFolder folder;
  return run_in(certifier, test, options, folder.path() / "record.jsonl");
}

void run_parallel(std::size_t count, int jobs, const std::function<void(std::size_t)>& work) {
  const std::size_t wanted =
      jobs > 0 ? static_cast<std::size_t>(jobs) : std::max(1U, std::thread::hardware_concurrency());
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::exception_ptr failure;
  const auto worker = [&] {
    for (std::size_t i = next++; i < count; i = next++) {
      try {
        work(i);
      } catch (...) {
        const std::scoped_lock lock(mutex);
        if (!failure) failure = std::current_exception();
        next = count;
      }
    }
  };
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 1; i < std::min(wanted, count); ++i) threads.emplace_back(worker);
    worker();
  }
  if (failure) std::rethrow_exception(failure);
}

std::vector<ClauseRecord> roll_up(std::span<const Clause> clauses, const std::vector<TestRecord>& tests,
                                  const std::vector<ListedTest>& left_out) {
  std::map<std::string_view, std::vector<const TestRecord*>> by_clause;
  for (const TestRecord& test : tests) by_clause[test.clause].push_back(&test);
  std::set<std::string_view> incomplete;
  for (const ListedTest& test : left_out) incomplete.insert(test.clause);

  std::vector<ClauseRecord> records;
  for (const Clause& clause : clauses) {
    if (clause.level == Level::retired) continue;
    ClauseRecord record;
    record.clause = clause.id;
    record.level = to_string(clause.level);
    record.area = clause.area;
    record.sentence = clause.sentence;
    const std::vector<const TestRecord*>& own = by_clause[clause.id];
    record.tests = static_cast<std::int64_t>(own.size());
    for (const TestRecord* test : own) {
      record.cases += test->cases;
      record.seconds += test->seconds;
    }
    decide(record, clause, own, incomplete.contains(clause.id));
    records.push_back(std::move(record));
  }
  return records;
}

RunOutcome run_suite(const std::filesystem::path& certifier, const RunOptions& options) {
  const Listing listing = list_tests(certifier, options.variant);
  std::vector<ListedTest> selected;
  const std::vector<ListedTest> filtered = select_tests(listing, options.filter);
  for (std::size_t i = 0; i < filtered.size(); ++i) {
    if (i % static_cast<std::size_t>(options.shard.count) == static_cast<std::size_t>(options.shard.index - 1))
      selected.push_back(filtered[i]);
  }
  if (selected.empty())
    throw SelectionError(
        fmt::format("shard {}/{} of {} tests is empty", options.shard.index, options.shard.count, filtered.size()));

  RunOutcome outcome;
  outcome.selected = selected.size();
  results::Header& header = outcome.results.header;
  header.backend = listing.backend;
  header.backend_version = listing.backend_version;
  header.kit_version = listing.kit_version;
  header.spec_version = listing.spec_version;
  header.features = listing.features;
  header.traits = listing.traits;
  header.virtual_time = listing.virtual_time;
  header.seed = options.seed;
  header.schedules = options.schedules;
  header.started = utc_now();
  header.machine = listing.machine;
  header.command = options.command;

  const auto start = std::chrono::steady_clock::now();
  const TemporaryFolder folder;
  std::mutex mutex;
  std::size_t done = 0;
  std::vector<TestEnd> ends(selected.size());
  run_parallel(selected.size(), options.jobs, [&](std::size_t i) {
    const ListedTest& test = selected[i];
    if (const auto feature = missing_feature(test, listing.features)) {
      ends[i] =
          not_run(test, Verdict::unsupported, fmt::format("the backend does not declare the feature '{}'", *feature));
    } else if (is_stopped(options.stop_fd)) {
      ends[i] = not_run(test, Verdict::untested, "interrupted");
    } else {
      ends[i] = run_in(certifier, test, options, folder.path() / (std::to_string(i) + ".jsonl"));
    }
    const std::scoped_lock lock(mutex);
    write_evidence(options.evidence, ends[i]);
    if (options.on_progress) options.on_progress({++done, selected.size(), &ends[i]});
    ends[i].out = {};
    ends[i].err = {};
  });

  for (TestEnd& end : ends) {
    if (end.is_harness_error) outcome.harness_errors.push_back(end.record.test + ": " + end.record.reason);
    outcome.results.tests.push_back(std::move(end.record));
  }
  outcome.was_stopped = is_stopped(options.stop_fd);
  std::set<std::string_view> ran;
  for (const ListedTest& test : selected) ran.insert(test.name);
  std::vector<ListedTest> left_out;
  std::ranges::copy_if(listing.tests, std::back_inserter(left_out),
                       [&](const ListedTest& test) { return !ran.contains(test.name); });
  outcome.is_partial = !left_out.empty();
  outcome.results.clauses = roll_up(all_clauses(), outcome.results.tests, left_out);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  outcome.results.footer = results::summarize(outcome.results.tests, outcome.results.clauses, seconds);
  return outcome;
}

}  // namespace concert::runner
