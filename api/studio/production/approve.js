// The plan before its approval: what it costs, what to heed, and the one decision.

import { h } from "../lib/dom.js";
import { bar, button, field, icon, input, may, me, nameField, unknownTick, UNTICKED } from "../lib/parts.js";
import { count, named, priceRange, usd, when } from "../lib/words.js";

/** What a plan is about to spend, in one sentence, and what to heed before. */
export function briefing(production) {
  const { data, plan } = production;
  const { brief } = data;
  const kinds = [...new Set(plan.assets.map((a) => a.asset_type))];
  const over = brief.budget_usd !== null && Number(plan.high_usd) > Number(brief.budget_usd);
  return h(
    "section",
    { class: "briefing", key: "briefing", "aria-label": "The plan" },
    h("blockquote", { dir: "auto" }, brief.text),
    h(
      "p",
      { class: "summary" },
      `${count(plan.assets.length, "asset")}: ${named(kinds)}. `,
      plan.planner === "template" ? "Planned by template, without a language model. " : `Planned by ${plan.planner}. `,
      brief.references?.length > 0 && `Works from ${count(brief.references.length, "reference")}. `,
      Number(data.spent_usd) > 0 && `Planning has cost ${usd(data.spent_usd)}. `,
      data.deadline && `It waits until ${when(data.deadline)}.`,
    ),
    brief.budget_usd !== null &&
      h(
        "div",
        { class: "against", key: "against" },
        h(
          "p",
          null,
          h("strong", null, priceRange(plan.low_usd, plan.high_usd)),
          ` of the budget of ${usd(brief.budget_usd)}`,
        ),
        bar(
          Math.min(1, Number(plan.high_usd) / Math.max(Number(brief.budget_usd), 1e-9)),
          "Plan against budget",
          { tone: over ? "over" : "" },
        ),
        over && h(
          "p",
          { class: "hint bad" },
          "The plan may cost more than the budget: what does not fit waits for you.",
        ),
      ),
    plan.warnings.length > 0 && h(
      "ul",
      { class: "warnings", key: "warnings" },
      plan.warnings.map((w) => h("li", { key: w }, icon("ask"), h("span", { dir: "auto" }, w))),
    ),
  );
}

