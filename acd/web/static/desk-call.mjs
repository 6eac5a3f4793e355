// What is shown of one call: language, concern, how long it waited, what was tried, its case, earlier calls.
import { clock, json, make, read, tongue } from "./page.mjs";
import { span, when } from "./when.mjs";

const words = json("words");
const names = json("names");
const AGAIN_MS = 3000;
const before = new Map();

export const fill = (said, values) => said.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
export const person = (id) => names.people[id] ?? id;
export const concern = (key) => names.concerns[key] ?? key;
export const ownName = (code) => names.languages[code] ?? (code || words.unknown_language);
export const inWords = (code) => names.translated[code] ?? ownName(code);
export const titled = (call) => [inWords(call.language), concern(call.concern)].filter(Boolean).join(", ");

const wanted = (from, until) => (until ? span(from, until).join(" – ") : when(from));
const CALLED = ["callback", "message", "web"];

function link(address, text) {
  return make("a", text, { href: address, target: "_blank", rel: "noopener noreferrer" });
}

function tried(call) {
  const parts = [];
  if (call.offers > 1) parts.push(fill(words.tried_offers, call));
  if (call.step > 0) parts.push(fill(words.tried_step, { n: call.step + 1 }));
  if (call.overflowed.length) parts.push(fill(words.tried_overflow, { names: call.overflowed.join(", ") }));
  return parts.join(" · ");
}

function facts(call) {
  const rows = [];
  const row = (name, value) => { if (value) rows.push([name, value]); };
  const isNew = ["reserved", "ringing", "calling"].includes(call.state);
  if (call.queued_ms && isNew) rows.push([words.waits_since, make("span", "", { "data-since": call.queued_ms })]);
  if (call.queued_ms && call.state === "talking") row(words.waited, clock(call.since_ms - call.queued_ms));
  if (call.wanted_from_ms) row(words.wanted, wanted(call.wanted_from_ms, call.wanted_until_ms));
  row(words.second, call.second && inWords(call.second));
  row(words.listened, call.listened && words[`listened_${call.listened}`]);
  row(words.interpreter, call.interpreter && fill(words.interpreter_needed, { language: inWords(call.interpreter) }));
  row(words.tried, tried(call));
  row(words.class, call.classes.join(", "));
  const file = call.closed?.case || call.case;
  if (file) {
    const both = make("span", `${file} `);
    if (call.link) both.append(link(call.link, words.file));
    rows.push([words.case_of, both]);
  }
  row(words.owner, call.owner && person(call.owner));
  return rows;
}

function earlier(found) {
  const all = document.createElement("div");
  all.className = "earlier";
  all.append(make("h3", words.earlier));
  if (!found?.visits?.length) {
    all.append(make("p", found === null ? words.earlier_later : words.earlier_none, { class: "soft" }));
    return all;
  }
  const list = make("ol", "", { role: "list" });
  for (const each of found.visits) {
    const item = document.createElement("li");
    const outcomes = each.said.map((word) => names.outcomes[word.outcome] ?? word.outcome).filter(Boolean);
    const became = outcomes.length ? outcomes.join(", ") : words[`outcome_${each.outcome}`] ?? "";
    item.append(make("time", when(each.at_ms), { datetime: new Date(each.at_ms).toISOString() }), " ");
    item.append(make("b", [concern(each.concern), became].filter(Boolean).join(": ")));
    for (const word of each.said) {
      const said = found.notes[word.note];
      const text = said ? noted(said) : "";
      if (text) item.append(make("p", word.agent ? `${text} (${person(word.agent)})` : text, { dir: "auto" }));
      if (word.link) item.append(make("p", "", {}), link(word.link, `${words.case_of} ${word.case}`));
    }
    list.append(item);
  }
  all.append(list);
  return all;
}

// A note as one text.
export function noted(said) {
  const parts = [said.what, said.promised && `${words.note_promised} ${said.promised}`];
  parts.push(said.by_when && `${words.note_by_when} ${said.by_when}`, said.by_whom && `${words.note_by_whom} ${said.by_whom}`);
  parts.push(said.language && `${words.note_language}: ${said.language}`);
  return parts.filter(Boolean).join(" · ");
}

// Asked once a call; again after a while where nobody answered.
function lookBack(visit, again) {
  if (before.has(visit)) return before.get(visit);
  before.set(visit, undefined);
  read(`/api/desk/visits/${visit}/before`).then((found) => {
    before.set(visit, found);
    if (found === null) setTimeout(() => before.delete(visit), AGAIN_MS);
    again();
  });
  for (const old of [...before.keys()].slice(0, Math.max(0, before.size - 20))) before.delete(old);
  return undefined;
}

const titleOfKind = (call) => (call.attempts > 1 ? fill(words.callback_again, { n: call.attempts }) : ({ message: words.kind_message, web: words.kind_web }[call.kind] ?? words.kind_callback));

// Puts a call into a place of the page; what has not changed is left alone. again: draws once more.
export function showCall(place, call, again) {
  const found = lookBack(call.visit, again);
  const shown = JSON.stringify([call, found]);
  if (place.dataset.shown === shown) return;
  place.dataset.shown = shown;
  const own = ownName(call.language);
  const head = make("p", "", { class: "need" });
  head.append(make("span", own, { class: "tongue", ...tongue(call.language, own) }));
  if (inWords(call.language) !== own) head.append(" ", make("span", inWords(call.language), { class: "translated" }));
  if (CALLED.includes(call.kind)) head.append(" ", make("span", titleOfKind(call), { class: "kind" }));
  if (call.concern) head.append(" ", make("span", concern(call.concern), { class: "concern" }));
  const list = make("dl", "", { class: "facts" });
  for (const [name, value] of facts(call)) {
    const row = document.createElement("div");
    const dd = document.createElement("dd");
    dd.append(value);
    row.append(make("dt", name), dd);
    list.append(row);
  }
  const rest = [];
  if (call.message && call.state) {
    rest.push(make("audio", "", { controls: "", preload: "none", src: `/api/desk/visits/${call.visit}/message`, "aria-label": words.message_sound }));
  }
  if (call.rejoined) rest.push(make("p", words.rejoined));
  if (found !== undefined) rest.push(earlier(found));
  place.replaceChildren(head, ...(list.children.length ? [list] : []), ...rest);
}
