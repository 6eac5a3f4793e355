// "What if": a few changes tried on the outlook, and what they would do until closing, without and with them.
import { at, make, set } from "./page.mjs";
import { locale } from "./when.mjs";

const ANSWER_MS = 70_000;  // two futures of a whole day are run, many times

const changed = (field) => {
  const { what, language, person, factor, at: when } = Object.fromEntries([...field.elements].map((each) => [each.name, each.value]));
  const moment = when ? { at: when } : {};
  switch (what) {
    case "one_more": return { what, languages: { [language]: "C1" }, ...moment };
    case "come": return { what, people: [person], ...moment };
    case "leave": return { what, people: [person], ...moment };
    case "calls": return { what, factor: Number(factor) };
    case "reserve": return { what, language, on: true };
    default: return null;
  }
};

async function asked(changes) {
  const headers = { "Content-Type": "application/json", "X-ACD-CSRF": document.body.dataset.csrf };
  try {
    const answer = await fetch("/api/outlook", {
      method: "POST", headers, body: JSON.stringify({ changes }), cache: "no-store", signal: AbortSignal.timeout(ANSWER_MS),
    });
    return { status: answer.status, said: await answer.json().catch(() => ({})) };
  } catch {
    return { status: 0, said: {} };
  }
}

export function wouldBe(words, names) {
  const one = (value) => value.toLocaleString(locale(), { maximumFractionDigits: 1 });
  const figure = ({ mean, low, high }) => `${one(mean)} (${one(low)}–${one(high)})`;
  const row = (name, found) => {
    const made = document.createElement("tr");
    made.append(make("th", name, { scope: "row" }));
    for (const each of [found.without, found.changed, found.difference]) made.append(make("td", figure(each), { class: "number" }));
    return made;
  };
  for (const field of at("if").querySelectorAll("fieldset")) {
    field.elements.what.addEventListener("change", () => {
      for (const label of field.querySelectorAll("[data-for]")) label.hidden = !label.dataset.for.split(" ").includes(field.elements.what.value);
    });
  }
  at("if").addEventListener("submit", async (event) => {
    event.preventDefault();
    const fields = [...at("if").querySelectorAll("fieldset")];
    if (fields.some(({ elements }) => ["come", "leave"].includes(elements.what.value) && !elements.person.value)) {
      set("if-said", words.choose_first);
      return;
    }
    const changes = fields.map(changed).filter(Boolean);
    if (!changes.length) { set("if-said", words.what_if_none); return; }
    const go = at("if").querySelector("button");
    go.disabled = true;
    set("if-said", words.what_if_runs);
    const { status, said } = await asked(changes);
    go.disabled = false;
    at("if-scroll").hidden = status !== 200;
    if (status !== 200) {
      const faults = Array.isArray(said.detail) ? said.detail.map((each) => each.msg).join("; ") : said.detail ?? "";
      set("if-said", status === 409 ? words.what_if_closed : `${words.what_if_failed} ${faults}`);
      return;
    }
    set("if-said", words.what_if_futures.replace("{n}", said.futures));
    const rows = [];
    if (said.service_level) rows.push(row(`${words.service_level} (%)`, said.service_level));
    if (said.answered) rows.push(row(words.answered, said.answered));
    if (said.gave_up) rows.push(row(words.abandoned, said.gave_up));
    for (const each of said.waits) rows.push(row(`${words.wait_seconds}: ${names.languages[each.language] ?? each.language}`, each.wait_s));
    at("if-rows").replaceChildren(...rows);
  });
}
