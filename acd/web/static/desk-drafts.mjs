// Notes that are being written, by visit: they outlive a reload and a lost connection, never who wrote them.
const KEPT = "acd-desk-drafts";
const KEPT_MAX = 12;
export const FIELDS = ["what", "promised", "by_when", "by_whom", "language"];

const whose = document.body.dataset.account;
let kept = read();

function read() {
  try {
    const found = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
    return found.whose === whose && Array.isArray(found.drafts) ? new Map(found.drafts) : new Map();
  } catch {
    return new Map();
  }
}

function write() {
  for (const visit of [...kept.keys()].slice(0, Math.max(0, kept.size - KEPT_MAX))) kept.delete(visit);
  sessionStorage.setItem(KEPT, JSON.stringify({ whose, drafts: [...kept] }));
}
write();

// A draft: outcome, case, the five fields; state: "" (nothing said), "draft", "unsent" (to be sent again), "saved".
export const draft = (visit) => kept.get(visit) ?? { outcome: "", case: "", state: "" };
export const isOpen = (visit) => ["draft", "unsent"].includes(draft(visit).state);
export const unsent = () => [...kept].filter(([, each]) => each.state === "unsent").map(([visit]) => visit);
export function keep(visit, changes) {
  const next = { ...draft(visit), ...changes };
  kept.delete(visit);
  kept.set(visit, next);
  write();
}
export function forget() {
  kept = new Map();
  sessionStorage.removeItem(KEPT);
}
export const note = (one) => Object.fromEntries(FIELDS.map((name) => [name, one[name] ?? ""]));
