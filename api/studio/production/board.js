// The storyboard: every asset as a card, in order; moved by drag or by keys while the plan can change.

import { h } from "../lib/dom.js";
import { bar, icon, pill } from "../lib/parts.js";
import { because, count, lasting, MODALITIES, named, percent, priceOf, REASONS, usd } from "../lib/words.js";

const EXCERPT_CHARS = 260;

/**
 * `on` hears `open(assetId)`, `move(assetId, position)`. `state.dragged` is the asset in the air, `state.over` where
 * it would come down.
 */
export function board(production, { movable, on, state, open, preview }) {
  const assets = production.assets;
  const done = new Map(assets.map((a) => [a.asset_id, a.record]));
  return h(
    "ol",
    { class: "board", key: "board", "aria-label": "Storyboard", "data-busy": production.changing ? "" : undefined },
    assets.map(
      (asset, index) => card(
        production,
        asset,
        index,
        { movable, on, state, open, done, preview, last: assets.length },
      ),
    ),
  );
}

function card(production, asset, index, { movable, on, state, open, done, preview, last }) {
  const { asset_id: id, record } = asset;
  const position = index + 1;
  const tone = toneOf(record);
  return h(
    "li",
    {
      key: id,
      class: `card ${tone}`,
      "data-asset": id,
      "data-status": record?.status,
      "data-over": state.over === id && state.dragged !== id ? "" : undefined,
      "data-dragged": state.dragged === id ? "" : undefined,
      draggable: movable ? "true" : undefined,
      ondragstart: (e) => {
        e.dataTransfer.effectAllowed = "move";
        e.dataTransfer.setData("text/plain", id);
        on.drag({ dragged: id });
      },
      ondragover: (e) => {
        if (!state.dragged) return;
        e.preventDefault();
        if (state.over !== id) on.drag({ over: id });
      },
      ondrop: (e) => {
        if (!state.dragged) return;
        e.preventDefault();
        const moved = state.dragged;
        on.drag({ dragged: null, over: null });
        if (moved !== id) on.move(moved, position);
      },
      ondragend: () => on.drag({ dragged: null, over: null }),
    },
    h(
      "button",
      {
        type: "button",
        class: "face",
        onclick: () => on.open(id),
        "aria-expanded": String(open === id),
        "aria-label": `${position}. ${asset.label || id}: ${spoken(production, asset)}`,
      },
      frame(production, asset, done, preview.of(id)),
      h(
        "span",
        { class: "under" },
        h(
          "span",
          { class: "line" },
          h("span", { class: "number" }, position),
          h("strong", null, asset.label || id),
          h("span", { class: "price" }, price(asset)),
        ),
        h(
          "span",
          { class: "line quiet" },
          icon(asset.asset_type),
          h("span", { class: "model" }, `${record?.provider ?? asset.provider} · ${record?.model ?? asset.model}`),
        ),
        says(production, asset),
      ),
    ),
    movable &&
      h(
        "button",
        {
          type: "button",
          class: "grip",
          title: "Drag, or press the arrow keys",
          "aria-label": `Move ${asset.label || id}, position ${position} of ${last}`,
          onkeydown: (e) => {
            const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[e.key];
            if (!step) return;
            e.preventDefault();
            const to = position + step;
            if (to >= 1 && to <= last) on.move(id, to);
          },
        },
        icon("grip"),
      ),
  );
}

/** The storyboard of a plan that is still being written: words alone, nothing to press. */
export function drafting(draft) {
  return h(
    "ol",
    { class: "board", key: "drafting", "aria-label": "The plan so far" },
    draft.assets.map((asset, index) => h(
      "li",
      { key: index, class: "card draft" },
      h(
        "div",
        { class: "face" },
        h(
          "span",
          { class: `frame ${asset.asset_type}` },
          h("span", { class: "words", dir: "auto" }, shortened(asset.prompt ?? "")),
          h("span", { class: "corner" }, icon(asset.asset_type), h("span", { class: "sr" }, MODALITIES[asset.asset_type])),
        ),
        h(
          "span",
          { class: "under" },
          h(
            "span",
            { class: "line" },
            h("span", { class: "number" }, index + 1),
            h("strong", { dir: "auto" }, asset.label || asset.asset_id),
          ),
          h("span", { class: "line quiet" }, [asset.provider, asset.model].filter(Boolean).join(" · ")),
        ),
      ),
    )),
  );
}

const toneOf = (record) => {
  if (!record) return "";
  if (record.attention) return record.attention === "overrun" ? "bad" : "ask";
  return { completed: "good", generating: "busy", failed: "bad" }[record.status] ?? "";
};

function price(asset) {
  const { record } = asset;
  if (!record?.take) return priceOf(asset.quote);
  return record.cost_source === "unknown" ? "Price unknown" : Number(record.cost_usd) ? usd(record.cost_usd) : "Free";
}

