// The desk: shows what the server pushes of one person's own desk, and asks for what they do.
import { ask, at, clock, isOld, json, make, read, set, tongue, whyLost } from "./page.mjs";
import { follow } from "./stream.mjs";
import { concern, fill, noted, ownName, person, showCall, titled } from "./desk-call.mjs";
import { isOpen, draft } from "./desk-drafts.mjs";
import * as alerts from "./desk-alerts.mjs";
import * as form from "./desk-form.mjs";
import * as keys from "./desk-keys.mjs";
import { exactly, time, when } from "./when.mjs";

const words = json("words");
const names = json("names");
const SILENCE_MS = 5000;
const DAY_MS = 60_000;
const SOON_MS = 1500;
const RINGS = ["reserved", "ringing"];
const TALKS = ["talking", "calling"];  // who calls somebody back has the call before them already
const known = new Map();
let desk = null;
let behind = 0;
let heard = 0;
let lost = null;
let choosing = false;
let chosen = 0;
let opened = 0;
let notes = {};
let notesOf = "";
let dayOf = "";

const now = () => Date.now() - behind;
const isLive = () => heard > 0 && Date.now() - heard < SILENCE_MS;
const word = (kind) => words[`${kind}_state`] ?? words[kind] ?? kind;
const signal = (id, good, text) => { set(id, text); at(id).dataset.good = good ? "yes" : "no"; };
const hide = (id, is) => { if (at(id).hidden !== is) at(id).hidden = is; };

// --- my state -----------------------------------------------------------------------------------------------------

function hint() {
  if (desk.state === "quiet") return fill(words.hint_quiet, { time: time(desk.quiet_until_ms) });
  if (words[`hint_${desk.state}`]) return words[`hint_${desk.state}`];
  const later = { ready: "ready", not_ready: "not_ready", logged_out: "logged_out" }[desk.presence];
  return desk.calls.length && later ? fill(words.hint_later, { state: word(later) }) : "";
}

function showMe() {
  const reason = desk.reason && ["not_ready", "away"].includes(desk.state) ? names.reasons[desk.reason] ?? "" : "";
  at("state").dataset.state = desk.state;
  set("state", reason ? `${word(desk.state)}: ${reason}` : word(desk.state));
  set("hint", hint());
  const out = desk.presence === "logged_out";
  hide("login", !out);
  for (const id of ["ready", "notready", "logout"]) hide(id, out);
  at("ready").setAttribute("aria-pressed", String(desk.presence === "ready"));
  at("notready").setAttribute("aria-pressed", String(desk.presence === "not_ready"));
  at("notready").setAttribute("aria-expanded", String(choosing));
  hide("reasons", !choosing || out);
  hide("wrap", !desk.calls.some((each) => each.state === "wrap_up"));
  for (const button of document.querySelectorAll("[data-minutes]")) {
    button.setAttribute("aria-pressed", String(Number(button.dataset.minutes) === desk.quiet_min));
  }
}

function choose(is) {
  choosing = is;
  showMe();
  if (is) at("reasons").querySelector("button")?.focus();
}

// --- calls --------------------------------------------------------------------------------------------------------

function subject() {
  const talk = desk.calls.find((each) => TALKS.includes(each.state)) ?? desk.calls.find((each) => each.state === "wrap_up");
  hide("other", true);
  if (talk && talk.visit !== form.visit()) {
    if (form.isWriting() || (talk.visit === opened && form.visit())) hide("other", false);
    else { chosen = 0; opened = talk.visit; form.open(talk.visit); }
  }
  if (talk && talk.visit === form.visit()) return talk;
  const shown = form.visit();
  if (!shown || (chosen !== shown && !isOpen(shown))) return null;
  return known.get(shown) ?? null;
}

