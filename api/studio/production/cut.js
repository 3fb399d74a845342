// The cut of a film: how each shot follows the one before, and how the film ends. It changes no take.

import { button, checkbox, field, select } from "../lib/components.js";
import { html } from "../lib/dom.js";
import { rebased } from "../lib/drafts.js";
import { clock, count } from "../lib/format.js";
import { sheet } from "../lib/regions.js";
import { assetNames } from "./shots.js";

const KINDS = [["cut", "Cut"], ["dissolve", "Dissolve"], ["fade", "Fade through black"], ["wipe", "Wipe"]];
const FIRST_KINDS = [["cut", "Cut"], ["fade", "Fade from black"]];
const SECONDS = 0.5;
export const SHARED = ["dissolve", "wipe"]; // these show both shots, so the film is shorter by their length

/** The shots that the film shows one after the other: its videos, or its stills if it has none; no version of another. */
export function filmShots(production) {
  if (production.data.brief.platform !== "video") return [];
  const placed = production.assets.filter((a) => !a.record?.replaces);
  const videos = placed.filter((a) => a.asset_type === "video");
  return videos.length ? videos : placed.filter((a) => a.asset_type === "image");
}

/** A shot and the versions that take its place one after the other; the film shows the last one. */
export function versionsOf(production, shot) {
  const found = [shot];
  const next = () => production.assets.find((a) => a.record?.replaces === found.at(-1).asset_id);
  for (let version = next(); version && !found.includes(version); version = next()) found.push(version);
  return found;
}

const CARDS = [["title", "Title over the begin", "Nothing is shown without text."], ["end_card", "End card after the last shot", ""]];
const CARD_SECONDS = 3;
const NAMED_PARTS = 2;
const OWN_SOUND_DB = -10;
const CAPTIONS = [
  ["sidecar", "Beside the picture"], ["plain", "In the picture"], ["boxed", "On a box"], ["words", "Word by word"],
];
const LOUDNESS = [["-14", "Streaming, -14 LUFS"], ["-23", "Broadcast, -23 LUFS"]];
const ASPECTS = ["16:9", "9:16", "1:1", "4:5"];

const joins = (cut) => Object.values(cut?.transitions ?? {}).filter((each) => each.kind !== "cut");

/** What the button says about the cut. */
export function cutSummary(cut) {
  const parts = [
    joins(cut).length && count(joins(cut).length, "transition"),
    cut?.title && "title",
    cut?.lower_thirds?.length && count(cut.lower_thirds.length, "lower third"),
    cut?.end_card && "end card",
    cut?.captions && cut.captions !== "sidecar" && "captions in the picture",
    cut?.renditions?.length && `also ${cut.renditions.join(", ")}`,
    cut?.fade_out_seconds > 0 && "fade-out",
  ].filter(Boolean);
  if (!parts.length) return "Cut";
  const more = parts.length > NAMED_PARTS ? ` + ${parts.length - NAMED_PARTS} more` : "";
  return `Cut · ${parts.slice(0, NAMED_PARTS).join(", ")}${more}`;
}

const plannedCut = (production) => production.plan.cut ?? { transitions: {}, fade_out_seconds: 0 };
const NO_DRAFT = { cut: null, cutBase: null };

/** The cut as it is being edited, in the sheet or on the timeline, with what others have changed since. */
export function draftOf(production, state, onConflict) {
  const planned = plannedCut(production);
  return state.cut ? rebased(state.cutBase, state.cut, planned, onConflict) : planned;
}

/** Change the draft. */
export const changeCut = (production, { state, set }, more) => set({
  cut: { ...draftOf(production, state), ...more }, cutBase: state.cutBase ?? plannedCut(production),
});

export const discardCut = (set) => set(NO_DRAFT);

/** A warning that others have changed the same values meanwhile, which the draft would replace. */
function conflictNote(production, state) {
  const values = [];
  draftOf(production, state, (keys) => values.push(keys.join(" ").replaceAll("_", " ")));
  return values.length > 0 && html`
    <p class="note" role="alert">
      ${`Someone else has changed ${values.join(", ")} meanwhile. Apply the cut to replace that, or discard yours.`}
    </p>
  `;
}

/** The button that sends the draft, with what is to be known before. */
export function applyCut(production, { actions, state, set }) {
  const apply = () => actions.run("cut", async () => {
    await production.edit([{ op: "cut", cut: draftOf(production, state) }]);
    set({ cutting: false, ...NO_DRAFT });
  });
  return html`
    ${conflictNote(production, state)}
    ${actions.note("cut")}
    ${button("Apply the cut", apply, { variant: "primary", busy: actions.busy("cut"), disabled: !state.cut })}
  `;
}

/** The aspect of a rendition: its own, or that of its destination. */
export const renditionAspect = (name, destinations) => destinations.find((each) => each.name === name)?.aspect ?? name;

/** What a destination takes, in a few words. */
function limitsOf({ aspect, most_seconds: most, loudness_lufs: lufs, muted }) {
  const parts = [aspect, most && `up to ${clock(most)}`, `${lufs} LUFS`, muted && "captions in the picture"];
  return parts.filter(Boolean).join(", ");
}

