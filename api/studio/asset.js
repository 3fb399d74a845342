// One asset, in a sheet: what it is asked to be, its takes side by side, and how to get another one.

import { h } from "./dom.js";
import { highest } from "./model.js";
import { button, field, icon, input, kind, me, pill, select, sheet } from "./parts.js";
import { get } from "./server.js";
import { ago, because, count, lasting, named, priceOf, size, usd, when } from "./words.js";
import { waiting } from "./answers.js";

/** What is typed into the sheet of an asset; made anew for each that is opened. */
export const fresh = (asset) => ({ prompt: asset.prompt, parameters: {}, feedback: "", count: 1, how: "same", budget: "", model: null, depends: null });

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
    record?.waiting && waiting(record.waiting, { acts, id: production.id, state: attention, app, asset, inside: true, done: () => production.answered(), upload: (id, file, key) => acts.run(key, () => production.upload(id, file)) }),
    record?.stale && stale(inside),
    production.produced && record && takes(inside),
    production.planning ? editor(inside) : production.produced && record && !record.waiting && again(inside),
    !production.planning && details(asset),
    !production.planning && asset.depends_on.length > 0 && h("p", { class: "hint", key: "from" }, `Made from ${named(asset.depends_on)}.`),
  );
}

// Before the approval: change it, and see at once what it costs

function editor({ production, asset, acts, state, set, models }) {
  const id = asset.asset_id;
  const edit = (change, key = "edit") => acts.run(key, () => production.edit([{ op: "change", asset_id: id, ...change }]));
  const position = production.assets.findIndex((a) => a.asset_id === id) + 1;
  const changed = state.prompt !== asset.prompt || Object.keys(state.parameters).length > 0;
  const save = async () => {
    const parameters = Object.fromEntries(Object.entries(state.parameters).map(([name, text]) => [name, valueOf(text)]));
    const change = { prompt: state.prompt, ...(Object.keys(parameters).length ? { parameters } : {}) };
    if (await edit(change)) set({ parameters: {} });
  };
  const about = models.find((m) => m.provider === asset.provider && m.model === asset.model);
  return h(
    "div",
    { class: "stack", key: "editor" },
    field("prompt", "Prompt", input("prompt", { rows: 7, dir: "auto", maxlength: 8000, value: state.prompt, oninput: (e) => set({ prompt: e.target.value }), onkeydown: (e) => e.key === "Enter" && (e.metaKey || e.ctrlKey) && save() })),
    asset.original && h("details", { key: "original" }, h("summary", null, "Before it was enhanced"), h("p", { dir: "auto" }, asset.original)),
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
          h("div", { key: name }, field(`parameter-${name}`, name, input(`parameter-${name}`, { value: state.parameters[name] ?? shown(asset.parameters[name]), placeholder: "default", oninput: (e) => set({ parameters: { ...state.parameters, [name]: e.target.value } }) }, true), meaning)),
        ),
      ),
    production.plan.assets.length > 1 && depends(production, asset, edit),
    acts.note("edit"),
    h(
      "div",
      { class: "row tight", key: "buttons" },
      button("Save", save, { look: "primary", busy: acts.busy("edit"), disabled: !changed || !state.prompt.trim() }),
      button("Earlier", () => acts.run("edit", () => production.move(id, position - 1)), { disabled: position === 1 }),
      button("Later", () => acts.run("edit", () => production.move(id, position + 1)), { disabled: position === production.assets.length }),
      h("span", { class: "grow" }),
      button("Drop it", () => acts.run("edit", async () => (await production.edit([{ op: "drop", asset_id: id }]), (location.hash = `#/p/${production.id}`))), { look: "danger", disabled: production.assets.length === 1 }),
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
          h("input", { type: "checkbox", checked: asset.depends_on.includes(id), onchange: (e) => edit({ depends_on: e.target.checked ? [...asset.depends_on, id] : asset.depends_on.filter((d) => d !== id) }) }),
          h("span", null, id),
        ),
      ),
    ),
  );
}

