// The fields of a brief, except its text, modalities and references.

import { checkbox, field, moneyInput, select } from "../lib/components.js";
import { html } from "../lib/dom.js";
import { clock } from "../lib/format.js";
import { PLATFORMS } from "../lib/platforms.js";

const ASPECTS = ["16:9", "9:16", "1:1", "4:3", "3:4", "4:5", "21:9"];
export const LANGUAGES = "en de fr es it pt nl pl sv da fi cs el tr uk ja ko zh ar hi".split(" ");
export const languageNames = new Intl.DisplayNames([navigator.language, "en"], { type: "language" });

const isVideo = (draft) => draft.platform === "video";

export const platformField = (draft, set) => html`
  <fieldset>
    <legend>Platform</legend>
    <div class="platforms">
      ${Object.entries(PLATFORMS).map(([name, [label, about]]) => html`
        <label class="platform" key=${name}>
          <input type="radio" name="platform" value=${name} .checked=${draft.platform === name}
            onchange=${() => set({ platform: name })}>
          <span class="words"><strong>${label}</strong><span>${about}</span></span>
        </label>
      `)}
    </div>
  </fieldset>
`;

/** Aspect ratio, length and language; `limits` are the API's. */
export const formatFields = (draft, set, limits) => html`
  <div class="grid three">
    <fieldset class="aspects">
      <legend>Aspect ratio</legend>
      <div class="row tight">${ASPECTS.map((aspect) => aspectOption(aspect, draft, set))}</div>
    </fieldset>
    ${field("duration", "Length in seconds", html`
      <input id="duration" type="number" inputmode="decimal" aria-describedby="duration-hint" step="any"
        placeholder="As the brief says"
        min=${limits.min_video_seconds} max=${limits.max_video_seconds} .value=${String(draft.duration_seconds)}
        disabled=${!isVideo(draft)} oninput=${(e) => set({ duration_seconds: e.target.value })}>
    `, lengthHint(draft, limits))}
    ${field("language", "Language", select(
      "language",
      [...new Set([draft.language, ...LANGUAGES])].map((tag) => [tag, languageNames.of(tag)]),
      draft.language,
      (language) => set({ language }),
    ))}
  </div>
  ${isVideo(draft) && furtherLanguages(draft, set)}
`;

const MOST_LANGUAGES = 8;

/** Further languages of a film, which share its pictures. */
function furtherLanguages(draft, set) {
  const chosen = (draft.further ?? []).filter((tag) => tag !== draft.language);
  const free = LANGUAGES.filter((tag) => tag !== draft.language && !chosen.includes(tag));
  return html`
    <div class="row tight">
      ${chosen.length < MOST_LANGUAGES - 1 && field("further", "Also in", select(
        "further",
        [["", chosen.length ? "Another language" : "No other language"], ...free.map((tag) => [tag, languageNames.of(tag)])],
        "",
        (tag) => tag && set({ further: [...chosen, tag] }),
      ), "The same pictures, with narration and captions in each language.")}
      ${chosen.map((tag) => html`
        <button type="button" class="chip" key=${tag} aria-label="Remove ${languageNames.of(tag)}"
          onclick=${() => set({ further: chosen.filter((each) => each !== tag) })}>${languageNames.of(tag)} ×</button>
      `)}
    </div>
  `;
}

function lengthHint(draft, { min_video_seconds: least, max_video_seconds: most }) {
  if (!isVideo(draft)) return "Only a video has a length.";
  const seconds = Number(draft.duration_seconds);
  const asMinutes = seconds >= 60 && `That is ${clock(seconds)} ${seconds >= 3_600 ? "hours" : "minutes"}.`;
  return [most && `From ${least} to ${most} seconds.`, asMinutes].filter(Boolean).join(" ");
}

/** The length as a field of a brief; without one, the words of the brief decide. */
export const lengthOf = (draft) =>
  isVideo(draft) && draft.duration_seconds !== "" ? { duration_seconds: Number(draft.duration_seconds) } : {};

