// The picture: a squarified treemap, nested as deep as there is room.

const HEAD = 18;
const SMALLEST = 14;
const MOST_TILES = 3000;

// What is drawn of a node, the largest first.
function drawn(node) {
  return node.children
    .map((child) => ({ child, size: area(child) }))
    .filter(({ size }) => size > 0)
    .sort((a, b) => b.size - a.size);
}

function area(node) {
  if (state.bulk && state.size === "onFlash") return node.onFlash;
  return SIZES[state.size].of(node) - (state.bulk ? 0 : SIZES[state.size].copied(node));
}

// Divides a rectangle by the algorithm of Bruls, Huizing and van Wijk (Squarified Treemaps,
// 2000): rows along the shorter side, each as long as its worst tile gets closer to a square.
// What would be smaller than a few pixels becomes one last piece, without a child.
function squarify(items, box, place) {
  let { x, y, w, h } = box;
  let left = items.reduce((total, item) => total + item.size, 0);
  let at = 0;
  while (at < items.length && w > 0 && h > 0) {
    const scale = (w * h) / left;
    if (items[at].size * scale < SMALLEST) {
      place({ child: null, count: items.length - at }, { x, y, w, h });
      return;
    }
    const side = Math.min(w, h);
    let row = 0, end = at, worst = Infinity;
    while (end < items.length) {
      const sum = row + items[end].size * scale;
      const ratio = Math.max((side * side * items[at].size * scale) / (sum * sum), (sum * sum) / (side * side * items[end].size * scale));
      if (ratio > worst) break;
      [worst, row, end] = [ratio, sum, end + 1];
    }
    const thick = row / side;
    let along = 0;
    for (; at < end; at++) {
      const long = (items[at].size * scale) / thick;
      place(items[at], w >= h ? { x, y: y + along, w: thick, h: long } : { x: x + along, y, w: long, h: thick });
      along += long;
      left -= items[at].size;
    }
    if (w >= h) [x, w] = [x + thick, w - thick];
    else [y, h] = [y + thick, h - thick];
  }
}

let tileOf = new Map();
let tileCount = 0;

function showTiles() {
  const picture = byId("tiles");
  const { width, height } = picture.getBoundingClientRect();
  tileOf = new Map();
  tileCount = 0;
  const tiles = [];
  const items = drawn(state.node);
  squarify(items.length > 0 ? items : only(state.node), { x: 0, y: 0, w: width, h: height }, (item, box) => {
    const made = tile(item, box, 0);
    if (made) tiles.push(made);
  });
  picture.replaceChildren(...tiles);
  picture.setAttribute("aria-label", `Parts of ${nameOf(state.node)}; arrow keys move, Enter opens`);
  if (tiles.length === 0) picture.append(element("p", { class: "empty" }, emptiness()));
  const first = [...tileOf.values()].find((made) => made.getAttribute("role"));
  if (first) first.tabIndex = 0;
}

// A part without parts fills the picture.
function only(node) {
  const size = area(node);
  return size > 0 && node.children.length === 0 ? [{ child: node, size }] : [];
}

function emptiness() {
  if (state.size === "change") return "Nothing changed here.";
  if (state.node.free > 0 && state.node.used === 0) return "Erased: nothing is stored here.";
  return "A copy of another part.";
}

function tile({ child, count }, box, depth) {
  // The gap shows the colour of the node around.
  const w = box.w - 1, h = box.h - 1;
  if (w < 1 || h < 1 || tileCount >= MOST_TILES) return null;
  tileCount++;
  const px = (number) => `${Math.round(number * 100) / 100}px`;
  const style = { left: px(box.x), top: px(box.y), width: px(w), height: px(h) };
  if (!child) return element("div", { class: "tile few", style, title: plural(count, "smaller part", "smaller parts") });
  const chain = chainOf(child);
  const last = chain.at(-1);
  const parts = w > 44 && h > HEAD + 16 && depth < 8 ? drawn(last) : [];
  const colour = colourOf(child);
  const made = element("div", { class: `tile ${colour}${parts.length > 0 ? " group" : ""}${found(child)}`, style });
  if (isComparison && child.change !== 0) made.style.setProperty("--strength", strength(child));
  if (w > 28 && h > 13) {
    const name = (parts.length > 0 ? chain : [child]).map(shortName).join(" › ");
    const number = figure(child);
    // Half a number would be another number.
    made.append(element("span", { class: "label" }, element("b", {}, name), widthOf(`${name} ${number}`) < w - 11 ? ` ${number}` : null));
  }
  if (parts.length > 0) {
    squarify(parts, { x: 2, y: HEAD, w: w - 3, h: h - HEAD - 1 }, (item, inner) => {
      const nested = tile(item, inner, depth + 1);
      if (nested) made.append(nested);
    });
  }
  made.node = child;
  for (const node of parts.length > 0 ? chain : [child]) tileOf.set(node, made);
  if (depth === 0) {
    made.setAttribute("role", "button");
    made.tabIndex = -1;
    made.setAttribute("aria-label", sentence(child));
  }
  return made;
}

