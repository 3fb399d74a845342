// References: files of any kind that are dropped, pasted, chosen or named by their URL.

import { button, fileButton, icon } from "../lib/components.js";
import { html } from "../lib/dom.js";
import { count, dotted, fileSize, listed } from "../lib/format.js";

const KIND_ICONS = { picture: "image", video: "video", sound: "audio", document: "text" };
const USES = {
  material: "As material",
  first_frame: "As the first frame",
  last_frame: "As the last frame",
  mask: "As a mask",
  style: "For its style",
  voice: "For its voice",
  extract: "To read its fields",
  brief: "It is the brief",
};
/** Source -> {bitmap, kind, facts} of the files that were uploaded, kept while the page is open. */
export const cards = new Map();

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
  const addUrl = () => {
    if (!/^(https:\/\/[^\s/]|stored:inbox\/)/.test(state.url ?? "")) return;
    set([...list, { source: state.url.trim(), name: "", note: "" }]);
    state.url = "";
  };
  const busy = actions.busy("references");
  return html`
    <fieldset class="references" data-over=${state.over}>
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
        <div class="row tight">
          ${fileButton(busy ? `Uploading… ${state.sent ? `${Math.round(state.sent * 100)} %` : ""}` : "Files", upload, {
            mark: "plus", multiple: true,
          })}
          <span class="hint">drop or paste them, or</span>
          <input id="address" type="url" class="address" placeholder="https://…" aria-label="Reference URL"
            .value=${state.url ?? ""} oninput=${(e) => ((state.url = e.target.value), app.update())}
            onkeydown=${(e) => e.key === "Enter" && (e.preventDefault(), addUrl())}>
          ${state.url && button("Add", addUrl)}
        </div>
        <p class="hint">${kinds.length > 0 && `Up to ${most}: ${limitsText(kinds)}.`}</p>
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
