// When something is, as people here write it: by 24 hours, the day before the month, in English too.
export const locale = () => (document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang);

const sameDay = (one, other) => new Date(one).toDateString() === new Date(other).toDateString();

export const time = (ms) => new Date(ms).toLocaleTimeString(locale(), { hour: "2-digit", minute: "2-digit" });
export const exactly = (ms) => new Date(ms).toLocaleTimeString(locale());
export const day = (ms) => new Date(ms).toLocaleString(locale(), { dateStyle: "medium", timeStyle: "short" });

// The day only where it is not today's, the year only where it is not this one.
export function when(ms, today = Date.now()) {
  if (sameDay(ms, today)) return time(ms);
  const [then, now] = [new Date(ms), new Date(today)];
  const year = then.getFullYear() === now.getFullYear() ? {} : { year: "numeric" };
  const date = then.toLocaleDateString(locale(), { weekday: "short", day: "numeric", month: "short", ...year });
  return `${date}, ${time(ms)}`;
}

// From and to of a time; the day of the end only where it is another than that of the beginning.
export const span = (from, to, today = Date.now()) => [when(from, today), when(to, sameDay(from, to) ? to : today)];
