// The takes of an asset, side by side, and the form that makes another one.

import { get } from "../lib/api.js";
import { button, field, fileButton, icon, moneyInput, select } from "../lib/components.js";
import { html } from "../lib/dom.js";
import { ago, count, dateTime, dotted, duration, fileSize, priceLimit, roundedUp, spent, usd } from "../lib/format.js";
import { staleBecause } from "../lib/labels.js";
import { pill, UNKNOWN_PRICE_HINT, unknownPriceCheckbox } from "../lib/parts.js";
import { actorName } from "../lib/session.js";
import { findingsList, measuredValues } from "./checks.js";
import { deviation, estimateRange } from "./costs.js";
import { deliveryField, isSpoken } from "./delivery.js";
import { illustrated, picturesFor } from "./illustrated.js";
import { fromModelKey, highestPrice, modelKey } from "./model.js";
import { provenance } from "./provenance.js";
import { verdictDetails } from "./verdict.js";

/** The button that makes stale assets again. Where the budget is too small, it raises it, which its label states. */
export function refreshButton(production, assets, actions, key) {
  const price = assets.reduce((sum, a) => sum + Number(a.record.refresh_usd ?? highestPrice(a)), 0);
  const unknown = assets.filter((a) => a.quote?.unknown).map((a) => a.asset_id);
  const { spent_usd, budget_usd } = production.data;
  const needed = Number(spent_usd) + production.reserved + price;
  const budget = budget_usd === null || needed <= Number(budget_usd) + 1e-9 ? null : roundedUp(needed);
  const allowed = production.unknownAllowed;
  const unticked = unknown.length > 0 && !allowed[key];
  const send = () => {
    const body = { asset_ids: assets.map((a) => a.asset_id), max_usd: roundedUp(price), requested_by: actorName() };
    if (budget) body.budget_usd = budget;
    if (unknown.length && allowed[key]) body.allow_unknown_prices = true;
    return production.send("refresh", body).finally(() => delete allowed[key]);
  };
  const label = dotted(
    `Make ${assets.length > 1 ? "them" : "it"} again`,
    priceLimit(unknown.length ? null : price),
    budget && `raises the budget to ${usd(budget)}`,
  );
  const refresh = button(label, () => actions.run(key, send), { busy: actions.busy(key), disabled: unticked });
  if (!unknown.length) return refresh;
  const tick = (on) => ((allowed[key] = on), production.app.update());
  return html`
    <div class="stack" key=${key}>
      ${unknownPriceCheckbox(unknown.join(", "), allowed[key], tick, `${key}-unknown`)}
      ${unticked && html`<p class="hint" key="${key}-unticked">${UNKNOWN_PRICE_HINT}</p>`}
      ${refresh}
    </div>
  `;
}

export const staleNote = ({ production, asset, actions }) => html`
  <div class="note">
    ${icon("redo")}
    <div>
      <p>${staleBecause(asset.record.stale_because)}.</p>
      ${refreshButton(production, [asset], actions, "refresh")}
      ${actions.note("refresh")}
    </div>
  </div>
`;

export function takesSection({ production, asset, actions, state, app }) {
  const { record } = asset;
  const version = `${record.takes}/${record.take}/${production.data.last_event_id}`;
  if (state.version !== version) {
    state.version = version;
    get(`${production.path}/assets/${encodeURIComponent(asset.asset_id)}/takes`).then(
      ({ takes }) => ((state.takes = takes), app.update()),
      () => (state.version = null),
    );
  }
  const making = record.making || (record.status === "generating" ? 1 : 0);
  const selectable = !making && !actions.busy("select");
  return html`
    <section class="takes" aria-label="Takes">
      ${(state.takes ?? []).map((take) => takeCard(production, asset, take, { actions, selectable, state, app }))}
      ${making > 0 && html`<p class="hint">${count(making, "take")} being made…</p>`}
      ${record.takes === 0 && !making && html`<p class="hint">There are no takes yet.</p>`}
      ${actions.note("select")}
    </section>
  `;
}

const reusedFrom = ({ production_id: id, asset_id: asset, take, cost_usd: cost }) =>
  `From take ${take} of ${asset} in ${id}${Number(cost) ? `, where it cost ${spent(cost)}` : ""}`;

