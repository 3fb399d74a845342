// The public API over HTTP, and its event streams.

const API = "/api/v1";

/** Dispatched on the window when the API answers 401: it requires a key. */
export const SIGNED_OUT = "signed-out";

/** The API's error response; `problem` is its RFC 9457 details, with status 0 where there was no response. */
export class ApiError extends Error {
  constructor(problem) {
    super(problem.detail || problem.title);
    this.problem = problem;
  }
}

async function send(path, options) {
  const response = await fetch(path, options);
  if (response.status === 401) dispatchEvent(new Event(SIGNED_OUT));
  return response;
}

/** Send a request to the API and return the JSON of the response. Throws ApiError. */
export async function request(method, path, body, { headers = {}, signal } = {}) {
  const options = { method, signal, headers: { Accept: "application/json", ...headers } };
  if (body instanceof Blob) options.body = body;
  else if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers["Content-Type"] = "application/json";
  }
  let response;
  try {
    response = await send(path.startsWith("/") ? path : `${API}/${path}`, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    const detail = "The API does not respond. Check that it is running; `make up` starts it.";
    throw new ApiError({ status: 0, title: "No response", detail });
  }
  if (response.ok) return response.status === 204 ? null : response.json();
  const problem = await response.json().catch(() => ({ title: response.statusText, detail: "" }));
  throw new ApiError({ ...problem, status: response.status });
}

export const get = (path, options) => request("GET", path, undefined, options);
export const post = (path, body = {}, options) => request("POST", path, body, options);

/** An idempotency key. A request that is repeated with the same key has its effect once. */
export const newKey = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(12)), (b) => b.toString(16).padStart(2, "0")).join("");

const BINARY = { headers: { "Content-Type": "application/octet-stream" } };

/** Send a file as the body. A problem names the file. */
export async function postFile(path, file) {
  try {
    return await request("POST", path, file, BINARY);
  } catch (error) {
    if (error instanceof ApiError) error.problem.file = file.name;
    throw error;
  }
}

const PAGE = 50;

/** The first pages of a list: its items, and whether there are more. An item that moves between pages is kept once. */
export async function listPages(list, id, query, pages) {
  const items = new Map();
  let token = null;
  do {
    const search = new URLSearchParams({ page_size: String(PAGE), ...query, ...(token && { page_token: token }) });
    const page = await get(`${list}?${search}`);
    for (const item of page[list]) if (!items.has(item[id])) items.set(item[id], item);
    token = page.next_page_token;
    pages -= 1;
  } while (token && pages > 0);
  return { items: [...items.values()], more: Boolean(token) };
}

/** The body of a response as text. Throws ApiError. */
export async function getText(path) {
  const response = await send(path);
  if (!response.ok) throw new ApiError({ status: response.status, title: "No text", detail: "" });
  return response.text();
}

const SILENCE_MS = 40_000; // the server sends at least a comment every 15 s; this is more than two of those intervals
const FIRST_RETRY_MS = 400;
const LAST_RETRY_MS = 5_000;

/**
 * Follow a production's events until it is closed; reconnects after a lost network or a restarted server.
 * Calls `on.event(event)`, `on.connection(true | false)` as the connection is made and lost, and `on.end()` when a
 * stream ends, which returns whether to stop. Returns a function that stops following.
 */
export function followEvents(productionId, after, on) {
  const stopped = new AbortController();
  const path = `${API}/productions/${encodeURIComponent(productionId)}/events`;
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
          if (event.id) last = event.id;
          on.event(event);
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
