// The page of who is in charge: shows what the server pushes, and sends what they do.
import { acts, choose, open } from "./acts.mjs";
import { showAlarms } from "./alarms.mjs";
import { ask, at, clock, isOld, json, make, set, tongue, whyLost } from "./page.mjs";
import { follow } from "./stream.mjs";
import { byHand } from "./lead-hotline.mjs";
import { wouldBe } from "./lead-what-if.mjs";
import { button, fill, rows } from "./rows.mjs";
import { notReached } from "./lead-not-reached.mjs";
import { exactly, span } from "./when.mjs";
import { showTrouble } from "./trouble.mjs";

const words = json("words");
const names = json("names");
const why = json("why");
const SILENCE_MS = 5000;
let state = null;
let behind = 0;
let heard = 0;
let lost = null;
let steered = null;
let chosen = null;

const now = () => Date.now() - behind;
const isLive = () => heard > 0 && Date.now() - heard < SILENCE_MS;
const signal = (id, good, text) => { set(id, text); at(id).dataset.good = good ? "yes" : "no"; };
const word = (kind) => words[`${kind}_state`] ?? words[kind] ?? kind;
const language = (code) => names.languages[code] ?? code;
const concern = (key) => names.concerns[key] ?? key;
const who = (id) => state.working.find((each) => each.id === id)?.name ?? id;
const minutes = (ms) => Math.round(ms / 60_000);
const reasons = (counts) => Object.entries(counts).filter(([, n]) => n).map(([key, n]) => `${n} ${why[key] ?? key}`).join(", ");

function expected(found) {
  if (!found) return "–";
  if (found.low_ms === null) return words.expects_none;
  if (found.high_ms === null) return words.expects_over.replace("{from}", minutes(found.low_ms));
  return words.expects.replace("{from}", minutes(found.low_ms)).replace("{to}", minutes(found.high_ms));
}

function whyNobody(each) {
  if (each.offered_to) return words.offered_to.replace("{name}", who(each.offered_to));
  if (each.place === 0) return words.is_offered;
  if (each.held) return why[each.held] ?? each.held;
  if (each.people.suits) return words.somebody_suits;
  return reasons(each.people) || words.nobody_at_work;
}

const called = (each) => `${language(each.language)}, ${concern(each.concern)}`;

function marks(each) {
  const found = [];
  if (each.kind !== "voice") found.push(make("span", words[`kind_${each.kind}`] ?? each.kind, { class: "mark" }));
  if (each.until_ms) {
    const [from, to] = span(each.from_ms, each.until_ms, now());
    found.push(make("span", words.promised.replace("{from}", from).replace("{to}", to), { class: "mark" }));
  }
  if (each.attempts) found.push(make("span", words.attempts.replace("{n}", each.attempts), { class: "mark" }));
  for (const name of each.classes) found.push(make("span", name, { class: "mark" }));
  for (const name of each.marks) {
    const text = name === "named" ? words.mark_named.replace("{name}", who(each.only)) : words[`mark_${name}`] ?? name;
    found.push(make("span", text, { class: "mark", "data-strong": "" }));
  }
  return found;
}

function showLine(line) {
  at("nobody").hidden = line.length > 0;
  at("line-scroll").hidden = line.length === 0;
  set("line-count", line.length ? String(line.filter((each) => each.place > 0).length) : "");
  rows(at("line"), line, (each) => each.visit, (row, each) => {
    const name = language(each.language);
    row.dataset.late = each.until_ms && each.until_ms < now() ? "yes" : "no";
    fill(row, 0, "td", [each.place ? String(each.place) : "→"], { class: "number" });
    fill(row, 1, "th", [make("span", name, tongue(each.language, name)), ` · ${concern(each.concern)} `, ...marks(each)], { scope: "row" });
    fill(row, 2, "td", [make("span", "", { "data-since": each.since_ms })], { class: "number late" });
    fill(row, 3, "td", [expected(each.expects)]);
    fill(row, 4, "td", [whyNobody(each)]);
    button(row, 5, words.steer, called(each), () => openSteer(each.visit));
  });
}

