// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <set>

#include "concert/reports/reports.hpp"
#include "html_assets.hpp"
#include "markup.hpp"
#include "matrix.hpp"
#include "page.hpp"
#include "text.hpp"

namespace concert::reports {
namespace {

using results::ClauseRecord;
using results::ResultFile;
using results::TestRecord;
using results::Verdict;

/// Colour is never alone: the symbol and the word stand beside it.
struct Look {
  std::string_view colour, symbol;
};

Look look_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::passed: return {"green", "✓"};
    case Verdict::failed:
    case Verdict::crashed:
    case Verdict::hung: return {"red", "✗"};
    case Verdict::inconclusive: return {"amber", "?"};
    case Verdict::waived: return {"amber", "~"};
    case Verdict::untested: return {"grey", "○"};
    case Verdict::unsupported:
    case Verdict::excluded: return {"grey", "–"};
  }
  return {"grey", "?"};
}

Look look_of(const results::Footer& footer) {
  if (footer.verdict == "certified") return {"green", "✓"};
  return footer.verdict == "inconclusive" ? Look{"amber", "?"} : Look{"red", "✗"};
}

std::string capitalised(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

/// A clause or backend as part of an anchor.
std::string anchor(std::string_view name) {
  std::string text = lower_case(name);
  for (char& c : text) {
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))) c = '-';
  }
  return text;
}

/// A time stamp as people read it: "2026-11-21 11:40 UTC". What is not one stays as it is.
std::string date_of(const std::string& started) {
  if (started.size() != 20 || started[10] != 'T' || started[19] != 'Z') return started;
  return started.substr(0, 10) + " " + started.substr(11, 5) + " UTC";
}

class Page {
 public:
  Page(std::span<const ResultFile> files, std::span<const Clause> clauses)
      : matrix_(join(files, clauses)), markup_(Dialect::html, "<!DOCTYPE html>\n") {}

  std::string build() {
    {
      const Tag html(markup_, "html", {{"lang", "en"}});
      write_head(markup_, title());
      const Tag body(markup_, "body");
      markup_.element("a", {{"class", "skip"}, {"href", "#clauses"}}, "Skip to the clauses");
      cards();
      {
        const Tag main(markup_, "main");
        notices();
        failures();
        uncovered();
        clauses();
        slowest();
      }
      legend();
      markup_.open("script");
      markup_.raw(page_script);
      markup_.close("script");
    }
    return markup_.take();
  }

 private:
  std::string title() const {
    std::vector<std::string> verdicts;
    for (const Column& column : matrix_.columns) verdicts.push_back(column.label + " " + column.file->footer.verdict);
    return "Concert: " + joined(verdicts, ", ");
  }

  /// Quiet for a number of zero: no red where nothing failed.
  void badge(Verdict verdict, bool quiet = false) {
    const Look look{quiet ? "quiet" : look_of(verdict).colour, look_of(verdict).symbol};
    const Tag span(markup_, "span", {{"class", "v " + std::string(look.colour)}});
    markup_.element("span", {{"aria-hidden", "true"}}, look.symbol);
    markup_.text(" " + std::string(to_string(verdict)));
  }

  void clause_link(const std::string& id) { markup_.element("a", {{"href", "#" + anchor(id)}}, id); }

  // --- the first screen ---

  void cards() {
    const Tag header(markup_, "header");
    markup_.element("h1", "Concert conformance report");
    markup_.element("p", {{"class", "lead"}}, "Which guarantees of the interface AsyncBackend hold, clause by clause.");
    const Tag cards(markup_, "div", {{"class", "cards"}});
    for (const Column& column : matrix_.columns) card(column);
  }

  void card(const Column& column) {
    const ResultFile& file = *column.file;
    const Look look = look_of(file.footer);
    const Tag section(markup_, "section",
                      {{"class", "card " + std::string(look.colour)}, {"aria-label", "Backend " + column.label}});
    {
      const Tag h2(markup_, "h2");
      markup_.text(column.label + " ");
      const Tag stamp(markup_, "span", {{"class", "stamp"}});
      markup_.element("span", {{"aria-hidden", "true"}}, look.symbol);
      markup_.text(" " + capitalised(file.footer.verdict));
    }
    {
      const results::Header& header = file.header;
      const Tag versions(markup_, "p", {{"class", "versions"}});
      markup_.text(header.backend_version + " · specification " + header.spec_version + " · kit " + header.kit_version);
      markup_.empty("br");
      markup_.text(date_of(header.started) + " · seed " + std::to_string(header.seed));
    }
    markup_.element("p", explanation(file.footer));
    counts(file.footer);
    uncovered_line(column);
    provenance(file);
  }

