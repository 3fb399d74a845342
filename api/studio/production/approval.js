// The plan before its approval: what it costs, its warnings, and the one decision.

import { button, field, icon, moneyInput } from "../lib/components.js";
import { html } from "../lib/dom.js";
import { count, dateTime, listed, priceRange, usd } from "../lib/format.js";
import { nameField, unfolded, UNKNOWN_PRICE_HINT, unknownPriceCheckbox } from "../lib/parts.js";
import { progressBar } from "../lib/regions.js";
import { actorName, hasRole } from "../lib/session.js";
import { estimateRange } from "./costs.js";
import { languageShares } from "./languages.js";
import { reviewFact } from "./verdict.js";

/** The versions of Greenlight's own prompts that are not the built-in ones. */
function promptVersions(uses = []) {
  const own = uses.filter((use) => use.version > 0).map((use) => `${use.name} ${use.version}`);
  return own.length > 0 && `Uses the prompt versions ${listed(own)}.`;
}

/** What a plan is about to spend, and its warnings. */
export function planSummary({ data, plan }) {
  const { brief } = data;
  const modalities = [...new Set(plan.assets.map((a) => a.asset_type))];
  const planned = { low: plan.low_usd, high: plan.high_usd, unknown: plan.unknown_prices.length > 0 };
  const facts = [
    `${count(plan.assets.length, "asset")}: ${listed(modalities)}.`,
    plan.planner === "template" ? "Planned by template, without a language model." : `Planned by ${plan.planner}.`,
    promptVersions(plan.prompts),
    brief.references?.length > 0 && `Uses ${count(brief.references.length, "reference")}.`,
    brief.budget_usd === null && Number(plan.high_usd) > 0 && `The estimate is ${estimateRange(planned)}.`,
    reviewFact(plan),
    plan.finals_usd && `This is a draft: after its approval, the finals cost ${estimateRange(plan.finals_usd)} more.`,
    Number(data.spent_usd) > 0 && `Planning has cost ${usd(data.spent_usd)}.`,
    data.deadline && `It waits for approval until ${dateTime(data.deadline)}.`,
  ];
  return html`
    <section class="briefing" aria-label="The plan">
      <p class="summary">${facts.filter(Boolean).join(" ")}</p>
      ${languageShares(plan, brief.languages[0])}
      ${brief.budget_usd !== null && budgetMeter(plan, Number(brief.budget_usd))}
      ${plan.warnings.length > 0 && html`
        <ul class="warnings">
          ${plan.warnings.map((warning) => html`
            <li key=${warning}>${icon("alert")}<span dir="auto">${warning}</span></li>
          `)}
        </ul>
      `}
    </section>
  `;
}

function budgetMeter({ low_usd, high_usd }, budget) {
  const high = Number(high_usd);
  const over = high > budget;
  const share = Math.min(1, high / Math.max(budget, 1e-9));
  return html`
    <div class="against">
      <p><strong>${priceRange(low_usd, high_usd)}</strong> of the budget of ${usd(budget)}</p>
      ${progressBar(share, "Plan against budget", { tone: over ? "over" : "" })}
      ${over && html`
        <p class="hint bad">The plan may cost more than the budget. Assets that do not fit wait for a decision.</p>
      `}
    </div>
  `;
}

/** The limit that an approval sends unless the user types one. */
function defaultLimit(high, approvesPlan, briefBudget) {
  if (!approvesPlan || briefBudget === null) return high;
  return Number(briefBudget) < Number(high) ? briefBudget : high;
}