function modelSelect(id, models, asset, value, onchange, disabled = false) {
  const fitting = models.filter((m) => m.modality === asset.asset_type && m.enabled && !m.unavailable);
  const options = fitting.map((m) => [`${m.provider}/${m.model}`, `${m.provider} · ${m.model} · ${m.price}`]);
  if (!options.some(([each]) => each === value)) options.unshift([value, value.replace("/", " · ")]);
  return select(id, options, value, onchange, { disabled });
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
    parameters.length > 0 && h("p", { class: "hint" }, parameters.map(([name, value]) => `${name}: ${shown(value)}`).join(" · ")),
  );
}

// After it: takes

function stale({ production, asset, acts }) {
  const { record } = asset;
  const price = record.refresh_usd ?? highest(asset);
  return h(
    "div",
    { class: "note", key: "stale" },
    icon("again"),
    h(
      "div",
      null,
      h("p", null, `${because(record.stale_because)}.`),
      button(`Make it again · up to ${usd(price)}`, () => acts.run("refresh", () => production.send("refresh", { asset_ids: [asset.asset_id], max_usd: String(price), requested_by: me() })), { busy: acts.busy("refresh") }),
      acts.note("refresh"),
    ),
  );
}

function takes({ production, asset, acts, state, app }) {
  const { record } = asset;
  const mark = `${record.takes}/${record.take}/${production.data.last_event_id}`;
  if (state.mark !== mark) {
    state.mark = mark;
    const path = `${production.path}/assets/${encodeURIComponent(asset.asset_id)}/takes`;
    get(path).then((found) => ((state.takes = found.takes), app.update()), () => (state.mark = null));
  }
  const making = record.making || (record.status === "generating" ? 1 : 0);
  const idle = !making && !acts.busy("select");
  return h(
    "section",
    { key: "takes", class: "takes", "aria-label": "Takes" },
    (state.takes ?? []).map((take) =>
      h(
        "article",
        { key: `take-${take.number}`, class: "take", "data-take": take.number, "data-selected": take.selected ? "" : undefined },
        h("div", { class: "frame" }, media(production, asset, take)),
        h(
          "div",
          { class: "line" },
          h("strong", null, `Take ${take.number}`),
          h("span", { class: "price" }, take.cost_source === "unknown" ? "Price unknown" : Number(take.billed_usd) ? usd(take.billed_usd) : "Free"),
        ),
        h("p", { class: "quiet small" }, take.provider === "upload" ? take.note || take.model : `${take.provider} · ${take.model}`, " · ", h("time", { datetime: take.finished_at, title: when(take.finished_at) }, ago(take.finished_at)), take.duration_seconds && ` · ${lasting(take.duration_seconds)}`, take.width && ` · ${take.width} × ${take.height}`, ` · ${size(take.bytes)}`),
        h("p", { class: "said", dir: "auto", title: take.prompt }, take.prompt),
        take.selected
          ? pill("done", "In use")
          : button("Use this take", () => acts.run("select", () => production.send(`assets/${encodeURIComponent(asset.asset_id)}/select`, { take: take.number, requested_by: me() })), { disabled: !idle, "aria-label": `Use take ${take.number}` }),
      ),
    ),
    making > 0 && h("p", { class: "hint", key: "making" }, `${count(making, "take")} being made…`),
    record.takes === 0 && !making && h("p", { class: "hint", key: "none" }, "There is no take of it yet."),
    acts.note("select"),
  );
}

export function media(production, asset, take) {
  const alt = asset.label || asset.asset_id;
  const url = take.url;
  if (asset.asset_type === "image") return h("a", { href: url, target: "_blank", rel: "noopener" }, h("img", { src: url, alt: `${alt}, take ${take.number}`, width: take.width, height: take.height, loading: "lazy" }));
  if (asset.asset_type === "video") return h("video", { src: url, controls: true, preload: "metadata", playsinline: true, width: take.width, height: take.height, "aria-label": alt });
  if (asset.asset_type === "audio") return h("audio", { src: url, controls: true, preload: "none", "aria-label": alt });
  return h("div", { class: "document", dir: "auto", tabindex: "0", role: "region", "aria-label": `${alt}, take ${take.number}` }, production.text(url.replace(/media$/, "text")) ?? "…");
}

