// The view of one production, from its plan to its deliverable.

import { Actions } from "../lib/actions.js";
import { get } from "../lib/api.js";
import { button, icon, loadFailure, spinner } from "../lib/components.js";
import { html } from "../lib/dom.js";
import { aboveListPrice, ago, count, dateTime, dotted, excerpt, usd } from "../lib/format.js";
import { emptyState, pill } from "../lib/parts.js";
import { PLATFORMS } from "../lib/platforms.js";
import { progressBar, skeleton } from "../lib/regions.js";
import { actorName, drafts } from "../lib/session.js";
import { addAssetSheet } from "./add_asset.js";
import { decisionBar, planSummary } from "./approval.js";
import { assetSheet, newSheetState, unsavedEdits } from "./asset_sheet.js";
import { attentionCard, CANCEL_EFFECT } from "./attention_card.js";
import { draftBoard, storyboard } from "./board.js";
import { budgetControl } from "./budget.js";
import { estimateRange, productionCost } from "./costs.js";
import { cutSheet, filmShots } from "./cut.js";
import { languagesSheet, languagesSummary } from "./languages.js";
import { deliverableSection } from "./deliverable.js";
import { eventLog } from "./event_log.js";
import { BUSY, CLOSED, Production } from "./model.js";
import { Preview } from "./preview.js";
import { References } from "./references.js";
import { timelineSection } from "./timeline/timeline.js";
import { scoreFilter } from "./verdict.js";

/** Reasons that the decision bar answers. */
const DECIDED_BELOW = ["approval", "deadline_near", "price_unknown", "stills_to_approve", "draft_to_approve"];
const BRIEF_CHARS = 320;