  void counts(const results::Footer& footer) {
    const Tag table(markup_, "table");
    {
      const Tag thead(markup_, "thead");
      const Tag row(markup_, "tr", {{"class", "num"}});
      markup_.element("th", {{"scope", "col"}, {"style", "text-align:left"}}, "Clauses");
      for (const char* level : {"MUST", "SHOULD", "MAY"}) markup_.element("th", {{"scope", "col"}}, level);
    }
    const Tag body(markup_, "tbody");
    for (const Verdict verdict : results::all_verdicts) {
      std::int64_t sum = 0;
      for (const char* level : {"MUST", "SHOULD", "MAY"}) sum += count_in(footer, level, verdict);
      // Rare verdicts are rows only when they occur; the others are always printed, zeros too.
      const bool rare = verdict == Verdict::crashed || verdict == Verdict::hung || verdict == Verdict::waived;
      if (rare && sum == 0) continue;
      const Tag row(markup_, "tr");
      {
        const Tag head(markup_, "th", {{"scope", "row"}});
        badge(verdict, sum == 0);
      }
      for (const char* level : {"MUST", "SHOULD", "MAY"}) {
        const std::int64_t number = count_in(footer, level, verdict);
        markup_.element("td", {{"class", number == 0 ? "num zero" : "num"}}, std::to_string(number));
      }
    }
  }

  void uncovered_line(const Column& column) {
    std::vector<std::string> parts;
    for (const Verdict verdict : {Verdict::excluded, Verdict::unsupported, Verdict::untested}) {
      std::int64_t sum = 0;
      for (const char* level : {"MUST", "SHOULD", "MAY"}) sum += count_in(column.file->footer, level, verdict);
      parts.push_back(std::to_string(sum) + " " + std::string(to_string(verdict)));
    }
    const Tag line(markup_, "p", {{"class", "uncovered"}});
    markup_.element("b", "Not covered: ");
    markup_.text(joined(parts, ", ") + ". ");
    markup_.element("a", {{"href", "#uncovered"}}, "Which, why");
  }

  void provenance(const ResultFile& file) {
    const results::Header& header = file.header;
    const Tag details(markup_, "details");
    markup_.element("summary", "How this was made");
    const Tag list(markup_, "dl");
    const auto entry = [this](std::string_view name, const std::string& value) {
      if (value.empty()) return;
      markup_.element("dt", name);
      markup_.element("dd", value);
    };
    const auto pairs = [](const std::map<std::string, std::string>& map) {
      std::vector<std::string> items;
      for (const auto& [key, value] : map) items.push_back(key + " = " + value);
      return joined(items, ", ");
    };
    entry("Started", header.started);
    entry("Took", duration(file.footer.seconds) + ", " + counted(file.footer.tests, "test"));
    entry("Seed", std::to_string(header.seed) + ", " + counted(header.schedules, "schedule") + " per test");
    entry("Clock", header.virtual_time ? "virtual" : "real: the backend declares that its clock cannot be interposed");
    entry("Features", header.features.empty() ? "none declared" : joined(header.features, ", "));
    entry("Traits", pairs(header.traits));
    entry("Machine", pairs(header.machine));
    if (header.command.empty()) return;
    markup_.element("dt", "Again with");
    const Tag value(markup_, "dd");
    markup_.element("code", shell_line(header.command));
  }

  void notices() {
    std::set<std::string> specs;
    for (const Column& column : matrix_.columns) specs.insert(column.file->header.spec_version);
    if (specs.size() < 2) return;
    markup_.element("p", {{"class", "notice"}},
                    "These files speak of different versions of the specification (" +
                        joined({specs.begin(), specs.end()}, ", ") + "): compare them with care.");
  }

  // --- failures ---