/** Ask for further takes, or bring one. */
function again({ production, asset, acts, state, set, models }) {
  const { record } = asset;
  const busy = acts.busy("regenerate");
  const price = highest(asset) * state.count;
  const path = `assets/${encodeURIComponent(asset.asset_id)}/regenerate`;
  const send = () =>
    acts.run("regenerate", async () => {
      const body = { count: Number(state.count), requested_by: me() };
      if (state.how === "prompt") body.prompt = state.prompt;
      if (state.how === "feedback") body.feedback = state.feedback;
      if (state.model) [body.provider, body.model] = [state.model.split("/")[0], state.model.split("/").slice(1).join("/")];
      if (state.budget) body.budget_usd = state.budget;
      if (asset.quote?.unknown) body.allow_unknown_prices = true;
      await production.send(path, body);
      set({ feedback: "", how: "same", budget: "", model: null, count: 1 });
    });
  const modes = [["same", "As it is"], ["prompt", "New prompt"], ["feedback", "Say what to change"]];
  const short = acts.said.get("regenerate")?.type?.endsWith("budget-short");
  return h(
    "section",
    { key: "again", class: "stack again", "aria-label": "Make it again" },
    h("h3", null, "Make it again"),
    h(
      "div",
      { class: "segments", role: "radiogroup", "aria-label": "How" },
      modes.map(([how, words]) =>
        h("label", { key: how }, h("input", { type: "radio", name: "how", value: how, checked: state.how === how, onchange: () => set({ how }) }), h("span", null, words)),
      ),
    ),
    state.how === "prompt" && h("div", { key: "p" }, field("again-prompt", "Prompt", input("again-prompt", { rows: 5, dir: "auto", maxlength: 8000, value: state.prompt, oninput: (e) => set({ prompt: e.target.value }) }))),
    state.how === "feedback" && h("div", { key: "f" }, field("again-feedback", "What should be different?", input("again-feedback", { rows: 3, dir: "auto", maxlength: 8000, value: state.feedback, placeholder: "e.g. warmer light, slower, no people", oninput: (e) => set({ feedback: e.target.value }) }, true), "A language model writes the new prompt from it.")),
    h(
      "div",
      { class: "grid two", key: "by" },
      field("again-model", "Made by", modelSelect("again-model", models, asset, state.model ?? `${asset.provider}/${asset.model}`, (model) => set({ model }))),
      field("again-count", "Takes", input("again-count", { type: "number", min: 1, max: 10, value: String(state.count), oninput: (e) => set({ count: Math.min(10, Math.max(1, Number(e.target.value) || 1)) }) })),
    ),
    short && h("div", { key: "b" }, field("again-budget", "Raise the whole budget to, USD", input("again-budget", { inputmode: "decimal", value: state.budget, oninput: (e) => set({ budget: e.target.value.trim() }) }))),
    acts.note("regenerate") ?? acts.note("upload"),
    h(
      "div",
      { class: "row tight", key: "go" },
      button(`${state.count > 1 ? `Make ${state.count} takes` : "Make a take"} · ${asset.quote?.unknown ? "price unknown" : state.model ? "priced when asked" : `up to ${usd(price)}`}`, send, {
        look: "primary",
        mark: "again",
        busy,
        disabled: record.status === "generating" || (state.how === "prompt" && !state.prompt.trim()) || (state.how === "feedback" && !state.feedback.trim()),
      }),
      h(
        "label",
        { class: "button", "data-busy": acts.busy("upload") ? "" : undefined },
        icon("up"),
        h("span", null, acts.busy("upload") ? "Uploading…" : "Use a file of mine"),
        h("input", { type: "file", class: "sr", accept: { text: "text/*,.md", image: "image/*", audio: "audio/*", video: "video/*" }[asset.asset_type], onchange: (e) => e.target.files[0] && acts.run("upload", () => production.upload(asset.asset_id, e.target.files[0])) }),
      ),
    ),
  );
}