function aspectOption(aspect, draft, set) {
  const [width, height] = aspect.split(":").map(Number);
  const vars = { "--w": width, "--h": height, "--m": Math.max(width, height) };
  return html`
    <label class="aspect" key=${aspect} title=${aspect}>
      <input type="radio" name="aspect" value=${aspect} aria-label=${aspect} .checked=${draft.aspect === aspect}
        onchange=${() => set({ aspect })}>
      <span class="shape" vars=${vars}></span>
      <span class="ratio" aria-hidden="true">${aspect}</span>
    </label>
  `;
}

/** Title, style and budget. */
export const detailFields = (draft, set) => html`
  <div class="grid three">
    ${field("title", "Title", html`
      <input id="title" dir="auto" placeholder="Chosen by the planner" .value=${draft.title}
        oninput=${(e) => set({ title: e.target.value })}>
    `)}
    ${field("style", "Style", html`
      <input id="style" dir="auto" placeholder="e.g. grainy 16 mm, calm, blue hour" .value=${draft.style}
        oninput=${(e) => set({ style: e.target.value })}>
    `)}
    ${field("budget", "Budget", moneyInput(
      "budget", draft.budget_usd, "Decide with the plan", (budget_usd) => set({ budget_usd }),
    ))}
  </div>
`;

/** How takes are reviewed; without a choice, as the workers are set. */
const REVIEWS = [
  ["", "As the workers are set"],
  ["off", "Checks alone"],
  ["advise", "A judge scores each take"],
  ["gate", "A person decides about low scores"],
];

/** The review that a brief requests; `review` is that of a brief which was copied, with its rules and criteria. */
export const qualityOf = ({ quality, refinements, review }) =>
  quality === "off" ? { mode: quality } : { ...review, mode: quality, refinements: Number(refinements) };

export const qualityFields = (draft, set) => html`
  <details .open=${Boolean(draft.quality) || null}>
    <summary>Quality</summary>
    <div class="grid two">
      ${field("quality", "Review of takes", select(
        "quality", REVIEWS, draft.quality ?? "", (quality) => set({ quality }),
      ), "The plan states what verdicts and refinements cost.")}
      ${["advise", "gate"].includes(draft.quality) && field("refinements", "Refinements at most", html`
        <input id="refinements" type="number" min="0" max="4" .value=${String(draft.refinements ?? 0)}
          oninput=${(e) => set({ refinements: e.target.value })}>
      `, "An asset is made again with the judge's better prompt.")}
    </div>
  </details>
`;

const STAGES = "planner enhancer translator analyst transcriber classifier extractor judge".split(" ");

/** The models that a brief names: only those of stages that have one. */
export const modelsOf = ({ models }) =>
  Object.fromEntries(Object.entries(models ?? {}).map(([s, name]) => [s, name.trim()]).filter(([, name]) => name));

/** The language models of each stage, and whether takes of other productions may be used again. */
export const modelFields = (draft, set) => html`
  <details .open=${draft.reuse || Object.keys(modelsOf(draft)).length > 0 || null}>
    <summary>Models and reuse</summary>
    ${checkbox("Reuse takes and answers of other productions", draft.reuse, (reuse) => set({ reuse }))}
    <div class="grid three">
      ${STAGES.map((stage) => field(`model-${stage}`, stage[0].toUpperCase() + stage.slice(1), html`
        <input id="model-${stage}" placeholder="As the workers are set" spellcheck="false"
          .value=${draft.models?.[stage] ?? ""}
          oninput=${(e) => set({ models: { ...draft.models, [stage]: e.target.value } })}>
      `))}
    </div>
    <p class="hint">A model is written as provider/model.</p>
  </details>
`;

/** How many people have to approve, and whether the stills are approved before any video is generated. */
export const approvalFields = (draft, set) => html`
  <details .open=${draft.stills_first || draft.draft || draft.approvers > 1 || null}>
    <summary>Approval</summary>
    <div class="grid two">
      ${field("approvers", "Required approvers", html`
        <input id="approvers" type="number" min="1" max="10" .value=${String(draft.approvers)}
          oninput=${(e) => set({ approvers: e.target.value })}>
      `)}
      ${isVideo(draft) && checkbox(
        "Approve the stills before any video is generated",
        draft.stills_first,
        (stills_first) => set({ stills_first }),
      )}
      ${checkbox("Make a draft on cheaper models first", draft.draft, (on) => set({ draft: on }))}
    </div>
  </details>
`;
