// The form that turns a brief into a production.

import { Actions } from "../lib/actions.js";
import { ApiError, get, newKey, post } from "../lib/api.js";
import { button, excess, excessNote, icon, loadFailure } from "../lib/components.js";
import { html } from "../lib/dom.js";
import { listed } from "../lib/format.js";
import { MODALITIES, PLATFORMS } from "../lib/platforms.js";
import { actorName, drafts, hasRole } from "../lib/session.js";
import { EXAMPLES } from "./examples.js";
import {
  approvalFields, detailFields, formatFields, lengthOf, modelFields, modelsOf, platformField, qualityFields, qualityOf,
} from "./fields.js";
import { referencesField } from "./references.js";

const EMPTY = {
  text: "",
  platform: "video",
  off: [],
  title: "",
  style: "",
  language: "en",
  kept_language: "",
  further: [],
  aspect: "16:9",
  duration_seconds: "",
  budget_usd: "",
  references: [],
  stills_first: false,
  draft: false,
  quality: "",
  refinements: 0,
  models: {},
  reuse: false,
  approvers: 1,
};
const requester = () => (actorName() === "someone" ? "anonymous" : actorName());
const furtherOf = ({ further, language }) => (further ?? []).filter((tag) => tag !== language);
const ALL = Object.keys(MODALITIES);
const RETRY_MS = 4_000;
const NO_WORKER =
  "No worker is responding. Start one with `make up`; until then a brief that you send waits to be planned.";

