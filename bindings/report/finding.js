// One finding, and one account of it, made when they are opened.

function accountTable(holder, page, first, last, name) {
  const { accounts, core } = page;
  const end = Math.min(last, accounts.id.length);
  const rows = Array.from({ length: Math.max(0, end - first) }, (_, at) => first + at);
  const parts = rows.some((row) => accounts.part[row] >= 0);
  const columns = [
    { name: "Account", of: (row) => accounts.id[row], show: (row) => h("button", { class: "link", type: "button", click: () => page.open(row) }, h("code", null, shorten(accounts.id[row]))) },
    { name: "Evidence", kind: "n", first: "descending", of: (row) => accounts.evidence[row], show: (row) => (accounts.evidence[row] === null ? "–" : accounts.evidence[row].toFixed(1)) },
    { name: "Calls", kind: "n", first: "descending", of: (row) => accounts.calls[row], show: (row) => count(accounts.calls[row]) },
    { name: "Flagged by itself", kind: "wide", of: (row) => accounts.flagged[row], show: (row) => (accounts.flagged[row] ? "yes" : "no") },
  ];
  if (parts) columns.push({ name: "Part", kind: "wide", of: (row) => accounts.part[row], show: (row) => (accounts.part[row] < 0 ? "–" : String.fromCharCode(65 + accounts.part[row])) });
  paged(holder, {
    caption: "Accounts of " + name, columns, rows, sort: columns[1], page: 25, matches: (row) => accounts.id[row].toLowerCase(),
    tools: (table) => [
      copying("Copy ids", () => table.shown().map((row) => visible(accounts.id[row])).join("\n"), () => plural(table.shown().length, "id")),
      h("button", { type: "button", click: () => {
        download(`gauger-${name.replaceAll(" ", "-")}.csv`, csv(["account_id", "finding", "evidence", "calls", "flagged"],
          table.shown().map((row) => [accounts.id[row], page.findingOf(row), accounts.evidence[row], accounts.calls[row], accounts.flagged[row] ? "true" : "false"])));
        say(`${plural(table.shown().length, "account")} downloaded`);
      } }, "Download CSV"),
    ],
  });
  if (end < last) holder.append(h("p", { class: "note" }, `${plural(last - end, "account")} of it are left out, because this file is bounded: see accounts.parquet.`));
}

function familyTable(finding) {
  const slots = (family) => (family.coverage === null ? [] : [h("div", { class: "note" }, `slot grid: ${percent(family.coverage)} covered`, shareBar(family.coverage))]);
  const heads = ["Family", "Calls of this finding", "Of all calls in it", "Accounts", "Template, and what it says"];
  const cell = (at, ...children) => h(at ? "td" : "th", { role: at ? "cell" : "rowheader", scope: at ? null : "row", class: at === 4 ? "template" : at ? "n" : null, "data-label": heads[at] }, children);
  // Roles are said, because on a narrow screen the style sheet makes cards of the rows.
  return h("table", { class: "stack", role: "table" },
    h("caption", { class: "hidden" }, "Families of this finding"),
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, heads.map((head, at) => h("th", { role: "columnheader", scope: "col", class: at && at < 4 ? "n" : null }, head)))),
    h("tbody", { role: "rowgroup" }, finding.families.map((family) => h("tr", { role: "row" },
      cell(0, String(family.id), h("div", { class: "note" }, family.kind, family.allowed ? ", allowed" : "")),
      cell(1, count(family.calls), h("div", { class: "note" }, family.of_finding + " of its calls")),
      cell(2, `${percent(family.share)} of ${count(family.calls_of_all)}`, shareBar(family.share)),
      cell(3, `${count(family.accounts)} of ${count(family.accounts_of_all)}`),
      cell(4, family.template ? h("code", null, family.template) : h("span", { class: "note" }, "fewer than 20 owners share its words"), list(family.says, { class: "says" }), slots(family))))));
}

function section(title, ...children) {
  const content = children.flat().filter(Boolean);
  return content.length ? h("section", null, h("h3", null, title), content) : null;
}

function simpleTable(caption, heads, rows) {
  if (!rows.length) return null;
  const kind = (at) => (at ? "n" : null);
  return h("table", null, h("caption", { class: "hidden" }, caption),
    h("thead", null, h("tr", null, heads.map((head, at) => h("th", { scope: "col", class: kind(at) }, head)))),
    h("tbody", null, rows.map((row) => h("tr", null, row.map((cell, at) => h(at ? "td" : "th", { scope: at ? null : "row", class: kind(at) }, cell))))));
}

function keyFacts(finding) {
  const fact = (name, text, note) => h("div", null, h("dt", null, name), h("dd", null, text, note ? h("span", { class: "note" }, " " + note) : null));
  return h("dl", { class: "facts" },
    fact("Probability", finding.probability), fact("Accounts", count(finding.accounts)), fact("Calls", count(finding.calls)),
    fact("Evidence", finding.evidence, finding.odds), fact("Linked by", finding.links.join(", ") || "–"));
}

