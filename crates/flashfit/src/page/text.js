// Numbers, words and elements.

const grouped = new Intl.NumberFormat("en-US");
const bytes = (number) => (number === null ? "–" : grouped.format(number).replace("-", "−"));
const signed = (number) => (number > 0 ? "+" : "") + bytes(number);
const percent = (part, whole) => (whole > 0 ? `${((part / whole) * 100).toFixed(1)} %` : "–");
const plural = (count, one, many) => `${bytes(count)} ${count === 1 ? one : many}`;

function withUnit(number) {
  for (const [unit, factor] of [["MiB", 1 << 20], ["KiB", 1 << 10]]) {
    if (number >= factor && number % factor === 0) return `${number / factor} ${unit}`;
  }
  return `${bytes(number)} B`;
}

// Colours: each kind of node belongs to one.
const COLOURS = {
  image: "Partition or image",
  folder: "Folder or package",
  file: "File",
  crate: "Rust crate",
  library: "Library",
  object: "Object file",
  "crate-function": "Function of a crate",
  "library-function": "Function of a library",
  "object-function": "Function of an object file",
  function: "Function",
  section: "Section",
  rest: "Tables, data, shared",
  copy: "Copy of another part",
  free: "Erased",
};
const OWNERS = ["crate", "library", "object"];
const KINDS = {
  chip: ["chip", "image"],
  partition: ["partition", "image"],
  image: ["image", "image"],
  part: ["part", "image"],
  packed: ["compressed", "image"],
  filesystem: ["file system", "image"],
  package: ["package", "folder"],
  folder: ["folder", "folder"],
  file: ["file", "file"],
  crate: ["crate", "crate"],
  library: ["library", "library"],
  object: ["object file", "object"],
  function: ["function", "function"],
  section: ["section", "section"],
  data: ["data", "rest"],
  table: ["table", "rest"],
  shared: ["shared", "rest"],
  padding: ["padding", "rest"],
  free: ["erased", "free"],
};
const kindOf = (node) => KINDS[node.kind]?.[0] ?? node.kind;

// A function has a lighter shade of the colour of the crate, library or object that it is in.
function colourOf(node) {
  if (isComparison && node.kind !== "free") return change(node);
  if (node.sameAs) return "copy";
  const colour = KINDS[node.kind]?.[1] ?? "rest";
  if (colour !== "function") return colour;
  for (let at = node.parent; at; at = at.parent) {
    if (OWNERS.includes(at.kind)) return `${at.kind}-function`;
  }
  return colour;
}

function change(node) {
  if (node.change === 0 || node.noise) return "same";
  return node.change > 0 ? "grown" : "shrunk";
}

// An element. A text becomes a text node, so no name is ever read as markup.
function element(tag, properties = {}, ...content) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") made.className = value;
    else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [key, to] of Object.entries(value)) made.style.setProperty(key, to);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...content.filter((part) => part !== null && part !== undefined));
  return made;
}

const byId = (id) => document.getElementById(id);

// A name without the characters that would turn the text around it.
const plain = (name) => name.replace(/[\u0000-\u001f\u007f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
