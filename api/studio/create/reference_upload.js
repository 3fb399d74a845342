// Sends references to the API, whole or in parts that continue after a broken connection, and reads what they are.

import { ApiError, get, post, postFile, request } from "../lib/api.js";
import { count, dotted, fileSize } from "../lib/format.js";
import { cards } from "./references.js";

const WHOLE_BYTES = 16 * 1024 * 1024; // a larger file is sent in parts
const FAILURES = 4; // of one part, with 1, 2, 3 and 4 s between them
const THUMB_PX = 160;
const DECODED_BYTES = 20_000_000;
const HEADER_BYTES = 2_000_000;
const MVHD = 0x6d766864; // the box of an MP4 with its length
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

/**
 * Upload files, of which `most` fit the brief: the references, and an error for each other file, which names it.
 * `kinds` are the API's limits by kind; `onProgress` gets the share that is sent of the current file, 0 to 1.
 */
export async function uploadReferences(files, most, kinds = [], onProgress = () => {}) {
  const references = [];
  const errors = [];
  const largest = Math.max(0, ...kinds.map((each) => each.bytes)) || Infinity;
  for (const file of files) {
    const refuse = (message, remedy) => errors.push({ message: `“${file.name}” ${message}`, remedy });
    if (references.length >= most) refuse("does not fit the brief any more", "remove a reference first");
    else if (file.size === 0) refuse("is empty", "choose a file with content");
    else if (file.size > largest) refuse(`is larger than ${fileSize(largest)}`, "give it in a smaller size");
    else await uploadReference(file, onProgress).then((each) => references.push(each), (error) => {
      if (!(error instanceof ApiError)) throw error;
      const [{ message, remedy } = {}] = error.problem.errors ?? [];
      refuse(message ?? `was not stored: ${error.message}`, remedy);
    });
  }
  return { references, errors };
}

async function uploadReference(file, onProgress) {
  const { source, kind } = await sendFile(file, onProgress);
  cards.set(source, { kind, ...(await describe(file, kind)) });
  return { source, name: file.name.replace(/\.\w+$/, "").slice(0, 200), note: "" };
}

/** A thumbnail and the facts that the browser can read itself: the size of a picture, the length of a recording. */
async function describe(file, kind) {
  const size = fileSize(file.size);
  if (kind === "picture") {
    const bitmap = await createImageBitmap(file, { resizeWidth: THUMB_PX }).catch(() => null);
    return { bitmap, facts: size };
  }
  if (kind === "document") return { bitmap: null, facts: dotted(await pageCount(file), size) };
  const seconds = await (kind === "sound" ? soundSeconds(file) : movieSeconds(file)).catch(() => 0);
  return { bitmap: null, facts: dotted(seconds && `${Math.floor(seconds / 60)}:${pad(seconds % 60)}`, size) };
}

const pad = (seconds) => String(Math.floor(seconds)).padStart(2, "0");

/** The length of a sound that this browser decodes; 0 for large files, whose length a worker measures. */
async function soundSeconds(file) {
  if (file.size > DECODED_BYTES) return 0;
  const decoder = new OfflineAudioContext(1, 1, 8000);
  return (await decoder.decodeAudioData(await file.arrayBuffer())).duration;
}

/** The length in the header of an MP4 or MOV, at its beginning or its end; 0 for other containers. */
async function movieSeconds(file) {
  for (const part of [file.slice(0, HEADER_BYTES), file.slice(-HEADER_BYTES)]) {
    const bytes = new Uint8Array(await part.arrayBuffer());
    const view = new DataView(bytes.buffer);
    for (let at = 0; at + 36 < bytes.length; at += 1) {
      if (view.getUint32(at) !== MVHD) continue;
      return bytes[at + 4] === 1
        ? Number(view.getBigUint64(at + 28)) / view.getUint32(at + 24)
        : view.getUint32(at + 20) / view.getUint32(at + 16);
    }
  }
  return 0;
}

/** The number of pages of a PDF that states it in plain text; empty for others. */
async function pageCount(file) {
  const end = await file.slice(Math.max(0, file.size - 2_000_000)).text();
  const counts = [...end.matchAll(/\/Type\s*\/Pages\b[^>]*?\/Count\s+(\d+)/g)].map(([, n]) => Number(n));
  return file.type === "application/pdf" && counts.length ? count(Math.max(...counts), "page") : "";
}