// The node and those below it that are drawn alone: a partition, its image, its file system.
function chainOf(node) {
  const chain = [node];
  for (let parts = drawn(node); parts.length === 1 && parts[0].child.children.length > 0; parts = drawn(chain.at(-1))) chain.push(parts[0].child);
  return chain;
}

// A function's name without the crate's, where that is written around it.
function shortName(node) {
  const around = `${node.parent?.name}::`;
  return plain(node.name.startsWith(around) ? node.name.slice(around.length) : node.name);
}

const pen = document.createElement("canvas").getContext("2d");
function widthOf(text) {
  pen.font = "600 12px system-ui, sans-serif";
  return pen.measureText(text).width;
}

const figure = (node) => (isComparison ? signed(node.change) : bytes(state.size === "raw" ? node.content : node.kind === "free" ? node.onFlash : node.used));

// How strongly a change is coloured: by its share of the largest in this picture.
function strength(node) {
  const most = Math.max(...state.node.children.map((child) => Math.abs(child.change)), 1);
  return `${Math.round(35 + 65 * Math.min(1, Math.sqrt(Math.abs(node.change) / most)))}%`;
}

// Whether a search found this node, something in it, or neither.
function found(node) {
  if (!state.hits) return "";
  if (state.hits.has(node)) return " hit";
  if (state.holders.has(node)) return " holds";
  for (let at = node.parent; at; at = at.parent) if (state.hits.has(at)) return "";
  return " dim";
}

// What the line under the picture says of a node.
function sentence(node) {
  const words = [`${plain(node.name)}, ${kindOf(node)}`];
  if (node.kind === "free") return `${words[0]}: ${bytes(node.onFlash)} bytes`;
  if (isComparison) words.push(`${signed(node.change)} bytes${node.was === null ? ", new" : node.isGone ? ", gone" : ""}`);
  words.push(`${bytes(node.used)} bytes on flash, ${percent(node.used, state.node.used)} of ${nameOf(state.node)}`);
  if (node.raw !== null) words.push(`${bytes(node.raw)} uncompressed`);
  if (node.ifRemoved !== null) words.push(`${bytes(node.ifRemoved)} less if removed`);
  if (node.section) words.push(`section ${plain(node.section)}`);
  if (node.package) words.push(`package ${plain(node.package)}`);
  if (node.note) words.push(said(node));
  if (node.noise) words.push(plain(node.noise));
  if (node.sameAs) words.push(`same as ${node.sameAs.map(plain).join(" › ")}`);
  return words.join(" · ");
}

// The tile next to this one in a direction: the nearest, sideways distance counting double.
function neighbour(from, dx, dy) {
  const middle = (made) => {
    const box = made.getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2];
  };
  const [x, y] = middle(from);
  let best = null, least = Infinity;
  for (const other of byId("tiles").children) {
    if (other === from || !other.node) continue;
    const [ox, oy] = middle(other);
    const ahead = (ox - x) * dx + (oy - y) * dy;
    const aside = Math.abs((ox - x) * dy) + Math.abs((oy - y) * dx);
    const distance = ahead + 2 * aside;
    if (ahead > 1 && distance < least) [best, least] = [other, distance];
  }
  return best;
}

function showLegend() {
  const legend = byId("legend");
  if (isComparison) {
    legend.replaceChildren(swatch("grown", "Grown or new"), swatch("shrunk", "Shrunk or gone"), swatch("same", "Unchanged"));
    return;
  }
  const seen = new Set([...tileOf.keys()].map(colourOf));
  const entries = Object.entries(COLOURS).filter(([colour]) => seen.has(colour));
  legend.replaceChildren(...entries.map(([colour, label]) => swatch(colour, label)));
}

const swatch = (colour, label) => element("li", {}, element("span", { class: `swatch ${colour}`, "aria-hidden": "true" }), label);
