/**
 * Colours: Okabe and Ito's, darkened until each has a contrast of 3:1 to the paper; dashes and markers tell the lines apart without
 * them. In print always on white.
 */
const LIGHT = `
  --paper: #fff; --ink: #1b1f24; --soft: #57606a; --rule: #d5dae0; --grid: #e8ebef; --wash: #f5f7f9; --band: #eef3f8;
  --good: #11652f; --bad: #b3261e; --accent: #0a6aa8; --bar: #7fb3d5; --link: #0a5a94;
  --s0: #0072b2; --s1: #c24e00; --s2: #00795a; --s3: #a8417f; --s4: #7a6000; --s5: #1b1f24; --s6: #6a51c7;`;
const DARK = `
  --paper: #14181d; --ink: #e6e9ed; --soft: #a3adb8; --rule: #3a424c; --grid: #262d35; --wash: #1c2229; --band: #1d2731;
  --good: #6fd08c; --bad: #ff8f85; --accent: #63b8ee; --bar: #2f6f9c; --link: #7cc4f5;
  --s0: #56b4e9; --s1: #ff9a4d; --s2: #35c99b; --s3: #ec93c4; --s4: #e8c547; --s5: #e6e9ed; --s6: #b7a5ff;`;
const SLOT_DASHES = ["none", "9 4", "2 4", "10 3 2 3", "5 3", "none", "14 4 2 4 2 4"];

