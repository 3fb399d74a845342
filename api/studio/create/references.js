// References: files of any kind that are dropped, pasted, chosen or named by their URL.

import { ApiError } from "../lib/api.js";
import { button, fileButton, icon } from "../lib/components.js";
import { html } from "../lib/dom.js";
import { count, dotted, fileSize, listed } from "../lib/format.js";

const THUMB_PX = 160;
const DECODED_BYTES = 20_000_000;
const HEADER_BYTES = 2_000_000;
const MVHD = 0x6d766864; // the box of an MP4 with its length
const KIND_ICONS = { picture: "image", video: "video", sound: "audio", document: "text" };
export const USES = {
  material: "As material",
  first_frame: "As the first frame",
  last_frame: "As the last frame",
  mask: "As a mask",
  style: "For its style",
  voice: "For its voice",
  extract: "To read its fields",
  brief: "It is the brief",
};
const cards = new Map(); // source -> {bitmap, facts}, kept while the page is open

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
  const { sendFile } = await import("./reference_upload.js");
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

/** The limits of all kinds, as they stand under the button. */
const limitsText = (kinds) =>
  kinds.map((k) => `${k.kind}s (${k.formats.join(", ")}) up to ${listed([
    fileSize(k.bytes),
    ...(k.max_seconds ? [count(Math.round(k.max_seconds / 60), "minute")] : []),
    ...(k.pages ? [count(k.pages, "page")] : []),
  ])}`).join("; ");

/**
 * `list` is the brief's references, of at most `most`; `set` gets the changed ones, `upload` a list of files. `state`
 * keeps the typed URL, whether files hover, and the progress of an upload. `kinds` are the limits by kind.
 */
export function referencesField(list, { actions, state, set, upload, most, kinds = [], app }) {
  const change = (index, more) => set(list.map((r, n) => (n === index ? { ...r, ...more } : r)));
  const over = (now) => state.over !== now && ((state.over = now), app.update());
  const addUrl = () => {
    if (!/^(https:\/\/[^\s/]|stored:inbox\/)/.test(state.url ?? "")) return;
    set([...list, { source: state.url.trim(), name: "", note: "" }]);
    state.url = "";
  };
  const busy = actions.busy("references");
  return html`
    <fieldset class="references" key="references" data-over=${state.over}
      ondragover=${(e) => (e.preventDefault(), over(true))}
      ondragleave=${() => over(false)}
      ondrop=${(e) => (e.preventDefault(), over(false), upload(e.dataTransfer.files))}>
      <legend>References</legend>
      ${list.length > 0 && html`
        <ul>
          ${list.map((each, n) => html`
            <li key=${each.source}>
              <span class="thumb" title=${cards.get(each.source)?.kind}>${thumbnail(each.source)}</span>
              <input id="reference-${n}" aria-label="What reference ${n + 1} shows"
                placeholder="What it shows" .value=${each.name} oninput=${(e) => change(n, { name: e.target.value })}>
              <input id="note-${n}" aria-label="What reference ${n + 1} is for"
                placeholder="What it is for, e.g. keep this bottle" .value=${each.note}
                oninput=${(e) => change(n, { note: e.target.value })}>
              ${button("", () => set(list.filter((r) => r !== each)), {
                variant: "ghost square", mark: "close", "aria-label": `Remove reference ${n + 1}`,
              })}
              <span class="use">
                <select id="use-${n}" aria-label="How reference ${n + 1} is used"
                  onchange=${(e) => change(n, { use: e.target.value, memo: "" })}>
                  ${Object.entries(USES).map(([use, label]) => html`
                    <option value=${use} selected=${(each.use ?? "material") === use}>${label}</option>
                  `)}
                </select>
                <span class="hint">${dotted(cards.get(each.source)?.kind, cards.get(each.source)?.facts)}</span>
              </span>
            </li>
          `)}
        </ul>
      `}
      ${list.length < most && html`
        <div class="row tight" key="more">
          ${fileButton(busy ? `Uploading… ${state.sent ? `${Math.round(state.sent * 100)} %` : ""}` : "Files", upload, {
            mark: "plus", multiple: true,
          })}
          <span class="hint">drop or paste them, or</span>
          <input id="address" type="url" class="address" placeholder="https://…" aria-label="Reference URL"
            .value=${state.url ?? ""} oninput=${(e) => ((state.url = e.target.value), app.update())}
            onkeydown=${(e) => e.key === "Enter" && (e.preventDefault(), addUrl())}>
          ${state.url && button("Add", addUrl)}
        </div>
        <p class="hint" key="limits">${kinds.length > 0 && `Up to ${most}: ${limitsText(kinds)}.`}</p>
      `}
      ${actions.note("references")}
    </fieldset>
  `;
}

const thumbnail = (source) => {
  const { bitmap, kind } = cards.get(source) ?? {};
  if (!bitmap) return icon(KIND_ICONS[kind] ?? "image");
  return html`<canvas aria-hidden="true" created=${(canvas) => paint(canvas, bitmap)}></canvas>`;
};

function paint(canvas, bitmap) {
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
}