/** The bar at the foot of the plan: its approval, that of the stills, or another one of what waits for money. */
export function decision(production, acts, state, app) {
  const { data, plan } = production;
  const gate = data.waiting?.reason === "stills_to_approve" ? data.waiting : null;
  const again = gate || production.planning ? [] : production.asking;
  const digest = data.waiting?.plan_digest ?? again[0]?.plan_digest ?? plan.digest;
  const high = gate ? gate.price_usd : again.length ? data.approve_usd : plan.high_usd;
  const most = state.budget === "" ? (gate || again.length ? high : data.brief.budget_usd !== null && Number(data.brief.budget_usd) < Number(high) ? data.brief.budget_usd : high) : state.budget;
  const unpriced = again.filter((w) => w.price_usd === null);
  const unknown = again.length ? unpriced.map((w) => w.asset_id) : plan.unknown_prices;
  // At the stills, what was allowed with the plan stays allowed.
  const needsTick = unknown.length > 0 && !(gate && data.approval?.allow_unknown_prices);
  // Of those that wait for other money somebody may have allowed the unknown price already.
  const required = needsTick && (!again.length || unpriced.some((w) => w.reason === "price_unknown"));
  const unticked = required && !state.unknown;
  const price = again.length ? `budget of ${usd(most)}` : unknown.length || Number(high) > 0 ? `up to ${usd(most)}` : "free";
  const needed = data.brief.approval.approvers;
  const given = data.approvals.map((a) => a.approver);
  const busy = acts.busy("approve");
  const releases = may("approver");
  const set = (change) => (Object.assign(state, change), app.update());
  const approve = async () => {
    if (await acts.run(
      "approve",
      () => production.approve(digest, state.budget, needsTick && Boolean(state.unknown)),
    )) scrollTo({ top: 0 });
    else await production.load();
  };

  return h(
    "section",
    { class: "decision", key: "decision", "aria-label": "Decision", "data-terms": state.terms ? "" : undefined },
    needed > 1 && h(
      "p",
      { class: "hint", key: "given" },
      `${given.length} of ${needed} people have approved${given.length ? `: ${named(given)}` : ""}.`,
    ),
    again.length > 0 && h(
      "p",
      { class: "hint", key: "again" },
      `Releases ${named(again.map((w) => w.asset_id))}. The whole budget is ${usd(data.budget_usd)} now; ${
        usd(data.spent_usd)
      } of it is spent.`,
    ),
    needsTick && releases && unknownTick(named(unknown), state.unknown, (on) => set({ unknown: on })),
    unticked && releases && h("p", { class: "hint", key: "unticked", id: "unticked" }, UNTICKED),
    acts.note("approve") ?? acts.note("reject"),
    state.open === "revise" && revising(production, acts, state, set),
    state.open === "reject" && rejecting(production, acts, state, set),
    h(
      "div",
      { class: "row", key: "row" },
      !releases && h("p", { class: "hint grow" }, "It waits for an approver."),
      releases && h("div", { class: "fields" }, nameField(app, "approver", "Approved by"), h(
        "div",
        { class: "field short" },
        h("label", { for: "most" }, again.length ? "The whole budget" : "Spend at most"),
        h(
          "div",
          { class: "money" },
          h("span", { "aria-hidden": "true" }, "$"),
          input(
            "most",
            {
              inputmode: "decimal",
              value: state.budget,
              placeholder: Number(high).toFixed(2),
              oninput: (e) => set({ budget: e.target.value.replace(",", ".").trim() }),
            },
          ),
        ),
      )),
      h(
        "div",
        { class: "row tight end grow" },
        releases && button(
          "Terms",
          () => set({ terms: !state.terms }),
          { look: "ghost terms", "aria-expanded": String(Boolean(state.terms)) },
        ),
        releases && !again.length && button(
          "Reject",
          () => set({ open: state.open === "reject" ? null : "reject" }),
          { look: "ghost", "aria-expanded": String(state.open === "reject") },
        ),
        !gate && !again.length && button(
          "Ask for a new plan",
          () => set({ open: state.open === "revise" ? null : "revise" }),
          { "aria-expanded": String(state.open === "revise") },
        ),
        releases && button(`${gate ? "Approve the stills" : again.length ? "Approve again" : "Approve"} · ${price}`, approve, {
          look: "primary large",
          busy,
          disabled: Number.isNaN(Number(most)) || production.changing > 0 || unticked,
          "aria-describedby": unticked ? "unticked" : undefined,
        }),
      ),
    ),
  );
}

function revising(production, acts, state, set) {
  const send = () =>
    acts.run("revise", async () => {
      await production.send("revise", { feedback: state.words, reviser: me() });
      set({ words: "", open: state.open === "revise" ? null : state.open });
    });
  return h(
    "div",
    { class: "unfolded", key: "revise" },
    field(
      "feedback",
      "What should be different?",
      input(
        "feedback",
        {
          rows: 3,
          maxlength: 8000,
          dir: "auto",
          value: state.words,
          placeholder: "e.g. fewer shots, start at night, no narration over the last one",
          oninput: (e) => set({ words: e.target.value }),
        },
      ),
    ),
    button("Plan again", send, { look: "primary", busy: acts.busy("revise"), disabled: !state.words?.trim() }),
    acts.note("revise"),
  );
}

function rejecting(production, acts, state, set) {
  return h(
    "div",
    { class: "unfolded", key: "reject" },
    field(
      "reason",
      "Why? It is kept with the production.",
      input(
        "reason",
        { rows: 2, maxlength: 2000, dir: "auto", value: state.why ?? "", oninput: (e) => set({ why: e.target.value }) },
      ),
    ),
    button(
      "Reject the plan",
      () => acts.run("reject", () => production.send("reject", { rejecter: me(), reason: state.why ?? "" })),
      { look: "danger", busy: acts.busy("reject") },
    ),
  );
}
