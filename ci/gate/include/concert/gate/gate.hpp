// SPDX-License-Identifier: Apache-2.0
// Whether it may merge: result files judged by a policy.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "concert/clause.hpp"
#include "concert/runner/results.hpp"

namespace concert::gate {

/// Whether clauses that do not decide about the certificate must hold all the same.
enum class Demand { ignore, pass };

/// One clause that one backend may break for a while. The clause still runs.
struct Waiver {
  std::string clause;
  std::string backend;
  std::string owner;
  std::string reason;
  std::string issue;
  std::chrono::year_month_day expires;  ///< the last day on which it holds
  int line = 0;                         ///< in the policy

  bool operator==(const Waiver&) const = default;
};

/// What a result file has to show. The limits count clauses of every level.
struct Policy {
  std::string name;                   ///< of its file, for messages
  std::string verdict = "certified";  ///< at least this: "certified", or "inconclusive" (also accepts certified)
  std::optional<std::int64_t> max_unsupported;
  std::optional<std::int64_t> max_excluded;
  std::optional<std::int64_t> max_inconclusive;
  std::int64_t min_must_passed = 1;
  Demand should = Demand::ignore;
  Demand may = Demand::ignore;  ///< pass: a false declaration of a trait fails the gate
  std::vector<Waiver> waivers;

  bool operator==(const Policy&) const = default;
};

/// The policy cannot be used. The message names file and line, what was expected and what came.
class PolicyError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Errors: PolicyError for a syntax error, an unknown key or clause, a wrong type, a waiver that lacks a part or stands
/// there twice.
Policy parse_policy(std::string_view toml, const std::string& name_for_errors,
                    std::span<const Clause> clauses = all_clauses());
Policy read_policy(const std::filesystem::path& path, std::span<const Clause> clauses = all_clauses());

/// inconclusive: nothing but inconclusive clauses stands in the way, so that another run may pass.
enum class Outcome { passed, failed, inconclusive };

struct Decision {
  Outcome outcome = Outcome::failed;
  std::vector<std::string> reasons;  ///< why it did not pass, complete; empty exactly if it passed
  std::vector<std::string> notes;    ///< what a person should know all the same: waivers in use, their days left
};

/// Judges every file by the policy on the day `today`.
/// A waiver that is expired, or whose clause no longer fails, is a reason to fail, with file and line. A file that
/// leaves out clauses of this kit, changes their level or waives by itself does not pass. No file does not pass either.
Decision decide(const Policy& policy, std::span<const results::ResultFile> files, std::chrono::year_month_day today,
                std::span<const Clause> clauses = all_clauses());

/// The day in UTC.
std::chrono::year_month_day today();

}  // namespace concert::gate
