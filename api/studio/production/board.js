// The storyboard, in order: a card for each shot, with its still, take and narration, and for every other asset. While
// the plan can change, cards are moved by drag or by keys.

import { icon } from "../lib/components.js";
import { html } from "../lib/dom.js";
import { count, dotted, duration, listed, percent, quotePrice, truncated } from "../lib/format.js";
import { reasonLabel, staleBecause } from "../lib/labels.js";
import { pill } from "../lib/parts.js";
import { MODALITIES } from "../lib/platforms.js";
import { progressBar } from "../lib/regions.js";
import { notesPill } from "./checks.js";
import { assetCost } from "./costs.js";
import { withoutPictures } from "./illustrated.js";
import { partName, shotName, shotsOf } from "./shots.js";
import { isShown, scorePill } from "./verdict.js";

const EXCERPT_CHARS = 260;
const STEPS = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };
const TONES = { completed: "good", generating: "busy", failed: "bad" };

/**
 * Calls `on.open(assetId)`, `on.move(from, to)` with indexes of cards, and `on.drag({dragged, over})`; `state` has the
 * indexes of the card that is dragged and of the one that it is over. `open` is the asset whose sheet is open.
 */
export function storyboard(production, context) {
  const { assets } = production;
  const shots = shotsOf(assets);
  const records = new Map(assets.map((a) => [a.asset_id, a.record]));
  return html`
    <ol class="board" aria-label="Storyboard" data-busy=${production.pendingEdits > 0}>
      ${shots.map((shot, index) => isShown(production, shot, context.state.filter)
        && card(production, shot, index, { ...context, records, last: shots.length - 1 }))}
    </ol>
  `;
}

function card(production, shot, index, context) {
  const { movable, on, state, open, records, preview, isUnsaved, last } = context;
  const { main: asset, parts } = shot;
  const { asset_id: id, record } = asset;
  const position = index + 1;
  const name = shotName(shot);
  const dragging = state.dragged !== null;
  const startDrag = (e) => {
    e.dataTransfer.effectAllowed = "move";
    e.dataTransfer.setData("text/plain", id);
    on.drag({ dragged: index });
  };
  const dragOver = (e) => {
    if (!dragging) return;
    e.preventDefault();
    if (state.over !== index) on.drag({ over: index });
  };
  const drop = (e) => {
    const { dragged } = state;
    if (!dragging) return;
    e.preventDefault();
    on.drag({ dragged: null, over: null });
    if (dragged !== index) on.move(dragged, index);
  };
  return html`
    <li class="card ${cardTone(shot)}" key=${id} data-asset=${id} data-status=${record?.status}
      data-over=${dragging && state.over === index && state.dragged !== index}
      data-dragged=${dragging && state.dragged === index}
      draggable=${movable ? "true" : null} ondragstart=${startDrag} ondragover=${dragOver} ondrop=${drop}
      ondragend=${() => on.drag({ dragged: null, over: null })}>
      <button type="button" class="face" aria-expanded=${String(open === id)} onclick=${() => on.open(id)}
        aria-label="${position}. ${name}: ${spokenStatus(production, asset)}">
        ${frame(production, shot, records, preview)}
        <span class="under">
          <span class="line">
            <span class="number">${position}</span>
            <strong dir="auto" title=${name}>${name}</strong>
            ${price(asset)}
          </span>
          ${production.awaitingApproval && html`
            <span class="line quiet">
              ${icon(asset.asset_type)}<span class="model">${asset.provider} · ${asset.model}</span>
            </span>
          `}
          ${statusLine(production, shot)}
          ${isUnsaved(asset) && html`<span class="line">${pill("paused", "Not saved")}</span>`}
        </span>
      </button>
      ${parts.length > 0 && html`
        <ul class="parts" aria-label="Made for ${name}">
          ${parts.map((each) => partLine(production, each, context))}
        </ul>
      `}
      ${movable && grip(name, index, last, (to) => on.move(index, to))}
    </li>
  `;
}

/** The still or the narration of a shot. */
function partLine(production, asset, { on, open, isUnsaved }) {
  const { asset_id: id, asset_type: type, record } = asset;
  const found = cardStatus(production, asset);
  const kind = partName(asset);
  return html`
    <li class="part" key=${id} data-asset=${id} data-status=${record?.status}>
      <button type="button" class="face" aria-expanded=${String(open === id)} onclick=${() => on.open(id)}
        aria-label="${kind}: ${spokenStatus(production, asset)}">
        ${icon(type)}
        <span class="what" dir="auto">${type === "audio" ? assetText(production, asset) : kind}</span>
        ${asset.delivery && html`<span class="quiet small" dir="auto">${asset.delivery}</span>`}
        ${isUnsaved(asset) && pill("paused", "Not saved")}
        ${(!found || assetCost(asset)?.tone) && price(asset)}
        ${scorePill(asset)}
        ${found && pill(...pillOf(asset, found))}
      </button>
    </li>
  `;
}

