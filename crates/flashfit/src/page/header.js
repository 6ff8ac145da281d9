// What stands above the picture: the verdict, the flash map, the budgets.

function showHeader() {
  const { check, flash, before } = data;
  document.title = `${plain(data.name)}: flash report`;
  byId("name").textContent = plain(data.name);
  const facts = [];
  if (before) {
    const of = before.revision ?? before.name;
    facts.push(`${signed(root.change)} bytes on flash since ${plain(of)}`);
  }
  facts.push(flash ? `${bytes(root.used)} of ${bytes(flash.size)} bytes used` : `${bytes(root.used)} bytes`);
  if (flash) facts.push(`${check?.flash.chip ? `${plain(check.flash.chip)}, ` : ""}${withUnit(flash.size)} in erase blocks of ${withUnit(flash.erase_block)}`);
  if (data.revision) facts.push(`revision ${plain(data.revision)}`);
  byId("facts").replaceChildren(...facts.map((fact) => element("span", {}, fact)));
  if (check) {
    const verdict = !check.fits ? "over" : check.warnings.length > 0 ? "low" : "fits";
    const words = { over: "✕ Over budget", low: "! Fits, little room left", fits: "✓ Fits its budgets" };
    const mark = byId("verdict");
    mark.textContent = words[verdict];
    mark.classList.add(verdict);
    mark.hidden = false;
  }
  const messages = [...(check?.errors ?? []).map((text) => ["error", text]), ...[...(check?.warnings ?? []), ...data.warnings].map((text) => ["warning", text])];
  byId("messages").replaceChildren(...messages.map(([kind, text]) => element("li", { class: kind }, plain(text))));
  byId("messages").hidden = messages.length === 0;
  showStrip();
  showBudgets();
}

// The pieces of the chip by offset: from the check, which knows the map, or from the tree.
function pieces() {
  const rows = new Map((data.check?.partitions ?? []).map((row) => [row.name, row]));
  let offset = 0;
  // A comparison has no erased space, so the sizes are not those of its nodes.
  return data.map.map(([name, size]) => {
    const row = rows.get(name);
    const piece = {
      name: plain(name),
      node: root.children.find((child) => child.name === name && !child.isGone),
      offset: row?.offset ?? offset,
      size,
      slot: row?.slot ?? null,
      isOver: row?.verdict === "over",
    };
    offset = piece.offset + piece.size;
    return piece;
  });
}

function showStrip() {
  const all = pieces();
  const end = Math.max(data.flash?.size ?? 0, ...all.map((piece) => piece.offset + piece.size));
  const share = (number) => `${(number / end) * 100}%`;
  const place = (offset, size) => ({ left: share(offset), width: share(size) });
  const bars = element("div", { class: "bars" });
  for (const { name, node, offset, size, isOver } of all) {
    const used = node?.used ?? 0, repeats = used > 0 && isCopy(node);
    const state = used === 0 ? "erased" : repeats ? `same as ${copyOf(node)}` : bytes(used);
    const label = used === 0 ? `${name}: ${bytes(size)} bytes, erased`
      : `${name}: ${bytes(used)} of ${bytes(size)} bytes used${repeats ? `, ${state}` : ""}`;
    const style = place(offset, size);
    bars.append(element("button", { type: "button", class: `piece${isOver ? " over" : ""}`, style, title: label, "aria-label": label, onclick: () => show(node ?? root) },
      element("span", { class: repeats ? "used copy" : "used", style: { width: `${size > 0 ? (used / size) * 100 : 0}%` } }),
      element("span", { class: "label", "aria-hidden": "true" }, element("b", {}, name), element("span", {}, state))));
  }
  const scale = element("div", { class: "scale", "aria-hidden": "true" });
  const step = 2 ** Math.max(0, Math.ceil(Math.log2(end)) - 2);
  for (let at = 0; at < end; at += step) scale.append(element("span", { style: { left: share(at) } }, at === 0 ? "0" : withUnit(at)));
  scale.append(element("span", { class: "end" }, withUnit(end)));
  const slots = element("div", { class: "slots", "aria-hidden": "true" });
  for (const name of new Set(all.map((piece) => piece.slot).filter(Boolean))) {
    const within = all.filter((piece) => piece.slot === name);
    const start = Math.min(...within.map((piece) => piece.offset));
    const stop = Math.max(...within.map((piece) => piece.offset + piece.size));
    slots.append(element("span", { style: place(start, stop - start) }, `slot ${plain(name)}`));
  }
  byId("strip").replaceChildren(scale, bars, ...(slots.children.length > 0 ? [slots] : []));
}

// The name of the partition whose content this one repeats.
function copyOf(node) {
  let path = null;
  walk(node, (part) => { path ??= part.sameAs; });
  return path ? plain(path[0]) : "";
}

function showBudgets() {
  const { check } = data;
  if (!check) return;
  const groups = [
    ["Partitions", check.partitions.filter((row) => row.image !== null)],
    ["Slots and chip", [...check.slots.map((row) => ({ ...row, name: `slot ${row.name}` })), { ...check.chip, name: "chip" }]],
    ["Components", check.components],
  ];
  const made = groups.filter(([, rows]) => rows.length > 0).map(([title, rows]) => element("div", { class: "group" }, element("h2", {}, title), element("ul", {}, ...alike(rows).map(budget))));
  byId("budgets").replaceChildren(...made);
  byId("budgets").hidden = false;
}

// The rows, with those of equal figures, such as two slots with one image, as one.
function alike(rows) {
  const found = new Map();
  for (const row of rows) {
    const key = JSON.stringify([row.image ?? row.partitions?.length ?? row.name, row.used, row.allowed]);
    const known = found.get(key);
    if (known) known.names.push(row.name);
    else found.set(key, { ...row, names: [row.name] });
  }
  return [...found.values()];
}

function budget(row) {
  const scale = Math.max(row.used, row.allowed, 1);
  const share = (number) => `${(number / scale) * 100}%`;
  const over = row.headroom < 0;
  const title = `${bytes(row.used)} of ${bytes(row.allowed)} bytes${row.line ? `, board.toml line ${row.line}` : ""}`;
  return element("li", { class: row.verdict, title },
    element("span", { class: "who" }, row.names.map(plain).join(", ")),
    element("span", { class: "figures" }, `${bytes(row.used)} of ${bytes(row.allowed)}`),
    element("span", { class: "room" }, over ? `${bytes(-row.headroom)} over` : `${bytes(row.headroom)} left`),
    element("span", { class: "bar", "aria-hidden": "true" },
      element("span", { class: "fill", style: { width: share(Math.min(row.used, row.allowed)) } }),
      over ? element("span", { class: "beyond", style: { left: share(row.allowed), width: share(row.used - row.allowed) } }) : null,
      row.headroom_warning ? element("span", { class: "tick", style: { left: share(row.allowed - row.headroom_warning) } }) : null));
}
