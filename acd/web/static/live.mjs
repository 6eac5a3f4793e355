// Shows the state that the server pushes; keeps clocks ticking and says when the display is out of date.
import { showAlarms } from "./alarms.mjs";
import { at, clock, isOld, json, make, set, tongue, whyLost } from "./page.mjs";
import { follow } from "./stream.mjs";
import { showTrouble } from "./trouble.mjs";
import { fit } from "./wall.mjs";
import { day, exactly } from "./when.mjs";

const words = json("words");
const names = json("names");
const SILENCE_MS = 5000;
const STATES = json("states");
let state = null;
let behind = 0;
let heard = 0;
let lost = null;

const signal = (id, good, text) => { set(id, text); at(id).dataset.good = good ? "yes" : "no"; };
const isLive = () => heard > 0 && Date.now() - heard < SILENCE_MS;
const word = (kind) => words[`${kind}_state`] ?? words[kind] ?? kind;

const now = () => Date.now() - behind;

function showNeed(cells) {
  at("nobody").hidden = cells.length > 0;
  at("need-scroll").hidden = cells.length === 0;
  const rows = [...cells].sort((a, b) => a.longest_since_ms - b.longest_since_ms).map((each) => {
    const row = document.createElement("tr");
    const name = names.languages[each.language] ?? each.language;
    row.append(
      make("th", name, { scope: "row", ...tongue(each.language, name) }),
      make("td", names.concerns[each.concern] ?? each.concern),
      make("td", String(each.callers), { class: "number" }),
      make("td", clock(now() - each.longest_since_ms), { class: "number", "data-since": each.longest_since_ms }));
    return row;
  });
  at("need").replaceChildren(...rows);
}

function showStaff(people) {
  const counts = new Map();
  for (const each of people) counts.set(each.state, (counts.get(each.state) ?? 0) + 1);
  const ordered = STATES.filter((kind) => counts.has(kind)).map((kind) => [kind, counts.get(kind)]);
  at("counts").replaceChildren(...ordered.map(([kind, count]) => {
    const item = document.createElement("li");
    const mark = make("span", word(kind), { class: "state", "data-state": kind });
    item.append(make("b", String(count)), " ", mark);
    return item;
  }));
  const seen = people.map((each) => each.id && each.id === state.own?.id ? state.own : each);
  at("people").replaceChildren(...seen.filter((each) => each.name && each.state !== "logged_out").map((each) => {
    const item = document.createElement("li");
    const text = each.reason && each.state === "not_ready" ? `${word(each.state)} (${names.reasons[each.reason] ?? each.reason})` : word(each.state);
    item.append(make("span", each.name), make("span", text, { class: "state", "data-state": each.state }));
    return item;
  }));
}

function showLevel(l) {
  const share = l.total >= 30;
  set("level", share ? `${Math.round((100 * l.met) / l.total)} %` : `${l.met} ${words.of} ${l.total}`);
  const range = `${words.interval} ${Math.round(100 * l.low)}–${Math.round(100 * l.high)} %`;
  const variant = `${words.within.replace("{s}", l.seconds)}, ${words[l.clock]}, ${words[l.variant]}`;
  const both = `${l.answered} ${words.answered}, ${l.abandoned} ${words.abandoned}`;
  set("variant", `${variant} · ${both} · ${share ? range : words.too_few}`);
}

// Where the people come from that are shown, since when, and whom the file names in vain.
function showSource({ source, since_ms, people, unused }) {
  const parts = [`${people} ${words[`people_${source || "unknown"}`]}`];
  if (since_ms) parts.push(`${words.since} ${day(since_ms)}`);
  if (unused) parts.push(words.people_unused.replace("{n}", unused));
  set("source", parts.join(" · "));
}

function show() {
  const b = state.board;
  const cells = b.waiting;
  const total = cells.reduce((sum, each) => sum + each.callers, 0);
  set("waiting", String(total));
  for (const { id } of document.querySelectorAll("[data-count]")) set(id, String(b[id]));
  signal("hours", b.open, b.open ? words.open : words.closed);
  at("outside-figure").hidden = b.outside === 0;
  at("callbacks-figure").hidden = b.callbacks === 0;
  at("announcing").hidden = !b.announcing;
  if (at("threats")) at("threats").hidden = b.threats === 0;
  signal("link", b.link_up, b.link_up ? words.link_up : words.link_down);
  set("alarm", b.degraded > 0 ? words.degraded : b.link_up ? "" : words.link_down);
  showTrouble(state.trouble, words);
  showAlarms(state.alarms, words, names, now());
  showNeed(cells);
  showStaff(b.staff);
  showSource(state.staff_source);
  showLevel(state.service_level);
  tick();
  fit([cells.length, Object.keys(state.trouble), at("counts").children.length, b.outside > 0, b.callbacks > 0, at("alarm").textContent, state.alarms, b.announcing, b.threats > 0]);
}

function tick() {
  const live = isLive();
  document.body.classList.toggle("stale", !live);
  const since = heard ? exactly(heard) : "–";
  signal("page", live, live ? words.page_live : `${words.page_stale} ${since}`);
  set("lost", live ? "" : whyLost(lost, words));
  if (!live) {  // what was is no longer known to be so: no colour, and no clock that goes on
    for (const id of ["hours", "link"]) at(id).dataset.good = "";
    return;
  }
  const oldest = state.board.waiting.map((each) => each.longest_since_ms);
  set("longest", oldest.length ? clock(now() - Math.min(...oldest)) : "–");
  for (const node of document.querySelectorAll("[data-since]")) {
    const text = clock(now() - Number(node.dataset.since));
    if (node.textContent !== text) node.textContent = text;
  }
}

setInterval(tick, 1000);
addEventListener("resize", () => { if (state) show(); });
tick();
follow("/events", (text) => {
  state = JSON.parse(text);
  heard = Date.now();
  lost = null;
  behind = heard - state.board.at_ms;
  if (!isOld(state.called)) show();
}, (found) => { lost = found; tick(); });