/** The bar at the foot of the page. It approves the plan, its stills, or again the assets that wait for money. */
export function decisionBar(production, actions, state, app, unsaved) {
  const { data, plan } = production;
  const finals = data.waiting?.reason === "draft_to_approve";
  const stills = finals || data.waiting?.reason === "stills_to_approve" ? data.waiting : null;
  const money = stills || production.awaitingApproval ? [] : production.awaitingMoney;
  const again = money.length > 0;
  const digest = data.waiting?.plan_digest ?? money[0]?.plan_digest ?? plan.digest;
  const high = stills ? stills.price_usd : again ? data.approve_usd : plan.high_usd;
  const limit = state.budget || defaultLimit(high, !stills && !again, data.brief.budget_usd);

  const unpriced = money.filter((item) => item.price_usd === null);
  const unpricedFinals = () => Object.keys(plan.finals).filter((id) => plan.finals[id].some((m) => m.quote?.unknown));
  const unknown = again ? unpriced.map((item) => item.asset_id) : finals ? unpricedFinals() : plan.unknown_prices;
  // The approval of the stills keeps what was allowed with the plan.
  const asksToAllow = unknown.length > 0 && !(stills && !finals && data.approval?.allow_unknown_prices);
  // An asset that waits for another reason may have had its unknown price allowed before.
  const required = asksToAllow && (!again || unpriced.some((item) => item.reason === "price_unknown"));
  const unticked = required && !state.unknown;

  const set = (change) => (Object.assign(state, change), app.update());
  const toggle = (form) => set({ open: state.open === form ? null : form });
  const approve = async () => {
    const allowUnknown = asksToAllow && Boolean(state.unknown);
    // Another approval releases the budget on its button, also where a vendor has charged more meanwhile.
    const send = () => production.approve(digest, state.budget || (again && high) || "", allowUnknown);
    if (!(await actions.run("approve", send))) return production.load();
    set({ budget: "" });
    scrollTo({ top: 0 });
  };

  const approveButton = () => {
    const label = finals ? "Make the finals" : stills ? "Approve the stills" : again ? "Approve again" : "Approve";
    const priced = unknown.length || Number(high) > 0 ? `up to ${usd(limit)}` : "free";
    return button(`${label} · ${again ? `budget of ${usd(limit)}` : priced}`, approve, {
      variant: "primary large",
      busy: actions.busy("approve"),
      disabled: Number.isNaN(Number(limit)) || production.pendingEdits > 0 || unticked,
      "aria-describedby": unticked ? "unticked" : null,
    });
  };
  const toggleButton = (label, form, variant) =>
    button(label, () => toggle(form), { variant, "aria-expanded": String(state.open === form) });

  const part = Boolean(data.series_id) && !stills && !again; // it is approved with its series
  const approver = hasRole("approver");
  const needed = data.brief.approval.approvers;
  const given = data.approvals.map((a) => a.approver);

  return html`
    <section class="decision" aria-label="Decision" data-terms=${state.terms}>
      ${needed > 1 && html`
        <p class="hint">
          ${`${given.length} of ${needed} people have approved${given.length ? `: ${listed(given)}` : ""}.`}
        </p>
      `}
      ${again && html`
        <p class="hint">
          ${`Releases ${listed(money.map((item) => item.asset_id))}. `}
          ${`The total budget is ${usd(data.budget_usd)}; ${usd(data.spent_usd)} of it is spent.`}
        </p>
      `}
      ${asksToAllow && approver && unknownPriceCheckbox(listed(unknown), state.unknown, (on) => set({ unknown: on }))}
      ${unticked && approver && html`<p class="hint" id="unticked">${UNKNOWN_PRICE_HINT}</p>`}
      ${unsaved.length > 0 && html`
        <p class="hint">
          ${`The plan does not include your changes to ${listed(unsaved.map((a) => a.asset_id))}, which are not saved.`}
        </p>
      `}
      ${actions.note("approve") ?? actions.note("reject")}
      ${state.open === "revise" && reviseForm(production, actions, state, set)}
      ${state.open === "reject" && rejectForm(production, actions, state, set)}
      <div class="row">
        ${part && html`
          <p class="hint grow">
            ${"All parts of a series are approved together: "}<a href="#/batches/${data.series_id}">open the series</a>.
          </p>
        `}
        ${!approver && !part && html`<p class="hint grow">The plan waits for an approver.</p>`}
        ${approver && !part && html`
          <div class="fields">
            ${nameField(app, "approver", "Approved by")}
            <div class="field short">
              <label for="most">${again ? "Total budget" : "Spend at most"}</label>
              ${moneyInput("most", state.budget, Number(high).toFixed(2), (budget) => set({ budget }))}
            </div>
          </div>
        `}
        <div class="row tight end grow">
          ${approver && !part && button("Terms", () => set({ terms: !state.terms }), {
            variant: "ghost terms", "aria-expanded": String(Boolean(state.terms)),
          })}
          ${approver && !again && toggleButton("Reject", "reject", "ghost")}
          ${!stills && !again && toggleButton("Request a new plan", "revise")}
          ${approver && !part && approveButton()}
        </div>
      </div>
    </section>
  `;
}

function reviseForm(production, actions, state, set) {
  const send = () =>
    actions.run("revise", async () => {
      await production.send("revise", { feedback: state.feedback, reviser: actorName() });
      set({ feedback: "", open: state.open === "revise" ? null : state.open });
    });
  return unfolded("revise",
    field("feedback", "What should be different?", html`
      <textarea id="feedback" rows="3" dir="auto" .value=${state.feedback}
        placeholder="e.g. fewer shots, start at night, no narration over the last one"
        oninput=${(e) => set({ feedback: e.target.value })}></textarea>
    `),
    button("Plan again", send, { variant: "primary", busy: actions.busy("revise"), disabled: !state.feedback.trim() }),
    actions.note("revise"),
  );
}

function rejectForm(production, actions, state, set) {
  const reject = () =>
    actions.run("reject", () => production.send("reject", { rejecter: actorName(), reason: state.reason }));
  return unfolded("reject",
    field("reason", "Reason, recorded with the production", html`
      <textarea id="reason" rows="2" dir="auto" .value=${state.reason}
        oninput=${(e) => set({ reason: e.target.value })}></textarea>
    `),
    button("Reject the plan", reject, { variant: "danger", busy: actions.busy("reject") }),
  );
}
