// Who called today and was not served since: looked at again and again, called back by a button.
import { at, make, read, set, tongue } from "./page.mjs";
import { button, fill, rows } from "./rows.mjs";
import { time } from "./when.mjs";

const AGAIN_MS = 15_000;

export function notReached(words, names, does) {
  const minutes = (ms) => Math.max(1, Math.round(ms / 60_000));
  const language = (code) => names.languages[code] ?? code;

  function show(found) {
    at("missed-scroll").hidden = found.callers.length === 0;
    at("missed-none").hidden = found.callers.length > 0 || found.nameless > 0;
    at("missed-unknown").hidden = true;
    const parts = [];
    if (found.total > found.callers.length) parts.push(words.missed_more.replace("{n}", found.total - found.callers.length));
    if (found.nameless) parts.push(words.missed_nameless.replace("{n}", found.nameless));
    const ends = Object.entries(found.ends).map(([name, n]) => `${n} ${words[`end_${name || "open"}`] ?? name}`);
    if (ends.length) parts.push(`${words.missed_ends} ${ends.join(", ")}`);
    set("missed-more", parts.join(" · "));
    rows(at("missed"), found.callers, (each) => each.visit, (row, each) => {
      const name = language(each.language);
      const marks = each.calls > 1 ? [make("span", words.missed_calls.replace("{n}", each.calls), { class: "mark" })] : [];
      if (each.now) marks.push(make("span", words[`now_${each.now}`], { class: "mark", "data-strong": "" }));
      fill(row, 0, "th", [make("span", name, tongue(each.language, name)), ` · ${names.concerns[each.concern] ?? each.concern} `, ...marks], { scope: "row" });
      fill(row, 1, "td", [time(each.ended_ms)], { class: "number" });
      fill(row, 2, "td", [`${minutes(each.waited_ms)} min`], { class: "number" });
      fill(row, 3, "td", [words[`end_${each.why}`] ?? each.why]);
      const label = `${name}, ${time(each.ended_ms)}`;
      button(row, 4, words.call_back, label, async () => {
        await does(null, `/api/lead/not-reached/${each.visit}/callback`, {}, `${words.done}: ${words.call_back}`);
        look();
      });
      row.children[4].firstChild.disabled = !each.possible || each.now !== "";
    });
  }

  async function look() {
    const found = await read("/api/lead/not-reached");
    if (found) show(found);
    else if (found === null) {
      at("missed-none").hidden = true;
      at("missed-unknown").hidden = false;
    }
  }

  look();
  setInterval(look, AGAIN_MS);
}
