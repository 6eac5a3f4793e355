// What is done from a page in dialogs: sent once, answered where it was asked, told elsewhere if that is closed by then.
import { ask, at, make, set } from "./page.mjs";

// about: whom or what it is about; an answer that comes when the dialog is about something else is told outside it.
export function open(dialog, about) {
  dialog.dataset.about = about;
  dialog.showModal();
}

for (const dialog of document.querySelectorAll("dialog")) {
  dialog.querySelector("form").addEventListener("submit", (event) => event.preventDefault());  // Enter does nothing
  for (const node of dialog.querySelectorAll("[data-close]")) node.addEventListener("click", () => dialog.close());
}

export function acts(words, why) {
  const refused = ({ status, why: code }) => {
    if (status === 401) return words.refused_signed_out;
    return words[`refused_${code}`] ?? why[code] ?? (status === 409 ? words.refused_state : words.refused_other);
  };

  async function does(dialog, path, body, done) {
    const about = dialog?.dataset.about;
    if (dialog?.dataset.sending) return;
    if (dialog) dialog.dataset.sending = "yes";
    const answer = await ask(path, body);
    if (dialog) delete dialog.dataset.sending;
    const here = dialog?.open && dialog.dataset.about === about;
    if (here && !answer.ok) {
      dialog.querySelector("[data-said]").textContent = refused(answer);
      return;
    }
    if (here) dialog.close();
    set("said", answer.ok ? done : refused(answer));
    at("said").dataset.good = answer.ok ? "yes" : "no";
  }

  return { refused, does };
}

// The choices of a list, the first being none: one that is chosen stays while it is there, and nobody else takes its place.
export function choose(select, given, none) {
  const wanted = [["", none], ...given];
  const there = [...select.options].map((each) => each.value);
  if (JSON.stringify(there) !== JSON.stringify(wanted.map(([value]) => value))) {
    const before = select.value;
    select.replaceChildren(...wanted.map(([value, label]) => make("option", label, { value })));
    select.value = wanted.some(([value]) => value === before) ? before : "";
    return;
  }
  wanted.forEach(([, label], place) => {
    if (select.options[place].textContent !== label) select.options[place].textContent = label;
  });
}
