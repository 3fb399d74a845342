// The storyboard: every asset as a card, in order. While the plan can change, cards are moved by drag or by keys.

import { icon, pill, progressBar } from "../lib/components.js";
import { html } from "../lib/dom.js";
import { count, dotted, duration, listed, percent, quotePrice, spent, truncated } from "../lib/format.js";
import { MODALITIES, reasonLabel, staleBecause } from "../lib/labels.js";

const EXCERPT_CHARS = 260;
const STEPS = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };
const TONES = { completed: "good", generating: "busy", failed: "bad" };

/**
 * Calls `on.open(assetId)`, `on.move(assetId, position)` and `on.drag({dragged, over})`; `state.dragged` is the asset
 * that is dragged, `state.over` the one that it is over. `open` is the asset whose sheet is open.
 */
export function storyboard(production, context) {
  const { assets } = production;
  const records = new Map(assets.map((a) => [a.asset_id, a.record]));
  return html`
    <ol class="board" key="board" aria-label="Storyboard" data-busy=${production.pendingEdits > 0}>
      ${assets.map((asset, index) => card(production, asset, index + 1, { ...context, records, last: assets.length }))}
    </ol>
  `;
}

function card(production, asset, position, { movable, on, state, open, records, preview, isUnsaved, last }) {
  const { asset_id: id, record } = asset;
  const label = asset.label || id;
  const startDrag = (e) => {
    e.dataTransfer.effectAllowed = "move";
    e.dataTransfer.setData("text/plain", id);
    on.drag({ dragged: id });
  };
  const dragOver = (e) => {
    if (!state.dragged) return;
    e.preventDefault();
    if (state.over !== id) on.drag({ over: id });
  };
  const drop = (e) => {
    const { dragged } = state;
    if (!dragged) return;
    e.preventDefault();
    on.drag({ dragged: null, over: null });
    if (dragged !== id) on.move(dragged, position);
  };
  return html`
    <li class="card ${tone(record)}" key=${id} data-asset=${id} data-status=${record?.status}
      data-over=${state.over === id && state.dragged !== id} data-dragged=${state.dragged === id}
      draggable=${movable ? "true" : null} ondragstart=${startDrag} ondragover=${dragOver} ondrop=${drop}
      ondragend=${() => on.drag({ dragged: null, over: null })}>
      <button type="button" class="face" aria-expanded=${String(open === id)} onclick=${() => on.open(id)}
        aria-label="${position}. ${label}: ${spokenStatus(production, asset)}">
        ${frame(production, asset, records, preview.of(id))}
        <span class="under">
          <span class="line">
            <span class="number">${position}</span>
            <strong>${label}</strong>
            <span class="price">${price(asset)}</span>
          </span>
          <span class="line quiet">
            ${icon(asset.asset_type)}
            <span class="model">${record?.provider ?? asset.provider} · ${record?.model ?? asset.model}</span>
          </span>
          ${statusLine(production, asset)}
          ${isUnsaved(asset) && html`<span class="line" key="unsaved">${pill("paused", "Not saved")}</span>`}
        </span>
      </button>
      ${movable && grip(label, position, last, (to) => on.move(id, to))}
    </li>
  `;
}

function grip(label, position, last, move) {
  const onKey = (e) => {
    const step = STEPS[e.key];
    if (!step) return;
    e.preventDefault();
    const to = position + step;
    if (to >= 1 && to <= last) move(to);
  };
  return html`
    <button type="button" class="grip" title="Drag, or press the arrow keys" onkeydown=${onKey}
      aria-label="Move ${label}, position ${position} of ${last}">
      ${icon("grip")}
    </button>
  `;
}

/** The storyboard of a plan that is still being written: text without controls. */
export const draftBoard = ({ assets }) => html`
  <ol class="board" key="drafting" aria-label="The plan so far">
    ${assets.map((asset, index) => html`
      <li class="card draft" key=${index}>
        <div class="face">
          <span class="frame ${asset.asset_type}">
            <span class="words" dir="auto">${truncated(asset.prompt ?? "", EXCERPT_CHARS)}</span>
            <span class="corner">
              ${icon(asset.asset_type)}<span class="sr">${MODALITIES[asset.asset_type]}</span>
            </span>
          </span>
          <span class="under">
            <span class="line">
              <span class="number">${index + 1}</span>
              <strong dir="auto">${asset.label || asset.asset_id}</strong>
            </span>
            <span class="line quiet">${dotted(asset.provider, asset.model)}</span>
          </span>
        </div>
      </li>
    `)}
  </ol>
`;

// Text

function tone(record) {
  if (record?.attention) return record.attention === "overrun" ? "bad" : "ask";
  return TONES[record?.status] ?? "";
}

function price({ record, quote }) {
  if (!record?.take) return quotePrice(quote);
  return record.cost_source === "unknown" ? "Price unknown" : spent(record.cost_usd);
}

