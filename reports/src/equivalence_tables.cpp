// SPDX-License-Identifier: Apache-2.0
#include "equivalence_tables.hpp"

#include <array>
#include <cmath>
#include <cstdio>
#include <set>
#include <utility>

#include "concert/clause.hpp"
#include "concert/programs/statistics.hpp"
#include "text.hpp"

namespace concert::reports {

namespace {

using programs::Equivalence;
using programs::JudgedBackend;
using programs::ResultFile;

/// With thin spaces between thousands, which no reader takes for a sign.
std::string number(std::int64_t value) {
  std::string digits = std::to_string(value);
  for (std::size_t place = digits.size(); place > 3 && digits[place - 4] != '-'; place -= 3) {
    digits.insert(place - 3, "\u202f");
  }
  return digits;
}

std::string number(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2g", value);
  return text.data();
}

std::string percent(std::int64_t hits, std::int64_t cases) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f %%",
                cases == 0 ? 0 : 100.0 * static_cast<double>(hits) / static_cast<double>(cases));
  return text.data();
}

/// A table with a column for each backend.
class SideBySide {
 public:
  SideBySide(const Equivalence& equivalence, std::string id, std::string title, std::string note, std::string first)
      : equivalence_(equivalence), table_{std::move(id), std::move(title), std::move(note), {std::move(first)}} {
    for (const JudgedBackend& backend : equivalence.backends) table_.head.push_back(backend.result.backend);
  }

  /// A row, left out where `cell` gives nothing for any backend.
  template <class Cell>
  void row(const std::string& name, const Cell& cell) {
    std::vector<std::string> cells{name};
    bool is_empty = true;
    for (const JudgedBackend& backend : equivalence_.backends) {
      cells.push_back(cell(backend.result));
      is_empty = is_empty && cells.back().empty();
    }
    if (!is_empty) table_.rows.push_back(std::move(cells));
  }
  Table take() { return std::move(table_); }

 private:
  const Equivalence& equivalence_;
  Table table_;
};

/// The keys of a map in the results of all backends.
template <class Map>
std::set<std::string> keys(const Equivalence& equivalence, Map ResultFile::*member) {
  std::set<std::string> all;
  for (const JudgedBackend& backend : equivalence.backends) {
    for (const auto& [key, value] : backend.result.*member) all.insert(key);
  }
  return all;
}

Table numbers(const Equivalence& equivalence) {
  SideBySide table(
      equivalence, "numbers", "Programs",
      "Each program is drawn from the seed and its index, run under a schedule of its own, and judged by every "
      "rule. The residual risk is the largest rate of failures, among programs as they are drawn here, that "
      "would leave so many cases without one with a probability of 5 %. The missing mass is how likely the "
      "next program shows something that none did so far.",
      "");
  const auto counts = [&](const std::string& name, auto member) {
    table.row(name, [member](const ResultFile& result) { return number(result.programs.*member); });
  };
  using programs::ProgramCounts;
  counts("whole programs", &ProgramCounts::cases);
  counts("on a plain clock", &ProgramCounts::plain);
  counts("on a perturbed clock", &ProgramCounts::perturbed);
  counts("distinct", &ProgramCounts::distinct);
  counts("run twice", &ProgramCounts::rerun);
  counts("of these with another trace", &ProgramCounts::rerun_differed);
  table.row("judgements", [](const ResultFile& result) {
    std::int64_t sum = 0;
    for (const auto& [rule, count] : result.rules) sum += count;
    return number(sum);
  });
  table.row("failures", [](const ResultFile& r) { return number(static_cast<std::int64_t>(r.failures.size())); });
  table.row("residual risk", [](const ResultFile& r) { return number(programs::residual_risk(r.programs.cases)); });
  table.row("kinds of neighbouring steps seen", [](const ResultFile& r) { return number(r.species.seen); });
  table.row("at least so many exist", [](const ResultFile& r) {
    return number(static_cast<std::int64_t>(std::llround(programs::species_at_least(r.species))));
  });
  table.row("missing mass",
            [](const ResultFile& r) { return number(programs::missing_mass(r.species, r.programs.cases)); });
  table.row("corpus: programs, runs", [](const ResultFile& r) {
    return r.corpus ? number(r.corpus->programs) + ", " + number(r.corpus->runs) : "";
  });
  table.row("time", [](const ResultFile& r) { return duration(r.programs.seconds); });
  return table.take();
}