export function open([from], app) {
  const actions = new Actions(app);
  const referencesState = {};
  let question = null; // about the language: loaded with the first text
  let loading = null;
  let voice = null;
  let closed = false;
  let draft = { ...EMPTY, ...drafts.get("brief") };
  let replaced = drafts.get("replaced"); // the draft that a copied brief has replaced
  let key = newKey();
  let platforms = null;
  let limits = {};
  let interviews = null;
  let warning = null;
  let uploads = Promise.resolve();
  let timer = 0;
  let waits = false; // for the answer about the language, to start

  const most = () => limits.references ?? Infinity;

  function set(change) {
    draft = { ...draft, ...change };
    key = newKey(); // a changed brief starts another production
    drafts.set("brief", draft);
    if ("text" in change) {
      waits = false;
      loadQuestion().then(() => question?.checkSoon(draft.text));
    }
    app.update();
  }

  async function load() {
    try {
      ({ platforms, limits, interviews } = await get("platforms"));
      warning = platforms.every((p) => p.enabled_providers) ? null : NO_WORKER;
    } catch (error) {
      warning = error.message;
    }
    if (warning) timer = setTimeout(load, RETRY_MS);
    app.update();
  }

  /** Fill the form with the brief of an earlier production. */
  async function copyBrief() {
    const { brief } = await get(`productions/${encodeURIComponent(from)}`);
    if (draft.text.trim() && draft.text !== brief.text) replace(draft);
    set({
      ...EMPTY,
      ...brief,
      references: brief.references.filter((each) => !each.memo), // the text has the words of a memo
      off: ALL.filter((m) => !brief.modalities.includes(m)),
      language: brief.languages[0],
      further: brief.languages.slice(1),
      budget_usd: brief.budget_usd ?? "",
      quality: brief.quality?.mode ?? "",
      refinements: brief.quality?.refinements ?? 0,
      review: brief.quality,
      stills_first: brief.approval.stills_first,
      approvers: brief.approval.approvers,
    });
    history.replaceState(null, "", "#/"); // a reload keeps what is changed from now on
  }

  /** Fill the form with what was said; what was not said stays. */
  function fillSpoken({ text, title, style, platform, languages, aspect, duration_seconds, budget_usd, references }) {
    const said = { text, title, style, platform, aspect, duration_seconds, budget_usd };
    set({
      ...Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)),
      ...(languages && { language: languages[0], further: languages.slice(1), kept_language: languages[0] }),
      ...(references && {
        references: [...references, ...draft.references.filter((each) => !each.memo)].slice(0, most()),
      }),
    });
  }

  function replace(other) {
    replaced = other;
    drafts.set("replaced", other);
  }

  function exchange() {
    const other = replaced;
    replace(draft);
    set(other);
  }

  /** Resolves also where it cannot be loaded: then the plan warns. */
  function loadQuestion() {
    const made = ({ LanguageQuestion }) => void (question = new LanguageQuestion(app));
    return (loading ??= import("./language.js").then(made, () => void (loading = null)));
  }

  /** The first view does not wait for it. */
  async function loadVoice() {
    const { VoiceMemo } = await import("./voice.js");
    if (closed) return;
    voice = new VoiceMemo(app, actions, { fill: fillSpoken, requester, interviews: () => interviews });
    const spoken = draft.references[0]?.memo;
    if (spoken) voice.recall(spoken);
    app.update();
  }

  load();
  if (hasRole("requester")) loadVoice().catch(() => {});
  if (draft.text) loadQuestion().then(() => question?.checkSoon(draft.text));
  if (from) actions.run("copy", copyBrief);

  const platform = () => platforms?.find((p) => p.platform === draft.platform);

  /** The modalities of the platform for which no provider is enabled. */
  function missing() {
    const providers = platform()?.enabled_providers;
    return providers ? platform().modalities.filter((m) => !providers[m]?.length) : [];
  }

  async function send() {
    await loadQuestion();
    await question?.check(draft.text);
    waits = Boolean(question?.open(draft));
    if (waits) return document.getElementById("use-language")?.focus();
    if (!platforms) await load(); // the modalities of the platform are not known yet
    const chosen = platform()?.modalities.filter(
      (m) => m === "text" || (!draft.off.includes(m) && !missing().includes(m)),
    );
    const brief = {
      text: draft.text,
      platform: draft.platform,
      ...(chosen && { modalities: chosen }),
      title: draft.title,
      style: draft.style,
      languages: [draft.language, ...(draft.platform === "video" ? furtherOf(draft) : [])],
      aspect: draft.aspect,
      requester: requester(),
      approval: { stills_first: draft.stills_first && draft.platform === "video", approvers: Number(draft.approvers) },
    };
    if (draft.draft) brief.draft = true;
    if (draft.quality) brief.quality = qualityOf(draft);
    if (Object.keys(modelsOf(draft)).length) brief.models = modelsOf(draft);
    if (draft.reuse) brief.reuse = true;
    Object.assign(brief, lengthOf(draft));
    if (draft.references.length) brief.references = draft.references;
    if (draft.budget_usd !== "") brief.budget_usd = String(draft.budget_usd);
    const started = await post("productions", brief, { headers: { "Idempotency-Key": key } });
    drafts.set("brief", replaced);
    drafts.set("replaced", null);
    location.hash = `#/p/${started.production_id}`;
  }

  /** A start that waits for the answer continues with it. */
  function answerLanguage(change) {
    set(change);
    if (waits) actions.run("send", send);
  }

  function submit(event) {
    event.preventDefault();
    if (!draft.text.trim() || excess(draft.text, limits.brief_chars)) return document.getElementById("brief").focus();
    return actions.run("send", send);
  }

  /** Files that come during an upload follow it. Those that cannot be used are named, and the others are kept. */
  function upload(files) {
    const chosen = [...files];
    const add = async () => {
      const onProgress = (share) => ((referencesState.sent = share), app.update());
      const room = most() - draft.references.length;
      const { uploadReferences } = await import("./reference_upload.js");
      const { references, errors } = await uploadReferences(chosen, room, limits.kinds, onProgress);
      referencesState.sent = 0;
      if (references.length) set({ references: [...draft.references, ...references] });
      if (errors.length) throw new ApiError({ title: "Some files were not added", errors });
    };
    if (chosen.length) uploads = uploads.then(() => actions.run("references", add));
  }

  const hover = (over) => referencesState.over !== over && ((referencesState.over = over), app.update());

  /** Office adds a picture of the text. */
  function paste({ clipboardData: { types, files } }) {
    if (!types.includes("text/plain") || !types.includes("text/html")) upload(files);
  }

  /** References, budget and approval stay as they are. */
  function fill(example) {
    const { references, budget_usd, stills_first, approvers } = draft;
    set({ ...EMPTY, references, budget_usd, stills_first, approvers, ...example });
  }

  const replacedNote = () => replaced && html`
    <p class="note" role="status">
      ${icon("alert")}
      <span>
        ${"Another brief has taken the place of your draft. "}
        <button type="button" class="link" onclick=${exchange}>Exchange them</button>
      </span>
    </p>
  `;

  const textField = () => html`
    <label class="sr" for="brief">Brief</label>
    <textarea id="brief" rows="4" dir="auto" required .value=${draft.text} aria-describedby="brief-length"
      aria-invalid=${excess(draft.text, limits.brief_chars) ? "true" : null}
      placeholder="Describe the subject, the audience and the mood, as you would to a colleague."
      oninput=${(e) => set({ text: e.target.value })}
      onkeydown=${(e) => e.key === "Enter" && (e.metaKey || e.ctrlKey) && submit(e)}></textarea>
    ${excessNote(draft.text, limits.brief_chars, "brief-length")}
    ${question?.note(draft, answerLanguage)}
    ${!draft.text && html`
      <div class="row examples">
        <span class="hint">Start from</span>
        ${EXAMPLES.map(([name, example]) => html`
          <button type="button" class="link" key=${name} onclick=${() => fill(example)}>${name}</button>
        `)}
      </div>
    `}
  `;

  /** A chip that turns a modality on and off; a tooltip gives the reason why one is fixed. */
  function modalityChip(name) {
    const allowed = platform()?.modalities.includes(name) ?? true;
    const providers = platform()?.enabled_providers;
    const possible = !providers || !allowed || providers[name]?.length > 0;
    const required = name === "text";
    const fixed = required || !allowed || !possible;
    const on = allowed && possible && (required || !draft.off.includes(name));
    const reason = !allowed
      ? `${PLATFORMS[draft.platform][0]} has no ${MODALITIES[name].toLowerCase()}`
      : !possible
        ? `Configure a ${name} provider in Settings first`
        : required
          ? "Text is always on"
          : "";
    const toggle = () => set({ off: on ? [...draft.off, name] : draft.off.filter((m) => m !== name) });
    return html`
      <span class="tipped" key=${name}>
        <button type="button" class="chip" aria-pressed=${String(on)} aria-disabled=${fixed ? "true" : null}
          aria-describedby=${reason ? `why-${name}` : null} data-modality=${name} onclick=${() => !fixed && toggle()}>
          ${icon(on ? "check" : name)}${MODALITIES[name]}
        </button>
        ${reason && html`<span class="tip" role="tooltip" id="why-${name}">${reason}</span>`}
      </span>
    `;
  }

  const modalitiesField = () => html`
    <fieldset>
      <legend>Media</legend>
      <div class="row tight chips">${ALL.map(modalityChip)}</div>
      ${missing().length > 0 && html`
        <p class="hint">
          ${`No provider is enabled for ${listed(missing().map((m) => MODALITIES[m].toLowerCase()))}. `}
          <a href="#/settings">See what enables it</a>
        </p>
      `}
    </fieldset>
  `;

  function sendRow() {
    const permitted = hasRole("requester");
    return html`
      <div class="row end send">
        <p class="hint grow">
          ${permitted
            ? "You see every asset with its price before anything is generated."
            : "Only a requester can start productions."}
        </p>
        ${button("Create plan", null, {
          variant: "primary large",
          type: "submit",
          busy: actions.busy("send"),
          disabled: !draft.text.trim() || excess(draft.text, limits.brief_chars) > 0 || !permitted,
        })}
      </div>
    `;
  }

  return {
    title: () => "Create",
    close() {
      clearTimeout(timer);
      question?.close();
      closed = true;
      voice?.close();
    },
    render() {
      const problem = actions.problems.get("copy");
      if (problem) return loadFailure(problem, () => actions.run("copy", copyBrief));
      const setReferences = (references) => set({ references });
      return html`
        <form class="create" onsubmit=${submit} onpaste=${paste} novalidate
          ondragover=${(e) => hover(e.dataTransfer.types.includes("Files"))}
          ondragleave=${() => hover(false)}
          ondrop=${(e) => (hover(false), upload(e.dataTransfer.files))}>
          <h1>New production</h1>
          ${warning && html`<p class="note" role="status">${icon("alert")}<span>${warning}</span></p>`}
          ${replacedNote()}
          ${textField()}
          ${voice ? voice.render() : html`<div class="voice"></div>`}
          ${platformField(draft, set)}
          ${modalitiesField()}
          ${formatFields(draft, set, limits)}
          ${detailFields(draft, set)}
          ${referencesField(draft.references, {
            actions, state: referencesState, app, upload, most: most(), kinds: limits.kinds, set: setReferences,
          })}
          ${qualityFields(draft, set)}
          ${modelFields(draft, set)}
          ${approvalFields(draft, set)}
          ${actions.note("send")}
          ${sendRow()}
        </form>
      `;
    },
  };
}
