// Tables that go on: rows are kept by their key and only what changed in them is written; who is on a button stays there.
import { make } from "./page.mjs";

export function rows(body, items, key, cells) {
  const focused = document.activeElement;
  const there = new Map([...body.children].map((row) => [row.dataset.key, row]));
  const wanted = new Set(items.map(key));
  for (const [name, row] of there) if (!wanted.has(name)) row.remove();
  items.forEach((item, place) => {
    let row = there.get(key(item));
    if (!row) {
      row = document.createElement("tr");
      row.dataset.key = key(item);
    }
    if (body.children[place] !== row) body.insertBefore(row, body.children[place] ?? null);
    cells(row, item);
  });
  if (focused !== document.activeElement && body.contains(focused)) focused.focus();  // a row that moved loses it
}

const written = (node) => (typeof node === "string" ? node : [node.textContent, ...[...node.attributes].map((each) => each.value)]);

export function fill(row, place, tag, nodes, attributes = {}) {
  const cell = row.children[place] ?? row.appendChild(make(tag, "", attributes));
  const text = JSON.stringify(nodes.map(written));
  if (cell.dataset.text === text) return;
  cell.dataset.text = text;
  cell.replaceChildren(...nodes);
}

export function button(row, place, label, title, act) {
  if (row.children[place]) {
    if (row.children[place].firstChild.title !== title) {
      row.children[place].firstChild.title = title;
      row.children[place].firstChild.setAttribute("aria-label", `${label}: ${title}`);
    }
    return;
  }
  const made = make("button", label, { type: "button", title, "aria-label": `${label}: ${title}` });
  made.addEventListener("click", act);
  const cell = make("td", "");
  cell.append(made);
  row.append(cell);
}
