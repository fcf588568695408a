// SPDX-License-Identifier: Apache-2.0
#include "concert/gate/gate.hpp"

#include <algorithm>
#include <cstdio>
#include <map>
#include <utility>

namespace concert::gate {
namespace {

using results::ClauseRecord;
using results::ResultFile;
using results::Verdict;

bool is_failure(Verdict verdict) {
  return verdict == Verdict::failed || verdict == Verdict::crashed || verdict == Verdict::hung;
}

/// What a waiver can cover: the clause ran and did not pass.
bool is_waivable(Verdict verdict) { return is_failure(verdict) || verdict == Verdict::inconclusive; }

std::string to_text(std::chrono::year_month_day day) {
  char text[32];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                static_cast<unsigned>(day.day()));
  return text;
}

std::int64_t days_between(std::chrono::year_month_day from, std::chrono::year_month_day to) {
  return (std::chrono::sys_days(to) - std::chrono::sys_days(from)).count();
}

std::string joined(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text += (text.empty() ? "" : ", ") + item;
  return text;
}

std::string counted(std::size_t number, const std::string& what) {
  return std::to_string(number) + " " + what + (number == 1 ? "" : "s");
}

class Judge {
 public:
  Judge(const Policy& policy, std::chrono::year_month_day today, std::span<const Clause> clauses)
      : policy_(policy), today_(today), clauses_(clauses) {}

  Decision judge(std::span<const ResultFile> files) {
    if (files.empty()) fail("expected at least one result file, came none");
    for (const ResultFile& file : files) judge_file(file);
    judge_waivers(files);
    decision_.outcome = decision_.reasons.empty() ? Outcome::passed
                        : only_inconclusive_      ? Outcome::inconclusive
                                                  : Outcome::failed;
    return std::move(decision_);
  }

 private:
  void fail(std::string reason) {
    decision_.reasons.push_back(std::move(reason));
    only_inconclusive_ = false;
  }
  /// A reason that another run may remove.
  void fail_inconclusive(std::string reason) { decision_.reasons.push_back(std::move(reason)); }

  bool is_expired(const Waiver& waiver) const {
    return std::chrono::sys_days(waiver.expires) < std::chrono::sys_days(today_);
  }

  const Waiver* waiver_of(const std::string& clause, const std::string& backend) const {
    for (const Waiver& waiver : policy_.waivers) {
      if (waiver.clause == clause && waiver.backend == backend && !is_expired(waiver)) return &waiver;
    }
    return nullptr;
  }

  void judge_file(const ResultFile& file) {
    const std::string& backend = file.header.backend;
    check_completeness(file);
    std::vector<ClauseRecord> clauses = file.clauses;
    for (ClauseRecord& clause : clauses) {
      if (clause.verdict == Verdict::waived && waiver_of(clause.clause, backend) == nullptr) {
        fail(backend + ": " + clause.clause + " is waived in the file, but not by " + policy_.name);
      }
      if (is_waivable(clause.verdict) && waiver_of(clause.clause, backend) != nullptr) clause.verdict = Verdict::waived;
    }
    const results::Footer footer = results::summarize(file.tests, clauses, file.footer.seconds);
    check_verdict(backend, footer);
    list_obstacles(backend, clauses);
    check_limits(backend, clauses);
  }

  /// A file must speak of every clause that this kit knows, at its level: else leaving one out would be a way to pass.
  void check_completeness(const ResultFile& file) {
    const std::string& backend = file.header.backend;
    if (file.header.spec_version != spec_version) {
      fail(backend + ": the file speaks of specification " + file.header.spec_version + ", this kit of " +
           std::string(spec_version) + "; certify again");
      return;
    }
    std::map<std::string_view, const ClauseRecord*> records;
    for (const ClauseRecord& record : file.clauses) records.emplace(record.clause, &record);
    std::vector<std::string> missing;
    for (const Clause& clause : clauses_) {
      if (clause.level == Level::retired) continue;
      const auto record = records.find(clause.id);
      if (record == records.end()) {
        missing.emplace_back(clause.id);
      } else if (record->second->level != to_string(clause.level)) {
        fail(backend + ": " + std::string(clause.id) + " is a " + std::string(to_string(clause.level)) +
             " of the specification, but a " + record->second->level + " in the file");
      }
    }
    if (!missing.empty()) {
      fail(backend + ": the file leaves out " + counted(missing.size(), "clause") +
           " of the specification: " + joined(missing));
    }
  }

