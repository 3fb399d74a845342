// Reference images: dropped, pasted, chosen or named by their URL.

import { ApiError, postFile } from "../lib/api.js";
import { button, fileButton, icon } from "../lib/components.js";
import { html } from "../lib/dom.js";

const TYPES = ["image/png", "image/jpeg", "image/webp"];
const THUMB_PX = 160;
const thumbnails = new Map(); // source -> ImageBitmap, kept while the page is open

/** Upload images, of which `most` fit the brief: the references, and an error for each other file, which names it. */
export async function uploadReferences(files, most) {
  const references = [];
  const errors = [];
  for (const file of files) {
    const refuse = (message, remedy) => errors.push({ message: `“${file.name}” ${message}`, remedy });
    if (!TYPES.includes(file.type)) refuse("is not a picture that models can use", "choose a PNG, JPEG or WebP file");
    else if (references.length >= most) refuse("does not fit the brief any more", "remove a reference first");
    else await uploadReference(file).then((each) => references.push(each), (error) => {
      if (!(error instanceof ApiError)) throw error;
      const [{ message, remedy } = {}] = error.problem.errors ?? [];
      refuse(message ?? `was not stored: ${error.message}`, remedy);
    });
  }
  return { references, errors };
}

async function uploadReference(file) {
  const { source } = await postFile("references", file);
  thumbnails.set(source, await createImageBitmap(file, { resizeWidth: THUMB_PX }).catch(() => null));
  return { source, name: file.name.replace(/\.\w+$/, "").slice(0, 200), note: "" };
}

/**
 * `list` is the brief's references, of at most `most`; `set` gets the changed ones, `upload` a list of files. `state`
 * keeps the typed URL and whether files hover.
 */
export function referencesField(list, { actions, state, set, upload, most, app }) {
  const change = (index, more) => set(list.map((r, n) => (n === index ? { ...r, ...more } : r)));
  const over = (now) => state.over !== now && ((state.over = now), app.update());
  const addUrl = () => {
    if (!/^https:\/\/[^\s/]/.test(state.url ?? "")) return;
    set([...list, { source: state.url.trim(), name: "", note: "" }]);
    state.url = "";
  };
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
              <span class="thumb">${thumbnail(each.source)}</span>
              <input id="reference-${n}" aria-label="What reference ${n + 1} shows"
                placeholder="What it shows" .value=${each.name} oninput=${(e) => change(n, { name: e.target.value })}>
              <input id="note-${n}" aria-label="What reference ${n + 1} is for"
                placeholder="What it is for, e.g. keep this bottle" .value=${each.note}
                oninput=${(e) => change(n, { note: e.target.value })}>
              ${button("", () => set(list.filter((r) => r !== each)), {
                variant: "ghost square", mark: "close", "aria-label": `Remove reference ${n + 1}`,
              })}
            </li>
          `)}
        </ul>
      `}
      ${list.length < most && html`
        <div class="row tight" key="more">
          ${fileButton(actions.busy("references") ? "Uploading…" : "Images", upload, {
            mark: "plus", multiple: true, accept: TYPES.join(),
          })}
          <span class="hint">drop or paste them, or</span>
          <input id="address" type="url" class="address" placeholder="https://…" aria-label="Image URL"
            .value=${state.url ?? ""} oninput=${(e) => ((state.url = e.target.value), app.update())}
            onkeydown=${(e) => e.key === "Enter" && (e.preventDefault(), addUrl())}>
          ${state.url && button("Add", addUrl)}
        </div>
      `}
      ${actions.note("references")}
    </fieldset>
  `;
}

const thumbnail = (source) => {
  const bitmap = thumbnails.get(source);
  if (!bitmap) return icon("image");
  return html`<canvas aria-hidden="true" created=${(canvas) => paint(canvas, bitmap)}></canvas>`;
};

function paint(canvas, bitmap) {
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
}
