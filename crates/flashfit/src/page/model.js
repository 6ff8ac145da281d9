// The tree and its sizes.

const data = JSON.parse(document.getElementById("data").textContent);
const isComparison = data.before !== null;

// The nodes as objects, from columns in which parents come first.
function readTree() {
  const { nodes, strings, kinds, methods } = data;
  const texts = (pairs) => new Map(pairs.map(([at, text]) => [at, strings[text]]));
  const packages = texts(nodes.package), notes = texts(nodes.note);
  const noise = texts(nodes.noise);
  const removed = new Map(nodes.if_removed), same = new Map(nodes.same_as), gone = new Set(nodes.gone);
  const known = (number) => (number < 0 ? null : number);
  let next = 0;
  const read = (parent) => {
    const at = next++;
    const node = {
      parent,
      name: strings[nodes.name[at]],
      kind: kinds[nodes.kind[at]],
      method: methods[nodes.method[at]],
      onFlash: nodes.on_flash[at],
      was: isComparison ? known(nodes.was[at]) : null,
      raw: known(nodes.raw[at]),
      ifRemoved: removed.get(at) ?? null,
      section: strings[nodes.section[at]] ?? null,
      package: packages.get(at) ?? null,
      note: notes.get(at) ?? null,
      sameAs: same.get(at)?.map((name) => strings[name]) ?? null,
      noise: noise.get(at) ?? null,
      isGone: gone.has(at),
      children: [],
    };
    for (let left = nodes.children[at]; left > 0; left--) node.children.push(read(node));
    return addUp(node);
  };
  return read(null);
}

// Adds what follows from a node's children: `used`, which is what it takes without the erased
// space in it; `copied`, what of that repeats another node; and the same of its uncompressed size.
function addUp(node) {
  const sum = (of) => node.children.reduce((total, child) => total + of(child), 0);
  const isFree = node.kind === "free", isLeaf = node.children.length === 0;
  node.free = isFree ? node.onFlash : sum((child) => child.free);
  node.wasFree = isFree ? node.was ?? 0 : sum((child) => child.wasFree);
  node.used = node.onFlash - node.free;
  node.wasUsed = node.was === null ? null : node.was - node.wasFree;
  node.change = node.used - (node.wasUsed ?? 0);
  node.content = isLeaf ? node.raw ?? node.used : sum((child) => child.content);
  // Of what only holds other things, people ask how large those are uncompressed, not how large
  // the partition or the image file is.
  if (HOLDERS.has(node.kind)) node.raw = isLeaf && node.used === 0 ? null : node.content;
  node.copied = node.sameAs ? node.used : sum((child) => child.copied);
  node.copiedContent = node.sameAs ? node.content : sum((child) => child.copiedContent);
  node.hasSections = node.section !== null || node.children.some((child) => child.hasSections);
  return node;
}

// Whether all of it repeats other parts, as the partitions of a second slot do.
const isCopy = (node) => node.used > 0 && node.copied === node.used;

// The name by which people know a node.
const nameOf = (node) => plain(node.parent === null ? data.name : node.name);

const HOLDERS = new Set(["chip", "partition", "image", "part"]);
const root = readTree();
const all = [];
walk(root, (node) => all.push(node));

function walk(node, visit) {
  visit(node);
  for (const child of node.children) walk(child, visit);
}

// The node and its parents, from the root.
function pathOf(node) {
  const path = [];
  for (let at = node; at; at = at.parent) path.unshift(at);
  return path;
}

// The deepest node that a path of names leads to.
function find(names) {
  let node = root;
  for (const name of names) {
    const named = (children) => children.find((child) => child.name === name);
    const child = named(node.children) ?? (node.hasSections ? named(bySection(node).children) : undefined);
    if (!child) break;
    node = child;
  }
  return node;
}

// A program's parts, grouped by the section that they lie in first.
function bySection(node) {
  if (node.sections) return node.sections;
  const names = new Set();
  walk(node, (part) => { if (part.children.length === 0) names.add(part.section); });
  const top = { ...node, base: node, children: [] };
  for (const name of names) {
    const within = keep(node, top, (part) => part.section === name);
    if (!within) continue;
    top.children.push(Object.assign(within, { name: name ?? "no section", kind: "section", note: null, package: null, ifRemoved: null }));
  }
  return (node.sections = top);
}

// A copy of the tree with only those leaves.
function keep(node, parent, isKept) {
  if (node.children.length === 0) return isKept(node) ? { ...node, parent } : null;
  const copy = { ...node, parent, ifRemoved: null, sections: undefined };
  copy.children = node.children.map((child) => keep(child, copy, isKept)).filter(Boolean);
  if (copy.children.length === 0) return null;
  const sum = (of) => copy.children.reduce((total, child) => total + of(child), 0);
  copy.onFlash = sum((child) => child.onFlash);
  copy.was = isComparison ? sum((child) => child.was ?? 0) : null;
  copy.raw = sum((child) => child.raw ?? 0);
  return addUp(copy);
}

// The node under which the parts are grouped by section, if they are.
const groupedAt = (node) => pathOf(node).find((at) => at.base);

// What a tile's area stands for.
const SIZES = {
  onFlash: { label: "On flash", of: (node) => node.used, copied: (node) => node.copied },
  raw: { label: "Uncompressed", of: (node) => (node.kind === "free" ? 0 : node.content), copied: (node) => node.copiedContent },
  change: { label: "Change", of: (node) => Math.abs(node.change), copied: (node) => (isCopy(node) ? Math.abs(node.change) : 0) },
};

// The sum of nodes, none of which is counted within another.
function sumOf(nodes, size) {
  const chosen = new Set(nodes);
  const isWithin = (node) => pathOf(node).slice(0, -1).some((at) => chosen.has(at));
  return nodes.reduce((total, node) => (isWithin(node) ? total : total + size(node)), 0);
}
