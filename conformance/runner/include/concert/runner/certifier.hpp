// SPDX-License-Identifier: Apache-2.0
// The protocol of a certifier: an executable that holds one backend and every suite.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace concert::runner {

/// The version of the protocol; a certifier that speaks another one is refused.
inline constexpr int protocol_version = 1;

/// A test as the certifier lists it.
struct ListedTest {
  std::string name;    ///< "Scope029OuterCancelReachesEveryDepth"
  std::string clause;  ///< "Scope029"
  std::string tier;    ///< "logical" or "physical"
  std::vector<std::string> required_features;
};

/// What `--list` says: who is under test, and the tests in order.
struct Listing {
  std::string backend;
  std::string backend_version;
  std::string kit_version;
  std::string spec_version;
  std::vector<std::string> features;
  std::map<std::string, std::string> traits;
  bool virtual_time = true;
  std::map<std::string, std::string> machine;
  std::vector<ListedTest> tests;
};

/// The clause that a mutant breaks, and the key of the check that must see it ("crashed", "hung" for those ends).
struct Kill {
  std::string clause;
  std::string key;
  auto operator<=>(const Kill&) const = default;
};

/// A deliberately broken backend.
struct Mutant {
  std::string name;
  std::string breaks;  ///< the fault as one sentence
  std::vector<Kill> kills;
  bool is_null_backend = false;  ///< it does nothing, or always throws: no MUST may pass on it (kills may be empty)
};

/// The kit, the certifier or the machine failed. It says nothing about the backend.
class HarnessError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The request selects nothing or names something unknown. The message says what is known.
class SelectionError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Reads the document of `--list`. `name` names the certifier in errors.
/// Errors: HarnessError if it is not that document, lists no test, a test twice, or one of an unknown or retired
/// clause.
Listing parse_listing(std::string_view document, const std::string& name);
/// Reads the document of `--list-mutants`. Errors: HarnessError.
std::vector<Mutant> parse_mutants(std::string_view document, const std::string& name);
/// Reads the document of `--list-variants`. Errors: HarnessError.
std::vector<std::string> parse_variants(std::string_view document, const std::string& name);

/// Listing runs no test: a certifier that needs longer than this is stuck.
inline constexpr std::chrono::duration<double> listing_timeout{20};

/// Asks a certifier for its tests, of one variant if that is not empty. Errors: HarnessError.
Listing list_tests(const std::filesystem::path& certifier, const std::string& variant = {},
                   std::chrono::duration<double> timeout = listing_timeout);
/// Errors: HarnessError.
std::vector<Mutant> list_mutants(const std::filesystem::path& certifier);
/// Errors: HarnessError.
std::vector<std::string> list_variants(const std::filesystem::path& certifier);

/// The globs of a comma-separated filter, each a clause or a test.
/// Errors: SelectionError if the filter is empty.
std::vector<std::string> split_filter(std::string_view filter);
/// True if `text` matches the glob (`*`, `?`, `[...]`).
bool matches_glob(const std::string& glob, const std::string& text);
/// The tests whose name or clause matches, in listing order; an empty filter selects all.
/// Errors: SelectionError if some glob matches nothing.
std::vector<ListedTest> select_tests(const Listing& listing, std::string_view filter);

}  // namespace concert::runner
