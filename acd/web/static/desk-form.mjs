// What is said of a call: outcome and note, its case, a hand-over, a threat. Drafts are kept with each key pressed.
import { ask, at, json, set } from "./page.mjs";
import { fill, person } from "./desk-call.mjs";
import { FIELDS, draft, forget, isOpen, keep, note, unsent } from "./desk-drafts.mjs";

const words = json("words");
const form = at("closing");
const sending = new Set();
const SAID_MS = 8000;
const AGAIN_MS = 3000;
const AGAIN = [0, 401, 403, 429, 500, 502, 503, 504];  // what was refused for another reason is not sent again as it is
let quiet;
let tried = 0;
let subject = 0;
let done = () => {};

export const visit = () => subject;
export const isWriting = () => at("call").contains(document.activeElement) && isOpen(subject);

export function say(text, bad = false) {
  clearTimeout(quiet);
  if (!bad) quiet = setTimeout(() => set("said", ""), SAID_MS);
  set("said", text);
  at("said").classList.toggle("bad", bad);
}

export function became(answer, good = "") {
  const why = answer.status === 0 ? words.unreachable_now : words[`why_${answer.why}`] ?? words.refused;
  say(answer.ok ? words[`why_${answer.why}`] ?? good : why, !answer.ok);
  return answer.ok;
}

// Show the form of another visit, with what was written of it so far.
export function open(next) {
  if (subject === next) return;
  subject = next;
  const found = draft(subject);
  for (const name of FIELDS) form.elements[name].value = found[name] ?? "";
  for (const radio of form.querySelectorAll("[name=outcome]")) radio.checked = radio.value === found.outcome;
  at("reference").value = found.case;
  told();
}

// What was said of a call on another screen, where nothing is written here.
export function take(visit, closed, text) {
  if (draft(visit).state) return;
  keep(visit, { outcome: closed.outcome, case: closed.case, ...note(text ?? {}), state: "saved" });
  if (subject === visit) { subject = 0; open(visit); }
}

const SAID = { draft: words.draft, unsent: `${words.unsent}. ${words.drafts_stay}`, saved: words.saved };
const told = () => set("draft", sending.has(subject) ? words.saving : SAID[draft(subject).state] ?? "");

function written() {
  const values = Object.fromEntries(FIELDS.map((name) => [name, form.elements[name].value]));
  keep(subject, { ...values, outcome: form.querySelector("[name=outcome]:checked")?.value ?? "", state: "draft" });
  told();
}

async function send(visit) {
  if (sending.has(visit)) return false;
  sending.add(visit);
  told();
  const before = JSON.stringify({ ...draft(visit), state: "" });
  const found = draft(visit);
  tried = Date.now();
  const answer = await ask(`/api/desk/visits/${visit}/close`, { outcome: found.outcome, note: note(found), case: found.case });
  sending.delete(visit);
  const same = JSON.stringify({ ...draft(visit), state: "" }) === before;
  if (answer.ok && same) keep(visit, { state: "saved" });
  if (!answer.ok) keep(visit, { state: AGAIN.includes(answer.status) ? "unsent" : "draft" });
  became(answer, words.saved);
  told();
  return answer.ok && same;
}

// Once there is a connection again.
export function sendAgain() {
  if (Date.now() - tried < AGAIN_MS || !unsent().length) return;
  tried = Date.now();
  unsent().forEach(send);
}

async function save(over) {
  const visit = subject;
  if (draft(visit).state !== "saved") written();
  if (!(await send(visit))) return;
  if (over) became(await ask("/api/desk/wrap_over"), words.saved);
  done(visit, over);
}

async function link(isNew) {
  const reference = at("reference").value.trim();
  if (!at("linking").reportValidity()) return;
  if (became(await ask(`/api/desk/visits/${subject}/case`, { reference, new: isNew }), words.linked)) keep(subject, { case: reference });
}

const written_note = () => note(draft(subject));

async function handOver() {
  const to = at("to").value;
  if (!at("to").reportValidity()) return;
  const visit = subject;
  at("handing").close();
  became(await ask(`/api/desk/visits/${visit}/handover`, { to, note: written_note() }), fill(words.handed_over, { name: person(to) }));
}

async function threat() {
  const visit = subject;
  const text = { ...written_note(), ...(at("threat-what").value ? { what: at("threat-what").value } : {}) };
  at("threatened").close();
  became(await ask(`/api/desk/visits/${visit}/threat`, { note: text, block: at("threat-block").checked }), words.threat_told);
}

// saved: told the visit that was saved, and whether wrap-up was ended with it.
export function listen(saved) {
  done = saved;
  form.addEventListener("input", written);
  form.addEventListener("submit", (event) => { event.preventDefault(); save(false); });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); save(!at("save-over").hidden); }
  });
  at("save-over").addEventListener("click", () => save(true));
  at("linking").addEventListener("submit", (event) => { event.preventDefault(); link(false); });
  at("case-new").addEventListener("click", () => link(true));
  at("hand-over").addEventListener("click", () => { at("to").value = ""; at("handing").showModal(); at("to").focus(); });
  at("handing-do").addEventListener("click", handOver);
  at("threat").addEventListener("click", () => { at("threat-what").value = ""; at("threat-block").checked = false; at("threatened").showModal(); });
  at("threatened-do").addEventListener("click", threat);
  document.querySelector(".sign-out")?.addEventListener("submit", forget);
}
