// The table: the parts of the node in the picture, or what a search found.

const MOST_ROWS = 100;
const ratio = (node) => (node.raw > 0 && node.kind !== "free" ? node.used / node.raw : null);
const onFlash = (node) => (node.kind === "free" ? node.onFlash : node.used);

const COLUMNS = [
  { key: "name", label: "Name", of: (node) => node.name, text: null },
  { key: "change", label: "Change", of: (node) => Math.abs(node.change), text: (node) => signed(node.change), isFor: () => isComparison },
  { key: "was", label: "Before", of: (node) => node.wasUsed ?? 0, text: (node) => bytes(node.wasUsed), isFor: () => isComparison, isWide: true },
  { key: "onFlash", label: "On flash", of: onFlash, text: (node) => bytes(onFlash(node)) },
  { key: "share", label: "Share", of: onFlash, text: null, isWide: isComparison },
  { key: "raw", label: "Uncompressed", of: (node) => node.raw ?? 0, text: (node) => bytes(node.raw), isWide: true },
  { key: "ratio", label: "Ratio", of: (node) => ratio(node) ?? 0, text: (node) => (ratio(node) === null ? "–" : `${(ratio(node) * 100).toFixed(0)} %`), isWide: true },
  { key: "ifRemoved", label: "If removed", of: (node) => node.ifRemoved ?? -1, text: (node) => bytes(node.ifRemoved), isFor: () => !isComparison, isWide: true },
  { key: "method", label: "Method", of: (node) => node.method, text: (node) => node.method, isWide: true, isText: true },
].filter((column) => column.isFor?.() ?? true);

function sorted(nodes) {
  const { key, down } = state.sort;
  const { of } = COLUMNS.find((column) => column.key === key);
  const order = (a, b) => (typeof a === "string" ? a.localeCompare(b) : a - b) * (down ? -1 : 1);
  // Erased space is no part: it comes last, whatever the order.
  return [...nodes].sort((a, b) => (a.kind === "free") - (b.kind === "free") || order(of(a), of(b)) || b.used - a.used);
}

function showTable() {
  const isSearch = state.hits !== null;
  const nodes = sorted(isSearch ? state.hits : state.node.children);
  const rows = nodes.slice(0, state.rows);
  byId("caption").replaceChildren(...caption(isSearch, nodes));
  const head = element("tr", {}, ...COLUMNS.map(heading));
  byId("table").tHead.replaceChildren(head, ...(isSearch ? [] : [total(state.node)]));
  const whole = isSearch ? root : state.node;
  byId("table").tBodies[0].replaceChildren(...rows.map((node) => row(node, whole, isSearch)));
  byId("table").hidden = nodes.length === 0 && !isSearch;
  const more = byId("more");
  more.hidden = nodes.length <= rows.length;
  const rest = nodes.slice(rows.length);
  more.textContent = `Show the other ${bytes(rest.length)} (${bytes(sumOf(rest, (node) => node.used))} bytes)`;
}

function caption(isSearch, nodes) {
  if (!isSearch) return [`Parts of ${nameOf(state.node)}`];
  const sum = isComparison ? `${signed(sumOf(nodes, (node) => node.change))} bytes` : `${bytes(sumOf(nodes, (node) => node.used))} bytes on flash`;
  return [element("b", {}, plural(nodes.length, "match", "matches")), ` for “${plain(state.query)}” · ${sum}`];
}

function heading(column) {
  const isSorted = state.sort.key === column.key;
  const direction = isSorted ? (state.sort.down ? "descending" : "ascending") : null;
  const pick = () => {
    state.sort = { key: column.key, down: isSorted ? !state.sort.down : column.key !== "name" && column.key !== "method" };
    showTable();
    byId("table").tHead.querySelector(`th.${column.key} button`).focus();
  };
  return element("th", { scope: "col", class: classes(column), "aria-sort": direction },
    element("button", { type: "button", onclick: pick }, isSorted ? element("span", { class: "arrow", "aria-hidden": "true" }, state.sort.down ? "↓ " : "↑ ") : null, column.label));
}

const classes = (column) => `${column.key}${column.isWide ? " wide" : ""}${column.isText || column.key === "name" ? "" : " number"}`;

// The sum, which the rows add up to.
function total(node) {
  const used = node.used > 0 ? node : { ...node, used: node.onFlash };
  return element("tr", { class: "total" }, ...COLUMNS.map((column) => {
    if (column.key === "name") return element("th", { scope: "row", class: "name" }, element("span", { class: "text" }, "All parts"));
    return element("td", { class: classes(column) }, column.key === "share" ? shareBar(1, 1) : column.isText ? "" : column.text(used));
  }));
}

function row(node, whole, isSearch) {
  const made = element("tr", { class: state.chosen === node ? "chosen" : null }, ...COLUMNS.map((column) => {
    if (column.key === "name") return element("th", { scope: "row", class: "name" }, ...nameCell(node, isSearch));
    const colour = column.key === "change" && change(node) !== "same" ? ` ${change(node)}-text` : "";
    return element("td", { class: classes(column) + colour }, column.key === "share" ? (node.kind === "free" ? "" : shareBar(node.used, whole.used)) : column.text(node));
  }));
  made.node = node;
  return made;
}

function nameCell(node, isSearch) {
  const colour = isCopy(node) && !isComparison ? "copy" : colourOf(node);
  const opens = node.children.length > 0 || node.sameAs !== null;
  const notes = [
    isSearch ? pathOf(node).slice(1, -1).map((at) => plain(at.name)).join(" › ") : null,
    node.sameAs ? `same as ${node.sameAs.map(plain).join(" › ")}` : isCopy(node) ? `same as ${copyOf(node)}` : null,
    node.note ? said(node) : null,
    node.noise ? plain(node.noise) : null,
    node.package && node.package !== node.name ? `package ${plain(node.package)}` : null,
    isComparison && node.kind !== "free" ? (node.isGone ? "gone" : node.was === null ? "new" : null) : null,
  ].filter(Boolean);
  return [
    element("span", { class: `swatch ${colour}`, title: kindOf(node), style: isComparison ? { "--strength": "100%" } : {} }),
    element("button", { type: "button", class: opens ? "open" : "leaf", "aria-label": `${sentence(node)}${opens ? "; opens" : ""}`, onclick: () => open(node, "table") }, plain(node.name)),
    notes.length > 0 ? element("span", { class: "note" }, notes.join(" · ")) : null,
  ];
}

// In a comparison the note is the earlier name.
const said = (node) => (isComparison ? `was ${plain(node.note)}` : plain(node.note));

function shareBar(part, whole) {
  const share = whole > 0 ? part / whole : 0;
  return element("span", { class: "share-bar" },
    element("span", { class: "track", "aria-hidden": "true" }, element("span", { style: { width: `${Math.min(100, share * 100)}%` } })),
    element("span", {}, percent(part, whole)));
}