export function cutSheet(production, { actions, state, set, destinations }) {
  const shots = filmShots(production);
  const names = assetNames(production.assets);
  const cut = draftOf(production, state);
  const close = () => set({ cutting: false }); // the timeline shows the draft
  const change = (more) => changeCut(production, { state, set }, more);

  function join(shot, given) {
    const transitions = { ...cut.transitions };
    if (given.kind === "cut") delete transitions[shot.asset_id];
    else transitions[shot.asset_id] = given;
    change({ transitions });
  }

  function row(shot, number) {
    const { asset_id: id } = shot;
    const { kind, seconds } = cut.transitions[id] ?? { kind: "cut", seconds: SECONDS };
    const name = names.get(id);
    return html`
      <li key=${id}>
        <label for=${`join-${id}`}><span class="hint">${number + 1}</span> <span dir="auto">${name}</span></label>
        ${select(`join-${id}`, number ? KINDS : FIRST_KINDS, kind, (next) => join(shot, { kind: next, seconds }))}
        ${kind !== "cut" && html`
          <input type="number" min="0.1" max="5" step="0.1" .value=${String(seconds)}
            aria-label=${`Seconds of the transition into ${name}`}
            onchange=${(e) => join(shot, { kind, seconds: Number(e.target.value) || SECONDS })}>
        `}
      </li>
    `;
  }

  function card([name, label, hint]) {
    const { text = "", seconds = CARD_SECONDS } = cut[name] ?? {};
    const write = (more) => {
      const next = { text, seconds, ...more };
      change({ [name]: next.text.trim() ? next : null });
    };
    return field(`cut-${name}`, label, html`
      <div class="card-text">
        <input id=${`cut-${name}`} dir="auto" maxlength="200" .value=${text}
          oninput=${(e) => write({ text: e.target.value })}>
        <input type="number" min="0.5" max="20" step="0.5" .value=${String(seconds)} aria-label=${`${label}, seconds`}
          onchange=${(e) => write({ seconds: Number(e.target.value) || CARD_SECONDS })}>
      </div>
    `, hint);
  }

  const further = (aspect) => {
    const chosen = cut.renditions ?? [];
    const next = chosen.includes(aspect) ? chosen.filter((each) => each !== aspect) : [...chosen, aspect];
    change({ renditions: next });
  };

  const shared = joins(cut).filter((each) => SHARED.includes(each.kind)).reduce((sum, each) => sum + each.seconds, 0);
  return sheet("cut", "Cut", close, html`
    <p class="hint">How each shot begins. A new cut makes no asset again: only the film is assembled anew.</p>
    <ol class="joins">${shots.map(row)}</ol>
    ${CARDS.map(card)}
    ${field("cut-captions", "Captions", select(
      "cut-captions", CAPTIONS, cut.captions ?? "sidecar", (captions) => change({ captions }),
    ))}
    ${field("cut-loudness", "Loudness", select(
      "cut-loudness", LOUDNESS, String(cut.levels?.loudness_lufs ?? -14),
      (lufs) => change({ levels: { ...cut.levels, loudness_lufs: Number(lufs) } }),
    ))}
    ${checkbox(
      "Keep the shots' own sound", cut.levels?.own_sound !== null,
      (kept) => change({ levels: { ...cut.levels, own_sound: kept ? OWN_SOUND_DB : null } }), "own-sound",
    )}
    <fieldset class="row tight">
      <legend>Also in these aspects, without another approval</legend>
      ${ASPECTS.filter((aspect) => aspect !== production.data.brief.aspect).map((aspect) => checkbox(
        aspect, (cut.renditions ?? []).includes(aspect), () => further(aspect), `aspect-${aspect}`,
      ))}
    </fieldset>
    ${destinations.length > 0 && html`
      <fieldset class="checks">
        <legend>For these destinations, each checked against its limits</legend>
        ${destinations.map((each) => checkbox(
          `${each.label} · ${limitsOf(each)}`, (cut.renditions ?? []).includes(each.name), () => further(each.name),
          `destination-${each.name}`,
        ))}
      </fieldset>
    `}
    ${(cut.renditions ?? []).some((name) => destinations.find((each) => each.name === name)?.muted) && field(
      "cut-muted", "Captions where films play without sound at first", select(
        "cut-muted", CAPTIONS, cut.muted_captions ?? "boxed", (muted_captions) => change({ muted_captions }),
      ),
    )}
    ${field("fade-out", "Fade to black at the end, in seconds", html`
      <input id="fade-out" type="number" min="0" max="5" step="0.1" .value=${String(cut.fade_out_seconds)}
        onchange=${(e) => change({ fade_out_seconds: Number(e.target.value) || 0 })}>
    `, "0 for none.")}
    ${shared > 0 && html`
      <p class="hint">${`Dissolves and wipes show two shots at once: the film is ${shared.toFixed(1)} s shorter.`}</p>
    `}
    ${applyCut(production, { actions, state, set })}
  `);
}
