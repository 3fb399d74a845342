// What was delivered: a player, a document or a gallery, the downloads, and what has become stale since.

import { languageNames } from "../create/fields.js";
import { get } from "../lib/api.js";
import { icon } from "../lib/components.js";
import { html } from "../lib/dom.js";
import { ago, clock, count, fileSize } from "../lib/format.js";
import { provenance } from "./provenance.js";
import { assetNames } from "./shots.js";
import { refreshButton } from "./takes.js";

const FILE_LABELS = {
  "captions-vtt": "Captions (VTT)",
  "captions-srt": "Captions (SRT)",
  timeline: "Timeline (OTIO)",
  document: "Text",
  page: "Page",
  video: "Video",
  rendition: "Another version of the video",
  overview: "Overview (JSON)",
  "contact-sheet": "Contact sheet",
  image: "Image",
  audio: "Audio",
};
const EXPORTS = [
  ["fcpxml", "Final Cut Pro", "FCPXML"],
  ["otio", "DaVinci Resolve", "OTIO"],
  ["fcp7xml", "Premiere Pro", "XML"],
  ["edl", "Other software", "EDL"],
];
const CHAPTER_TOLERANCE = 0.05; // seconds; a browser seeks to the frame next to a chapter's start

/** `state` keeps the playing time and the earlier revisions; `short` leaves out the downloads and what is stale. */
export function deliverableSection(production, { actions, state, app, destinations = [], short = false }) {
  const { deliverable } = production.data;
  const { files, notes } = deliverable;
  const videos = files.filter((f) => f.role === "video" || f.role === "rendition");
  const video = videos.find((f) => f.name === state.rendition) ?? videos[0];
  const choose = (name) => ((state.rendition = name), app.update());
  const page = files.find((f) => f.role === "page");
  const images = files.filter((f) => f.role === "image");
  return html`
    <section class="result" aria-label="Deliverable">
      ${languageTabs(production, videos, video, destinations, choose)}
      ${video && renditionTabs(videos.filter((f) => f.language === video.language), video, destinations, choose)}
      ${video
        ? player(production, deliverable, video, state)
        : page && documentFrame(production, deliverable, page)}
      ${video?.measured && measuredFacts(video)}
      ${images.length > 0 && gallery(production, deliverable, images)}
      ${notes.length > 0 && html`
        <ul class="warnings">
          ${notes.map((note) => html`<li key=${note}>${icon("alert")}<span>${note}</span></li>`)}
        </ul>
      `}
      ${!short && [downloads(production, deliverable, state, app), staleAssets(production, actions)]}
    </section>
  `;
}

/** The URL of a file on the API's own origin, which a frame and a track can load. */
const ownUrl = (production, { revision }, name) =>
  production.url(`deliverable/${revision}/${name.split("/").map(encodeURIComponent).join("/")}`);

/** The URL that redirects to a file in the storage. */
const storageUrl = (production, { revision }, name) =>
  production.url(`deliverable?revision=${revision}&file=${encodeURIComponent(name)}`);

/** One button for each language of the film; it keeps the version. */
function languageTabs(production, videos, shown, destinations, choose) {
  const tags = [...new Set(videos.map((f) => f.language))];
  const version = (file) => versionName(file, destinations);
  const inLanguage = (tag) =>
    videos.find((f) => f.language === tag && version(f) === version(shown)) ?? videos.find((f) => f.language === tag);
  return tags.length > 1 && html`
    <div class="row tight" role="group" aria-label="Language">
      ${tags.map((tag) => html`
        <button type="button" class="chip" key=${tag} aria-pressed=${String(tag === shown.language)}
          onclick=${() => choose(inLanguage(tag).name)}>${languageNames.of(tag || production.data.brief.languages[0])}</button>
      `)}
    </div>
  `;
}

/** One button for each version of the film. */
const renditionTabs = (videos, shown, destinations, choose) => videos.length > 1 && html`
  <div class="row tight" role="group" aria-label="Version">
    ${videos.map((file) => html`
      <button type="button" class="chip" key=${file.name} aria-pressed=${String(file === shown)}
        onclick=${() => choose(file.name)}>
        ${file.measured?.checks.some((check) => !check.ok) && icon("alert")}
        <span>${versionName(file, destinations)}</span>
      </button>
    `)}
  </div>
`;

