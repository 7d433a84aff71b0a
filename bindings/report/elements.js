// Elements made from text: nothing in this page ever parses data as HTML.

const SVG = "http://www.w3.org/2000/svg";
const HIDDEN = /[\p{C}\p{Z}]/gu;

// What the eye cannot see or what reorders its surroundings, written out as the rest of gauger does.
function visible(text) {
  return String(text).replace(HIDDEN, (sign) => {
    if (sign === " ") return sign;
    const named = { "\n": "\\n", "\r": "\\r", "\t": "\\t" }[sign];
    if (named) return named;
    const code = sign.codePointAt(0).toString(16);
    if (code.length <= 2) return "\\x" + code.padStart(2, "0");
    return code.length <= 4 ? "\\u" + code.padStart(4, "0") : "\\U" + code.padStart(8, "0");
  });
}

function shorten(text, limit = 64) {
  const signs = Array.from(text.length > 4 * limit ? text.slice(0, 2 * limit) + text.slice(-2 * limit) : text);
  if (text.length <= limit || signs.length <= limit) return visible(text);
  const head = signs.slice(0, Math.floor((limit * 2) / 3)), tail = signs.slice(head.length - limit);
  const left = text.length - head.join("").length - tail.join("").length;
  return `${visible(head.join(""))}…[${count(left)} more]…${visible(tail.join(""))}`;
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : document.createTextNode(visible(child)));
  }
  return element;
}

function h(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

function svg(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function byId(id) {
  return document.getElementById(id);
}

function list(items, attributes) {
  return h("ul", attributes, items.map((item) => h("li", null, item)));
}

function count(number) {
  return number === null || number === undefined ? "–" : Math.round(number).toLocaleString("en-US");
}

function plural(number, one, many) {
  return `${count(number)} ${number === 1 ? one : many || one + "s"}`;
}

function value(number) {
  if (number === null || number === undefined) return "–";
  const size = Math.abs(number);
  if (size >= 1e12 || (size > 0 && size < 1e-6)) return number.toExponential(2);
  if (size >= 999.5) return count(number);
  return String(Number(number.toPrecision(3)) + 0);
}

function percent(share) {
  if (share === null || share === undefined) return "–";
  if (share > 0 && share < 0.001) return "less than 0.1 %";
  if (share < 1 && share >= 0.9995) return "more than 99.9 %";
  return `${(100 * share).toFixed(1).replace(/\.0$/, "")} %`;
}

function odds(probability) {
  if (probability === null || probability === undefined) return "not calibrated";
  if (probability <= 1e-9) return "fewer than 1 in a billion";
  if (probability > 0.5) return "nothing unusual";
  return `1 in ${Number((1 / probability).toPrecision(2)).toLocaleString("en-US")}`;
}

function badge(assessment) {
  const kind = assessment === "campaign" ? " alarm" : ["unclear", "relay pool"].includes(assessment) ? " doubt" : "";
  return h("span", { class: "badge" + kind }, assessment);
}

// For a screen reader: what a press of a button did.
function say(text) {
  byId("said").textContent = text;
}
