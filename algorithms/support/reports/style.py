"""The style sheet of all reports: screens of any size, dark ones, and A4 paper."""

from __future__ import annotations

CSS = """
:root { color-scheme: light dark; --ink: #22302a; --soft: #55675d; --paper: #fff; --tint: #eef5f0; --line: #dfe8e2;
  --strong: #7a9484; --rule: #cfe0d3; --warn: #fff6df; --alert: #c98b00; --link: #1b6ca8; }
@media screen and (prefers-color-scheme: dark) { :root { --ink: #e4ebe6; --soft: #a9b9af; --paper: #151a17; --tint: #212a25;
  --line: #35423a; --strong: #7a9484; --rule: #3c4f43; --warn: #3a2f12; --alert: #e0a100; --link: #7fbcec; } }
* { box-sizing: border-box; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
body { font: 0.95rem/1.5 "Segoe UI", "Noto Sans", "Noto Sans CJK SC", "Noto Sans SC", "Microsoft YaHei", "PingFang SC",
  sans-serif; color: var(--ink); background: var(--paper); max-width: 62rem; margin: 1.5rem auto; padding: 0 1.25rem;
  overflow-wrap: break-word; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .3rem; }
h2 { font-size: 1.4rem; margin: 2rem 0 .6rem; border-bottom: 2px solid var(--rule); }
h3 { font-size: 1.12rem; margin: 1.4rem 0 .4rem; }
p { margin: .6rem 0; } p.lead, p.edition { color: var(--soft); margin-top: 0; } a { color: var(--link); }
dl.facts { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: .6rem 0 1rem; font-size: .9rem; }
dl.facts dt { color: var(--soft); } dl.facts dd { margin: 0; min-width: 0; }
nav { border: 1px solid var(--line); border-radius: 6px; padding: .6rem 1.2rem; margin: 1rem 0; }
nav h2 { font-size: 1.05rem; border: 0; margin: 0 0 .2rem; }
nav ol { list-style: none; margin: 0; padding: 0; columns: 2 17rem; }
nav li { break-inside: avoid; } nav li.deep { padding-left: 1.2rem; font-size: .92em; } nav a { text-decoration: none; }
.table { overflow-x: auto; margin: .9rem 0; }
table { border-collapse: collapse; font-size: .86rem; line-height: 1.35; }
caption { text-align: left; color: var(--soft); padding-bottom: .25rem; } caption b, figcaption b { color: var(--ink); }
th, td { padding: .25em .6em; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th { background: var(--tint); vertical-align: bottom; } td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
td.n, td.k { white-space: nowrap; } tr.total td { font-weight: 600; border-top: 2px solid var(--strong); }
td:nth-child(-n+2):not(.n) { min-width: 5em; }
pre { background: var(--tint); padding: .6em 1em; white-space: pre-wrap; word-break: break-all; font-size: .82rem; }
figure { margin: 1.1rem 0; overflow: hidden; }
figure img, figure svg { max-width: 100%; height: auto; background: #fff; border: 1px solid var(--line); }
figcaption { color: var(--soft); font-size: .9rem; margin-top: .25rem; }
.warn { background: var(--warn); border-left: 4px solid var(--alert); padding: .4rem 1rem; margin: .6rem 0; }
.key { display: inline-block; width: 1em; height: 1em; vertical-align: -2px; margin: 0 .35em 0 0; border: 1px solid #8886; }
.keys { margin: .2em 0; } .entry { display: inline-block; margin-right: .9em; }
figure svg.ramp { display: block; border: 0; background: none; fill: var(--soft); }
.map { position: relative; display: inline-block; max-width: 100%; } .map img { display: block; }
.map > svg { position: absolute; left: 0; top: 0; width: 100%; height: 100%; border: 0; background: none; }
img.inset { float: right; width: 190px; margin: .5em 0 .5em 1.5em; }
.side { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(18rem, 100%), 1fr)); gap: .4rem 1.2rem; }
.side figure { margin: .5em 0; } .side > div { break-inside: avoid; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(10rem, 1fr)); gap: .8rem; margin: 1rem 0; }
.card { background: var(--tint); border-radius: 6px; padding: .6rem 1.1rem; } .card b { display: block; font-size: 1.45rem; }
article + article { border-top: 4px double var(--rule); margin-top: 3rem; padding-top: 1.5rem; }
@media (max-width: 40rem) { body { margin: .8rem auto; padding: 0 .8rem; } h1 { font-size: 1.5rem; }
  dl.facts { grid-template-columns: 1fr; } dl.facts dd { margin-bottom: .3rem; } img.inset { float: none; } }
@page { size: A4; margin: 18mm 18mm 20mm; @bottom-center { content: counter(page) " / " counter(pages); font-size: 8pt; } }
@page wide { size: A4 landscape; margin: 14mm; }
@media print { .wide, h2:has(+ .wide), h3:has(+ .wide) { page: wide; }
  .wide table { font-size: 6.6pt; } .wide td { padding: .15em .3em; }
  html { font-size: 9.5pt; } body { max-width: none; margin: 0; padding: 0; }
  h1, h2, h3, caption, thead { break-after: avoid; break-inside: avoid; } h2 { margin-top: 1.4rem; }
  figure, .warn, .card, .cards, dl, tr, .entry, .keys { break-inside: avoid; } thead { display: table-header-group; }
  tbody tr:first-child, tr.total { break-before: avoid; } p:has(+ pre) { break-after: avoid; } pre { break-inside: avoid; }
  p, li { orphans: 3; widows: 3; } .table { overflow: visible; } table { max-width: 100%; }
  figure img, figure svg { max-height: 150mm; width: auto; max-width: 100%; } a { color: inherit; text-decoration: none; }
  article + article { break-before: page; border: 0; margin: 0; padding: 0; } }
"""
