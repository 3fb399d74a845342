// One asset, in a sheet: what the plan asks of it, what it waits for, and its takes.

import { h } from "../lib/dom.js";
import { button, field, input, kind, pill, sheet } from "../lib/parts.js";
import { named, priceOf } from "../lib/words.js";
import { waiting } from "./answers.js";
import { again, modelSelect, stale, takes } from "./takes.js";

/** What is typed into the sheet of an asset; made anew for each that is opened. */
export const fresh = (asset) => ({
  prompt: asset.prompt,
  parameters: {},
  feedback: "",
  count: 1,
  how: "same",
  budget: "",
  model: null,
  depends: null,
});

export function assetSheet(production, asset, { acts, state, app, models, onclose, attention }) {
  const { record } = asset;
  const set = (change) => (Object.assign(state, change), app.update());
  const inside = { production, asset, acts, state, set, app, models, attention };
  return sheet(
    `sheet-${asset.asset_id}`,
    asset.label || asset.asset_id,
    onclose,
    h(
      "p",
      { class: "row tight" },
      kind(asset.asset_type),
      h("code", null, asset.asset_id),
      h("span", { class: "quiet" }, priceOf(asset.quote)),
      record?.stale && pill("paused", "Stale"),
    ),
    production.planning && asset.fallbacks?.length > 0 && h(
      "p",
      { class: "hint", key: "fallbacks" },
      `If ${asset.provider} ${asset.model} fails for good and bills nothing, it is made by ${
        asset.fallbacks.map((f) => `${f.provider} ${f.model} (${priceOf(f.quote)})`).join(", else by ")
      }.`,
    ),
    record?.waiting && waiting(
      record.waiting,
      {
        acts,
        id: production.id,
        state: attention,
        app,
        asset,
        inside: true,
        sheet: true,
        done: () => production.answered(),
        upload: (id, file, key) => acts.run(key, () => production.upload(id, file)),
      },
    ),
    record?.stale && stale(inside),
    production.produced && record && takes(inside),
    production.planning ? editor(inside) : production.produced && record && !record.waiting && again(inside),
    !production.planning && details(asset),
    !production.planning && asset.depends_on.length > 0 && h(
      "p",
      { class: "hint", key: "from" },
      `Made from ${named(asset.depends_on)}.`,
    ),
  );
}

// Before the approval: change it, and see at once what it costs

function editor({ production, asset, acts, state, set, models }) {
  const id = asset.asset_id;
  const edit = (change, key = "edit") => acts.run(
    key,
    () => production.edit([{ op: "change", asset_id: id, ...change }]),
  );
  const position = production.assets.findIndex((a) => a.asset_id === id) + 1;
  const changed = state.prompt !== asset.prompt || Object.keys(state.parameters).length > 0;
  const save = async () => {
    const parameters = Object.fromEntries(
      Object.entries(state.parameters).map(([name, text]) => [name, valueOf(text)]),
    );
    const change = { prompt: state.prompt, ...(Object.keys(parameters).length ? { parameters } : {}) };
    if (await edit(change)) set({ parameters: {} });
  };
  const about = models.find((m) => m.provider === asset.provider && m.model === asset.model);
  return h(
    "div",
    { class: "stack", key: "editor" },
    field(
      "prompt",
      "Prompt",
      input(
        "prompt",
        {
          rows: 7,
          dir: "auto",
          maxlength: 8000,
          value: state.prompt,
          oninput: (e) => set({ prompt: e.target.value }),
          onkeydown: (e) => e.key === "Enter" && (e.metaKey || e.ctrlKey) && save(),
        },
      ),
    ),
    asset.original && h(
      "details",
      { key: "original" },
      h("summary", null, "Before it was enhanced"),
      h("p", { dir: "auto" }, asset.original),
    ),
    field("model", "Made by", modelSelect("model", models, asset, `${asset.provider}/${asset.model}`, (chosen) => {
      const [provider, ...rest] = chosen.split("/");
      return edit({ provider, model: rest.join("/") });
    }, acts.busy("edit")), about?.price && `Price: ${about.price}`),
    about && Object.keys(about.parameters).length > 0 &&
      h(
        "details",
        { key: "parameters" },
        h("summary", null, "Parameters"),
        Object.entries(about.parameters).map(([name, meaning]) =>
          h(
            "div",
            { key: name },
            field(
              `parameter-${name}`,
              name,
              input(
                `parameter-${name}`,
                {
                  value: state.parameters[name] ?? shown(asset.parameters[name]),
                  placeholder: "default",
                  oninput: (e) => set({ parameters: { ...state.parameters, [name]: e.target.value } }),
                },
                true,
              ),
              meaning,
            ),
          ),
        ),
      ),
    production.plan.assets.length > 1 && depends(production, asset, edit),
    acts.note("edit"),
    h(
      "div",
      { class: "row tight", key: "buttons" },
      button("Save", save, { look: "primary", busy: acts.busy("edit"), disabled: !changed || !state.prompt.trim() }),
      button("Earlier", () => acts.run("edit", () => production.move(id, position - 1)), { disabled: position === 1 }),
      button(
        "Later",
        () => acts.run("edit", () => production.move(id, position + 1)),
        { disabled: position === production.assets.length },
      ),
      h("span", { class: "grow" }),
      button(
        "Drop it",
        () => acts.run(
          "edit",
          async () => (await production.edit([{ op: "drop", asset_id: id }]), (location.hash = `#/p/${production.id}`)),
        ),
        { look: "danger", disabled: production.assets.length === 1 },
      ),
    ),
  );
}

function depends(production, asset, edit) {
  const given = (production.data.brief.references ?? []).map((reference, n) => [`reference-${n + 1}`, reference.name]);
  const others = [...given, ...production.assets.filter((a) => a !== asset).map((a) => [a.asset_id, a.label])];
  return h(
    "details",
    { key: "depends" },
    h("summary", null, `Made from ${asset.depends_on.length ? named(asset.depends_on) : "the brief alone"}`),
    h(
      "div",
      { class: "row tight" },
      others.map(([id, words]) =>
        h(
          "label",
          { class: "check", key: id, title: words },
          h(
            "input",
            {
              type: "checkbox",
              checked: asset.depends_on.includes(id),
              onchange: (e) => edit(
                { depends_on: e.target.checked ? [...asset.depends_on, id] : asset.depends_on.filter((d) => d !== id) },
              ),
            },
          ),
          h("span", null, id),
        ),
      ),
    ),
  );
}

const shown = (value) => (value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value));

/** What somebody typed as a parameter: a number or JSON where it reads as one, nothing for the default. */
function valueOf(text) {
  if (text.trim() === "") return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function details(asset) {
  const parameters = Object.entries(asset.parameters);
  return h(
    "details",
    { key: "plan" },
    h("summary", null, "What the plan asks for"),
    h("p", { dir: "auto", class: "pre" }, asset.prompt),
    asset.original && [h("h3", null, "Before it was enhanced"), h("p", { dir: "auto", class: "pre" }, asset.original)],
    parameters.length > 0 && h(
      "p",
      { class: "hint" },
      parameters.map(([name, value]) => `${name}: ${shown(value)}`).join(" · "),
    ),
  );
}