export function open([id, assetId], app) {
  const actions = new Actions(app);
  const production = new Production(id, app);
  const preview = new Preview(production, actions, app);
  const references = new References(production, actions, app);
  const typed = { feedback: "", reason: "", budget: "", newAsset: null, sheets: {}, attention: {}, ...drafts.get(`p/${id}`) };
  const state = { dragged: null, over: null, open: null, ...typed };
  for (const [asset, each] of Object.entries(state.sheets)) state.sheets[asset] = newSheetState(each);
  let models = [];
  let destinations = [];
  let openedHere = false;

  get("providers").then(
    ({ providers }) => {
      models = providers.flatMap((p) => p.models.map((m) => ({ ...m, enabled: p.enabled })));
      app.update();
    },
    () => {}, // the selects then offer only the models of the plan
  );
  get("platforms").then((found) => ((destinations = found.destinations ?? []), app.update()), () => {});

  const set = (change) => (Object.assign(state, change), app.update());

  /** Keep the texts that are not sent yet, so that neither a closed sheet nor a reload loses them. */
  function keepTyped() {
    const { feedback, reason, budget, lower, newAsset, cut, cutBase } = state;
    const pick = (states, names) => Object.fromEntries(Object.entries(states).map(
      ([key, each]) => [key, Object.fromEntries(names.map((name) => [name, each[name]]))],
    ));
    const sheets = pick(state.sheets, ["edits", "feedback"]);
    drafts.set(`p/${id}`, { feedback, reason, budget, lower, newAsset, cut, cutBase, sheets, attention: pick(state.attention, ["texts"]) });
  }

  const isUnsaved = (asset) =>
    production.awaitingApproval && Object.keys(unsavedEdits(asset, state.sheets[asset.asset_id]?.edits)).length > 0;

  const closeSheet = () => {
    if (openedHere) window.history.back();
    else location.replace(`#/p/${id}`);
    openedHere = false;
  };
  const boardEvents = {
    open: (asset) => ((openedHere = true), (location.hash = `#/p/${id}/${asset}`)),
    move: (from, to) => actions.run("move", () => production.move(from, to), true),
    drag: set,
  };
  const attentionContext = {
    actions,
    id,
    app,
    state: state.attention,
    inside: true,
    done: () => production.refresh(),
    upload: (asset, file, key) => actions.run(key, () => production.upload(asset, file)),
  };

  function header() {
    const { data } = production;
    const { brief } = data;
    return html`
      <header class="head">
        <a class="crumb" href="#/productions">${icon("back")}Productions</a>
        <div class="row">
          <div class="titled grow">
            <h1 dir="auto">${production.plan?.title || brief.title || excerpt(brief.text)}</h1>
            ${data.paused
              ? pill("paused", data.assets.some((asset) => asset.making) ? "Pausing" : undefined)
              : pill(data.status)}
          </div>
          ${lifecycleButtons(data)}
        </div>
        <p class="quiet">
          ${dotted(
            PLATFORMS[brief.platform][0],
            brief.aspect,
            brief.requester !== "anonymous" && brief.requester,
          )}${" · "}
          <time datetime=${data.created_at} title=${dateTime(data.created_at)}>${ago(data.created_at)}</time>
          ${CLOSED.has(data.status) && data.approved_at && finalCost()}
        </p>
        ${briefText(brief)}
        ${state.open === "cancel" && cancelForm()}
        ${actions.note("life")}
      </header>
    `;
  }

  function finalCost() {
    const { text, tone } = productionCost(production);
    return [" · ", html`<span class=${tone}>${text}</span>`];
  }

  /** The brief as it was sent; a long one is unfolded. */
  function briefText({ text, style }) {
    const long = text.length > BRIEF_CHARS;
    const toggle = () => set({ wholeBrief: !state.wholeBrief });
    return html`
      <div class="brief-text">
        <blockquote dir="auto">${state.wholeBrief ? text : excerpt(text, BRIEF_CHARS)}</blockquote>
        ${style && html`<p class="quiet small" dir="auto">${`Style: ${style}`}</p>`}
        ${long && html`
          <button type="button" class="link" aria-expanded=${String(Boolean(state.wholeBrief))} onclick=${toggle}>
            ${state.wholeBrief ? "Show less" : "Show the whole brief"}
          </button>
        `}
      </div>
    `;
  }

  /** Each button keeps its place: a click during a change of the status must not reach its neighbour. */
  function lifecycleButtons(data) {
    const send = (action, body) => () => actions.run("life", () => production.send(action, body));
    const live = BUSY.has(data.status) || data.status === "needs_attention";
    const busy = actions.busy("life");
    const temporal = data.links.temporal_ui;
    return [
      live && data.approved_at && !data.paused && button("Pause", send("pause", { paused_by: actorName() }), {
        variant: "ghost", busy, mark: "pause",
      }),
      data.paused && button("Resume", send("resume", { resumed_by: actorName() }), {
        variant: "ghost", busy, mark: "play",
      }),
      !CLOSED.has(data.status) && button(
        "Cancel production",
        () => set({ open: state.open === "cancel" ? null : "cancel" }),
        { variant: "ghost", "aria-expanded": String(state.open === "cancel") },
      ),
      temporal && html`
        <a class="button ghost" href=${temporal} target="_blank" rel="noopener">
          <span>Temporal</span>${icon("external")}
        </a>
      `,
    ];
  }

  function cancelForm() {
    const cancel = () => actions.run("life", async () => {
      await production.send("cancel", {});
      set({ open: null });
    });
    return html`
      <div class="note">
        ${icon("alert")}
        <div>
          <p>Cancel this production? ${CANCEL_EFFECT}</p>
          <div class="row tight">
            ${button("Yes, cancel it", cancel, { variant: "danger", busy: actions.busy("life") })}
            ${button("Keep it", () => set({ open: null }), { variant: "ghost" })}
          </div>
        </div>
      </div>
    `;
  }

  function connectionBanner() {
    if (!production.connected) return html`
      <p class="banner" role="status">
        ${spinner}Reconnecting… The page may be out of date; nothing is lost.
      </p>
    `;
    return production.stalled && html`
      <p class="banner" role="status">
        ${icon("alert")}
        ${"No worker is responding. Nothing is lost: the production continues once a worker runs "}
        ${"(`make up`, or `python -m worker`)."}
      </p>
    `;
  }

  /** What vendors charged above their prices; shown in every later state of the production. */
  function overrunNote() {
    const { overrun_usd, spent_usd, status } = production.data;
    return Number(overrun_usd) > 0 && html`
      <p class="note bad" role="status">
        ${icon("cross")}
        <span>
          <strong>${aboveListPrice(overrun_usd)}</strong> of the ${usd(spent_usd)} spent.
          ${!CLOSED.has(status) && " The remaining assets are priced at what their models charged."}
        </span>
      </p>
    `;
  }

  function meters() {
    const { data, assets, reserved } = production;
    const done = assets.filter((a) => ["completed", "cancelled"].includes(a.record?.status)).length;
    const spent = Number(data.spent_usd);
    const budget = Number(data.budget_usd ?? 0);
    const overrun = Number(data.overrun_usd) > 0;
    const reservedText = reserved ? `, ${usd(reserved)} reserved` : "";
    const finishing = data.status === "finishing";
    const film = production.events.findLast((e) => ["finishing", "film_progress"].includes(e.name))?.data ?? {};
    const assembling = film.count ? `Encoding the film: ${film.segments} of ${film.count}` : "Assembling the deliverable";
    const step = finishing ? assembling : `${done} of ${count(assets.length, "asset")}`;
    return html`
      <section class="meters" aria-label="Progress">
        <div>
          <p><strong>${step}</strong></p>
          ${progressBar(assets.length ? done / assets.length : 0, "Assets made")}
        </div>
        <div>
          ${budget || spent
            ? html`<p><strong>${usd(spent)}</strong> spent${reservedText} of ${usd(budget)}</p>`
            : data.estimate_usd?.unknown
              ? html`<p><strong>Cost unknown</strong>: some prices are not published</p>`
              : html`<p><strong>Free</strong>: everything is made on this machine</p>`}
          ${(budget || spent) > 0 && data.estimate_usd && html`
            <p class=${overrun ? "hint bad" : "hint"}>${`The estimate is ${estimateRange(data.estimate_usd)}.`}</p>
          `}
          ${budget > 0 && progressBar(spent / budget, "Money spent", {
            reserved: reserved / budget, tone: overrun ? "over" : "",
          })}
          ${budgetControl(production, actions, state, set)}
        </div>
      </section>
    `;
  }

  function attentionSection() {
    const { data, plan } = production;
    const items = [data.waiting, ...data.assets.map((a) => a.waiting)].filter(
      (item) => item && (item.asset_id || !DECIDED_BELOW.includes(item.reason)),
    );
    return items.length > 0 && html`
      <section class="waits" aria-label="Pending decisions">
        ${items.map((item) => attentionCard(item, {
          ...attentionContext, asset: plan?.assets.find((a) => a.asset_id === item.asset_id),
        }))}
      </section>
    `;
  }

  /** How a production without a deliverable ended. */
  function outcomeNote() {
    const { data, events } = production;
    const { rejecter, reason } = events.findLast((e) => e.name === "rejected")?.data ?? {};
    const spent = Number(data.spent_usd) ? `${usd(data.spent_usd)} was spent.` : "Nothing was spent.";
    const text = {
      failed: data.error || "The production ended without a plan.",
      rejected: `Rejected${rejecter ? ` by ${rejecter}` : ""}${reason ? `: ${reason}` : ""}. ${spent}`,
      expired: `It was not approved in time. ${spent}`,
      cancelled: "The production was cancelled. Finished assets are kept below.",
    }[data.status];
    return text && html`
      <div class="note">
        ${icon("minus")}
        <div>
          <p dir="auto">${text}</p>
          <a class="button" href="#/from/${id}">Start again from this brief</a>
        </div>
      </div>
    `;
  }

  function planningSection(draft) {
    return html`
      <section class="planning">
        <div class="row tight">
          ${spinner}
          <p role="status">Writing the plan…</p>
          ${draft && html`<p class="hint">${count(draft.count, "asset")} so far</p>`}
        </div>
        ${draft ? draftBoard(draft) : !production.plan && skeleton(6)}
      </section>
    `;
  }

  function planSection() {
    const editable = production.awaitingApproval;
    return html`
      <section class="plan">
        <div class="row">
          <h2>Storyboard</h2>
          ${editable && html`<p class="hint wide-only">Drag a card, or press the arrow keys on its handle.</p>`}
          <span class="grow"></span>
          ${(editable || production.acceptsTakes) && filmShots(production).length > 0 && button(
            languagesSummary(production.plan), () => set({ speaking: true }), { variant: "ghost" },
          )}
          ${scoreFilter(production, state.filter, (filter) => set({ filter }))}
          ${editable && preview.button()}
          ${editable && button("Add", () => set({ adding: true }), { mark: "plus", variant: "ghost" })}
        </div>
        ${storyboard(production, { movable: editable, on: boardEvents, state, open: assetId, preview, isUnsaved })}
      </section>
    `;
  }

  /** The sheet of the asset that the address names. */
  function openSheet(asset) {
    state.sheets[assetId] ??= newSheetState();
    return assetSheet(production, asset, {
      actions, app, models, attentionContext, state: state.sheets[assetId], close: closeSheet,
    });
  }

  const missingAsset = () => emptyState(
    `The plan has no asset ${assetId}`,
    "It may have been removed from the plan.",
    button("Close", closeSheet),
  );

  function render() {
    keepTyped();
    const { data, problem, plan, awaitingApproval } = production;
    if (!data && problem) return loadFailure(problem, () => production.load());
    if (!data) return html`
      <div class="loading"><p class="sr" role="status">Loading</p>${skeleton(6)}</div>
    `;
    const { status } = data;
    const planning = status === "planning";
    const draft = planning && production.draft;
    const stills = ["stills_to_approve", "draft_to_approve"].includes(data.waiting?.reason);
    const asset = assetId && production.assets.find((a) => a.asset_id === assetId);
    const deciding = plan && (awaitingApproval || stills || production.awaitingMoney.length > 0);
    return html`
      <div class=${deciding ? "production deciding" : "production"} key=${id}>
        ${header()}
        ${connectionBanner()}
        ${planning && planningSection(draft)}
        ${outcomeNote()}
        ${overrunNote()}
        ${attentionSection()}
        ${!planning && !awaitingApproval && !CLOSED.has(status) && meters()}
        ${data.deliverable && deliverableSection(production, { actions, state, app, destinations })}
        ${plan && !draft && timelineSection(production, { actions, state, set, app, destinations })}
        ${awaitingApproval && planSummary(production)}
        ${data.brief.references?.length > 0 && !planning && references.view(data)}
        ${awaitingApproval && preview.view()}
        ${actions.note("move")}
        ${plan && !draft && planSection()}
        ${eventLog(production, state, set)}
        ${deciding && decisionBar(production, actions, state, app, production.assets.filter(isUnsaved))}
        ${asset && openSheet(asset)}
        ${assetId && plan && !asset && missingAsset()}
        ${state.cutting && plan && cutSheet(production, { actions, state, set, destinations })}
        ${state.speaking && plan && languagesSheet(production, { actions, state, set })}
        ${state.adding && addAssetSheet(production, { actions, state, set, models })}
      </div>
    `;
  }

  return {
    title: () => production.plan?.title || production.data?.brief.title || "Production",
    close: () => (production.close(), preview.close()),
    /** Show another asset of the same production without opening the view anew. */
    accepts(args) {
      if (args[0] !== id) return false;
      assetId = args[1];
      return true;
    },
    render,
  };
}
