// Sends a reference to the API: whole, or in parts that continue after a broken connection.

import { ApiError, get, post, postFile, request } from "../lib/api.js";

const WHOLE_BYTES = 16 * 1024 * 1024; // a larger file is sent in parts
const FAILURES = 4; // of one part, with 1, 2, 3 and 4 s between them
const TEMPORARY = new Set([0, 400, 408, 409, 429, 502, 503]);

/** The stored reference {source, kind, bytes}. `onProgress` gets the share that is sent, 0 to 1. */
export async function sendFile(file, onProgress) {
  if (file.size <= WHOLE_BYTES) return postFile("references", file);
  let state = await post("references/uploads", { bytes: file.size });
  let failures = 0;
  while (!state.reference) {
    const part = file.slice(state.offset, state.offset + state.part_bytes);
    try {
      state = await sendPart(state, part);
      failures = 0;
      onProgress(state.offset / file.size);
    } catch (error) {
      failures += 1;
      if (!(error instanceof ApiError) || !TEMPORARY.has(error.problem.status) || failures > FAILURES) throw error;
      await new Promise((resolve) => setTimeout(resolve, failures * 1000));
      state = await get(`references/uploads/${state.upload_id}`);
    }
  }
  return state.reference;
}

const sendPart = (state, part) =>
  request("PATCH", `references/uploads/${state.upload_id}`, part, {
    headers: { "Content-Type": "application/octet-stream", "Upload-Offset": String(state.offset) },
  });
