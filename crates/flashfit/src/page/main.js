// What is shown, and what changes it.

const state = {
  node: root,
  size: isComparison ? "change" : "onFlash",
  // Whether erased space and copies are drawn.
  bulk: false,
  query: "",
  // What a search found, and the nodes around that; none without a search.
  hits: null,
  holders: new Set(),
  sort: { key: isComparison ? "change" : "onFlash", down: true },
  rows: MOST_ROWS,
  chosen: null,
};
const isStill = matchMedia("(prefers-reduced-motion: reduce)");

// Goes to a node: draws it, and sets the address so that the browser's back button returns.
function show(node, focus = null) {
  const from = state.node;
  if (node === from && !state.hits) return;
  const box = tileOf.get(node)?.getBoundingClientRect();
  state.node = node;
  state.rows = MOST_ROWS;
  state.chosen = null;
  if (state.hits) clearSearch();
  const address = `#${pathOf(node).slice(1).map((at) => encodeURIComponent(at.name)).join("/")}`;
  if (location.hash !== address) history.pushState(null, "", address);
  draw();
  if (box) zoomFrom(box);
  byId("said").textContent = `${nameOf(node)}: ${bytes(node.used)} bytes on flash, ${plural(node.children.length, "part", "parts")}`;
  if (focus === "tiles") {
    const back = pathOf(from).find((at) => at.parent === node);
    (tileOf.get(back) ?? byId("tiles").querySelector("[role=button]"))?.focus({ preventScroll: true });
  }
  if (focus === "table") byId("table").querySelector("tbody button")?.focus();
}

// Opens a part, follows a copy to its original, or marks a part that has none.
function open(node, focus) {
  if (node.sameAs) show(find(node.sameAs), focus);
  else if (node.children.length > 0) show(node, focus);
  else if (state.hits || (node.parent !== state.node && node.parent)) {
    if (node.parent) show(node.parent, null);
    choose(node);
    if (focus === "table") rowOf(node)?.querySelector("button").focus();
  } else choose(node);
}

const rowOf = (node) => [...byId("table").tBodies[0].rows].find((made) => made.node === node);

function choose(node) {
  state.chosen = node;
  point(node);
  for (const made of byId("table").tBodies[0].rows) made.classList.toggle("chosen", made.node === node);
}

function up(focus) {
  if (state.node.parent) show(state.node.parent, focus);
}

function draw() {
  showTrail();
  showTools();
  showTiles();
  showLegend();
  showTable();
  point(null);
}

// The picture grows out of the tile that was opened.
function zoomFrom(box) {
  if (isStill.matches) return;
  const picture = byId("tiles"), whole = picture.getBoundingClientRect();
  const shift = `translate(${box.x - whole.x}px, ${box.y - whole.y}px) scale(${box.width / whole.width}, ${box.height / whole.height})`;
  for (const made of picture.children) {
    made.animate([{ opacity: 0 }, { opacity: 1 }], { duration: 180, easing: "ease-out" });
  }
  const frame = element("div", { class: "frame" });
  picture.append(frame);
  frame.animate([{ transform: shift }, { transform: "none" }], { duration: 180, easing: "ease-out" }).onfinish = () => frame.remove();
}

function showTrail() {
  const path = pathOf(state.node);
  const crumbs = path.map((node, at) => {
    const name = nameOf(node);
    return at === path.length - 1
      ? element("li", {}, element("b", { "aria-current": "page" }, name))
      : element("li", {}, element("button", { type: "button", onclick: () => show(node) }, name));
  });
  const used = state.node.used;
  const figures = isComparison ? `${signed(state.node.change)} · ${bytes(used)} bytes` : `${bytes(used)} bytes`;
  byId("trail").replaceChildren(element("ol", {}, ...crumbs), element("span", { class: "sum" }, figures));
}

function showTools() {
  const sections = byId("sections");
  sections.hidden = !state.node.hasSections || state.node.children.length === 0;
  sections.querySelector("input").checked = Boolean(groupedAt(state.node));
  const { free, copied } = state.node;
  const bulk = byId("bulk");
  bulk.hidden = state.size === "change" || (free === 0 && copied === 0);
  bulk.querySelector("input").checked = state.bulk;
  bulk.querySelector("span").textContent = free > 0 && copied > 0 ? "Erased space and copies" : free > 0 ? "Erased space" : "Copies";
}

// Points to a node: in the picture, in the table, and in the line between them.
function point(node) {
  for (const made of document.querySelectorAll(".pointed")) made.classList.remove("pointed");
  tileOf.get(node)?.classList.add("pointed");
  if (node) rowOf(nodeInView(node))?.classList.add("pointed");
  const shown = node ?? state.chosen;
  byId("detail").textContent = shown ? sentence(shown) : "Point to a part to see its figures; click or press Enter to open it.";
}

