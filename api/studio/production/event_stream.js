// The event stream of a production or an evaluation.

import { API, send } from "../lib/api.js";

const SILENCE_MS = 40_000; // the server sends at least a comment every 15 s; this is more than two of those intervals
const FIRST_RETRY_MS = 400;
const LAST_RETRY_MS = 5_000;

/**
 * Follow the events of `resource`, e.g. "productions/20261120-1a2b3c4d", until it is closed; reconnects after a lost
 * network or a restarted server.
 * Calls `on.event(event, id)` with the id after which a stream continues, `on.connection(true | false)` as the
 * connection is made and lost, and `on.end()` when a stream ends, which returns whether to stop. Returns a function that
 * stops following.
 */
export function followEvents(resource, after, on) {
  const stopped = new AbortController();
  const path = `${API}/${resource}/events`;
  let last = after;
  let wait = FIRST_RETRY_MS;

  /** Read one stream to its end; returns "gone" where there is nothing to follow. */
  async function read() {
    const attempt = new AbortController();
    const abort = () => attempt.abort();
    stopped.signal.addEventListener("abort", abort);
    let timer = setTimeout(abort, SILENCE_MS);
    try {
      const resume = last ? { "Last-Event-ID": String(last) } : {};
      const headers = { Accept: "text/event-stream", ...resume };
      const response = await send(path, { headers, signal: attempt.signal, cache: "no-store" });
      if (response.status === 404 || response.status === 401) return "gone";
      if (!response.ok) throw new Error(response.statusText);
      on.connection(true);
      wait = FIRST_RETRY_MS;
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return "end";
        clearTimeout(timer);
        timer = setTimeout(abort, SILENCE_MS);
        const frames = (rest + value).split("\n\n");
        rest = frames.pop();
        for (const frame of frames) {
          const data = frame.split("\n").filter((line) => line.startsWith("data:"));
          if (!data.length) continue;
          const event = JSON.parse(data.map((line) => line.slice(5)).join("\n"));
          last = /^id: ?(\d+)$/m.exec(frame)?.[1] ?? last;
          on.event(event, last);
        }
      }
    } finally {
      clearTimeout(timer);
      stopped.signal.removeEventListener("abort", abort);
    }
  }

  async function run() {
    while (!stopped.signal.aborted) {
      try {
        // A stopping server ends its streams too, so the production's state decides whether there is more to follow.
        if ((await read()) === "gone" || (await on.end())) return;
      } catch {
        if (stopped.signal.aborted) return;
      }
      on.connection(false);
      await new Promise((next) => {
        const timer = setTimeout(next, wait);
        addEventListener("online", () => (clearTimeout(timer), next()), { once: true });
      });
      wait = Math.min(wait * 2, LAST_RETRY_MS);
    }
  }
  run();
  return () => stopped.abort();
}
