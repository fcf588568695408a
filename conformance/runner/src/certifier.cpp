// SPDX-License-Identifier: Apache-2.0
#include "concert/runner/certifier.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fnmatch.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <set>
#include <system_error>

#include "concert/clause.hpp"
#include "concert/runner/process.hpp"

namespace concert::runner {

namespace {

using nlohmann::json;

constexpr std::size_t listing_limit_bytes = 16 * 1024 * 1024;

json parse_document(std::string_view document, const std::string& name, std::string_view flag) {
  try {
    json parsed = json::parse(document);
    if (!parsed.is_object())
      throw HarnessError(fmt::format("{} {}: expected a JSON object, came {}", name, flag, parsed.type_name()));
    return parsed;
  } catch (const json::exception& error) {
    const std::vector<std::string> lines = last_lines(std::string(document.substr(0, 300)), 1);
    throw HarnessError(fmt::format("{} {}: expected one JSON document, came {} ({})", name, flag,
                                   lines.empty() ? "nothing" : "'" + lines.front() + "'", error.what()));
  }
}

// Turns the library's errors about one key into ours, with the place.
template <class T>
T take(const json& object, const char* key, const std::string& place) {
  const auto found = object.find(key);
  if (found == object.end()) throw HarnessError(fmt::format("{}: expected the key \"{}\", came none", place, key));
  try {
    return found->get<T>();
  } catch (const json::exception&) {
    throw HarnessError(
        fmt::format("{}: expected \"{}\" of another type, came {}", place, key, found->dump().substr(0, 200)));
  }
}

void check_protocol(const json& document, const std::string& place) {
  const int version = take<int>(document, "protocol", place);
  if (version != protocol_version)
    throw HarnessError(fmt::format("{}: expected protocol {}, came {}", place, protocol_version, version));
}

void check_clause(const std::string& id, const std::string& place) {
  const Clause* clause = find_clause(id);
  if (clause == nullptr)
    throw HarnessError(fmt::format("{}: expected a clause of the pages, came the unknown '{}'", place, id));
  if (clause->level == Level::retired)
    throw HarnessError(fmt::format("{}: the clause {} is retired: {}", place, id, clause->sentence));
}

ListedTest read_test(const json& entry, const std::string& place) {
  ListedTest test;
  test.name = take<std::string>(entry, "test", place);
  const std::string here = fmt::format("{}, test '{}'", place, test.name);
  test.clause = take<std::string>(entry, "clause", here);
  test.tier = take<std::string>(entry, "tier", here);
  if (entry.contains("requires")) test.required_features = take<std::vector<std::string>>(entry, "requires", here);
  check_clause(test.clause, here);
  if (!test.name.starts_with(test.clause))
    throw HarnessError(fmt::format("{}: expected a name that starts with its clause {}", here, test.clause));
  if (test.tier != "logical" && test.tier != "physical")
    throw HarnessError(fmt::format("{}: expected the tier 'logical' or 'physical', came '{}'", here, test.tier));
  return test;
}

std::string ask(const std::filesystem::path& certifier, std::vector<std::string> arguments,
                std::chrono::duration<double> timeout = listing_timeout) {
  ProcessOptions options;
  options.command = {certifier.string()};
  options.command.insert(options.command.end(), arguments.begin(), arguments.end());
  options.timeout = timeout;
  options.output_limit_bytes = listing_limit_bytes;
  const std::string question = fmt::format("{}", fmt::join(options.command, " "));
  ProcessResult result;
  try {
    result = run_process(options);
  } catch (const std::system_error& error) {
    throw HarnessError(error.what());
  }
  const auto fail = [&](const std::string& how) {
    const std::vector<std::string> lines = last_lines(result.err.text, 5);
    throw HarnessError(
        fmt::format("{}: {}{}{}", question, how, lines.empty() ? "" : "; it printed: ", fmt::join(lines, " / ")));
  };
  using End = ProcessResult::End;
  if (result.end == End::timed_out) fail(fmt::format("no end within {} s", timeout.count()));
  if (result.end == End::signalled) fail("ended by " + signal_name(result.code));
  if (result.end != End::exited || result.code != 0) fail(fmt::format("expected exit code 0, came {}", result.code));
  if (result.out.dropped_bytes != 0) fail(fmt::format("more than {} bytes", listing_limit_bytes));
  return std::move(result.out.text);
}

}  // namespace

Listing parse_listing(std::string_view document, const std::string& name) {
  const std::string place = name + " --list";
  const json parsed = parse_document(document, name, "--list");
  check_protocol(parsed, place);
  Listing listing;
  listing.backend = take<std::string>(parsed, "backend", place);
  listing.backend_version = take<std::string>(parsed, "backend_version", place);
  listing.kit_version = take<std::string>(parsed, "kit_version", place);
  listing.spec_version = take<std::string>(parsed, "spec_version", place);
  listing.features = take<std::vector<std::string>>(parsed, "features", place);
  listing.traits = take<std::map<std::string, std::string>>(parsed, "traits", place);
  listing.virtual_time = take<bool>(parsed, "virtual_time", place);
  listing.machine = take<std::map<std::string, std::string>>(parsed, "machine", place);
  if (listing.backend.empty()) throw HarnessError(place + ": expected the name of the backend, came \"\"");
  if (listing.spec_version != spec_version)
    throw HarnessError(fmt::format("{}: expected a certifier for the clauses {}, came one for {}", place, spec_version,
                                   listing.spec_version));
  std::set<std::string> names;
  for (const json& entry : take<std::vector<json>>(parsed, "tests", place)) {
    listing.tests.push_back(read_test(entry, place));
    if (!names.insert(listing.tests.back().name).second)
      throw HarnessError(fmt::format("{}: the test '{}' is listed twice", place, listing.tests.back().name));
  }
  if (listing.tests.empty()) throw HarnessError(place + ": it lists no test");
  return listing;
}

std::vector<Mutant> parse_mutants(std::string_view document, const std::string& name) {
  const std::string place = name + " --list-mutants";
  const json parsed = parse_document(document, name, "--list-mutants");
  check_protocol(parsed, place);
  std::vector<Mutant> mutants;
  std::set<std::string> names;
  for (const char* kind : {"mutants", "null_backends"}) {
    if (!parsed.contains(kind)) continue;
    for (const json& entry : take<std::vector<json>>(parsed, kind, place)) {
      Mutant mutant;
      mutant.name = take<std::string>(entry, "name", place);
      const std::string here = fmt::format("{}, mutant '{}'", place, mutant.name);
      mutant.breaks = take<std::string>(entry, "breaks", here);
      mutant.is_null_backend = std::string_view(kind) == "null_backends";
      for (const json& kill : take<std::vector<json>>(entry, "kills", here)) {
        mutant.kills.push_back({take<std::string>(kill, "clause", here), take<std::string>(kill, "key", here)});
        check_clause(mutant.kills.back().clause, here);
      }
      if (mutant.kills.empty() && !mutant.is_null_backend)
        throw HarnessError(here + ": expected at least one clause that it breaks, came none");
      if (!names.insert(mutant.name).second) throw HarnessError(here + ": listed twice");
      mutants.push_back(std::move(mutant));
    }
  }
  if (mutants.empty()) throw HarnessError(place + ": it lists no mutant");
  return mutants;
}

std::vector<std::string> parse_variants(std::string_view document, const std::string& name) {
  const std::string place = name + " --list-variants";
  const std::vector<std::string> variants =
      take<std::vector<std::string>>(parse_document(document, name, "--list-variants"), "variants", place);
  if (variants.empty()) throw HarnessError(place + ": it lists no variant");
  return variants;
}

Listing list_tests(const std::filesystem::path& certifier, const std::string& variant,
                   std::chrono::duration<double> timeout) {
  std::vector<std::string> arguments = {"--list"};
  if (!variant.empty()) arguments.insert(arguments.end(), {"--variant", variant});
  return parse_listing(ask(certifier, arguments, timeout), certifier.string());
}

std::vector<Mutant> list_mutants(const std::filesystem::path& certifier) {
  return parse_mutants(ask(certifier, {"--list-mutants"}), certifier.string());
}

std::vector<std::string> list_variants(const std::filesystem::path& certifier) {
  return parse_variants(ask(certifier, {"--list-variants"}), certifier.string());
}

std::vector<std::string> split_filter(std::string_view filter) {
  std::vector<std::string> globs;
  while (!filter.empty()) {
    const std::size_t comma = filter.find(',');
    if (comma != 0) globs.emplace_back(filter.substr(0, comma));
    filter.remove_prefix(comma == std::string_view::npos ? filter.size() : comma + 1);
  }
  if (globs.empty()) throw SelectionError("expected a filter like 'Scope*' or 'Scope029,Sleep*', came an empty one");
  return globs;
}

bool matches_glob(const std::string& glob, const std::string& text) {
  return ::fnmatch(glob.c_str(), text.c_str(), 0) == 0;
}

std::vector<ListedTest> select_tests(const Listing& listing, std::string_view filter) {
  if (filter.empty()) return listing.tests;
  const std::vector<std::string> globs = split_filter(filter);
  const auto matches = [](const std::string& glob, const ListedTest& test) {
    return matches_glob(glob, test.clause) || matches_glob(glob, test.name);
  };
  for (const std::string& glob : globs) {
    if (std::ranges::any_of(listing.tests, [&](const ListedTest& test) { return matches(glob, test); })) continue;
    const Clause* clause = find_clause(glob);
    const std::string why = clause == nullptr            ? "names no clause and no test"
                            : !clause->exclusion.empty() ? fmt::format("is excluded ({})", clause->exclusion)
                                                         : "has no test";
    throw SelectionError(fmt::format("'{}' {}; {} lists {} tests, from {} to {}", glob, why, listing.backend,
                                     listing.tests.size(), listing.tests.front().name, listing.tests.back().name));
  }
  std::vector<ListedTest> selected;
  for (const ListedTest& test : listing.tests) {
    if (std::ranges::any_of(globs, [&](const std::string& glob) { return matches(glob, test); }))
      selected.push_back(test);
  }
  return selected;
}

}  // namespace concert::runner
