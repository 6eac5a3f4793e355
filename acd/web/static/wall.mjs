// A screen on a wall: its letters are as large as all that is shown lets them be, so that it is read from afar.
const LEAST_PX = 16;
const WIDE_PX = 1200;
let fitted = "";

const fits = () => {
  const { scrollHeight, scrollWidth } = document.documentElement;
  return scrollHeight <= window.innerHeight && scrollWidth <= window.innerWidth;
};

// shown: what decides how much room is needed; while it is the same, nothing is measured.
export function fit(shown) {
  if (!document.body.classList.contains("wall")) return;
  const now = JSON.stringify([shown, window.innerWidth, window.innerHeight]);
  if (now === fitted) return;
  fitted = now;
  const root = document.documentElement.style;
  if (window.innerWidth < WIDE_PX) { root.fontSize = ""; return; }
  let [low, high] = [LEAST_PX, Math.min(window.innerWidth / 30, window.innerHeight / 16)];
  for (let step = 0; step < 7; step += 1) {
    const middle = (low + high) / 2;
    root.fontSize = `${middle}px`;
    if (fits()) low = middle; else high = middle;
  }
  root.fontSize = `${low}px`;
}
