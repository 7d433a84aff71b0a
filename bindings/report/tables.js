// A table that is sorted, searched and paged here; and what leaves the page: copies and CSV.

// columns: {name, of(row) -> what is sorted, show(row) -> text or node, kind: classes, first: "descending"}
function paged(holder, { caption, columns, rows, sort, page, matches, filters, tools }) {
  let order = sort, down = true, at = 0, wanted = "", shown = rows.slice();
  const status = h("p", { class: "count", role: "status" });
  const table = h("div");
  const heads = columns.map((column) => h("th", { scope: "col", class: column.kind },
    h("button", { type: "button", click: () => { down = order === column ? !down : column.first === "descending"; order = column; at = 0; draw(); } }, column.name)));
  const body = h("tbody");
  table.append(h("table", null, h("caption", { class: "hidden" }, caption), h("thead", null, h("tr", null, heads)), body));
  const back = h("button", { type: "button", click: () => { at -= 1; show(); } }, "Previous");
  const on = h("button", { type: "button", click: () => { at += 1; show(); } }, "Next");
  const place = h("span");
  const pager = h("div", { class: "pager" }, back, on, place);
  const input = h("input", { type: "search", autocomplete: "off", spellcheck: "false", input: () => { wanted = input.value.trim().toLowerCase(); at = 0; draw(); } });

  function draw() {
    shown = rows.filter((row) => (!filters || filters(row)) && (!wanted || matches(row).includes(wanted)));
    if (order) {
      const sign = down ? -1 : 1;
      shown = shown.map((row) => [order.of(row), row]).sort(([a], [b]) => {
        if (a === null || b === null) return (a === null) - (b === null); // what is not known stands last, either way
        return a < b ? -sign : a > b ? sign : 0;
      }).map(([, row]) => row);
    }
    show();
  }

  function show() {
    const pages = Math.max(1, Math.ceil(shown.length / page));
    at = Math.max(0, Math.min(at, pages - 1));
    body.replaceChildren(...shown.slice(at * page, (at + 1) * page).map((row) => h("tr", null, columns.map((column, number) =>
      h(number ? "td" : "th", { scope: number ? null : "row", class: column.kind }, column.show(row))))));
    heads.forEach((head, number) => head.setAttribute("aria-sort", columns[number] === order ? (down ? "descending" : "ascending") : "none"));
    pager.hidden = pages < 2;
    back.disabled = at === 0;
    on.disabled = at === pages - 1;
    place.textContent = `${count(at * page + 1)} to ${count(Math.min((at + 1) * page, shown.length))} of ${count(shown.length)}`;
    status.textContent = shown.length === rows.length ? `${count(rows.length)} in all` : `${count(shown.length)} of ${count(rows.length)}`;
  }

  const extra = tools ? tools({ shown: () => shown, draw: () => { at = 0; draw(); } }) : [];
  const bar = h("div", { class: "tools" }, rows.length > 5 ? h("label", null, "Search", input) : null, extra, status);
  draw();
  holder.replaceChildren(bar, table, pager);
}

const FORMULA = /^[\s\u00a0]*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/u;

// RFC 4180; what a spreadsheet would run as a formula begins with an apostrophe.
function csvCell(text) {
  let cell = text === null || text === undefined ? "" : String(text);
  if (typeof text === "string" && FORMULA.test(cell)) cell = "'" + cell;
  return `"${cell.replaceAll('"', '""')}"`;
}

function csv(header, rows) {
  return [header, ...rows].map((row) => row.map(csvCell).join(",")).join("\r\n") + "\r\n";
}

function download(name, text) {
  const address = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv;charset=utf-8" }));
  const link = h("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

async function copy(text, what) {
  let done = false;
  try {
    await navigator.clipboard.writeText(text);
    done = true;
  } catch (refused) { // a file opened from disk may not use the clipboard
    const area = h("textarea", { class: "hidden", readonly: true, "aria-hidden": "true" });
    area.value = text;
    (document.querySelector("dialog[open]") || document.body).append(area);
    area.select();
    done = document.execCommand("copy");
    area.remove();
  }
  say(done ? `${what} copied` : "The browser refused to copy: download the CSV instead");
  return done;
}

function copying(label, text, what) {
  const button = h("button", { type: "button", click: async () => {
    button.textContent = (await copy(text(), what())) ? "Copied" : "Not copied";
    setTimeout(() => { button.textContent = label; }, 1500);
  } }, label);
  return button;
}
