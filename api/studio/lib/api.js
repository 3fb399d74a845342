// The public API over HTTP.

export const API = "/api/v1";

/** Dispatched on the window when the API answers 401: it requires a key. */
export const SIGNED_OUT = "signed-out";

/** The API's error response; `problem` is its RFC 9457 details, with status 0 where there was no response. */
export class ApiError extends Error {
  constructor(problem) {
    super(problem.detail || problem.title);
    this.problem = problem;
  }
}

/** fetch(), which also reports that the API requires a key. */
export async function send(path, options) {
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