  void failures() {
    std::vector<const Row*> rows;
    for (const Row* row : matrix_.rows()) {
      if (row->has(needs_attention)) rows.push_back(row);
    }
    std::stable_sort(rows.begin(), rows.end(),
                     [](const Row* a, const Row* b) { return rank_of_level(a->level) < rank_of_level(b->level); });
    const Tag section(markup_, "section", {{"id", "failures"}, {"aria-labelledby", "failures-title"}});
    markup_.element("h2", {{"id", "failures-title"}}, "What failed");
    if (rows.empty()) {
      // Green only where it is the whole truth: what was not tested did not fail either.
      const bool certified = std::all_of(matrix_.columns.begin(), matrix_.columns.end(), [](const Column& column) {
        return column.file->footer.verdict == "certified";
      });
      markup_.element("p", {{"class", certified ? "good" : "notice"}},
                      certified ? "Nothing failed and nothing is inconclusive."
                                : "Nothing failed and nothing is inconclusive, but not every MUST clause was tested.");
      return;
    }
    if (rows.size() > 3) {
      const Tag list(markup_, "ul", {{"class", "chips"}, {"aria-label", "Clauses that failed"}});
      for (const Row* row : rows) {
        const Tag item(markup_, "li");
        markup_.element("a", {{"href", "#failure-" + anchor(row->id)}}, row->id);
      }
    }
    for (const Row* row : rows) failed_clause(*row);
  }

  void failed_clause(const Row& row) {
    const Tag article(markup_, "article", {{"id", "failure-" + anchor(row.id)}});
    {
      const Tag h3(markup_, "h3");
      {
        const Tag id(markup_, "span", {{"class", "id"}});
        clause_link(row.id);
      }
      markup_.element("span", {{"class", "level"}}, row.level);
      const Tag sentence(markup_, "span");
      markup_.prose(row.sentence);
    }
    for (std::size_t i = 0; i < row.cells.size(); ++i) findings(matrix_.columns[i], row.cells[i], true);
  }

  /// The tests of one cell that need attention, and the clause itself if none of them says what it says.
  void findings(const Column& column, const Cell& cell, bool with_backend) {
    if (cell.record == nullptr) return;
    const std::string prefix = with_backend ? column.label + ": " : "";
    for (const TestRecord* test : cell.tests) {
      if (needs_attention(test->verdict)) finding(column, *test, prefix);
    }
    if (!needs_attention(cell.record->verdict) || !cell.speaks_for_itself()) return;
    const Tag block(markup_, "div", {{"class", "finding"}});
    {
      const Tag h4(markup_, "h4");
      badge(cell.record->verdict);
      markup_.text(" " + prefix + "the clause as a whole");
    }
    markup_.element("p", cell.record->reason);
  }

  void finding(const Column& column, const TestRecord& test, const std::string& prefix) {
    const Tag block(markup_, "div", {{"class", "finding"}});
    {
      const Tag h4(markup_, "h4");
      badge(test.verdict);
      markup_.text(" " + prefix);
      markup_.element("span", test.test);
    }
    if (!test.failure || test.failure->message != test.reason) markup_.element("p", test.reason);
    const Tag list(markup_, "dl");
    const auto entry = [this](std::string_view name, std::string_view value) {
      if (value.empty()) return;
      markup_.element("dt", name);
      const Tag item(markup_, "dd");
      markup_.element("pre", value);
    };
    if (test.failure) {
      const results::Failure& failure = *test.failure;
      markup_.element("dt", "Check");
      {
        const Tag item(markup_, "dd");
        markup_.element("code", failure.key);
      }
      entry("Expected", failure.expected);
      entry("Observed", failure.observed);
      if (!repeats_itself(failure)) entry("Message", failure.message);
      input(failure);
      if (!failure.schedule.empty()) {
        markup_.element("dt", "Schedule");
        markup_.element("dd", failure.schedule);
      }
      if (!failure.trace.empty()) trace(failure.trace);
    }
    markup_.element("dt", "Again with");
    const Tag item(markup_, "dd");
    markup_.element("pre", replay_line(column.file->header, test));
  }

  void input(const results::Failure& failure) {
    if (failure.input.empty()) return;
    markup_.element("dt", "Input");
    const Tag item(markup_, "dd");
    markup_.element("pre", failure.input);
    if (failure.case_index < 0) return;
    markup_.element("small", {{"class", "soft"}},
                    "case " + std::to_string(failure.case_index) +
                        (failure.shrinks > 0 ? ", shrunk in " + counted(failure.shrinks, "step") : ""));
  }

