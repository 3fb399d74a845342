// The cut as a timeline: tracks with clips to scale, transitions and levels that are dragged, and the playing time.
// It edits the same draft of the cut as the sheet, and both send it by the same action.

import { get } from "../../lib/api.js";
import { button } from "../../lib/components.js";
import { html } from "../../lib/dom.js";
import { clock } from "../../lib/format.js";
import { applyCut, changeCut, cutSummary, discardCut, draftOf, filmShots, renditionAspect } from "../cut.js";
import { assetNames } from "../shots.js";
import { focusEditor } from "./focus.js";
import { layOut, TRACKS } from "./layout.js";

const MOST_SECONDS = 5;
const STEP = 0.1;
const KEYS = { ArrowLeft: -STEP, ArrowDown: -STEP, ArrowRight: STEP, ArrowUp: STEP };
const LEVELS = { narration: 0, music: -8, effects: -6, ambience: -16, own_sound: -10 };
const SOUND_OFF = -60;
const MOST_TICKS = 8;
const TICK_SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600];
const STILL_SECONDS = 0.1; // where the picture of a clip is taken from its video

/** `state` keeps the draft of the cut, the selected shot, the zoom and the overview of the delivered film. */
export function timelineSection(production, { actions, state, set, app, destinations }) {
  if (!filmShots(production).length) return null;
  const overview = overviewOf(production, state, app);
  const cut = draftOf(production, state);
  const film = layOut(production, cut, overview);
  const names = assetNames(production.assets);
  const editable = production.awaitingApproval || production.acceptsTakes;
  const change = (more) => editable && changeCut(production, { state, set }, more);
  const context = { production, cut, film, names, editable, change, state, set };
  const selected = film.picture.find((clip) => clip.id === state.shot);
  return html`
    <section class="timeline" aria-label="Timeline">
      <div class="row">
        <h2>Timeline</h2>
        <span class="hint tabular">${clock(film.seconds)}</span>
        <span class="grow"></span>
        <label class="zoom"><span>Zoom</span>
          <input type="range" min="1" max="20" step="0.5" .value=${String(state.zoom ?? 1)}
            oninput=${(e) => set({ zoom: Number(e.target.value) })}>
        </label>
        ${editable && button(cutSummary(production.plan.cut), () => set({ cutting: true }), { variant: "ghost" })}
      </div>
      <div class="tracks">
        <div class="heads">${heads(context)}</div>
        <div class="scroll lanes" tabindex="0" role="region" aria-label="Tracks">
          <div class="area" vars=${{ "--zoom": state.zoom ?? 1 }} created=${(node) => follow(node, production, film)}
            removed=${(node) => node.unfollow()}>
            ${ruler(production, film)}
            ${pictureTrack(context)}
            ${TRACKS.map(([track, label]) => soundTrack(track, label, context))}
            ${film.peaks.length > 0 && waveform(film)}
            <span class="now" aria-hidden="true"></span>
          </div>
        </div>
      </div>
      ${selected && focusEditor({
        id: selected.id,
        name: names.get(selected.id),
        picture: clipPicture(production, selected.id),
        aspect: production.data.brief.aspect,
        aspects: [...new Set((cut.renditions ?? []).map((each) => renditionAspect(each, destinations)))]
          .filter((each) => each !== production.data.brief.aspect),
        focus: cut.focus?.[selected.id],
        change: (focus) => change({ focus: { ...cut.focus, [selected.id]: focus } }),
      })}
      ${state.cut && !state.cutting && html`
        <div class="row tight">
          ${applyCut(production, { actions, state, set })}
          ${button("Discard", () => discardCut(set), { variant: "ghost" })}
        </div>
      `}
    </section>
  `;
}

/** The overview of the delivered film, loaded once for each revision; undefined without one. */
function overviewOf(production, state, app) {
  const { deliverable } = production.data;
  const file = deliverable?.files.find((f) => f.role === "overview");
  if (!file) return undefined;
  const key = deliverable.revision;
  state.overviews ??= {};
  if (!(key in state.overviews)) {
    state.overviews[key] = undefined;
    get(production.url(`deliverable/${key}/${file.name}`)).then(
      (found) => ((state.overviews[key] = found), app.update()),
      () => {}, // the timeline then shows what the plan expects
    );
  }
  return state.overviews[key];
}

