// What was delivered: to watch, to read, to look at, to take away.

import { h } from "../lib/dom.js";
import { button, icon, me } from "../lib/parts.js";
import { get } from "../lib/server.js";
import { remake } from "./takes.js";
import { ago, clock, count, size } from "../lib/words.js";

export function result(production, { acts, state, app, short = false }) {
  const { deliverable } = production.data;
  const files = deliverable.files;
  const film = files.find((f) => f.role === "video");
  const page = files.find((f) => f.role === "page");
  const images = files.filter((f) => f.role === "image");
  return h(
    "section",
    { class: "result", key: "result", "aria-label": "Deliverable" },
    film ? player(production, deliverable, film, files, state) : page && reader(production, deliverable, page),
    images.length > 0 && gallery(production, deliverable, images),
    deliverable.notes.length > 0 && h(
      "ul",
      { class: "warnings" },
      deliverable.notes.map((n) => h("li", { key: n }, icon("ask"), h("span", null, n))),
    ),
    !short && [downloads(production, deliverable, state, app), staleness(production, acts)],
  );
}

/** An address of ours for a file of a revision, which a page may read and a track may load. */
const here = (production, deliverable, name) => production.url(
  `deliverable/${deliverable.revision}/${name.split("/").map(encodeURIComponent).join("/")}`,
);
const linked = (production, deliverable, name) => production.url(
  `deliverable?revision=${deliverable.revision}&file=${encodeURIComponent(name)}`,
);

function player(production, deliverable, film, files, state) {
  const captions = files.find((f) => f.role === "captions-vtt");
  const { chapters } = deliverable;
  const now = state.time ?? 0;
  const current = chapters.findLast((c) => c.start_seconds <= now + 0.05);
  const at = (e) => {
    const before = chapters.findLast((c) => c.start_seconds <= (state.time ?? 0) + 0.05);
    state.time = e.target.currentTime;
    if (before !== chapters.findLast((c) => c.start_seconds <= state.time + 0.05)) production.app.update();
  };
  const jump = (start) => {
    const video = document.getElementById(`film-${production.id}`);
    video.currentTime = start + 0.001;
    state.time = start;
    video.play().catch(() => {});
    production.app.update();
  };
  return h(
    "div",
    {
      class: "player",
      key: `film-${deliverable.revision}`,
      vars: { "--ratio": `${film.width ?? 16} / ${film.height ?? 9}` },
    },
    h(
      "div",
      { class: "screen" },
      h(
        "video",
        {
          id: `film-${production.id}`,
          class: "film",
          controls: true,
          preload: "metadata",
          playsinline: true,
          width: film.width,
          height: film.height,
          src: linked(production, deliverable, film.name),
          "aria-label": production.plan.title,
          ontimeupdate: at,
          onseeked: at,
        },
        captions && h(
          "track",
          {
            kind: "captions",
            srclang: production.data.brief.languages[0],
            label: "Captions",
            default: true,
            src: here(production, deliverable, captions.name),
          },
        ),
      ),
    ),
    chapters.length > 1 &&
      h(
        "ol",
        { class: "chapters", "aria-label": "Chapters" },
        chapters.map((c) =>
          h(
            "li",
            { key: c.asset_id },
            h(
              "button",
              { type: "button", "aria-current": c === current ? "true" : undefined, onclick: () => jump(c.start_seconds) },
              h("span", { class: "tabular quiet" }, clock(c.start_seconds)),
              h("span", null, c.title),
            ),
          ),
        ),
      ),
  );
}

/** Written by models, shown in a frame that can do nothing; of this origin, or its pictures would come without the key. */
const reader = (production, deliverable, page) =>
  h(
    "div",
    { class: "reader", key: `page-${deliverable.revision}` },
    h(
      "iframe",
      {
        sandbox: "allow-same-origin",
        src: here(production, deliverable, page.name),
        title: `${production.plan.title}: the document`,
        loading: "lazy",
        referrerpolicy: "no-referrer",
      },
    ),
  );

const gallery = (production, deliverable, images) =>
  h(
    "ul",
    { class: "gallery", "aria-label": "Pictures", key: `gallery-${deliverable.revision}` },
    images.map((file) => {
      const url = linked(production, deliverable, file.name);
      const id = file.name.replace(/^.*\/|\.\w+$/g, "");
      const asset = production.assets.find((a) => a.asset_id === id);
      return h(
        "li",
        { key: file.name },
        h(
          "a",
          { href: url, target: "_blank", rel: "noopener" },
          h("img", { src: url, alt: asset?.label || id, width: file.width, height: file.height, loading: "lazy" }),
        ),
      );
    }),
  );

const NAMES = {
  "captions-vtt": "Captions (VTT)",
  "captions-srt": "Captions (SRT)",
  document: "Text",
  page: "Page",
  video: "Film",
  "contact-sheet": "Contact sheet",
  image: "Picture",
  audio: "Sound",
};

function downloads(production, deliverable, state, app) {
  const show = () => {
    state.revisions = "";
    get(`${production.path}/deliverables`).then(
      (found) => ((state.revisions = found.revisions), app.update()),
      () => (state.revisions = null),
    );
  };
  return h(
    "div",
    { class: "downloads", key: "downloads" },
    h(
      "a",
      { class: "button primary", href: production.url("deliverable.zip"), download: "" },
      icon("down"),
      h("span", null, "Everything"),
    ),
    deliverable.files.filter((f) => f.role !== "image").map((f) =>
      h(
        "a",
        {
          class: "button",
          key: f.name,
          href: linked(production, deliverable, f.name),
          target: "_blank",
          rel: "noopener",
          download: f.name.replace(/^.*\//, ""),
        },
        h("span", null, NAMES[f.role] ?? f.role),
        h("span", { class: "quiet" }, size(f.bytes)),
      ),
    ),
    h(
      "a",
      { class: "button", href: linked(production, deliverable, "manifest.json"), target: "_blank", rel: "noopener" },
      h("span", null, "Manifest"),
    ),
    deliverable.revision > 1 &&
      h(
        "details",
        { class: "revisions", ontoggle: (e) => e.target.open && show() },
        h("summary", null, `Revision ${deliverable.revision}`),
        Array.isArray(state.revisions) &&
          h(
            "ul",
            null,
            state.revisions.map(
              (r) => h(
                "li",
                { key: r.revision },
                h("strong", null, `Revision ${r.revision}`),
                ` · ${ago(r.stored_at)}: `,
                r.files.map(
                  (f, n) => [n > 0 && ", ", h("a", { href: f.url, target: "_blank", rel: "noopener" }, f.name)],
                ),
              ),
            ),
          ),
      ),
  );
}

function staleness(production, acts) {
  const stale = production.assets.filter((a) => a.record?.stale && a.record.status === "completed");
  if (!stale.length) return null;
  return h(
    "div",
    { class: "note", key: "stale" },
    icon("again"),
    h(
      "div",
      null,
      h(
        "p",
        null,
        `${count(stale.length, "asset")} made from something that has changed since: ${stale.map((a) => a.asset_id).join(", ")}. Nothing is made again unasked.`,
      ),
      remake(production, stale, acts, "refresh-all"),
      acts.note("refresh-all"),
    ),
  );
}