  void trace(const std::vector<std::string>& lines) {
    markup_.element("dt", "Trace");
    const Tag item(markup_, "dd");
    const Tag details(markup_, "details");
    markup_.element("summary", counted(static_cast<std::int64_t>(lines.size()), "line"));
    markup_.element("pre", joined(lines, "\n"));
  }

  // --- what is not covered ---

  void uncovered() {
    // One line for each reason, so that a feature that is missing reads as one fact.
    struct Group {
      std::vector<std::string> backends;
      std::vector<std::string> ids;
    };
    using Key = std::pair<Verdict, std::string>;
    std::vector<std::pair<Key, Group>> groups;
    for (std::size_t i = 0; i < matrix_.columns.size(); ++i) {
      for (const Row* row : matrix_.rows()) {
        const ClauseRecord* record = row->cells[i].record;
        if (record == nullptr || record->verdict == Verdict::passed || needs_attention(record->verdict)) continue;
        const Key key{record->verdict, record->reason};
        auto group = std::find_if(groups.begin(), groups.end(), [&](const auto& g) { return g.first == key; });
        if (group == groups.end()) group = groups.insert(group, {key, {}});
        add_once(group->second.backends, matrix_.columns[i].label);
        add_once(group->second.ids, row->id);
      }
    }
    const auto rank = [](Verdict verdict) {
      return verdict == Verdict::untested      ? 0
             : verdict == Verdict::waived      ? 1
             : verdict == Verdict::unsupported ? 2
                                               : 3;
    };
    std::stable_sort(groups.begin(), groups.end(),
                     [&](const auto& a, const auto& b) { return rank(a.first.first) < rank(b.first.first); });

    const Tag section(markup_, "section", {{"id", "uncovered"}, {"aria-labelledby", "uncovered-title"}});
    markup_.element("h2", {{"id", "uncovered-title"}}, "What is not covered");
    if (groups.empty()) {
      markup_.element("p", {{"class", "good"}}, "Every clause was tested.");
      return;
    }
    const Tag scroll(markup_, "div", {{"class", "scroll"}});
    const Tag table(markup_, "table", {{"class", "uncovered-table"}});
    markup_.element("caption",
                    "Clauses without a test result: excluded by decision or construction, unsupported by declaration, "
                    "or untested.");
    {
      const Tag thead(markup_, "thead");
      const Tag row(markup_, "tr");
      for (const char* name : {"Verdict", "Backend", "Clauses", "Reason"})
        markup_.element("th", {{"scope", "col"}}, name);
    }
    const Tag body(markup_, "tbody");
    for (const auto& [key, group] : groups) {
      const Tag row(markup_, "tr");
      {
        const Tag cell(markup_, "td");
        badge(key.first);
      }
      markup_.element("td", joined(group.backends, ", "));
      {
        const Tag cell(markup_, "td");
        clause_list(group.ids);
      }
      const Tag cell(markup_, "td");
      markup_.prose(key.second);
    }
  }

  void clause_list(const std::vector<std::string>& ids) {
    const auto links = [&] {
      for (const std::string& id : ids) {
        if (&id != &ids.front()) markup_.text(" ");
        clause_link(id);
      }
    };
    if (ids.size() <= 12) return links();
    const Tag details(markup_, "details");
    markup_.element("summary", counted(static_cast<std::int64_t>(ids.size()), "clause"));
    const Tag block(markup_, "div");
    links();
  }

  static void add_once(std::vector<std::string>& list, const std::string& item) {
    if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
  }

  // --- the clauses ---

  void clauses() {
    const Tag section(markup_, "section", {{"id", "clauses"}, {"aria-labelledby", "clauses-title"}});
    markup_.element("h2", {{"id", "clauses-title"}}, "Every clause");
    {
      const Tag nav(markup_, "nav", {{"aria-label", "Areas"}});
      const Tag list(markup_, "ul", {{"class", "chips"}});
      for (const Area& area : matrix_.areas) {
        const Tag item(markup_, "li");
        const auto rows_with = [&area](bool (*wanted)(Verdict)) {
          return std::count_if(area.rows.begin(), area.rows.end(),
                               [wanted](const Row& row) { return row.has(wanted); });
        };
        const auto failed = rows_with(is_failure);
        const auto unclear = rows_with([](Verdict verdict) { return verdict == Verdict::inconclusive; });
        const Tag link(markup_, "a", {{"href", "#area-" + anchor(area.name)}});
        markup_.text(area.name + " " + std::to_string(area.rows.size()));
        if (failed > 0) markup_.element("span", {{"class", "red"}}, " · " + std::to_string(failed) + " failed");
        if (unclear > 0)
          markup_.element("span", {{"class", "amber"}}, " · " + std::to_string(unclear) + " inconclusive");
      }
    }
    filter_bar();
    for (const Area& area : matrix_.areas) area_table(area);
  }

