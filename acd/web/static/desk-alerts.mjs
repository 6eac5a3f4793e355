// A call that rings is said once: to screen readers, in the tab's title and picture, and as a notification if wanted.
import { at, clock, json, set } from "./page.mjs";
import { concern, fill, inWords, titled } from "./desk-call.mjs";

const words = json("words");
const KEPT = "acd-desk-notice";
const title = document.title;
const icon = document.querySelector("link[rel=icon]");
const calm = icon.getAttribute("href");
let told = 0;
let notice = null;

export function offer() {
  const box = at("with-notice");
  const can = "Notification" in window;
  box.disabled = !can;
  box.checked = can && Notification.permission === "granted" && localStorage.getItem(KEPT) === "on";
  box.addEventListener("change", async () => {
    if (box.checked && Notification.permission !== "granted") await Notification.requestPermission();
    box.checked = box.checked && Notification.permission === "granted";
    localStorage.setItem(KEPT, box.checked ? "on" : "off");
  });
}

// call: the one that rings, or undefined.
export function rings(call, now) {
  if ((call?.visit ?? 0) === told) return;
  told = call?.visit ?? 0;
  notice?.close();
  notice = null;
  document.title = call ? `☎ ${titled(call)} – ${title}` : title;
  icon.setAttribute("href", call ? "/static/ringing.svg" : calm);
  if (!call) {
    set("announce", "");
    return;
  }
  const said = [fill(words.announce, { language: inWords(call.language), concern: concern(call.concern) })];
  if (call.queued_ms) said.push(fill(words.announce_wait, { time: clock(now - call.queued_ms) }));
  set("announce", said.join(" "));
  if (at("with-notice").checked && document.hidden) notice = new Notification(words.rings, { body: said.join(" "), tag: "acd-ring" });
}
