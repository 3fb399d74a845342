// One production, from its plan to its deliverable and beyond.

import { adding } from "./add.js";
import { waiting } from "./answers.js";
import { briefing, decision } from "./approve.js";
import { assetSheet, fresh } from "./asset.js";
import { board, drafting } from "./board.js";
import { h } from "../lib/dom.js";
import { history } from "./log.js";
import { Production } from "./model.js";
import { Acts, bar, button, empty, failure, icon, me, pill, skeleton } from "../lib/parts.js";
import { Preview } from "./preview.js";
import { result } from "./result.js";
import { get } from "../lib/server.js";
import { ago, beyond, BUSY, CLOSED, count, lasting, opening, PLATFORMS, usd, when } from "../lib/words.js";

export function open([id, assetId], app) {
  const acts = new Acts(app);
  const production = new Production(id, app);
  const preview = new Preview(production, acts, app);
  const state = { dragged: null, over: null, budget: "", words: "", open: null };
  const attention = {};
  const forAsset = new Map();
  let models = [];

  get("providers").then(
    (found) => ((models = found.providers.flatMap(
      (p) => p.models.map((m) => ({ ...m, enabled: p.enabled })),
    )), app.update()),
    () => {}, // the select then offers what the plan has
  );

  const set = (change) => (Object.assign(state, change), app.update());
  let opened = false;
  const close = () => {
    if (opened) window.history.back();
    else location.hash = `#/p/${id}`;
    opened = false;
  };
  const on = {
    open: (asset) => ((opened = true), (location.hash = `#/p/${id}/${asset}`)),
    move: (asset, position) => acts.run("move", () => production.move(asset, position)),
    drag: set,
  };
  const answered = {
    acts,
    id,
    state: attention,
    app,
    inside: true,
    done: () => production.answered(),
    upload: (asset, file, key) => acts.run(key, () => production.upload(asset, file)),
  };

  function head() {
    const { data } = production;
    const { brief } = data;
    const facts = [
      PLATFORMS[brief.platform][0],
      brief.platform === "video" && lasting(brief.duration_seconds),
      brief.aspect,
      brief.requester !== "anonymous" && brief.requester,
    ].filter(Boolean);
    const live = BUSY.has(data.status) || data.status === "needs_attention";
    return h(
      "header",
      { class: "head", key: "head" },
      h("a", { class: "crumb", href: "#/productions" }, icon("back"), "Productions"),
      h(
        "div",
        { class: "row" },
        h("h1", { dir: "auto" }, production.plan?.title || brief.title || opening(brief.text)),
        pill(
          data.paused ? "paused" : data.status,
          data.paused && data.assets.some((asset) => asset.making) ? "Pausing" : undefined,
        ),
        h("span", { class: "grow" }),
        live && data.approved_at && !data.paused && button(
          "Pause",
          () => acts.run("life", () => production.send("pause", { paused_by: me() })),
          { look: "ghost", busy: acts.busy("life"), mark: "pause" },
        ),
        data.paused && button(
          "Resume",
          () => acts.run("life", () => production.send("resume", { resumed_by: me() })),
          { look: "ghost", busy: acts.busy("life"), mark: "play" },
        ),
        !CLOSED.has(data.status) && button(
          "Cancel",
          () => set({ open: state.open === "cancel" ? null : "cancel" }),
          { look: "ghost", "aria-expanded": String(state.open === "cancel") },
        ),
        data.links.temporal_ui && h(
          "a",
          { class: "button ghost", href: data.links.temporal_ui, target: "_blank", rel: "noopener" },
          h("span", null, "Temporal"),
          icon("out"),
        ),
      ),
      h(
        "p",
        { class: "quiet" },
        facts.join(" · "),
        " · ",
        h("time", { datetime: data.created_at, title: when(data.created_at) }, ago(data.created_at)),
      ),
      state.open === "cancel" &&
        h(
          "div",
          { class: "note", key: "cancel" },
          icon("ask"),
          h(
            "div",
            null,
            h("p", null, "Cancel this production? What is made stays; what runs is stopped where its provider can."),
            button(
              "Cancel the production",
              () => acts.run("life", async () => (await production.send("cancel", {}), set({ open: null }))),
              { look: "danger", busy: acts.busy("life") },
            ),
          ),
        ),
      acts.note("life"),
    );
  }

  function banners() {
    if (!production.connected) return h(
      "p",
      { class: "banner", role: "status", key: "lost" },
      h("span", { class: "spin", "aria-hidden": "true" }),
      "Reconnecting… What you see may be out of date; nothing is lost.",
    );
    if (production.stalled) return h(
      "p",
      { class: "banner", role: "status", key: "stalled" },
      icon("ask"),
      "No worker is answering. Nothing is lost: it goes on when one is back (`make up`, or `python -m worker`).",
    );
    return null;
  }

  /** What vendors charged beyond their prices: said as long as there is something to see, whatever became of it. */
  function overrun() {
    const { data } = production;
    return Number(data.overrun_usd) > 0 && h(
      "p",
      { class: "note bad", role: "status", key: "overrun" },
      icon("bad"),
      h(
        "span",
        null,
        h("strong", null, beyond(data.overrun_usd)),
        ` of the ${usd(data.spent_usd)} spent. `,
        CLOSED.has(data.status) ? "" : "What is still to be made is held at what its model charged.",
      ),
    );
  }

  function progress() {
    const { data, assets } = production;
    const done = assets.filter((a) => ["completed", "cancelled"].includes(a.record?.status)).length;
    const spent = Number(data.spent_usd);
    const budget = Number(data.budget_usd ?? 0);
    const reserved = production.reserved;
    const words = data.status === "finishing" ? "Putting it together" : `${done} of ${count(assets.length, "asset")}`;
    return h(
      "section",
      { class: "meters", key: "meters", "aria-label": "Progress" },
      h(
        "div",
        null,
        h("p", null, h("strong", null, words)),
        bar(assets.length ? done / assets.length : 0, "Assets made"),
      ),
      h(
        "div",
        null,
        budget || spent ? h(
          "p",
          null,
          h("strong", null, usd(spent)),
          ` spent${reserved ? `, ${usd(reserved)} reserved` : ""} of ${usd(budget)}`,
        ) : h("p", null, h("strong", null, "Free"), ": everything is made on this machine"),
        Number(data.overrun_usd) > 0 && h("p", { class: "hint bad" }, beyond(data.overrun_usd)),
        budget > 0 && bar(
          spent / budget,
          "Money spent",
          { reserved: reserved / budget, tone: Number(data.overrun_usd) > 0 ? "over" : "" },
        ),
      ),
    );
  }

  function waits() {
    const { data } = production;
    const items = [data.waiting, ...data.assets.map((a) => a.waiting)].filter(
      (w) => w && (w.asset_id || !["approval", "deadline_near", "price_unknown", "stills_to_approve"].includes(w.reason)),
    );
    const cards = items.map(
      (item) => waiting(
        item,
        { ...answered, asset: production.plan?.assets.find((a) => a.asset_id === item.asset_id) },
      ),
    );
    return cards.length ? h("section", { class: "waits", key: "waits", "aria-label": "Waits for you" }, cards) : null;
  }

  function over() {
    const { data } = production;
    const last = production.events.findLast((e) => e.name === data.status);
    const spentOnIt = Number(data.spent_usd) ? `Spent on it: ${usd(data.spent_usd)}.` : "Nothing was spent on it.";
    const words = {
      failed: data.error || "It ended without a plan.",
      rejected: `Rejected${last ? ` by ${last.data.rejecter}${last.data.reason ? `: ${last.data.reason}` : ""}` : ""}. ${spentOnIt}`,
      expired: `Nobody approved it in time. ${spentOnIt}`,
      cancelled: "It was cancelled. What was made stays below.",
    };
    return h(
      "div",
      { class: "note", key: "over" },
      icon("quiet"),
      h(
        "div",
        null,
        h("p", { dir: "auto" }, words[data.status]),
        h("a", { class: "button", href: `#/from/${id}` }, "Start again from this brief"),
      ),
    );
  }

  function render() {
    const { data, problem } = production;
    if (!data) return problem ? failure(problem, () => production.load()) : h(
      "div",
      { class: "loading", key: "loading" },
      h("p", { class: "sr", role: "status" }, "Loading"),
      skeleton(6),
    );
    const draft = data.status === "planning" && production.draft;
    const gate = data.waiting?.reason === "stills_to_approve";
    const chosen = assetId && production.assets.find((a) => a.asset_id === assetId);
    if (chosen && !forAsset.has(assetId)) forAsset.set(assetId, fresh(chosen));
    const deciding = production.plan && (production.planning || gate || production.asking.length > 0);
    return h(
      "div",
      { class: deciding ? "production deciding" : "production", key: id },
      head(),
      banners(),
      data.status === "planning" && h(
        "section",
        { class: "planning", key: "planning" },
        h("blockquote", { dir: "auto" }, data.brief.text),
        h(
          "div",
          { class: "row tight" },
          h("span", { class: "spin", "aria-hidden": "true" }),
          h("p", { role: "status" }, "Writing the plan…"),
          draft && h("p", { class: "hint" }, `${count(draft.count, "asset")} so far`),
        ),
        draft ? drafting(draft) : !production.plan && skeleton(6),
      ),
      ["failed", "rejected", "expired", "cancelled"].includes(data.status) && over(),
      overrun(),
      waits(),
      data.status !== "planning" && !production.planning && !CLOSED.has(data.status) && progress(),
      data.deliverable && result(production, { acts, state, app }),
      production.planning && briefing(production),
      production.planning && preview.view(),
      acts.note("move"),
      production.plan && !draft &&
        h(
          "section",
          { key: "plan", class: "plan" },
          h(
            "div",
            { class: "row" },
            h("h2", null, "Storyboard"),
            production.planning && h(
              "p",
              { class: "hint wide-only" },
              "Drag a card, or press the arrow keys on its handle.",
            ),
            h("span", { class: "grow" }),
            production.planning && preview.button(),
            production.planning && button("Add", () => set({ adding: true }), { mark: "plus", look: "ghost" }),
          ),
          board(production, { movable: production.planning, on, state, open: assetId, preview }),
        ),
      history(production, state, set),
      deciding && decision(production, acts, state, app),
      chosen && assetSheet(
        production,
        chosen,
        { acts, state: forAsset.get(assetId), app, models, onclose: close, attention },
      ),
      assetId && production.plan && !chosen && empty(
        `There is no ${assetId}`,
        "It may have been dropped from the plan.",
        button("Close", close),
      ),
      state.adding && adding(production, { acts, state, set, models }),
    );
  }

  return {
    title: () => production.plan?.title || production.data?.brief.title || "Production",
    close: () => (production.close(), preview.close()),
    goes(args) {
      if (args[0] !== id) return false;
      if (assetId !== args[1]) forAsset.delete(args[1]);
      assetId = args[1];
      return true;
    },
    render,
  };
}