  void filter_bar() {
    const Tag bar(markup_, "div", {{"id", "filter"}, {"role", "search"}, {"hidden", "hidden"}});
    {
      const Tag label(markup_, "label");
      markup_.text("Filter ");
      markup_.empty("input", {{"id", "words"},
                              {"type", "search"},
                              {"placeholder", "scope029, deadline, failed …"},
                              {"autocomplete", "off"}});
    }
    {
      const Tag label(markup_, "label");
      markup_.text("Show ");
      const Tag select(markup_, "select", {{"id", "which"}});
      markup_.element("option", {{"value", ""}}, "every clause");
      markup_.element("option", {{"value", "attention"}}, "failed or inconclusive");
      markup_.element("option", {{"value", "not-passed"}}, "not passed");
      if (matrix_.columns.size() > 1) markup_.element("option", {{"value", "disagree"}}, "backends disagree");
    }
    markup_.element("span", {{"id", "found"}, {"role", "status"}, {"class", "soft"}}, "");
  }

  void area_table(const Area& area) {
    const std::string id = "area-" + anchor(area.name);
    const Tag section(markup_, "section", {{"class", "area"}, {"id", id}, {"aria-labelledby", id + "-title"}});
    markup_.element("h3", {{"id", id + "-title"}}, capitalised(area.name));
    const Tag scroll(markup_, "div", {{"class", "scroll"}});
    const Tag table(markup_, "table", {{"class", "wide"}});
    {
      const Tag thead(markup_, "thead");
      const Tag row(markup_, "tr");
      for (const char* name : {"Clause", "Level", "Guarantee"}) markup_.element("th", {{"scope", "col"}}, name);
      for (const Column& column : matrix_.columns) markup_.element("th", {{"scope", "col"}}, column.label);
    }
    const Tag body(markup_, "tbody");
    for (const Row& row : area.rows) clause_row(row);
  }

  void clause_row(const Row& row) {
    const Tag tr(markup_, "tr", {{"id", anchor(row.id)}, {"data-verdicts", verdict_words(row)}});
    {
      const Tag head(markup_, "th", {{"scope", "row"}, {"class", "id"}});
      clause_link(row.id);
    }
    markup_.element("td", {{"class", "level"}}, row.level);
    {
      const Tag cell(markup_, "td");
      const Tag details(markup_, "details");
      {
        const Tag summary(markup_, "summary");
        markup_.prose(row.sentence);
      }
      const Tag block(markup_, "div");
      background(row);
      for (std::size_t i = 0; i < row.cells.size(); ++i) evidence(matrix_.columns[i], row.cells[i]);
    }
    for (const Cell& cell : row.cells) verdict_cell(cell);
  }

  static std::string verdict_words(const Row& row) {
    std::set<std::string> words;
    for (const Cell& cell : row.cells) {
      if (cell.record == nullptr) continue;
      words.insert(std::string(to_string(cell.record->verdict)));
      if (cell.record->verdict != Verdict::passed) words.insert("not-passed");
    }
    if (row.has(needs_attention)) words.insert("attention");
    if (row.disagrees()) words.insert("disagree");
    return joined({words.begin(), words.end()}, " ");
  }

  void verdict_cell(const Cell& cell) {
    const Tag td(markup_, "td", {{"class", "cell"}});
    if (cell.record == nullptr) {
      markup_.element("span", {{"class", "soft"}}, "not in this file");
      return;
    }
    badge(cell.record->verdict);
    if (cell.record->tests > 0) {
      markup_.element("small", counted(cell.record->cases, "case") + " · " + duration(cell.record->seconds));
    }
  }

