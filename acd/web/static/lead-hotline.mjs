// What is set by hand for the whole hotline: shown with an undo each, and set in a dialog.
import { open } from "./acts.mjs";
import { at, make } from "./page.mjs";
import { time } from "./when.mjs";

// does: sends something and says what came of it (dialog or null, path, body, what to say).
export function byHand(words, names, does) {
  const form = at("hand").querySelector("form");
  const path = (what, of) => (["hours", "drain"].includes(what) ? `/api/lead/hotline/${what}` : `/api/lead/hotline/${what}/${encodeURIComponent(of)}`);
  const whose = (what, of) => {
    if (what === "hours") {
      const [code, key] = of.split("/");
      const found = [code && (names.languages[code] ?? code), key && (names.concerns[key] ?? key)].filter(Boolean);
      return found.join(", ") || words.all;
    }
    return what === "reserve" ? names.languages[of] ?? of : of;
  };
  const called = (each) => {
    const until = each.until_ms ? words.until_time.replace("{time}", time(each.until_ms)) : words.until_undone;
    return [words[`set_${each.what}`], whose(each.what, each.of), words[`is_${each.how}`], until].filter(Boolean).join(" · ");
  };

  function fits() {
    const what = form.elements.what.value;
    for (const node of form.querySelectorAll("[data-for]")) node.hidden = !node.dataset.for.split(" ").includes(what);
    at("hand-says").textContent = words[`says_${what}`];
  }

  form.elements.what.addEventListener("change", fits);
  at("set").addEventListener("click", () => { form.reset(); form.querySelector("[data-said]").textContent = ""; fits(); open(at("hand"), "hotline"); });
  at("hand").addEventListener("click", ({ target }) => {
    const pressed = target.closest("button[data-how]");
    if (!pressed) return;
    const { what, language, concern, reserve, overflow, until, reason } = form.elements;
    const of = { reserve: reserve.value, overflow: overflow.value }[what.value] ?? "";
    const body = { how: pressed.dataset.how, reason: reason.value };
    if (until.value === "0") body.until_ms = 0;
    else if (until.value !== "day") body.until_ms = Date.now() + Number(until.value) * 60_000;
    if (what.value === "hours") Object.assign(body, { language: language.value, concern: concern.value });
    does(at("hand"), path(what.value, of), body, `${words.done}: ${words[`set_${what.value}`]}, ${pressed.textContent}`);
  });

  // Shows what is set: gets the view. The list is made anew only where it differs.
  return ({ by_hand: hands, reserves, overflows }) => {
    at("by-rules").hidden = hands.length > 0;
    at("by-hand").hidden = hands.length === 0;
    for (const [name, given] of [["reserve", reserves.map((code) => [code, names.languages[code] ?? code])], ["overflow", overflows.map((each) => [each, each])]]) {
      const select = form.elements[name];
      form.querySelector(`option[value="${name}"]`).disabled = given.length === 0;
      if (select.options.length !== given.length) select.replaceChildren(...given.map(([value, label]) => make("option", label, { value })));
    }
    const shown = JSON.stringify(hands);
    if (at("by-hand").dataset.shown === shown) return;
    at("by-hand").dataset.shown = shown;
    at("by-hand").replaceChildren(...hands.map((each) => {
      const item = document.createElement("li");
      const undo = make("button", words.undo, { type: "button", "aria-label": `${words.undo}: ${called(each)}` });
      undo.addEventListener("click", () => {
        const [language, concern] = each.what === "hours" ? each.of.split("/") : [];
        const body = { how: "rules", ...(each.what === "hours" ? { language, concern } : {}) };
        does(null, path(each.what, each.of), body, `${words.done}: ${words.undo}`);
      });
      item.append(make("span", called(each), { class: "mark", "data-strong": "" }), undo);
      return item;
    }));
  };
}
