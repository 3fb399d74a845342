// The sheet that adds an asset to a plan.

import { button, field, select } from "../lib/components.js";
import { html } from "../lib/dom.js";
import { form } from "../lib/parts.js";
import { sheet } from "../lib/regions.js";
import { picturesFor } from "./illustrated.js";
import { fromModelKey, modelKey } from "./model.js";
import { modelOption } from "./takes.js";

const ROLES = { image: "still", video: "shot", audio: "narration", text: "body" };

export function addAssetSheet(production, { actions, state, set, models }) {
  const modalities = production.data.brief.modalities;
  const initial = { modality: modalities.includes("image") ? "image" : modalities[0], label: "", prompt: "" };
  const asset = { ...initial, ...state.newAsset };
  const change = (more) => set({ newAsset: { ...asset, ...more } });
  const offers = models.filter((m) => m.enabled && !m.unavailable && m.modality === asset.modality);
  const chosen = asset.model ?? (offers[0] && modelKey(offers[0]));

  function unusedId(role) {
    const taken = new Set(production.assets.map((a) => a.asset_id));
    let n = 1;
    while (taken.has(`${role}-${n}`)) n += 1;
    return `${role}-${n}`;
  }

  const add = () =>
    actions.run("add", async () => {
      const role = ROLES[asset.modality];
      const added = {
        asset_id: unusedId(role),
        asset_type: asset.modality,
        role,
        label: asset.label,
        prompt: asset.prompt,
        ...fromModelKey(chosen),
        parameters: picturesFor(offers.find((m) => modelKey(m) === chosen)) ?? {},
      };
      await production.edit([{ op: "add", asset: added }]);
      set({ adding: false, newAsset: null });
    });

  return sheet("add", "Add an asset", () => set({ adding: false }), form("stack", "add", html`
    ${field("add-kind", "Kind", select(
      "add-kind", modalities.map((m) => [m, m]), asset.modality, (modality) => change({ modality, model: null }),
    ))}
    ${field("add-label", "Label", html`
      <input id="add-label" dir="auto" .value=${asset.label} oninput=${(e) => change({ label: e.target.value })}>
    `)}
    ${field("add-prompt", "Prompt", html`
      <textarea id="add-prompt" rows="5" dir="auto" .value=${asset.prompt}
        oninput=${(e) => change({ prompt: e.target.value })}></textarea>
    `)}
    ${field("add-model", "Made by", select(
      "add-model", offers.map(modelOption), chosen ?? "", (model) => change({ model }),
    ))}
    ${actions.note("add")}
    ${button("Add to the plan", add, {
      variant: "primary", busy: actions.busy("add"), disabled: !asset.prompt.trim() || !chosen,
    })}
  `));
}