  void background(const Row& row) {
    if (row.page == nullptr) return;
    const Tag list(markup_, "dl");
    const auto entry = [this](std::string_view name, std::string_view value) {
      if (value.empty()) return;
      markup_.element("dt", name);
      const Tag item(markup_, "dd");
      markup_.prose(value);
    };
    entry("Why", row.page->why);
    entry("Seen by", row.page->seen_by);
    entry("Source", row.page->source);
    entry("Trait", row.page->trait);
    entry("Excluded", row.page->exclusion);
  }

  void evidence(const Column& column, const Cell& cell) {
    if (cell.record == nullptr) return;
    {
      const Tag p(markup_, "p");
      markup_.element("b", column.label);
      markup_.text(": " + std::string(to_string(cell.record->verdict)));
      if (!cell.record->reason.empty() && cell.tests.empty()) {
        markup_.text(", ");
        markup_.prose(cell.record->reason);
      }
    }
    if (!cell.tests.empty()) {
      const Tag list(markup_, "ul");
      for (const TestRecord* test : cell.tests) {
        const Tag item(markup_, "li");
        markup_.element("code", test->test);
        markup_.text(" " + std::string(to_string(test->verdict)) + " · " + test->tier + " · " +
                     counted(test->cases, "case") + " · " + duration(test->seconds));
        if (test->verdict != Verdict::passed && !needs_attention(test->verdict)) markup_.text(" · " + test->reason);
        if (!test->witnesses.empty()) markup_.element("p", {{"class", "soft"}}, "Witnesses: " + witnesses(*test));
      }
    }
    findings(column, cell, false);
  }

  static std::string witnesses(const TestRecord& test) {
    std::vector<std::string> parts;
    for (const auto& [what, count] : test.witnesses) parts.push_back(what + " " + std::to_string(count));
    return joined(parts, ", ");
  }

  // --- the rest ---

  void slowest() {
    struct Timed {
      const Column* column;
      const TestRecord* test;
    };
    std::vector<Timed> tests;
    for (const Column& column : matrix_.columns) {
      for (const TestRecord& test : column.file->tests) {
        if (test.seconds > 0) tests.push_back({&column, &test});
      }
    }
    std::stable_sort(tests.begin(), tests.end(),
                     [](const Timed& a, const Timed& b) { return a.test->seconds > b.test->seconds; });
    if (tests.empty()) return;
    if (tests.size() > 10) tests.resize(10);
    const Tag section(markup_, "section", {{"id", "slowest"}, {"aria-labelledby", "slowest-title"}});
    markup_.element("h2", {{"id", "slowest-title"}}, "The slowest tests");
    const Tag scroll(markup_, "div", {{"class", "scroll"}});
    const Tag table(markup_, "table", {{"class", "slow"}});
    {
      const Tag thead(markup_, "thead");
      const Tag row(markup_, "tr");
      for (const char* name : {"Test", "Backend", "Tier"}) markup_.element("th", {{"scope", "col"}}, name);
      for (const char* name : {"Cases", "Time"}) markup_.element("th", {{"scope", "col"}, {"class", "num"}}, name);
    }
    const Tag body(markup_, "tbody");
    for (const Timed& timed : tests) {
      const Tag row(markup_, "tr");
      {
        const Tag name(markup_, "th", {{"scope", "row"}});
        markup_.element("a", {{"href", "#" + anchor(timed.test->clause)}}, timed.test->test);
      }
      markup_.element("td", timed.column->label);
      markup_.element("td", timed.test->tier);
      markup_.element("td", {{"class", "num"}}, std::to_string(timed.test->cases));
      markup_.element("td", {{"class", "num"}}, duration(timed.test->seconds));
    }
  }

  void legend() {
    const Tag footer(markup_, "footer");
    markup_.element(
        "p",
        "Only “passed” is green. A backend is certified when every MUST clause of its declared features passed; "
        "SHOULD and MAY are counted and never decide. Inconclusive means that the trigger of a clause did not "
        "occur or that the machine was too busy to judge: run again.");
    markup_.element("p",
                    "Derived from the result files alone. The numbers of two backends are not a ranking: they may "
                    "declare different features.");
  }

  Matrix matrix_;
  Markup markup_;
};

}  // namespace

std::string to_html(std::span<const ResultFile> files, std::span<const Clause> clauses) {
  return Page(files, clauses).build();
}

}  // namespace concert::reports