// The child of the shown node that this one is, or is in.
function nodeInView(node) {
  if (state.hits) return node;
  return pathOf(node).find((at) => at.parent === state.node) ?? node;
}

function search(query) {
  state.query = query;
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  state.rows = MOST_ROWS;
  if (words.length === 0) {
    state.hits = null;
  } else {
    const has = (text) => words.every((word) => text.toLowerCase().includes(word));
    state.hits = new Set(all.filter((node) => node.kind !== "free" && (has(node.name) || (node.package !== null && has(node.package)))));
    state.holders = new Set();
    for (const node of state.hits) for (let at = node.parent; at && !state.holders.has(at); at = at.parent) state.holders.add(at);
    byId("said").textContent = plural(state.hits.size, "match", "matches");
  }
  showTiles();
  showTable();
  point(null);
}

function clearSearch() {
  byId("search").value = "";
  state.query = "";
  state.hits = null;
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const { key, target } = event;
  const isField = target.matches("input[type=search]");
  const inTable = byId("table").contains(target);
  if (key === "/" && !isField) byId("search").focus();
  else if (key === "Escape" && state.hits) { clearSearch(); search(""); firstTile()?.focus(); }
  else if (key === "Escape" && isField) firstTile()?.focus();
  else if (isField && key === "ArrowDown") byId("table").querySelector("tbody button")?.focus();
  else if (isField && key === "Enter") byId("table").querySelector("tbody button")?.click();
  else if (isField) return;
  else if (key === "Escape" || key === "Backspace") up(inTable ? "table" : "tiles");
  else if (inTable && (key === "ArrowDown" || key === "ArrowUp")) stepRow(target, key === "ArrowDown");
  else if (target.node && byId("tiles").contains(target)) { if (!onTileKey(key, target)) return; }
  else return;
  event.preventDefault();
}

const firstTile = () => byId("tiles").querySelector("[role=button]");

function onTileKey(key, target) {
  const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
  if (step) {
    const next = neighbour(target, ...step);
    if (next) { target.tabIndex = -1; next.tabIndex = 0; next.focus(); }
  } else if (key === "Enter" || key === " ") open(target.node, "tiles");
  else return false;
  return true;
}

function stepRow(target, isDown) {
  const buttons = [...byId("table").querySelectorAll("tbody button")];
  const next = buttons[buttons.indexOf(target) + (isDown ? 1 : -1)];
  if (next) next.focus();
  else if (!isDown) byId("search").focus();
}

function listen() {
  document.addEventListener("keydown", onKey);
  const nodeAt = (event) => event.target.closest?.(".tile, tr")?.node ?? null;
  for (const place of [byId("tiles"), byId("table")]) {
    place.addEventListener("pointerover", (event) => point(nodeAt(event)));
    place.addEventListener("pointerleave", () => point(null));
    place.addEventListener("focusin", (event) => point(nodeAt(event)));
  }
  byId("tiles").addEventListener("click", (event) => { const node = nodeAt(event); if (node) open(node, null); });
  byId("search").addEventListener("input", (event) => search(event.target.value));
  byId("sections").querySelector("input").addEventListener("change", () => {
    const grouped = groupedAt(state.node);
    show(grouped ? grouped.base : bySection(state.node));
  });
  byId("bulk").querySelector("input").addEventListener("change", (event) => { state.bulk = event.target.checked; draw(); });
  byId("more").addEventListener("click", () => { state.rows = Infinity; showTable(); });
  addEventListener("popstate", () => { state.node = fromAddress(); draw(); });
  new ResizeObserver(() => { showTiles(); showLegend(); }).observe(byId("tiles"));
}

const fromAddress = () => {
  try {
    return find(location.hash.slice(1).split("/").filter(Boolean).map(decodeURIComponent));
  } catch {
    return root;
  }
};

function showSizes() {
  const sizes = Object.entries(SIZES).filter(([key]) => key !== "change" || isComparison);
  byId("sizes").append(...sizes.map(([key, { label }]) => element("label", {},
    element("input", { type: "radio", name: "size", value: key, checked: key === state.size, onchange: () => { state.size = key; draw(); } }),
    element("span", {}, label))));
}

byId("parts-title").textContent = isComparison ? "What changed" : "Where the bytes went";
byId("method").replaceChildren(
  element("b", {}, "On flash"), " is what a part takes in the compressed image, so the parts of anything add up to it exactly. ",
  ...(isComparison ? [element("b", {}, "Change"), " is what that grew or shrank by; in the picture, each area is as large as the change. "] : [
  element("b", {}, "If removed"), " is how much smaller the image gets without the part, measured by compressing it again."]));
showHeader();
showSizes();
listen();
state.node = fromAddress();
draw();
