// Follows a stream of server-sent events for ever: whatever happens, it is asked for again within a second.
// EventSource is not used, since it gives up after any answer but 200 and never says which it was.
const AGAIN_MS = 1000;
const SILENT_MS = 5000;

async function read(url, silence, onData) {
  const answer = await fetch(url, { headers: { Accept: "text/event-stream" }, cache: "no-store", signal: silence.signal });
  if (!answer.ok) {
    const said = await answer.json().catch(() => ({}));
    throw { status: answer.status, detail: typeof said.detail === "string" ? said.detail : "" };
  }
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw { status: 0, detail: "" };
    silence.heard();
    const events = (rest + value).split(/\r?\n\r?\n/);
    rest = events.pop();
    for (const event of events) {
      const data = event.split(/\r?\n/).filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trimStart());
      if (data.length) onData(data.join("\n"));
    }
  }
}

function silence() {
  const controller = new AbortController();
  let timer;
  const heard = () => { clearTimeout(timer); timer = setTimeout(() => controller.abort(), SILENT_MS); };
  heard();
  return { signal: controller.signal, heard, over: () => clearTimeout(timer) };
}

// onData: gets the text of each event. onLost: gets {status, detail}; status 0 where nobody answered.
export async function follow(url, onData, onLost) {
  for (;;) {
    const quiet = silence();
    try {
      await read(url, quiet, onData);
    } catch (lost) {
      onLost({ status: lost.status ?? 0, detail: lost.detail ?? "" });
    } finally {
      quiet.over();
    }
    await new Promise((go) => setTimeout(go, AGAIN_MS));
  }
}
