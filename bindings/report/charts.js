// Pictures of a finding, as SVG whose colours the style sheet gives.

function timeLine(finding) {
  const hours = finding.hourly;
  if (hours.length < 2) return null;
  const run = Math.ceil(hours.length / 168);
  const bars = [];
  for (let at = 0; at < hours.length; at += run) bars.push(hours.slice(at, at + run).reduce((sum, one) => sum + one, 0));
  const top = Math.max(...bars, 1);
  const label = `Calls in each of ${plural(bars.length, run > 1 ? "span of " + run + " hours" : "hour")}, at most ${count(top)}`;
  const path = bars.map((bar, at) => (bar ? `M${at * 10} 100v-${Math.max(1.5, (98 * bar) / top).toFixed(1)}h8V100z` : "")).join("");
  return h("div", null,
    svg("svg", { class: "time", viewBox: `0 0 ${bars.length * 10 - 2} 100`, preserveAspectRatio: "none", role: "img", "aria-label": label },
      svg("path", { d: path })),
    h("p", { class: "ends" }, h("span", null, finding.started), h("span", null, `at most ${count(top)} calls ${run > 1 ? "in " + run + " hours" : "an hour"}`), h("span", null, finding.ended + " UTC")));
}

// What each fact adds to the log-odds, from where all findings start to where this one ends.
function weighing(facts) {
  if (!facts.length) return null;
  const sum = facts.reduce((total, fact) => total + fact.adds, 0);
  const reach = Math.max(...facts.map((fact) => Math.max(Math.abs(fact.adds), fact.most || 0)), Math.abs(sum), 1);
  const scale = (number) => (50 * number) / reach;
  const bar = (number, most) => svg("svg", { class: "bar", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" },
    most ? svg("rect", { class: "most", x: 50, y: 3, width: scale(most).toFixed(2), height: 4 }) : null,
    svg("rect", { class: number < 0 ? "against" : "for", x: (50 + Math.min(0, scale(number))).toFixed(2), y: 1, width: Math.abs(scale(number)).toFixed(2), height: 8 }),
    svg("path", { class: "zero", d: "M50 0V10", "vector-effect": "non-scaling-stroke" }));
  const signed = (number) => (number > 0 ? "+" : number < 0 ? "−" : "") + Math.abs(number).toFixed(2);
  const row = (name, side, number, most) => h("tr", null,
    h("th", { scope: "row" }, name), h("td", null, bar(number, most)), h("td", { class: "n" }, signed(number)), h("td", { class: "wide" }, side));
  return h("table", { class: "weigh" },
    h("caption", { class: "hidden" }, "Facts for and against one actor, in log-odds"),
    h("thead", null, h("tr", null, ["Fact", "Adds", "Log-odds"].map((name, at) => h("th", { scope: "col", class: at === 2 ? "n" : null }, name)), h("th", { scope: "col", class: "wide" }, "Speaks"))),
    h("tbody", null,
      facts.map((fact) => row(fact.sentence, fact.side === "start" ? "where all findings start" : fact.side, fact.adds, fact.most)),
      row("In sum", `probability ${(1 / (1 + Math.exp(-sum))).toFixed(2)}`, sum)));
}

function shareBar(share) {
  const own = Math.max(0, Math.min(1, share || 0));
  return svg("svg", { class: "share", viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("rect", { class: "most", width: 100, height: 8 }), svg("rect", { class: "own", width: (100 * own).toFixed(1), height: 8 }));
}

// Accounts of a finding by part, before a sample of all accounts.
function map(finding, accounts, background) {
  const places = [];
  const step = Math.max(1, Math.ceil((finding.last - finding.first) / 3000));
  for (let at = finding.first; at < Math.min(finding.last, accounts.id.length); at += step) {
    if (accounts.x[at] !== null && accounts.y[at] !== null) places.push([accounts.x[at], accounts.y[at], accounts.part[at]]);
  }
  if (places.length < 3) return null;
  const all = background[0].map((x, at) => [x, background[1][at], null]).concat(places);
  // Over the middle 99 %, so that a few strays do not press all others into a line; they are drawn at the border.
  const scale = (axis) => {
    const values = Float64Array.from(all, (place) => place[axis]).sort();
    const low = values[Math.floor(0.005 * (values.length - 1))], high = values[Math.ceil(0.995 * (values.length - 1))];
    return (place) => Math.max(0, Math.min(1, (place[axis] - low) / (high - low || 1)));
  };
  const x = scale(0), y = scale(1);
  const dot = (place) => `M${(8 + 424 * x(place)).toFixed(1)} ${(232 - 224 * y(place)).toFixed(1)}h0`;
  const layer = (part, kind) => svg("path", { class: "points " + kind, d: all.filter((place) => place[2] === part).map(dot).join("") });
  const parts = finding.parts.length;
  const label = `${count(places.length)} of its accounts on the map of all accounts`;
  return h("div", null,
    svg("svg", { class: "chart", viewBox: "0 0 440 240", role: "img", "aria-label": label },
      layer(null, ""), layer(-1, parts ? "" : "p0"), finding.parts.map((_, at) => layer(at, "p" + at))),
    parts ? h("ul", { class: "key" }, finding.parts.map((part, at) => h("li", { class: "p" + at }, part)), h("li", null, "all other accounts")) : null,
    h("p", { class: "note" }, `${label}. Grey: ${plural(background[0].length, "account")} of the whole run, to compare. Near means alike in what is asked.`));
}

// Some accounts against the families they use most: who shares what.
function crossing(finding, accounts, open) {
  const crossed = finding.crossed;
  if (!crossed) return h("p", null, "No family is used by two of its accounts.");
  const top = Math.max(...crossed.rows.flatMap((row) => row.slice(1)), 1);
  const level = (calls) => (calls ? "n l" + Math.min(3, 1 + Math.floor((3 * Math.log(calls)) / Math.log(top + 1))) : "n");
  const rows = crossed.rows.filter((row) => row[0] < accounts.id.length);
  return h("div", { class: "crossed", tabindex: 0, role: "region", "aria-label": "Accounts against families" },
    h("table", { class: "cross" },
      h("caption", { class: "hidden" }, "Calls of some accounts in the families they use most"),
      h("thead", null, h("tr", null, h("th", { scope: "col" }, "Account"), crossed.families.map((family, at) => h("th", { scope: "col", class: at > 3 ? "n wide" : "n" }, String(family))))),
      h("tbody", null, rows.map((row) => h("tr", null,
        h("th", { scope: "row" }, h("button", { class: "link", click: () => open(row[0]) }, h("code", null, shorten(accounts.id[row[0]], 24)))),
        row.slice(1).map((calls, at) => h("td", { class: level(calls) + (at > 3 ? " wide" : "") }, calls ? count(calls) : "·")))))));
}