function takeCard(production, asset, take, { actions, selectable, state, app }) {
  const choose = () => actions.run("select", () => production.send(
    `assets/${encodeURIComponent(asset.asset_id)}/select`,
    { take: take.number, requested_by: actorName() },
  ));
  const { billed_usd, estimate_usd } = take;
  const deviates = take.cost_source === "unknown" ? 0 : deviation(billed_usd, estimate_usd);
  return html`
    <article class="take" key="take-${take.number}" data-take=${take.number} data-selected=${take.selected}>
      <div class="frame">${takeMedia(production, asset, take)}</div>
      <div class="line">
        <strong>Take ${take.number}</strong>
        <span class="price ${deviates > 0 ? "bad" : ""}">
          ${take.cost_source === "unknown" ? "Price unknown" : take.reused ? "Reused, free" : spent(billed_usd)}
        </span>
      </div>
      ${deviates !== 0 && html`<p class="quiet small">Estimate ${estimateRange(estimate_usd)}</p>`}
      <p class="quiet small">
        ${take.provider === "upload" ? take.note || take.model : `${take.provider} · ${take.model}`}${" · "}
        <time datetime=${take.finished_at} title=${dateTime(take.finished_at)}>${ago(take.finished_at)}</time>
        ${take.duration_seconds && ` · ${duration(take.duration_seconds)}`}
        ${take.width && ` · ${take.width} × ${take.height}`}
        ${` · ${fileSize(take.bytes)}`}
      </p>
      ${take.reused && html`<p class="quiet small">${reusedFrom(take.reused)}</p>`}
      ${findingsList(take, ["video", "audio"].includes(asset.asset_type))}
      <p class="said" dir="auto" title=${take.prompt}>${take.prompt}</p>
      ${verdictDetails(take)}
      ${take.delivery && html`<p class="quiet small" dir="auto">Delivery: ${take.delivery}</p>`}
      ${measuredValues(take)}
      ${take.selected
        ? pill("done", "In use")
        : button("Use this take", choose, { disabled: !selectable, "aria-label": `Use take ${take.number}` })}
      ${asset.asset_type !== "text" && provenance(provenanceUrl(production, asset, take), state, app)}
    </article>
  `;
}

const provenanceUrl = (production, asset, take) =>
  `${production.path}/assets/${encodeURIComponent(asset.asset_id)}/takes/${take.number}/provenance`;

function takeMedia(production, asset, { url, number, width, height, pictures }) {
  const label = asset.label || asset.asset_id;
  switch (asset.asset_type) {
    case "image":
      return html`
        <a href=${url} target="_blank" rel="noopener">
          <img src=${url} alt="${label}, take ${number}" width=${width} height=${height} loading="lazy">
        </a>
      `;
    case "video":
      return html`
        <video src=${url} controls preload="metadata" playsinline width=${width} height=${height} aria-label=${label}>
        </video>
      `;
    case "audio":
      return html`<audio src=${url} controls preload="none" aria-label=${label}></audio>`;
    default: {
      const text = production.text(url.replace(/media$/, "text")) ?? "…";
      return html`
        <div class="document" dir="auto" tabindex="0" role="region" aria-label="${label}, take ${number}">
          ${pictures?.length ? illustrated(text, pictures) : text}
        </div>
      `;
    }
  }
}

const MODES = [["same", "Same prompt"], ["prompt", "New prompt"], ["feedback", "Describe the change"]];
const ACCEPTED = { text: "text/*,.md", image: "image/*", audio: "audio/*", video: "video/*" };