  void check_verdict(const std::string& backend, const results::Footer& footer) {
    const bool accepted = footer.verdict == "certified" || footer.verdict == policy_.verdict;
    const std::string reason =
        backend + ": the verdict is \"" + footer.verdict + "\", the policy demands \"" + policy_.verdict + "\"";
    if (!accepted && footer.verdict == "inconclusive")
      fail_inconclusive(reason);
    else if (!accepted)
      fail(reason);

    const auto must = footer.counts.find("MUST");
    std::int64_t passed = 0;
    if (must != footer.counts.end() && must->second.contains("passed")) passed = must->second.at("passed");
    if (passed < policy_.min_must_passed) {
      fail(backend + ": " + std::to_string(passed) + " MUST clauses passed, the policy demands " +
           std::to_string(policy_.min_must_passed));
    }
  }

  bool is_demanded(const std::string& level) const {
    return level == "MUST" || (level == "SHOULD" ? policy_.should : policy_.may) == Demand::pass;
  }

  void list_obstacles(const std::string& backend, const std::vector<ClauseRecord>& clauses) {
    for (const ClauseRecord& clause : clauses) {
      if (!is_demanded(clause.level)) continue;
      const std::string reason = backend + ": " + clause.clause + " (" + clause.level + ") " +
                                 std::string(to_string(clause.verdict)) + ": " + clause.reason;
      if (is_failure(clause.verdict) || clause.verdict == Verdict::untested) fail(reason);
      // How many inconclusive ones pass is for the verdict and max_inconclusive to say.
      if (clause.verdict == Verdict::inconclusive && policy_.verdict != "inconclusive") fail_inconclusive(reason);
    }
  }

  void check_limits(const std::string& backend, const std::vector<ClauseRecord>& clauses) {
    check_limit(backend, clauses, Verdict::unsupported, policy_.max_unsupported);
    check_limit(backend, clauses, Verdict::excluded, policy_.max_excluded);
    check_limit(backend, clauses, Verdict::inconclusive, policy_.max_inconclusive);
  }

  void check_limit(const std::string& backend, const std::vector<ClauseRecord>& clauses, Verdict verdict,
                   std::optional<std::int64_t> limit) {
    if (!limit) return;
    std::vector<std::string> ids;
    for (const ClauseRecord& clause : clauses) {
      if (clause.verdict == verdict) ids.push_back(clause.clause);
    }
    if (static_cast<std::int64_t>(ids.size()) <= *limit) return;
    const std::string reason = backend + ": " + counted(ids.size(), std::string(to_string(verdict)) + " clause") +
                               ", the policy allows " + std::to_string(*limit) + ": " + joined(ids);
    if (verdict == Verdict::inconclusive)
      fail_inconclusive(reason);
    else
      fail(reason);
  }

  /// Waivers end: by their date, or by the repair. Neither goes unnoticed.
  void judge_waivers(std::span<const ResultFile> files) {
    for (const Waiver& waiver : policy_.waivers) {
      const std::string place = policy_.name + ":" + std::to_string(waiver.line) + ": the waiver of " + waiver.clause +
                                " for " + waiver.backend + " (" + waiver.owner + ", " + waiver.issue + ") ";
      if (is_expired(waiver)) {
        fail(place + "expired on " + to_text(waiver.expires) + "; repair the backend or renew the waiver");
        continue;
      }
      bool has_file = false, is_used = false;
      std::string verdicts;
      for (const ResultFile& file : files) {
        if (file.header.backend != waiver.backend) continue;
        has_file = true;
        for (const ClauseRecord& clause : file.clauses) {
          if (clause.clause != waiver.clause) continue;
          is_used = is_used || is_waivable(clause.verdict) || clause.verdict == Verdict::waived;
          verdicts = std::string(to_string(clause.verdict));
        }
      }
      if (!has_file) {
        decision_.notes.push_back(place + "was not needed: no result file of this backend");
      } else if (!is_used) {
        fail(place + "is stale: the clause is " + (verdicts.empty() ? "not in the file" : verdicts) +
             "; remove the waiver");
      } else {
        decision_.notes.push_back(place + "is in use, days left: " +
                                  std::to_string(days_between(today_, waiver.expires)) + "; " + waiver.reason);
      }
    }
  }

  const Policy& policy_;
  std::chrono::year_month_day today_;
  std::span<const Clause> clauses_;
  Decision decision_;
  bool only_inconclusive_ = true;
};

}  // namespace

Decision decide(const Policy& policy, std::span<const ResultFile> files, std::chrono::year_month_day today,
                std::span<const Clause> clauses) {
  return Judge(policy, today, clauses).judge(files);
}

std::chrono::year_month_day today() {
  return std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now()));
}

}  // namespace concert::gate
