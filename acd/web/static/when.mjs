// When something is, as people write it: the day only where it is not today's.
const clock = (ms, code) => new Date(ms).toLocaleTimeString(code, { hour: "2-digit", minute: "2-digit" });
const sameDay = (one, other) => new Date(one).toDateString() === new Date(other).toDateString();

export function when(ms, today, code = document.documentElement.lang) {
  if (sameDay(ms, today)) return clock(ms, code);
  const day = new Date(ms).toLocaleDateString(code, { weekday: "short", day: "numeric", month: "short" });
  return `${day}, ${clock(ms, code)}`;
}

// From and to of a time; the day of the end only where it is another than that of the beginning.
export const span = (from, to, today) => [when(from, today), when(to, sameDay(from, to) ? to : today)];
