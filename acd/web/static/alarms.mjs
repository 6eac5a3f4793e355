// The alarms that are raised, as the live page and the page of who is in charge show them.
import { at, make, set, tongue } from "./page.mjs";
import { time } from "./when.mjs";

// A wall has no scroll bar: so many stand on it, those that are raised longest, and how many there are beside them.
const WALL_MOST = 4;


// Of whom an alarm is: its needs, each language named in itself; else all that its rule is about.
function needs(alarm, words, names) {
  const own = alarm.language || alarm.concern ? [alarm] : [];
  const parts = (alarm.cells.length ? alarm.cells : own).flatMap((each) => {
    const name = names.languages[each.language] ?? each.language;
    const what = names.concerns[each.concern] ?? each.concern;
    const both = [name && make("span", name, tongue(each.language, name)), name && what && ", ", what, "; "];
    return both.filter((one) => one);
  });
  parts.pop();
  if (alarm.more) parts.push(` ${words.alarm_more.replace("{n}", alarm.more)}`);
  return parts;
}

// What is raised, with its reason first: words that the centre chose. Who hears the page hears each once.
export function showAlarms(alarms, words, names, now) {
  const code = document.documentElement.lang;
  at("alarms").hidden = alarms.length === 0;
  const shown = JSON.stringify(alarms);
  if (at("alarms").dataset.shown === shown) return;
  at("alarms").dataset.shown = shown;
  set("alarms-said", alarms.map((each) => each[code]).join(". "));
  const most = document.body.classList.contains("wall") ? WALL_MOST : alarms.length;
  const items = alarms.slice(0, most).map((each) => {
    const item = document.createElement("li");
    const said = (words[`alarm_${each.kind}`] ?? "").replace("{value}", each.value).replace("{limit}", each.limit);
    const from = each.at_ms > now ? ` ${words.alarm_from.replace("{time}", time(each.at_ms))}` : "";
    const whom = make("span", "");
    whom.append(...(each.part ? [words[`trouble_${each.part}`] ?? each.part] : needs(each, words, names)));
    item.append(make("b", each[code]), make("span", `${said}${from}`), whom,
      make("small", words.alarm_since.replace("{time}", time(each.since_ms))));
    return item;
  });
  if (alarms.length > most) items.push(make("li", words.alarms_beside.replace("{n}", alarms.length - most)));
  at("alarms-raised").replaceChildren(...items);
}