/** The [status, text] of a card; null before the approval. */
function cardStatus(production, asset) {
  const { record } = asset;
  if (!record || production.awaitingApproval) return null;
  if (record.attention) {
    return [record.attention === "overrun" ? "overrun" : "needs_attention", reasonLabel(record.attention)];
  }
  switch (record.status) {
    case "generating":
      return ["producing", production.live.get(asset.asset_id)?.queued ? "Queued at the provider" : "Generating"];
    case "completed":
      return ["delivered", record.stale ? "Stale" : record.making ? "Done, more coming" : "Done"];
    case "failed":
      return ["failed", "Failed"];
    case "cancelled":
      return ["cancelled", "Left out"];
  }
  const awaited = production.data.assets.filter(
    (a) => asset.depends_on.includes(a.asset_id) && !["completed", "cancelled"].includes(a.status),
  ).map((a) => a.asset_id);
  return ["pending", production.data.paused ? "Paused" : awaited.length ? `After ${listed(awaited)}` : "Queued"];
}

function spokenStatus(production, asset) {
  const [, text] = cardStatus(production, asset) ?? [null, price(asset)];
  return `${MODALITIES[asset.asset_type]}, ${text}`;
}

function statusLine(production, asset) {
  const { record, depends_on } = asset;
  const found = cardStatus(production, asset);
  if (!found) return html`
    <span class="line quiet from">${depends_on.length ? `From ${listed(depends_on)}` : "From the brief"}</span>
  `;
  const [status, text] = found;
  const stale = record.stale && !record.attention && record.status === "completed";
  return html`
    <span class="line state">
      ${pill(stale ? "paused" : status, text)}
      ${record.takes > 1 && html`<span class="quiet">${count(record.takes, "take")}</span>`}
      ${status === "producing" && elapsed(production, asset)}
    </span>
  `;
}

function elapsed(production, asset) {
  const started = production.startedAt.get(asset.asset_id);
  if (!started) return null;
  const seconds = Math.max(0, (Date.now() - started) / 1000);
  const expected = asset.quote?.expected_seconds;
  const ofExpected = expected ? ` of about ${duration(expected)}` : "";
  return html`<span class="quiet tabular">${duration(seconds)}${ofExpected}</span>`;
}

// Media

/** The asset's media where it has some, otherwise the preview's, its still, or its text. */
function frame(production, asset, records, previewed) {
  const { asset_type: type } = asset;
  const record = asset.record?.file_url || type === "text" ? asset.record : (previewed ?? asset.record);
  const url = record?.file_url;
  const still = type === "video" && !(url && record.stale) && stillOf(asset, records);
  const visual = type === "image" || type === "video";
  return html`
    <span class="frame ${type}" title=${record?.stale ? staleBecause(record.stale_because) : null}>
      ${url && type === "image" && html`<img key=${url} src=${url} alt="" loading="lazy" decoding="async">`}
      ${url && type === "video" && video(url, still)}
      ${still && (url
        ? html`<img key="poster" class="poster" src=${still} alt="" loading="lazy">`
        : html`<img key="of-${still}" class="faint" src=${still} alt="" loading="lazy">`)}
      ${!(url && visual) && !still && html`
        <span class="words" key="words" dir="auto">${assetText(production, asset)}</span>
      `}
      <span class="corner" key="corner">${icon(type)}${length(asset)}</span>
      ${asset.record?.status === "generating" && generating(production, asset)}
    </span>
  `;
}

/** The URL of the image from which a video is made. */
const stillOf = (asset, records) =>
  asset.depends_on.map((id) => records.get(id)).find((r) => r?.asset_type === "image" && r.file_url)?.file_url;

/** A silent video that plays under the pointer; without a still it shows its own first frame. */
const video = (url, still) => html`
  <video key=${url} src=${still ? url : `${url}#t=0.1`} poster=${still} preload=${still ? "none" : "metadata"}
    .muted=${true} loop playsinline tabindex="-1" aria-hidden="true"
    onmouseenter=${play} onmouseleave=${(e) => e.target.pause()}></video>
`;

const play = (e) => matchMedia("(prefers-reduced-motion: reduce)").matches || e.target.play().catch(() => {});

function length({ record, parameters }) {
  const seconds = record?.duration_seconds ?? parameters.seconds ?? parameters.at_least;
  return typeof seconds === "number" && html`<span>${duration(seconds)}</span>`;
}

function assetText(production, asset) {
  const url = asset.record?.file_url;
  const written = url && asset.asset_type === "text" ? production.text(url.replace(/media$/, "text")) : null;
  const text = (written || asset.original || asset.prompt).replace(/^[#>]+\s*|\*\*/gm, "");
  return truncated(asset.asset_type === "audio" ? `“${text}”` : text, EXCERPT_CHARS);
}

function generating(production, asset) {
  const progress = production.live.get(asset.asset_id)?.progress;
  const share = typeof progress === "number" ? progress : null;
  return html`
    <span class="working" key="working">
      ${share !== null && html`<span class="tabular">${percent(share)}</span>`}
      ${progressBar(share, asset.label || asset.asset_id)}
    </span>
  `;
}