export const PAGE_STYLE = `
:root { color-scheme: light dark;${LIGHT}
}
@media screen and (prefers-color-scheme: dark) { :root {${DARK}
} }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0 auto; padding: 2.2rem 1.5rem 4rem; max-width: 1210px; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Open Sans", Arial, sans-serif; }
h1 { margin: 0; font-size: 2.1rem; line-height: 1.15; letter-spacing: -0.02em; }
h1 .mode { color: var(--soft); font-weight: 400; }
h2 { margin: 3.2rem 0 0.4rem; padding-top: 0.9rem; border-top: 2px solid var(--ink); font-size: 1.45rem; letter-spacing: -0.01em; }
h3 { margin: 0 0 0.7rem; font-size: 1.08rem; }
a { color: var(--link); }
code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: 0.88em; overflow-wrap: anywhere; }
.when { margin: 0.5rem 0 0; color: var(--soft); overflow-wrap: anywhere; }
.answers { margin: 1.1rem 0 0; font-size: 1.1rem; }
.good { color: var(--good); } .bad { color: var(--bad); }
.wrong { color: var(--bad); overflow-wrap: anywhere; }
.busy { margin: 1rem 0 0; padding: 0.6rem 0.9rem; border-left: 4px solid var(--s1); background: var(--wash); }
.lead { max-width: 62rem; margin: 0 0 1.4rem; color: var(--soft); }
.absent { margin: 0.8rem 0 0; padding: 0.7rem 0.95rem; border: 1px dashed var(--rule); border-radius: 6px; color: var(--soft); }
nav { margin: 1.6rem 0 0; } nav ul { display: flex; flex-wrap: wrap; gap: 0.3rem 1.3rem; margin: 0; padding: 0; list-style: none; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(200px, 1fr)); gap: 0.8rem; margin: 1.6rem 0 0; }
.card { display: flex; flex-direction: column; padding: 0.8rem 1rem 0.85rem; border: 1px solid var(--rule); border-top: 4px solid var(--good); border-radius: 6px;
  background: var(--wash); overflow-wrap: anywhere; }
.card.missed { border-top-color: var(--bad); border-top-style: double; }
.card .layer { color: var(--soft); font-size: 0.78rem; }
.card .value { font-size: 1.75rem; font-weight: 650; line-height: 1.2; font-variant-numeric: tabular-nums; }
.card .unit { display: inline-block; margin-left: 0.3rem; line-height: 1.2; color: var(--soft); font-size: 0.9rem; font-weight: 400; }
.card .what { flex: 1; font-size: 0.9rem; line-height: 1.35; }
.card .asked { margin-top: 0.45rem; color: var(--good); font-size: 0.85rem; font-weight: 600; }
.card .asked { text-wrap: balance; } .card.missed .asked { color: var(--bad); }
figure { margin: 1.8rem 0 2.6rem; }
figure.full { display: grid; grid-template-columns: minmax(0, 800px) minmax(0, 1fr); column-gap: 2.4rem; }
figure.full h3 { grid-column: 1 / -1; }
.halves { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 1.4rem 2.4rem; max-width: 800px; }
figcaption { color: var(--soft); font-size: 0.9rem; line-height: 1.5; overflow-wrap: anywhere; }
figcaption p { margin: 0 0 0.6rem; }
.warned { color: var(--ink); } .warned p { margin: 0 0 0.3rem; } .warned ul { margin: 0; padding-left: 1.1rem; }
.ringed { display: inline-block; width: 0.85em; height: 0.85em; margin-right: 0.45em; border: 2px solid var(--bad); border-radius: 50%; vertical-align: -0.08em; }
.legend { display: flex; flex-wrap: wrap; gap: 0.15rem 1.1rem; margin: 0.4rem 0 0; padding: 0; list-style: none; font-size: 0.82rem; line-height: 1.35; }
.legend li { display: flex; gap: 0.45rem; align-items: baseline; overflow-wrap: anywhere; } .legend svg { flex: none; transform: translateY(2px); }
.drawing > .legend, .drawing > .narrow { display: none; }
svg.plot { display: block; width: 100%; height: auto; overflow: hidden; }
svg text { fill: var(--ink); font-family: inherit; font-variant-numeric: tabular-nums; }
svg .tick, svg .title { fill: var(--soft); }
svg .grid { stroke: var(--grid); fill: none; }
svg .axis { stroke: var(--soft); fill: none; }
svg .line { fill: none; stroke: currentColor; stroke-width: 2.2; stroke-linejoin: round; stroke-linecap: butt; }
svg .marker { fill: currentColor; stroke: var(--paper); stroke-width: 0.8; }
svg .tail .line { stroke-width: 1.5; stroke-dasharray: 4 4; }
svg .series.tail .marker { fill: var(--paper); stroke: currentColor; stroke-width: 1.4; }
svg .ring { fill: none; stroke: var(--bad); stroke-width: 2; }
svg .guide, svg .guide .line { stroke: var(--soft); stroke-width: 1.2; stroke-dasharray: 1.5 4; stroke-linecap: round; fill: none; }
svg .key { color: var(--ink); } svg .key text { fill: var(--soft); }
svg .key.guide text { stroke: none; }
svg .leader { fill: none; stroke: currentColor; stroke-width: 1.1; stroke-dasharray: 1 2.5; opacity: 0.8; }
svg .end text { fill: currentColor; }
${SLOT_DASHES.map((_, slot) => `.s${slot} { color: var(--s${slot}); }`).join(" ")}
${SLOT_DASHES.map((dash, slot) => `svg.dashed .s${slot} .line { stroke-dasharray: ${dash}; }`).join(" ")}
svg .heading { font-weight: 650; font-size: 1.06em; }
svg .row .label, svg .row .value { paint-order: stroke; stroke: var(--paper); stroke-width: 4px; stroke-linejoin: round; }
svg .value { font-weight: 600; }
svg .lane { stroke: var(--grid); }
svg .bar { fill: var(--bar); } svg .box { fill: var(--bar); }
svg .band { fill: var(--band); }
svg .whisker { fill: none; stroke: var(--ink); stroke-width: 1.5; }
svg .round { fill: var(--ink); fill-opacity: 0.62; }
svg path.mark { stroke: var(--bad); stroke-width: 1.4; fill: none; } svg text.mark { fill: var(--bad); font-weight: 600; }
svg:has(.series:hover) .series:not(:hover) { opacity: 0.22; }
.table { overflow-x: auto; margin: 1.3rem 0 0; }
table { width: 100%; border-collapse: collapse; font-size: 0.86rem; line-height: 1.35; }
caption { padding: 0 0 0.35rem; font-weight: 650; font-size: 1rem; text-align: left; }
th, td { padding: 0.28rem 0.9rem 0.28rem 0; border-bottom: 1px solid var(--grid); text-align: left; vertical-align: top; }
thead th { border-bottom: 1px solid var(--soft); color: var(--soft); font-weight: 600; white-space: nowrap; }
tbody th { font-weight: 400; min-width: 12rem; }
.figures .number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.grid td:last-child { white-space: nowrap; } .grid th:nth-child(1) { width: 42%; } .grid th:nth-child(2) { width: 11%; } .grid th:nth-child(3) { width: 10%; } .grid th:nth-child(4), .grid th:nth-child(5) { width: 14%; } .grid th:nth-child(6) { width: 4%; }
.place { color: var(--soft); } .better { color: var(--soft); }
.facts { width: auto; } .facts td { overflow-wrap: anywhere; } .facts th { min-width: 8rem; color: var(--soft); white-space: nowrap; }
tr.missed th, tr.missed td { background: color-mix(in srgb, var(--bad) 9%, transparent); }
.verdict { font-weight: 600; white-space: nowrap; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 21rem), 1fr)); gap: 0 2.4rem; align-items: start; }
.hint { color: var(--soft); font-size: 0.9rem; }
@media screen and (max-width: 1080px) { figure.full { display: block; max-width: 800px; } figure.full figcaption { margin-top: 0.8rem; } }
@media screen and (max-width: 720px) {
  body { padding: 1.2rem 1rem 3rem; font-size: 15px; }
  h1 { font-size: 1.7rem; } h2 { margin-top: 2.4rem; }
  .drawing > .wide { display: none; } .drawing > svg.narrow { display: block; } .drawing > .legend { display: flex; }
  .halves { grid-template-columns: minmax(0, 1fr); } .cards { grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); }
  .facts th { white-space: normal; min-width: 6rem; } tbody th { min-width: 9rem; }
}
@page { size: A4; margin: 14mm 13mm 16mm; }
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  nav, #saving { display: none; }
  h2 { margin-top: 1.6rem; } h2, h3, caption { break-after: avoid; } .lead { break-after: avoid; }
  figure, .card, tr, .absent { break-inside: avoid; }
  figure { margin: 0.9rem 0 1.5rem; } figure.full { display: block; } figure.full figcaption { margin-top: 0.5rem; }
  figcaption { font-size: 8.5pt; line-height: 1.4; } figcaption p { margin-bottom: 0.25rem; }
  .cards { grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 0.5rem; } .card .value { font-size: 1.35rem; }
  .table { overflow: visible; } table { font-size: 8.5pt; } thead { display: table-header-group; }
  .columns { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  a { color: inherit; text-decoration: none; }
}
`;