function grip(name, index, last, move) {
  const onKey = (e) => {
    const step = STEPS[e.key];
    if (!step) return;
    e.preventDefault();
    const to = index + step;
    if (to >= 0 && to <= last) move(to);
  };
  return html`
    <button type="button" class="grip" title="Drag, or press the arrow keys" onkeydown=${onKey}
      aria-label="Move ${name}, position ${index + 1} of ${last + 1}">
      ${icon("grip")}
    </button>
  `;
}

/** The storyboard of a plan that is still being written: text without controls. */
export const draftBoard = ({ assets }) => html`
  <ol class="board" aria-label="The plan so far">
    ${assets.map((asset, index) => html`
      <li class="card draft">
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

/** A card shows the worst of its assets. */
function cardTone({ main, parts }) {
  const tones = [main, ...parts].map(({ record }) => tone(record));
  return ["bad", "ask"].find((each) => tones.includes(each)) ?? tones[0];
}

/** The price before an asset is made, then what it has cost: red where that is above the estimate. */
function price(asset) {
  const cost = assetCost(asset);
  return html`<span class="price ${cost?.tone}">${cost ? cost.price : quotePrice(asset.quote)}</span>`;
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
  const [, text] = cardStatus(production, asset) ?? [null, quotePrice(asset.quote)];
  const cost = assetCost(asset);
  return `${MODALITIES[asset.asset_type]}, ${text}${cost?.estimate ? `, ${cost.text}` : ""}`;
}

function statusLine(production, { main: asset, parts }) {
  const { record } = asset;
  const found = cardStatus(production, asset);
  const inputs = asset.depends_on.filter((id) => !parts.some((part) => part.asset_id === id));
  if (!found) return html`
    <span class="line quiet from">
      ${inputs.length ? `From ${listed(inputs)}` : parts.length ? "From the parts below" : "From the brief"}
    </span>
  `;
  const [status] = found;
  return html`
    <span class="line state">
      ${pill(...pillOf(asset, found))}
      ${scorePill(asset)}
      ${notesPill(asset)}
      ${record.reused && html`<span title="From ${record.reused.production_id}">${pill("done", "Reused")}</span>`}
      ${record.takes > 1 && html`<span class="quiet">${count(record.takes, "take")}</span>`}
      ${status === "producing" && elapsed(production, asset)}
      ${assetCost(asset)?.estimate && html`<span class="quiet">${assetCost(asset).estimate}</span>`}
    </span>
  `;
}

/** [status, text] of a pill; a stale asset that is done has the tone of a question. */
const pillOf = ({ record }, [status, text]) =>
  [record.stale && !record.attention && record.status === "completed" ? "paused" : status, text];

function elapsed(production, asset) {
  const started = production.startedAt.get(asset.asset_id);
  if (!started) return null;
  const seconds = Math.max(0, (Date.now() - started) / 1000);
  const expected = asset.quote?.expected_seconds;
  const usual = expected ? `${seconds > expected ? ", usually" : " of"} about ${duration(expected)}` : "";
  return html`<span class="quiet tabular">${duration(seconds)}${usual}</span>`;
}

// Media

/** The asset's media where it has some, otherwise the preview's, its still, or its text. */
function frame(production, { main: asset, parts }, records, preview) {
  const { asset_type: type } = asset;
  const made = asset.record?.file_url || type === "text";
  const record = made ? asset.record : (preview.of(asset.asset_id) ?? asset.record);
  const url = record?.file_url;
  const own = parts.find((part) => part.asset_type === "image")?.record?.file_url;
  const other = url && (record.stale || record.provider === "upload"); // its still shows another picture
  const still = type === "video" && !other && (own ?? stillOf(asset, records));
  const visual = type === "image" || type === "video";
  return html`
    <span class="frame ${type}" title=${record?.stale ? staleBecause(record.stale_because) : null}>
      ${url && type === "image" && html`<img key=${url} src=${url} alt="" loading="lazy" decoding="async">`}
      ${url && type === "video" && video(url, still)}
      ${still && (url
        ? html`<img class="poster" src=${still} alt="" loading="lazy">`
        : html`<img key="of-${still}" class=${own ? null : "faint"} src=${still} alt="" loading="lazy">`)}
      ${!(url && visual) && !still && html`
        <span class="words" dir="auto">${assetText(production, asset)}</span>
      `}
      <span class="corner">${icon(type)}${length(asset)}</span>
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
  const text = (written && withoutPictures(written) || asset.original || asset.prompt).replace(/^[#>]+\s*|\*\*/gm, "");
  return truncated(asset.asset_type === "audio" ? `“${text}”` : text, EXCERPT_CHARS);
}

function generating(production, asset) {
  const progress = production.live.get(asset.asset_id)?.progress;
  const share = typeof progress === "number" ? progress : null;
  return html`
    <span class="working">
      ${share !== null && html`<span class="tabular">${percent(share)}</span>`}
      ${progressBar(share, asset.label || asset.asset_id)}
    </span>
  `;
}
