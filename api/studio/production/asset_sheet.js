// The sheet of one asset: its part of the plan, its pending decision, and its takes.

import { button, field, icon, select } from "../lib/components.js";
import { html } from "../lib/dom.js";
import { dotted, listed, quotePrice } from "../lib/format.js";
import { modalityLabel, pill } from "../lib/parts.js";
import { sheet } from "../lib/regions.js";
import { attentionCard } from "./attention_card.js";
import { assetCost } from "./costs.js";
import { PICTURES, picturesFor } from "./illustrated.js";
import { fromModelKey, modelKey } from "./model.js";
import { deliveryField, isSpoken } from "./delivery.js";
import { assetNames, shotsOf } from "./shots.js";
import { modelSelect, newTakesForm, staleNote, takesSection } from "./takes.js";
import { voiceSample } from "./voice_sample.js";

/** What a shot starts from and ends with. */
const FRAMES = [
  { name: "continues", title: "Starts from the last frame of", type: "video" },
  { name: "last_frame", title: "Ends with the picture", type: "image" },
];

/** What the user types into the sheet; a closed sheet keeps it. `edits` are the changed fields of the plan. */
export const newSheetState = (typed) => ({
  edits: {},
  feedback: "",
  count: 1,
  how: "same",
  budget: "",
  model: null,
  ...typed,
});

/** The edits that differ from the plan, as the API accepts them. */
export function unsavedEdits(asset, edits = {}) {
  const changes = {};
  const parameters = Object.entries(edits.parameters ?? {})
    .map(([name, text]) => [name, parameterValue(text)])
    .filter(([name, value]) => !equal(value, asset.parameters[name] ?? null));
  if (edits.prompt !== undefined && edits.prompt.trim() !== asset.prompt.trim()) changes.prompt = edits.prompt;
  if (edits.delivery !== undefined && edits.delivery.trim() !== asset.delivery) changes.delivery = edits.delivery;
  if (edits.model && edits.model !== modelKey(asset)) Object.assign(changes, fromModelKey(edits.model));
  if (edits.depends_on && !equal(edits.depends_on, asset.depends_on)) changes.depends_on = edits.depends_on;
  for (const { name } of FRAMES) {
    if (edits[name] !== undefined && edits[name] !== asset[name]) changes[name] = edits[name];
  }
  if (parameters.length) changes.parameters = Object.fromEntries(parameters);
  return changes;
}

const equal = (one, other) => JSON.stringify(one) === JSON.stringify(other);

export function assetSheet(production, asset, { actions, state, app, models, close, attentionContext }) {
  const { record } = asset;
  const { awaitingApproval } = production;
  const cost = assetCost(asset);
  const set = (change) => (Object.assign(state, change), app.update());
  const context = { production, asset, actions, state, set, app, models, close };
  const hasTakes = production.acceptsTakes && record;
  const name = assetNames(production.assets).get(asset.asset_id);
  return sheet(`sheet-${asset.asset_id}`, name, close, html`
    <p class="row tight">
      ${modalityLabel(asset.asset_type)}
      <code>${asset.asset_id}</code>
      <span class=${cost?.tone || "quiet"}>${cost?.text ?? quotePrice(asset.quote)}</span>
      ${record?.stale && pill("paused", "Stale")}
    </p>
    ${awaitingApproval && asset.fallbacks?.length > 0 && html`
      <p class="hint">${fallbacksText(asset)}</p>
    `}
    ${record?.waiting && attentionCard(record.waiting, { ...attentionContext, asset, sheet: true })}
    ${record?.stale && staleNote(context)}
    ${hasTakes && takesSection(context)}
    ${awaitingApproval ? planEditor(context) : hasTakes && !record.waiting && newTakesForm(context)}
    ${!awaitingApproval && planDetails(asset)}
    ${!awaitingApproval && asset.depends_on.length > 0 && html`
      <p class="hint">
        Made from ${listed(asset.depends_on)}.${asset.continues && ` It starts from the last frame of ${asset.continues}.`}
      </p>
    `}
  `);
}

function fallbacksText({ provider, model, fallbacks }) {
  const others = fallbacks.map((f) => `${f.provider} ${f.model} (${quotePrice(f.quote)})`).join(", otherwise by ");
  return `If ${provider} ${model} fails permanently and bills nothing, it is made by ${others}.`;
}