/** The form that requests further takes or uploads one. */
export function newTakesForm({ production, asset, actions, state, set, models }) {
  const { record } = asset;
  const prompt = state.edits.prompt ?? asset.prompt;
  const delivery = state.edits.delivery ?? asset.delivery;
  const price = highestPrice(asset) * state.count;
  // The price of another model is known only from the API's response.
  const unknown = actions.failedWith("regenerate", "price-unknown") || (asset.quote?.unknown && !state.model);
  const unticked = unknown && !state.unknown;

  const send = () =>
    actions.run("regenerate", async () => {
      const body = { count: Number(state.count), requested_by: actorName() };
      if (state.how === "prompt") body.prompt = prompt;
      if (state.how === "prompt" && isSpoken(asset)) body.delivery = delivery ?? "";
      if (state.how === "feedback") body.feedback = state.feedback;
      if (state.model) {
        Object.assign(body, fromModelKey(state.model));
        const parameters = picturesFor(models.find((m) => modelKey(m) === state.model && m.modality === asset.asset_type), asset);
        if (parameters) body.parameters = parameters;
      }
      if (state.budget) body.budget_usd = state.budget;
      if (unknown && state.unknown) body.allow_unknown_prices = true;
      await production.send(`assets/${encodeURIComponent(asset.asset_id)}/regenerate`, body);
      const sent = { prompt: { edits: {} }, feedback: { feedback: "" } }[state.how];
      set({ ...sent, how: "same", budget: "", model: null, count: 1, unknown: false });
    });
  const upload = ([file]) => actions.run("upload", () => production.upload(asset.asset_id, file));

  const makeButton = () => {
    const takes = state.count > 1 ? `Make ${state.count} takes` : "Make a take";
    const priced = asset.quote?.unknown ? "price unknown" : state.model ? "priced on request" : priceLimit(price);
    const typed = { same: true, prompt: prompt.trim(), feedback: state.feedback.trim() }[state.how];
    return button(`${takes} · ${priced}`, send, {
      variant: "primary",
      mark: "redo",
      busy: actions.busy("regenerate"),
      disabled: unticked || record.status === "generating" || !typed,
    });
  };

  return html`
    <section class="stack again" aria-label="Make it again">
      <h3>Make it again</h3>
      <div class="segments" role="radiogroup" aria-label="How">
        ${MODES.map(([how, label]) => html`
          <label key=${how}>
            <input type="radio" name="how" value=${how} .checked=${state.how === how} onchange=${() => set({ how })}>
            <span>${label}</span>
          </label>
        `)}
      </div>
      ${state.how === "prompt" && html`
        <div>
          ${field("again-prompt", "Prompt", html`
            <textarea id="again-prompt" rows="5" dir="auto" .value=${prompt}
              oninput=${(e) => set({ edits: { ...state.edits, prompt: e.target.value } })}></textarea>
          `)}
          ${isSpoken(asset) && deliveryField("again-delivery", delivery, (text) =>
            set({ edits: { ...state.edits, delivery: text } }))}
        </div>
      `}
      ${state.how === "feedback" && html`
        <div>
          ${field("again-feedback", "What should be different?", html`
            <textarea id="again-feedback" rows="3" dir="auto" aria-describedby="again-feedback-hint"
              placeholder="e.g. warmer light, slower, no people" .value=${state.feedback}
              oninput=${(e) => set({ feedback: e.target.value })}></textarea>
          `, isSpoken(asset)
            ? "How the line is said changes only its delivery, and what is said only its words."
            : "A language model writes the new prompt from it.")}
        </div>
      `}
      <div class="grid two">
        ${field("again-model", "Made by", modelSelect(
          "again-model", models, asset, state.model ?? modelKey(asset), (model) => set({ model }),
        ))}
        ${field("again-count", "Takes", html`
          <input id="again-count" type="number" min="1" max="10" .value=${String(state.count)}
            oninput=${(e) => set({ count: e.target.value })}>
        `)}
      </div>
      ${actions.failedWith("regenerate", "budget-short") && html`
        <div>
          ${field("again-budget", "Raise the total budget to (USD)", moneyInput(
            "again-budget", state.budget, "", (budget) => set({ budget }),
          ))}
        </div>
      `}
      ${actions.note("regenerate") ?? actions.note("upload")}
      ${unknown && unknownPriceCheckbox(
        `this take of ${asset.asset_id}`, state.unknown, (on) => set({ unknown: on }), "again-unknown",
      )}
      ${unticked && html`<p class="hint">${UNKNOWN_PRICE_HINT}</p>`}
      <div class="row tight">
        ${makeButton()}
        ${fileButton(actions.busy("upload") ? "Uploading…" : "Upload a file", upload, {
          busy: actions.busy("upload"), accept: ACCEPTED[asset.asset_type],
        })}
      </div>
    </section>
  `;
}

/** A model as an option of a select, with its price. */
export const modelOption = (m) => [modelKey(m), `${m.provider} · ${m.model} · ${m.price}`];

/** The models that can make an asset of this type, and the one that the plan has. */
export function modelSelect(id, models, asset, value, change, disabled = false) {
  const usable = models.filter((m) => m.modality === asset.asset_type && m.enabled && !m.unavailable);
  const options = usable.map(modelOption);
  if (!options.some(([each]) => each === value)) options.unshift([value, value.replace("/", " · ")]);
  return select(id, options, value, change, disabled);
}