function showCalls() {
  for (const each of desk.calls) {
    known.set(each.visit, each);
    if (each.closed) form.take(each.visit, each.closed, notes[each.closed.note]);
  }
  for (const each of desk.last) if (!known.has(each.visit)) known.set(each.visit, { ...QUIET, ...each });
  const ring = desk.calls.find((each) => RINGS.includes(each.state));
  alerts.rings(ring, now());
  hide("ring", !ring);
  if (ring) showCall(at("ring").querySelector(".about"), ring, showCalls);
  const call = subject();
  hide("call", !call);
  hide("none", Boolean(call || ring));
  if (call) {
    const state = desk.calls.find((each) => each.visit === call.visit)?.state ?? "";
    set("call-title", state === "talking" ? words.in_talk : state === "calling" ? words.in_calling : state === "wrap_up" ? words.in_wrap_up : words.over);
    hide("lasts", state !== "talking");
    hide("put-away", TALKS.includes(state) || state === "wrap_up");
    hide("save-over", state !== "wrap_up");
    at("save").classList.toggle("main", state !== "wrap_up");
    showCall(at("call").querySelector(".about"), state ? call : { ...call, state: "" }, showCalls);
  }
  tick();
}
const QUIET = { state: "", since_ms: 0, until_ms: 0, second: "", queued_ms: 0, step: 0, offers: 0, people: 0, overflowed: [],
  classes: [], case: "", owner: "", rejoined: false, interpreter: "", interpreting: "", closed: null, link: "", kind: "", attempts: 0, wanted_from_ms: 0, wanted_until_ms: 0, message: false };

function saved(visit, over) {
  const engaged = desk.calls.some((each) => each.visit === visit);
  if (over || !engaged) { chosen = 0; if (document.activeElement instanceof HTMLElement) document.activeElement.blur(); }
  showCalls();
  showRecent();
}

// --- lists --------------------------------------------------------------------------------------------------------

function rows(id, shown, made) {
  const text = JSON.stringify(shown);
  if (at(id).dataset.shown === text) return;
  at(id).dataset.shown = text;
  at(id).replaceChildren(...made());
}

function showWaiting() {
  const cells = [...desk.waiting].sort((a, b) => a.longest_since_ms - b.longest_since_ms);
  hide("nobody", cells.length > 0);
  hide("waiting-scroll", cells.length === 0);
  rows("waiting", cells, () => cells.map((each) => {
    const row = document.createElement("tr");
    const name = ownName(each.language);
    row.append(make("th", name, { scope: "row", ...tongue(each.language, name) }), make("td", concern(each.concern)),
      make("td", String(each.callers), { class: "number" }), make("td", "", { class: "number", "data-since": each.longest_since_ms }));
    return row;
  }));
}

function showRecent() {
  const busy = new Set(desk.calls.map((each) => each.visit));
  const last = desk.last.filter((each) => !busy.has(each.visit));
  hide("recent-card", last.length === 0);
  rows("recent", last.map((each) => [each.visit, draft(each.visit).state]), () => last.map((each) => {
    const item = document.createElement("li");
    const open = isOpen(each.visit);
    item.append(make("span", `${time(each.ended_ms)} ${titled(each)}`), make("span", open ? words.draft : draft(each.visit).state ? words.saved : "", { class: "soft" }));
    const button = make("button", words.recent_close, { type: "button", "aria-label": fill(words.recent_open, { what: `${time(each.ended_ms)} ${titled(each)}` }) });
    button.addEventListener("click", () => { chosen = each.visit; form.open(each.visit); showCalls(); at("call-title").scrollIntoView({ block: "nearest" }); at("what").focus(); });
    item.append(button);
    return item;
  }));
}

function showHandovers(id, card, list, whom, done) {
  hide(card, list.length === 0);
  rows(id, [list, list.map((each) => notes[each.note])], () => list.map((each) => {
    const item = document.createElement("li");
    const text = notes[each.note] ? noted(notes[each.note]) : words.no_note;
    item.append(make("p", `${when(each.at_ms)} ${whom(each)}`, { class: "soft" }), make("p", text, { dir: "auto" }));
    const button = make("button", done, { type: "button", "aria-label": `${done}: ${text}` });
    button.addEventListener("click", async () => form.became(await ask(`/api/desk/handovers/${each.id}/done`)));
    item.append(button);
    return item;
  }));
}

async function lookUp() {
  const refs = [...desk.handovers, ...desk.left].map((each) => each.note).concat(desk.calls.map((each) => each.closed?.note));
  const wanted = refs.filter(Boolean).join(" ");
  if (wanted !== notesOf) {
    notesOf = wanted;
    const found = wanted ? await read("/api/desk/notes") : {};
    if (found === null) notesOf = "";
    else { notes = found; show(); }
  }
}

async function showDay() {
  const found = await read("/api/desk/today");
  if (found === null) return;
  for (const id of ["handled", "missed"]) set(id, String(found[id]));
  for (const id of ["talk_ms", "wrap_up_ms"]) set(id, clock(found[id]));
}

