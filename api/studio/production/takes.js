// The takes of an asset, side by side, and how to get another one.

import { h } from "../lib/dom.js";
import { highest } from "./model.js";
import { button, field, icon, input, me, pill, select, unknownTick, UNTICKED } from "../lib/parts.js";
import { get } from "../lib/server.js";
import { ago, atMost, because, count, lasting, size, usd, when } from "../lib/words.js";

/** The button that makes stale assets again; where what is left does not pay for that, it raises the budget and says so. */
export function remake(production, assets, acts, key) {
  const price = assets.reduce((sum, a) => sum + Number(a.record.refresh_usd ?? highest(a)), 0);
  const unknown = assets.some((a) => a.quote?.unknown);
  const { spent_usd, budget_usd } = production.data;
  const most = Number(spent_usd) + production.reserved + price;
  const budget = budget_usd === null || most <= Number(budget_usd) + 1e-9 ? null : cents(most);
  const words = [
    `Make ${assets.length > 1 ? "them" : "it"} again`,
    atMost(unknown ? null : price),
    budget && `raises the budget to ${usd(budget)}`,
  ];
  const send = () => {
    const body = { asset_ids: assets.map((a) => a.asset_id), max_usd: cents(price), requested_by: me() };
    if (budget) body.budget_usd = budget;
    if (unknown && production.allowed[key]) body.allow_unknown_prices = true;
    return production.send("refresh", body).finally(() => delete production.allowed[key]);
  };
  const unticked = unknown && !production.allowed[key];
  const press = button(words.filter(Boolean).join(" · "), () => acts.run(key, send), {
    busy: acts.busy(key),
    disabled: unticked,
  });
  if (!unknown) return press;
  const named = assets.filter((a) => a.quote?.unknown).map((a) => a.asset_id).join(", ");
  const tick = (on) => ((production.allowed[key] = on), production.app.update());
  return h(
    "div",
    { class: "stack", key },
    unknownTick(named, production.allowed[key], tick, `${key}-unknown`),
    unticked && h("p", { class: "hint", key: `${key}-unticked` }, UNTICKED),
    press,
  );
}

/** A sum as the API takes it: in hundredths of a cent, rounded up. */
const cents = (sum) => (Math.ceil(sum * 1e4 - 1e-6) / 1e4).toFixed(4);

export function stale({ production, asset, acts }) {
  const { record } = asset;
  return h(
    "div",
    { class: "note", key: "stale" },
    icon("again"),
    h(
      "div",
      null,
      h("p", null, `${because(record.stale_because)}.`),
      remake(production, [asset], acts, "refresh"),
      acts.note("refresh"),
    ),
  );
}

export function takes({ production, asset, acts, state, app }) {
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
        {
          key: `take-${take.number}`,
          class: "take",
          "data-take": take.number,
          "data-selected": take.selected ? "" : undefined,
        },
        h("div", { class: "frame" }, media(production, asset, take)),
        h(
          "div",
          { class: "line" },
          h("strong", null, `Take ${take.number}`),
          h(
            "span",
            { class: "price" },
            take.cost_source === "unknown" ? "Price unknown" : Number(take.billed_usd) ? usd(take.billed_usd) : "Free",
          ),
        ),
        h(
          "p",
          { class: "quiet small" },
          take.provider === "upload" ? take.note || take.model : `${take.provider} · ${take.model}`,
          " · ",
          h("time", { datetime: take.finished_at, title: when(take.finished_at) }, ago(take.finished_at)),
          take.duration_seconds && ` · ${lasting(take.duration_seconds)}`,
          take.width && ` · ${take.width} × ${take.height}`,
          ` · ${size(take.bytes)}`,
        ),
        h("p", { class: "said", dir: "auto", title: take.prompt }, take.prompt),
        take.selected
          ? pill("done", "In use")
          : button(
            "Use this take",
            () => acts.run(
              "select",
              () => production.send(
                `assets/${encodeURIComponent(asset.asset_id)}/select`,
                { take: take.number, requested_by: me() },
              ),
            ),
            { disabled: !idle, "aria-label": `Use take ${take.number}` },
          ),
      ),
    ),
    making > 0 && h("p", { class: "hint", key: "making" }, `${count(making, "take")} being made…`),
    record.takes === 0 && !making && h("p", { class: "hint", key: "none" }, "There is no take of it yet."),
    acts.note("select"),
  );
}

function media(production, asset, take) {
  const alt = asset.label || asset.asset_id;
  const url = take.url;
  if (asset.asset_type === "image") return h(
    "a",
    { href: url, target: "_blank", rel: "noopener" },
    h("img", { src: url, alt: `${alt}, take ${take.number}`, width: take.width, height: take.height, loading: "lazy" }),
  );
  if (asset.asset_type === "video") return h(
    "video",
    {
      src: url,
      controls: true,
      preload: "metadata",
      playsinline: true,
      width: take.width,
      height: take.height,
      "aria-label": alt,
    },
  );
  if (asset.asset_type === "audio") return h("audio", { src: url, controls: true, preload: "none", "aria-label": alt });
  return h(
    "div",
    { class: "document", dir: "auto", tabindex: "0", role: "region", "aria-label": `${alt}, take ${take.number}` },
    production.text(url.replace(/media$/, "text")) ?? "…",
  );
}

