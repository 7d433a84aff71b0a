// The page comes alive: data unpacked, lists drawn, addresses followed.

async function unpack(id) {
  const block = byId(id);
  if (!block) return null;
  const bytes = Uint8Array.from(atob(JSON.parse(block.textContent)), (sign) => sign.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
}

function findingList(page) {
  const { core } = page;
  if (!core.findings.length) return;
  const kinds = [...new Set(core.findings.map((finding) => finding.assessment))];
  const number = (text) => (text === "n/a" || text === "–" ? null : Number(text.replaceAll(",", "")));
  let kind = "";
  const columns = [
    { name: "Finding", of: (finding) => finding.id, show: (finding) => h("a", { href: "#finding-" + finding.id }, "Finding " + finding.id) },
    { name: "Assessed as", of: (finding) => finding.assessment, show: (finding) => badge(finding.assessment) },
    { name: "Probability", kind: "n", first: "descending", of: (finding) => number(finding.probability), show: (finding) => finding.probability },
    { name: "Accounts", kind: "n", first: "descending", of: (finding) => finding.accounts, show: (finding) => count(finding.accounts) },
    { name: "Calls", kind: "n wide", first: "descending", of: (finding) => finding.calls, show: (finding) => count(finding.calls) },
    { name: "Evidence", kind: "n wide", first: "descending", of: (finding) => number(finding.evidence), show: (finding) => finding.evidence },
    { name: "Started (UTC)", kind: "wide wider t", of: (finding) => finding.started, show: (finding) => finding.started },
    { name: "Linked by", kind: "wide", of: (finding) => finding.links.join(", "), show: (finding) => finding.links.join(", ") || "–" },
  ];
  const select = h("select", null, h("option", { value: "" }, "all"), kinds.map((one) => h("option", { value: one }, one)));
  paged(byId("finding-table"), {
    caption: "Findings", columns, rows: core.findings, sort: null, page: 20,
    matches: (finding) => page.text(finding), filters: (finding) => !kind || finding.assessment === kind,
    tools: (table) => [kinds.length > 1 ? h("label", null, "Assessed as", select) : null, void select.addEventListener("change", () => { kind = select.value; table.draw(); })],
  });
}

function route(page, moved) {
  const found = /^#finding-(-?\d+)$/.exec(location.hash);
  const finding = found ? page.core.findings.find((one) => one.id === Number(found[1])) : moved ? null : page.core.findings[0];
  const panel = byId("panel");
  if (!finding) return;
  panel.hidden = false;
  panel.replaceChildren(findingPanel(page, finding));
  if (found) {
    panel.firstChild.scrollIntoView();
    byId("finding-heading").focus({ preventScroll: true });
  }
}

// Paper has no drill-down: every finding in words, with the ids of all its accounts.
function paper(page) {
  const { core, accounts } = page;
  const ids = (first, last) => {
    const made = [];
    for (let at = first; at < Math.min(last, accounts.id.length); at += 200)
      made.push(h("p", { class: "ids" }, accounts.id.slice(at, Math.min(at + 200, last)).map(visible).join("  ")));
    if (last > accounts.id.length) made.push(h("p", null, `${count(last - Math.max(first, accounts.id.length))} more are in accounts.parquet.`));
    return made;
  };
  const made = core.findings.map((finding) => {
    const told = sections(finding);
    return h("article", null, h("h2", null, `Finding ${finding.id}: ${finding.assessment}`), keyFacts(finding),
      told.short, told.checks, told.time, told.weighed, told.honest, told.signs, told.compared, told.families, told.reasons,
      section(`Its ${plural(finding.accounts, "account")}, oddest first`, ids(finding.first, finding.last)));
  });
  const [first, last] = core.loose;
  if (last > first) made.push(h("article", null, h("h2", null, plural(last - first, "flagged account") + " in no finding"), ids(first, last)));
  byId("print").replaceChildren(...made);
}

async function start() {
  const core = await unpack("data-core"), accounts = await unpack("data-accounts");
  const chunks = new Map(), texts = new Map();
  const page = {
    core, accounts,
    findingOf: (row) => { const finding = core.findings.find((one) => row >= one.first && row < one.last); return finding ? finding.id : null; },
    text: (finding) => {
      if (!texts.has(finding)) texts.set(finding, [finding.id, finding.assessment, ...finding.links, ...finding.story, ...finding.present, ...finding.families.map((family) => family.id + " " + (family.template || ""))].join(" ").toLowerCase());
      return texts.get(finding);
    },
    open: async (row) => {
      const number = Math.floor(row / core.chunk);
      if (!chunks.has(number)) chunks.set(number, await unpack("data-" + number));
      const dialog = byId("account");
      dialog.replaceChildren(...accountView(page, row, chunks.get(number)));
      if (!dialog.open) dialog.showModal();
      dialog.scrollTop = 0;
    },
  };
  findingList(page);
  const [first, last] = core.loose;
  if (last > first) accountTable(byId("loose-accounts"), page, first, last, "no finding");
  route(page, false);
  addEventListener("hashchange", () => route(page, true));
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    opened.forEach((details) => { details.open = true; });
    paper(page);
  });
  addEventListener("afterprint", () => {
    opened.forEach((details) => { details.open = false; });
    byId("print").replaceChildren();
  });
  document.documentElement.dataset.ready = String(Math.round(performance.now())); // milliseconds since the page was asked for;
}

if (typeof DecompressionStream === "function") start();
else if (byId("old-browser")) byId("old-browser").hidden = false;