// --- all of it ----------------------------------------------------------------------------------------------------

function show() {
  signal("hours", desk.open, desk.open ? words.open : words.closed);
  signal("link", desk.link_up, desk.link_up ? words.link_up : words.link_down);
  showMe();
  showCalls();
  showWaiting();
  showRecent();
  showHandovers("handovers", "handovers-card", desk.handovers, (each) => fill(words.from_whom, { name: person(each.agent) }), words.done);
  showHandovers("left", "left-card", desk.left, (each) => fill(words.to_whom, { name: person(each.to) }), words.take_back);
  tick();
}

function sayLost() {
  if (isLive()) { set("lost", ""); return; }
  if ([401, 403].includes(lost?.status)) {
    if (at("lost").dataset.out) return;
    at("lost").dataset.out = "yes";
    at("lost").replaceChildren(`${words.sign_in_again} `, make("a", words.to_sign_in, { href: "/sign-in?next=/desk" }));
    return;
  }
  if (heard || lost) set("lost", [whyLost(lost, words), words.drafts_stay].filter(Boolean).join(" "));
}

function tick() {
  const live = isLive();
  document.body.classList.toggle("stale", !live);
  const since = heard ? exactly(heard) : "–";
  signal("page", live, live ? words.page_live : `${words.page_stale} ${since}`);
  sayLost();
  if (!live || desk === null) {  // what was is no longer known to be so: no colour, and no clock that goes on
    for (const id of ["hours", "link"]) at(id).dataset.good = "";
    return;
  }
  set("since", `${words.since} ${clock(now() - desk.since_ms)}`);
  for (const node of document.querySelectorAll("[data-since]")) {
    const text = clock(now() - Number(node.dataset.since));
    if (node.textContent !== text) node.textContent = text;
  }
  const wrap = desk.calls.find((each) => each.state === "wrap_up");
  if (wrap) set("countdown", wrap.until_ms ? clock(wrap.until_ms - now() + 999) : "");
  const talk = desk.calls.find((each) => each.state === "talking");
  if (talk) set("lasts", clock(now() - talk.since_ms));
}

const act = async (what, body) => form.became(await ask(`/api/desk/${what}`, body));
for (const what of ["login", "ready", "logout", "wrap_longer", "wrap_over"]) at(what).addEventListener("click", () => { choosing = false; act(what); });
at("notready").addEventListener("click", () => choose(!choosing));
at("reasons").addEventListener("click", (event) => {
  const button = event.target.closest("[data-reason]");
  if (!button) return;
  choose(false);
  at("notready").focus();
  act("notready", { reason: button.dataset.reason });
});
at("reasons").addEventListener("keydown", (event) => { if (event.key === "Escape") { choose(false); at("notready").focus(); } });
at("quiet")?.addEventListener("click", (event) => {
  const button = event.target.closest("[data-minutes]");
  if (button) act("quiet", { minutes: Number(button.dataset.minutes) });
});
at("put-away").addEventListener("click", () => { chosen = 0; form.open(0); showCalls(); });
at("to-call").addEventListener("click", () => {
  chosen = 0;
  form.open(0);
  showCalls();
});

alerts.offer();
form.listen(saved);
keys.listen(
  {
    [words.key_note]: () => { if (at("call").hidden) return false; at("what").focus(); return true; },
  },
  () => (choosing ? [...document.querySelectorAll("[data-reason]")] : at("call").hidden ? [] : [...document.querySelectorAll("#outcomes input")]),
);
setInterval(tick, 1000);
setInterval(showDay, DAY_MS);
tick();
follow("/desk/events", (text) => {
  const told = JSON.parse(text);
  if (told.desk === null) { location.reload(); return; }
  desk = told.desk;
  heard = Date.now();
  lost = null;
  delete at("lost").dataset.out;
  behind = heard - desk.at_ms;
  if (!form.isWriting() && !document.querySelector("dialog[open]") && isOld(told.called)) return;
  show();
  lookUp();
  form.sendAgain();
  const day = desk.calls.map((each) => each.visit + each.state).join() + desk.last.length;
  if (day !== dayOf) { dayOf = day; setTimeout(showDay, SOON_MS); }
}, (found) => { lost = found; tick(); });
