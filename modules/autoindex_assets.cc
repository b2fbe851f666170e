// autoindex_assets.cc - how a listing looks when nobody says otherwise.
#include "modules/autoindex_assets.h"

namespace ostler {

constexpr std::string_view listing_template = R"asset(<!doctype html>
<html lang="{{lang}}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{{title}}</title>
<link rel="stylesheet" href="{{assets}}listing.css">
<script src="{{assets}}listing.js" defer></script>
</head>
<body>
<header>
<h1><bdi>{{title}}</bdi></h1>
{{breadcrumb}}{{search}}</header>
<main>
{{listing}}{{pages}}{{summary}}{{downloads}}{{readme}}</main>
</body>
</html>
)asset";

constexpr std::string_view listing_style = R"asset(/* listing.css - folders: light and dark, from a phone upwards. */
:root {
  color-scheme: light dark;
  --paper: #fbf8f3;
  --ink: #23201c;
  --soft: #6a6259;
  --line: #ddd3c4;
  --box: #f2ebdf;
  --link: #7a4312;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #1d1a17;
    --ink: #ece5da;
    --soft: #b3a898;
    --line: #443c33;
    --box: #29241f;
    --link: #e9b483;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto;
  max-width: 64rem;
  padding: 1rem 1.25rem 3rem;
  background: var(--paper);
  color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif;
}
h1 { margin: 0.5rem 0; font-size: clamp(1.2rem, 4vw, 1.7rem); line-height: 1.25; overflow-wrap: anywhere; }
h1::before {
  content: "";
  display: inline-block;
  width: 0.9em;
  height: 0.9em;
  margin-inline-end: 0.45em;
  vertical-align: -0.08em;
  background: var(--link);
  -webkit-mask: var(--shoe) center / contain no-repeat;
  mask: var(--shoe) center / contain no-repeat;
  --shoe: url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Cpath fill='none' stroke='%23000' stroke-width='5' stroke-linecap='square' d='M8 27V24C5 20 4 17 4 14a12 11 0 0 1 24 0c0 3-1 6-4 10v3'/%3E%3C/svg%3E");
}
a { color: var(--link); }
.listing a { text-decoration: none; }
.listing a:hover, .listing a:focus-visible { text-decoration: underline; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.breadcrumb, .pages { display: flex; flex-wrap: wrap; gap: 0.25rem 0.5rem; margin: 0.5rem 0; padding: 0; list-style: none; }
.breadcrumb li { overflow-wrap: anywhere; }
.breadcrumb li + li::before { content: "/"; margin-inline-end: 0.5rem; color: var(--soft); }
.breadcrumb a, .pages a { display: inline-block; min-height: 1.5rem; }
.pages { gap: 0.5rem 1rem; }
.filter { display: flex; flex-wrap: wrap; align-items: center; gap: 0.5rem; margin: 0.75rem 0; }
.filter input[type="search"] { flex: 1 1 10rem; max-width: 24rem; min-width: 0; }
.filter input, .filter button, .downloads button {
  padding: 0.4rem 0.6rem;
  border: 1px solid var(--soft);
  border-radius: 0.4rem;
  background: var(--paper);
  color: inherit;
  font: inherit;
}
.filter button { background: var(--box); }
.listing { width: 100%; border-collapse: collapse; }
caption { padding: 0.25rem 0; color: var(--soft); font-size: 0.9rem; text-align: start; overflow-wrap: anywhere; }
.listing th, .listing td { padding: 0.35rem 0.5rem; border-bottom: 1px solid var(--line); text-align: start; vertical-align: top; }
.listing thead th { background: var(--box); white-space: nowrap; }
.listing thead button {
  width: 100%;
  padding: 0;
  border: 0;
  background: none;
  color: var(--link);
  font: inherit;
  text-align: inherit;
  cursor: pointer;
}
.listing thead button:hover { text-decoration: underline; }
abbr { text-decoration: none; font-weight: normal; font-size: 0.8em; }
th[aria-sort="ascending"] button::after { content: " ▲"; content: " ▲" / ""; font-size: 0.7em; }
th[aria-sort="descending"] button::after { content: " ▼"; content: " ▼" / ""; font-size: 0.7em; }
.listing td { white-space: nowrap; color: var(--soft); font-variant-numeric: tabular-nums; }
.listing th.size, .listing td:nth-child(2) { text-align: end; }
.listing tbody th { padding-inline-start: 2.1em; font-weight: normal; overflow-wrap: anywhere; width: 100%; }
tbody tr:hover { background: var(--box); }
tbody th::before {
  content: "";
  display: inline-block;
  width: 1.1em;
  height: 1.1em;
  margin-inline: -1.6em 0.5em;
  vertical-align: -0.15em;
  background: var(--soft);
  -webkit-mask: var(--icon) center / contain no-repeat;
  mask: var(--icon) center / contain no-repeat;
  --icon: url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath d='M3 1h7l3 3v11H3zm1.2 1.2v11.6h7.6V5H9V2.2z'/%3E%3C/svg%3E");
}
tbody th.folder::before { background: var(--link); --icon: url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath d='M1 3h5l2 2h7v9H1z'/%3E%3C/svg%3E"); }
tbody th.image::before { --icon: url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath d='M1 2h14v12H1zm1.2 1.2v8L6 7l3 3 2-2 2.800 2.800V3.200zM10 4.500a1.500 1.500 0 1 0 .01 0z'/%3E%3C/svg%3E"); }
tbody th.video::before { --icon: url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath d='M1 3h10v3l4-2v8l-4-2v3H1z'/%3E%3C/svg%3E"); }
tbody th.audio::before { --icon: url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath d='M6 2l8-1v10a2.200 2.200 0 1 1-1.500-2.100V4.500l-5 .600V13A2.200 2.200 0 1 1 6 10.900z'/%3E%3C/svg%3E"); }
tbody th.archive::before { --icon: url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath d='M1 2h14v3H1zm1 4h12v8H2zm4 2v1.500h4V8z'/%3E%3C/svg%3E"); }
tbody th.code::before { --icon: url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath d='M5 3l1 1-4 4 4 4-1 1-5-5zm6 0l5 5-5 5-1-1 4-4-4-4z'/%3E%3C/svg%3E"); }
tbody th.text::before, tbody th.document::before { --icon: url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath d='M2 1h12v14H2zm2 3v1.200h8V4zm0 3v1.200h8V7zm0 3v1.200h5V10z'/%3E%3C/svg%3E"); }
tbody img, tbody video { display: block; max-width: min(100%, 16rem); max-height: 10rem; margin: 0.25rem 0; border-radius: 0.3rem; }
.none td { padding: 1.5rem 0.5rem; white-space: normal; text-align: start !important; }
.summary, .downloads { color: var(--soft); }
.readme { margin-top: 2rem; padding: 0.25rem 1rem; border: 1px solid var(--line); border-radius: 0.5rem; overflow-wrap: anywhere; }
.readme h2:first-child { font-size: 1rem; color: var(--soft); }
.readme pre { overflow-x: auto; padding: 0.5rem; background: var(--box); white-space: pre-wrap; }
.readme table { border-collapse: collapse; }
.readme td, .readme th { padding: 0.2rem 0.5rem; border: 1px solid var(--line); }
[hidden] { display: none !important; }
@media (max-width: 34rem) {
  body { padding: 0.5rem 0.5rem 2rem; }
  .listing th, .listing td { padding: 0.5rem 0.25rem; }
  .filter label { flex: 1 1 100%; }
  time span, abbr { display: none; }
  .listing tbody td { font-size: 0.85rem; }
}
@media (forced-colors: active) { h1::before, tbody th::before { background: CanvasText; } }
@media print { .filter, .pages, .downloads { display: none; } }
)asset";

constexpr std::string_view listing_script = R"asset(// listing.js - the filter of a folder answers while it is typed into; "/" leads to it.
"use strict";
const input = document.getElementById("filter");
const summary = document.querySelector(".summary");
const rows = [...document.querySelectorAll(".listing tbody tr:not(.none)")];
// On one page of several the server has to look.
const complete = summary && summary.dataset.pages === "1" && input && input.value === "";
if (complete) {
  const all = summary.textContent;
  const names = rows.map((row) => row.querySelector("bdi").textContent.toLowerCase());
  const apply = () => {
    const wanted = input.value.toLowerCase();
    let shown = 0;
    rows.forEach((row, i) => {
      row.hidden = !names[i].includes(wanted);
      if (!row.hidden) ++shown;
    });
    summary.textContent = wanted === "" ? all : `${shown} of ${all}`;
  };
  input.addEventListener("input", apply);
  window.addEventListener("pageshow", apply);
}
document.addEventListener("keydown", (event) => {
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  input?.focus();
});
)asset";

}  // namespace ostler
