// What is wrong with the hotline, part by part: in the page's words, and behind them the server's own for whoever mends it.
import { at, make } from "./page.mjs";

export function showTrouble(trouble, words) {
  const parts = Object.keys(trouble);
  at("trouble").hidden = parts.length === 0;
  const shown = parts.map((part) => `${part}:${trouble[part]}`).join("|");
  if (at("trouble").dataset.shown === shown) return;
  at("trouble").dataset.shown = shown;
  at("trouble").replaceChildren(...parts.map((part) => {
    const item = document.createElement("li");
    item.append(make("b", words[`trouble_${part}`] ?? part), " ", make("small", trouble[part], { lang: "en" }));
    return item;
  }));
}