function showWorking(working) {
  const away = (each) => (each.state === "logged_out" ? 1 : 0);
  const here = working.filter((each) => each.name).sort((a, b) => away(a) - away(b) || a.name.localeCompare(b.name));
  rows(at("working"), here, (each) => each.id, (row, each) => {
    fill(row, 0, "th", [each.name], { scope: "row" });
    const reason = each.reason && each.state === "not_ready" ? ` (${names.reasons[each.reason] ?? each.reason})` : "";
    fill(row, 1, "td", [make("span", `${word(each.state)}${reason}`, { class: "state", "data-state": each.state })]);
    fill(row, 2, "td", [each.since_ms ? make("span", "", { "data-since": each.since_ms }) : "–"], { class: "number" });
    const idle = each.idle === null ? "" : reasons(each.idle) ? `${words.idle_since}: ${reasons(each.idle)}` : words.idle_nobody;
    const heard = each.talk?.now ? [make("span", words[`is_${each.talk.now}`], { class: "mark", "data-strong": "" })] : [];
    fill(row, 3, "td", [...heard, each.serves ? `${language(each.serves[0])}, ${concern(each.serves[1])}` : idle || "–"]);
    const lent = each.lent_until_ms ? [make("span", words.lent, { class: "mark", "data-strong": "" })] : [];
    fill(row, 4, "td", [...lent, Object.entries(each.languages).map(([code, level]) => `${code} ${names.levels[level] ?? level}`).join(", ")]);
    button(row, 5, words.steer, each.name, () => openPerson(each.id));
  });
}

function show() {
  const board = state.board;
  signal("hours", board.open, board.open ? words.open : words.closed);
  signal("link", board.link_up, board.link_up ? words.link_up : words.link_down);
  at("announcing").hidden = !board.announcing;
  at("threats").hidden = board.threats === 0;
  showTrouble(state.trouble, words);
  showAlarms(state.alarms, words, names, now());
  showLine(state.line);
  showWorking(state.working);
  showByHand(state);
  const people = state.working.map((each) => [each.id, each.name]).sort((a, b) => a[1].localeCompare(b[1]));
  for (const select of document.querySelectorAll('#if select[name="person"]')) choose(select, people, words.choose);
  if (at("steer").open) showSteered();
  if (at("person").open) showTalk();
  tick();
}

function tick() {
  const live = isLive();
  document.body.classList.toggle("stale", !live);
  const since = heard ? exactly(heard) : "–";
  signal("page", live, live ? words.page_live : `${words.page_stale} ${since}`);
  set("lost", live ? "" : whyLost(lost, words));
  if (!live) {
    for (const id of ["hours", "link"]) at(id).dataset.good = "";
    return;
  }
  for (const node of document.querySelectorAll("[data-since]")) {
    const text = clock(now() - Number(node.dataset.since));
    if (node.textContent !== text) node.textContent = text;
  }
}

// --- what is done -------------------------------------------------------------------------------------

const { refused, does } = acts(words, why);
const showByHand = byHand(words, names, does);

function showSteered() {
  const each = state.line.find((found) => found.visit === steered);
  const form = at("steer").querySelector("form");
  if (!each) {
    const said = form.querySelector("[data-said]");
    if (said.textContent !== words.is_over) said.textContent = words.is_over;
  }
  for (const node of form.querySelectorAll("button[data-do]")) node.disabled = !each;
  if (!each) return;
  if (form.querySelector("[data-said]").textContent === words.is_over) form.querySelector("[data-said]").textContent = "";
  set("steer-title", called(each));
  set("steer-marks", marks(each).map((mark) => mark.textContent).join(" · "));
  for (const node of form.querySelectorAll("[data-waits]")) node.hidden = each.place === 0;
  form.querySelector("[data-offered]").hidden = each.place !== 0;
  form.querySelector("[data-called-back]").hidden = each.kind === "voice";
  const people = state.working.filter((one) => !["logged_out", "away"].includes(one.state));
  choose(form.elements.agent, people.map((one) => [one.id, `${one.name} (${word(one.state)})`]).sort((a, b) => a[1].localeCompare(b[1])), words.choose);
}

function openSteer(visit) {
  steered = visit;
  const form = at("steer").querySelector("form");
  const each = state.line.find((found) => found.visit === visit);
  if (!each) return;
  form.reset();
  form.querySelector("[data-said]").textContent = "";
  form.querySelector('[data-do="cancel"]').dataset.asked = "";
  form.elements.language.value = each.language in names.languages ? each.language : "";
  form.elements.concern.value = each.concern;
  showSteered();
  open(at("steer"), visit);
}