Table explored(const Equivalence& equivalence) {
  SideBySide table(
      equivalence, "explored", "Compared with the model",
      "The model runs the program under every schedule, with the freedoms that the backend declares. What the "
      "backend did must be among what the model may do, for each task: order, results, times.",
      "");
  const auto counts = [&](const std::string& name, auto member) {
    table.row(name, [member](const ResultFile& result) {
      return result.explored ? number((*result.explored).*member) : std::string();
    });
  };
  using programs::Explored;
  counts("programs", &Explored::programs);
  counts("every schedule tried", &Explored::complete);
  counts("of these determinate", &Explored::determinate);
  counts("compared", &Explored::compared);
  counts("schedules", &Explored::schedules);
  counts("outcomes", &Explored::outcomes);
  table.row("time", [](const ResultFile& r) { return r.explored ? duration(r.explored->seconds) : ""; });
  return table.take();
}

Table freedoms(const Equivalence& equivalence) {
  SideBySide table(
      equivalence, "freedoms", "Documented freedoms that the backends take differently",
      "What the clauses leave open. A difference here is no divergence; everything else that differs is one.",
      "Freedom");
  Table result = table.take();
  for (const programs::Freedom& freedom : differing_freedoms(equivalence)) {
    const std::string clause = clause_of_trait(freedom.trait);
    std::vector<std::string> row{freedom.trait + (clause.empty() ? "" : " (" + clause + ")")};
    for (const std::string& value : freedom.values) row.push_back(value.empty() ? "not declared" : value);
    result.rows.push_back(std::move(row));
  }
  if (result.rows.empty()) result.note = "The backends take every freedom alike.";
  return result;
}

Table small_scope(const Equivalence& equivalence) {
  Table table{
      "small-scope",
      "Small scope: every program, every schedule",
      "Each family has every program of up to 3 actors and 4 words of a controller, run on the model under every "
      "schedule. Complete means that no program was left out and no bound was reached.",
      {"Family", "Run with", "Programs", "Schedules", "Complete"}};
  for (const JudgedBackend& backend : equivalence.backends) {
    for (const auto& [family, counts] : backend.result.small_scope) {
      table.rows.push_back({family, backend.result.backend, number(counts.programs), number(counts.schedules),
                            counts.complete ? "complete" : "not complete: " + counts.bound});
    }
  }
  return table;
}

Table families(const Equivalence& equivalence) {
  SideBySide table(equivalence, "families", "Focused properties",
                   "Small programs around one primitive: cases, and how often their own rules were asked.", "Family");
  for (const std::string& family : keys(equivalence, &ResultFile::families)) {
    table.row(family, [&](const ResultFile& result) {
      const auto found = result.families.find(family);
      if (found == result.families.end()) return std::string();
      std::int64_t sum = 0;
      for (const auto& [rule, count] : found->second.evaluations) sum += count;
      return number(found->second.cases) + ", " + number(sum);
    });
  }
  return table.take();
}

Table rules(const Equivalence& equivalence) {
  SideBySide table(equivalence, "rules", "Rules", "How often each was asked where it could have been broken.", "Rule");
  for (const std::string& rule : keys(equivalence, &ResultFile::rules)) {
    table.row(rule, [&](const ResultFile& result) {
      const auto found = result.rules.find(rule);
      return found == result.rules.end() ? std::string() : number(found->second);
    });
  }
  return table.take();
}

Table labels(const Equivalence& equivalence) {
  SideBySide table(
      equivalence, "labels", "What the programs reached",
      "In which share of the programs it happened. Where a share is required, it was reached unless the table "
      "says otherwise.",
      "Label");
  for (const std::string& label : keys(equivalence, &ResultFile::labels)) {
    table.row(label, [&](const ResultFile& result) {
      const auto found = result.labels.find(label);
      if (found == result.labels.end()) return std::string();
      const programs::LabelCount& count = found->second;
      std::string text = percent(count.hits, count.cases);
      if (count.required > 0) {
        text += " of " + number(100 * count.required) + " %";
        if (count.verdict() != programs::Coverage::reached) text += ": " + std::string(to_string(count.verdict()));
      }
      return text;
    });
  }
  return table.take();
}

}  // namespace

std::vector<Table> tables_of(const Equivalence& equivalence) {
  std::vector<Table> tables;
  for (const auto& make : {numbers, explored, freedoms, small_scope, families, rules, labels}) {
    Table table = make(equivalence);
    if (!table.rows.empty() || table.id == "freedoms") tables.push_back(std::move(table));
  }
  return tables;
}

std::string clause_of_trait(const std::string& trait) {
  for (const Clause& clause : all_clauses()) {
    if (clause.trait.starts_with(trait + " ")) return std::string(clause.id);
  }
  return "";
}

std::string failure_title(const programs::ResultFile& result, const programs::Failure& failure) {
  return result.backend + ": " + failure.rule + " (" + failure.part + ", case " + std::to_string(failure.case_index) +
         ")";
}

}  // namespace concert::reports
