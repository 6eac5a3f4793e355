// What the scripts of all pages share: the page's own data, texts, clocks, and what is sent to the server.
export const at = (id) => document.getElementById(id);
export const json = (id) => JSON.parse(at(id).textContent);
export const set = (id, text) => { if (at(id).textContent !== text) at(id).textContent = text; };
export const make = (tag, text, attributes = {}) => {
  const node = document.createElement(tag);
  node.textContent = text;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
};
export const clock = (ms) => {
  const s = Math.max(0, Math.floor(ms / 1000));
  return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
};

const RTL = /[\u0590-\u08ff]/;
// A language is named in itself; what is said of it (unknown, several) is in the page's own language.
export const tongue = (code, name) => (["und", "*", ""].includes(code) ? {} : { lang: code, dir: RTL.test(name) ? "rtl" : "ltr" });

// What things are called is written into the page: one that was made before a reload or an upgrade is made anew, once.
export function isOld(called) {
  if (called === document.body.dataset.called || sessionStorage.getItem("called") === called) return false;
  sessionStorage.setItem("called", called);
  location.reload();
  return true;
}

// Why nothing comes from the server: {status, detail}, status 0 where nobody answers.
export function whyLost(lost, words) {
  if (lost === null) return "";
  if (lost.status === 0) return words.unreachable_server;
  return `${words.refused_by_server.replace("{status}", lost.status)}${lost.detail ? `: ${lost.detail}` : ""}`;
}

const ANSWER_MS = 10_000;  // a server that lives has answered by then; a question must not stand open for good

// Asks the server for something by one person's page. Gives {ok, status, why, said}; status 0 where nobody answers in time.
export async function ask(path, body = {}) {
  const headers = { "Content-Type": "application/json", "X-ACD-CSRF": document.body.dataset.csrf };
  try {
    const answer = await fetch(path, {
      method: "POST", headers, body: JSON.stringify(body), cache: "no-store", signal: AbortSignal.timeout(ANSWER_MS),
    });
    const said = await answer.json().catch(() => ({}));
    const why = answer.ok ? said.but ?? "" : typeof said.detail === "string" ? said.detail : "refused";
    return { ok: answer.ok, status: answer.status, why, said };
  } catch {
    return { ok: false, status: 0, why: "unreachable" };
  }
}
export async function read(path) {
  try {
    const answer = await fetch(path, {
      headers: { Accept: "application/json" }, cache: "no-store", signal: AbortSignal.timeout(ANSWER_MS),
    });
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}
