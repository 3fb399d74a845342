// One more asset for a plan.

import { button, field, input, select, sheet } from "../lib/parts.js";

/** The sheet in which an asset is added to the plan. */
export function adding(production, { acts, state, set, models }) {
  const fitting = production.data.brief.modalities;
  const asset = { modality: fitting.includes("image") ? "image" : fitting[0], prompt: "", ...state.add };
  const change = (more) => set({ add: { ...asset, ...more } });
  const offers = models.filter((m) => m.enabled && !m.unavailable && m.modality === asset.modality);
  const chosen = asset.model ?? (offers[0] && `${offers[0].provider}/${offers[0].model}`);
  const add = () =>
    acts.run("add", async () => {
      const [provider, ...model] = chosen.split("/");
      const role = { image: "still", video: "shot", audio: "narration", text: "body" }[asset.modality];
      const taken = new Set(production.assets.map((a) => a.asset_id));
      let n = 1;
      while (taken.has(`${role}-${n}`)) n += 1;
      const made = {
        asset_id: `${role}-${n}`,
        asset_type: asset.modality,
        role,
        label: asset.label || "",
        prompt: asset.prompt,
        provider,
        model: model.join("/"),
      };
      await production.edit([{ op: "add", asset: made }]);
      set({ adding: false, add: null });
    });
  return sheet(
    "add",
    "Add an asset",
    () => set({ adding: false }),
    field(
      "add-kind",
      "Kind",
      select("add-kind", fitting.map((m) => [m, m]), asset.modality, (modality) => change({ modality, model: null })),
    ),
    field(
      "add-label",
      "Label",
      input(
        "add-label",
        { value: asset.label ?? "", maxlength: 200, oninput: (e) => change({ label: e.target.value }) },
      ),
    ),
    field(
      "add-prompt",
      "Prompt",
      input(
        "add-prompt",
        {
          rows: 5,
          maxlength: 8000,
          dir: "auto",
          value: asset.prompt,
          oninput: (e) => change({ prompt: e.target.value }),
        },
      ),
    ),
    field(
      "add-model",
      "Made by",
      select(
        "add-model",
        offers.map((m) => [`${m.provider}/${m.model}`, `${m.provider} · ${m.model} · ${m.price}`]),
        chosen,
        (model) => change({ model }),
      ),
    ),
    acts.note("add"),
    button(
      "Add it to the plan",
      add,
      { look: "primary", busy: acts.busy("add"), disabled: !asset.prompt.trim() || !chosen },
    ),
  );
}