/** Ask for further takes, or bring one. */
export function again({ production, asset, acts, state, set, models }) {
  const { record } = asset;
  const busy = acts.busy("regenerate");
  const price = highest(asset) * state.count;
  const path = `assets/${encodeURIComponent(asset.asset_id)}/regenerate`;
  const send = () =>
    acts.run("regenerate", async () => {
      const body = { count: Number(state.count), requested_by: me() };
      if (state.how === "prompt") body.prompt = state.prompt;
      if (state.how === "feedback") body.feedback = state.feedback;
      if (state.model) [body.provider, body.model] = [
        state.model.split("/")[0],
        state.model.split("/").slice(1).join("/"),
      ];
      if (state.budget) body.budget_usd = state.budget;
      if (unknown && state.unknown) body.allow_unknown_prices = true;
      await production.send(path, body);
      set({ feedback: "", how: "same", budget: "", model: null, count: 1, unknown: false });
    });
  // The price of another model is known when the API has answered.
  const refused = acts.said.get("regenerate")?.type?.endsWith("price-unknown");
  const unknown = refused || (asset.quote?.unknown && !state.model);
  const unticked = unknown && !state.unknown;
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
        h(
          "label",
          { key: how },
          h(
            "input",
            { type: "radio", name: "how", value: how, checked: state.how === how, onchange: () => set({ how }) },
          ),
          h("span", null, words),
        ),
      ),
    ),
    state.how === "prompt" && h(
      "div",
      { key: "p" },
      field(
        "again-prompt",
        "Prompt",
        input(
          "again-prompt",
          {
            rows: 5,
            dir: "auto",
            maxlength: 8000,
            value: state.prompt,
            oninput: (e) => set({ prompt: e.target.value }),
          },
        ),
      ),
    ),
    state.how === "feedback" && h(
      "div",
      { key: "f" },
      field(
        "again-feedback",
        "What should be different?",
        input(
          "again-feedback",
          {
            rows: 3,
            dir: "auto",
            maxlength: 8000,
            value: state.feedback,
            placeholder: "e.g. warmer light, slower, no people",
            oninput: (e) => set({ feedback: e.target.value }),
          },
          true,
        ),
        "A language model writes the new prompt from it.",
      ),
    ),
    h(
      "div",
      { class: "grid two", key: "by" },
      field(
        "again-model",
        "Made by",
        modelSelect(
          "again-model",
          models,
          asset,
          state.model ?? `${asset.provider}/${asset.model}`,
          (model) => set({ model }),
        ),
      ),
      field(
        "again-count",
        "Takes",
        input(
          "again-count",
          {
            type: "number",
            min: 1,
            max: 10,
            value: String(state.count),
            oninput: (e) => set({ count: Math.min(10, Math.max(1, Number(e.target.value) || 1)) }),
          },
        ),
      ),
    ),
    short && h(
      "div",
      { key: "b" },
      field(
        "again-budget",
        "Raise the whole budget to, USD",
        input(
          "again-budget",
          { inputmode: "decimal", value: state.budget, oninput: (e) => set({ budget: e.target.value.trim() }) },
        ),
      ),
    ),
    acts.note("regenerate") ?? acts.note("upload"),
    unknown && unknownTick(`this take of ${asset.asset_id}`, state.unknown, (on) => set({ unknown: on }), "again-unknown"),
    unticked && h("p", { class: "hint", key: "again-unticked" }, UNTICKED),
    h(
      "div",
      { class: "row tight", key: "go" },
      button(`${state.count > 1 ? `Make ${state.count} takes` : "Make a take"} · ${asset.quote?.unknown ? "price unknown" : state.model ? "priced when asked" : atMost(price)}`, send, {
        look: "primary",
        mark: "again",
        busy,
        disabled: unticked || record.status === "generating" || (state.how === "prompt" && !state.prompt.trim()) || (state.how === "feedback" && !state.feedback.trim()),
      }),
      h(
        "label",
        { class: "button", "data-busy": acts.busy("upload") ? "" : undefined },
        icon("up"),
        h("span", null, acts.busy("upload") ? "Uploading…" : "Use a file of mine"),
        h(
          "input",
          {
            type: "file",
            class: "sr",
            accept: { text: "text/*,.md", image: "image/*", audio: "audio/*", video: "video/*" }[asset.asset_type],
            onchange: (e) => e.target.files[0] && acts.run(
              "upload",
              () => production.upload(asset.asset_id, e.target.files[0]),
            ),
          },
        ),
      ),
    ),
  );
}

/** The models that can make an asset of this kind, with their prices. */
export function modelSelect(id, models, asset, value, onchange, disabled = false) {
  const fitting = models.filter((m) => m.modality === asset.asset_type && m.enabled && !m.unavailable);
  const options = fitting.map((m) => [`${m.provider}/${m.model}`, `${m.provider} · ${m.model} · ${m.price}`]);
  if (!options.some(([each]) => each === value)) options.unshift([value, value.replace("/", " · ")]);
  return select(id, options, value, onchange, { disabled });
}