at("steer").addEventListener("click", ({ target }) => {
  const pressed = target.closest("button[data-do]");
  if (!pressed) return;
  const form = at("steer").querySelector("form");
  const { agent, language: code, concern: key, class: name, reason } = form.elements;
  const nobody = "nobody" in pressed.dataset;
  if (["offer", "person"].includes(pressed.dataset.do) && !nobody && !agent.value) {
    form.querySelector("[data-said]").textContent = words.choose_first;
    agent.focus();
    return;
  }
  if (pressed.dataset.do === "cancel" && pressed.dataset.asked !== String(steered)) {
    pressed.dataset.asked = steered;
    form.querySelector("[data-said]").textContent = words.sure_cancel;
    return;
  }
  const bodies = {
    place: { where: pressed.dataset.where },
    offer: { agent: agent.value },
    person: { agent: nobody ? "" : agent.value },
    need: nobody ? { language: "", concern: "" } : { language: code.value, concern: key.value },
    class: { name: name?.value, on: pressed.dataset.on === "yes" },
  };
  const body = { ...bodies[pressed.dataset.do], reason: reason.value };
  does(at("steer"), `/api/lead/visits/${steered}/${pressed.dataset.do}`, body, `${words.done}: ${pressed.textContent}`);
});

function showTalk() {
  const field = at("person").querySelector("[data-talk]");
  const talk = state.working.find((each) => each.id === chosen)?.talk;
  if (!field) return;
  field.hidden = !talk;
  for (const node of field.querySelectorAll("button")) node.hidden = !talk?.how.includes(node.dataset.listen);
}

function openPerson(id) {
  chosen = id;
  const form = at("person").querySelector("form");
  form.reset();
  form.querySelector("[data-said]").textContent = "";
  form.querySelector("details").open = false;
  showTalk();
  set("person-title", who(id));
  const one = state.working.find((each) => each.id === id);
  for (const node of form.querySelectorAll("[data-language]")) {
    const level = one.languages[node.dataset.language];
    node.value = level === undefined ? "" : level === 7 ? "native" : names.levels[level];
  }
  for (const node of form.querySelectorAll("[data-concern]")) node.value = one.concerns[node.dataset.concern] ?? "";
  open(at("person"), id);
}

at("person").addEventListener("click", ({ target }) => {
  const pressed = target.closest("button[data-staff], button[data-skills], button[data-listen]");
  if (!pressed) return;
  const form = at("person").querySelector("form");
  const body = { reason: form.elements.reason.value };
  if (pressed.dataset.skills === "own") body.own = true;
  const good = ["good", "undo"].includes(pressed.dataset.skills);
  if (pressed.dataset.skills === "undo") body.undo = true;
  if (pressed.dataset.skills === "good") body.leave_file = form.elements.leave_file?.checked ?? false;
  if (["today", "good"].includes(pressed.dataset.skills)) {
    const levels = (name, read) => Object.fromEntries([...form.querySelectorAll(`[data-${name}]`)].filter((each) => each.value).map((each) => [each.dataset[name], read(each.value)]));
    Object.assign(body, { languages: levels("language", String), concerns: levels("concern", Number) });
  }
  if (pressed.dataset.listen) {
    body.how = pressed.dataset.listen;
    const talk = state.working.find((each) => each.id === chosen)?.talk;
    does(at("person"), `/api/lead/visits/${talk?.visit ?? 1}/listen`, body, `${words.done}: ${who(chosen)}, ${pressed.textContent}`);
    return;
  }
  const path = `/api/lead/staff/${encodeURIComponent(chosen)}/${pressed.dataset.staff ?? (good ? "skills-for-good" : "skills")}`;
  does(at("person"), path, body, `${words.done}: ${who(chosen)}, ${pressed.textContent}`);
});

wouldBe(words, names);
notReached(words, names, does);
at("try-alarms").addEventListener("click", async () => {
  const answer = await ask("/api/alarms/test");
  const ways = Object.entries(answer.said?.ways ?? {});
  const missed = ways.filter(([, came]) => came !== "ok").map(([way, came]) => `${way}: ${came}`);
  const came = ways.length === 0 ? words.alarms_no_way : words.alarms_tried;
  const all = missed.length > 0 ? words.alarms_not_all.replace("{ways}", missed.join("; ")) : came;
  set("said", answer.ok ? all : refused(answer));
  at("said").dataset.good = answer.ok && missed.length === 0 && ways.length > 0 ? "yes" : "no";
});
setInterval(tick, 1000);
tick();
follow("/api/lead/events", (text) => {
  state = JSON.parse(text);
  heard = Date.now();
  lost = null;
  behind = heard - state.at_ms;
  if (!isOld(state.called)) show();
}, (found) => { lost = found; tick(); });