/** Before the approval: a saved change shows at once what it costs. */
function planEditor({ production, asset, actions, state, set, models, close }) {
  const id = asset.asset_id;
  const { edits } = state;
  const changes = unsavedEdits(asset, edits);
  const changed = Object.keys(changes).length > 0;
  const wanted = { ...asset, ...changes };
  const type = (more) => set({ edits: { ...edits, ...more } });
  const edit = (change) => actions.run("edit", () => production.edit([{ op: "change", asset_id: id, ...change }]));
  const shots = shotsOf(production.assets);
  const index = shots.findIndex(({ main, parts }) => [main, ...parts].some((each) => each.asset_id === id));
  const moveTo = (to) => actions.run("edit", () => production.move(index, to), true);
  const remove = () => actions.run("edit", async () => {
    await production.edit([{ op: "drop", asset_id: id }]);
    close();
  });
  const save = async () => {
    if (!(await edit(changes))) return;
    // What was typed while the request was under way is kept.
    set({ edits: Object.fromEntries(Object.entries(state.edits).filter(([name, value]) => value !== edits[name])) });
  };
  const { length } = production.assets;
  const offered = models.filter((m) => m.modality === asset.asset_type);
  const offer = offered.find((m) => m.provider === wanted.provider && m.model === wanted.model);
  const chooseModel = (model) => {
    const pictures = picturesFor(offered.find((m) => modelKey(m) === model), asset)?.[PICTURES];
    // Another model has other parameters.
    type({ model, parameters: pictures === undefined ? {} : { [PICTURES]: pictures === null ? "" : String(pictures) } });
  };
  return html`
    <div class="stack">
      ${field("prompt", "Prompt", html`
        <textarea id="prompt" rows="7" dir="auto" .value=${edits.prompt ?? asset.prompt}
          oninput=${(e) => type({ prompt: e.target.value })}
          onkeydown=${(e) => e.key === "Enter" && (e.metaKey || e.ctrlKey) && changed && save()}></textarea>
      `)}
      ${isSpoken(asset) && deliveryField("delivery", edits.delivery ?? asset.delivery, (delivery) => type({ delivery }))}
      ${asset.original && html`
        <details><summary>Original prompt</summary><p dir="auto">${asset.original}</p></details>
      `}
      ${field(
        "model",
        "Made by",
        modelSelect("model", models, asset, modelKey(wanted), chooseModel, actions.busy("edit")),
        offer?.price && `Price: ${offer.price}`,
      )}
      ${offer && isSpoken(asset) && "voice" in offer.parameters && voiceSample(voiceOf(production, asset, wanted, edits), actions)}
      ${offer && Object.keys(offer.parameters).length > 0 && parametersEditor(asset, offer, edits, type)}
      ${length > 1 && dependsEditor(production, wanted, type)}
      ${length > 1 && asset.asset_type === "video" && framesEditor(production, wanted, type)}
      ${actions.note("edit")}
      ${changed && html`
        <p class="note" role="status">
          ${icon("alert")}<span>Not saved yet. The price follows when you save.</span>
        </p>
      `}
      <div class="row tight">
        ${button("Save", save, {
          variant: "primary", busy: actions.busy("edit"), disabled: !changed || !wanted.prompt.trim(),
        })}
        ${changed && button("Discard changes", () => set({ edits: {} }), { variant: "ghost" })}
        ${button("Earlier", () => moveTo(index - 1), { disabled: index === 0 })}
        ${button("Later", () => moveTo(index + 1), { disabled: index === shots.length - 1 })}
        <span class="grow"></span>
        ${button("Remove", remove, { variant: "danger", disabled: length === 1 })}
      </div>
    </div>
  `;
}

/** The voice of a line as it would be saved now, in the language in which it is spoken. */
const voiceOf = ({ data: { brief } }, asset, wanted, edits) => ({
  model: modelKey(wanted),
  voice: edits.parameters?.voice ?? (edits.model ? "" : parameterText(asset.parameters.voice)),
  language: wanted.language || brief.languages[0],
  tenant: brief.tenant,
});

const parametersEditor = (asset, offer, edits, type) => html`
  <details>
    <summary>Parameters</summary>
    ${Object.entries(offer.parameters).map(([name, meaning]) => html`
      <div key=${name}>
        ${field(`parameter-${name}`, name, html`
          <input id="parameter-${name}" aria-describedby="parameter-${name}-hint" placeholder="default"
            .value=${edits.parameters?.[name] ?? parameterText(asset.parameters[name])}
            oninput=${(e) => type({ parameters: { ...edits.parameters, [name]: e.target.value } })}>
        `, meaning)}
      </div>
    `)}
  </details>
`;

function dependsEditor(production, asset, type) {
  const references = (production.data.brief.references ?? []).map(({ name }, n) => [`reference-${n + 1}`, name]);
  const others = production.assets.filter((a) => a.asset_id !== asset.asset_id).map((a) => [a.asset_id, a.label]);
  const toggle = (id, on) =>
    type({ depends_on: on ? [...asset.depends_on, id] : asset.depends_on.filter((each) => each !== id) });
  return html`
    <details>
      <summary>Made from ${asset.depends_on.length ? listed(asset.depends_on) : "the brief alone"}</summary>
      <div class="row tight">
        ${[...references, ...others].map(([id, title]) => html`
          <label class="check" key=${id} title=${title}>
            <input type="checkbox" .checked=${asset.depends_on.includes(id)}
              onchange=${(e) => toggle(id, e.target.checked)}>
            <span>${id}</span>
          </label>
        `)}
      </div>
    </details>
  `;
}

const frameChoices = ({ assets }, { asset_id: own }, kind) =>
  [["", "None"], ...assets.filter((a) => a.asset_type === kind && a.asset_id !== own).map((a) => [a.asset_id, a.asset_id])];

const framesEditor = (production, asset, type) => html`
  <details>
    <summary>First and last frame</summary>
    ${FRAMES.map(({ name, title, type: kind }) => html`
      <div key=${name}>
        ${field(name, title, select(name, frameChoices(production, asset, kind), asset[name],
          (id) => type({ [name]: id })))}
      </div>
    `)}
  </details>
`;

const parameterText = (value) => (value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value));

/** The value of a typed parameter: JSON where the text is JSON, null (the default) where it is empty. */
function parameterValue(text) {
  if (text.trim() === "") return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** After the approval: the asset as it is planned. */
const planDetails = (asset) => html`
  <details>
    <summary>Plan details</summary>
    <p dir="auto" class="pre">${asset.prompt}</p>
    ${asset.delivery && html`<p dir="auto">Delivery: ${asset.delivery}</p>`}
    ${asset.original && html`<h3>Original prompt</h3><p dir="auto" class="pre">${asset.original}</p>`}
    <p class="hint">
      ${dotted(
        asset.provider,
        asset.model,
        ...Object.entries(asset.parameters).map(([name, value]) => `${name}: ${parameterText(value)}`),
      )}
    </p>
  </details>
`;
