// The public API over HTTP, and its event streams.

const API = "/api/v1";

/** Heard by the frame of the page when the API wants a key that it does not get. */
export const SIGNED_OUT = "signed-out";

/** Fetch, and tell where nobody is signed in any more. */
async function reach(path, options) {
  const answer = await fetch(path, options);
  if (answer.status === 401) dispatchEvent(new Event(SIGNED_OUT));
  return answer;
}

/** What the API answered when it said no: `problem` is its RFC 9457 details. */
export class Refused extends Error {
  constructor(problem) {
    super(problem.detail || problem.title);
    this.problem = problem;
  }
}

/** Ask the API and return its JSON. Raises Refused, also where nobody answers (status 0). */
export async function ask(method, path, body, { headers = {}, signal } = {}) {
  const options = { method, signal, headers: { Accept: "application/json", ...headers } };
  if (body instanceof Blob) options.body = body;
  else if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers["Content-Type"] = "application/json";
  }
  let answer;
  try {
    answer = await reach(path.startsWith("/") ? path : `${API}/${path}`, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(
      { status: 0, title: "No answer", detail: "The API does not answer. Is it running? `make up` starts it." },
    );
  }
  if (answer.ok) return answer.status === 204 ? null : answer.json();
  const problem = await answer.json().catch(() => ({ title: answer.statusText, detail: "" }));
  throw new Refused({ ...problem, status: answer.status });
}

export const get = (path, options) => ask("GET", path, undefined, options);
export const post = (path, body = {}, options) => ask("POST", path, body, options);

const PAGE = 50;

/** The first so many pages of a list: its lines, and whether there are more. Lists change between two pages. */
export async function paged(list, id, query, pages) {
  const lines = new Map();
  let token = null;
  do {
    const asked = new URLSearchParams({ page_size: String(PAGE), ...query, ...(token && { page_token: token }) });
    const answer = await get(`${list}?${asked}`);
    for (const line of answer[list]) if (!lines.has(line[id])) lines.set(line[id], line);
    token = answer.next_page_token;
    pages -= 1;
  } while (token && pages > 0);
  return { lines: [...lines.values()], more: Boolean(token) };
}

/** Words behind an address of ours. */
export async function words(path) {
  const answer = await reach(path);
  if (!answer.ok) throw new Refused({ status: answer.status, title: "No text", detail: "" });
  return answer.text();
}

const SILENCE_MS = 40_000; // the server says something every 15 s: this is more than two times nothing
const FIRST_RETRY_MS = 400;
const LAST_RETRY_MS = 5_000;

/**
 * Follow a production's events until it is closed, over lost networks and restarted servers.
 * `on` hears `event(e)`, `line(true | false)` as the connection goes and comes, and `end()`.
 * Returns a function that stops it.
 */
export function follow(productionId, after, on) {
  const aborted = new AbortController();
  let last = after;
  let wait = FIRST_RETRY_MS;

  async function read() {
    const one = new AbortController();
    const stop = () => one.abort();
    aborted.signal.addEventListener("abort", stop);
    let timer = setTimeout(stop, SILENCE_MS);
    try {
      const headers = last ? { "Last-Event-ID": String(last) } : {};
      const answer = await reach(`${API}/productions/${encodeURIComponent(productionId)}/events`, {
        headers: { Accept: "text/event-stream", ...headers },
        signal: one.signal,
        cache: "no-store",
      });
      if (answer.status === 404 || answer.status === 401) return "gone";
      if (!answer.ok) throw new Error(answer.statusText);
      on.line(true);
      wait = FIRST_RETRY_MS;
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return "end";
        clearTimeout(timer);
        timer = setTimeout(stop, SILENCE_MS);
        const frames = (rest + value).split("\n\n");
        rest = frames.pop();
        for (const frame of frames) {
          const data = frame.split("\n").filter((line) => line.startsWith("data:"));
          if (!data.length) continue;
          const event = JSON.parse(data.map((line) => line.slice(5)).join("\n"));
          if (event.id) last = event.id;
          on.event(event);
        }
      }
    } finally {
      clearTimeout(timer);
      aborted.signal.removeEventListener("abort", stop);
    }
  }

  async function run() {
    while (!aborted.signal.aborted) {
      try {
        const how = await read();
        // A server that stops ends its streams too: only who is asked can tell whether there is more.
        if (how === "gone" || (await on.end())) return;
      } catch {
        if (aborted.signal.aborted) return;
      }
      on.line(false);
      await new Promise((next) => {
        const timer = setTimeout(next, wait);
        addEventListener("online", () => (clearTimeout(timer), next()), { once: true });
      });
      wait = Math.min(wait * 2, LAST_RETRY_MS);
    }
  }
  run();
  return () => aborted.abort();
}
