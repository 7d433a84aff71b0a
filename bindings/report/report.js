"use strict";
// Makes lists of accounts whole, and the table of findings sortable and filterable. Everything is set as text, never as markup.
(() => {
  const make = (kind, text, attributes = {}) => {
    const node = document.createElement(kind);
    if (text !== null) node.textContent = text;
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    return node;
  };
  const visible = (text) => text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (one) => `\\u{${one.codePointAt(0).toString(16)}}`);
  const whole = (number) => number.toLocaleString("en-US");
  const safe = (text) => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);
  const quoted = (value) => `"${safe(String(value ?? "")).replaceAll('"', '""')}"`;
  const PAGE = 50;

  const accounts = JSON.parse(document.getElementById("accounts").textContent);
  const redraws = [];

  const list = (place) => {
    const all = accounts[place.dataset.accounts];
    if (!all) return;
    let found = all, at = 0, column = 1, up = false, printed = false;
    const search = make("input", null, {type: "search", placeholder: "account id", "aria-label": "Search accounts"});
    const status = make("span", "", {role: "status"});
    const back = make("button", "Previous", {type: "button"}), on = make("button", "Next", {type: "button"});
    const copy = make("button", "Copy ids", {type: "button"}), save = make("button", "Download CSV", {type: "button"});
    const bar = make("div", null, {class: "bar"});
    bar.append(search, copy, save, back, on, status);
    const heads = ["Account", "Evidence", "Calls"].map((name, index) => {
      const head = make("th", null, {scope: "col", ...(index ? {class: "n"} : {})});
      const button = make("button", name, {type: "button", class: "sort"});
      button.addEventListener("click", () => {
        up = column === index ? !up : index === 0;
        column = index;
        draw();
      });
      head.append(button);
      return head;
    });
    const table = make("table", null), top = make("tr", null), body = make("tbody", null), head = make("thead", null);
    top.append(...heads);
    head.append(top);
    table.append(head, body);
    const draw = () => {
      const wanted = search.value.trim().toLowerCase();
      found = all.filter((row) => row[0].toLowerCase().includes(wanted));
      const order = (a, b) => (a[column] ?? -1) < (b[column] ?? -1) ? -1 : (a[column] ?? -1) > (b[column] ?? -1) ? 1 : 0;
      found.sort((a, b) => (up ? order(a, b) : order(b, a)));
      at = Math.max(0, Math.min(at, PAGE * Math.floor((found.length - 1) / PAGE)));
      heads.forEach((one, index) =>
        one.setAttribute("aria-sort", index !== column ? "none" : up ? "ascending" : "descending"));
      const rows = printed ? found : found.slice(at, at + PAGE);
      body.replaceChildren(...rows.map(([account, evidence, calls]) => {
        const row = make("tr", null), name = make("th", null, {scope: "row"});
        name.append(make("code", visible(account)));
        row.append(name, make("td", evidence === null ? "–" : evidence.toFixed(1), {class: "n"}),
          make("td", whole(calls), {class: "n"}));
        return row;
      }));
      status.textContent = found.length ? `${whole(at + 1)} to ${whole(Math.min(at + PAGE, found.length))} of ${whole(found.length)}` : "none";
      back.disabled = at === 0;
      on.disabled = at + PAGE >= found.length;
    };
    search.addEventListener("input", () => { at = 0; draw(); });
    back.addEventListener("click", () => { at -= PAGE; draw(); });
    on.addEventListener("click", () => { at += PAGE; draw(); });
    copy.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(found.map((row) => row[0]).join("\n"));
        status.textContent = `${whole(found.length)} ids copied`;
      } catch {
        status.textContent = "the browser does not let this page copy: download them";
      }
    });
    save.addEventListener("click", () => {
      const lines = [["account_id", "evidence", "calls"], ...found].map((row) => row.map(quoted).join(","));
      const link = make("a", null, {download: `${place.dataset.name}.csv`});
      link.href = URL.createObjectURL(new Blob([lines.join("\r\n"), "\r\n"], {type: "text/csv"}));
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
    redraws.push((all_of_them) => { printed = all_of_them; draw(); });
    const scroll = make("div", null, {class: "scroll", role: "region", tabindex: "0", "aria-label": place.dataset.label});
    scroll.append(table);
    place.replaceChildren(bar, scroll);
    draw();
  };
  document.querySelectorAll("[data-accounts]").forEach((place) => {
    const folded = place.closest("details");
    folded.addEventListener("toggle", () => { if (folded.open && !place.dataset.made) { place.dataset.made = "1"; list(place); } });
  });

  const findings = document.getElementById("rows");
  if (findings) {
    const rows = [...findings.tBodies[0].rows];
    const kinds = [...new Set(rows.map((row) => row.dataset.assessed))];
    const bar = make("div", null, {class: "bar"});
    const choice = make("select", null, {"aria-label": "Show findings assessed as"});
    choice.append(make("option", "all findings", {value: ""}), ...kinds.map((kind) => make("option", kind, {value: kind})));
    const search = make("input", null, {type: "search", placeholder: "links, number, accounts", "aria-label": "Search findings"});
    const status = make("span", "", {role: "status"});
    bar.append(choice, search, status);
    findings.closest(".scroll").before(bar);
    const draw = () => {
      const wanted = search.value.trim().toLowerCase();
      let shown = 0;
      for (const row of rows) {
        const fits = (!choice.value || row.dataset.assessed === choice.value) && row.textContent.toLowerCase().includes(wanted);
        row.hidden = !fits;
        shown += fits;
      }
      status.textContent = `${whole(shown)} of ${whole(rows.length)}`;
    };
    choice.addEventListener("change", draw);
    search.addEventListener("input", draw);
    [...findings.tHead.rows[0].cells].forEach((head, index) => {
      const button = make("button", head.textContent, {type: "button", class: "sort"});
      head.replaceChildren(button);
      const value = (row) => {
        const text = row.cells[index].textContent.trim(), number = Number(text.replace(/[,%]|^Finding /g, ""));
        return Number.isNaN(number) ? text : number;
      };
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") !== "descending";
        for (const one of findings.tHead.rows[0].cells) one.setAttribute("aria-sort", "none");
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const order = (a, b) => (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0);
        rows.sort((a, b) => (down ? order(b, a) : order(a, b)));
        findings.tBodies[0].append(...rows);
      });
    });
    draw();
  }

  // On paper nothing is folded away, and all accounts are named.
  const opened = [];
  addEventListener("beforeprint", () => {
    document.querySelectorAll("details:not([open])").forEach((one) => { one.open = true; opened.push(one); });
    document.querySelectorAll("[data-accounts]:not([data-made])").forEach((place) => { place.dataset.made = "1"; list(place); });
    redraws.forEach((redraw) => redraw(true));
  });
  addEventListener("afterprint", () => {
    redraws.forEach((redraw) => redraw(false));
    opened.splice(0).forEach((one) => { one.open = false; });
  });
})();