/** Its destination, or 9:16 of deliverable-9x16.mp4; the film itself is named by its size. */
function versionName({ name, role, width, height, measured }, destinations) {
  if (measured?.profile) return destinations.find((each) => each.name === measured.profile)?.label ?? measured.profile;
  return role === "rendition" ? name.match(/-(\d+x\d+)\./)?.[1].replace("x", ":") ?? name : `${width} × ${height}`;
}

/** What was measured of a version, what its destination requires instead, and how it is labelled there. */
function measuredFacts({ width, height, bytes, measured }) {
  const { frame_rate: rate, duration_seconds: seconds, loudness_lufs: lufs, true_peak_dbtp: peak } = measured;
  const failed = new Map(measured.checks.filter((check) => !check.ok).map((check) => [check.name, check]));
  const facts = [
    ["size", "Size", `${width} × ${height}`], ["rate", "Rate", `${rate} fps`], ["length", "Length", `${seconds.toFixed(1)} s`],
    ["loudness", "Loudness", lufs !== null && `${lufs.toFixed(1)} LUFS`],
    ["true peak", "True peak", peak !== null && `${peak.toFixed(1)} dBTP`], ["file size", "File", fileSize(bytes)],
    ["bit rate", "Bit rate", failed.get("bit rate")?.measured], ["safe area", "Text", failed.get("safe area")?.measured],
  ];
  const fact = ([name, label, value]) => value && html`
    <div key=${name}>
      <dt>${label}</dt>
      <dd class=${failed.has(name) ? "bad" : null}>
        ${value}${failed.has(name) && ` (it has to be ${failed.get(name).required})`}
      </dd>
    </div>
  `;
  return html`
    <div>
      <dl class="measured" aria-label="Measured">${facts.map(fact)}</dl>
      ${measured.ai_label && html`<p class="hint">${`Made with AI: ${measured.ai_label}.`}</p>`}
    </div>
  `;
}

function player(production, deliverable, file, state) {
  const { chapters } = deliverable;
  const id = `film-${production.id}`;
  const ratio = `${file.width ?? 16} / ${file.height ?? 9}`;
  const captions = deliverable.files.find((f) => f.role === "captions-vtt" && f.language === file.language);
  const chapterAt = (seconds) => chapters.findLast((c) => c.start_seconds <= seconds + CHAPTER_TOLERANCE);
  const current = chapterAt(state.time ?? 0);
  const names = assetNames(production.assets);

  const onTime = (e) => {
    const before = chapterAt(state.time ?? 0);
    state.time = e.target.currentTime;
    if (before !== chapterAt(state.time)) production.app.update();
  };
  const jump = (start) => {
    const video = document.getElementById(id);
    video.currentTime = start + 0.001;
    state.time = start;
    video.play().catch(() => {});
    production.app.update();
  };

  return html`
    <div class="player" key="film-${deliverable.revision}-${file.name}" vars=${{ "--ratio": ratio }}>
      <div class="screen">
        <video id=${id} class="film" controls preload="metadata" playsinline width=${file.width} height=${file.height}
          src=${storageUrl(production, deliverable, file.name)} aria-label=${production.plan.title}
          ontimeupdate=${onTime} onseeked=${onTime}>
          ${captions && html`
            <track kind="captions" srclang=${file.language || production.data.brief.languages[0]} label="Captions"
              default=${(production.plan?.cut?.captions ?? "sidecar") === "sidecar"}
              src=${ownUrl(production, deliverable, captions.name)}>
          `}
        </video>
      </div>
      ${chapters.length > 1 && html`
        <ol class="chapters" aria-label="Chapters">
          ${chapters.map((chapter) => html`
            <li key=${chapter.asset_id}>
              <button type="button" aria-current=${chapter === current ? "true" : null}
                onclick=${() => jump(chapter.start_seconds)}>
                <span class="tabular quiet">${clock(chapter.start_seconds)}</span>
                <span dir="auto">${names.get(chapter.asset_id) ?? chapter.title}</span>
              </button>
            </li>
          `)}
        </ol>
      `}
    </div>
  `;
}