// All that can be said without the accounts: on screen and, for every finding, on paper.
function sections(finding) {
  const fewer = finding.families_left_out;
  return {
    short: section("In short", h("p", null, finding.story.join(" ")), h("p", null, finding.sure.join(" "))),
    time: section("Calls over time", timeLine(finding)),
    weighed: section("For and against one actor", weighing(finding.facts)),
    signs: section("Signs of coordination", h("div", { class: "pair" },
      h("div", null, h("h4", null, "Found"), finding.present.length ? list(finding.present, { class: "marked present" }) : h("p", { class: "note" }, "none")),
      h("div", null, h("h4", null, "Looked for, not found or not available"), finding.lacking.length ? list(finding.lacking, { class: "marked" }) : h("p", { class: "note" }, "none")))),
    compared: section("How it connects, beside other accounts", simpleTable("Medians of accounts", ["Median of its accounts", "This finding", "Others"], finding.compared)),
    families: section("Families it uses", finding.families.length ? familyTable(finding) : null,
      fewer ? h("p", { class: "more" }, `and ${plural(fewer, "family", "families")} more, with fewer of its calls: see calls/ and families.parquet`) : null,
      finding.allowed ? h("p", { class: "note" }, `${finding.allowed} of its calls are in families on the allow-list.`) : null),
    reasons: section("Why it stands out", simpleTable("Reasons", ["What is measured", "Value", "How rare"], finding.reasons)),
    honest: section("What an honest explanation would look like", finding.honest ? h("p", null, finding.honest) : null),
    checks: section("What to check next", h("ol", null, finding.checks.map((check) => h("li", null, check)))),
  };
}

function findingPanel(page, finding) {
  const { core, accounts } = page;
  const at = core.findings.indexOf(finding);
  const step = (other, label) => (other ? h("a", { href: "#finding-" + other.id }, label) : null);
  const told = sections(finding);
  const holder = h("div");
  const name = "finding " + finding.id;
  accountTable(holder, page, finding.first, finding.last, name);
  const crossed = crossing(finding, accounts, page.open);
  return h("article", { class: "finding", id: "finding-" + finding.id, "aria-labelledby": "finding-heading" },
    h("header", null, h("h2", { id: "finding-heading", tabindex: -1 }, "Finding " + finding.id), badge(finding.assessment),
      h("nav", { class: "step", "aria-label": "Other findings" }, step(core.findings[at - 1], "Previous"), step(core.findings[at + 1], "Next"), h("a", { href: "#findings" }, "List"))),
    keyFacts(finding),
    h("div", { class: "pair" }, told.short, told.checks),
    told.time, told.weighed, told.honest, told.signs,
    h("div", { class: "pair" }, h("div", null, section("Where its accounts lie", map(finding, accounts, core.background)), told.compared),
      section("Who shares what", crossed, sharing(finding.crossed))),
    told.families, told.reasons,
    section("Its accounts", holder));
}

function sharing(crossed) {
  if (!crossed) return null;
  return h("p", { class: "note" }, `Calls in the ${plural(crossed.families.length, "family", "families")} that most of its accounts share`
    + (crossed.more ? ` (${plural(crossed.more, "family", "families")} more are shared by fewer)` : "")
    + `: ${count(crossed.rows.length)} of the ${count(crossed.users)} accounts that use one, evenly picked. ${count(crossed.accounts - crossed.users)} of ${count(crossed.accounts)} use none.`);
}

function accountView(page, row, chunk) {
  const { core, accounts } = page;
  const at = row % core.chunk, finding = page.findingOf(row);
  const close = h("button", { type: "button", click: () => byId("account").close() }, "Close");
  const evidence = accounts.evidence[row];
  const said = [
    `${plural(accounts.calls[row], "call")}; evidence ${evidence === null ? "not available" : evidence.toFixed(1)}, the alarm line is ${core.alarm.toFixed(1)}.`,
    accounts.flagged[row] ? "It is flagged by itself." : "It is not flagged by itself.",
    finding === null ? "It is in no finding." : `It is in finding ${finding}.`,
  ];
  const head = h("header", null, h("h2", { id: "account-heading" }, h("code", null, shorten(accounts.id[row], 400))), close);
  const base = [head, h("p", null, said.join(" ")), copying("Copy id", () => visible(accounts.id[row]), () => "Id")];
  if (!chunk) return [...base, h("p", { class: "note" }, `Statistics are kept for the first ${count(core.covered)} of ${plural(core.accounts_of_all, "account")}, because this file is bounded. Ask gauger explain OUT --account ID for this one.`)];
  const reasons = chunk.reasons[at].map(([name, number, tail]) => [core.words[name] || name.replaceAll("_", " "), value(number), odds(tail)]);
  const flat = chunk.families[at], pairs = [];
  for (let place = 0; place + 1 < flat.length; place += 2) pairs.push([String(flat[place]), count(flat[place + 1])]);
  const more = flat[flat.length - 1];
  const rows = core.statistics.map(([name, other], number) => [name, value(chunk.statistics[number][at]), value(other)]);
  return [...base,
    h("h3", null, "Why it stands out"), simpleTable("Reasons", ["What is measured", "Value", "How rare"], reasons) || h("p", null, "No single reason: what it shares with its finding counts."),
    h("h3", null, "Families of its calls"), simpleTable("Families", ["Family", "Calls"], pairs) || h("p", null, "None: no other call had its prompts."),
    more ? h("p", { class: "more" }, `and ${plural(more, "family", "families")} more`) : null,
    h("h3", null, "Statistics"), simpleTable("Statistics", ["What is measured", "This account", "Median of others"], rows)].filter(Boolean);
}
