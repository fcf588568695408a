// SPDX-License-Identifier: Apache-2.0
#include "concert/runner/results.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <fstream>
#include <istream>
#include <limits>
#include <nlohmann/json.hpp>
#include <ostream>
#include <set>
#include <sstream>
#include <system_error>
#include <utility>

namespace concert::results {
namespace {

// Ordered, so that a line reads in the order of the struct.
using Json = nlohmann::ordered_json;

struct VerdictWord {
  Verdict verdict;
  std::string_view word;
};
constexpr std::array<VerdictWord, all_verdicts.size()> verdict_words{{{Verdict::passed, "passed"},
                                                                      {Verdict::failed, "failed"},
                                                                      {Verdict::crashed, "crashed"},
                                                                      {Verdict::hung, "hung"},
                                                                      {Verdict::unsupported, "unsupported"},
                                                                      {Verdict::excluded, "excluded"},
                                                                      {Verdict::untested, "untested"},
                                                                      {Verdict::inconclusive, "inconclusive"},
                                                                      {Verdict::waived, "waived"}}};

constexpr std::array<std::string_view, 3> levels{"MUST", "SHOULD", "MAY"};
constexpr std::array<std::string_view, 2> tiers{"logical", "physical"};

std::string joined(const auto& words) {
  std::string text;
  for (const auto& word : words) text.append(text.empty() ? "" : ", ").append(word);
  return text;
}

std::string verdict_list() {
  std::vector<std::string_view> words;
  for (const VerdictWord& entry : verdict_words) words.push_back(entry.word);
  return joined(words);
}

std::string shortened(std::string text) {
  constexpr std::size_t limit = 120;
  if (text.size() <= limit) return text;
  std::size_t end = limit;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // not inside a UTF-8 character
  text.resize(end);
  return text + "...";
}

std::string dump(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

/// Where a record stands, for messages: "asio.jsonl:17".
struct Place {
  std::string text;
  [[noreturn]] void refuse(const std::string& expected, const std::string& came) const {
    throw FormatError(text + ": expected " + expected + ", came " + shortened(came));
  }
  void require(bool holds, const std::string& expected, const std::string& came) const {
    if (!holds) refuse(expected, came);
  }
};

/// Takes the members of one JSON object, and knows at the end which ones nobody asked for.
class ObjectReader {
 public:
  ObjectReader(const Json& object, const Place& place, std::string what)
      : object_(object), place_(place), what_(std::move(what)) {
    place_.require(object_.is_object(), "an object for " + what_, dump(object_));
  }

  const Json* optional_member(const std::string& key) {
    known_.push_back(key);
    const auto found = object_.find(key);
    return found == object_.end() ? nullptr : &*found;
  }
  const Json& member(const std::string& key) {
    const Json* value = optional_member(key);
    if (value == nullptr) place_.refuse("key \"" + key + "\" in " + what_, dump(object_));
    return *value;
  }
  std::string text(const std::string& key) {
    const Json& value = member(key);
    place_.require(value.is_string(), "a string for \"" + key + "\"", dump(value));
    return value.get<std::string>();
  }
  std::string word(const std::string& key) {
    std::string value = text(key);
    place_.require(!value.empty(), "a text that is not empty for \"" + key + "\"", "\"\"");
    return value;
  }
  template <class Words>
  std::string one_of(const std::string& key, const Words& words) {
    std::string value = text(key);
    for (const auto& candidate : words) {
      if (value == candidate) return value;
    }
    place_.refuse("one of " + joined(words) + " for \"" + key + "\"", "\"" + value + "\"");
  }
  bool flag(const std::string& key) {
    const Json& value = member(key);
    place_.require(value.is_boolean(), "true or false for \"" + key + "\"", dump(value));
    return value.get<bool>();
  }
  std::uint64_t unsigned_number(const std::string& key) {
    const Json& value = member(key);
    place_.require(value.is_number_unsigned(), "a whole number from 0 to 2^64-1 for \"" + key + "\"", dump(value));
    return value.get<std::uint64_t>();
  }
  std::int64_t number(const std::string& key, std::int64_t minimum) { return as_number(member(key), key, minimum); }
  double seconds(const std::string& key) {
    const Json& value = member(key);
    place_.require(value.is_number() && value.get<double>() >= 0,
                   "a finite number of seconds, 0 or more, for \"" + key + "\"", dump(value));
    return value.get<double>();
  }
  Verdict verdict(const std::string& key) {
    const std::string value = text(key);
    for (const VerdictWord& entry : verdict_words) {
      if (value == entry.word) return entry.verdict;
    }
    place_.refuse("one of " + verdict_list() + " for \"" + key + "\"", "\"" + value + "\"");
  }
  std::vector<std::string> texts(const std::string& key) {
    const Json& value = member(key);
    place_.require(value.is_array(), "a list of strings for \"" + key + "\"", dump(value));
    std::vector<std::string> list;
    for (const Json& item : value) {
      place_.require(item.is_string(), "only strings in \"" + key + "\"", dump(item));
      list.push_back(item.get<std::string>());
    }
    return list;
  }
  std::map<std::string, std::string> text_map(const std::string& key) {
    std::map<std::string, std::string> map;
    for (const auto& [name, item] : object_member(key).items()) {
      place_.require(item.is_string(), "only strings in \"" + key + "\"", dump(item));
      map.emplace(name, item.get<std::string>());
    }
    return map;
  }
  std::map<std::string, std::int64_t> number_map(const std::string& key) {
    std::map<std::string, std::int64_t> map;
    for (const auto& [name, item] : object_member(key).items()) map.emplace(name, as_number(item, key + "." + name, 0));
    return map;
  }
  const Json& object_member(const std::string& key) {
    const Json& value = member(key);
    place_.require(value.is_object(), "an object for \"" + key + "\"", dump(value));
    return value;
  }
  std::int64_t as_number(const Json& value, const std::string& key, std::int64_t minimum) const {
    const std::string expected = "a whole number, " + std::to_string(minimum) + " or more, for \"" + key + "\"";
    place_.require(value.is_number_integer(), expected, dump(value));
    // An unsigned value beyond the signed range would come out negative.
    const bool too_large =
        value.is_number_unsigned() &&
        value.get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    place_.require(!too_large && value.get<std::int64_t>() >= minimum, expected, dump(value));
    return value.get<std::int64_t>();
  }
  /// To be called last.
  void refuse_unknown_keys() const {
    for (const auto& [key, value] : object_.items()) {
      if (std::find(known_.begin(), known_.end(), key) == known_.end()) {
        place_.refuse("only the keys " + joined(known_) + " in " + what_, "\"" + key + "\"");
      }
    }
  }

 private:
  const Json& object_;
  const Place& place_;
  std::string what_;
  std::vector<std::string> known_;
};

/// Parses one line. The library would let the last of two equal keys win, and loses NaN: both are refused here.
Json parse_object(std::string_view line, const Place& place) {
  std::vector<std::set<std::string>> open_objects;
  const auto refuse_duplicates = [&](int, Json::parse_event_t event, Json& value) {
    if (event == Json::parse_event_t::object_start) open_objects.emplace_back();
    if (event == Json::parse_event_t::object_end) open_objects.pop_back();
    if (event == Json::parse_event_t::key && !open_objects.back().insert(value.get<std::string>()).second) {
      place.refuse("every key once", "\"" + value.get<std::string>() + "\" twice");
    }
    return true;
  };
  Json object;
  try {
    object = Json::parse(line, refuse_duplicates);
  } catch (const Json::exception& error) {
    place.refuse("one JSON object in the line", "\"" + std::string(line.substr(0, 60)) + "\" (" + error.what() + ")");
  }
  place.require(object.is_object(), "a JSON object", dump(object));
  return object;
}

std::string record_kind(const Json& object, const Place& place) {
  constexpr std::array<std::string_view, 4> kinds{"header", "test", "clause", "footer"};
  return ObjectReader(object, place, "the record").one_of("record", kinds);
}

Header parse_header(const Json& object, const Place& place) {
  ObjectReader reader(object, place, "the header");
  reader.member("record");
  // Before everything else: another version may have other keys.
  const std::int64_t schema = reader.number("schema", 0);
  place.require(schema == schema_version, "schema version " + std::to_string(schema_version), std::to_string(schema));
  Header header;
  header.backend = reader.word("backend");
  header.backend_version = reader.text("backend_version");
  header.kit_version = reader.text("kit_version");
  header.spec_version = reader.text("spec_version");
  header.features = reader.texts("features");
  header.traits = reader.text_map("traits");
  header.virtual_time = reader.flag("virtual_time");
  header.seed = reader.unsigned_number("seed");
  const std::int64_t schedules = reader.number("schedules", 1);
  place.require(schedules <= std::numeric_limits<int>::max(), "a smaller number for \"schedules\"",
                std::to_string(schedules));
  header.schedules = static_cast<int>(schedules);
  header.started = reader.text("started");
  header.machine = reader.text_map("machine");
  header.command = reader.texts("command");
  reader.refuse_unknown_keys();
  return header;
}

Failure parse_failure(const Json& object, const Place& place) {
  ObjectReader reader(object, place, "\"failure\"");
  Failure failure;
  failure.key = reader.word("key");
  failure.expected = reader.text("expected");
  failure.observed = reader.text("observed");
  failure.message = reader.word("message");
  failure.input = reader.text("input");
  failure.case_index = reader.number("case_index", -1);
  failure.shrinks = reader.number("shrinks", 0);
  failure.schedule = reader.text("schedule");
  failure.replay = reader.text("replay");
  failure.trace = reader.texts("trace");
  reader.refuse_unknown_keys();
  return failure;
}

TestRecord parse_test(const Json& object, const Place& place) {
  ObjectReader reader(object, place, "the test record");
  reader.member("record");
  TestRecord record;
  record.test = reader.word("test");
  record.clause = reader.word("clause");
  record.verdict = reader.verdict("verdict");
  record.tier = reader.one_of("tier", tiers);
  record.cases = reader.number("cases", 0);
  record.witnesses = reader.number_map("witnesses");
  record.seconds = reader.seconds("seconds");
  record.reason = reader.text("reason");
  if (const Json* failure = reader.optional_member("failure")) record.failure = parse_failure(*failure, place);
  reader.refuse_unknown_keys();
  const std::string verdict(to_string(record.verdict));
  if (record.verdict == Verdict::passed) {
    place.require(!record.failure, "no \"failure\" in a passed test",
                  "one with key \"" + (record.failure ? record.failure->key : "") + "\"");
  } else {
    place.require(!record.reason.empty(), "a reason for the verdict " + verdict, "\"\"");
  }
  if (record.verdict == Verdict::failed)
    place.require(record.failure.has_value(), "a \"failure\" in a failed test", "none");
  return record;
}

ClauseRecord parse_clause(const Json& object, const Place& place) {
  ObjectReader reader(object, place, "the clause record");
  reader.member("record");
  ClauseRecord record;
  record.clause = reader.word("clause");
  record.level = reader.one_of("level", levels);
  record.area = reader.word("area");
  record.sentence = reader.word("sentence");
  record.verdict = reader.verdict("verdict");
  record.reason = reader.text("reason");
  record.tests = reader.number("tests", 0);
  record.cases = reader.number("cases", 0);
  record.seconds = reader.seconds("seconds");
  reader.refuse_unknown_keys();
  if (record.verdict != Verdict::passed) {
    place.require(!record.reason.empty(), "a reason for the verdict " + std::string(to_string(record.verdict)), "\"\"");
  }
  return record;
}

Footer parse_footer(const Json& object, const Place& place) {
  constexpr std::array<std::string_view, 3> outcomes{"certified", "not certified", "inconclusive"};
  ObjectReader reader(object, place, "the footer");
  reader.member("record");
  Footer footer;
  const Json& counts = reader.object_member("counts");
  ObjectReader level_reader(counts, place, "\"counts\"");
  for (const std::string_view level : levels) {
    const std::string name(level);
    if (level_reader.optional_member(name) == nullptr) continue;
    ObjectReader verdict_reader(level_reader.object_member(name), place, "\"counts\"");
    for (const VerdictWord& entry : verdict_words) {
      const std::string word(entry.word);
      if (verdict_reader.optional_member(word) != nullptr) footer.counts[name][word] = verdict_reader.number(word, 0);
    }
    verdict_reader.refuse_unknown_keys();
  }
  level_reader.refuse_unknown_keys();
  footer.tests = reader.number("tests", 0);
  footer.clauses = reader.number("clauses", 0);
  footer.seconds = reader.seconds("seconds");
  footer.verdict = reader.one_of("verdict", outcomes);
  reader.refuse_unknown_keys();
  return footer;
}

/// A list or a map, also when it is empty: the library writes `null` for an empty initializer.
template <class Container>
Json as_array(const Container& values) {
  Json array = Json::array();
  for (const auto& value : values) array.push_back(value);
  return array;
}
template <class Map>
Json as_object(const Map& values) {
  Json object = Json::object();
  for (const auto& [key, value] : values) object[key] = value;
  return object;
}

std::string to_line(const Header& header) {
  Json line;
  line["record"] = "header";
  line["schema"] = schema_version;
  line["backend"] = header.backend;
  line["backend_version"] = header.backend_version;
  line["kit_version"] = header.kit_version;
  line["spec_version"] = header.spec_version;
  line["features"] = as_array(header.features);
  line["traits"] = as_object(header.traits);
  line["virtual_time"] = header.virtual_time;
  line["seed"] = header.seed;
  line["schedules"] = header.schedules;
  line["started"] = header.started;
  line["machine"] = as_object(header.machine);
  line["command"] = as_array(header.command);
  return dump(line);
}

std::string to_line(const TestRecord& record) {
  Json line;
  line["record"] = "test";
  line["test"] = record.test;
  line["clause"] = record.clause;
  line["verdict"] = to_string(record.verdict);
  line["tier"] = record.tier;
  line["cases"] = record.cases;
  line["witnesses"] = as_object(record.witnesses);
  line["seconds"] = record.seconds;
  line["reason"] = record.reason;
  if (record.failure) {
    const Failure& from = *record.failure;
    Json& failure = line["failure"];
    failure["key"] = from.key;
    failure["expected"] = from.expected;
    failure["observed"] = from.observed;
    failure["message"] = from.message;
    failure["input"] = from.input;
    failure["case_index"] = from.case_index;
    failure["shrinks"] = from.shrinks;
    failure["schedule"] = from.schedule;
    failure["replay"] = from.replay;
    failure["trace"] = as_array(from.trace);
  }
  return dump(line);
}

std::string to_line(const ClauseRecord& record) {
  Json line;
  line["record"] = "clause";
  line["clause"] = record.clause;
  line["level"] = record.level;
  line["area"] = record.area;
  line["sentence"] = record.sentence;
  line["verdict"] = to_string(record.verdict);
  line["reason"] = record.reason;
  line["tests"] = record.tests;
  line["cases"] = record.cases;
  line["seconds"] = record.seconds;
  return dump(line);
}

std::string to_line(const Footer& footer) {
  Json line;
  line["record"] = "footer";
  Json counts = Json::object();
  for (const auto& [level, verdicts] : footer.counts) counts[level] = as_object(verdicts);
  line["counts"] = std::move(counts);
  line["tests"] = footer.tests;
  line["clauses"] = footer.clauses;
  line["seconds"] = footer.seconds;
  line["verdict"] = footer.verdict;
  return dump(line);
}

/// Reads line after line and demands the order header, tests, clauses, footer.
class FileReader {
 public:
  FileReader(std::istream& in, const std::string& name) : in_(in), name_(name) {}

  ResultFile read() {
    std::string line;
    while (std::getline(in_, line)) {
      ++line_number_;
      // A writer ends every line. Without the end, nobody knows whether the line is whole.
      if (in_.eof()) here().refuse("a line end after the last record (truncated?)", "the end of the file");
      take(line);
    }
    if (in_.bad()) throw FormatError(name_ + ": expected a readable file, came a read error");
    ++line_number_;
    here().require(stage_ != Stage::nothing, "the header", "the end of an empty file");
    here().require(stage_ == Stage::footer, "the footer (truncated?)", "the end of the file");
    return std::move(results_);
  }

 private:
  enum class Stage { nothing, header, tests, clauses, footer };

  Place here() const { return Place{name_ + ":" + std::to_string(line_number_)}; }

  void take(const std::string& line) {
    const Place place = here();
    place.require(stage_ != Stage::footer, "the end of the file after the footer", "\"" + line + "\"");
    const Json object = parse_object(line, place);
    const std::string kind = record_kind(object, place);
    if (stage_ == Stage::nothing) place.require(kind == "header", "the header first", "a " + kind + " record");
    if (kind == "header") {
      place.require(stage_ == Stage::nothing, "one header, in the first line", "a second one");
      results_.header = parse_header(object, place);
      stage_ = Stage::header;
    } else if (kind == "test") {
      place.require(stage_ <= Stage::tests, "the tests before the clauses", "a test record after a clause");
      results_.tests.push_back(parse_test(object, place));
      stage_ = Stage::tests;
      note_test(results_.tests.back(), place);
    } else if (kind == "clause") {
      results_.clauses.push_back(parse_clause(object, place));
      stage_ = Stage::clauses;
      note_clause(results_.clauses.back(), place);
    } else {
      results_.footer = parse_footer(object, place);
      stage_ = Stage::footer;
      check_footer(place);
    }
  }

  void note_test(const TestRecord& record, const Place& place) {
    place.require(tests_.insert(record.test).second, "every test once", "\"" + record.test + "\" again");
    TestsOfClause& tests = tests_of_[record.clause];
    ++tests.count;
    if (record.verdict != Verdict::passed && tests.not_passed.empty()) tests.not_passed = record.test;
  }

  void note_clause(const ClauseRecord& record, const Place& place) {
    place.require(clauses_.insert(record.clause).second, "every clause once", "\"" + record.clause + "\" again");
    const auto found = tests_of_.find(record.clause);
    const TestsOfClause tests = found == tests_of_.end() ? TestsOfClause{} : found->second;
    place.require(record.tests == tests.count,
                  std::to_string(tests.count) + " tests of " + record.clause + ", as above",
                  std::to_string(record.tests));
    if (record.verdict != Verdict::passed) return;
    place.require(tests.count > 0, "a test for the passed clause " + record.clause, "none");
    place.require(tests.not_passed.empty(), "only passed tests under the passed clause " + record.clause,
                  tests.not_passed);
  }

  void check_footer(const Place& place) const {
    const auto same = [&](const std::string& what, auto expected, auto came) {
      place.require(expected == came, std::to_string(expected) + " " + what + ", as above", std::to_string(came));
    };
    for (const auto& [clause, tests] : tests_of_) {
      place.require(clauses_.contains(clause), "a clause record for " + clause + ", which has tests", "none");
    }
    const Footer& footer = results_.footer;
    const Footer counted = summarize(results_.tests, results_.clauses, footer.seconds);
    same("tests", counted.tests, footer.tests);
    same("clauses", counted.clauses, footer.clauses);
    for (const std::string_view level : levels) {
      for (const VerdictWord& entry : verdict_words) {
        const std::string verdict(entry.word);
        same(std::string(level) + " clauses that are " + verdict, count_in(counted, level, verdict),
             count_in(footer, level, verdict));
      }
    }
    place.require(footer.verdict == counted.verdict,
                  "the verdict \"" + counted.verdict + "\", which follows from the clauses",
                  "\"" + footer.verdict + "\"");
  }

  static std::int64_t count_in(const Footer& footer, std::string_view level, const std::string& verdict) {
    const auto verdicts = footer.counts.find(std::string(level));
    if (verdicts == footer.counts.end()) return 0;
    const auto number = verdicts->second.find(verdict);
    return number == verdicts->second.end() ? 0 : number->second;
  }

  struct TestsOfClause {
    std::int64_t count = 0;
    std::string not_passed;
  };

  std::istream& in_;
  const std::string& name_;
  int line_number_ = 0;
  Stage stage_ = Stage::nothing;
  ResultFile results_;
  std::set<std::string> tests_;
  std::set<std::string> clauses_;
  std::map<std::string, TestsOfClause> tests_of_;
};

/// The text of the file, proven readable: nothing is written that the reader would refuse.
std::string checked_text(const ResultFile& results, const std::string& name) {
  std::string text = to_line(results.header) + "\n";
  for (const TestRecord& record : results.tests) text += to_line(record) + "\n";
  for (const ClauseRecord& record : results.clauses) text += to_line(record) + "\n";
  text += to_line(results.footer) + "\n";
  std::istringstream check(text);
  read_results(check, name);
  return text;
}

std::int64_t count_of(const Footer& footer, const std::string& level, std::initializer_list<Verdict> verdicts) {
  const auto found = footer.counts.find(level);
  if (found == footer.counts.end()) return 0;
  std::int64_t sum = 0;
  for (const Verdict verdict : verdicts) {
    const auto number = found->second.find(std::string(to_string(verdict)));
    if (number != found->second.end()) sum += number->second;
  }
  return sum;
}

}  // namespace

std::string_view to_string(Verdict verdict) noexcept {
  for (const VerdictWord& entry : verdict_words) {
    if (entry.verdict == verdict) return entry.word;
  }
  return "unknown";
}

Verdict parse_verdict(std::string_view text) {
  for (const VerdictWord& entry : verdict_words) {
    if (entry.word == text) return entry.verdict;
  }
  throw std::invalid_argument("expected a verdict (" + verdict_list() + "), came \"" + std::string(text) + "\"");
}

ResultFile read_result_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw FormatError(path.string() + ": expected a result file, came a file that cannot be opened");
  return read_results(in, path.string());
}

ResultFile read_results(std::istream& in, const std::string& name_for_errors) {
  return FileReader(in, name_for_errors).read();
}

void write_result_file(const std::filesystem::path& path, const ResultFile& results) {
  const std::string text = checked_text(results, path.string());
  // The name appears only once the file is whole: a reader never meets one that is being written.
  const std::filesystem::path partial = path.string() + ".partial-" + std::to_string(::getpid());
  const auto fail = [&] {
    const int code = errno != 0 ? errno : EIO;
    std::error_code ignored;
    std::filesystem::remove(partial, ignored);
    throw std::system_error(code, std::generic_category(), "cannot write " + path.string());
  };
  errno = 0;
  std::ofstream out(partial, std::ios::binary | std::ios::trunc);
  if (!out) fail();
  out << text;
  out.close();
  if (!out) fail();
  std::error_code renamed;
  std::filesystem::rename(partial, path, renamed);
  if (renamed) {
    errno = renamed.value();
    fail();
  }
}

void write_results(std::ostream& out, const ResultFile& results) {
  out << checked_text(results, "result file to be written");
  if (!out) throw std::system_error(std::make_error_code(std::io_errc::stream), "cannot write the result file");
}

std::string to_json_line(const TestRecord& record) {
  std::string line = to_line(record);
  parse_test_record(line, "test record to be written");
  return line;
}

TestRecord parse_test_record(std::string_view line, const std::string& name_for_errors) {
  const Place place{name_for_errors};
  const Json object = parse_object(line, place);
  const std::string kind = record_kind(object, place);
  place.require(kind == "test", "a test record", "a " + kind + " record");
  return parse_test(object, place);
}

Footer summarize(const std::vector<TestRecord>& tests, const std::vector<ClauseRecord>& clauses, double seconds) {
  Footer footer;
  footer.tests = static_cast<std::int64_t>(tests.size());
  footer.clauses = static_cast<std::int64_t>(clauses.size());
  footer.seconds = seconds;
  for (const ClauseRecord& clause : clauses) ++footer.counts[clause.level][std::string(to_string(clause.verdict))];
  const auto must = [&](std::initializer_list<Verdict> verdicts) { return count_of(footer, "MUST", verdicts); };
  // Nothing checked is never green, however good the reasons are.
  const bool broken = must({Verdict::failed, Verdict::crashed, Verdict::hung, Verdict::untested}) > 0;
  if (broken || must({Verdict::passed, Verdict::inconclusive}) == 0) {
    footer.verdict = "not certified";
  } else {
    footer.verdict = must({Verdict::inconclusive}) > 0 ? "inconclusive" : "certified";
  }
  return footer;
}

std::string summary_line(const Header& header, const Footer& footer) {
  const auto must = [&](std::initializer_list<Verdict> verdicts) {
    return std::to_string(count_of(footer, "MUST", verdicts));
  };
  std::string line = header.backend + ": " + footer.verdict + ", " + must({Verdict::passed}) + " MUST passed, " +
                     must({Verdict::failed, Verdict::crashed, Verdict::hung}) + " failed, " +
                     must({Verdict::excluded}) + " excluded, " + must({Verdict::unsupported}) + " unsupported";
  // What is rare is printed only when it is there, but then always.
  const auto mention = [&](const std::string& level, std::initializer_list<Verdict> verdicts, const std::string& text) {
    if (const std::int64_t number = count_of(footer, level, verdicts))
      line += ", " + std::to_string(number) + " " + text;
  };
  mention("MUST", {Verdict::untested}, "untested");
  mention("MUST", {Verdict::inconclusive}, "inconclusive");
  mention("MUST", {Verdict::waived}, "waived");
  for (const std::string level : {"SHOULD", "MAY"}) {
    mention(level, {Verdict::failed, Verdict::crashed, Verdict::hung}, level + " failed");
  }
  return line;
}

}  // namespace concert::results