/** A page that models wrote, in a sandbox. It keeps its origin, so that its images are requested with the session. */
const documentFrame = (production, deliverable, page) => html`
  <div class="reader" key="page-${deliverable.revision}">
    <iframe sandbox="allow-same-origin" src=${ownUrl(production, deliverable, page.name)}
      title="${production.plan.title}: the document" loading="lazy" referrerpolicy="no-referrer"></iframe>
  </div>
`;

const gallery = (production, deliverable, images) => html`
  <ul class="gallery" aria-label="Images" key="gallery-${deliverable.revision}">
    ${images.map(({ name, width, height }) => {
      const url = storageUrl(production, deliverable, name);
      const id = name.replace(/^.*\/|\.\w+$/g, "");
      const asset = production.assets.find((a) => a.asset_id === id);
      return html`
        <li key=${name}>
          <a href=${url} target="_blank" rel="noopener">
            <img src=${url} alt=${asset?.label || id} width=${width} height=${height} loading="lazy">
          </a>
        </li>
      `;
    })}
  </ul>
`;

function downloads(production, deliverable, state, app) {
  const file = ({ name, role, bytes, language }) => html`
    <a class="button" key=${name} href=${storageUrl(production, deliverable, name)} target="_blank" rel="noopener"
      download=${name.replace(/^.*\//, "")}>
      <span>${FILE_LABELS[role] ?? role}${language && ` · ${languageNames.of(language)}`}</span>
      <span class="quiet">${fileSize(bytes)}</span>
    </a>
  `;
  const others = deliverable.files.filter((f) => f.role !== "image" && f.role !== "screen-text");
  return html`
    <div class="downloads">
      <a class="button primary" href=${production.url("deliverable.zip")} download>
        ${icon("download")}<span>Download all</span>
      </a>
      ${others.slice(0, 1).map(file)}
      <details class="files">
        <summary>Other files</summary>
        <div class="downloads">
          ${others.slice(1).map(file)}
          <a class="button" href=${storageUrl(production, deliverable, "manifest.json")} target="_blank" rel="noopener">
            <span>Manifest</span>
          </a>
        </div>
      </details>
      ${deliverable.files.some((f) => f.role === "timeline") && exports(production)}
      ${provenance(`${production.path}/provenance`, state, app, `provenance-${deliverable.revision}`)}
      ${deliverable.revision > 1 && revisions(production, deliverable, state, app)}
    </div>
  `;
}

/** The film as archives for editing software: its timeline, takes, captions and markers. */
const exports = (production) => html`
  <details class="files">
    <summary>Export for editing</summary>
    <div class="downloads">
      ${EXPORTS.map(([format, software, name]) => html`
        <a class="button" key=${format} href=${production.url(`export?to=${format}`)} download>
          <span>${software}</span><span class="quiet">${name}</span>
        </a>
      `)}
    </div>
  </details>
`;

/** All revisions, loaded when the list is opened. */
function revisions(production, deliverable, state, app) {
  const load = () =>
    get(`${production.path}/deliverables`).then(
      (found) => ((state.revisions = found.revisions), app.update()),
      () => (state.revisions = null),
    );
  const link = ({ name, url }, n) => [n > 0 && ", ", html`<a href=${url} target="_blank" rel="noopener">${name}</a>`];
  return html`
    <details class="files revisions" ontoggle=${(e) => e.target.open && load()}>
      <summary>Revision ${deliverable.revision}</summary>
      ${state.revisions && html`
        <ul>
          ${state.revisions.map((r) => html`
            <li key=${r.revision}>
              <strong>Revision ${r.revision}</strong> · ${ago(r.stored_at)}: ${r.files.map(link)}
            </li>
          `)}
        </ul>
      `}
    </details>
  `;
}

function staleAssets(production, actions) {
  const stale = production.assets.filter((a) => a.record?.stale && a.record.status === "completed");
  if (!stale.length) return null;
  const assets = `${count(stale.length, "asset")} made from inputs that have changed since`;
  return html`
    <div class="note">
      ${icon("redo")}
      <div>
        <p>${assets}: ${stale.map((a) => a.asset_id).join(", ")}. Nothing is made again automatically.</p>
        ${refreshButton(production, stale, actions, "refresh-all")}
        ${actions.note("refresh-all")}
      </div>
    </div>
  `;
}
