// SPDX-License-Identifier: Apache-2.0
#include "concert/reports/equivalence.hpp"
#include "equivalence_tables.hpp"
#include "markup.hpp"
#include "page.hpp"
#include "text.hpp"

namespace concert::reports {

namespace {

using programs::Agreement;
using programs::Equivalence;
using programs::Failure;
using programs::FailureAid;
using programs::JudgedBackend;
using programs::ResultFile;
using programs::Verdict;

/// Colour is never alone: the symbol and the word stand beside it.
struct Look {
  std::string_view colour, symbol;
};
constexpr Look good{"green", "✓"}, bad{"red", "✗"}, open_question{"amber", "?"};

Look look_of(Verdict verdict) {
  if (verdict == Verdict::passed) return good;
  return verdict == Verdict::failed ? bad : open_question;
}
Look look_of(Agreement agreement) {
  if (agreement == Agreement::equivalent) return good;
  return agreement == Agreement::not_equivalent ? bad : open_question;
}

class Page {
 public:
  explicit Page(const Equivalence& equivalence)
      : equivalence_(equivalence), decision_(decide(equivalence)), markup_(Dialect::html, "<!DOCTYPE html>\n") {}

  std::string build() {
    {
      const Tag html(markup_, "html", {{"lang", "en"}});
      write_head(markup_, "Concert: " + programs::summary_line(equivalence_));
      const Tag body(markup_, "body");
      top();
      {
        const Tag main(markup_, "main");
        reasons();
        failures();
        for (const Table& each : tables_of(equivalence_)) table(each);
      }
      bottom();
    }
    return markup_.take();
  }

 private:
  void stamp(Look look, std::string_view word) {
    const Tag span(markup_, "span", {{"class", "stamp"}});
    markup_.element("span", {{"aria-hidden", "true"}}, look.symbol);
    markup_.text(" " + std::string(word));
  }

  void top() {
    const Tag header(markup_, "header");
    markup_.element("h1", "Concert equivalence report");
    markup_.element("p", {{"class", "lead"}},
                    "Do the backends do the same with the same programs? Each is judged by one model, never by another "
                    "backend.");
    const Look look = look_of(decision_.agreement);
    markup_.element("p", {{"class", look.colour == "green" ? "good" : "notice"}},
                    std::string(look.symbol) + " " + programs::summary_line(equivalence_));
    const Tag cards(markup_, "div", {{"class", "cards"}});
    for (const JudgedBackend& backend : equivalence_.backends) card(backend.result);
  }

  void card(const ResultFile& result) {
    const Verdict verdict = decide(result).verdict;
    const Look look = look_of(verdict);
    const Tag section(markup_, "section",
                      {{"class", "card " + std::string(look.colour)}, {"aria-label", "Backend " + result.backend}});
    {
      const Tag h2(markup_, "h2");
      markup_.text(result.backend + " ");
      stamp(look, to_string(verdict));
    }
    markup_.element("p", {{"class", "versions"}},
                    result.backend_version + " · seed " + std::to_string(result.seed) + " · generator " +
                        std::to_string(result.generator));
    markup_.element("p", programs::summary_line(result));
  }

  void reasons() {
    if (decision_.reasons.empty()) return;
    const Tag section(markup_, "section", {{"id", "reasons"}, {"aria-labelledby", "reasons-title"}});
    markup_.element("h2", {{"id", "reasons-title"}},
                    decision_.agreement == Agreement::not_equivalent ? "Why they are not equivalent"
                                                                     : "Why this proves nothing yet");
    const Tag list(markup_, "ul");
    for (const std::string& reason : decision_.reasons) markup_.element("li", reason);
  }

  void failures() {
    const Tag section(markup_, "section", {{"id", "failures"}, {"aria-labelledby", "failures-title"}});
    markup_.element("h2", {{"id", "failures-title"}}, "What failed");
    bool is_clean = true;
    for (const JudgedBackend& backend : equivalence_.backends) {
      for (std::size_t i = 0; i < backend.result.failures.size(); ++i) {
        is_clean = false;
        failure(backend.result, backend.result.failures[i], i < backend.aids.size() ? backend.aids[i] : FailureAid());
      }
    }
    if (is_clean) markup_.element("p", {{"class", "good"}}, "No program broke a rule or left what the model allows.");
  }

  void failure(const ResultFile& result, const Failure& failure, const FailureAid& aid) {
    const Tag article(markup_, "article");
    markup_.element("h3", failure_title(result, failure));
    {
      const Tag list(markup_, "dl");
      entry("Observed", failure.message);
      entry("Clauses", failure.clauses);
      entry("Program", failure.text);
      entry("Size", counted(failure.statements, "statement") + ", " + std::to_string(failure.statements_as_drawn) +
                        " as drawn");
      entry("Schedule", failure.schedule);
      entry("Again with", aid.again);
    }
    folded("Trace", joined(failure.trace, "\n"));
    folded("As a C++ test", aid.cpp);
    folded("As JSON", failure.program);
  }
  void entry(std::string_view name, const std::string& value) {
    if (value.empty()) return;
    markup_.element("dt", name);
    const Tag item(markup_, "dd");
    markup_.element("pre", value);
  }
  void folded(std::string_view name, const std::string& text) {
    if (text.empty()) return;
    const Tag details(markup_, "details");
    markup_.element("summary", name);
    markup_.element("pre", text);
  }

  void table(const Table& table) {
    const Tag section(markup_, "section", {{"id", table.id}, {"aria-labelledby", table.id + "-title"}});
    markup_.element("h2", {{"id", table.id + "-title"}}, table.title);
    markup_.element("p", {{"class", "soft"}}, table.note);
    if (table.rows.empty()) return;
    const Tag scroll(markup_, "div", {{"class", "scroll"}});
    const Tag element(markup_, "table");
    {
      const Tag thead(markup_, "thead");
      const Tag row(markup_, "tr");
      for (const std::string& name : table.head) markup_.element("th", {{"scope", "col"}}, name);
    }
    const Tag body(markup_, "tbody");
    for (const std::vector<std::string>& cells : table.rows) {
      const Tag row(markup_, "tr");
      markup_.element("th", {{"scope", "row"}}, cells.front());
      for (std::size_t i = 1; i < cells.size(); ++i) markup_.element("td", cells[i]);
    }
  }

  void bottom() {
    const Tag footer(markup_, "footer");
    const Tag line(markup_, "p");
    markup_.text("Kit " + equivalence_.kit_version + ". Again with ");
    markup_.element("code", equivalence_.command);
  }

  const Equivalence& equivalence_;
  const programs::EquivalenceDecision decision_;
  Markup markup_;
};

}  // namespace

std::string to_html(const Equivalence& equivalence) { return Page(equivalence).build(); }

}  // namespace concert::reports