const place = (film, start, seconds) => ({ "--at": start / film.seconds, "--long": seconds / film.seconds });

/** Move the line with the player, and the player with the ruler. */
function follow(area, production, film) {
  const show = () => {
    const player = document.getElementById(`film-${production.id}`);
    const time = player?.currentTime ?? 0;
    area.style.setProperty("--now", String(player?.duration ? time / player.duration : 0));
    const ruler = area.querySelector(".playhead");
    if (ruler && document.activeElement !== ruler) ruler.value = String(time);
  };
  // Events of media do not bubble, but they are captured.
  for (const event of ["timeupdate", "seeked"]) document.addEventListener(event, show, true);
  area.unfollow = () => {
    for (const event of ["timeupdate", "seeked"]) document.removeEventListener(event, show, true);
  };
}

function ruler(production, film) {
  const seek = (e) => {
    const player = document.getElementById(`film-${production.id}`);
    if (player) player.currentTime = Number(e.target.value);
  };
  const every = TICK_SECONDS.find((seconds) => film.seconds / seconds <= MOST_TICKS) ?? TICK_SECONDS.at(-1);
  const times = Array.from({ length: Math.ceil(film.seconds / every) }, (_, n) => n * every);
  return html`
    <div class="ruler">
      ${times.map((time) => html`
        <span key=${time} class="tick tabular" vars=${place(film, time, 0)}>${clock(time)}</span>
      `)}
      ${production.data.deliverable && html`
        <input class="playhead" type="range" min="0" max=${film.seconds} step="0.04" .value="0" aria-label="Playing time"
          oninput=${seek}>
      `}
    </div>
  `;
}

function pictureTrack({ production, film, names, cut, editable, change, state, set }) {
  return html`
    <ol class="track picture" aria-label="Picture">
      ${film.picture.map((clip, index) => html`
        <li class="clip" key=${clip.id} vars=${place(film, clip.start, clip.seconds)}>
          <button type="button" class="face" aria-pressed=${String(state.shot === clip.id)}
            title=${names.get(clip.id)} onclick=${() => set({ shot: state.shot === clip.id ? null : clip.id })}>
            ${clipPicture(production, clip.id)}
            <span class="name" dir="auto">${names.get(clip.id)}</span>
          </button>
          ${(index > 0 || cut.transitions?.[clip.id]) &&
            joinHandle(clip, names.get(clip.id), index, { film, cut, editable, change })}
        </li>
      `)}
      ${film.card > 0 && html`
        <li class="clip card-clip" vars=${place(film, film.seconds - film.card, film.card)}>
          <span class="name" dir="auto">${cut.end_card.text}</span>
        </li>
      `}
    </ol>
  `;
}

/** The handle of the transition into a shot: its length is dragged, or changed with the arrow keys. */
function joinHandle(clip, name, index, { film, cut, editable, change }) {
  const join = cut.transitions?.[clip.id];
  const seconds = join && join.kind !== "cut" ? join.seconds : 0;
  const kind = seconds ? join.kind : "cut";
  const most = Math.min(MOST_SECONDS, clip.seconds / 2, index ? film.picture[index - 1].seconds / 2 : MOST_SECONDS);
  const put = (wanted) => {
    const length = Math.round(Math.min(most, Math.max(0, wanted)) * 10) / 10;
    const transitions = { ...cut.transitions };
    if (length < STEP) delete transitions[clip.id];
    else transitions[clip.id] = { kind: seconds ? join.kind : index ? "dissolve" : "fade", seconds: length };
    change({ transitions });
  };
  const drag = (e) => {
    if (!e.currentTarget.hasPointerCapture(e.pointerId)) return;
    const handle = e.currentTarget;
    const width = handle.closest(".area").getBoundingClientRect().width;
    put(handle.from + ((e.clientX - handle.x) / width) * film.seconds);
  };
  const onKey = (e) => {
    const step = e.key in KEYS ? KEYS[e.key] : e.key === "Home" ? -MOST_SECONDS : null;
    if (step === null) return;
    e.preventDefault();
    put(seconds + step);
  };
  const grab = (e) => {
    const handle = e.currentTarget;
    Object.assign(handle, { x: e.clientX, from: seconds });
    handle.setPointerCapture(e.pointerId);
  };
  return html`
    <span class="join ${kind}" role="slider" tabindex=${editable ? "0" : null} aria-disabled=${String(!editable)}
      aria-label=${`Transition into ${name}`} aria-valuemin="0" aria-valuemax=${most.toFixed(1)}
      aria-valuenow=${seconds} aria-valuetext=${seconds ? `${kind} of ${seconds} s` : "cut"}
      vars=${{ "--join": seconds / film.seconds, "--clip": clip.seconds / film.seconds }}
      onpointerdown=${editable && grab} onpointermove=${editable && drag} onkeydown=${editable && onKey}></span>
  `;
}

