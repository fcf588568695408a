// SPDX-License-Identifier: Apache-2.0
#include "concert/runner/selftest.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <utility>

namespace concert::runner {

namespace {

using results::TestRecord;
using results::Verdict;

bool is_kill(Verdict verdict) {
  return verdict == Verdict::failed || verdict == Verdict::crashed || verdict == Verdict::hung;
}

std::string key_of(const TestRecord& record) {
  if (record.verdict == Verdict::failed && record.failure) return record.failure->key;
  return std::string(to_string(record.verdict));
}

std::vector<Mutant> select_mutants(std::vector<Mutant> mutants, const std::string& filter) {
  if (filter.empty()) return mutants;
  const std::vector<std::string> globs = split_filter(filter);
  for (const std::string& glob : globs) {
    if (std::ranges::any_of(mutants, [&](const Mutant& mutant) { return matches_glob(glob, mutant.name); })) continue;
    std::vector<std::string> names;
    for (const Mutant& mutant : mutants) names.push_back(mutant.name);
    throw SelectionError(fmt::format("'{}' names no mutant; known: {}", glob, fmt::join(names, ", ")));
  }
  std::erase_if(mutants, [&](const Mutant& mutant) {
    return std::ranges::none_of(globs, [&](const std::string& glob) { return matches_glob(glob, mutant.name); });
  });
  return mutants;
}

bool declares(const Mutant& mutant, const std::string& clause) {
  return std::ranges::find(mutant.kills, clause, &Kill::clause) != mutant.kills.end();
}

bool is_supported(const ListedTest& test, const Listing& listing) {
  return std::ranges::all_of(test.required_features, [&](const std::string& feature) {
    return std::ranges::find(listing.features, feature) != listing.features.end();
  });
}

// One run of one test: on a mutant, or on a correct variant.
struct Job {
  static constexpr std::size_t none = static_cast<std::size_t>(-1);
  std::size_t mutant = none;
  std::size_t variant = none;
  ListedTest test;
};

std::vector<Job> plan_mutants(const std::vector<Mutant>& mutants, const Listing& listing, bool is_matrix) {
  std::vector<Job> jobs;
  for (std::size_t i = 0; i < mutants.size(); ++i) {
    for (const ListedTest& test : listing.tests) {
      if (is_supported(test, listing) && (is_matrix || declares(mutants[i], test.clause)))
        jobs.push_back({i, Job::none, test});
    }
  }
  return jobs;
}

std::vector<std::string> clauses_nobody_kills(const Listing& listing, const std::vector<MutantReport>& reports) {
  std::set<std::string> killed;
  for (const MutantReport& report : reports) {
    // A null backend breaks everything at once: it shows the floor, not that one clause is really watched.
    if (report.mutant.is_null_backend) continue;
    for (const Kill& kill : report.seen) {
      if (std::ranges::find(report.mutant.kills, kill) != report.mutant.kills.end()) killed.insert(kill.clause);
    }
  }
  std::vector<std::string> open;
  for (const ListedTest& test : listing.tests) {
    const Clause* clause = find_clause(test.clause);
    if (clause->level == Level::must && killed.insert(test.clause).second) open.push_back(test.clause);
  }
  return open;
}

// The floor: what does nothing right may fail in any way, but no MUST may pass on it.
void add_passes_on_a_null_backend(const std::vector<TestRecord>& ran, std::vector<std::string>& mismatches) {
  std::map<std::string, bool> passes;
  for (const TestRecord& record : ran) {
    bool& all = passes.emplace(record.clause, true).first->second;
    all = all && record.verdict == Verdict::passed;
  }
  for (const auto& [id, all] : passes) {
    const Clause* clause = find_clause(id);
    if (all && clause != nullptr && clause->level == Level::must)
      mismatches.push_back(fmt::format("{}, a MUST, passes on a null backend", id));
  }
}

bool is_stopped(int stop_fd) {
  if (stop_fd < 0) return false;
  pollfd watched{stop_fd, POLLIN, 0};
  return ::poll(&watched, 1, 0) > 0;
}

}  // namespace

MutantReport judge_mutant(const Mutant& mutant, const std::vector<TestRecord>& ran) {
  MutantReport report;
  report.mutant = mutant;
  std::set<Kill> seen;
  std::set<std::string> with_test;
  for (const TestRecord& record : ran) {
    with_test.insert(record.clause);
    if (is_kill(record.verdict)) {
      seen.insert({record.clause, key_of(record)});
    } else if (record.verdict != Verdict::passed && declares(mutant, record.clause)) {
      report.mismatches.push_back(
          fmt::format("{} was {} instead of failed: {}", record.test, to_string(record.verdict), record.reason));
    }
  }
  report.seen.assign(seen.begin(), seen.end());
  const std::set<Kill> declared(mutant.kills.begin(), mutant.kills.end());
  for (const Kill& kill : declared) {
    if (seen.contains(kill)) continue;
    if (!with_test.contains(kill.clause)) {
      report.mismatches.push_back(fmt::format("{} is declared, but no test of it can run", kill.clause));
    } else {
      report.mismatches.push_back(fmt::format("{} is declared to fail with '{}', and does not", kill.clause, kill.key));
    }
  }
  if (mutant.is_null_backend) {
    add_passes_on_a_null_backend(ran, report.mismatches);
  } else {
    for (const Kill& kill : seen) {
      if (!declared.contains(kill))
        report.mismatches.push_back(fmt::format("{} fails with '{}', which is not declared", kill.clause, kill.key));
    }
  }
  report.is_killed = report.mismatches.empty();
  return report;
}

SelftestReport run_selftest(const std::filesystem::path& certifier, const SelftestOptions& options) {
  const Listing listing = list_tests(certifier);
  const std::vector<Mutant> all = list_mutants(certifier);
  const std::vector<Mutant> mutants = select_mutants(all, options.filter);
  SelftestReport report;
  report.is_partial = mutants.size() != all.size();

  std::vector<Job> jobs = plan_mutants(mutants, listing, options.is_matrix);
  report.variants = list_variants(certifier);
  for (std::size_t i = 0; i < report.variants.size(); ++i) {
    // A variant may declare other traits and features, hence a list of its own.
    const Listing own = list_tests(certifier, report.variants[i]);
    for (const ListedTest& test : own.tests) {
      if (is_supported(test, own)) jobs.push_back({Job::none, i, test});
    }
  }

  std::mutex mutex;
  std::size_t done = 0;
  std::vector<TestEnd> ends(jobs.size());
  run_parallel(jobs.size(), options.jobs, [&](std::size_t i) {
    const Job& job = jobs[i];
    TestOptions test_options = options;
    if (job.mutant != Job::none) test_options.mutant = mutants[job.mutant].name;
    if (job.variant != Job::none) test_options.variant = report.variants[job.variant];
    if (!is_stopped(options.stop_fd)) ends[i] = run_test(certifier, job.test, test_options);
    const std::scoped_lock lock(mutex);
    if (options.on_progress) options.on_progress(++done, jobs.size());
  });
  report.was_stopped = is_stopped(options.stop_fd);

  std::vector<std::vector<TestRecord>> by_mutant(mutants.size());
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const TestRecord& record = ends[i].record;
    if (ends[i].is_harness_error) {
      const std::string& on =
          jobs[i].mutant != Job::none ? mutants[jobs[i].mutant].name : report.variants[jobs[i].variant];
      report.harness_errors.push_back(fmt::format("{} on {}: {}", record.test, on, record.reason));
    }
    if (jobs[i].mutant != Job::none) {
      by_mutant[jobs[i].mutant].push_back(record);
    } else if (record.verdict != Verdict::passed) {
      report.variant_mismatches.push_back(fmt::format("{} on the correct variant '{}': {}: {}", jobs[i].test.name,
                                                      report.variants[jobs[i].variant], to_string(record.verdict),
                                                      record.reason));
    }
  }
  for (std::size_t i = 0; i < mutants.size(); ++i) report.mutants.push_back(judge_mutant(mutants[i], by_mutant[i]));
  if (!report.is_partial) report.clauses_without_mutant = clauses_nobody_kills(listing, report.mutants);
  return report;
}

bool is_clean(const SelftestReport& report) noexcept {
  return std::ranges::all_of(report.mutants, &MutantReport::is_killed) && report.variant_mismatches.empty() &&
         report.clauses_without_mutant.empty() && report.harness_errors.empty() && !report.was_stopped;
}

std::string as_declaration(const std::vector<Kill>& seen) {
  std::vector<std::string> items;
  for (const Kill& kill : seen) items.push_back(fmt::format("{{\"{}\", \"{}\"}}", kill.clause, kill.key));
  return fmt::format("{}", fmt::join(items, ", "));
}

std::string selftest_summary(const SelftestReport& report) {
  const auto killed = std::ranges::count_if(report.mutants, &MutantReport::is_killed);
  return fmt::format("selftest: {} mutants, {} killed, {} survived, {} clauses without a mutant", report.mutants.size(),
                     killed, static_cast<std::ptrdiff_t>(report.mutants.size()) - killed,
                     report.clauses_without_mutant.size());
}

}  // namespace concert::runner