/** The state of a card in words: what is seen, and what is read out. */
function situation(production, asset) {
  const { record } = asset;
  if (!record || production.planning) return null;
  const live = production.live.get(asset.asset_id);
  if (record.attention) return [record.attention === "overrun" ? "overrun" : "needs_attention", REASONS[record.attention] ?? record.attention];
  if (record.status === "generating") return ["producing", live?.queued ? "Queued at the provider" : "Generating"];
  if (record.status === "completed") return ["delivered", record.stale ? "Stale" : record.making ? "Done, more coming" : "Done"];
  if (record.status === "failed") return ["failed", "Failed"];
  if (record.status === "cancelled") return ["cancelled", "Left out"];
  const open = production.data.assets.filter(
    (a) => asset.depends_on.includes(a.asset_id) && !["completed", "cancelled"].includes(a.status),
  ).map((a) => a.asset_id);
  return ["pending", production.data.paused ? "Paused" : open.length ? `After ${named(open)}` : "Queued"];
}

function spoken(production, asset) {
  const [, words] = situation(production, asset) ?? [null, price(asset)];
  return `${MODALITIES[asset.asset_type]}, ${words}`;
}

function says(production, asset) {
  const { record } = asset;
  const now = situation(production, asset);
  if (!now) {
    const from = asset.depends_on;
    return h("span", { class: "line quiet from" }, from.length ? `From ${named(from)}` : "From the brief");
  }
  const [status, words] = now;
  const stale = record.stale && !record.attention && record.status === "completed";
  const takes = record.takes > 1 ? h("span", { class: "quiet" }, count(record.takes, "take")) : null;
  return h(
    "span",
    { class: "line state" },
    pill(stale ? "paused" : status, words),
    takes,
    status === "producing" && elapsed(production, asset),
  );
}

function elapsed(production, asset) {
  const began = production.began.get(asset.asset_id);
  if (!began) return null;
  const seconds = Math.max(0, (Date.now() - began) / 1000);
  const usual = asset.quote?.expected_seconds;
  return h("span", { class: "quiet tabular" }, `${lasting(seconds)}${usual ? ` of about ${lasting(usual)}` : ""}`);
}

/** The picture of a card: the media where it is there, else its words as a storyboard would have them. */
function frame(production, asset, done, previewed) {
  const record = asset.record?.file_url || asset.asset_type === "text" ? asset.record : (previewed ?? asset.record);
  const url = record?.file_url;
  const still = asset.asset_type === "video" && !(url && record.stale) ? asset.depends_on.map((id) => done.get(id)).find((r) => r?.asset_type === "image" && r.file_url) : null;
  const busy = asset.record?.status === "generating";
  return h(
    "span",
    { class: `frame ${asset.asset_type}`, title: record?.stale ? because(record.stale_because) : undefined },
    url && asset.asset_type === "image" && h(
      "img",
      { key: url, src: url, alt: "", loading: "lazy", decoding: "async" },
    ),
    url && asset.asset_type === "video" && h(
      "video",
      {
        key: url,
        src: still ? url : `${url}#t=0.1`,
        poster: still?.file_url,
        preload: still ? "none" : "metadata",
        muted: true,
        loop: true,
        playsinline: true,
        tabindex: "-1",
        "aria-hidden": "true",
        onmouseenter: peek,
        onmouseleave: (e) => e.target.pause(),
      },
    ),
    !url && still && h(
      "img",
      { key: `of-${still.file_url}`, class: "faint", src: still.file_url, alt: "", loading: "lazy" },
    ),
    url && asset.asset_type === "video" && still && h(
      "img",
      { key: "poster", class: "poster", src: still.file_url, alt: "", loading: "lazy" },
    ),
    (!url || !["image", "video"].includes(asset.asset_type)) && !still && h(
      "span",
      { class: "words", key: "words", dir: "auto" },
      excerpt(production, asset),
    ),
    h("span", { class: "corner", key: "corner" }, icon(asset.asset_type), seconds(asset)),
    busy && generating(production, asset),
  );
}

const peek = (e) => matchMedia("(prefers-reduced-motion: reduce)").matches || e.target.play().catch(() => {});

const seconds = (asset) => {
  const length = asset.record?.duration_seconds ?? asset.parameters.seconds ?? asset.parameters.at_least;
  return typeof length === "number" ? h("span", null, lasting(length)) : null;
};

function excerpt(production, asset) {
  const url = asset.record?.file_url;
  const said = url && asset.asset_type === "text" ? production.text(url.replace(/media$/, "text")) : null;
  const text = (said || asset.original || asset.prompt).replace(/^[#>]+\s*|\*\*/gm, "");
  return shortened(asset.asset_type === "audio" ? `“${text}”` : text);
}

const shortened = (text) => (text.length > EXCERPT_CHARS ? `${text.slice(0, EXCERPT_CHARS)}…` : text);

function generating(production, asset) {
  const live = production.live.get(asset.asset_id);
  const share = typeof live?.progress === "number" ? live.progress : null;
  return h(
    "span",
    { class: "working", key: "working" },
    share !== null && h("span", { class: "tabular" }, percent(share)),
    bar(share, `${asset.label || asset.asset_id}`),
  );
}