function soundTrack(track, label, { film, names }) {
  const clips = film.sounds.filter((sound) => sound.track === track);
  return html`
    <ol class="track sound ${track}" key=${track} aria-label=${label}>
      ${clips.map((clip, n) => html`
        <li class="clip" key="${clip.id}-${n}" title=${names.get(clip.id)} vars=${place(film, clip.start, clip.seconds)}>
          <span class="name" dir="auto">${names.get(clip.id) ?? clip.id}</span>
        </li>
      `)}
    </ol>
  `;
}

/** The names of the tracks, and the level of each, which is dragged or changed with the arrow keys. */
function heads({ cut, editable, change, film }) {
  const level = (track) => {
    const given = cut.levels?.[track];
    return given === null ? SOUND_OFF : given ?? LEVELS[track];
  };
  const put = (track, value) => {
    const off = track === "own_sound" && value <= SOUND_OFF;
    change({ levels: { ...cut.levels, [track]: off ? null : value } });
  };
  const said = (value) => (value <= SOUND_OFF ? "off" : `${value} dB`);
  return [
    html`<div class="head"></div>`,
    html`<div class="head picture"><span>Picture</span></div>`,
    ...TRACKS.map(([track, label]) => html`
      <label class="head" key=${track}>
        <span>${label}</span><span class="hint tabular">${said(level(track))}</span>
        <input type="range" min=${SOUND_OFF} max="12" step="1" .value=${String(level(track))} disabled=${!editable}
          aria-label=${`Level of ${label.toLowerCase()}, dB`} aria-valuetext=${said(level(track))}
          oninput=${(e) => put(track, Number(e.target.value))}>
      </label>
    `),
    film.peaks.length > 0 && html`<div class="head mix"><span>Mix</span></div>`,
  ];
}

/** The waveform of the mix, as it was computed when the film was finished. */
function waveform({ peaks }) {
  const top = peaks.map((peak, n) => `${n} ${50 - peak / 2}`);
  const low = peaks.map((peak, n) => `${n} ${50 + peak / 2}`).reverse();
  return html`
    <div class="track mix" role="img" aria-label="Waveform of the mix">
      <svg viewBox="0 0 ${Math.max(1, peaks.length - 1)} 100" preserveAspectRatio="none" aria-hidden="true">
        <path d=${`M${top.join("L")}L${low.join("L")}Z`} />
      </svg>
    </div>
  `;
}

/** The URL of the picture that shows a shot: its own, or the still that it is made from; an uploaded file has none. */
function pictureOf(production, id) {
  const asset = production.assets.find((a) => a.asset_id === id);
  if (asset?.asset_type === "video" && asset.record?.provider === "upload") return undefined;
  const stills = production.assets.filter((a) => a.asset_type === "image" && asset?.depends_on?.includes(a.asset_id));
  const shown = asset?.asset_type === "image" ? asset : stills.find((a) => a.record?.file_url);
  return shown?.record?.file_url;
}

function clipPicture(production, id) {
  const picture = pictureOf(production, id);
  if (picture) return html`<img key=${picture} src=${picture} alt="" loading="lazy" decoding="async" draggable="false">`;
  const video = production.assets.find((a) => a.asset_id === id)?.record?.file_url;
  return video && html`
    <video key=${video} src="${video}#t=${STILL_SECONDS}" preload="metadata" muted playsinline tabindex="-1"></video>
  `;
}
