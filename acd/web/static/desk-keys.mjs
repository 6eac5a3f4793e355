// Single keys for the desk: shown on the buttons, silent wherever text is typed, and to be switched off (WCAG 2.1.4).
import { at } from "./page.mjs";

const KEPT = "acd-desk-keys";
const TYPED = "textarea, select, input:not([type=radio]):not([type=checkbox]), [contenteditable]";
const isSeen = (node) => node.getClientRects().length > 0 && !node.disabled;
const first = (nodes) => [...nodes].find(isSeen);

let on = localStorage.getItem(KEPT) !== "off";

function show() {
  document.body.classList.toggle("keys-off", !on);
  for (const node of document.querySelectorAll("[data-letter]")) {
    if (on) node.setAttribute("aria-keyshortcuts", node.dataset.letter);
    else node.removeAttribute("aria-keyshortcuts");
  }
}

// letters: key -> what it does, beside the buttons that carry one. digits: gives the list that digits choose from now.
export function listen(letters, digits) {
  at("with-keys").checked = on;
  at("with-keys").addEventListener("change", (event) => {
    on = event.target.checked;
    localStorage.setItem(KEPT, on ? "on" : "off");
    show();
  });
  show();
  document.addEventListener("keydown", (event) => {
    if (!on || event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest(TYPED) || document.querySelector("dialog[open]")) return;
    const key = event.key.toLowerCase();
    const button = first(document.querySelectorAll(`[data-letter="${CSS.escape(key)}"]`));
    const chosen = /^[1-9]$/.test(key) ? digits()[Number(key) - 1] : undefined;
    if (letters[key]?.() || button || chosen) event.preventDefault();
    (button ?? chosen)?.click();
  });
}
