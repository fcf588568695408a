// SPDX-License-Identifier: Apache-2.0
// The style and the script of the page, embedded so that it needs nothing else.
#pragma once

#include <string_view>

namespace concert::reports {

inline constexpr std::string_view page_style = R"css(
:root { color-scheme: light dark;
  --ground: #fbfaf8; --paper: #ffffff; --ink: #1f2328; --soft: #5b636d; --line: #e3e1dc; --code: #f2f0ec; --link: #1f5fa8;
  --green: #176b3f; --green-ground: #e4f3ea; --red: #a8231c; --red-ground: #fbe7e5; --amber: #7a5200; --amber-ground: #fbf0d9;
  --grey: #4f5863; --grey-ground: #eceef0; --mark: #fff7d6; }
@media (prefers-color-scheme: dark) { :root {
  --ground: #15181c; --paper: #1c2025; --ink: #e4e6e9; --soft: #a0a8b2; --line: #31373f; --code: #272c33; --link: #8ab8f0;
  --green: #7fd6a4; --green-ground: #17372a; --red: #ff9d94; --red-ground: #43201e; --amber: #f0c674; --amber-ground: #3a2e14;
  --grey: #b3bbc5; --grey-ground: #2b3138; --mark: #3a3517; } }
* { box-sizing: border-box; }
html { scroll-padding-top: 3.5rem; -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--ground); color: var(--ink); line-height: 1.55;
  font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif; font-size: 1rem; }
header, main, footer { max-width: 78rem; margin: 0 auto; padding: 0 1.5rem; }
header { padding-top: 2rem; }
footer { padding-top: 1rem; padding-bottom: 3rem; color: var(--soft); font-size: .875rem; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .25rem; letter-spacing: -.01em; }
h2 { font-size: 1.3rem; line-height: 1.3; margin: 2.75rem 0 .75rem; letter-spacing: -.005em; }
h3 { font-size: 1.05rem; line-height: 1.35; margin: 1.75rem 0 .5rem; }
h4 { font-size: .95rem; margin: 0; }
p { margin: .35rem 0; }
a { color: var(--link); text-decoration-thickness: 1px; text-underline-offset: .15em; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 3px; }
code, pre, .id { font-family: ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: .86em; }
code { background: var(--code); border-radius: 4px; padding: .05em .3em; overflow-wrap: anywhere; }
pre { background: var(--code); border-radius: 6px; padding: .6rem .8rem; margin: .35rem 0; white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.45; }
ul { margin: .35rem 0; padding-left: 1.2rem; }
.lead, .soft { color: var(--soft); }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--paper); padding: .5rem 1rem; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(22rem, 100%), 1fr)); gap: 1.25rem; margin: 1.25rem 0 .5rem; }
.card { background: var(--paper); border: 1px solid var(--line); border-top: 5px solid var(--grey); border-radius: 10px; padding: 1.1rem 1.35rem 1rem; }
.card:only-child { max-width: 44rem; }
.card h2 { margin: 0; display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: .5rem 1rem; font-size: 1.4rem; }
.card.green { border-top-color: var(--green); } .card.red { border-top-color: var(--red); } .card.amber { border-top-color: var(--amber); }
.stamp { font-size: 1rem; font-weight: 650; padding: .25rem .8rem; border-radius: 2rem; white-space: nowrap; letter-spacing: 0; }
.green .stamp { color: var(--green); background: var(--green-ground); } .red .stamp { color: var(--red); background: var(--red-ground); }
.amber .stamp { color: var(--amber); background: var(--amber-ground); }
.versions { color: var(--soft); font-size: .9rem; margin: .1rem 0 .6rem; }
.card > p { margin: .2rem 0 .7rem; }
.card table { margin: .25rem 0 .6rem; width: 100%; }
.card td, .card th { padding: .16rem .4rem; }
.card dl { font-size: .9rem; } .card summary { font-size: .9rem; color: var(--soft); }
.uncovered { margin: .5rem 0 .6rem; padding: .5rem .8rem; background: var(--grey-ground); border-radius: 6px; font-size: .92rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1rem; margin: .5rem 0; }
.finding > dl { grid-template-columns: 6rem 1fr; } dt { color: var(--soft); } dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }
dd pre { margin: 0; padding: .3rem .6rem; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); padding: .25rem 0; font-size: .875rem; }
th, td { text-align: left; vertical-align: top; padding: .45rem .6rem; border-bottom: 1px solid var(--line); }
thead th { font-weight: 600; color: var(--soft); font-size: .85rem; white-space: nowrap; }
.wide thead th { position: sticky; top: 0; background: var(--ground); box-shadow: inset 0 -1px var(--line); z-index: 1; }
tbody th { font-weight: 500; }
.uncovered-table th:nth-child(3) { width: 24%; } .uncovered-table th:nth-child(4) { width: 50%; }
.num, .num th { text-align: right; } td.zero { color: var(--soft); opacity: .6; }
.wide td small, .slow td small { display: block; color: var(--soft); white-space: nowrap; }
.id { white-space: nowrap; } .id a { text-decoration: none; } .id a:hover { text-decoration: underline; }
.level { font-size: .72rem; letter-spacing: .05em; color: var(--soft); white-space: nowrap; padding-top: .6rem; }
.cell { width: 9.5rem; } .level { width: 5rem; } th.id { width: 8rem; }
.v { white-space: nowrap; font-weight: 550; border-radius: 2rem; padding: .08rem .6rem .08rem .45rem; display: inline-block; font-size: .875rem; }
.v.green { color: var(--green); background: var(--green-ground); } .v.red { color: var(--red); background: var(--red-ground); }
.v.amber { color: var(--amber); background: var(--amber-ground); } .v.quiet { color: var(--soft); background: none; font-weight: 400; } .v.grey { color: var(--grey); background: var(--grey-ground); }
tr:target > * { background: var(--mark); } article:target { outline: 2px solid var(--amber); }
summary { cursor: pointer; } details[open] > summary { margin-bottom: .35rem; }
.wide summary { list-style-position: outside; margin-left: 1rem; }
.wide details > div { border-left: 3px solid var(--line); margin: .4rem 0 .4rem .2rem; padding-left: 1rem; }
article { background: var(--paper); border: 1px solid var(--line); border-radius: 10px; padding: .9rem 1.25rem; margin: 1rem 0; }
article > h3 { margin: 0 0 .5rem; display: flex; flex-wrap: wrap; gap: .25rem .75rem; align-items: baseline; }
article > h3 .level { padding: 0; width: auto; }
.finding { border-top: 1px solid var(--line); padding-top: .6rem; margin-top: .8rem; }
.finding h4 { display: flex; flex-wrap: wrap; gap: .3rem .7rem; align-items: center; }
.wide .finding { border: 0; padding: 0; }
.chips { display: flex; flex-wrap: wrap; gap: .35rem .5rem; padding: 0; margin: .5rem 0; list-style: none; font-size: .9rem; }
.chips a { display: inline-block; padding: .1rem .65rem; border: 1px solid var(--line); border-radius: 2rem; background: var(--paper); text-decoration: none; }
.chips a:hover { border-color: var(--link); }
.chips .red { color: var(--red); } .chips .amber { color: var(--amber); }
.good { padding: .8rem 1.1rem; border-radius: 8px; background: var(--green-ground); color: var(--green); }
.notice { padding: .6rem 1.1rem; border-radius: 8px; background: var(--amber-ground); color: var(--amber); }
#filter { position: sticky; top: 0; z-index: 2; background: var(--ground); padding: .6rem 0; display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; }
#filter[hidden] { display: none; }
#filter:not([hidden]) ~ section .wide thead th { top: 3.4rem; }
#filter label { display: flex; gap: .5rem; align-items: center; color: var(--soft); font-size: .9rem; }
#filter input, #filter select { font: inherit; color: var(--ink); background: var(--paper); border: 1px solid var(--line); border-radius: 6px; padding: .3rem .6rem; }
#filter input { width: min(22rem, 60vw); }
[hidden] { display: none; }
@media (max-width: 48rem) { header, main, footer { padding-left: 1rem; padding-right: 1rem; } .scroll { overflow-x: auto; }
  .wide { min-width: 40rem; } dl, .finding > dl { grid-template-columns: 1fr; gap: .1rem; } dd { margin-bottom: .4rem; } #filter, .wide thead th { position: static; } }
@media print { :root { color-scheme: light; --ground: #fff; --paper: #fff; --code: #f5f5f5; } body { font-size: 9.5pt; } #filter, .skip, nav { display: none; }
  header, main, footer { max-width: none; padding: 0; } .card, article, tr { break-inside: avoid; } h2, h3 { break-after: avoid; }
  .wide thead th { position: static; } a { color: inherit; text-decoration: none; } .v, .stamp { border: 1px solid currentColor; } }
)css";

// The page is complete without it: it adds the filter, and opens the clause that a link names.
inline constexpr std::string_view page_script = R"js(
(function () {
  var bar = document.getElementById('filter');
  var words = document.getElementById('words'), which = document.getElementById('which'), found = document.getElementById('found');
  var rows = Array.prototype.slice.call(document.querySelectorAll('tr[data-verdicts]'));
  bar.hidden = false;
  rows.forEach(function (row) { row.searchText = (row.textContent + ' ' + row.dataset.verdicts).toLowerCase(); });
  function apply() {
    var wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean), kind = which.value, shown = 0;
    rows.forEach(function (row) {
      var fits = wanted.every(function (word) { return row.searchText.indexOf(word) >= 0; }) &&
        (!kind || row.dataset.verdicts.split(' ').indexOf(kind) >= 0);
      row.hidden = !fits;
      if (fits) shown += 1;
    });
    document.querySelectorAll('section.area').forEach(function (area) { area.hidden = !area.querySelector('tr[data-verdicts]:not([hidden])'); });
    found.textContent = shown === rows.length ? rows.length + ' clauses' : shown + ' of ' + rows.length + ' clauses';
  }
  function reveal() {
    var target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target || !target.matches('tr[data-verdicts]')) return;
    if (target.hidden) { words.value = ''; which.value = ''; apply(); }
    target.querySelector('details').open = true;
    target.scrollIntoView();
  }
  words.addEventListener('input', apply);
  which.addEventListener('change', apply);
  window.addEventListener('hashchange', reveal);
  window.addEventListener('beforeprint', function () {
    document.querySelectorAll('#failures details, #uncovered details').forEach(function (details) { details.open = true; });
  });
  apply();
  reveal();
})();
)js";

}  // namespace concert::reports
